// SPDX-License-Identifier: MIT
/* A library port of the neuron on one sample that gives its intermediates and uses those that it is
 * given; for tests of the gate, wrong in the way that the environment says. */
#define _POSIX_C_SOURCE 200809L
#include "port/port.h"

#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_way(const char *name) {
    const char *way = getenv("GRADGATE_TEST_WAY");
    return way != NULL && strcmp(way, name) == 0;
}

static double sigmoid(double z) {
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* prefix: "" or "a." or "b.". NULL: none of that name. */
static double *find(const struct gradgate_array arrays[], size_t n, const char *prefix,
                    const char *name) {
    char whole[64];
    (void)snprintf(whole, sizeof whole, "%s%s", prefix, name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(arrays[i].name, whole) == 0) {
            return arrays[i].dtype == GRADGATE_F64 ? arrays[i].data : NULL;
        }
    }
    return NULL;
}

struct object {
    const double *x, *w, *b, *dy, *given_z, *given_dz;
    double *y, *z, *dx, *dw, *db, *dz;
    size_t n;
    double kept_z;
};

static bool attach(struct object *o, const struct gradgate_call *call, const char *prefix) {
    const struct gradgate_array *g = call->given;
    const struct gradgate_array *w = call->wanted;
    *o = (struct object){.x = find(g, call->n_given, prefix, "x"),
                         .w = find(g, call->n_given, prefix, "w"),
                         .b = find(g, call->n_given, prefix, "b"),
                         .dy = find(g, call->n_given, prefix, "y.grad"),
                         .given_z = find(g, call->n_given, prefix, "z"),
                         .given_dz = find(g, call->n_given, prefix, "z.grad"),
                         .y = find(w, call->n_wanted, prefix, "y"),
                         .z = find(w, call->n_wanted, prefix, "z"),
                         .dx = find(w, call->n_wanted, prefix, "x.grad"),
                         .dw = find(w, call->n_wanted, prefix, "w.grad"),
                         .db = find(w, call->n_wanted, prefix, "b.grad"),
                         .dz = find(w, call->n_wanted, prefix, "z.grad")};
    for (size_t i = 0; i < call->n_given; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%sw", prefix);
        if (strcmp(call->given[i].name, name) == 0) {
            o->n = (size_t)call->given[i].shape[0];
        }
    }
    return o->x != NULL && o->w != NULL && o->b != NULL;
}

static void forward(struct object *o) {
    double z = 0;
    for (size_t i = 0; i < o->n; i++) {
        z += o->w[i] * o->x[i];
    }
    z += *o->b + (is_way("wrong-z") ? 0.1 : 0);
    o->kept_z = o->given_z != NULL ? *o->given_z : z;
    if (o->z != NULL && !is_way("no-z")) {
        *o->z = o->kept_z;
    }
    if (o->y != NULL) {
        *o->y = sigmoid(o->kept_z) + (is_way("wrong-y") || is_way("no-z") ? 1e-3 : 0);
    }
}

static void backward(struct object *o) {
    double dz = *o->dy * (sigmoid(o->kept_z) * sigmoid(-o->kept_z));
    dz = is_way("wrong-dz") ? 2 * dz : dz;
    dz = o->given_dz != NULL ? *o->given_dz : dz;
    for (size_t i = 0; i < o->n; i++) {
        o->dx[i] = dz * o->w[i];
        o->dw[i] = dz * o->x[i] * (is_way("wrong-dw") ? 1 + 1e-6 : 1);
    }
    *o->db = dz;
    if (o->dz != NULL) {
        *o->dz = dz;
    }
}

/* What a machine without subnormal numbers makes of them. */
static void flush(double v[], size_t n) {
    for (size_t i = 0; v != NULL && i < n; i++) {
        v[i] = fabs(v[i]) < DBL_MIN ? 0 : v[i];
    }
}

static int interleave(const struct gradgate_call *call) {
    struct object a;
    struct object b;
    if (!attach(&a, call, "a.") || !attach(&b, call, "b.") || is_way("no-interleave")) {
        return GRADGATE_SKIP;
    }
    forward(&a);
    forward(&b);
    a.kept_z = is_way("shared-cache") ? b.kept_z : a.kept_z;
    backward(&a);
    backward(&b);
    return GRADGATE_DONE;
}

int gradgate_port(const struct gradgate_call *call) {
    struct object o;
    if (strcmp(call->kernel, "port") == 0) {
        (void)snprintf(call->reason, call->reason_size, "stages");
        return GRADGATE_DONE;
    }
    if (strcmp(call->pass, "interleave") == 0) {
        return interleave(call);
    }
    bool back = strcmp(call->pass, "backward") == 0;
    if (!attach(&o, call, "") || (back && (o.dx == NULL || is_way("forward-only")))) {
        (void)snprintf(call->reason, call->reason_size, "no %s here", call->pass);
        return GRADGATE_SKIP;
    }
    if (o.n == 3 && is_way("dies-at-3")) {
        (void)raise(SIGKILL);
    }
    if (o.n == 3 && is_way("skips-3")) {
        (void)snprintf(call->reason, call->reason_size, "3 is not my size");
        return GRADGATE_SKIP;
    }
    forward(&o);
    if (back) {
        backward(&o);
    }
    if (is_way("flushes")) {
        flush(o.y, 1);
        flush(o.dx, o.n);
        flush(o.dw, o.n);
        flush(o.db, 1);
    }
    return GRADGATE_DONE;
}
