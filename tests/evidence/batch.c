// SPDX-License-Identifier: MIT
#include "batch.h"

#include <math.h>
#include <string.h>

static const struct gradcheck_waiver error_is_not_additive = {
    "additive", "the error put in on purpose follows the size of the gradient"};

const char *batch_place(size_t entry, size_t *offset) {
    *offset = entry;
    if (entry < BATCH * FEATURES) {
        return "x";
    }
    *offset = entry - BATCH * FEATURES;
    if (*offset < FEATURES) {
        return "w";
    }
    *offset = 0;
    return "b";
}

bool batch_found(const struct gradcheck_report *r, size_t entry) {
    size_t offset;
    const char *name = batch_place(entry, &offset);
    for (size_t t = 0; t < r->n_tensors; t++) {
        const struct gradcheck_entry *worst = &r->tensors[t].worst;
        size_t at = *name == 'x'   ? worst->place.index[0] * FEATURES + worst->place.index[1]
                    : *name == 'w' ? worst->place.index[0]
                                   : 0;
        bool here = strcmp(r->tensors[t].name, name) == 0;
        if (here &&
            (worst->verdict != GRADCHECK_FAIL || at != offset || r->tensors[t].n_fail != 1)) {
            return false;
        }
        if (!here && r->tensors[t].n_fail > 0) {
            return false;
        }
    }
    return r->verdict == GRADCHECK_FAIL;
}

#define REAL double
#define EXP exp
#define BATCH_STRUCT batch_double
#define NAME(x) x##_double
#include "batch_template.h"
#undef REAL
#undef EXP
#undef BATCH_STRUCT
#undef NAME

#define REAL float
#define EXP expf
#define BATCH_STRUCT batch_float
#define NAME(x) x##_float
#include "batch_template.h"

struct batch_terms batch_terms(const struct batch_double *batch, size_t entry) {
    return terms_double(batch, entry);
}

void batch_double_open(struct batch_double *batch, struct random *random, double w_scale) {
    *batch = (struct batch_double){0};
    fill_double(batch, random, w_scale);
    describe_double(batch);
}

void batch_float_open(struct batch_float *batch, struct random *random, double w_scale) {
    *batch = (struct batch_float){0};
    fill_float(batch, random, w_scale);
    float largest = 0;
    for (size_t row = 0; row < BATCH; row++) {
        largest = fmaxf(largest, fabsf(sum_float(batch, row)));
    }
    for (size_t k = 0; k < FEATURES && largest > 2; k++) {
        batch->w[k] *= 2 / largest;
    }
    batch->b *= largest > 2 ? 2 / largest : 1;
    describe_float(batch);
}

static int forward_wide(void *ctx, double *const outputs[]) {
    const struct batch_float *s = ctx;
    for (size_t row = 0; row < BATCH; row++) {
        double z = (double)s->b;
        for (size_t k = 0; k < FEATURES; k++) {
            z += (double)s->x[row * FEATURES + k] * (double)s->w[k];
        }
        outputs[0][row] = 1 / (1 + exp(-z));
    }
    return 0;
}

void batch_float_widen(struct batch_float *batch) {
    batch->kernel.forward_wide = forward_wide;
}
