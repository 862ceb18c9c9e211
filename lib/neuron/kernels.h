// SPDX-License-Identifier: MIT
/* The loops, compiled once for each instruction set this library knows; all give the same bits. */
#ifndef NEURON_KERNELS_H
#define NEURON_KERNELS_H

#include <stddef.h>

/* NOLINTBEGIN(bugprone-macro-parentheses): real is a type. */

/* A batch and where its backward pass goes. Rows of x are stride elements apart, those of dx
 * dx_stride; dx may be NULL. */
#define KERNELS_DECLARE(real, suffix)                                                              \
    struct kernels_batch_##suffix {                                                                \
        const real *x;                                                                             \
        size_t rows, n, stride;                                                                    \
    };                                                                                             \
    struct kernels_gradients_##suffix {                                                            \
        real *dw, *db;                                                                             \
        real *part; /* n elements of scratch */                                                    \
        real *dx;                                                                                  \
        size_t dx_stride;                                                                          \
    };                                                                                             \
    struct kernels_##suffix {                                                                      \
        /* value = sigmoid(z), derivative = sigmoid'(z); each may be NULL, or z itself. */         \
        void (*sigmoid)(const real z[], real value[], real derivative[], size_t n);                \
        void (*sigmoid_of_one)(real z, real *value, real *derivative);                             \
        real (*dot)(const real x[], const real w[], size_t n);                                     \
        /* out = factor * v */                                                                     \
        void (*scale)(real factor, const real v[], size_t n, real out[]);                          \
        /* y = sigmoid(x w + b), derivative = sigmoid'(x w + b), each of rows elements. */         \
        void (*forward)(const struct kernels_batch_##suffix *batch, const real w[], real b,        \
                        real y[], real derivative[]);                                              \
        /* With dz = dy * derivative: dw and db means over the batch, dx = dz w. */                \
        void (*backward)(const struct kernels_batch_##suffix *batch, const real w[],               \
                         const real dy[], const real derivative[],                                 \
                         const struct kernels_gradients_##suffix *to);                             \
    };

KERNELS_DECLARE(double, f64)
KERNELS_DECLARE(float, f32)

/* NOLINTEND(bugprone-macro-parentheses) */

struct kernels {
    const char *name;
    struct kernels_f64 f64;
    struct kernels_f32 f32;
};

extern const struct kernels kernels_base; /* what the compiler's target has: always there */
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#endif

/* The i-th set that this processor runs, from the narrowest to the widest; NULL after the last. */
const struct kernels *kernels_supported(size_t i);

/* The widest of them. */
const struct kernels *kernels_best(void);

#endif
