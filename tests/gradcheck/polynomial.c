// SPDX-License-Identifier: MIT
#include "gradcheck/polynomial.h"

#include <math.h>

static int forward(void *ctx) {
    struct polynomial *p = ctx;
    if (p->before_forward && p->before_forward(p) != 0) {
        return 1;
    }
    for (size_t i = 0; i < p->n; i++) {
        p->least = fmin(p->least, p->x[i]);
        p->most = fmax(p->most, p->x[i]);
        p->y[i] = p->x[i] * p->x[i] + p->a * p->x[i];
    }
    return 0;
}

static int backward(void *ctx) {
    struct polynomial *p = ctx;
    for (size_t i = 0; i < p->n; i++) {
        p->dx[i] = p->factor[i] * (2 * p->x[i] + p->a) * p->dy[i];
    }
    return 0;
}

void polynomial_open(struct polynomial *p, size_t n) {
    *p = (struct polynomial){.n = n, .a = 0.5, .least = INFINITY, .most = -INFINITY};
    for (size_t i = 0; i < n; i++) {
        p->x[i] = 0.5 + (double)i / (double)n;
        p->factor[i] = 1;
    }
    p->inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", p->x, p->dx, n);
    p->outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", p->y, p->dy, n);
    p->kernel = (struct gradcheck_kernel){.name = "polynomial",
                                          .inputs = p->inputs,
                                          .n_inputs = 1,
                                          .outputs = p->outputs,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = p};
}
