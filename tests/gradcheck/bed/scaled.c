// SPDX-License-Identifier: MIT
/* Smooth, but steep, flat, offset, or scaled away from 1. */
#include "gradcheck/bed/formulas.h"

#define STEEP(X)                                                                                   \
    X(exponential_steep, exp(20 * x), 20 * exp(20 * x))                                            \
    X(tangent_steep, tanh(1000 * x), 1000 * sech_squared(1000 * x))                                \
    X(power_fifteen, pow(x, 15), 15 * pow(x, 14))                                                  \
    X(reciprocal, 1 / x, -1 / (x * x))                                                             \
    X(tangent, tan(x), 1 / square(cos(x)))                                                         \
    X(sigmoid_steep, logistic(500 * x), 500 * logistic_slope(500 * x))                             \
    X(exponential_of_exponential, exp(exp(x)), exp(exp(x) + x))

STEEP(BED_DEFINE)
static const struct bed_function steep[] = {STEEP(BED_ROW)};
BED_GROUP(bed_steep, BED_STEEP, steep);

#define FLAT(X)                                                                                    \
    X(cosine_top, cos(x), -sin(x))                                                                 \
    X(power_seven, pow(x, 7), 7 * pow(x, 6))                                                       \
    X(bump, exp(-1 / (x * x)), 2 * exp(-1 / (x * x)) / (x * x * x))                                \
    X(ripple, 1 + 1e-6 * sin(x), 1e-6 * cos(x))                                                    \
    X(slight_slope, 1 + 1e-10 * x, 1e-10)                                                          \
    X(quartic_well, square(square(x - 1)), 4 * (x - 1) * square(x - 1))

FLAT(BED_DEFINE)
static const struct bed_function flat[] = {FLAT(BED_ROW)};
BED_GROUP(bed_flat, BED_FLAT, flat);

#define SCALED_UP(X)                                                                               \
    X(big_sine, 1e12 * sin(x), 1e12 * cos(x))                                                      \
    X(big_square, 1e200 * x * x, 2e200 * x)                                                        \
    X(wide_sine, sin(1e-9 * x), 1e-9 * cos(1e-9 * x))                                              \
    X(wide_cubic, square(1e-8 * x) * 1e-8 * x, 3e-8 * square(1e-8 * x))                            \
    X(wide_sigmoid, logistic(1e-6 * x), 1e-6 * logistic_slope(1e-6 * x))                           \
    X(very_wide_exponential, exp(1e-100 * x), 1e-100 * exp(1e-100 * x))

static void mixed_results_value(const double x[], double y[]) {
    y[0] = 1e8 * x[0] * x[0] + x[1];
}
static void mixed_results_jacobian(const double x[], double j[]) {
    j[0] = 2e8 * x[0];
    j[1] = 1;
}

static void mixed_inputs_value(const double x[], double y[]) {
    y[0] = sin(1e6 * x[0]) + sin(1e-6 * x[1]);
}
static void mixed_inputs_jacobian(const double x[], double j[]) {
    j[0] = 1e6 * cos(1e6 * x[0]);
    j[1] = 1e-6 * cos(1e-6 * x[1]);
}

SCALED_UP(BED_DEFINE)
static const struct bed_function scaled_up[] = {
    SCALED_UP(BED_ROW){BED_VECTOR(mixed_results, 2, 1)},
    {BED_VECTOR(mixed_inputs, 2, 1)},
};
BED_GROUP(bed_scaled_up, BED_SCALED_UP, scaled_up);

#define SCALED_DOWN(X)                                                                             \
    X(small_sine, 1e-12 * sin(x), 1e-12 * cos(x))                                                  \
    X(small_square, 1e-200 * x * x, 2e-200 * x)                                                    \
    X(narrow_sine, sin(1e9 * x), 1e9 * cos(1e9 * x))                                               \
    X(narrow_tangent, tanh(1e12 * x), 1e12 * sech_squared(1e12 * x))                               \
    X(narrow_exponential, exp(1e100 * x), 1e100 * exp(1e100 * x))                                  \
    X(square_of_tiny, x *x, 2 * x)

SCALED_DOWN(BED_DEFINE)
static const struct bed_function scaled_down[] = {SCALED_DOWN(BED_ROW)};
BED_GROUP(bed_scaled_down, BED_SCALED_DOWN, scaled_down);

#define OFFSET(X)                                                                                  \
    X(offset_sine, 1e8 + sin(x), cos(x))                                                           \
    X(offset_exponential, 1e8 + exp(x), exp(x))                                                    \
    X(offset_line, 1e8 + x, 1)                                                                     \
    X(offset_input, square(x - 1e8), 2 * (x - 1e8))                                                \
    X(far_sine, sin(x), cos(x))

static void offset_product_value(const double x[], double y[]) {
    y[0] = 1e8 + x[0] * x[1];
}
static void offset_product_jacobian(const double x[], double j[]) {
    j[0] = x[1];
    j[1] = x[0];
}

OFFSET(BED_DEFINE)
static const struct bed_function offset[] = {OFFSET(BED_ROW){BED_VECTOR(offset_product, 2, 1)}};
BED_GROUP(bed_offset, BED_OFFSET, offset);

#define SUBNORMAL(X)                                                                               \
    X(subnormal_line, 1e-310 * x, 1e-310)                                                          \
    X(subnormal_exponential, exp(x), exp(x))                                                       \
    X(subnormal_square, square(1e-160 * x), 2e-160 * (1e-160 * x))                                 \
    X(smallest_sine, 3e-308 * sin(x), 3e-308 * cos(x))

SUBNORMAL(BED_DEFINE)
static const struct bed_function subnormal[] = {SUBNORMAL(BED_ROW)};
BED_GROUP(bed_subnormal, BED_SUBNORMAL, subnormal);

#define HUGE_RESULTS(X)                                                                            \
    X(huge_sine, 1e300 * sin(x), 1e300 * cos(x))                                                   \
    X(huge_exponential, exp(x), exp(x))                                                            \
    X(huge_line, 1e300 * x, 1e300)                                                                 \
    X(huge_square, square(1e150 * x), 2e150 * (1e150 * x))

HUGE_RESULTS(BED_DEFINE)
static const struct bed_function huge[] = {HUGE_RESULTS(BED_ROW)};
BED_GROUP(bed_huge, BED_HUGE, huge);
