// SPDX-License-Identifier: MIT
/* y = w sin x, elementwise over rows and columns, with strides, tangents and faults to switch on.
 */
#ifndef TESTS_GRADCHECK_LAYER_H
#define TESTS_GRADCHECK_LAYER_H

#include "gradcheck/gradcheck.h"

enum { LAYER_ROWS = 3, LAYER_COLUMNS = 4, LAYER_ROOM = 40 };

enum layer_fault {
    LAYER_RIGHT,
    LAYER_VALUE_PADDING, /* forward writes between the elements of y */
    LAYER_GRAD_PADDING,  /* backward writes between the elements of x.grad */
    LAYER_ROWS_LEAK,     /* the last row of y depends on the first of x */
    LAYER_JVP_TWICE,     /* y.tangent doubled */
    LAYER_JVP_FORGETS_W, /* y.tangent without the term of w */
    LAYER_JVP_REFUSES,   /* nonzero from jvp */
    LAYER_LABEL_CHANGED, /* forward writes the integer input */
    LAYER_W_CHANGED,     /* backward writes the values of w */
};

struct layer {
    double x[LAYER_ROOM], dx[LAYER_ROOM], tx[LAYER_ROOM];
    double w[LAYER_ROOM], dw[LAYER_ROOM], tw[LAYER_ROOM];
    double y[LAYER_ROOM], dy[LAYER_ROOM], ty[LAYER_ROOM];
    int32_t label[2];
    size_t row, column; /* strides of all three tensors */
    enum layer_fault fault;
    size_t n_forward, n_backward, n_reset, n_outside; /* calls; x outside [low, high] */
    double low, high;
    struct gradcheck_tensor inputs[3], outputs[1];
    struct gradcheck_kernel kernel;
};

/* Packed; backward is right; label is not an input (n_inputs = 2). */
void layer_open(struct layer *l);
void layer_stride(struct layer *l, size_t row, size_t column);
struct gradcheck_report layer_run(struct layer *l, const struct gradcheck_options *options);

#endif
