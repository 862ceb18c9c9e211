// SPDX-License-Identifier: MIT
/* y = the maximum of each K x K window of x[C, H, W], a stride apart; of equal maxima the first. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(dx_negated, SIGN)                                                                            \
    X(averaged_like_mean_pooling, SIZE_FACTOR)                                                     \
    X(times_the_maximum, EXTRA_FACTOR)                                                             \
    X(shared_by_the_whole_window, BROADCAST)                                                       \
    X(minimum_for_maximum, WRONG_ARGUMENT)                                                         \
    X(window_corner_for_maximum, WRONG_ARGUMENT)                                                   \
    X(indices_of_the_window, WRONG_ARGUMENT)                                                       \
    X(one_to_the_right, SHIFTED)                                                                   \
    X(last_channel_left_out, TAIL)                                                                 \
    X(last_window_of_a_row_left_out, TAIL)                                                         \
    X(ties_counted_twice, TIES)                                                                    \
    X(overlaps_overwrite, OVERWRITES)                                                              \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(indices_of_first_call, STALE_CACHE)                                                          \
    X(losers_not_written, UNINITIALISED)                                                           \
    X(marks_the_maximum_in_x, WRITES_INPUT)                                                        \
    X(maximum_starts_at_zero, CONDITIONAL)                                                         \
    X(channel_offset_forgotten, BROADCAST)                                                         \
    X(dy_read_channels_last, TRANSPOSED, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t C, H, W, K, stride, out_h, out_w;
    real *x, *y;
    real *dx, *dy;
    size_t *argmax;
    bool cached;
};

static const struct shape shapes[] = {
    {.n = 1, .m = 4, .k = 2, .stride = 2},
    {.n = 2, .m = 5, .k = 3, .stride = 1},
    {.n = 3, .m = 7, .k = 2, .stride = 2},
    {.n = 2, .m = 5, .k = 2, .stride = 1, .pad = 1}, /* pad: with a tie */
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    *k = (struct layer){.instance = instance, .C = s->n, .H = s->m, .W = s->m, .K = s->k};
    k->stride = s->stride;
    k->out_h = k->out_w = (s->m - s->k) / s->stride + 1;
    INPUT(x, {"C", k->C}, {"H", k->H}, {"W", k->W})->batch_axis = 1;
    OUTPUT(y, {"C", k->C}, {"out_h", k->out_h}, {"out_w", k->out_w})->batch_axis = 1;
    SCRATCH(k->argmax, k->C * k->out_h * k->out_w);
    if (s->pad > 0) {
        k->x[6] = k->x[7] = 10;
    }
}

static size_t corner(const struct layer *k, size_t window) {
    const size_t r = window / k->out_w % k->out_h * k->stride, c = window % k->out_w * k->stride;
    return (window / k->out_w / k->out_h * k->H + r) * k->W + c;
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t window = 0; window < k->C * k->out_h * k->out_w; window++) {
        const size_t first = corner(k, window);
        size_t best = first;
        for (size_t t = 1; t < k->K * k->K; t++) {
            const size_t at = first + t / k->K * k->W + t % k->K;
            best = k->x[at] > k->x[best] ? at : best;
        }
        k->y[window] = k->x[best];
        WRONG(indices_of_first_call, best = k->cached ? k->argmax[window] : best);
        k->argmax[window] = best;
    }
    k->cached = true;
    return 0;
}

/* Where the gradient of a window goes, when it does not go to its one maximum. */
static void wrong_window(struct layer *k, size_t window, real dy) {
    const size_t first = corner(k, window), taps = k->K * k->K;
    size_t lowest = first;
    for (size_t t = 0; t < taps; t++) {
        const size_t at = first + t / k->K * k->W + t % k->K;
        const bool maximal = k->x[at] == k->y[window];
        WRONG(averaged_like_mean_pooling, k->dx[at] += dy / (real)taps);
        WRONG(shared_by_the_whole_window, k->dx[at] += dy);
        WRONG(ties_counted_twice, if (maximal && at != k->argmax[window]) k->dx[at] += dy);
        lowest = k->x[at] < k->x[lowest] ? at : lowest;
    }
    WRONG(minimum_for_maximum, k->dx[lowest] += dy);
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t count = k->C * k->H * k->W, windows = k->C * k->out_h * k->out_w;
    size_t end = windows;
    WRONG(last_channel_left_out, end = windows - k->out_h * k->out_w);
    UNLESS(losers_not_written, UNLESS(dx_accumulates, clear(k->dx, count)));
    for (size_t window = 0; window < end; window++) {
        size_t at = k->argmax[window];
        real dy = k->dy[window];
        WRONG(window_corner_for_maximum, at = corner(k, window));
        WRONG(indices_of_the_window, at = window);
        WRONG(channel_offset_forgotten, at %= k->H * k->W);
        WRONG(one_to_the_right, at = at % k->W + 1 < k->W ? at + 1 : at);
        WRONG(last_window_of_a_row_left_out, if (window % k->out_w == k->out_w - 1) dy = 0);
        WRONG(dy_read_channels_last, const size_t pixels = k->out_h * k->out_w;
              dy = k->dy[window % pixels * k->C + window / pixels]);
        WRONG(dx_negated, dy = -dy);
        WRONG(times_the_maximum, dy *= k->y[window]);
        WRONG(maximum_starts_at_zero, if (k->y[window] <= 0) dy = 0);
        wrong_window(k, window, dy);
        WRONG(averaged_like_mean_pooling, dy = 0);
        WRONG(shared_by_the_whole_window, dy = 0);
        WRONG(minimum_for_maximum, dy = 0);
        WRONG(overlaps_overwrite, k->dx[at] = 0);
        WRONG(losers_not_written, k->dx[at] = 0);
        k->dx[at] += dy;
        WRONG(marks_the_maximum_in_x, k->x[at] += 1);
    }
    return 0;
}

KERNEL(max_pool, "y = max over K x K windows of x", struct layer, backward);
