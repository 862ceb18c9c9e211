// SPDX-License-Identifier: MIT
/* Smooth, well scaled, one number to one number. */
#include "gradcheck/bed/formulas.h"

static double gaussian_density(double x) {
    return exp(-x * x / 2) * 0.3989422804014327;
}

#define SMOOTH(X)                                                                                  \
    X(sine, sin(x), cos(x))                                                                        \
    X(cosine, cos(x), -sin(x))                                                                     \
    X(exponential, exp(x), exp(x))                                                                 \
    X(sigmoid, logistic(x), logistic_slope(x))                                                     \
    X(hyperbolic_tangent, tanh(x), sech_squared(x))                                                \
    X(softplus, softplus_of(x), logistic(x))                                                       \
    X(cubic, (x * x - 2) * x + 1, 3 * x * x - 2)                                                   \
    X(witch, 1 / (1 + x * x), -2 * x / square(1 + x * x))                                          \
    X(gaussian, exp(-x *x), -2 * x * exp(-x * x))                                                  \
    X(arctangent, atan(x), 1 / (1 + x * x))                                                        \
    X(hyperbola, sqrt(1 + x * x), x / sqrt(1 + x * x))                                             \
    X(decay, x *exp(-x), (1 - x) * exp(-x))                                                        \
    X(log_quadratic, log1p(x *x), 2 * x / (1 + x * x))                                             \
    X(swish, x *logistic(x), logistic(x) + x * logistic_slope(x))                                  \
    X(gelu, x *(1 + erf(x * 0.7071067811865476)) / 2,                                              \
      (1 + erf(x * 0.7071067811865476)) / 2 + x * gaussian_density(x))                             \
    X(error_function, erf(x), BED_TWO_OVER_ROOT_PI *exp(-x *x))                                    \
    X(sine_of_exponential, sin(exp(x)), cos(exp(x)) * exp(x))                                      \
    X(rational, (x * x + 1) / (x + 3), (x * x + 6 * x - 1) / square(x + 3))                        \
    X(power, pow(x, 2.5), 2.5 * pow(x, 1.5))                                                       \
    X(logarithm, log(x), 1 / x)                                                                    \
    X(square_root, sqrt(x), 0.5 / sqrt(x))

SMOOTH(BED_DEFINE)
static const struct bed_function rows[] = {SMOOTH(BED_ROW)};
BED_GROUP(bed_smooth, BED_SMOOTH, rows);
