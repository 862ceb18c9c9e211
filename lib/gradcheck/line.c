// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>

#include "line.h"

/* The others are found wrong without any difference. */
static double gradient_of(const struct gc_session *s, size_t entry) {
    return isfinite(s->grad[entry]) ? s->grad[entry] : 0;
}

void gc_line_open(const struct gc_session *s, struct gc_line *line) {
    *line = (struct gc_line){.largest = DBL_MAX};
    struct gc_sum predicted = {0, 0};
    struct gc_norm size = {0, 0, 0};
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double v = s->direction[e];
            if (v == 0) {
                continue;
            }
            double room = fmin(in->upper - s->base[e], s->base[e] - in->lower);
            double term = gradient_of(s, e) * v;
            if (0.98 * room < line->largest * fabs(v)) {
                line->largest = 0.98 * room / fabs(v);
            }
            gc_norm_add(&size, term);
            gc_sum_add(&predicted, term);
        }
    }
    line->predicted = gc_sum_value(&predicted);
    line->size = gc_norm_value(&size);
}

/* Writes base + h direction, rounded, and returns backward . (what was stepped beyond h v). Lost:
 * an entry's step is mostly rounding. */
static double step_to(struct gc_session *s, double h, bool *lost) {
    struct gc_sum excess = {0, 0};
    double *x = s->here;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double step = h * s->direction[e];
            x[e] = s->base[e];
            if (step != 0) {
                x[e] = gc_dtype_round(in->t->dtype, s->base[e] + step);
                *lost = *lost || fabs((x[e] - s->base[e]) - step) > 0.25 * fabs(step);
                gc_sum_add(&excess, gradient_of(s, e) * ((x[e] - s->base[e]) - step));
            }
        }
    }
    gc_write_point(s, x);
    return gc_sum_value(&excess);
}

static double weighted_sigma(const struct gc_session *s) {
    struct gc_norm total = {0, 0, 0};
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double largest = fmax(fabs(s->plus[i]), fabs(s->minus[i]));
            double sigma = fmax(s->sigma[i], gc_output_floor(s, out, largest));
            gc_norm_add(&total, s->cotangent[i] * sigma);
        }
    }
    return gc_norm_value(&total);
}

/* Each entry is rounded on its own, so what was really stepped differs from h v; its first-order
 * effect is taken out with the gradient itself, whose errors do not matter at that size. Where a
 * step is lost they do: what is put in its place is what backward claims. */
enum gc_outcome gc_line_probe(struct gc_session *s, struct gc_line *line, double h) {
    bool lost = false;
    double over = step_to(s, h, &lost);
    enum gc_outcome outcome = gc_forward(s, s->plus);
    double under = 0;
    if (outcome == GC_DONE) {
        under = step_to(s, -h, &lost);
        outcome = gc_forward(s, s->minus);
    }
    gc_write_point(s, s->base);
    if (outcome != GC_DONE) {
        return outcome;
    }
    if (lost && line->exact) {
        return GC_DONE;
    }
    struct gc_sum odd = {0, 0};
    struct gc_sum jump = {0, 0};
    for (size_t i = 0; i < s->n_outs; i++) {
        double u = s->cotangent[i];
        gc_sum_add(&odd, u * (s->plus[i] - s->minus[i]));
        gc_sum_add(&jump, u * ((s->plus[i] - s->y0[i]) + (s->minus[i] - s->y0[i])));
    }
    gc_sum_add(&odd, under - over);
    gc_sum_add(&jump, -(over + under));
    gc_levels_add(&line->levels, h, gc_sum_value(&odd) / (2 * h), gc_sum_value(&jump) / (2 * h),
                  weighted_sigma(s));
    return GC_DONE;
}
