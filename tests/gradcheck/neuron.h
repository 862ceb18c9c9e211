// SPDX-License-Identifier: MIT
/* A batch neuron under test, written for these tests alone, with a backward pass that can be
 * spoilt: y = sigmoid(x.w + b); dw and db are means over the batch, dx is not. */
#ifndef TESTS_GRADCHECK_NEURON_H
#define TESTS_GRADCHECK_NEURON_H

#include "gradcheck/gradcheck.h"

enum { NEURON_ROWS = 4, NEURON_FEATURES = 3 };

enum neuron_bug {
    NEURON_RIGHT,
    NEURON_SIGN,         /* everything negated */
    NEURON_TWICE,        /* everything doubled */
    NEURON_TINY,         /* everything x (1 + 1e-9) */
    NEURON_ONE_ENTRY,    /* x[1, 2] x (1 + 1e-9) */
    NEURON_NAN,          /* w[1] */
    NEURON_ZERO,         /* dx all zero */
    NEURON_SWAPPED,      /* w[0] and w[1] */
    NEURON_TRANSPOSED,   /* x.w of a square corner taken across */
    NEURON_NOT_THE_MEAN, /* dw a sum */
    NEURON_DX_MEAN,      /* dx divided by the batch */
    NEURON_N_BUGS
};

struct neuron_test {
    double x[NEURON_ROWS * NEURON_FEATURES], dx[NEURON_ROWS * NEURON_FEATURES];
    double w[NEURON_FEATURES], dw[NEURON_FEATURES];
    double b, db;
    double y[NEURON_ROWS], dy[NEURON_ROWS];
    enum neuron_bug bug;
    struct gradcheck_tensor inputs[3], outputs[1];
    struct gradcheck_kernel kernel;
};

void neuron_test_open(struct neuron_test *t);

#endif
