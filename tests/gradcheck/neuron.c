// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "neuron.h"

static int forward(void *ctx) {
    struct neuron_test *t = ctx;
    for (size_t i = 0; i < NEURON_ROWS; i++) {
        double z = t->b;
        for (size_t j = 0; j < NEURON_FEATURES; j++) {
            z += t->x[i * NEURON_FEATURES + j] * t->w[j];
        }
        t->y[i] = 1 / (1 + exp(-z));
    }
    return 0;
}

static void spoil(struct neuron_test *t) {
    size_t nx = (size_t)NEURON_ROWS * NEURON_FEATURES;
    double factor = t->bug == NEURON_SIGN    ? -1
                    : t->bug == NEURON_TWICE ? 2
                    : t->bug == NEURON_TINY  ? 1 + 1e-9
                                             : 1;
    for (size_t i = 0; i < nx; i++) {
        t->dx[i] *= t->bug == NEURON_DX_MEAN ? 1.0 / NEURON_ROWS : factor;
    }
    for (size_t j = 0; j < NEURON_FEATURES; j++) {
        t->dw[j] *= t->bug == NEURON_NOT_THE_MEAN ? NEURON_ROWS : factor;
    }
    t->db *= factor;
    double first = t->dw[0];
    switch (t->bug) {
    case NEURON_ONE_ENTRY:
        t->dx[5] *= 1 + 1e-9;
        break;
    case NEURON_NAN:
        t->dw[1] = NAN;
        break;
    case NEURON_ZERO:
        memset(t->dx, 0, sizeof t->dx);
        break;
    case NEURON_SWAPPED:
        t->dw[0] = t->dw[1];
        t->dw[1] = first;
        break;
    case NEURON_TRANSPOSED:
        first = t->dx[1];
        t->dx[1] = t->dx[NEURON_FEATURES];
        t->dx[NEURON_FEATURES] = first;
        break;
    default:
        break;
    }
}

static int backward(void *ctx) {
    struct neuron_test *t = ctx;
    memset(t->dw, 0, sizeof t->dw);
    t->db = 0;
    for (size_t i = 0; i < NEURON_ROWS; i++) {
        double dz = t->dy[i] * t->y[i] * (1 - t->y[i]);
        for (size_t j = 0; j < NEURON_FEATURES; j++) {
            t->dw[j] += dz * t->x[i * NEURON_FEATURES + j] / NEURON_ROWS;
            t->dx[i * NEURON_FEATURES + j] = dz * t->w[j];
        }
        t->db += dz / NEURON_ROWS;
    }
    spoil(t);
    return 0;
}

void neuron_test_open(struct neuron_test *t) {
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < (size_t)NEURON_ROWS * NEURON_FEATURES; i++) {
        t->x[i] = sin((double)(7 * i + 1));
    }
    for (size_t j = 0; j < NEURON_FEATURES; j++) {
        t->w[j] = cos((double)(3 * j + 1));
    }
    t->b = 0.1;
    struct gradcheck_tensor inputs[] = {
        GRADCHECK_INPUT("x", t->x, t->dx, NEURON_ROWS, NEURON_FEATURES),
        GRADCHECK_INPUT("w", t->w, t->dw, NEURON_FEATURES),
        GRADCHECK_INPUT("b", &t->b, &t->db),
    };
    struct gradcheck_tensor outputs[] = {GRADCHECK_OUTPUT("y", t->y, t->dy, NEURON_ROWS)};
    memcpy(t->inputs, inputs, sizeof inputs);
    memcpy(t->outputs, outputs, sizeof outputs);
    t->inputs[1].grad_scale = 1.0 / NEURON_ROWS;
    t->inputs[2].grad_scale = 1.0 / NEURON_ROWS;
    t->kernel = (struct gradcheck_kernel){
        .name = "neuron",
        .inputs = t->inputs,
        .n_inputs = 3,
        .outputs = t->outputs,
        .n_outputs = 1,
        .forward = forward,
        .backward = backward,
        .ctx = t,
    };
}
