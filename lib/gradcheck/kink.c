// SPDX-License-Identifier: MIT
/* Ties. Where several entries sit on a kink, each may take any value between its one-sided
 * derivatives, but not all of them at once: of max(a, b) at a = b, (1, 1) counts the tie twice. A
 * subgradient g satisfies  -f'(x; -v) <= g.v <= f'(x; v)  for every v (>= for a concave f), so that
 * is tested along all tied entries together and along random v. Kinks that open upwards and
 * downwards are tested apart: a sum of both is neither convex nor concave. */
#include <math.h>

#include "elementwise.h"
#include "line.h"

enum { KINK_DIRECTIONS = 6, KINK_LEVELS = 14 };

static bool tied(const struct gc_session *s, size_t e, unsigned kind) {
    return (s->state[e] & (GC_AT_KINK | GC_CONVEX)) == (GC_AT_KINK | kind);
}

/* The first directions move all tied entries alike, up and in proportion to their values. */
static void choose_direction(struct gc_session *s, unsigned kind, int number) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double scale = in->is_float ? gc_tensor_scale(s, in) : 0;
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double v = number == 0 ? 1 : scale * gc_random_signed(&s->random);
            s->direction[e] = in->checked && tied(s, e, kind) ? v : 0;
        }
    }
}

/* True if backward . v lies outside what the one-sided derivatives along v allow. */
static bool direction_refutes(struct gc_session *s) {
    struct gc_line line;
    double rounding = 0;
    gc_line_open(s, &line);
    line.exact = true; /* finer ones agree with any gradient */
    double h = fmin(1e-2, line.largest) * (0.8 + 0.2 * gc_random_uniform(&s->random));
    for (size_t i = 0; i < KINK_LEVELS && !s->stopped; i++) {
        (void)gc_line_probe(s, &line, h);
        h *= 0.2 + 0.1 * gc_random_uniform(&s->random);
    }
    struct gc_estimate right = gc_one_sided(&line.levels, 1);
    struct gc_estimate left = gc_one_sided(&line.levels, -1);
    double bound = fmax(right.bound, left.bound);
    if (s->stopped || !isfinite(bound)) {
        return false;
    }
    for (size_t e = 0; e < s->n_entries; e++) {
        double epsilon = gc_dtype_epsilon(gc_input_of(s, e)->t->dtype);
        rounding += 8 * epsilon * fabs(s->grad[e] * s->direction[e]);
    }
    double slack = 2 * bound + rounding;
    return !(line.predicted >= fmin(right.value, left.value) - slack &&
             line.predicted <= fmax(right.value, left.value) + slack);
}

static void check_kind(struct gc_session *s, unsigned kind) {
    size_t n = 0;
    for (size_t e = 0; e < s->n_entries; e++) {
        n += tied(s, e, kind);
    }
    for (int d = 0; d < KINK_DIRECTIONS && n > 1 && !s->stopped; d++) {
        choose_direction(s, kind, d);
        if (direction_refutes(s)) {
            for (size_t e = 0; e < s->n_entries; e++) {
                s->state[e] |= tied(s, e, kind) ? GC_TIE_BROKEN : 0;
            }
            return;
        }
    }
}

void gc_check_ties(struct gc_session *s) {
    check_kind(s, GC_CONVEX);
    check_kind(s, 0);
}
