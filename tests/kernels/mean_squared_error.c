// SPDX-License-Identifier: MIT
/* loss = sum over the batch and features of (x - target)^2 / B. One call gives the value and the
 * gradient, as an optimiser asks for it. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(target_minus_x, SIGN)                                                                        \
    X(two_forgotten, CONSTANT_FACTOR)                                                              \
    X(summed_over_batch, SIZE_FACTOR)                                                              \
    X(mean_over_everything, SIZE_FACTOR)                                                           \
    X(mean_taken_twice, SIZE_FACTOR)                                                               \
    X(derivative_of_absolute_error, MISSING_FACTOR)                                                \
    X(difference_squared, EXTRA_FACTOR)                                                            \
    X(target_forgotten, DROPPED_TERM)                                                              \
    X(target_of_the_next_feature, SHIFTED)                                                         \
    X(last_row_left_out, TAIL)                                                                     \
    X(target_of_first_row, BROADCAST)                                                              \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(difference_of_last_call, STALE_CACHE)                                                        \
    X(float_difference, LOW_PRECISION, .f64_only = true)                                           \
    X(difference_into_x, WRITES_INPUT)                                                             \
    X(clipped_gradient, CONDITIONAL)                                                               \
    X(last_feature_left_out, TAIL)                                                                 \
    X(mean_over_features, SIZE_FACTOR)                                                             \
    X(tail_of_four_left_out, TAIL, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *target, *loss;
    real *dx;
    real *last;
};

static const struct shape shapes[] = {
    {.B = 4, .n = 3},
    {.B = 1, .n = 1},
    {.B = 3, .n = 9, .scale = 4},
    {.B = 2, .n = 33},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"n", s->n});
    CONSTANT(target, {"B", s->B}, {"n", s->n});
    LOSS(loss, ONE);
    SCRATCH(k->last, s->B * s->n);
}

static real gradient(struct layer *k, size_t at, real difference) {
    const real B = (real)k->B;
    real g = 2 * difference / B;
    WRONG(target_minus_x, g = -g);
    WRONG(two_forgotten, g /= 2);
    WRONG(summed_over_batch, g *= B);
    WRONG(mean_over_everything, g /= (real)k->n);
    WRONG(mean_taken_twice, g /= B);
    WRONG(mean_over_features, g = 2 * difference / (real)k->n);
    WRONG(derivative_of_absolute_error, g = copysign(2 / B, difference));
    WRONG(difference_squared, g *= difference);
    WRONG(target_forgotten, g = 2 * k->x[at] / B);
    WRONG(target_of_the_next_feature, g = 2 * (k->x[at] - k->target[(at + 1) % (k->B * k->n)]) / B);
    WRONG(target_of_first_row, g = 2 * (k->x[at] - k->target[at % k->n]) / B);
    WRONG(difference_of_last_call, g = 2 * k->last[at] / B);
    WRONG(float_difference, g = (real)((float)k->x[at] - (float)k->target[at]) * 2 / B);
    WRONG(last_feature_left_out, if (at % k->n == k->n - 1) g = 0);
    WRONG(tail_of_four_left_out, if (at >= k->B * k->n / 4 * 4) g = 0);
    WRONG(clipped_gradient, g = fmin(fmax(g, (real)-1), (real)1));
    return g;
}

static int forward(void *layer) {
    struct layer *k = layer;
    real sum = 0;
    size_t rows = k->B;
    WRONG(last_row_left_out, rows = k->B - 1);
    for (size_t i = 0; i < k->B * k->n; i++) {
        const real difference = k->x[i] - k->target[i];
        sum += difference * difference;
        UNLESS(dx_accumulates, k->dx[i] = 0);
        k->dx[i] += i / k->n < rows ? gradient(k, i, difference) : 0;
        k->last[i] = difference;
        WRONG(difference_into_x, k->x[i] = difference);
    }
    *k->loss = sum / (real)k->B;
    return 0;
}

KERNEL(mean_squared_error, "loss = sum (x - target)^2 / B", struct layer, NULL);
