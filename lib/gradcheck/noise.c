// SPDX-License-Identifier: MIT
/* ECnoise (More, Wild: Estimating Computational Noise, SISC 33, 2011): differences of high order
 * over closely spaced points remove the smooth part and leave the noise. */
#include <math.h>
#include <string.h>

#include "line.h"

enum { SAMPLES = 12, LINE_SAMPLES = 8, FEW_LINE_SAMPLES = 6, MANY_OUTPUTS = 64, LOWEST_ORDER = 4 };

void gc_forget_noise(struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        s->sigma[i] = 0;
    }
    s->line_noise_known = false;
}

/* (k!)^2 / (2k)!: the k-th difference of unit noise has variance 1 / this. */
static double shrinkage(size_t k) {
    double factor = 1;
    for (size_t i = 1; i <= k; i++) {
        factor *= (double)i / (double)(k + i);
    }
    return factor;
}

/* Overwrites the samples. Settles on the first order whose successor agrees within a factor 2;
 * what is still falling is the smooth part. */
static double deviation(double samples[], size_t n) {
    double previous = INFINITY;
    for (size_t k = 1; k + 3 < n || k < LOWEST_ORDER + 1; k++) {
        for (size_t i = 0; i + k < n; i++) {
            samples[i] = samples[i + 1] - samples[i];
        }
        double sigma = gc_rms(samples, n - k) * sqrt(shrinkage(k));
        if (k > LOWEST_ORDER && sigma > 0.5 * previous) {
            return fmax(sigma, previous);
        }
        previous = sigma;
    }
    return previous;
}

enum { FEWEST_UNITS = 501 };

/* The unit in the last place of everything between x and x + n delta. */
static double grid_of(const struct gc_input *in, double x, double delta, size_t n) {
    double epsilon = gc_dtype_epsilon(in->t->dtype);
    double least = FEWEST_UNITS * epsilon * fabs(x);
    int exponent = 0;
    (void)frexp(fabs(x) + (double)n * fmax(fabs(delta), least), &exponent);
    return ldexp(epsilon, exponent);
}

/* An exactly represented spacing of an odd number of units in the last place (a round one would
 * make products exact that are rounded everywhere else), into the domain. 0 if there is no room. */
static double represented_spacing(const struct gc_input *in, double x, double delta, size_t n) {
    double grid = grid_of(in, x, delta, n);
    if (!(grid > 0) || (x == 0 && delta == 0)) {
        return 0;
    }
    double units = 2 * floor(fmax(fabs(delta) / grid, FEWEST_UNITS) / 2) + 1;
    delta = copysign(units * grid, delta);
    double reach = fabs(delta) * (double)n;
    if (reach <= (delta > 0 ? in->upper - x : x - in->lower)) {
        return delta;
    }
    return reach <= (delta > 0 ? x - in->lower : in->upper - x) ? -delta : 0;
}

/* Samples start where the grid has a point, or those near x would be rounded and those far not. */
static double start_of(const struct gc_input *in, double x, double delta, size_t n) {
    double grid = grid_of(in, x, delta, n);
    double start = round(x / grid) * grid;
    bool inside = start >= in->lower && start <= in->upper;
    return delta != 0 && isfinite(start) && inside ? start : x;
}

/* n samples at start + k x spacing, the spacing of each entry in s->scratch; entries of inputs
 * first to last move. */
static bool sample(struct gc_session *s, size_t first, size_t last, size_t n) {
    bool complete = true;
    double *x = s->scratch + s->n_entries;
    memcpy(x, s->base, s->n_entries * sizeof x[0]);
    for (size_t k = 0; k < n && complete; k++) {
        for (size_t i = first; i <= last; i++) {
            const struct gc_input *in = &s->inputs[i];
            for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
                double delta = s->scratch[e];
                x[e] = start_of(in, s->base[e], delta, n) + (double)k * delta;
            }
        }
        gc_write_point(s, x);
        complete = gc_forward(s, s->noise_table + k * s->n_outs) == GC_DONE;
    }
    gc_write_point(s, s->base);
    return complete;
}

/* Sets s->sigma from n samples; the deviation of the weighted sum over the outputs that moved, in
 * the samples, or before them. */
static double reduce(struct gc_session *s, size_t n, const unsigned char *before) {
    struct gc_norm total = {0, 0, 0};
    struct gc_norm of_those = {0, 0, 0};
    for (size_t i = 0; i < s->n_outs; i++) {
        double samples[SAMPLES];
        bool moved = false;
        for (size_t k = 0; k < n; k++) {
            samples[k] = s->noise_table[k * s->n_outs + i];
            moved = moved || samples[k] != samples[0];
        }
        s->sigma[i] = deviation(samples, n);
        s->alive[i] |= moved;
        double part = moved ? s->cotangent[i] * s->sigma[i] : 0;
        gc_norm_add(&total, part);
        gc_norm_add(&of_those, before != NULL && before[i] ? part : 0);
    }
    double moved_before = gc_norm_value(&of_those);
    return moved_before > 0 ? moved_before : gc_norm_value(&total);
}

double gc_measure_noise(struct gc_session *s, const struct gc_input *in, double spacing) {
    double each = spacing / sqrt((double)in->count);
    for (size_t e = in->first; e < in->first + in->count; e++) {
        double delta = each * gc_random_signed(&s->random);
        s->scratch[e] = represented_spacing(in, s->base[e], delta, SAMPLES);
    }
    size_t i = (size_t)(in - s->inputs);
    return sample(s, i, i, SAMPLES) ? reduce(s, SAMPLES, s->touched) : 0;
}

/* With many outputs a few samples each are enough: their squares are summed. */
double gc_measure_line_noise(struct gc_session *s, double spacing) {
    size_t n = s->n_outs >= MANY_OUTPUTS ? FEW_LINE_SAMPLES : LINE_SAMPLES;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double delta = spacing * s->direction[e];
            s->scratch[e] = delta == 0 ? 0 : represented_spacing(in, s->base[e], delta, n);
        }
    }
    s->line_noise_known = sample(s, 0, s->k->n_inputs - 1, n);
    return s->line_noise_known ? reduce(s, n, NULL) : 0;
}
