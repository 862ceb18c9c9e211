// SPDX-License-Identifier: MIT
/* One causal head: out = softmax(q k^T / sqrt(d), over the keys up to the query) v. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(softmax_term_added, SIGN)                                                                    \
    X(scale_is_one_over_d, SIZE_FACTOR)                                                            \
    X(averaged_over_queries, SIZE_FACTOR)                                                          \
    X(scale_missing, MISSING_FACTOR)                                                               \
    X(probability_missing, MISSING_FACTOR)                                                         \
    X(scale_twice, EXTRA_FACTOR)                                                                   \
    X(dk_from_keys, WRONG_ARGUMENT)                                                                \
    X(softmax_derivative_as_sigmoid, DROPPED_TERM)                                                 \
    X(softmax_term_dropped, DROPPED_TERM)                                                          \
    X(dv_from_transposed_probabilities, TRANSPOSED)                                                \
    X(dv_stored_transposed, TRANSPOSED)                                                            \
    X(mask_leaves_out_diagonal, SHIFTED)                                                           \
    X(last_feature_left_out, TAIL)                                                                 \
    X(last_query_left_out, TAIL)                                                                   \
    X(softmax_term_of_first_query, BROADCAST)                                                      \
    X(dk_forgotten, NOT_WRITTEN)                                                                   \
    X(dv_accumulates, ACCUMULATES)                                                                 \
    X(dk_of_last_query, OVERWRITES)                                                                \
    X(probabilities_of_first_call, STALE_CACHE)                                                    \
    X(maximum_not_subtracted, OVERFLOWS)                                                           \
    X(float_probabilities, LOW_PRECISION, .f64_only = true)                                        \
    X(scales_q_in_place, WRITES_INPUT)                                                             \
    X(wrong_for_long_sequences, CONDITIONAL)                                                       \
    X(dv_forgotten, NOT_WRITTEN)                                                                   \
    X(dq_negated, SIGN)                                                                            \
    X(probability_missing_in_row_sum, MISSING_FACTOR)                                              \
    X(scale_from_sequence_length, SIZE_FACTOR, .late = true)                                       \
    X(dp_from_keys, WRONG_ARGUMENT, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t T, d;
    real *q, *k, *v, *out;
    real *dq, *dk, *dv, *dout;
    real *p; /* [T, T], cached by forward */
    real *dp, *first_p;
    bool cached;
};

static const struct shape shapes[] = {
    {.n = 4, .m = 3},
    {.n = 1, .m = 2},
    {.n = 7, .m = 5, .scale = 0.7},
    {.n = 10, .m = 4},
    {.n = 3, .m = 4, .scale = 60, .extreme = true},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->T = s->n;
    k->d = s->m;
    INPUT(q, {"T", s->n}, {"d", s->m});
    INPUT(k, {"T", s->n}, {"d", s->m});
    INPUT(v, {"T", s->n}, {"d", s->m});
    OUTPUT(out, {"T", s->n}, {"d", s->m});
    SCRATCH(k->p, s->n * s->n);
    SCRATCH(k->dp, s->n);
    SCRATCH(k->first_p, s->n * s->n);
}

