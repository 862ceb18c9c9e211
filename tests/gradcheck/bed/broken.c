// SPDX-License-Identifier: MIT
/* Not smooth: kinks and jumps. A slope on a kink is the subgradient that golden.inc lists. */
#include "gradcheck/bed/formulas.h"

static double sign(double x) {
    return (x > 0) - (x < 0);
}

#define KINK(X)                                                                                    \
    X(absolute, fabs(x), sign(x))                                                                  \
    X(relu, x > 0 ? x : 0, x > 0)                                                                  \
    X(leaky_relu, x > 0 ? x : 0.01 * x, x > 0 ? 1 : 0.01)                                          \
    X(clamp, fmin(fmax(x, -1), 1), fabs(x) <= 1)                                                   \
    X(hinge, fmax(0, 1 - x), x < 1 ? -1 : 0)                                                       \
    X(huber, fabs(x) <= 1 ? x * x / 2 : fabs(x) - 0.5, fmin(fmax(x, -1), 1))                       \
    X(x_absolute_x, x *fabs(x), 2 * fabs(x))                                                       \
    X(absolute_sine, fabs(sin(x)), sign(sin(x)) * cos(x))

static size_t position_of_largest(const double x[], size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        best = x[i] > x[best] ? i : best;
    }
    return best;
}

static void maximum_value(const double x[], double y[]) {
    y[0] = x[position_of_largest(x, 2)];
}
static void maximum_jacobian(const double x[], double j[]) {
    j[0] = x[0] >= x[1];
    j[1] = x[0] < x[1];
}

static void minimum_value(const double x[], double y[]) {
    y[0] = fmin(x[0], x[1]);
}
static void minimum_jacobian(const double x[], double j[]) {
    j[0] = x[0] <= x[1];
    j[1] = x[0] > x[1];
}

static void max_pool_value(const double x[], double y[]) {
    y[0] = x[position_of_largest(x, 4)];
}
static void max_pool_jacobian(const double x[], double j[]) {
    for (size_t i = 0; i < 4; i++) {
        j[i] = i == position_of_largest(x, 4);
    }
}

static void relu_layer_value(const double x[], double y[]) {
    for (size_t i = 0; i < 4; i++) {
        y[i] = fmax(x[i], 0);
    }
}
static void relu_layer_jacobian(const double x[], double j[]) {
    for (size_t i = 0; i < 16; i++) {
        j[i] = i % 5 == 0 && x[i / 5] > 0;
    }
}

static void l1_norm_value(const double x[], double y[]) {
    y[0] = fabs(x[0]) + fabs(x[1]) + fabs(x[2]);
}
static void l1_norm_jacobian(const double x[], double j[]) {
    for (size_t i = 0; i < 3; i++) {
        j[i] = sign(x[i]);
    }
}

static void relu_neuron_value(const double v[], double y[]) {
    y[0] = fmax(v[0] * v[1] + v[2], 0);
}
static void relu_neuron_jacobian(const double v[], double j[]) {
    double dz = v[0] * v[1] + v[2] > 0;
    j[0] = dz * v[1];
    j[1] = dz * v[0];
    j[2] = dz;
}

KINK(BED_DEFINE)
static const struct bed_function kink[] = {
    KINK(BED_ROW){BED_VECTOR(maximum, 2, 1)},
    {BED_VECTOR(minimum, 2, 1)},
    {BED_VECTOR(max_pool, 4, 1)},
    {BED_VECTOR(relu_layer, 4, 4)},
    {BED_VECTOR(l1_norm, 3, 1)},
    {BED_VECTOR(relu_neuron, 3, 1)},
};
BED_GROUP(bed_kink, BED_KINK, kink);

#define JUMP(X)                                                                                    \
    X(floor, floor(x), 0)                                                                          \
    X(sawtooth, x - floor(x), 1)                                                                   \
    X(staircase, x *x + floor(x), 2 * x)                                                           \
    X(step_on_slope, x + (x > 0), 1)                                                               \
    X(quantised, sin(x) + floor(8 * x) / 8, cos(x))

JUMP(BED_DEFINE)
static const struct bed_function jump[] = {JUMP(BED_ROW)};
BED_GROUP(bed_jump, BED_JUMP, jump);
