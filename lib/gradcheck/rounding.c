// SPDX-License-Identifier: MIT
/* The rounding of backward itself: how much its result scatters when inputs move by a few units in
 * the last place. Taken to both sides, so that what the gradient really changes by cancels. */
#include <math.h>
#include <string.h>

#include "engine.h"

enum { MOST_UNITS = 16 };

/* Points base + nudge and base - nudge, the latter mirrored. */
static void nudge(struct gc_session *s, double units, double up[], double down[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double epsilon = gc_dtype_epsilon(in->t->dtype);
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double x = s->base[e];
            double by = units * gc_random_signed(&s->random) * epsilon * fabs(x);
            double above = gc_dtype_round(in->t->dtype, x + by);
            double below = gc_dtype_round(in->t->dtype, x - (above - x));
            bool inside = above >= in->lower && above <= in->upper && below >= in->lower &&
                          below <= in->upper;
            up[e] = in->checked && inside ? above : x;
            down[e] = in->checked && inside ? below : x;
        }
    }
}

static bool every_output_moved(const struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        if (s->plus[i] == s->y0[i]) {
            return false;
        }
    }
    return true;
}

static void spread(struct gc_session *s, const double up[], const double down[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double rise = up[e] / in->scale - s->grad[e];
            double fall = down[e] / in->scale - s->grad[e];
            double scatter = 0.5 * fabs(rise + fall);
            s->rounding[e] = isfinite(scatter) ? fmax(s->rounding[e], scatter) : s->rounding[e];
        }
    }
}

/* The largest of the samples, doubled, and what storing the result costs. */
static void round_up(struct gc_session *s, const struct gc_input *in, double factor) {
    for (size_t e = in->first; e < in->first + in->count; e++) {
        double own = factor * gc_dtype_epsilon(in->t->dtype) * fabs(s->grad[e]);
        s->rounding[e] =
            factor * s->rounding[e] + (isfinite(own) ? own : 0) + 4 * gc_dtype_tiny(in->t->dtype);
    }
}

/* Where the numeric side is sharper than the gradient's own digits, its rounding decides, and takes
 * many samples to know; elsewhere a few will do. */
static int samples_wanted(const struct gc_session *s) {
    return s->k->forward_wide != NULL ? 16 : s->epsilon > 1e-10 ? 3 : 1;
}

/* Nudges grow until every output moved: where outputs are too coarse to move, the gradient computed
 * from them is as coarse. */
void gc_measure_rounding(struct gc_session *s) {
    int wanted = s->n_checked > 0 ? samples_wanted(s) : 0;
    double *up = s->scratch;
    double *down = s->scratch + s->n_entries;
    memset(s->rounding, 0, s->n_entries * sizeof s->rounding[0]);
    double units = 2;
    for (int done = 0; done < wanted;) {
        nudge(s, units, up, s->direction);
        gc_write_point(s, up);
        if (gc_backward(s, s->cotangent, NULL, down) != GC_DONE) {
            break;
        }
        bool moved = every_output_moved(s) || units >= MOST_UNITS;
        gc_write_point(s, s->direction);
        if (gc_backward(s, s->cotangent, NULL, up) != GC_DONE) {
            break;
        }
        spread(s, down, up);
        done += moved || wanted == 1;
        units *= moved ? 1 : 2;
    }
    gc_write_point(s, s->base);
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            round_up(s, &s->inputs[i], wanted > 3 ? 2 : 4);
        }
    }
}
