// SPDX-License-Identifier: MIT
/* A comparison in pieces: begin with the shapes, add blocks of elements, end. */
#ifndef GOLDEN_COMPARE_H
#define GOLDEN_COMPARE_H

#include "golden/golden.h"

struct compare_task { /* of the arrays one block; either bound or tolerance is set */
    const struct array *actual;
    const struct array *expected;
    const struct array *bound;
    const struct golden_tolerance *tolerance;
    const struct array *numpy; /* may be NULL */
    size_t first;              /* flat index of the block's first element */
    struct golden_comparison *out;
    struct golden_profile *profile; /* may be NULL */
};

enum golden_status compare_check_tolerance(const struct golden_tolerance *tolerance);
/* Takes dtypes and shapes of actual and expected (data not needed); false if they differ, and then
 * no block may be added. */
bool compare_begin(const struct compare_task *t);
/* BOUND_VALUE if a bound is none; *t->out is then worthless. */
enum golden_status compare_add(const struct compare_task *t);
void compare_end(const struct compare_task *t);

/* From worst to best: severity of the mismatch, share, absolute, ULP. */
bool compare_is_worse(const struct golden_element *e, const struct golden_element *than);

void profile_add(struct golden_profile *p, const struct golden_element *e);
/* shape is any array of the whole's shape. */
void profile_end(struct golden_profile *p, const struct array *shape);

#endif
