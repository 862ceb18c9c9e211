// SPDX-License-Identifier: MIT
/* A layer of m neurons without activation: y[B, m] = x[B, n] w[n, m] + b[m]; rows of x ldx apart.
 */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(dx_negated, SIGN)                                                                            \
    X(dw_doubled, CONSTANT_FACTOR)                                                                 \
    X(dw_averaged, SIZE_FACTOR)                                                                    \
    X(db_averaged, SIZE_FACTOR)                                                                    \
    X(dw_without_dy, MISSING_FACTOR)                                                               \
    X(dw_from_w, WRONG_ARGUMENT)                                                                   \
    X(w_not_transposed, TRANSPOSED)                                                                \
    X(dw_stored_transposed, TRANSPOSED)                                                            \
    X(dw_columns_shifted, SHIFTED)                                                                 \
    X(last_output_left_out, TAIL)                                                                  \
    X(tail_of_eight_left_out, TAIL)                                                                \
    X(db_over_features, BROADCAST)                                                                 \
    X(db_forgotten, NOT_WRITTEN)                                                                   \
    X(dx_forgotten, NOT_WRITTEN)                                                                   \
    X(dw_not_cleared, ACCUMULATES)                                                                 \
    X(db_of_last_row, OVERWRITES)                                                                  \
    X(x_of_first_batch, STALE_CACHE)                                                               \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(one_row_too_many, OUT_OF_BOUNDS)                                                             \
    X(transposes_w_in_place, WRITES_INPUT)                                                         \
    X(threads_race, NONDETERMINISTIC)                                                              \
    X(wrong_for_odd_n, CONDITIONAL)                                                                \
    X(frees_its_cache_twice, CRASHES)                                                              \
    X(dx_halved, CONSTANT_FACTOR)                                                                  \
    X(db_total_for_all, BROADCAST)                                                                 \
    X(dx_not_cleared, ACCUMULATES)                                                                 \
    X(transposed_w_of_first_call, STALE_CACHE)                                                     \
    X(updates_w_before_dx, WRITES_INPUT, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, n, m, ldx;
    real *x, *w, *b, *y;
    real *dx, *dw, *db, *dy;
    real *first_x, *first_wt; /* for mistakes only; w transposed */
    bool has_first;
    unsigned calls;
};

static const struct shape shapes[] = {
    {.B = 2, .n = 3, .m = 2},           {.B = 1, .n = 1, .m = 1},
    {.B = 3, .n = 5, .m = 4, .pad = 3}, {.B = 4, .n = 16, .m = 3, .scale = 3},
    {.B = 3, .n = 9, .m = 17},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    k->m = s->m;
    k->ldx = s->n + s->pad;
    INPUT_ROWS(x, k->ldx, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    INPUT(w, {"n", s->n}, {"m", s->m});
    INPUT(b, {"m", s->m});
    OUTPUT(y, {"B", s->B}, {"m", s->m})->batch_axis = 1;
    SCRATCH(k->first_x, s->B * k->ldx);
    SCRATCH(k->first_wt, s->n * s->m);
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t i = 0; i < k->B; i++) {
        for (size_t j = 0; j < k->m; j++) {
            real sum = k->b[j];
            for (size_t a = 0; a < k->n; a++) {
                sum += k->x[i * k->ldx + a] * k->w[a * k->m + j];
            }
            k->y[i * k->m + j] = sum;
        }
    }
    if (!k->has_first) {
        memcpy(k->first_x, k->x, k->B * k->ldx * sizeof k->x[0]);
        for (size_t i = 0; i < k->n * k->m; i++) {
            k->first_wt[i % k->m * k->n + i / k->m] = k->w[i];
        }
        k->has_first = true;
    }
    return 0;
}

static void parameter_gradients(struct layer *k) {
    const size_t n = k->n, m = k->m;
    UNLESS(dw_not_cleared, clear(k->dw, n * m));
    UNLESS(db_forgotten, clear(k->db, m));
    size_t outputs = m;
    WRONG(last_output_left_out, outputs = m - 1);
    WRONG(tail_of_eight_left_out, outputs = m < 8 ? m : m - m % 8);
    for (size_t i = 0; i < k->B; i++) {
        const real *x = k->x + i * k->ldx, *dy = k->dy + i * m;
        WRONG(x_of_first_batch, x = k->first_x + i * k->ldx);
        for (size_t j = 0; j < outputs; j++) {
            WRONG(db_of_last_row, k->db[j] = 0);
            UNLESS(db_forgotten, k->db[j] += dy[j]);
        }
        for (size_t a = 0; a < n; a++) {
            for (size_t j = 0; j < outputs; j++) {
                size_t at = a * m + j;
                real g = x[a] * dy[j];
                WRONG(dw_doubled, g *= 2);
                WRONG(dw_averaged, g /= (real)k->B);
                WRONG(dw_without_dy, g = x[a]);
                WRONG(dw_from_w, g = k->w[at] * dy[j]);
                WRONG(float_sums, g = (real)((float)x[a] * (float)dy[j]));
                WRONG(dw_stored_transposed, at = j * n + a);
                WRONG(dw_columns_shifted, at = a * m + (j + 1) % m);
                WRONG(wrong_for_odd_n, if (n % 2 == 1 && a + 1 == n) g = 0);
                k->dw[at] += g;
            }
        }
    }
    WRONG(db_averaged, for (size_t j = 0; j < m; j++) k->db[j] /= (real)k->B);
    WRONG(db_total_for_all, real total = 0; for (size_t j = 0; j < m; j++) total += k->db[j];
          for (size_t j = 0; j < m; j++) k->db[j] = total);
    WRONG(db_over_features, for (size_t j = 1; j < m; j++) k->db[j] = k->db[0]);
}

static void input_gradient(struct layer *k) {
    const size_t n = k->n, m = k->m;
    size_t rows = k->B;
    WRONG(one_row_too_many, rows = k->B + 1);
    for (size_t i = 0; i < rows; i++) {
        const real *dy = k->dy + i % k->B * m;
        for (size_t a = 0; a < n && (i < k->B || a < 4); a++) {
            real sum = 0;
            for (size_t j = 0; j < m; j++) {
                size_t at = a * m + j;
                WRONG(w_not_transposed, at = j * n + a);
                real w = k->w[at];
                WRONG(transposed_w_of_first_call, w = k->first_wt[j * n + a]);
                sum += dy[j] * w;
            }
            WRONG(dx_negated, sum = -sum);
            WRONG(dx_halved, sum /= 2);
            WRONG(dx_not_cleared, sum += k->dx[i * k->ldx + a]);
            k->dx[i * k->ldx + a] = sum;
        }
    }
}

static void transpose_in_place(struct layer *k) {
    for (size_t a = 0; a < k->n && a < k->m; a++) {
        for (size_t j = 0; j < a; j++) {
            const real w = k->w[a * k->m + j];
            k->w[a * k->m + j] = k->w[j * k->m + a];
            k->w[j * k->m + a] = w;
        }
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    parameter_gradients(k);
    WRONG(updates_w_before_dx,
          for (size_t i = 0; i < k->n * k->m; i++) k->w[i] -= (real)0.01 * k->dw[i]);
    UNLESS(dx_forgotten, input_gradient(k));
    WRONG(transposes_w_in_place, transpose_in_place(k));
    WRONG(threads_race, if (++k->calls % 2 == 0) k->dw[0] -= k->x[0] * k->dy[0]);
    WRONG(frees_its_cache_twice, abort());
    return 0;
}

KERNEL(dense, "y[B, m] = x[B, n] w[n, m] + b[m]", struct layer, backward);
