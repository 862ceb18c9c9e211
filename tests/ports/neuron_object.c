// SPDX-License-Identifier: MIT
/* The neuron with a state as a port in C, a shared library: forward keeps what backward needs,
 * backward keeps the gradients that update uses. */
#include "port/port.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the neuron ---- */

struct cache {
    const double *x; /* borrowed from the caller of forward */
    double *y;       /* one for each row */
    size_t rows;
};

struct neuron {
    size_t n;
    double *w, b, *dw, db;
    double *residual; /* of training, one for each row */
    struct cache cache;
};

static double sigmoid(double z) {
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static bool neuron_create(struct neuron *k, const double w[], double b, size_t n, size_t rows) {
    double *memory = calloc(2 * (n + rows), sizeof *memory);
    *k = (struct neuron){.n = n, .w = memory, .b = b};
    if (memory == NULL) {
        return false;
    }
    memcpy(k->w, w, n * sizeof w[0]);
    k->dw = memory + n;
    k->cache.y = memory + 2 * n;
    k->residual = k->cache.y + rows;
    return true;
}

static void neuron_free(struct neuron *k) {
    free(k->w);
}

static const double *neuron_forward(struct neuron *k, const double x[], size_t rows) {
    struct cache *cache = &k->cache;
    for (size_t i = 0; i < rows; i++) {
        double z = 0;
        for (size_t j = 0; j < k->n; j++) {
            z += k->w[j] * x[i * k->n + j];
        }
        cache->y[i] = sigmoid(z + k->b);
    }
    cache->x = x;
    cache->rows = rows;
    return cache->y;
}

/* dw and db are means over the rows, dx is not, and may be NULL. */
static void neuron_backward(struct neuron *k, const double dy[], double dx[]) {
    const struct cache *cache = &k->cache;
    memset(k->dw, 0, k->n * sizeof k->dw[0]);
    k->db = 0;
    for (size_t i = 0; i < cache->rows; i++) {
        double dz = dy[i] * (cache->y[i] * (1 - cache->y[i]));
        k->db += dz / (double)cache->rows;
        for (size_t j = 0; j < k->n; j++) {
            k->dw[j] += dz * cache->x[i * k->n + j] / (double)cache->rows;
            if (dx != NULL) {
                dx[i * k->n + j] = dz * k->w[j];
            }
        }
    }
}

static void neuron_update(struct neuron *k, double learning_rate) {
    for (size_t j = 0; j < k->n; j++) {
        k->w[j] -= learning_rate * k->dw[j];
    }
    k->b -= learning_rate * k->db;
}

/* ---- the arrays of a call ---- */

struct task {
    size_t rows, n, steps;
    const double *x, *w, *b, *dy, *target, *rate;
    double *y, *dx, *dw, *db, *loss, *w_updated, *b_updated;
};

static const struct gradgate_array *find(const struct gradgate_array all[], size_t n,
                                         const char *prefix, const char *name) {
    char whole[32];
    (void)snprintf(whole, sizeof whole, "%s%s", prefix, name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, whole) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

static size_t count_of(const struct gradgate_array *a) {
    size_t count = a != NULL;
    for (uint32_t k = 0; a != NULL && k < a->ndim; k++) {
        count *= a->shape[k];
    }
    return count;
}

static double *data_of(const struct gradgate_array *a, size_t count) {
    return a != NULL && a->dtype == GRADGATE_F64 && count_of(a) == count ? a->data : NULL;
}

/* prefix: "", or "a." and "b." where there are two objects. */
static bool read_task(const struct gradgate_call *c, const char *prefix, struct task *t) {
#define GIVEN(name) find(c->given, c->n_given, prefix, name)
#define WANTED(name) find(c->wanted, c->n_wanted, prefix, name)
    const struct gradgate_array *x = GIVEN("x"), *steps = GIVEN("steps");
    const size_t n = count_of(GIVEN("w")), rows = x != NULL && x->ndim == 2 ? x->shape[0] : 1;
    const int64_t k = steps != NULL && steps->dtype == GRADGATE_I64 ? *(int64_t *)steps->data : 0;
    *t = (struct task){.rows = rows,
                       .n = n,
                       .steps = k > 0 ? (size_t)k : 0,
                       .x = data_of(x, rows * n),
                       .w = data_of(GIVEN("w"), n),
                       .b = data_of(GIVEN("b"), 1),
                       .dy = data_of(GIVEN("y.grad"), rows),
                       .target = data_of(GIVEN("target"), rows),
                       .rate = data_of(GIVEN("learning_rate"), 1),
                       .y = data_of(WANTED("y"), rows),
                       .dx = data_of(WANTED("x.grad"), rows * n),
                       .dw = data_of(WANTED("w.grad"), n),
                       .db = data_of(WANTED("b.grad"), 1),
                       .w_updated = data_of(WANTED("w.updated"), n),
                       .b_updated = data_of(WANTED("b.updated"), 1)};
    t->loss = data_of(WANTED("loss"), t->steps);
    return t->x != NULL && t->w != NULL && t->b != NULL && n > 0 && rows > 0;
}

/* ---- the passes ---- */

static void forward(struct neuron *k, const struct task *t) {
    const double *y = neuron_forward(k, t->x, t->rows);
    if (t->y != NULL) {
        memcpy(t->y, y, t->rows * sizeof y[0]);
    }
}

static void backward(struct neuron *k, const struct task *t) {
    neuron_backward(k, t->dy, t->dx);
    memcpy(t->dw, k->dw, t->n * sizeof k->dw[0]);
    *t->db = k->db;
}

/* The cotangent of half the mean squared error; returns that error. */
static double residuals(const double y[], const double target[], size_t rows, double dy[]) {
    double sum = 0;
    for (size_t i = 0; i < rows; i++) {
        dy[i] = y[i] - target[i];
        sum += dy[i] * dy[i];
    }
    return sum / (2 * (double)rows);
}

static void train(struct neuron *k, const struct task *t) {
    for (size_t i = 0; i < t->steps; i++) {
        const double *y = neuron_forward(k, t->x, t->rows);
        if (t->target != NULL) {
            t->loss[i] = residuals(y, t->target, t->rows, k->residual);
        }
        neuron_backward(k, t->target != NULL ? k->residual : t->dy, NULL);
        neuron_update(k, *t->rate);
    }
    memcpy(t->w_updated, k->w, t->n * sizeof k->w[0]);
    *t->b_updated = k->b;
}

/* Does it know the pass, and is everything there? */
static bool can(const char *pass, const struct task *t) {
    bool back = t->dy != NULL && t->dx != NULL && t->dw != NULL && t->db != NULL;
    bool goal = t->dy != NULL || (t->target != NULL && t->loss != NULL);
    return (strcmp(pass, "forward") == 0 && t->y != NULL) ||
           (strcmp(pass, "backward") == 0 && back) ||
           (strcmp(pass, "interleave") == 0 && back && t->y != NULL) ||
           (strcmp(pass, "train") == 0 && t->w_updated != NULL && t->b_updated != NULL &&
            t->rate != NULL && goal);
}

static int end(const struct gradgate_call *c, int result, const char *why) {
    (void)snprintf(c->reason, c->reason_size, "%s", why);
    return result;
}

/* One object, or two that take turns. */
static void answer(const char *pass, struct neuron k[], const struct task t[], size_t n) {
    if (strcmp(pass, "train") == 0) {
        train(k, t);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        forward(&k[i], &t[i]);
    }
    for (size_t i = 0; i < n && strcmp(pass, "forward") != 0; i++) {
        backward(&k[i], &t[i]);
    }
}

int gradgate_port(const struct gradgate_call *c) {
    static const char *const prefixes[] = {"a.", "b."};
    const size_t n = strcmp(c->pass, "interleave") == 0 ? 2 : 1;
    struct task t[2];
    struct neuron k[2] = {{0}};
    if (strcmp(c->kernel, "port") == 0) {
        return end(c, GRADGATE_DONE, "neuron_object.c");
    }
    bool known = strncmp(c->kernel, "neuron", 6) == 0;
    for (size_t i = 0; i < n && known; i++) {
        known = read_task(c, n == 2 ? prefixes[i] : "", &t[i]) && can(c->pass, &t[i]);
    }
    bool made = known;
    for (size_t i = 0; i < n && made; i++) {
        made = neuron_create(&k[i], t[i].w, *t[i].b, t[i].n, t[i].rows);
    }
    if (made) {
        answer(c->pass, k, t, n);
    }
    neuron_free(&k[0]);
    neuron_free(&k[1]);
    return !known ? end(c, GRADGATE_SKIP, "not this kernel, pass, dtype or shape")
                  : end(c, made ? GRADGATE_DONE : GRADGATE_ERROR, "out of memory");
}
