// SPDX-License-Identifier: MIT
/* Smooth, well scaled, several numbers. A Jacobian is written row by row: j[output * n_inputs +
 * input]. */
#include <string.h>

#include "gradcheck/bed/formulas.h"

static void rosenbrock_value(const double x[], double y[]) {
    y[0] = square(1 - x[0]) + 100 * square(x[1] - x[0] * x[0]);
}
static void rosenbrock_jacobian(const double x[], double j[]) {
    double t = x[1] - x[0] * x[0];
    j[0] = -2 * (1 - x[0]) - 400 * x[0] * t;
    j[1] = 200 * t;
}

static double weighted_sum(const double v[]) {
    return v[0] * v[3] + v[1] * v[4] + v[2] * v[5] + v[6];
}
static void neuron_value(const double v[], double y[]) {
    y[0] = logistic(weighted_sum(v));
}
static void neuron_jacobian(const double v[], double j[]) {
    double dz = logistic_slope(weighted_sum(v));
    for (size_t i = 0; i < 3; i++) {
        j[i] = dz * v[3 + i];
        j[3 + i] = dz * v[i];
    }
    j[6] = dz;
}

static void softmax_of(const double x[], double y[], size_t n) {
    double largest = x[0], total = 0;
    for (size_t i = 1; i < n; i++) {
        largest = fmax(largest, x[i]);
    }
    for (size_t i = 0; i < n; i++) {
        total += y[i] = exp(x[i] - largest);
    }
    for (size_t i = 0; i < n; i++) {
        y[i] /= total;
    }
}
static void softmax_value(const double x[], double y[]) {
    softmax_of(x, y, 4);
}
static void softmax_jacobian(const double x[], double j[]) {
    double y[4];
    softmax_of(x, y, 4);
    for (size_t o = 0; o < 4; o++) {
        double others = 0; /* 1 - y[o] without the cancellation */
        for (size_t i = 0; i < 4; i++) {
            j[o * 4 + i] = -y[o] * y[i];
            others += i == o ? 0 : y[i];
        }
        j[o * 4 + o] = y[o] * others;
    }
}

static void log_sum_exp_value(const double x[], double y[]) {
    y[0] = log(exp(x[0]) + exp(x[1]) + exp(x[2]) + exp(x[3]));
}
static void log_sum_exp_jacobian(const double x[], double j[]) {
    softmax_of(x, j, 4);
}

static void bilinear_value(const double v[], double y[]) {
    y[0] = v[0] * v[4] + v[1] * v[5];
    y[1] = v[2] * v[4] + v[3] * v[5];
}
static void bilinear_jacobian(const double v[], double j[]) {
    const double rows[12] = {v[4], v[5], 0, 0, v[0], v[1], 0, 0, v[4], v[5], v[2], v[3]};
    memcpy(j, rows, sizeof rows);
}

static void polar_value(const double x[], double y[]) {
    y[0] = x[0] * cos(x[1]);
    y[1] = x[0] * sin(x[1]);
}
static void polar_jacobian(const double x[], double j[]) {
    j[0] = cos(x[1]);
    j[1] = -x[0] * sin(x[1]);
    j[2] = sin(x[1]);
    j[3] = x[0] * cos(x[1]);
}

static void norm_value(const double x[], double y[]) {
    y[0] = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
}
static void norm_jacobian(const double x[], double j[]) {
    double length;
    norm_value(x, &length);
    for (size_t i = 0; i < 3; i++) {
        j[i] = x[i] / length;
    }
}

static void product_value(const double x[], double y[]) {
    y[0] = x[0] * x[1] * x[2] * x[3] * x[4];
}
static void product_jacobian(const double x[], double j[]) {
    for (size_t i = 0; i < 5; i++) {
        j[i] = 1;
        for (size_t k = 0; k < 5; k++) {
            j[i] *= k == i ? 1 : x[k];
        }
    }
}

static void quadratic_form_value(const double x[], double y[]) {
    double a = x[0], b = x[1], c = x[2];
    y[0] = 2 * a * a + b * b + 3 * c * c + a * b - 0.5 * a * c + 0.25 * b * c;
}
static void quadratic_form_jacobian(const double x[], double j[]) {
    double a = x[0], b = x[1], c = x[2];
    j[0] = 4 * a + b - 0.5 * c;
    j[1] = 2 * b + a + 0.25 * c;
    j[2] = 6 * c - 0.5 * a + 0.25 * b;
}

static void cross_product_value(const double v[], double y[]) {
    y[0] = v[1] * v[5] - v[2] * v[4];
    y[1] = v[2] * v[3] - v[0] * v[5];
    y[2] = v[0] * v[4] - v[1] * v[3];
}
static void cross_product_jacobian(const double v[], double j[]) {
    const double rows[18] = {0,    v[5], -v[4], 0,    -v[2], v[1], -v[5], 0,    v[3],
                             v[2], 0,    -v[0], v[4], -v[3], 0,    -v[1], v[0], 0};
    memcpy(j, rows, sizeof rows);
}

