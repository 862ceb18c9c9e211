// SPDX-License-Identifier: MIT
/* y = (x - mean) / sqrt(variance + epsilon) * gain + bias, over the features of each row. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(mean_term_added, SIGN)                                                                       \
    X(variance_term_doubled, CONSTANT_FACTOR)                                                      \
    X(dgain_averaged, SIZE_FACTOR)                                                                 \
    X(divided_by_n_minus_one, SIZE_FACTOR)                                                         \
    X(not_divided_by_n, SIZE_FACTOR)                                                               \
    X(divided_by_batch, SIZE_FACTOR)                                                               \
    X(gain_missing_in_dx, MISSING_FACTOR)                                                          \
    X(deviation_missing_in_dx, MISSING_FACTOR)                                                     \
    X(deviation_squared, EXTRA_FACTOR)                                                             \
    X(dgain_from_x, WRONG_ARGUMENT)                                                                \
    X(dgain_from_y, WRONG_ARGUMENT)                                                                \
    X(mean_term_dropped, DROPPED_TERM)                                                             \
    X(variance_term_dropped, DROPPED_TERM)                                                         \
    X(both_terms_dropped, DROPPED_TERM)                                                            \
    X(gain_of_the_next_feature, SHIFTED)                                                           \
    X(sums_leave_out_last_feature, TAIL)                                                           \
    X(statistics_of_first_row, BROADCAST)                                                          \
    X(bias_summed_over_features, BROADCAST)                                                        \
    X(dbias_forgotten, NOT_WRITTEN)                                                                \
    X(dgain_accumulates, ACCUMULATES)                                                              \
    X(dgain_of_last_row, OVERWRITES)                                                               \
    X(statistics_of_first_call, STALE_CACHE)                                                       \
    X(epsilon_outside_the_root, EPSILON)                                                           \
    X(epsilon_forgotten, EPSILON)                                                                  \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(sums_not_cleared, UNINITIALISED)                                                             \
    X(normalises_x_in_place, WRITES_INPUT)                                                         \
    X(dbias_averaged, SIZE_FACTOR)                                                                 \
    X(mean_left_out_of_dgain, DROPPED_TERM)                                                        \
    X(variance_term_added, SIGN)                                                                   \
    X(gain_missing_in_sums, MISSING_FACTOR, .late = true)
DECLARE_MISTAKES;

#define EPSILON ((real)1e-3)

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *gain, *bias, *y;
    real *dx, *dgain, *dbias, *dy;
    real *mean, *inverse; /* cached by forward: of each row, 1 / deviation */
    real left_sum;
    bool cached;
};

static const struct shape shapes[] = {
    {.B = 3, .n = 4},
    {.B = 1, .n = 2},
    {.B = 2, .n = 9, .scale = 0.1},
    {.B = 5, .n = 33},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    INPUT(gain, {"n", s->n});
    INPUT(bias, {"n", s->n});
    OUTPUT(y, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    SCRATCH(k->mean, s->B);
    SCRATCH(k->inverse, s->B);
}

static int forward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n;
    for (size_t i = 0; i < k->B; i++) {
        const real *x = k->x + i * n;
        real mean = 0, variance = 0;
        for (size_t j = 0; j < n; j++) {
            mean += x[j] / (real)n;
        }
        for (size_t j = 0; j < n; j++) {
            variance += (x[j] - mean) * (x[j] - mean) / (real)n;
        }
        const real inverse = 1 / sqrt(variance + EPSILON);
        for (size_t j = 0; j < n; j++) {
            k->y[i * n + j] = (x[j] - mean) * inverse * k->gain[j] + k->bias[j];
        }
        UNLESS(statistics_of_first_call, k->mean[i] = mean; k->inverse[i] = inverse);
        WRONG(statistics_of_first_call, if (!k->cached) k->mean[i] = mean, k->inverse[i] = inverse);
        WRONG(epsilon_outside_the_root, k->inverse[i] = 1 / (sqrt(variance) + EPSILON));
        WRONG(epsilon_forgotten, k->inverse[i] = 1 / sqrt(variance));
    }
    k->cached = true;
    return 0;
}

static void parameter_gradients(struct layer *k, size_t i, real mean, real inverse) {
    const size_t n = k->n;
    for (size_t j = 0; j < n; j++) {
        const real x = k->x[i * n + j], dy = k->dy[i * n + j];
        real dgain = dy * (x - mean) * inverse, dbias = dy;
        WRONG(dgain_averaged, dgain /= (real)k->B);
        WRONG(dgain_from_x, dgain = dy * x);
        WRONG(mean_left_out_of_dgain, dgain = dy * x * inverse);
        WRONG(dgain_from_y, dgain = dy * k->y[i * n + j]);
        WRONG(dbias_averaged, dbias /= (real)k->B);
        WRONG(bias_summed_over_features, dbias = k->dy[i * n]);
        WRONG(dgain_of_last_row, k->dgain[j] = 0);
        k->dgain[j] += dgain;
        UNLESS(dbias_forgotten, k->dbias[j] += dbias);
    }
}

static void input_gradient(struct layer *k, size_t i, real mean, real inverse) {
    const size_t n = k->n;
    const real *x = k->x + i * n, *dy = k->dy + i * n;
    real sum = 0, dot = 0; /* of the gradient of the normalised x, and with it */
    WRONG(sums_not_cleared, sum = k->left_sum);
    size_t end = n;
    WRONG(sums_leave_out_last_feature, end = n - 1);
    for (size_t j = 0; j < end; j++) {
        real g = dy[j] * k->gain[j];
        WRONG(gain_missing_in_sums, g = dy[j]);
        sum += g;
        dot += g * (x[j] - mean) * inverse;
    }
    WRONG(sums_not_cleared, k->left_sum = sum);
    WRONG(float_sums, sum = (real)(float)sum; dot = (real)(float)dot);
    WRONG(mean_term_dropped, sum = 0);
    WRONG(mean_term_added, sum = -sum);
    WRONG(variance_term_dropped, dot = 0);
    WRONG(variance_term_added, dot = -dot);
    WRONG(variance_term_doubled, dot *= 2);
    WRONG(both_terms_dropped, sum = dot = 0);
    real count = (real)n;
    WRONG(divided_by_n_minus_one, count = (real)(n - 1));
    WRONG(not_divided_by_n, count = 1);
    WRONG(divided_by_batch, count = (real)k->B);
    for (size_t j = 0; j < n; j++) {
        real gain = k->gain[j];
        WRONG(gain_missing_in_dx, gain = 1);
        WRONG(gain_of_the_next_feature, gain = k->gain[(j + 1) % n]);
        const real normal = (x[j] - mean) * inverse;
        real g = inverse * (dy[j] * gain - (sum + normal * dot) / count);
        WRONG(deviation_missing_in_dx, g /= inverse);
        WRONG(deviation_squared, g *= inverse);
        k->dx[i * n + j] = g;
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    UNLESS(dgain_accumulates, clear(k->dgain, k->n));
    UNLESS(dbias_forgotten, clear(k->dbias, k->n));
    for (size_t i = 0; i < k->B; i++) {
        size_t row = i;
        WRONG(statistics_of_first_row, row = 0);
        parameter_gradients(k, i, k->mean[row], k->inverse[row]);
        input_gradient(k, i, k->mean[row], k->inverse[row]);
    }
    WRONG(normalises_x_in_place,
          for (size_t i = 0; i < k->B * k->n; i++) k->x[i] -= k->mean[i / k->n]);
    return 0;
}

KERNEL(layer_norm, "y = (x - mean) / sqrt(variance + epsilon) * gain + bias", struct layer,
       backward);
