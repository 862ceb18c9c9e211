// SPDX-License-Identifier: MIT
/* A kernel for these tests, y[i] = x[i]^2 + a x[i], whose gradient can be spoilt at one entry. */
#ifndef TESTS_GRADCHECK_POLYNOMIAL_H
#define TESTS_GRADCHECK_POLYNOMIAL_H

#include "gradcheck/gradcheck.h"

enum { POLYNOMIAL_MOST = 4096 };

struct polynomial {
    size_t n;
    double a;
    double x[POLYNOMIAL_MOST], dx[POLYNOMIAL_MOST], y[POLYNOMIAL_MOST], dy[POLYNOMIAL_MOST];
    double factor[POLYNOMIAL_MOST];              /* of each gradient entry: 1 is right */
    double least, most;                          /* input values that forward saw */
    int (*before_forward)(struct polynomial *p); /* may be NULL; nonzero: forward refuses */
    struct gradcheck_tensor inputs[1], outputs[1];
    struct gradcheck_kernel kernel;
};

/* x[i] between 0.5 and 1.5, all different. */
void polynomial_open(struct polynomial *p, size_t n);

#endif
