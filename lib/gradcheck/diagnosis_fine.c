// SPDX-License-Identifier: MIT
/* What shows in the judged entries alone: errors of float's size, and entries at a kink. */
#include <float.h>
#include <math.h>

#include "diagnosis.h"
#include "elementwise.h"

static bool entry_failed(const struct gc_session *s, size_t e) {
    return (s->state[e] & GC_SEEN) != 0 &&
           (gc_is_wrong(s, e) || (s->state[e] & GC_TIE_BROKEN) != 0);
}

/* Errors of float's rounding, up to what cancels in a sum, in gradients that are double. */
void gc_guess_low_precision(const struct gc_table *t, struct gc_guess *guess) {
    const struct gc_session *s = t->s;
    const size_t first = t->in->first;
    double scale = gc_max_abs(s->numeric + first, t->n_columns);
    size_t n = 0;
    size_t n_float = 0;
    if (t->in->t->dtype != GRADCHECK_F64 || s->narrow_epsilon > DBL_EPSILON) {
        return;
    }
    for (size_t e = first; e < first + t->n_columns; e++) {
        const double error = fabs(s->grad[e] - s->numeric[e]);
        if (!entry_failed(s, e)) {
            continue;
        }
        if (!(error <= 40 * FLT_EPSILON * scale)) {
            return;
        }
        const double stored = s->grad[e] * t->in->scale;
        n_float += (double)(float)stored == stored;
        n++;
    }
    if (n > 0) {
        const bool rounded = 4 * n_float >= 3 * n;
        gc_guess(
            guess, GRADCHECK_CAUSE_LOW_PRECISION, (rounded ? 0.97 : 0.85) * gc_support(2 * n),
            "%.31s.grad is right to seven digits where it is off, in %zu of %zu entries%s: float "
            "where double was promised",
            t->in->t->name, n, t->n_columns, rounded ? ", and they are floats" : "");
    }
}

void gc_guess_ties(const struct gc_table *t, struct gc_guess *guess) {
    const struct gc_session *s = t->s;
    size_t n = 0;
    size_t n_smooth = 0;
    for (size_t e = t->in->first; e < t->in->first + t->n_columns; e++) {
        const bool kink = (s->state[e] & GC_AT_KINK) != 0;
        if (entry_failed(s, e) && !kink) {
            return;
        }
        n += entry_failed(s, e);
        n_smooth += !kink;
    }
    if (n > 0 && n_smooth > 0) {
        gc_guess(guess, GRADCHECK_CAUSE_TIES, 0.9,
                 "%.31s.grad is wrong only at a kink (%zu entries): equal values are counted "
                 "wrongly",
                 t->in->t->name, n);
    }
}
