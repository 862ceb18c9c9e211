// SPDX-License-Identifier: MIT
/* What a comparison looks like in depth: its worst elements by every measure, and how far the
 * elements lie apart. */
#include "compare.h"

#include <math.h>

static const uint64_t limits[GOLDEN_ULP_BINS - 1] = {
    0, 1, 2, 4, 8, 16, 32, 64, 256, 1024, 65536, UINT64_C(1) << 32, UINT64_MAX - 1};

uint64_t golden_ulp_bin_limit(size_t bin) {
    return bin < GOLDEN_ULP_BINS - 1 ? limits[bin] : UINT64_MAX;
}

static size_t bin_of(uint64_t ulp) {
    size_t bin = 0;
    while (bin < GOLDEN_ULP_BINS - 1 && ulp > limits[bin]) {
        bin++;
    }
    return bin;
}

/* Into the table, which is sorted from worst to best; among equals the first stays first. */
static void keep(struct golden_profile *p, const struct golden_element *e) {
    size_t at = p->n_table;
    if (at == GOLDEN_TABLE_SIZE) {
        if (!compare_is_worse(e, &p->table[at - 1])) {
            return;
        }
        at--;
    } else {
        p->n_table++;
    }
    while (at > 0 && compare_is_worse(e, &p->table[at - 1])) {
        p->table[at] = p->table[at - 1];
        at--;
    }
    p->table[at] = *e;
}

static void keep_extremes(struct golden_profile *p, const struct golden_element *e) {
    bool first = p->n_finite++ == 0;
    if (first || e->absolute > p->worst_absolute.absolute) {
        p->worst_absolute = *e;
    }
    if (first || e->relative > p->worst_relative.relative) {
        p->worst_relative = *e;
    }
    if (first || e->ulp > p->worst_ulp.ulp) {
        p->worst_ulp = *e;
    }
}

void profile_add(struct golden_profile *p, const struct golden_element *e) {
    bool finite = isfinite(e->expected) && isfinite(e->actual);
    bool equal = e->mismatch == GOLDEN_MATCH && e->absolute == 0;
    bool apart = e->mismatch == GOLDEN_NAN || e->mismatch == GOLDEN_INF;
    p->bins[apart ? GOLDEN_ULP_BINS - 1 : equal ? 0 : bin_of(e->ulp)]++;
    if (finite) {
        keep_extremes(p, e);
    }
    if (!equal) {
        keep(p, e);
    }
}

void profile_end(struct golden_profile *p, const struct array *shape) {
    array_unravel(shape, p->worst_absolute.flat, p->worst_absolute.index);
    array_unravel(shape, p->worst_relative.flat, p->worst_relative.index);
    array_unravel(shape, p->worst_ulp.flat, p->worst_ulp.index);
    for (size_t i = 0; i < p->n_table; i++) {
        array_unravel(shape, p->table[i].flat, p->table[i].index);
    }
}