static real dot(const real a[], const real b[], size_t n) {
    real sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Row i of p: over the keys 0..i. */
static void softmax_row(struct layer *k, size_t i) {
    const real scale = 1 / sqrt((real)k->d);
    real *p = k->p + i * k->T, max = -HUGE_VALF, sum = 0;
    for (size_t j = 0; j <= i; j++) {
        p[j] = scale * dot(k->q + i * k->d, k->k + j * k->d, k->d);
        max = fmax(max, p[j]);
    }
    WRONG(maximum_not_subtracted, max = 0);
    for (size_t j = 0; j <= i; j++) {
        p[j] = exp(p[j] - max);
        sum += p[j];
    }
    for (size_t j = 0; j < k->T; j++) {
        p[j] = j <= i ? p[j] / sum : 0;
    }
}

/* What somebody does who thinks that the weights never change. */
static void remember(struct layer *k) {
    const size_t size = k->T * k->T * sizeof k->p[0];
    memcpy(k->cached ? k->p : k->first_p, k->cached ? k->first_p : k->p, size);
    k->cached = true;
}

static int forward(void *layer) {
    struct layer *k = layer;
    const size_t T = k->T, d = k->d;
    clear(k->out, T * d);
    for (size_t i = 0; i < T; i++) {
        softmax_row(k, i);
        for (size_t j = 0; j <= i; j++) {
            for (size_t c = 0; c < d; c++) {
                k->out[i * d + c] += k->p[i * T + j] * k->v[j * d + c];
            }
        }
    }
    WRONG(probabilities_of_first_call, remember(k));
    return 0;
}

static void value_gradient(struct layer *k, size_t i, size_t d) {
    for (size_t j = 0; j <= i; j++) {
        real p = k->p[i * k->T + j];
        WRONG(dv_from_transposed_probabilities, p = k->p[j * k->T + i]);
        for (size_t c = 0; c < d; c++) {
            size_t at = j * d + c;
            WRONG(dv_stored_transposed, at = c * k->T + j);
            k->dv[at] += p * k->dout[i * k->d + c];
        }
    }
}

/* Query i's scores: ds = p (dp - sum p dp), then into q and k. */
static void score_gradient(struct layer *k, size_t i, size_t d) {
    const real *p = k->p + i * k->T, *q = k->q + i * k->d;
    real scale = 1 / sqrt((real)k->d);
    WRONG(scale_is_one_over_d, scale = 1 / (real)k->d);
    WRONG(scale_from_sequence_length, scale = 1 / sqrt((real)k->T));
    WRONG(averaged_over_queries, scale /= (real)k->T);
    WRONG(scale_missing, scale = 1);
    WRONG(scale_twice, scale *= scale);
    for (size_t j = 0; j <= i; j++) {
        k->dp[j] = dot(k->dout + i * k->d, k->v + j * k->d, k->d);
        WRONG(dp_from_keys, k->dp[j] = dot(k->dout + i * k->d, k->k + j * k->d, k->d));
    }
    real sum = dot(p, k->dp, i + 1);
    WRONG(softmax_term_dropped, sum = 0);
    WRONG(probability_missing_in_row_sum, sum = 0; for (size_t j = 0; j <= i; j++) sum += k->dp[j]);
    WRONG(softmax_term_added, sum = -sum);
    WRONG(softmax_term_of_first_query, sum = k->p[0] * k->dp[0]);
    size_t end = i + 1;
    WRONG(mask_leaves_out_diagonal, end = i);
    for (size_t j = 0; j < end; j++) {
        real ds = scale * p[j] * (k->dp[j] - sum);
        WRONG(probability_missing, ds = scale * (k->dp[j] - sum));
        WRONG(softmax_derivative_as_sigmoid, ds = scale * p[j] * (1 - p[j]) * k->dp[j]);
        WRONG(float_probabilities, ds = (real)(float)ds);
        WRONG(wrong_for_long_sequences, if (j >= 8) ds = 0);
        for (size_t c = 0; c < d; c++) {
            const size_t at = j * k->d + c;
            k->dq[i * k->d + c] += ds * k->k[at];
            WRONG(dq_negated, k->dq[i * k->d + c] -= 2 * ds * k->k[at]);
            WRONG(dk_of_last_query, k->dk[at] = 0);
            UNLESS(dk_forgotten, k->dk[at] += ds * q[c]);
            WRONG(dk_from_keys, k->dk[at] += ds * (k->k[at] - q[c]));
        }
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t count = k->T * k->d;
    size_t queries = k->T, d = k->d;
    WRONG(last_query_left_out, queries--);
    WRONG(last_feature_left_out, d--);
    clear(k->dq, count);
    UNLESS(dk_forgotten, clear(k->dk, count));
    UNLESS(dv_forgotten, UNLESS(dv_accumulates, clear(k->dv, count)));
    for (size_t i = 0; i < queries; i++) {
        UNLESS(dv_forgotten, value_gradient(k, i, k->d));
        score_gradient(k, i, d);
    }
    WRONG(scales_q_in_place, for (size_t i = 0; i < count; i++) k->q[i] /= sqrt((real)k->d));
    return 0;
}

KERNEL(attention, "out = softmax(q k^T / sqrt(d), causal) v", struct layer, backward);
