// SPDX-License-Identifier: MIT
/*
 * Private: from differences at several steps to a derivative with an error bound.
 *
 * A level holds, for one step h, the halved sums of the forward and the backward quotient,
 *     odd  = (D+ + D-) / 2      D+ = (F(x + h) - F(x)) / h,
 *     jump = (D+ - D-) / 2      D- = (F(x) - F(x - h)) / h,
 * F being the outputs weighted with the cotangent. For a smooth F, odd is the derivative plus a
 * series in h^2, and jump a series in h, h^3, ... that ends at 0; a kink inside the step ends
 * elsewhere. One-sided levels (at the edge of a domain) hold D+ or D- in odd: a series in h.
 */
#ifndef GRADGATE_GRADCHECK_DIFFERENCE_H
#define GRADGATE_GRADCHECK_DIFFERENCE_H

#include "engine.h"

struct gc_levels {
    size_t n;
    bool one_sided;
    double least_noise; /* no level has less */
    double input_noise; /* of the input as the forward has it: each level feels it by its slope */
    /* steps descend */
    double h[GC_MAX_LEVELS]; /* half width, as represented */
    double odd[GC_MAX_LEVELS];
    double jump[GC_MAX_LEVELS];
    double noise[GC_MAX_LEVELS]; /* standard deviation of F there */
};

struct gc_estimate {
    double value;
    double bound; /* |value - derivative| <= bound; infinity if nothing can be said */
    double truncation, noise, jump; /* its parts */
    double step;                    /* the finest used */
    size_t first, last;             /* levels used */
};

#define GC_NOISE_FACTOR 8.0

void gc_levels_raise_noise(struct gc_levels *levels, double least);
void gc_levels_feel_input(struct gc_levels *levels, double input_noise);
void gc_levels_add(struct gc_levels *levels, double h, double odd, double jump, double noise);

/* The window of at most max_width neighbouring levels with the smallest bound. */
struct gc_estimate gc_estimate_best(const struct gc_levels *levels, size_t max_width);

/* The same, but a window counts only if every finer one agrees with it. */
struct gc_estimate gc_estimate_consistent(const struct gc_levels *levels, size_t max_width);

#endif
