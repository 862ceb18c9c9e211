// SPDX-License-Identifier: MIT
/* ECnoise (More, Wild: Estimating Computational Noise, SISC 33, 2011): differences of high order
 * over closely spaced points remove the smooth part and leave the noise. */
#include <math.h>

#include "probe.h"

enum { SAMPLES = 12, HIGHEST_ORDER = 8, LOWEST_ORDER = 4 };

void gc_forget_noise(struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        s->sigma[i] = 0;
    }
}

/* (k!)^2 / (2k)!: the k-th difference of unit noise has variance 1 / this. */
static double shrinkage(int k) {
    double factor = 1;
    for (int i = 1; i <= k; i++) {
        factor *= (double)i / (double)(k + i);
    }
    return factor;
}

/* Overwrites the samples. Settles on the first order whose successor agrees within a factor 2;
 * what is still falling is the smooth part. */
static double deviation(double samples[SAMPLES]) {
    double previous = INFINITY;
    for (int k = 1; k <= HIGHEST_ORDER; k++) {
        for (int i = 0; i < SAMPLES - k; i++) {
            samples[i] = samples[i + 1] - samples[i];
        }
        double rms = gc_rms(samples, (size_t)(SAMPLES - k));
        double sigma = rms * sqrt(shrinkage(k));
        if (k > LOWEST_ORDER && sigma > 0.5 * previous) {
            return fmax(sigma, previous);
        }
        previous = sigma;
    }
    return previous;
}

/* Equal, exactly represented spacings of an odd number of units in the last place: round ones would
 * make products exact that are rounded everywhere else. Into the domain. */
static void choose_spacing(struct gc_session *s, const struct gc_input *in, double spacing) {
    enum { FEWEST_UNITS = 501 };
    double each = spacing / sqrt((double)in->count);
    for (size_t e = in->first; e < in->first + in->count; e++) {
        double x = s->base[e];
        double delta = each * gc_random_signed(&s->random);
        double ulp = fmax(fabs(x), SAMPLES * fabs(delta)) * gc_dtype_epsilon(in->t->dtype);
        double units = 2 * floor(fmax(fabs(delta) / ulp, FEWEST_UNITS) / 2) + 1;
        delta = copysign(units * ulp, delta);
        double room = delta > 0 ? in->upper - x : x - in->lower;
        if (!(fabs(delta) * SAMPLES <= room)) {
            delta = -delta;
            room = delta > 0 ? in->upper - x : x - in->lower;
        }
        s->direction[e] = fabs(delta) * SAMPLES <= room ? delta : 0;
    }
}

static bool sample(struct gc_session *s, const struct gc_input *in) {
    bool complete = true;
    for (size_t k = 0; k < SAMPLES && complete; k++) {
        for (size_t e = in->first; e < in->first + in->count; e++) {
            double x = s->base[e] + (double)k * s->direction[e];
            gc_put(s, e, gc_dtype_round(in->t->dtype, x));
        }
        complete = gc_forward(s, s->noise_table + k * s->n_outs) == GC_DONE;
    }
    for (size_t e = in->first; e < in->first + in->count; e++) {
        gc_put(s, e, s->base[e]);
    }
    return complete;
}

double gc_measure_noise(struct gc_session *s, const struct gc_input *in, double spacing) {
    choose_spacing(s, in, spacing);
    if (!sample(s, in)) {
        return 0;
    }
    double total = 0;
    for (size_t i = 0; i < s->n_outs; i++) {
        double samples[SAMPLES];
        bool moved = false;
        for (size_t k = 0; k < SAMPLES; k++) {
            samples[k] = s->noise_table[k * s->n_outs + i];
            moved = moved || samples[k] != samples[0];
        }
        s->sigma[i] = deviation(samples);
        total = hypot(total, moved ? s->cotangent[i] * s->sigma[i] : 0);
    }
    return total;
}
