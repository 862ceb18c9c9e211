// SPDX-License-Identifier: MIT
/* The neuron of lib/neuron, functional: y = sigmoid(w . x + b). Wrong passes are textbook ones. */
#include "neuron/neuron.h"
#include "kernel.h"

#ifdef KERNEL_F32
#define NEURON(name) neuron_##name##_f32
#else
#define NEURON(name) neuron_##name
#endif

#define MISTAKES(X)                                                                                \
    X(dy_negated, SIGN)                                                                            \
    X(one_plus_y, SIGN)                                                                            \
    X(target_minus_output, SIGN)                                                                   \
    X(dw_twice, CONSTANT_FACTOR)                                                                   \
    X(half_for_a_square, CONSTANT_FACTOR)                                                          \
    X(dw_over_n, SIZE_FACTOR)                                                                      \
    X(sigmoid_derivative_missing, MISSING_FACTOR)                                                  \
    X(one_minus_y_missing, MISSING_FACTOR)                                                         \
    X(dw_without_x, MISSING_FACTOR)                                                                \
    X(cotangent_ignored, MISSING_FACTOR)                                                           \
    X(sigmoid_derivative_twice, EXTRA_FACTOR)                                                      \
    X(db_times_b, EXTRA_FACTOR)                                                                    \
    X(sigmoid_derivative_of_y, WRONG_ARGUMENT)                                                     \
    X(tanh_derivative, WRONG_ARGUMENT)                                                             \
    X(bias_left_out_of_z, WRONG_ARGUMENT)                                                          \
    X(dx_and_dw_swapped, WRONG_ARGUMENT)                                                           \
    X(dx_shifted, SHIFTED)                                                                         \
    X(tail_of_four_left_out, TAIL)                                                                 \
    X(last_weight_left_out, TAIL)                                                                  \
    X(db_forgotten, NOT_WRITTEN)                                                                   \
    X(dw_accumulates, ACCUMULATES)                                                                 \
    X(stale_output, STALE_CACHE)                                                                   \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(writes_one_past_dw, OUT_OF_BOUNDS)                                                           \
    X(scales_w_in_place, WRITES_INPUT)                                                             \
    X(zero_when_saturated, CONDITIONAL)                                                            \
    X(wrong_for_large_n, CONDITIONAL)                                                              \
    X(never_returns, CRASHES)                                                                      \
    X(derivative_from_z, WRONG_ARGUMENT)                                                           \
    X(w_of_first_input_for_all, BROADCAST, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t n;
    real *x, *w, *b, *y;
    real *dx, *dw, *db, *dy;
    real first_y; /* for a mistake only */
};

static const struct shape shapes[] = {
    {.n = 3}, {.n = 1}, {.n = 17, .scale = 0.5}, {.n = 64, .scale = 0.2}, {.n = 4, .scale = 2.5},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->n = s->n;
    INPUT(x, {"n", s->n});
    INPUT(w, {"n", s->n});
    INPUT(b, ONE);
    OUTPUT(y, ONE);
}

static int forward(void *layer) {
    struct layer *k = layer;
    return NEURON(forward)(k->x, k->w, k->n, *k->b, NULL, k->y) != NEURON_OK;
}

static int wrong_backward(struct layer *k) {
    const size_t n = k->n;
    real y = *k->y, dy = *k->dy;
    real z = 0;
    NEURON(forward)(k->x, k->w, n, *k->b, &z, &y);
    WRONG(bias_left_out_of_z, y = NEURON(sigmoid)(z - *k->b));
    WRONG(stale_output, k->first_y = k->first_y == 0 ? y : k->first_y; y = k->first_y);
    WRONG(dy_negated, dy = -dy);
    WRONG(cotangent_ignored, dy = 1);
    WRONG(half_for_a_square, dy *= (real)0.5);

    real dz = dy * y * (1 - y);
    WRONG(one_plus_y, dz = dy * y * (1 + y));
    WRONG(target_minus_output, dz = dy * y * (y - 1));
    WRONG(sigmoid_derivative_missing, dz = dy);
    WRONG(one_minus_y_missing, dz = dy * y);
    WRONG(sigmoid_derivative_twice, dz *= y * (1 - y));
    WRONG(sigmoid_derivative_of_y, dz = dy * NEURON(sigmoid_derivative)(y));
    WRONG(tanh_derivative, dz = dy * (1 - y * y));
    WRONG(derivative_from_z, dz = dy * z * (1 - z));
    WRONG(zero_when_saturated, dz = fabs(z) > 4 ? 0 : dz);
    WRONG(float_sums, dz = (real)((float)dy * (float)y * (1 - (float)y)));

    size_t end = n;
    WRONG(tail_of_four_left_out, end = n - n % 4);
    WRONG(last_weight_left_out, end = n - 1);
    clear(k->dx, n);
    UNLESS(dw_accumulates, clear(k->dw, n));
    for (size_t i = 0; i < end; i++) {
        k->dw[i] += dz * k->x[i];
        k->dx[i] = dz * k->w[i];
        WRONG(dx_and_dw_swapped, k->dw[i] = dz * k->w[i]; k->dx[i] = dz * k->x[i]);
        WRONG(dw_without_x, k->dw[i] = dz);
        WRONG(dw_twice, k->dw[i] = 2 * dz * k->x[i]);
        WRONG(dw_over_n, k->dw[i] /= (real)n);
        WRONG(dx_shifted, k->dx[i] = dz * k->w[(i + 1) % n]);
        WRONG(w_of_first_input_for_all, k->dx[i] = dz * k->w[0]);
        WRONG(wrong_for_large_n, if (i >= 32) k->dw[i] = dz * k->x[i - 32]);
        WRONG(scales_w_in_place, k->w[i] *= dz);
    }
    WRONG(writes_one_past_dw, k->dw[n] = dz);
    WRONG(never_returns, for (;;) k->first_y += dz);
    UNLESS(db_forgotten, *k->db = dz);
    WRONG(db_times_b, *k->db = dz * *k->b);
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    if (k->instance->mistake != RIGHT) {
        return wrong_backward(k);
    }
    return NEURON(backward)(k->x, k->w, k->n, *k->b, *k->dy, k->dw, k->db, k->dx) != NEURON_OK;
}

KERNEL(neuron, "y = sigmoid(w . x + b)", struct layer, backward);
