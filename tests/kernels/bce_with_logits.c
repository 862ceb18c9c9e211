// SPDX-License-Identifier: MIT
/* Binary cross-entropy on logits, a loss for each: max(x, 0) - x t + log(1 + exp(-|x|)), times a
 * weight that is learned too. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(target_minus_probability, SIGN)                                                              \
    X(plus_target, SIGN)                                                                           \
    X(halved, CONSTANT_FACTOR)                                                                     \
    X(averaged_over_batch, SIZE_FACTOR)                                                            \
    X(cotangent_forgotten, MISSING_FACTOR)                                                         \
    X(weight_forgotten_in_dx, MISSING_FACTOR)                                                      \
    X(sigmoid_derivative_on_top, EXTRA_FACTOR)                                                     \
    X(target_minus_logit, WRONG_ARGUMENT)                                                          \
    X(log_term_left_out, DROPPED_TERM)                                                             \
    X(target_of_the_next_sample, SHIFTED)                                                          \
    X(tail_of_four_left_out, TAIL)                                                                 \
    X(dweight_forgotten, NOT_WRITTEN)                                                              \
    X(dweight_of_last_sample, OVERWRITES)                                                          \
    X(dweight_accumulates, ACCUMULATES)                                                            \
    X(naive_logarithm, OVERFLOWS)                                                                  \
    X(float_sigmoid, LOW_PRECISION, .f64_only = true)                                              \
    X(scales_its_cotangent, WRITES_INPUT)                                                          \
    X(zero_when_confident, CONDITIONAL)                                                            \
    X(dweight_from_x, WRONG_ARGUMENT)                                                              \
    X(dweight_from_weighted_loss, EXTRA_FACTOR)                                                    \
    X(weight_twice_in_dx, EXTRA_FACTOR, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B;
    real *x, *weight, *target, *loss;
    real *dx, *dweight, *dloss;
};

static const struct shape shapes[] = {
    {.B = 5},
    {.B = 1},
    {.B = 17, .scale = 3},
    {.B = 64, .scale = 2},
    {.B = 4, .scale = 2000, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    INPUT(x, {"B", s->B})->batch_axis = 1;
    INPUT(weight, ONE);
    CONSTANT(target, {"B", s->B})->batch_axis = 1;
    OUTPUT(loss, {"B", s->B})->batch_axis = 1;
    for (size_t i = 0; i < s->B; i++) {
        k->target[i] = (real)(i % 3 == 0);
    }
}

static real softplus_of_minus_abs(const struct layer *k, real x) {
    real log_term = log1p(exp(-fabs(x)));
    WRONG(naive_logarithm, log_term = log(1 + exp(x)) - fmax(x, (real)0));
    return log_term;
}

static real loss_of(const struct layer *k, size_t i) {
    const real x = k->x[i];
    return fmax(x, (real)0) - x * k->target[i] + softplus_of_minus_abs(k, x);
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->B; i++) {
        k->loss[i] = *k->weight * loss_of(k, i);
    }
    return 0;
}

static real sigmoid(real x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static real logit_gradient(struct layer *k, size_t i) {
    const real p = sigmoid(k->x[i]), t = k->target[i];
    real g = p - t;
    WRONG(target_minus_probability, g = t - p);
    WRONG(plus_target, g = p + t);
    WRONG(halved, g /= 2);
    WRONG(averaged_over_batch, g /= (real)k->B);
    WRONG(sigmoid_derivative_on_top, g *= p * (1 - p));
    WRONG(target_minus_logit, g = k->x[i] - t);
    WRONG(log_term_left_out, g = (real)(k->x[i] > 0) - t);
    WRONG(target_of_the_next_sample, g = p - k->target[(i + 1) % k->B]);
    WRONG(float_sigmoid, g = (real)(1 / (1 + expf(-(float)k->x[i]))) - t);
    WRONG(zero_when_confident, if (fabs(g) < (real)0.05) g = 0);
    UNLESS(weight_forgotten_in_dx, g *= *k->weight);
    WRONG(weight_twice_in_dx, g *= *k->weight);
    return g;
}

static int backward(void *layer) {
    struct layer *k = layer;
    size_t end = k->B;
    WRONG(tail_of_four_left_out, end = k->B < 4 ? k->B : k->B - k->B % 4; clear(k->dx, k->B));
    UNLESS(dweight_accumulates, UNLESS(dweight_forgotten, *k->dweight = 0));
    for (size_t i = 0; i < end; i++) {
        real dloss = k->dloss[i];
        WRONG(cotangent_forgotten, dloss = 1);
        k->dx[i] = dloss * logit_gradient(k, i);
        WRONG(dweight_of_last_sample, *k->dweight = 0);
        real dweight = dloss * loss_of(k, i);
        WRONG(dweight_from_x, dweight = dloss * k->x[i]);
        WRONG(dweight_from_weighted_loss, dweight = dloss * k->loss[i]);
        UNLESS(dweight_forgotten, *k->dweight += dweight);
        WRONG(scales_its_cotangent, k->dloss[i] *= *k->weight);
    }
    return 0;
}

KERNEL(bce_with_logits, "loss[B] = weight (max(x, 0) - x target + log(1 + exp(-|x|)))",
       struct layer, backward);
