// SPDX-License-Identifier: MIT
/* Exactly linear, and constant. */
#include <string.h>

#include "gradcheck/bed/formulas.h"

#define LINEAR(X)                                                                                  \
    X(line, 3 * x + 2, 3)                                                                          \
    X(tenth, 0.1 * x, 0.1)                                                                         \
    X(identity, x, 1)                                                                              \
    X(slight_line, -1e-6 * x, -1e-6)

static void dot_value(const double x[], double y[]) {
    y[0] = 0.5 * x[0] - 0.25 * x[1] + 1.5 * x[2] + 2 * x[3];
}
static void dot_jacobian(const double x[], double j[]) {
    (void)x;
    const double row[4] = {0.5, -0.25, 1.5, 2};
    memcpy(j, row, sizeof row);
}

static void matrix_value(const double x[], double y[]) {
    y[0] = x[0] + 2 * x[1] - 3 * x[2];
    y[1] = 0.1 * x[0] - 0.7 * x[2];
}
static void matrix_jacobian(const double x[], double j[]) {
    (void)x;
    const double rows[6] = {1, 2, -3, 0.1, 0, -0.7};
    memcpy(j, rows, sizeof rows);
}

static void sum_value(const double x[], double y[]) {
    y[0] = 0;
    for (size_t i = 0; i < 8; i++) {
        y[0] += x[i];
    }
}
static void sum_jacobian(const double x[], double j[]) {
    (void)x;
    for (size_t i = 0; i < 8; i++) {
        j[i] = 1;
    }
}

LINEAR(BED_DEFINE)
static const struct bed_function linear[] = {
    LINEAR(BED_ROW){BED_VECTOR(dot, 4, 1)},
    {BED_VECTOR(matrix, 3, 2)},
    {BED_VECTOR(sum, 8, 1)},
};
BED_GROUP(bed_linear, BED_LINEAR, linear);

#define CONSTANT(X)                                                                                \
    X(seven, 7, 0)                                                                                 \
    X(zero, 0 * x, 0)                                                                              \
    X(cancelled, x - x, 0)

static void one_ignored_value(const double x[], double y[]) {
    y[0] = sin(x[0]);
}
static void one_ignored_jacobian(const double x[], double j[]) {
    j[0] = cos(x[0]);
    j[1] = 0;
}

CONSTANT(BED_DEFINE)
static const struct bed_function constant[] = {CONSTANT(BED_ROW){BED_VECTOR(one_ignored, 2, 1)}};
BED_GROUP(bed_constant, BED_CONSTANT, constant);
