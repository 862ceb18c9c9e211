// SPDX-License-Identifier: MIT
/* The Jacobian that backward claims, one cotangent element at a time, and the one that differences
 * show. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis.h"
#include "elementwise.h"

enum { LEVELS = 3, CALLS_AN_ENTRY = 2 * LEVELS };

static const double STEP_RATIO = 0.46; /* not a round one: see examine.c */

/* One output's differences over descending steps, extrapolated. */
static double derivative_from(const double odd[LEVELS], double *error) {
    double q = STEP_RATIO * STEP_RATIO;
    double first = (odd[1] - q * odd[0]) / (1 - q);
    double second = (odd[2] - q * odd[1]) / (1 - q);
    double value = (second - q * q * first) / (1 - q * q);
    *error = fabs(value - second);
    return value;
}

static double coarsest_step(const struct gc_session *s, size_t entry) {
    const struct gc_input *in = gc_input_of(s, entry);
    double h = s->step[entry] > 0 ? 4 * s->step[entry] : 0.01 * gc_tensor_scale(s, in);
    double room = fmin(in->upper - s->base[entry], s->base[entry] - in->lower);
    return fmin(h, 0.9 * room);
}

/* Column `entry` of the right Jacobian; where forward cannot be asked, its error is infinite. */
static void differentiate(struct gc_session *s, struct gc_jacobians *j, size_t entry,
                          double *levels) {
    const struct gc_input *in = gc_input_of(s, entry);
    double h = coarsest_step(s, entry);
    double noise = 0;
    bool done = h > 0;
    for (size_t level = 0; level < LEVELS && done; level++) {
        double x = s->base[entry];
        double above = gc_dtype_round(in->t->dtype, x + h);
        double below = gc_dtype_round(in->t->dtype, x - h);
        gc_put(s, entry, above);
        done = above > below && gc_forward(s, s->plus) == GC_DONE;
        gc_put(s, entry, below);
        done = done && gc_forward(s, s->minus) == GC_DONE;
        gc_put(s, entry, x);
        noise = 8 * s->epsilon / (above - below);
        for (size_t o = 0; o < s->n_outs && done; o++) {
            levels[o * LEVELS + level] = (s->plus[o] - s->minus[o]) / (above - below);
        }
        h *= STEP_RATIO;
    }
    for (size_t o = 0; o < s->n_outs; o++) {
        double *error = &j->error[o * s->n_entries + entry];
        *error = INFINITY;
        if (done) {
            double value = derivative_from(&levels[o * LEVELS], error);
            j->right[o * s->n_entries + entry] = value;
            *error += noise * fmax(fabs(s->plus[o]), fabs(s->minus[o]));
        }
    }
}

static bool usable(const struct gc_session *s, size_t entry) {
    return (s->state[entry] & GC_SEEN) != 0 && (s->state[entry] & GC_AT_KINK) == 0 &&
           isfinite(s->bound[entry]);
}

static void fill_right(struct gc_session *s, struct gc_jacobians *j, double *levels) {
    for (size_t e = 0; e < s->n_entries && !s->stopped; e++) {
        if (gc_input_of(s, e)->checked && usable(s, e)) {
            differentiate(s, j, e, levels);
        } else {
            for (size_t o = 0; o < s->n_outs; o++) {
                j->error[o * s->n_entries + e] = INFINITY;
            }
        }
    }
}

static bool fill_got(struct gc_session *s, struct gc_jacobians *j, double *cotangent) {
    memset(cotangent, 0, s->n_outs * sizeof cotangent[0]);
    for (size_t o = 0; o < s->n_outs; o++) {
        double *row = j->got + o * s->n_entries;
        cotangent[o] = 1;
        enum gc_outcome outcome = gc_backward(s, cotangent, NULL, row);
        cotangent[o] = 0;
        if (outcome != GC_DONE) {
            return false;
        }
        for (size_t i = 0; i < s->k->n_inputs; i++) {
            const struct gc_input *in = &s->inputs[i];
            for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
                row[e] /= in->scale;
            }
        }
    }
    return true;
}

/* The gradient itself, as it was judged. */
static void fill_one_row(const struct gc_session *s, struct gc_jacobians *j) {
    for (size_t e = 0; e < s->n_entries; e++) {
        j->right[e] = s->numeric[e];
        j->got[e] = s->grad[e];
        j->error[e] = usable(s, e) ? s->bound[e] + s->rounding[e] : INFINITY;
    }
}

static bool affords_jacobian(const struct gc_session *s) {
    size_t cost = CALLS_AN_ENTRY * s->n_entries + s->n_outs + 1;
    return !s->fixed_cotangent && s->k->backward != NULL &&
           s->n_outs <= GC_MAX_JACOBIAN / s->n_entries &&
           cost <= (s->options.max_evaluations - s->report->n_forward) / 4;
}

static bool allocate_jacobians(struct gc_session *s, struct gc_jacobians *j) {
    size_t elements = j->n_rows * s->n_entries;
    if (elements == 0) {
        return false;
    }
    size_t scratch = (LEVELS + 1) * s->n_outs;
    j->right = calloc(3 * elements + scratch, sizeof j->right[0]);
    j->mark = calloc(elements, 1);
    j->got = j->right + elements;
    j->error = j->got + elements;
    return j->right != NULL && j->mark != NULL;
}

bool gc_jacobians_open(struct gc_session *s, struct gc_jacobians *j) {
    *j = (struct gc_jacobians){.by_output = affords_jacobian(s)};
    j->n_rows = j->by_output ? s->n_outs : 1;
    if (s->n_entries == 0 || s->n_entries > GC_MAX_JACOBIAN || !allocate_jacobians(s, j)) {
        gc_jacobians_close(j);
        return false;
    }
    if (!j->by_output) {
        fill_one_row(s, j);
        return true;
    }
    double *scratch = j->error + j->n_rows * s->n_entries;
    bool done = fill_got(s, j, scratch + LEVELS * s->n_outs);
    if (done) {
        fill_right(s, j, scratch);
    }
    gc_write_point(s, s->base);
    if (!done || s->stopped) {
        gc_jacobians_close(j);
        return false;
    }
    return true;
}

void gc_jacobians_close(struct gc_jacobians *j) {
    free(j->right);
    free(j->mark);
    *j = (struct gc_jacobians){.n_rows = 0};
}
