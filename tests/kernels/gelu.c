// SPDX-License-Identifier: MIT
/* y = x (1 + tanh(u)) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3). */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(minus_in_product_rule, SIGN)                                                                 \
    X(half_forgotten, CONSTANT_FACTOR)                                                             \
    X(root_of_two_over_pi_missing, CONSTANT_FACTOR)                                                \
    X(three_forgotten, CONSTANT_FACTOR)                                                            \
    X(x_of_the_product_rule_missing, MISSING_FACTOR)                                               \
    X(inner_derivative_missing, MISSING_FACTOR)                                                    \
    X(sech_squared_missing, MISSING_FACTOR)                                                        \
    X(sech_not_squared, MISSING_FACTOR)                                                            \
    X(second_term_dropped, DROPPED_TERM)                                                           \
    X(first_term_dropped, DROPPED_TERM)                                                            \
    X(cubic_term_dropped, DROPPED_TERM)                                                            \
    X(tanh_of_x, WRONG_ARGUMENT)                                                                   \
    X(sigmoid_form, WRONG_ARGUMENT)                                                                \
    X(constant_mistyped, CONSTANT_FACTOR)                                                          \
    X(tail_of_eight_left_out, TAIL)                                                                \
    X(dx_shifted, SHIFTED)                                                                         \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(tanh_from_exponentials, OVERFLOWS)                                                           \
    X(float_tanh, LOW_PRECISION, .f64_only = true)                                                 \
    X(one_for_large_x, CONDITIONAL)                                                                \
    X(cube_for_square, EXTRA_FACTOR)                                                               \
    X(one_plus_tanh_squared, SIGN, .late = true)
DECLARE_MISTAKES;

#define ROOT_2_OVER_PI ((real)0.7978845608028654)
#define CUBIC ((real)0.044715)

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *y;
    real *dx, *dy;
};

static const struct shape shapes[] = {
    {.B = 2, .n = 3},
    {.B = 1, .n = 1},
    {.B = 3, .n = 17},
    {.B = 1, .n = 65, .scale = 2},
    {.B = 2, .n = 4, .scale = 50, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    OUTPUT(y, {"B", s->B}, {"n", s->n})->batch_axis = 1;
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->B * k->n; i++) {
        const real x = k->x[i], u = ROOT_2_OVER_PI * (x + CUBIC * x * x * x);
        real t = tanh(u);
        WRONG(tanh_from_exponentials, t = (exp(u) - exp(-u)) / (exp(u) + exp(-u)));
        k->y[i] = x * (1 + t) / 2;
    }
    return 0;
}

static real slope(const struct layer *k, real x) {
    real cubic = CUBIC;
    WRONG(constant_mistyped, cubic = (real)0.04475);
    WRONG(cubic_term_dropped, cubic = 0);
    real t = tanh(ROOT_2_OVER_PI * (x + cubic * x * x * x));
    WRONG(tanh_of_x, t = tanh(x));
    WRONG(sigmoid_form, t = tanh((real)0.851 * x));
    WRONG(float_tanh, t = (real)tanhf((float)(ROOT_2_OVER_PI * (x + cubic * x * x * x))));
    real du = ROOT_2_OVER_PI * (1 + 3 * cubic * x * x);
    WRONG(root_of_two_over_pi_missing, du /= ROOT_2_OVER_PI);
    WRONG(three_forgotten, du = ROOT_2_OVER_PI * (1 + cubic * x * x));
    WRONG(cube_for_square, du = ROOT_2_OVER_PI * (1 + 3 * cubic * x * x * x));
    WRONG(inner_derivative_missing, du = 1);
    real first = (1 + t) / 2, second = x * (1 - t * t) * du / 2;
    WRONG(minus_in_product_rule, second = -second);
    WRONG(half_forgotten, second *= 2);
    WRONG(x_of_the_product_rule_missing, second = (1 - t * t) * du / 2);
    WRONG(sech_squared_missing, second = x * du / 2);
    WRONG(sech_not_squared, second = x * (1 - t) * du / 2);
    WRONG(one_plus_tanh_squared, second = x * (1 + t * t) * du / 2);
    WRONG(second_term_dropped, second = 0);
    WRONG(first_term_dropped, first = 0);
    WRONG(one_for_large_x, if (x > 2) first = 1, second = 0);
    return first + second;
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t count = k->B * k->n;
    size_t end = count;
    WRONG(tail_of_eight_left_out, end = count < 8 ? count : count - count % 8; clear(k->dx, count));
    for (size_t i = 0; i < end; i++) {
        size_t at = i;
        WRONG(dx_shifted, at = (i + 1) % count);
        UNLESS(dx_accumulates, k->dx[at] = 0);
        k->dx[at] += k->dy[i] * slope(k, k->x[i]);
    }
    return 0;
}

KERNEL(gelu, "y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2", struct layer, backward);
