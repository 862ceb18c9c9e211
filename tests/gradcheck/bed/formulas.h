// SPDX-License-Identifier: MIT
/* What the family files share: the row macros and a few formulas. Private to the bed. */
#ifndef TESTS_GRADCHECK_BED_FORMULAS_H
#define TESTS_GRADCHECK_BED_FORMULAS_H

#include <math.h>

#include "gradcheck/bed/bed.h"

/* A list LIST(X) of X(name, f(x), f'(x)) becomes two functions and one table row each. */
#define BED_DEFINE(name, f, df)                                                                    \
    static double name##_value(double x) {                                                         \
        (void)x;                                                                                   \
        return (f);                                                                                \
    }                                                                                              \
    static double name##_slope(double x) {                                                         \
        (void)x;                                                                                   \
        return (df);                                                                               \
    }
#define BED_NAMED(id)                                                                              \
    .name = #id, .scalar = id##_value, .slope = id##_slope, .n_inputs = 1, .n_outputs = 1
#define BED_ROW(id, f, df) {BED_NAMED(id)},
#define BED_VECTOR(id, n_in, n_out)                                                                \
    .name = #id, .vector = id##_value, .jacobian = id##_jacobian, .n_inputs = n_in,                \
    .n_outputs = n_out
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name cannot stand in parentheses */
#define BED_GROUP(group, family, rows)                                                             \
    const struct bed_group group = {family, rows, sizeof(rows) / sizeof *(rows)}

extern const struct bed_group bed_smooth, bed_vectors, bed_steep, bed_flat, bed_scaled_up,
    bed_scaled_down, bed_offset, bed_oscillating, bed_peak, bed_saturated, bed_edge, bed_kink,
    bed_jump, bed_float32, bed_noise, bed_linear, bed_constant, bed_subnormal, bed_huge;

/* Both keep their relative accuracy in both tails. */
static inline double logistic(double z) {
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}
static inline double logistic_slope(double z) {
    double e = exp(-fabs(z));
    return e / ((1 + e) * (1 + e));
}
static inline double sech_squared(double z) {
    return 4 * logistic_slope(2 * z);
}
static inline double softplus_of(double z) {
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}
static inline double square(double x) {
    return x * x;
}

#define BED_TWO_OVER_ROOT_PI 1.1283791670955126

#endif
