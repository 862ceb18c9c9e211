// SPDX-License-Identifier: MIT
/* Smooth functions seen through float32 arithmetic or through noise: the truth is the smooth
 * function. */
#include <string.h>

#include "gradcheck/bed/formulas.h"

static float logistic_f(float z) {
    return 1 / (1 + expf(-z));
}
static float cubic_f(float x) {
    return (x * x - 2) * x + 1;
}

#define FLOAT32(X)                                                                                 \
    X(float_sine, (double)sinf((float)x), cos(x))                                                  \
    X(float_sigmoid, (double)logistic_f((float)x), logistic_slope(x))                              \
    X(float_cubic, (double)cubic_f((float)x), 3 * x * x - 2)                                       \
    X(float_softplus, (double)log1pf(expf((float)x)), logistic(x))

static const double coefficients[4] = {0.5, -0.25, 1.5, 2.0};

static void float_dot_value(const double x[], double y[]) {
    float sum = 0;
    for (size_t i = 0; i < 4; i++) {
        sum += (float)x[i] * (float)coefficients[i];
    }
    y[0] = (double)sum;
}
static void float_dot_jacobian(const double x[], double j[]) {
    (void)x;
    memcpy(j, coefficients, sizeof coefficients);
}

static void float_neuron_value(const double v[], double y[]) {
    float z = (float)v[6];
    for (size_t i = 0; i < 3; i++) {
        z += (float)v[i] * (float)v[3 + i];
    }
    y[0] = (double)logistic_f(z);
}
static void float_neuron_jacobian(const double v[], double j[]) {
    double dz = logistic_slope(v[0] * v[3] + v[1] * v[4] + v[2] * v[5] + v[6]);
    for (size_t i = 0; i < 3; i++) {
        j[i] = dz * v[3 + i];
        j[3 + i] = dz * v[i];
    }
    j[6] = dz;
}

/* A value that float32 has rounded a few times. */
#define SINGLE .value_relative = 1e-6, .value_absolute = 1e-6
#define FLOAT32_ROW(name, f, df) {BED_NAMED(name), SINGLE},

FLOAT32(BED_DEFINE)
static const struct bed_function float32[] = {
    FLOAT32(FLOAT32_ROW){BED_VECTOR(float_dot, 4, 1), SINGLE},
    {BED_VECTOR(float_neuron, 7, 1), SINGLE},
};
BED_GROUP(bed_float32, BED_FLOAT32, float32);

/* In (-1e-6, 1e-6), from a hash (splitmix64's finaliser) of the bits of x. */
static double noise(double x) {
    uint64_t h;
    memcpy(&h, &x, sizeof h);
    h += UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    h ^= h >> 31;
    return 1e-6 * ((double)(h >> 11) * 0x1p-52 - 1);
}

#define NOISE(X)                                                                                   \
    X(noisy_sine, sin(x) + noise(x), cos(x))                                                       \
    X(noisy_square, x *x + noise(x), 2 * x)                                                        \
    X(noisy_exponential, exp(x) * (1 + noise(x)), exp(x))                                          \
    X(noisy_line, 2 * x + noise(x), 2)

static void noisy_dot_value(const double x[], double y[]) {
    double sum = x[0] * coefficients[0] + x[1] * coefficients[1] + x[2] * coefficients[2];
    y[0] = sum + noise(x[0] + 3 * x[1] + 7 * x[2]);
}
static void noisy_dot_jacobian(const double x[], double j[]) {
    (void)x;
    memcpy(j, coefficients, 3 * sizeof *coefficients);
}

#define NOISY .value_relative = 1e-6, .value_absolute = 1e-6
#define NOISE_ROW(name, f, df) {BED_NAMED(name), NOISY},

NOISE(BED_DEFINE)
static const struct bed_function noises[] = {NOISE(NOISE_ROW){BED_VECTOR(noisy_dot, 3, 1), NOISY}};
BED_GROUP(bed_noise, BED_NOISE, noises);
