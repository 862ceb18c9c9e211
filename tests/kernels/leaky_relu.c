// SPDX-License-Identifier: MIT
/* y = x if x > 0, else slope x, where the slope of each channel is learned. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(slope_negated, SIGN)                                                                         \
    X(slope_averaged_over_batch, SIZE_FACTOR)                                                      \
    X(slope_missing, MISSING_FACTOR)                                                               \
    X(dslope_without_x, MISSING_FACTOR)                                                            \
    X(slope_on_both_sides, EXTRA_FACTOR)                                                           \
    X(slope_applied_twice, EXTRA_FACTOR)                                                           \
    X(dslope_from_y, WRONG_ARGUMENT)                                                               \
    X(zero_below_zero, DROPPED_TERM)                                                               \
    X(slope_of_the_next_channel, SHIFTED)                                                          \
    X(last_channel_left_out, TAIL)                                                                 \
    X(one_slope_for_all_channels, BROADCAST)                                                       \
    X(dslope_forgotten, NOT_WRITTEN)                                                               \
    X(dslope_accumulates, ACCUMULATES)                                                             \
    X(dslope_of_last_row, OVERWRITES)                                                              \
    X(dslope_in_float, LOW_PRECISION, .f64_only = true)                                            \
    X(clips_x_in_place, WRITES_INPUT)                                                              \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(slope_repeated_along_rows, BROADCAST)                                                        \
    X(mask_from_y, WRONG_ARGUMENT, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *slope, *y;
    real *dx, *dslope, *dy;
};

static const struct shape shapes[] = {
    {.B = 3, .n = 4},
    {.B = 1, .n = 1},
    {.B = 9, .n = 5},
    {.B = 2, .n = 33, .scale = 6},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"channels", s->n})->batch_axis = 1;
    INPUT(slope, {"channels", s->n});
    OUTPUT(y, {"B", s->B}, {"channels", s->n})->batch_axis = 1;
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->B * k->n; i++) {
        k->y[i] = k->x[i] > 0 ? k->x[i] : k->slope[i % k->n] * k->x[i];
    }
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n;
    UNLESS(dslope_accumulates, UNLESS(dslope_forgotten, clear(k->dslope, n)));
    for (size_t i = 0; i < k->B * n; i++) {
        const real x = k->x[i], dy = k->dy[i];
        bool positive = x > 0;
        WRONG(mask_from_y, positive = k->y[i] > 0);
        size_t channel = i % n;
        WRONG(slope_of_the_next_channel, channel = (channel + 1) % n);
        WRONG(one_slope_for_all_channels, channel = 0);
        WRONG(slope_repeated_along_rows, channel = i / n % n);
        real slope = k->slope[channel];
        WRONG(slope_negated, slope = -slope);
        WRONG(slope_missing, slope = 1);
        WRONG(slope_applied_twice, slope *= slope);
        WRONG(zero_below_zero, slope = 0);
        const real before = k->dx[i];
        k->dx[i] = positive ? dy : slope * dy;
        WRONG(dx_accumulates, k->dx[i] += before);
        WRONG(slope_on_both_sides, k->dx[i] = slope * dy);

        real g = positive ? 0 : x * dy;
        WRONG(dslope_without_x, g = x > 0 ? 0 : dy);
        WRONG(dslope_from_y, g = x > 0 ? 0 : k->y[i] * dy);
        WRONG(slope_averaged_over_batch, g /= (real)k->B);
        WRONG(dslope_in_float, g = (real)((float)x * (float)dy) * (x <= 0));
        WRONG(last_channel_left_out, if (i % n == n - 1) g = 0);
        WRONG(dslope_of_last_row, k->dslope[i % n] = 0);
        UNLESS(dslope_forgotten, k->dslope[i % n] += g);
        WRONG(clips_x_in_place, k->x[i] = fmax(x, (real)-1));
    }
    return 0;
}

KERNEL(leaky_relu, "y = x > 0 ? x : slope x", struct layer, backward);
