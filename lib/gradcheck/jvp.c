// SPDX-License-Identifier: MIT
/* The forward-mode product: against backward (u.Jv = J'u.v), against differences of each output
 * along v, and, where the Jacobian is a Hessian, against itself (w.Hv = v.Hw). */
#include <math.h>
#include <string.h>

#include "screen.h"

enum { JVP_LEVELS = 6, JVP_DIRECTIONS = 2 };

static bool moves(const struct gc_input *in) {
    return in->is_float && in->t->tangent != NULL;
}

static void choose_tangent(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double scale = in->is_float ? gc_tensor_scale(s, in) : 0;
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double v = scale * gc_random_signed(&s->random);
            bool room = s->base[e] > in->lower && s->base[e] < in->upper;
            s->direction[e] = moves(in) && room ? gc_dtype_round(in->t->dtype, v) : 0;
        }
    }
}

/* Rounds the direction so that x +- h v / 2^k is exact for every level: the differences of each
 * output then hold no rounding of the inputs. */
static void make_exact(struct gc_session *s, double h) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; moves(in) && e < in->first + in->count; e++) {
            double step = h * s->direction[e];
            int exponent = 0;
            (void)frexp(fabs(s->base[e]) + fabs(step), &exponent);
            double grid = ldexp(gc_dtype_epsilon(in->t->dtype), exponent + JVP_LEVELS);
            s->direction[e] = gc_dtype_round(in->t->dtype, round(step / grid) * grid) / h;
        }
    }
}

/* Forward, then jvp with s->direction as tangent. */
static bool product(struct gc_session *s, double out[]) {
    if (gc_forward(s, s->plus) != GC_DONE) {
        return false;
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (moves(in)) {
            gc_tensor_write(in->t, in->t->tangent, s->direction + in->first);
        }
    }
    if (s->k->jvp(s->k->ctx) != 0) {
        return false;
    }
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gc_output *o = &s->outputs[i];
        if (o->is_float) {
            gc_tensor_read(o->t, o->t->tangent, out + o->first);
        }
    }
    return true;
}

static void worsen_rule(struct gradcheck_rule_report *r, enum gradcheck_verdict verdict) {
    r->verdict = verdict > r->verdict ? verdict : r->verdict;
}

/* A sum of products and the sum of their magnitudes. */
static void dot(const double a[], const double b[], size_t n, double *sum, double *size) {
    struct gc_sum total = {0, 0};
    for (size_t i = 0; i < n; i++) {
        gc_sum_add(&total, a[i] * b[i]);
        *size += fabs(a[i] * b[i]);
    }
    *sum = gc_sum_value(&total);
}

/* Of the coarsest input that moves, if that is more than what the outputs have. */
static double coarsest(const struct gc_session *s, double epsilon) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        epsilon =
            moves(&s->inputs[i]) ? fmax(epsilon, gc_dtype_epsilon(s->inputs[i].t->dtype)) : epsilon;
    }
    return epsilon;
}

/* rounding: what backward's own was measured to be, besides that of a sum of products. */
static void compare_products(struct gc_session *s, struct gradcheck_rule_report *r, double a,
                             double b, double size, double rounding, const char *what) {
    if (!(fabs(a - b) <= 256 * coarsest(s, s->epsilon) * size + 4 * rounding)) {
        if (r->verdict != GRADCHECK_FAIL) {
            gc_text(r->evidence, sizeof r->evidence, "point %zu: %s: %.17g and %.17g", s->point,
                    what, a, b);
        }
        r->verdict = GRADCHECK_FAIL;
    } else {
        worsen_rule(r, GRADCHECK_PASS);
    }
}

static void check_adjoint(struct gc_session *s, const double tangent[]) {
    struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (moves(in) && !in->checked) {
            gc_text(r->evidence, sizeof r->evidence, "%s has a tangent and no grad", in->t->name);
            return;
        }
    }
    double forward = 0;
    double backward = 0;
    double size = 0;
    double rounding = 0;
    dot(s->cotangent, tangent, s->n_outs, &forward, &size);
    dot(s->grad, s->direction, s->n_entries, &backward, &size);
    for (size_t e = 0; e < s->n_entries; e++) {
        rounding += fabs(s->rounding[e] * s->direction[e]);
    }
    compare_products(s, r, forward, backward, size, rounding, "u.(J v) and (J' u).v");
}

/* Differences of every output at steps h, h/2, ...: kept in the columns of the noise table. */
static bool sample_levels(struct gc_session *s, double h) {
    bool done = true;
    for (size_t k = 0; k < 2 * (size_t)JVP_LEVELS && done; k++) {
        double step = ldexp(k % 2 == 0 ? h : -h, -(int)(k / 2));
        for (size_t e = 0; e < s->n_entries; e++) {
            s->scratch[e] = s->base[e] + step * s->direction[e];
        }
        gc_write_point(s, s->scratch);
        done = gc_forward(s, s->noise_table + k * s->n_outs) == GC_DONE;
    }
    gc_write_point(s, s->base);
    return done;
}

