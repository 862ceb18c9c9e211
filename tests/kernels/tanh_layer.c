// SPDX-License-Identifier: MIT
/* y = tanh(x); backward needs nothing but y. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(one_plus_y_squared, SIGN)                                                                    \
    X(square_for_product, WRONG_ARGUMENT)                                                          \
    X(sigmoid_derivative, WRONG_ARGUMENT)                                                          \
    X(x_for_y, WRONG_ARGUMENT)                                                                     \
    X(tanh_taken_again, WRONG_ARGUMENT)                                                            \
    X(derivative_missing, MISSING_FACTOR)                                                          \
    X(derivative_twice, EXTRA_FACTOR)                                                              \
    X(tail_of_four_left_out, TAIL)                                                                 \
    X(y_of_the_element_before, SHIFTED)                                                            \
    X(y_of_first_call, STALE_CACHE)                                                                \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(quotient_of_exponentials, OVERFLOWS)                                                         \
    X(float_square, LOW_PRECISION, .f64_only = true)                                               \
    X(squares_y_in_place, WRITES_INPUT)                                                            \
    X(writes_one_past_dx, OUT_OF_BOUNDS)                                                           \
    X(zero_beyond_three, CONDITIONAL)                                                              \
    X(cotangent_squared, EXTRA_FACTOR)                                                             \
    X(sigmoid_form_off_by_two, CONSTANT_FACTOR)                                                    \
    X(sech_not_squared, MISSING_FACTOR, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t n;
    real *x, *y;
    real *dx, *dy;
    real *first_y;
    bool cached;
};

static const struct shape shapes[] = {
    {.n = 3}, {.n = 1}, {.n = 17}, {.n = 67, .scale = 2}, {.n = 5, .scale = 2000, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->n = s->n;
    INPUT(x, {"n", s->n})->batch_axis = 1;
    OUTPUT(y, {"n", s->n})->batch_axis = 1;
    SCRATCH(k->first_y, s->n);
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->n; i++) {
        k->y[i] = tanh(k->x[i]);
        WRONG(quotient_of_exponentials, const real e = exp(2 * k->x[i]);
              k->y[i] = (e - 1) / (e + 1));
        k->first_y[i] = k->cached ? k->first_y[i] : k->y[i];
    }
    k->cached = true;
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    size_t end = k->n;
    WRONG(tail_of_four_left_out, end = k->n < 4 ? k->n : k->n - k->n % 4; clear(k->dx, k->n));
    for (size_t i = 0; i < end; i++) {
        real y = k->y[i];
        WRONG(x_for_y, y = k->x[i]);
        WRONG(tanh_taken_again, y = tanh(y));
        WRONG(y_of_the_element_before, y = k->y[i > 0 ? i - 1 : 0]);
        WRONG(y_of_first_call, y = k->first_y[i]);
        real slope = 1 - y * y;
        WRONG(one_plus_y_squared, slope = 1 + y * y);
        WRONG(square_for_product, slope = (1 - y) * (1 - y));
        WRONG(sigmoid_derivative, slope = y * (1 - y));
        WRONG(derivative_missing, slope = 1);
        WRONG(sech_not_squared, slope = 1 / cosh(k->x[i]));
        WRONG(derivative_twice, slope *= slope);
        const real s = (1 + y) / 2; /* sigmoid(2 x), whose slope counts four times */
        WRONG(sigmoid_form_off_by_two, slope = 2 * s * (1 - s));
        WRONG(float_square, slope = (real)(1 - (float)y * (float)y));
        WRONG(zero_beyond_three, if (fabs(k->x[i]) > 3) slope = 0);
        UNLESS(dx_accumulates, k->dx[i] = 0);
        k->dx[i] += slope * k->dy[i];
        WRONG(cotangent_squared, k->dx[i] *= k->dy[i]);
        WRONG(squares_y_in_place, k->y[i] = y * y);
    }
    WRONG(writes_one_past_dx, k->dx[k->n] = 0);
    return 0;
}

KERNEL(tanh_layer, "y = tanh(x)", struct layer, backward);
