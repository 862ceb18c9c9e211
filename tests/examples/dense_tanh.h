// SPDX-License-Identifier: MIT
/* A dense layer with tanh, ported from dense_tanh.py. Arrays in C order: x[rows][n], w[n][m], b[m],
 * y[rows][m]. */
#ifndef GRADGATE_EXAMPLES_DENSE_TANH_H
#define GRADGATE_EXAMPLES_DENSE_TANH_H

#include <stddef.h>

struct dense_tanh {
    size_t rows, n, m;
    double *x, *w, *b, *y;
    double *dx, *dw, *db, *dy; /* dw and db are means over the rows */
};

void dense_tanh_forward(const struct dense_tanh *layer);
void dense_tanh_backward(const struct dense_tanh *layer); /* after forward: uses y */

#endif