static struct gc_estimate estimate_output(const struct gc_session *s, const struct gc_output *out,
                                          size_t i, double h) {
    struct gc_levels levels = {.n = 0};
    for (size_t k = 0; k < JVP_LEVELS; k++) {
        double step = ldexp(h, -(int)k);
        double up = s->noise_table[2 * k * s->n_outs + i];
        double down = s->noise_table[(2 * k + 1) * s->n_outs + i];
        double largest = fmax(fabs(up), fabs(down));
        gc_levels_add(&levels, step, (up - down) / (2 * step),
                      ((up - s->y0[i]) + (down - s->y0[i])) / (2 * step),
                      fmax(s->sigma[i], gc_output_floor(s, out, largest)));
    }
    return gc_estimate_best(&levels, JVP_LEVELS);
}

static void check_outputs(struct gc_session *s, const double tangent[], double h) {
    struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
    double scale = gc_rms(tangent, s->n_outs);
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        double epsilon = coarsest(s, gc_dtype_epsilon(out->t->dtype));
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            struct gc_estimate e = estimate_output(s, out, i, h);
            double own = 64 * epsilon * fmax(fabs(tangent[i]), scale);
            bool sharp = e.bound <= gc_loosest(s->epsilon) * fmax(fabs(e.value), scale);
            bool sound = e.truncation + e.jump <= 0.25 * fmax(fabs(e.value), scale);
            bool agrees = fabs(tangent[i] - e.value) <= e.bound + own;
            if (!agrees && sound && isfinite(e.bound) && r->verdict != GRADCHECK_FAIL) {
                gc_text(r->evidence, sizeof r->evidence,
                        "point %zu, %s element %zu: jvp %.17g, by differences %.17g +- %.1g, step "
                        "%a",
                        s->point, out->t->name, i - out->first, tangent[i], e.value, e.bound,
                        e.step);
                r->verdict = GRADCHECK_FAIL;
            }
            worsen_rule(r, agrees && sharp ? GRADCHECK_PASS : GRADCHECK_INCONCLUSIVE);
        }
    }
}

static void check_symmetry(struct gc_session *s, const double first[], const double tangent[]) {
    struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_JVP_SYMMETRIC];
    double *v = s->scratch + s->n_entries;
    size_t n = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; moves(in) && e < in->first + in->count; e++) {
            v[n] = first[e];
            s->scratch[n++] = s->direction[e];
        }
    }
    double *second = s->minus;
    if (!product(s, second)) {
        return;
    }
    double one = 0;
    double other = 0;
    double size = 0;
    dot(s->scratch, tangent, n, &one, &size);
    dot(v, second, n, &other, &size);
    compare_products(s, r, one, other, size, 0, "w.(H v) and v.(H w)");
}

/* A step at which the outputs' weighted sum extrapolates well. */
static double find_step(struct gc_session *s) {
    struct gc_line line;
    struct gc_estimate e = gc_screen_line(s, &line, 0.1, 10);
    return e.step > 0 ? fmin(4 * e.step, line.largest) : 0;
}

void gc_check_jvp(struct gc_session *s) {
    double *tangent = s->noise_table; /* read before the table is filled */
    double *kept = s->numeric;
    gc_phase(s, "jvp", JVP_DIRECTIONS);
    for (size_t d = 0; d < JVP_DIRECTIONS && gc_tick(s, d); d++) {
        choose_tangent(s);
        double h = find_step(s);
        if (h == 0) {
            worsen_rule(&s->report->rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE],
                        GRADCHECK_INCONCLUSIVE);
            return;
        }
        make_exact(s, h);
        (void)gc_measure_line_noise(s, h / 256);
        if (!product(s, tangent)) {
            struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
            if (!s->stopped && r->verdict != GRADCHECK_FAIL) {
                gc_text(r->evidence, sizeof r->evidence, "jvp failed at point %zu", s->point);
            }
            worsen_rule(r, s->stopped ? GRADCHECK_INCONCLUSIVE : GRADCHECK_FAIL);
            return;
        }
        if (s->n_checked > 0) {
            check_adjoint(s, tangent);
        }
        if (s->k->jvp_symmetric) {
            memcpy(kept, s->direction, s->n_entries * sizeof kept[0]);
            choose_tangent(s);
            check_symmetry(s, kept, tangent);
            memcpy(s->direction, kept, s->n_entries * sizeof kept[0]);
        }
        memcpy(s->cotangent_scratch, tangent, s->n_outs * sizeof tangent[0]);
        if (sample_levels(s, h)) {
            check_outputs(s, s->cotangent_scratch, h);
        }
    }
}
