// SPDX-License-Identifier: MIT
/* ECnoise (More, Wild: Estimating Computational Noise, SISC 33, 2011): differences of high order
 * over closely spaced points remove the smooth part and leave the noise. */
#include <math.h>

#include "line.h"

enum { SAMPLES = 12, LINE_SAMPLES = 8, FEW_LINE_SAMPLES = 6, MANY_OUTPUTS = 64, LOWEST_ORDER = 4 };

void gc_forget_noise(struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        s->sigma[i] = 0;
    }
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

/* An exactly represented spacing of an odd number of units in the last place (a round one would
 * make products exact that are rounded everywhere else), into the domain. 0 if there is no room. */
static double represented_spacing(const struct gc_input *in, double x, double delta, size_t n) {
    enum { FEWEST_UNITS = 501 };
    double ulp = fmax(fabs(x), (double)n * fabs(delta)) * gc_dtype_epsilon(in->t->dtype);
    if (!(ulp > 0)) {
        return 0;
    }
    double units = 2 * floor(fmax(fabs(delta) / ulp, FEWEST_UNITS) / 2) + 1;
    delta = copysign(units * ulp, delta);
    double reach = fabs(delta) * (double)n;
    if (reach <= (delta > 0 ? in->upper - x : x - in->lower)) {
        return delta;
    }
    return reach <= (delta > 0 ? x - in->lower : in->upper - x) ? -delta : 0;
}

/* n samples at base + k x spacing, the spacing of each entry in s->scratch; entries first .. last-1
 * move. */
static bool sample(struct gc_session *s, size_t first, size_t last, size_t n) {
    bool complete = true;
    double *x = s->scratch + s->n_entries;
    for (size_t e = 0; e < s->n_entries; e++) {
        x[e] = s->base[e];
    }
    for (size_t k = 0; k < n && complete; k++) {
        for (size_t e = first; e < last; e++) {
            x[e] = s->base[e] + (double)k * s->scratch[e];
        }
        gc_write_point(s, x);
        complete = gc_forward(s, s->noise_table + k * s->n_outs) == GC_DONE;
    }
    gc_write_point(s, s->base);
    return complete;
}

/* Sets s->sigma from n samples; the deviation of the weighted sum over the outputs that moved. */
static double reduce(struct gc_session *s, size_t n) {
    double total = 0;
    for (size_t i = 0; i < s->n_outs; i++) {
        double samples[SAMPLES];
        bool moved = false;
        for (size_t k = 0; k < n; k++) {
            samples[k] = s->noise_table[k * s->n_outs + i];
            moved = moved || samples[k] != samples[0];
        }
        s->sigma[i] = deviation(samples, n);
        s->alive[i] |= moved;
        total = hypot(total, moved ? s->cotangent[i] * s->sigma[i] : 0);
    }
    return total;
}

double gc_measure_noise(struct gc_session *s, const struct gc_input *in, double spacing) {
    double each = spacing / sqrt((double)in->count);
    for (size_t e = in->first; e < in->first + in->count; e++) {
        double delta = each * gc_random_signed(&s->random);
        s->scratch[e] = represented_spacing(in, s->base[e], delta, SAMPLES);
    }
    return sample(s, in->first, in->first + in->count, SAMPLES) ? reduce(s, SAMPLES) : 0;
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
    return sample(s, 0, s->n_entries, n) ? reduce(s, n) : 0;
}
