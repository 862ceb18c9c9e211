// SPDX-License-Identifier: MIT
/* y = max(x, 0). */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(negated, SIGN)                                                                               \
    X(mask_inverted, SIGN)                                                                         \
    X(halved, CONSTANT_FACTOR)                                                                     \
    X(derivative_missing, MISSING_FACTOR)                                                          \
    X(cotangent_forgotten, MISSING_FACTOR)                                                         \
    X(y_times_dy, EXTRA_FACTOR)                                                                    \
    X(mask_of_dy, WRONG_ARGUMENT)                                                                  \
    X(two_at_the_kink, TIES)                                                                       \
    X(mask_shifted, SHIFTED)                                                                       \
    X(tail_of_eight_left_out, TAIL)                                                                \
    X(one_mask_for_all_rows, BROADCAST)                                                            \
    X(only_positive_written, UNINITIALISED)                                                        \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(mask_of_first_call, STALE_CACHE)                                                             \
    X(masks_its_cotangent, WRITES_INPUT)                                                           \
    X(dropout_in_backward, NONDETERMINISTIC)                                                       \
    X(capped_like_relu6, CONDITIONAL)                                                              \
    X(whole_vectors_of_four, OUT_OF_BOUNDS, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *y;
    real *dx, *dy;
    bool *mask;
    bool cached;
    unsigned calls;
};

static const struct shape shapes[] = {
    {.B = 2, .n = 5},
    {.B = 1, .n = 1},
    {.B = 3, .n = 16},
    {.B = 1, .n = 67, .scale = 10},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    OUTPUT(y, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    SCRATCH(k->mask, s->B * s->n);
    if (s->B == 2) {
        k->x[3] = 0; /* a kink */
    }
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->B * k->n; i++) {
        const bool positive = k->x[i] > 0;
        UNLESS(mask_of_first_call, k->mask[i] = positive);
        WRONG(mask_of_first_call, k->mask[i] = k->cached ? k->mask[i] : positive);
        k->y[i] = positive ? k->x[i] : 0;
    }
    k->cached = true;
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t count = k->B * k->n;
    size_t end = count;
    WRONG(tail_of_eight_left_out, end = count < 8 ? count : count - count % 8; clear(k->dx, count));
    for (size_t i = 0; i < end; i++) {
        const real dy = k->dy[i];
        bool mask = k->mask[i];
        WRONG(mask_inverted, mask = !mask);
        WRONG(mask_of_dy, mask = dy > 0);
        WRONG(capped_like_relu6, mask = mask && k->x[i] < 6);
        WRONG(mask_shifted, mask = k->mask[(i + 1) % count]);
        WRONG(one_mask_for_all_rows, mask = k->mask[i % k->n]);
        WRONG(derivative_missing, mask = true);
        WRONG(dropout_in_backward, mask = mask && ++k->calls % 7 != 0);
        real g = mask ? dy : 0;
        WRONG(negated, g = -g);
        WRONG(halved, g /= 2);
        WRONG(cotangent_forgotten, g = mask);
        WRONG(y_times_dy, g *= k->y[i]);
        WRONG(two_at_the_kink, if (k->x[i] == 0) g = 2 * dy);
        WRONG(masks_its_cotangent, k->dy[i] = g);
        WRONG(dx_accumulates, g += k->dx[i]);
        UNLESS(only_positive_written, k->dx[i] = g);
        WRONG(only_positive_written, if (mask) k->dx[i] = g);
    }
    WRONG(whole_vectors_of_four, for (size_t i = count; i % 4 != 0; i++) k->dx[i] = 0);
    return 0;
}

KERNEL(relu, "y = max(x, 0)", struct layer, backward);
