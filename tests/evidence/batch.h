// SPDX-License-Identifier: MIT
/* The neuron on a batch, y[b] = sigmoid(x[b] . w + bias), as a user would write and describe it. */
#ifndef TESTS_EVIDENCE_BATCH_H
#define TESTS_EVIDENCE_BATCH_H

#include "evidence.h"

#define BATCH 16
#define FEATURES 64
#define BATCH_ENTRIES (BATCH * FEATURES + FEATURES + 1)

/* One wrong gradient entry: the exact one, and away from 0 by relative x max(|it|, floor x rms of
 * its tensor), or, if that is more, by `rounding` x the sum of the magnitudes of its terms. From
 * the exact one and not from what backward rounds it to, which may be nearer by half the error. */
struct batch_error {
    bool wanted;
    size_t entry; /* counted through x.grad, w.grad, b.grad */
    double relative, floor, rounding;
};

struct batch_double {
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor inputs[3], outputs[1];
    double x[BATCH * FEATURES], dx[BATCH * FEATURES], w[FEATURES], dw[FEATURES], b, db, y[BATCH],
        dy[BATCH];
    struct batch_error error;
};

struct batch_float {
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor inputs[3], outputs[1];
    float x[BATCH * FEATURES], dx[BATCH * FEATURES], w[FEATURES], dw[FEATURES], b, db, y[BATCH],
        dy[BATCH];
    struct batch_error error;
};

/* x ~ N(0, 1), w ~ w_scale N(0, 1), b ~ 0.1 N(0, 1). The struct must not be moved afterwards. */
void batch_double_open(struct batch_double *batch, struct random *random, double w_scale);
/* The same, scaled down to |z| <= 2. */
void batch_float_open(struct batch_float *batch, struct random *random, double w_scale);
/* Adds forward_wide to the descriptor. */
void batch_float_widen(struct batch_float *batch);
/* What an entry sums up over the rows, in double precision, from the inputs and cotangents. Its
 * rounding is a share of the magnitude. */
struct batch_terms {
    double sum, magnitude;
};
struct batch_terms batch_terms(const struct batch_double *batch, size_t entry);
/* The name of the tensor that an entry counted through all gradients lies in, and its offset there.
 */
const char *batch_place(size_t entry, size_t *offset);
/* Whether the report's clearest failure is that entry. */
bool batch_found(const struct gradcheck_report *r, size_t entry);

#endif
