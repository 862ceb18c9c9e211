// SPDX-License-Identifier: MIT
/* What changed since a baseline was recorded. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* Of the bound. Most of what keeps a result right on another machine is then used up. */
static const double half = 0.5;

static void set_place(struct gate_place *place, const char *case_id, const struct gate_array *a,
                      size_t flat) {
    const struct golden_comparison *c = &a->comparison;
    struct array shape = {.dtype = c->dtype, .ndim = c->ndim};
    memcpy(shape.shape, c->shape, sizeof shape.shape);
    (void)snprintf(place->case_id, sizeof place->case_id, "%s", case_id);
    (void)snprintf(place->tensor, sizeof place->tensor, "%s", a->name);
    place->ndim = c->ndim;
    array_unravel(&shape, flat, place->index);
}

static void add_array(struct gate_baseline *b, const char *case_id, const struct gate_array *a) {
    const struct golden_comparison *c = &a->comparison;
    if (c->verdict != GOLDEN_PASS) {
        return;
    }
    if (c->n_numpy_equal == c->count) {
        b->n_same++;
    } else {
        if (b->n_moved == 0 || c->max_numpy_ulp > b->moved_ulp) {
            b->moved_ulp = c->max_numpy_ulp;
            set_place(&b->moved, case_id, a, c->furthest);
        }
        b->n_moved++;
    }
    if (c->count > 0 && c->max_share > half) {
        if (b->n_half == 0) {
            set_place(&b->half, case_id, a, c->worst.flat);
        }
        b->n_half++;
    }
}

static void add_gradient(struct gate_baseline *b, const struct gate_case *c) {
    bool was_proven = strcmp(c->recorded.gradient, gate_verdict_name(GATE_PASS)) == 0;
    bool is_proven = c->gradient == GATE_PASS && c->report != NULL;
    b->evaluations += c->recorded.evaluations;
    if (!was_proven) {
        return;
    }
    bool coarser = is_proven && b->same_seed &&
                   !(c->report->resolution <= GATE_COARSER * c->recorded.resolution);
    if ((!is_proven || coarser) && b->lost[0] == '\0') {
        (void)snprintf(b->lost, sizeof b->lost, "%s", c->id);
    }
    b->n_lost += !is_proven;
    b->n_coarser += coarser;
}

/* ---- the verdict: a whole is as bad as its worst part, and the first finding stands ---- */

static void worsen(struct gate_suite *s, enum gate_verdict verdict, const char *finding) {
    if (verdict > s->verdict) {
        s->verdict = verdict;
        (void)snprintf(s->finding, sizeof s->finding, "%s", finding);
    }
}

static void judge(struct gate_suite *s) {
    const struct gate_baseline *b = &s->baseline;
    char text[GATE_TEXT_SIZE];
    if (b->n_lost > 0) {
        (void)snprintf(text, sizeof text,
                       "%zu gradient checks that passed when the baseline was recorded do not now, "
                       "first on case %s",
                       b->n_lost, b->lost);
        worsen(s, GATE_INCONCLUSIVE, text);
    }
    if (b->n_coarser > 0) {
        (void)snprintf(text, sizeof text,
                       "the resolution of %zu gradient checks is more than %d times what it was "
                       "when the baseline was recorded, first on case %s",
                       b->n_coarser, GATE_COARSER, b->lost);
        worsen(s, GATE_INCONCLUSIVE, text);
    }
    if (s->n_total < b->n_recorded) {
        (void)snprintf(text, sizeof text,
                       "the baseline has %zu cases, and had %zu when it was recorded", s->n_total,
                       b->n_recorded);
        worsen(s, GATE_FAIL, text);
    }
}

void baseline_judge(struct gate_suite *s, const struct golden_suite *golden, uint64_t seed) {
    if (!golden->is_baseline) {
        return;
    }
    struct gate_baseline *b = &s->baseline;
    *b = (struct gate_baseline){.exists = true,
                                .n_recorded = golden->n_recorded,
                                .same_seed = golden->seed == (int64_t)seed};
    for (size_t i = 0; i < s->n_cases; i++) {
        const struct gate_case *c = &s->cases[i];
        for (size_t j = 0; j < c->n_arrays; j++) {
            add_array(b, c->id, &c->arrays[j]);
        }
        add_gradient(b, c);
    }
    judge(s);
}
