// SPDX-License-Identifier: MIT
/* Wraps the neuron on a batch: the same buffers and the same forward pass; backward is the right
 * one and then the mistake. */
#include "mistake.h"

#include "builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int forward(void *ctx) {
    struct broken *k = ctx;
    if (!k->has_first) {
        memcpy(k->first_x, k->x, k->B * k->n * sizeof k->x[0]);
        k->has_first = true;
    }
    return k->right.check.forward(k->right.check.ctx);
}

/* Runs the right backward on the first x, and puts everything else back as it was. */
static int backward_stale(struct broken *k) {
    size_t size = k->B * k->n * sizeof k->x[0];
    memcpy(k->keep_x, k->x, size);
    memcpy(k->keep_y, k->y, k->B * sizeof k->y[0]);
    memcpy(k->x, k->first_x, size);
    int code = k->right.check.forward(k->right.check.ctx);
    code = code == 0 ? k->right.check.backward(k->right.check.ctx) : code;
    memcpy(k->x, k->keep_x, size);
    memcpy(k->y, k->keep_y, k->B * sizeof k->y[0]);
    return code;
}

static int backward(void *ctx) {
    struct broken *k = ctx;
    memcpy(k->old_dw, k->dw, k->n * sizeof k->dw[0]);
    k->old_db = *k->db;
    int code = k->mistake->stale ? backward_stale(k) : k->right.check.backward(k->right.check.ctx);
    if (code == 0 && k->mistake->spoil != NULL) {
        k->mistake->spoil(k);
    }
    return code;
}

static void broken_free(struct broken *k) {
    if (k != NULL) {
        free(k->first_x);
        free(k->old_dw);
        free(k->keep_x);
        free(k->keep_y);
        free(k);
    }
}

static void close_broken(struct gate_kernel *kernel) {
    struct broken *k = kernel->self;
    family_close(&k->right);
    broken_free(k);
}

/* The batch neuron's tensors, in its own order: x, w, b -> y. */
static bool attach(struct broken *k) {
    const struct gradcheck_tensor *in = k->right.check.inputs;
    const struct gradcheck_tensor *out = k->right.check.outputs;
    k->B = in[0].shape[0];
    k->n = in[0].shape[1];
    k->x = in[0].value;
    k->dx = in[0].grad;
    k->w = in[1].value;
    k->dw = in[1].grad;
    k->b = in[2].value;
    k->db = in[2].grad;
    k->y = out[0].value;
    k->dy = out[0].grad;
    k->first_x = calloc(k->B * k->n, sizeof k->x[0]);
    k->keep_x = calloc(k->B * k->n, sizeof k->x[0]);
    k->keep_y = calloc(k->B, sizeof k->y[0]);
    k->old_dw = calloc(k->n, sizeof k->dw[0]);
    return k->first_x != NULL && k->keep_x != NULL && k->keep_y != NULL && k->old_dw != NULL;
}

static bool open_broken(const struct gate_family *family, const struct golden_case *c,
                        struct gate_kernel *out, char why[]) {
    struct broken *k = calloc(1, sizeof *k);
    if (k == NULL || !family_batch(family, c, &k->right, why)) {
        broken_free(k);
        return false;
    }
    k->mistake = family->data;
    if (!attach(k)) {
        family_close(&k->right);
        broken_free(k);
        (void)snprintf(why, GATE_TEXT_SIZE, "out of memory");
        return false;
    }
    *out = k->right;
    out->check.forward = forward;
    out->check.backward = backward;
    out->check.ctx = k;
    out->self = k;
    return true;
}

struct gate_family mistake_family(const struct mistake *mistake) {
    return (struct gate_family){.name = "neuron_batch",
                                .summary = mistake->what,
                                .open = open_broken,
                                .close = close_broken,
                                .data = mistake};
}
