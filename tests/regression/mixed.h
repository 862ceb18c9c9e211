// SPDX-License-Identifier: MIT
/* Two kernels of several tensors each, with most of what a descriptor can say: float64, float32
 * and integer tensors in any order, a constant between them, strides, scales, domains. Jacobians
 * are written out, and mistakes are made in them. */
#ifndef TESTS_REGRESSION_MIXED_H
#define TESTS_REGRESSION_MIXED_H

#include "gradcheck/gradcheck.h"

enum mixed_trait {
    MIXED_FLOAT = 1, /* one input and one output are float32 */
    MIXED_WIDE = 2,
    MIXED_JVP = 4,
    MIXED_STRIDED = 8,
    MIXED_ACCUMULATES = 16,
    MIXED_SCALED = 32,
    MIXED_BOUNDED = 64, /* an entry sits on each bound of its tensor's domain */
    MIXED_FIXED = 128,  /* the last output has no cotangent */
};

enum mixed_mistake {
    MIXED_RIGHT,
    MIXED_SLIGHTLY_OFF, /* one entry, by 1e-5 of it */
    MIXED_NEGATED,      /* what the last output gives */
    MIXED_LEFT_OUT,     /* the gradient of the last input */
    MIXED_SWAPPED,      /* two neighbours of all inputs' entries */
    MIXED_LARGER,       /* all by a half */
    MIXED_N_MISTAKES,
};

enum { MIXED_MOST = 16 }; /* elements of a tensor, with padding; entries; outputs */

struct mixed_buffers { /* of a tensor, whatever its dtype */
    double value[MIXED_MOST], grad[MIXED_MOST], tangent[MIXED_MOST];
};

struct mixed {
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor inputs[4], outputs[3];
    struct mixed_buffers input_buffers[4], output_buffers[3];
    void (*function)(const double in[], double out[], double j[][MIXED_MOST]);
    enum mixed_mistake mistake;
};

/* Fill *m, which must not be moved afterwards. Independent rows are stated where they are. */
void mixed_open_gather(struct mixed *m, unsigned traits, enum mixed_mistake mistake, uint64_t seed);
void mixed_open_rows(struct mixed *m, unsigned traits, enum mixed_mistake mistake, uint64_t seed);
/* 1, 1.25, 1.5, ... from the first output on. */
void mixed_set_cotangents(struct mixed *m);

#endif
