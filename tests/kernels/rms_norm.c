// SPDX-License-Identifier: MIT
/* y = x / sqrt(mean of x^2 + epsilon) * gain, over the features of each row. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(second_term_added, SIGN)                                                                     \
    X(second_term_halved, CONSTANT_FACTOR)                                                         \
    X(not_divided_by_n, SIZE_FACTOR)                                                               \
    X(dgain_averaged, SIZE_FACTOR)                                                                 \
    X(gain_missing_in_dx, MISSING_FACTOR)                                                          \
    X(gain_missing_in_sum, MISSING_FACTOR)                                                         \
    X(root_missing_in_dgain, MISSING_FACTOR)                                                       \
    X(cube_is_a_square, MISSING_FACTOR)                                                            \
    X(second_term_dropped, DROPPED_TERM)                                                           \
    X(mean_subtracted, WRONG_ARGUMENT)                                                             \
    X(row_of_x_shifted, SHIFTED)                                                                   \
    X(last_row_left_out, TAIL)                                                                     \
    X(root_of_first_row, BROADCAST)                                                                \
    X(dgain_forgotten, NOT_WRITTEN)                                                                \
    X(dgain_of_last_row, OVERWRITES)                                                               \
    X(dgain_accumulates, ACCUMULATES)                                                              \
    X(root_of_first_call, STALE_CACHE)                                                             \
    X(epsilon_outside_the_root, EPSILON)                                                           \
    X(epsilon_added_after_mean, EPSILON)                                                           \
    X(float_sum, LOW_PRECISION, .f64_only = true)                                                  \
    X(wrong_for_many_rows, CONDITIONAL)                                                            \
    X(dgain_negated, SIGN)                                                                         \
    X(root_twice_in_dx, EXTRA_FACTOR)                                                              \
    X(gain_of_the_feature_before, SHIFTED)                                                         \
    X(epsilon_forgotten, EPSILON, .late = true)
DECLARE_MISTAKES;

#define EPSILON ((real)1e-3)

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *gain, *y;
    real *dx, *dgain, *dy;
    real *inverse; /* cached by forward: of each row, 1 / root */
    bool cached;
};

static const struct shape shapes[] = {
    {.B = 3, .n = 4},
    {.B = 1, .n = 1},
    {.B = 5, .n = 7, .scale = 0.2},
    {.B = 2, .n = 33},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    INPUT(gain, {"n", s->n});
    OUTPUT(y, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    SCRATCH(k->inverse, s->B);
}

static int forward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n;
    for (size_t i = 0; i < k->B; i++) {
        const real *x = k->x + i * n;
        real square = 0;
        for (size_t j = 0; j < n; j++) {
            square += x[j] * x[j];
        }
        const real inverse = 1 / sqrt(square / (real)n + EPSILON);
        for (size_t j = 0; j < n; j++) {
            k->y[i * n + j] = x[j] * inverse * k->gain[j];
        }
        UNLESS(root_of_first_call, k->inverse[i] = inverse);
        WRONG(root_of_first_call, if (!k->cached) k->inverse[i] = inverse);
        WRONG(epsilon_forgotten, k->inverse[i] = 1 / sqrt(square / (real)n));
        WRONG(epsilon_outside_the_root, k->inverse[i] = 1 / (sqrt(square / (real)n) + EPSILON));
        WRONG(epsilon_added_after_mean, k->inverse[i] = 1 / sqrt((square + EPSILON) / (real)n));
    }
    k->cached = true;
    return 0;
}

static void backward_row(struct layer *k, size_t i) {
    const size_t n = k->n;
    const real *x = k->x + i * n, *dy = k->dy + i * n;
    real inverse = k->inverse[i], dot = 0, mean = 0;
    WRONG(row_of_x_shifted, x = k->x + (i + 1) % k->B * n);
    WRONG(root_of_first_row, inverse = k->inverse[0]);
    WRONG(mean_subtracted, for (size_t j = 0; j < n; j++) mean += x[j] / (real)n);
    for (size_t j = 0; j < n; j++) {
        real gain = k->gain[j];
        WRONG(gain_missing_in_sum, gain = 1);
        dot += dy[j] * gain * x[j];
        real g = dy[j] * x[j] * inverse;
        WRONG(dgain_averaged, g /= (real)k->B);
        WRONG(root_missing_in_dgain, g = dy[j] * x[j]);
        WRONG(dgain_negated, g = -g);
        WRONG(dgain_of_last_row, k->dgain[j] = 0);
        WRONG(wrong_for_many_rows, if (i >= 4) g = 0);
        UNLESS(dgain_forgotten, k->dgain[j] += g);
    }
    real second = dot * inverse * inverse * inverse / (real)n;
    WRONG(second_term_added, second = -second);
    WRONG(second_term_halved, second /= 2);
    WRONG(second_term_dropped, second = 0);
    WRONG(not_divided_by_n, second *= (real)n);
    WRONG(cube_is_a_square, second /= inverse);
    WRONG(float_sum, second = (real)(float)second);
    for (size_t j = 0; j < n; j++) {
        real gain = k->gain[j];
        WRONG(gain_missing_in_dx, gain = 1);
        WRONG(gain_of_the_feature_before, gain = k->gain[(j + n - 1) % n]);
        k->dx[i * n + j] = dy[j] * gain * inverse - (x[j] - mean) * second;
        WRONG(root_twice_in_dx, k->dx[i * n + j] *= inverse);
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    size_t rows = k->B;
    WRONG(last_row_left_out, rows = k->B - 1; clear(k->dx, k->B * k->n));
    UNLESS(dgain_forgotten, UNLESS(dgain_accumulates, clear(k->dgain, k->n)));
    for (size_t i = 0; i < rows; i++) {
        backward_row(k, i);
    }
    return 0;
}

KERNEL(rms_norm, "y = x / sqrt(mean of x^2 + epsilon) * gain", struct layer, backward);
