// SPDX-License-Identifier: MIT
/* The rounding of backward itself: how much its result changes when inputs move by a few units in
 * the last place, less than anything a derivative could show. */
#include <math.h>

#include "engine.h"

enum { NUDGES = 2, MOST_UNITS = 64 };

static void nudge(struct gc_session *s, double units) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double epsilon = gc_dtype_epsilon(in->t->dtype);
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double by = units * gc_random_signed(&s->random) * epsilon * fabs(s->base[e]);
            double x = gc_dtype_round(in->t->dtype, s->base[e] + by);
            s->direction[e] = x >= in->lower && x <= in->upper ? x : s->base[e];
        }
        for (size_t e = in->first; in->is_float && !in->checked && e < in->first + in->count; e++) {
            s->direction[e] = s->base[e];
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

static void spread(struct gc_session *s, const double grads[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double change = fabs(grads[e] / in->scale - s->grad[e]);
            s->rounding[e] = isfinite(change) ? fmax(s->rounding[e], change) : s->rounding[e];
        }
    }
}

/* Nudges grow until every output moved: where outputs are too coarse to move, the gradient computed
 * from them is as coarse. */
void gc_measure_rounding(struct gc_session *s) {
    for (size_t e = 0; e < s->n_entries; e++) {
        s->rounding[e] = 0;
    }
    double units = 2;
    for (int done = 0; done < NUDGES && units <= MOST_UNITS && s->n_checked > 0; units *= 4) {
        nudge(s, units);
        gc_write_point(s, s->direction);
        enum gc_outcome outcome = gc_backward(s, s->cotangent, NULL, s->scratch);
        if (outcome == GC_STOPPED) {
            break;
        }
        if (outcome == GC_DONE) {
            spread(s, s->scratch);
            done += every_output_moved(s) || units >= MOST_UNITS / 4;
        }
    }
    gc_write_point(s, s->base);
    for (size_t e = 0; e < s->n_entries; e++) {
        enum gradcheck_dtype dtype = gc_input_of(s, e)->t->dtype;
        double own = 4 * gc_dtype_epsilon(dtype) * fabs(s->grad[e]) + 4 * gc_dtype_tiny(dtype);
        s->rounding[e] = 2 * s->rounding[e] + (isfinite(own) ? own : 0);
    }
}
