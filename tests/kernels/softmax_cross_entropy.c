// SPDX-License-Identifier: MIT
/* loss = mean over the batch of log(sum exp(x[i, :])) - x[i, label[i]]. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(one_hot_minus_p, SIGN)                                                                       \
    X(one_hot_added, SIGN)                                                                         \
    X(doubled, CONSTANT_FACTOR)                                                                    \
    X(summed_over_batch, SIZE_FACTOR)                                                              \
    X(averaged_twice, SIZE_FACTOR)                                                                 \
    X(averaged_over_classes, SIZE_FACTOR)                                                          \
    X(not_normalised, MISSING_FACTOR)                                                              \
    X(softmax_jacobian_on_top, EXTRA_FACTOR)                                                       \
    X(softmax_of_probabilities, WRONG_ARGUMENT)                                                    \
    X(one_hot_forgotten, DROPPED_TERM)                                                             \
    X(softmax_forgotten, DROPPED_TERM)                                                             \
    X(labels_from_one, SHIFTED)                                                                    \
    X(last_class_left_out, TAIL)                                                                   \
    X(last_row_left_out, TAIL)                                                                     \
    X(softmax_over_batch, BROADCAST)                                                               \
    X(label_of_first_row, BROADCAST)                                                               \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(probabilities_of_first_call, STALE_CACHE)                                                    \
    X(maximum_not_subtracted, OVERFLOWS)                                                           \
    X(float_sum, LOW_PRECISION, .f64_only = true)                                                  \
    X(probabilities_into_x, WRITES_INPUT)                                                          \
    X(sum_not_cleared, UNINITIALISED)                                                              \
    X(small_probabilities_flushed, CONDITIONAL)                                                    \
    X(halved, CONSTANT_FACTOR)                                                                     \
    X(cotangent_forgotten, MISSING_FACTOR)                                                         \
    X(log_probabilities_used, WRONG_ARGUMENT, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, n;
    real *x, *loss;
    real *dx, *dloss;
    int32_t *label;
    real *p; /* cached by forward */
    real *column;
    bool cached;
};

static const struct shape shapes[] = {
    {.B = 3, .n = 4},
    {.B = 1, .n = 2},
    {.B = 5, .n = 10, .scale = 2},
    {.B = 2, .n = 33},
    {.B = 3, .n = 5, .scale = 2000, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    INPUT(x, {"B", s->B}, {"classes", s->n});
    INDICES(label, {"B", s->B});
    OUTPUT(loss, ONE);
    SCRATCH(k->p, s->B * s->n);
    SCRATCH(k->column, s->n);
    for (size_t i = 0; i < s->B; i++) {
        k->label[i] = (int32_t)(instance_uniform(instance) * (double)s->n);
    }
}

static int forward(void *layer) {
    struct layer *k = layer;
    real loss = 0;
    for (size_t i = 0; i < k->B; i++) {
        const real *x = k->x + i * k->n;
        real *p = k->p + i * k->n, max = x[0], sum = 0;
        for (size_t j = 1; j < k->n; j++) {
            max = fmax(max, x[j]);
        }
        WRONG(maximum_not_subtracted, max = 0);
        for (size_t j = 0; j < k->n; j++) {
            sum += exp(x[j] - max);
        }
        for (size_t j = 0; j < k->n; j++) {
            const real now = exp(x[j] - max) / sum;
            UNLESS(probabilities_of_first_call, p[j] = now);
            WRONG(probabilities_of_first_call, p[j] = k->cached ? p[j] : now);
            WRONG(not_normalised, p[j] *= sum);
        }
        loss += log(sum) + max - x[k->label[i]];
    }
    k->cached = true;
    *k->loss = loss / (real)k->B;
    return 0;
}

static void softmax(const real x[], real p[], size_t n, size_t stride) {
    real sum = 0;
    for (size_t j = 0; j < n; j++) {
        sum += exp(x[j * stride]);
    }
    for (size_t j = 0; j < n; j++) {
        p[j * stride] = exp(x[j * stride]) / sum;
    }
}

/* What people make of the probabilities before they use them. */
static void spoil(struct layer *k) {
    const size_t n = k->n;
    for (size_t i = 0; i < k->B; i++) {
        WRONG(softmax_of_probabilities, softmax(k->p + i * n, k->p + i * n, n, 1));
        WRONG(sum_not_cleared,
              for (size_t j = 0; j < n; j++) k->p[i * n + j] += k->dx[i * n + j] / 100);
    }
    for (size_t j = 0; j < n; j++) {
        WRONG(softmax_over_batch, softmax(k->x + j, k->p + j, k->B, n));
    }
    for (size_t i = 0; i < k->B * n; i++) {
        WRONG(float_sum, k->p[i] = (real)(float)k->p[i]);
        WRONG(small_probabilities_flushed, if (k->p[i] < (real)0.01) k->p[i] = 0);
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n;
    size_t rows = k->B, classes = n;
    WRONG(last_row_left_out, rows = k->B - 1; clear(k->dx, k->B * n));
    WRONG(last_class_left_out, classes = n - 1; clear(k->dx, k->B * n));
    spoil(k);
    for (size_t i = 0; i < rows; i++) {
        size_t label = (size_t)k->label[i];
        WRONG(labels_from_one, label = (label + n - 1) % n);
        WRONG(label_of_first_row, label = (size_t)k->label[0]);
        for (size_t j = 0; j < classes; j++) {
            const real p = k->p[i * n + j], hot = (real)(j == label);
            real g = p - hot;
            WRONG(one_hot_minus_p, g = hot - p);
            WRONG(one_hot_added, g = p + hot);
            WRONG(one_hot_forgotten, g = p);
            WRONG(softmax_forgotten, g = -hot);
            WRONG(log_probabilities_used, g = log(p) - hot);
            WRONG(softmax_jacobian_on_top, g *= p * (1 - p));
            WRONG(doubled, g *= 2);
            WRONG(halved, g /= 2);
            real dloss = *k->dloss;
            WRONG(cotangent_forgotten, dloss = 1);
            g *= dloss / (real)k->B;
            WRONG(summed_over_batch, g *= (real)k->B);
            WRONG(averaged_twice, g /= (real)k->B);
            WRONG(averaged_over_classes, g /= (real)n);
            UNLESS(dx_accumulates, k->dx[i * n + j] = 0);
            k->dx[i * n + j] += g;
        }
    }
    WRONG(probabilities_into_x, memcpy(k->x, k->p, k->B * n * sizeof k->x[0]));
    return 0;
}

KERNEL(softmax_cross_entropy, "loss = mean over B of log(sum exp(x)) - x[label]", struct layer,
       backward);
