// SPDX-License-Identifier: MIT
/* y = log(1 + exp(beta x)) / beta, linear beyond a threshold, with beta learned (beta > 0). */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(sigmoid_of_minus_x, SIGN)                                                                    \
    X(beta_missing_in_sigmoid, WRONG_ARGUMENT)                                                     \
    X(softplus_for_sigmoid, WRONG_ARGUMENT)                                                        \
    X(sigmoid_derivative_used, WRONG_ARGUMENT)                                                     \
    X(derivative_times_beta, EXTRA_FACTOR)                                                         \
    X(derivative_over_beta, EXTRA_FACTOR)                                                          \
    X(sigmoid_missing, MISSING_FACTOR)                                                             \
    X(dbeta_quotient_rule_halved, DROPPED_TERM)                                                    \
    X(dbeta_of_numerator_only, DROPPED_TERM)                                                       \
    X(dbeta_averaged, SIZE_FACTOR)                                                                 \
    X(dbeta_forgotten, NOT_WRITTEN)                                                                \
    X(last_element_left_out, TAIL)                                                                 \
    X(dbeta_of_last_element, OVERWRITES)                                                           \
    X(dbeta_accumulates, ACCUMULATES)                                                              \
    X(no_threshold, OVERFLOWS)                                                                     \
    X(float_sigmoid, LOW_PRECISION, .f64_only = true)                                              \
    X(zero_for_negative_x, CONDITIONAL)                                                            \
    X(cotangent_forgotten, MISSING_FACTOR)                                                         \
    X(slope_of_the_next_element, SHIFTED)                                                          \
    X(quotient_rule_reversed, SIGN)                                                                \
    X(beta_of_first_call, STALE_CACHE, .late = true)
DECLARE_MISTAKES;

enum { THRESHOLD = 40 }; /* above it 1 is lost beside exp */

struct layer {
    struct instance *instance;
    size_t n;
    real *x, *beta, *y;
    real *dx, *dbeta, *dy;
    real first_beta; /* for a mistake only */
};

static const struct shape shapes[] = {
    {.n = 4}, {.n = 1}, {.n = 19, .scale = 2}, {.n = 64}, {.n = 5, .scale = 3000, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->n = s->n;
    INPUT(x, {"n", s->n});
    struct gradcheck_tensor *beta = INPUT(beta, ONE);
    beta->lower = 0.125;
    beta->upper = 8;
    *k->beta = (real)1.5;
    OUTPUT(y, {"n", s->n});
}

static int forward(void *layer) {
    struct layer *k = layer;
    const real beta = *k->beta;
    k->first_beta = k->first_beta > 0 ? k->first_beta : beta;
    for (size_t i = 0; i < k->n; i++) {
        const real z = beta * k->x[i];
        k->y[i] = z > THRESHOLD ? k->x[i] : log1p(exp(z)) / beta;
        WRONG(no_threshold, k->y[i] = log1p(exp(z)) / beta);
    }
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    real beta = *k->beta;
    WRONG(beta_of_first_call, beta = k->first_beta);
    size_t end = k->n;
    WRONG(last_element_left_out, end = k->n - 1; k->dx[end] = 0);
    UNLESS(dbeta_forgotten, UNLESS(dbeta_accumulates, *k->dbeta = 0));
    for (size_t i = 0; i < end; i++) {
        const real x = k->x[i], y = k->y[i], dy = k->dy[i];
        real slope = 1 / (1 + exp(-beta * x));
        WRONG(sigmoid_of_minus_x, slope = 1 / (1 + exp(beta * x)));
        WRONG(beta_missing_in_sigmoid, slope = 1 / (1 + exp(-x)));
        WRONG(slope_of_the_next_element, slope = 1 / (1 + exp(-beta * k->x[(i + 1) % k->n])));
        WRONG(softplus_for_sigmoid, slope = y);
        WRONG(sigmoid_derivative_used, slope *= 1 - slope);
        WRONG(derivative_times_beta, slope *= beta);
        WRONG(derivative_over_beta, slope /= beta);
        WRONG(sigmoid_missing, slope = 1);
        WRONG(float_sigmoid, slope = (real)(1 / (1 + expf(-(float)(beta * x)))));
        WRONG(zero_for_negative_x, if (x < 0) slope = 0);
        k->dx[i] = dy * slope;
        WRONG(cotangent_forgotten, k->dx[i] = slope);

        real g = (x * slope - y) / beta;
        WRONG(dbeta_quotient_rule_halved, g = x * slope / beta);
        WRONG(dbeta_of_numerator_only, g = -y / beta);
        WRONG(quotient_rule_reversed, g = (y - x * slope) / beta);
        WRONG(dbeta_averaged, g /= (real)k->n);
        WRONG(dbeta_of_last_element, *k->dbeta = 0);
        UNLESS(dbeta_forgotten, *k->dbeta += dy * g);
    }
    return 0;
}

KERNEL(softplus, "y = log(1 + exp(beta x)) / beta", struct layer, backward);