static void cosine_similarity_value(const double v[], double y[]) {
    y[0] = (v[0] * v[2] + v[1] * v[3]) / (hypot(v[0], v[1]) * hypot(v[2], v[3]));
}
static void cosine_similarity_jacobian(const double v[], double j[]) {
    /* The angle turns by (p x dp) / |p|^2, and the cosine of it by -sin. */
    double cross = v[0] * v[3] - v[1] * v[2];
    double p = square(v[0]) + square(v[1]), q = square(v[2]) + square(v[3]);
    double sine = cross / sqrt(p * q);
    j[0] = -sine * v[1] / p;
    j[1] = sine * v[0] / p;
    j[2] = sine * v[3] / q;
    j[3] = -sine * v[2] / q;
}

static void lorenz_value(const double x[], double y[]) {
    y[0] = 10 * (x[1] - x[0]);
    y[1] = x[0] * (28 - x[2]) - x[1];
    y[2] = x[0] * x[1] - 2.5 * x[2];
}
static void lorenz_jacobian(const double x[], double j[]) {
    const double rows[9] = {-10, 10, 0, 28 - x[2], -1, -x[0], x[1], x[0], -2.5};
    memcpy(j, rows, sizeof rows);
}

/* Returns 1 / sqrt(variance + 1e-5). */
static double normalised(const double x[], double y[]) {
    double mean = (x[0] + x[1] + x[2] + x[3]) / 4, variance = 0;
    for (size_t i = 0; i < 4; i++) {
        y[i] = x[i] - mean;
        variance += y[i] * y[i] / 4;
    }
    double scale = 1 / sqrt(variance + 1e-5);
    for (size_t i = 0; i < 4; i++) {
        y[i] *= scale;
    }
    return scale;
}
static void layer_norm_value(const double x[], double y[]) {
    (void)normalised(x, y);
}
static void layer_norm_jacobian(const double x[], double j[]) {
    double y[4], scale = normalised(x, y);
    for (size_t o = 0; o < 4; o++) {
        for (size_t i = 0; i < 4; i++) {
            j[o * 4 + i] = scale * ((o == i) - 0.25 - y[o] * y[i] / 4);
        }
    }
}

static void mean_square_error_value(const double v[], double y[]) {
    y[0] = (square(v[0] - v[3]) + square(v[1] - v[4]) + square(v[2] - v[5])) / 3;
}
static void mean_square_error_jacobian(const double v[], double j[]) {
    for (size_t i = 0; i < 3; i++) {
        j[i] = 2 * (v[i] - v[3 + i]) / 3;
        j[3 + i] = -j[i];
    }
}

static void sum_of_exponentials_value(const double x[], double y[]) {
    y[0] = exp(x[0]) + exp(x[1]) + exp(x[2]);
}
static void sum_of_exponentials_jacobian(const double x[], double j[]) {
    for (size_t i = 0; i < 3; i++) {
        j[i] = exp(x[i]);
    }
}

static void two_layers_value(const double v[], double y[]) {
    y[0] = v[3] * tanh(v[1] * v[0] + v[2]);
}
static void two_layers_jacobian(const double v[], double j[]) {
    double z = v[1] * v[0] + v[2], dz = v[3] * sech_squared(z);
    j[0] = dz * v[1];
    j[1] = dz * v[0];
    j[2] = dz;
    j[3] = tanh(z);
}

static void determinant_value(const double v[], double y[]) {
    y[0] = v[0] * v[3] - v[1] * v[2];
}
static void determinant_jacobian(const double v[], double j[]) {
    j[0] = v[3];
    j[1] = -v[2];
    j[2] = -v[1];
    j[3] = v[0];
}

static void log_loss_value(const double x[], double y[]) {
    y[0] = 0.75 * softplus_of(-x[0]) + 0.25 * softplus_of(x[1]);
}
static void log_loss_jacobian(const double x[], double j[]) {
    j[0] = -0.75 * logistic(-x[0]);
    j[1] = 0.25 * logistic(x[1]);
}

static const struct bed_function rows[] = {
    {BED_VECTOR(rosenbrock, 2, 1)},
    {BED_VECTOR(neuron, 7, 1)},
    {BED_VECTOR(softmax, 4, 4)},
    {BED_VECTOR(log_sum_exp, 4, 1)},
    {BED_VECTOR(bilinear, 6, 2)},
    {BED_VECTOR(polar, 2, 2)},
    {BED_VECTOR(norm, 3, 1)},
    {BED_VECTOR(product, 5, 1)},
    {BED_VECTOR(quadratic_form, 3, 1)},
    {BED_VECTOR(cross_product, 6, 3)},
    {BED_VECTOR(cosine_similarity, 4, 1)},
    {BED_VECTOR(lorenz, 3, 3)},
    {BED_VECTOR(layer_norm, 4, 4)},
    {BED_VECTOR(mean_square_error, 6, 1)},
    {BED_VECTOR(sum_of_exponentials, 3, 1)},
    {BED_VECTOR(two_layers, 4, 1)},
    {BED_VECTOR(determinant, 4, 1)},
    {BED_VECTOR(log_loss, 2, 1)},
};
BED_GROUP(bed_vectors, BED_SMOOTH, rows);
