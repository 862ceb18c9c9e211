// SPDX-License-Identifier: MIT
/* The neuron object of lib/neuron on a batch: dw and db are means over it, dx is not. */
#include "kernel.h"
#include "neuron/neuron.h"

#ifdef KERNEL_F32
#define NEURON(name) neuron_##name##_f32
#define OBJECT neuron_f32
#else
#define NEURON(name) neuron_##name
#define OBJECT neuron
#endif

#define MISTAKES(X)                                                                                \
    X(dz_negated, SIGN)                                                                            \
    X(dw_summed, SIZE_FACTOR)                                                                      \
    X(db_summed, SIZE_FACTOR)                                                                      \
    X(mean_taken_twice, SIZE_FACTOR)                                                               \
    X(dx_averaged_too, SIZE_FACTOR)                                                                \
    X(mean_over_features, SIZE_FACTOR)                                                             \
    X(divided_by_batch_minus_one, SIZE_FACTOR)                                                     \
    X(derivative_missing, MISSING_FACTOR)                                                          \
    X(derivative_squared, EXTRA_FACTOR)                                                            \
    X(derivative_of_first_row, WRONG_ARGUMENT)                                                     \
    X(x_read_transposed, TRANSPOSED)                                                               \
    X(dx_written_transposed, TRANSPOSED)                                                           \
    X(row_of_the_next_sample, SHIFTED)                                                             \
    X(last_sample_left_out, TAIL)                                                                  \
    X(pairs_of_samples_only, TAIL)                                                                 \
    X(dw_of_last_sample, OVERWRITES)                                                               \
    X(one_dz_for_all_rows, BROADCAST)                                                              \
    X(db_forgotten, NOT_WRITTEN)                                                                   \
    X(dw_accumulates, ACCUMULATES)                                                                 \
    X(output_of_first_batch, STALE_CACHE)                                                          \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(whole_rows_with_padding, OUT_OF_BOUNDS)                                                      \
    X(derivative_into_y, WRITES_INPUT)                                                             \
    X(wrong_beyond_one_sample, CONDITIONAL)                                                        \
    X(dx_from_x, WRONG_ARGUMENT)                                                                   \
    X(dx_forgotten, NOT_WRITTEN)                                                                   \
    X(output_clipped, CONDITIONAL, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    struct OBJECT *neuron;
    size_t B, n, stride;
    real *x, *w, *b, *y;
    real *dx, *dw, *db, *dy;
    real *dz, *first_y;
    bool has_first;
};

static const struct shape shapes[] = {
    {.B = 3, .n = 4},
    {.B = 1, .n = 1},
    {.B = 5, .n = 3, .pad = 2},
    {.B = 16, .n = 9},
    {.B = 2, .n = 33, .scale = 0.4},
};

static void close_neuron(void *layer) {
    NEURON(free)(((struct layer *)layer)->neuron);
}

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    k->stride = s->n + s->pad;
    INPUT_ROWS(x, k->stride, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    INPUT(w, {"n", s->n})->grad_scale = 1.0 / (double)s->B;
    INPUT(b, ONE)->grad_scale = 1.0 / (double)s->B;
    OUTPUT(y, {"B", s->B})->batch_axis = 1;
    SCRATCH(k->dz, s->B);
    SCRATCH(k->first_y, s->B);
    struct neuron_random random;
    neuron_random_seed(&random, 1);
    NEURON(create)(s->n, &random, &k->neuron);
    instance->close = close_neuron;
}

static int forward(void *layer) {
    struct layer *k = layer;
    return NEURON(set_parameters)(k->neuron, k->w, k->n, *k->b) != NEURON_OK ||
           NEURON(forward_batch)(k->neuron, k->x, k->B, k->n, k->stride, k->y) != NEURON_OK;
}

static void wrong_dz(struct layer *k) {
    for (size_t i = 0; i < k->B; i++) {
        real y = k->y[i];
        const real dy = k->dy[i];
        WRONG(output_of_first_batch, if (!k->has_first) k->first_y[i] = y; y = k->first_y[i]);
        WRONG(output_clipped, y = fmin(fmax(y, (real)0.05), (real)0.95));
        WRONG(derivative_of_first_row, y = k->y[0]);
        k->dz[i] = dy * y * (1 - y);
        WRONG(dz_negated, k->dz[i] = -k->dz[i]);
        WRONG(derivative_missing, k->dz[i] = dy);
        WRONG(derivative_squared, k->dz[i] *= y * (1 - y));
        WRONG(float_sums, k->dz[i] = (real)((float)dy * (float)y * (1 - (float)y)));
        WRONG(derivative_into_y, k->y[i] = k->dz[i]);
    }
    WRONG(one_dz_for_all_rows, for (size_t i = 0; i < k->B; i++) k->dz[i] = k->dz[0]);
    k->has_first = true;
}

static int wrong_backward(struct layer *k) {
    const size_t n = k->n, B = k->B;
    size_t end = B;
    WRONG(last_sample_left_out, end = B - 1);
    WRONG(pairs_of_samples_only, end = B - B % 2);
    wrong_dz(k);
    UNLESS(dw_accumulates, clear(k->dw, n));
    UNLESS(db_forgotten, *k->db = 0);
    real mean = 1 / (real)B;
    WRONG(mean_taken_twice, mean *= mean);
    WRONG(mean_over_features, mean = 1 / (real)n);
    WRONG(divided_by_batch_minus_one, mean = 1 / (real)(B - 1 + (B == 1)));
    for (size_t i = 0; i < end; i++) {
        const real dz = k->dz[i], *x = k->x + i * k->stride;
        WRONG(row_of_the_next_sample, x = k->x + (i + 1) % B * k->stride);
        for (size_t j = 0; j < n; j++) {
            real xj = x[j];
            WRONG(x_read_transposed, const size_t at = j * B + i;
                  xj = k->x[at / n * k->stride + at % n]);
            WRONG(dw_of_last_sample, k->dw[j] = 0);
            UNLESS(dw_summed, k->dw[j] += mean * dz * xj);
            WRONG(dw_summed, k->dw[j] += dz * xj);
            WRONG(wrong_beyond_one_sample, if (i > 0) k->dw[j] = k->dw[0]);
        }
        UNLESS(db_forgotten, *k->db += mean * dz);
        WRONG(db_summed, *k->db += dz * (1 - mean));
    }
    for (size_t i = 0; i < B; i++) {
        for (size_t j = 0; j < n; j++) {
            UNLESS(dx_forgotten, k->dx[i * k->stride + j] = k->dz[i] * k->w[j]);
            WRONG(dx_from_x, k->dx[i * k->stride + j] = k->dz[i] * k->x[i * k->stride + j]);
            WRONG(dx_averaged_too, k->dx[i * k->stride + j] *= mean);
        }
        WRONG(whole_rows_with_padding,
              for (size_t j = n; j < k->stride; j++) k->dx[i * k->stride + j] = 0);
    }
    WRONG(dx_written_transposed, for (size_t i = 0; i < B * n; i++)
                                     k->dx[i / n * k->stride + i % n] = k->dz[i % B] * k->w[i / B]);
    return 0;
}

static int backward(void *layer) {
    struct layer *k = layer;
    if (k->instance->mistake != RIGHT) {
        return wrong_backward(k);
    }
    return NEURON(backward_batch)(k->neuron, k->dy, k->B, k->dx, k->stride) != NEURON_OK ||
           NEURON(get_gradients)(k->neuron, k->dw, k->n, k->db) != NEURON_OK;
}

KERNEL(neuron_batch, "y[B] = sigmoid(x[B, n] . w[n] + b)", struct layer, backward);
