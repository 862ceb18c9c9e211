// SPDX-License-Identifier: MIT
/* Smooth, but not at the scale a step size guesses: oscillating, peaked, saturated. */
#include "gradcheck/bed/formulas.h"

#define TURN 6.283185307179586

#define OSCILLATING(X)                                                                             \
    X(fast_sine, sin(1e6 * x), 1e6 * cos(1e6 * x))                                                 \
    X(ripple_on_slope, x + 1e-3 * sin(1e4 * x), 1 + 10 * cos(1e4 * x))                             \
    X(chirp, cos(1000 * x * x), -2000 * x * sin(1000 * x * x))                                     \
    X(sine_of_reciprocal, sin(1 / x), -cos(1 / x) / (x * x))                                       \
    X(two_frequencies, sin(x) + sin(1e5 * x), cos(x) + 1e5 * cos(1e5 * x))                         \
    X(dyadic_ripple, x + sin(TURN * 1024 * x) / (TURN * 1024), 1 + cos(TURN * 1024 * x))           \
    X(decimal_ripple, x + sin(TURN * 1000 * x) / (TURN * 1000), 1 + cos(TURN * 1000 * x))

static void wave_product_value(const double x[], double y[]) {
    y[0] = sin(1000 * x[0]) * cos(1000 * x[1]);
}
static void wave_product_jacobian(const double x[], double j[]) {
    j[0] = 1000 * cos(1000 * x[0]) * cos(1000 * x[1]);
    j[1] = -1000 * sin(1000 * x[0]) * sin(1000 * x[1]);
}

OSCILLATING(BED_DEFINE)
static const struct bed_function oscillating[] = {
    OSCILLATING(BED_ROW){BED_VECTOR(wave_product, 2, 1)}};
BED_GROUP(bed_oscillating, BED_OSCILLATING, oscillating);

/* 1 / (1 + s (x - c)^2), as a function of d = x - c. */
static double lorentz(double s, double d) {
    return 1 / (1 + s * d * d);
}
static double lorentz_slope(double s, double d) {
    return -2 * s * d / square(1 + s * d * d);
}

#define PEAK(X)                                                                                    \
    X(narrow_peak, 1 / (1e-6 + square(x - 0.3)), -2 * (x - 0.3) / square(1e-6 + square(x - 0.3)))  \
    X(lorentz_peak, lorentz(1e8, x - 0.5), lorentz_slope(1e8, x - 0.5))                            \
    X(spike, exp(-1e6 * square(x - 0.2)), -2e6 * (x - 0.2) * exp(-1e6 * square(x - 0.2)))          \
    X(peak_on_slope, x + lorentz(1e10, x - 0.75), 1 + lorentz_slope(1e10, x - 0.75))

PEAK(BED_DEFINE)
static const struct bed_function peak[] = {PEAK(BED_ROW)};
BED_GROUP(bed_peak, BED_PEAK, peak);

#define SATURATED(X)                                                                               \
    X(sigmoid_tail, logistic(x), logistic_slope(x))                                                \
    X(tangent_tail, tanh(x), sech_squared(x))                                                      \
    X(softplus_tail, softplus_of(x), logistic(x))                                                  \
    X(error_tail, erf(x), BED_TWO_OVER_ROOT_PI *exp(-x *x))

static double weighted_sum(const double v[]) {
    return v[0] * v[3] + v[1] * v[4] + v[2] * v[5] + v[6];
}
static void neuron_tail_value(const double v[], double y[]) {
    y[0] = logistic(weighted_sum(v));
}
static void neuron_tail_jacobian(const double v[], double j[]) {
    double dz = logistic_slope(weighted_sum(v));
    for (size_t i = 0; i < 3; i++) {
        j[i] = dz * v[3 + i];
        j[3 + i] = dz * v[i];
    }
    j[6] = dz;
}

static void softmax_tail_value(const double x[], double y[]) {
    double largest = fmax(x[0], fmax(x[1], x[2]));
    double total = exp(x[0] - largest) + exp(x[1] - largest) + exp(x[2] - largest);
    for (size_t i = 0; i < 3; i++) {
        y[i] = exp(x[i] - largest) / total;
    }
}
static void softmax_tail_jacobian(const double x[], double j[]) {
    double y[3];
    softmax_tail_value(x, y);
    for (size_t o = 0; o < 3; o++) {
        for (size_t i = 0; i < 3; i++) {
            j[o * 3 + i] = -y[o] * y[i];
        }
        j[o * 3 + o] = y[o] * (y[(o + 1) % 3] + y[(o + 2) % 3]);
    }
}

SATURATED(BED_DEFINE)
static const struct bed_function saturated[] = {
    SATURATED(BED_ROW){BED_VECTOR(neuron_tail, 7, 1)},
    {BED_VECTOR(softmax_tail, 3, 3)},
};
BED_GROUP(bed_saturated, BED_SATURATED, saturated);
