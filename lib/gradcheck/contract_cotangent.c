// SPDX-License-Identifier: MIT
/* Backward is a linear map of the cotangent: 0 goes to 0, 2u to twice, -u to minus, u + v to the
 * sum. Scaling by 2 and negation are exact in binary floating point, additivity is not. */
#include <math.h>

#include "contract.h"

static const char FIXED[] = "the cotangent is fixed: an output is a loss";

static void scaled_cotangent(const struct gc_session *s, double by, double out[]) {
    for (size_t i = 0; i < s->n_outs; i++) {
        out[i] = s->cotangent[i] * by;
    }
}

void gc_rule_zero_cotangent(struct gc_contract *c, struct gradcheck_rule_report *r) {
    struct gc_session *s = c->s;
    if (!c->linear) {
        gc_rule_skipped(r, FIXED);
        return;
    }
    scaled_cotangent(s, 0, s->minus);
    if (gc_backward(s, s->minus, NULL, c->a) == GC_STOPPED) {
        return;
    }
    for (size_t e = 0; e < s->n_entries; e++) {
        if (gc_input_of(s, e)->checked && !(c->a[e] == 0)) {
            struct gradcheck_place place;
            char text[96];
            gc_place_of(s, e, &place);
            gc_place_text(&place, text, sizeof text);
            gc_rule_failed(r, "%s.grad is %.17g for a zero cotangent", text, c->a[e]);
            return;
        }
    }
}

/* The first entry where `got` is not `factor` x `one`; +0 equals -0, NaN equals NaN. */
static size_t first_unscaled(const struct gc_session *s, const double one[], const double got[],
                             double factor) {
    size_t e = 0;
    for (; e < s->n_entries; e++) {
        double expected = factor * one[e];
        if (gc_input_of(s, e)->checked && !(got[e] == expected) &&
            !(isnan(got[e]) && isnan(expected))) {
            break;
        }
    }
    return e;
}

/* backward(at x u) in a, unless at is 1 (then it is known), and backward(at x factor x u) in b. */
static size_t scaling_error(struct gc_contract *c, double at, double factor) {
    struct gc_session *s = c->s;
    const double *one = c->g;
    if (at != 1) {
        scaled_cotangent(s, at, s->minus);
        one = c->a;
        if (gc_backward(s, s->minus, NULL, c->a) == GC_STOPPED) {
            return s->n_entries;
        }
    }
    scaled_cotangent(s, at * factor, s->minus);
    if (gc_backward(s, s->minus, NULL, c->b) == GC_STOPPED) {
        return s->n_entries;
    }
    return first_unscaled(s, one, c->b, factor);
}

/* A product that underflows is not doubled exactly; 2^100 further up (2^40 in float32) it is. */
void gc_rule_homogeneous(struct gc_contract *c, struct gradcheck_rule_report *r) {
    struct gc_session *s = c->s;
    if (!c->linear) {
        gc_rule_skipped(r, FIXED);
        return;
    }
    if (!c->deterministic) {
        gc_rule_skipped(r, "needs a deterministic backward");
        return;
    }
    static const double factors[] = {2, -1};
    for (size_t i = 0; i < 2; i++) {
        size_t e = scaling_error(c, 1, factors[i]);
        if (e == s->n_entries) {
            continue;
        }
        double one = c->g[e];
        double scaled = c->b[e];
        double up = s->epsilon > 1e-10 ? 0x1p40 : 0x1p100;
        if (scaling_error(c, up, factors[i]) == s->n_entries) {
            gc_text(r->evidence, sizeof r->evidence,
                    "exact only for large cotangents: products underflow");
            continue;
        }
        struct gradcheck_place place;
        char text[96];
        gc_place_of(s, e, &place);
        gc_place_text(&place, text, sizeof text);
        gc_rule_failed(r, "%s.grad: backward(u) gives %.17g, backward(%gu) gives %.17g", text, one,
                       factors[i], scaled);
        return;
    }
}

/* A unit in the last place of the terms of a gradient, if they are as large as it would take to
 * make the largest output of nothing. Smaller than gc_hidden_unit, which counts values of the
 * input's size too: beside those a small output's own gradient is nothing. */
static double unit_of_terms(const struct gc_session *s, const struct gc_input *in) {
    double largest = 0;
    for (size_t i = 0; i < s->n_outs; i++) {
        largest = fmax(largest, fabs(s->cotangent[i] * s->y0[i]));
    }
    return fmax(s->epsilon, gc_dtype_epsilon(in->t->dtype)) * largest / gc_tensor_scale(s, in);
}

/* Rounding of u + v against u and v: measured at most 1.7e-11 of the terms in float64. What is
 * looked for, a backward that clips or squares its cotangent, is of the terms' own size. Of a
 * gradient that cancels to 0 (x / |x|) rounding is all there is: some units of what cancelled. */
void gc_rule_additive(struct gc_contract *c, struct gradcheck_rule_report *r) {
    struct gc_session *s = c->s;
    if (!c->linear) {
        gc_rule_skipped(r, FIXED);
        return;
    }
    for (size_t i = 0; i < s->n_outs; i++) {
        s->minus[i] = gc_random_signed(&s->random);
    }
    if (gc_backward(s, s->minus, NULL, c->b) == GC_STOPPED) {
        return;
    }
    for (size_t i = 0; i < s->n_outs; i++) {
        s->minus[i] += s->cotangent[i];
    }
    if (gc_backward(s, s->minus, NULL, c->c) == GC_STOPPED) {
        return;
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (!in->checked) {
            continue;
        }
        double fine = sqrt(fmax(s->epsilon, gc_dtype_epsilon(in->t->dtype)));
        double whole =
            fmax(gc_max_abs(c->g + in->first, in->count), gc_max_abs(c->b + in->first, in->count));
        double cancelled = 64 * unit_of_terms(s, in) * in->scale;
        for (size_t e = in->first; e < in->first + in->count; e++) {
            double sum = c->g[e] + c->b[e];
            double allowed = 10 * fine * (fabs(c->g[e]) + fabs(c->b[e])) + fine * whole +
                             cancelled + 8 * gc_dtype_tiny(in->t->dtype);
            if (isfinite(sum) && !(fabs(c->c[e] - sum) <= allowed)) {
                struct gradcheck_place place;
                char text[96];
                gc_place_of(s, e, &place);
                gc_place_text(&place, text, sizeof text);
                gc_rule_failed(r,
                               "%s.grad: backward(u) + backward(v) = %.17g, backward(u + v) = "
                               "%.17g",
                               text, sum, c->c[e]);
                return;
            }
        }
    }
}
