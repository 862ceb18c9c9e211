// SPDX-License-Identifier: MIT
/* The rounding of backward itself: how much its result scatters when inputs and cotangents move by
 * a few units in the last place. Taken to both sides, so that what the gradient really changes by
 * cancels; twice as far to one of them, for equal steps would mostly round alike. */
#include <math.h>
#include <string.h>

#include "engine.h"

enum { MOST_UNITS = 16 };

/* Points base + nudge and base - 2 nudge. */
static void nudge(struct gc_session *s, double units, double up[], double down[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double epsilon = gc_dtype_epsilon(in->t->dtype);
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double x = s->base[e];
            double by = units * gc_random_signed(&s->random) * epsilon * fabs(x);
            double above = gc_dtype_round(in->t->dtype, x + by);
            double below = gc_dtype_round(in->t->dtype, x - 2 * (above - x));
            bool inside = above >= in->lower && above <= in->upper && below >= in->lower &&
                          below <= in->upper;
            up[e] = in->checked && inside ? above : x;
            down[e] = in->checked && inside ? below : x;
        }
    }
}

/* Cotangents too: where inputs are zero, or too small to matter, only they show how the sums of
 * backward round. */
static void nudge_cotangents(struct gc_session *s, double units) {
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        enum gradcheck_dtype dtype = out->t->dtype;
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double u = s->cotangent[i];
            double by = units * gc_random_signed(&s->random) * gc_dtype_epsilon(dtype) * fabs(u);
            s->cotangent_scratch[i] = out->has_cotangent ? gc_dtype_round(dtype, u + by) : u;
        }
    }
}

static void reach_back(struct gc_session *s) {
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double u = s->cotangent[i];
            s->cotangent_scratch[i] =
                gc_dtype_round(out->t->dtype, u - 2 * (s->cotangent_scratch[i] - u));
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

/* Many samples are gathered as a root of squares, few as the largest. */
static void spread(struct gc_session *s, const double up[], const double down[], bool many) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double rise = up[e] / in->scale - s->grad[e];
            double fall = down[e] / in->scale - s->grad[e];
            double scatter = fabs(2 * rise + fall) / 3;
            if (isfinite(scatter)) {
                s->rounding[e] =
                    many ? hypot(s->rounding[e], scatter) : fmax(s->rounding[e], scatter);
            }
        }
    }
}

/* The same of the outputs, as a root of squares: minus holds them on the near side, plus on the far
 * one. */
static void spread_outputs(struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        double rise = s->minus[i] - s->y0[i];
        double fall = s->plus[i] - s->y0[i];
        double scatter = fabs(2 * rise + fall) / 3;
        s->wobble[i] = hypot(s->wobble[i], scatter);
    }
}

/* From the samples to a bound, and what storing the result costs. */
static void round_up(struct gc_session *s, const struct gc_input *in, double factor, double units) {
    for (size_t e = in->first; e < in->first + in->count; e++) {
        double own = units * gc_dtype_epsilon(in->t->dtype) * fabs(s->grad[e]);
        s->rounding[e] =
            factor * s->rounding[e] + (isfinite(own) ? own : 0) + 4 * gc_dtype_tiny(in->t->dtype);
    }
}

/* Where the numeric side is sharper than the gradient's own digits, its rounding decides, and takes
 * many samples to know; elsewhere a few will do. */
static int samples_wanted(const struct gc_session *s) {
    return s->k->forward_wide != NULL ? 16 : s->epsilon > 1e-10 ? 3 : 1;
}

/* Backward at the nudged point into near, on the other side into far; false if it cannot be. The
 * outputs there go to minus and to plus. */
static bool backward_nudged(struct gc_session *s, double units, double point[], double near[],
                            double far[], bool *moved) {
    nudge(s, units, point, s->direction);
    nudge_cotangents(s, units);
    gc_write_point(s, point);
    if (gc_backward(s, s->cotangent_scratch, NULL, near) != GC_DONE) {
        return false;
    }
    *moved = every_output_moved(s) || units >= MOST_UNITS;
    memcpy(s->minus, s->plus, s->n_outs * sizeof s->minus[0]);
    reach_back(s);
    gc_write_point(s, s->direction);
    return gc_backward(s, s->cotangent_scratch, NULL, far) == GC_DONE;
}

/* A sample is the weighted mean rounding at two nudged points less that at the point itself, so the
 * root mean square of many is at least the latter: three times that is a bound. Of a few, the
 * largest is taken four times. Nudges grow until every output moved: where outputs are too coarse
 * to move, the gradient computed from them is as coarse. */
void gc_measure_rounding(struct gc_session *s) {
    int wanted = s->n_checked > 0 ? samples_wanted(s) : 0;
    const bool many = wanted > 3;
    gc_phase(s, "rounding", (size_t)wanted);
    double *near = s->scratch;
    double *far = s->scratch + s->n_entries;
    memset(s->rounding, 0, s->n_entries * sizeof s->rounding[0]);
    memset(s->wobble, 0, s->n_outs * sizeof s->wobble[0]);
    double units = 2;
    bool moved = false;
    int done = 0;
    while (done < wanted && backward_nudged(s, units, far, near, far, &moved)) {
        if (moved || !many) {
            spread(s, near, far, many);
            spread_outputs(s);
        }
        done += moved || wanted == 1;
        units *= moved ? 1 : 2;
    }
    gc_write_point(s, s->base);
    double root = sqrt(fmax(done, 1));
    for (size_t i = 0; i < s->n_outs; i++) {
        s->wobble[i] /= root;
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            round_up(s, &s->inputs[i], many ? 3 / root : 4, many ? 2 : 4);
        }
    }
}
