// SPDX-License-Identifier: MIT
#include "golden/golden.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

const char *golden_mismatch_name(enum golden_mismatch mismatch) {
    switch (mismatch) {
#define CASE(code, name)                                                                           \
    case code:                                                                                     \
        return name;
        GOLDEN_MISMATCHES(CASE)
#undef CASE
    }
    return "?";
}

struct number {
    char text[32];
};

/* As many digits as tell neighbours apart: an error of one ULP must be seen. */
static struct number number_text(enum array_dtype dtype, double value, int64_t integer) {
    struct number n;
    if (array_dtype_is_float(dtype)) {
        /* The sign of a NaN means nothing and differs between machines. */
        (void)snprintf(n.text, sizeof n.text, "%.*g", dtype == ARRAY_F32 ? 9 : 17,
                       isnan(value) ? fabs(value) : value);
    } else {
        (void)snprintf(n.text, sizeof n.text, "%" PRId64, integer);
    }
    return n;
}

static void kind_text(const struct golden_comparison *c, char text[], size_t size) {
    char expected[ARRAY_MAX_DIMS * 21];
    char actual[ARRAY_MAX_DIMS * 21];
    array_shape_text(c->ndim, c->shape, expected, sizeof expected);
    array_shape_text(c->actual_ndim, c->actual_shape, actual, sizeof actual);
    (void)snprintf(text, size, "expected %s %s, got %s %s", array_dtype_name(c->dtype), expected,
                   array_dtype_name(c->actual_dtype), actual);
}

static void distance_text(const struct golden_comparison *c, char text[], size_t size) {
    const struct golden_element *e = &c->worst;
    if (e->mismatch == GOLDEN_NAN || e->mismatch == GOLDEN_INF) {
        (void)snprintf(text, size, "no bound allows that");
    } else if (e->mismatch == GOLDEN_ZERO_SIGN) {
        (void)snprintf(text, size, "the sign of zero differs");
    } else if (e->absolute == 0) {
        (void)snprintf(text, size, "equal");
    } else {
        (void)snprintf(text, size,
                       "off by %.3g (%.3g relative, %" PRIu64
                       " ULP), allowed %.3g (%.3g of it used)",
                       e->absolute, e->relative, e->ulp, e->allowed, e->share);
    }
}

void golden_comparison_text(const struct golden_comparison *c, char text[], size_t size) {
    if (c->mismatch == GOLDEN_DTYPE || c->mismatch == GOLDEN_SHAPE) {
        kind_text(c, text, size);
        return;
    }
    if (c->verdict == GOLDEN_NOT_COMPARED || c->count == 0) {
        (void)snprintf(text, size, c->verdict == GOLDEN_PASS ? "no element" : "not compared");
        return;
    }
    const struct golden_element *e = &c->worst;
    struct array shape = {.ndim = c->ndim};
    for (size_t i = 0; i < c->ndim; i++) {
        shape.shape[i] = c->shape[i];
    }
    char place[ARRAY_MAX_DIMS * 22 + 2];
    char distance[160];
    array_index_text(&shape, e->flat, place, sizeof place);
    distance_text(c, distance, sizeof distance);
    (void)snprintf(text, size, "%s: expected %s, got %s: %s; %zu of %zu elements differ", place,
                   number_text(c->dtype, e->expected, e->expected_int).text,
                   number_text(c->dtype, e->actual, e->actual_int).text, distance, c->n_mismatch,
                   c->count);
}
