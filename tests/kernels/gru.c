// SPDX-License-Identifier: MIT
/* One step of a gated recurrent unit. With a = x W + b and s = h U, for the gates 0, 1 and 2:
 *     r = sigmoid(a0 + s0), z = sigmoid(a1 + s1), c = tanh(a2 + r s2), out = (1 - z) c + z h */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(update_gate_negated, SIGN)                                                                   \
    X(gates_swapped_in_output, SIGN)                                                               \
    X(du_averaged, SIZE_FACTOR)                                                                    \
    X(tanh_derivative_missing, MISSING_FACTOR)                                                     \
    X(sigmoid_derivative_missing, MISSING_FACTOR)                                                  \
    X(reset_gate_missing_in_dh, MISSING_FACTOR)                                                    \
    X(one_minus_z_missing, MISSING_FACTOR)                                                         \
    X(tanh_derivative_twice, EXTRA_FACTOR)                                                         \
    X(sigmoid_derivative_for_tanh, WRONG_ARGUMENT)                                                 \
    X(reset_from_h, WRONG_ARGUMENT)                                                                \
    X(dw_from_h, WRONG_ARGUMENT)                                                                   \
    X(direct_path_of_h_dropped, DROPPED_TERM)                                                      \
    X(recurrent_path_of_h_dropped, DROPPED_TERM)                                                   \
    X(u_not_transposed, TRANSPOSED)                                                                \
    X(gates_in_another_order, SHIFTED)                                                             \
    X(last_unit_left_out, TAIL)                                                                    \
    X(reset_of_first_unit, BROADCAST)                                                              \
    X(db_forgotten, NOT_WRITTEN)                                                                   \
    X(dw_accumulates, ACCUMULATES)                                                                 \
    X(du_of_last_sample, OVERWRITES)                                                               \
    X(candidate_of_first_call, STALE_CACHE)                                                        \
    X(float_gates, LOW_PRECISION, .f64_only = true)                                                \
    X(new_state_into_h, WRITES_INPUT)                                                              \
    X(wrong_for_open_gates, CONDITIONAL)                                                           \
    X(db_averaged, SIZE_FACTOR)                                                                    \
    X(update_gate_derivative_missing, MISSING_FACTOR)                                              \
    X(dx_of_last_gate, OVERWRITES)                                                                 \
    X(reset_gate_taken_as_constant, DROPPED_TERM)                                                  \
    X(candidate_left_out_of_update_gate, DROPPED_TERM, .late = true)                               \
    X(candidate_ds_not_written, UNINITIALISED, .late = true)
DECLARE_MISTAKES;

enum { R, Z, C, GATES };

struct layer {
    struct instance *instance;
    size_t B, n, m;
    real *x, *h, *w, *u, *b, *out;
    real *dx, *dh, *dw, *du, *db, *dout;
    real *gate, *s; /* [B, GATES, m], cached by forward: activations, and h U */
    real *da, *ds;  /* [GATES, m]: gradients of a sample's a and s */
    real *first_c;
    bool cached;
};

static const struct shape shapes[] = {
    {.B = 2, .n = 3, .m = 2},
    {.B = 1, .n = 1, .m = 1},
    {.B = 3, .n = 2, .m = 5},
    {.B = 2, .n = 5, .m = 3, .scale = 1.5},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->B = s->B;
    k->n = s->n;
    k->m = s->m;
    INPUT(x, {"B", s->B}, {"n", s->n})->batch_axis = 1;
    INPUT(h, {"B", s->B}, {"m", s->m})->batch_axis = 1;
    INPUT(w, {"gates", GATES}, {"n", s->n}, {"m", s->m});
    INPUT(u, {"gates", GATES}, {"m", s->m}, {"m", s->m});
    INPUT(b, {"gates", GATES}, {"m", s->m});
    OUTPUT(out, {"B", s->B}, {"m", s->m})->batch_axis = 1;
    SCRATCH(k->gate, s->B * GATES * s->m);
    SCRATCH(k->s, s->B * GATES * s->m);
    SCRATCH(k->da, GATES * s->m);
    SCRATCH(k->ds, GATES * s->m);
    SCRATCH(k->first_c, s->B * s->m);
}

static real sigmoid(real x) {
    return 1 / (1 + exp(-x));
}

/* sum over i of v[i] a[i, j], for a matrix with m columns */
static real column(const real v[], const real a[], size_t n, size_t m, size_t j) {
    real sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i] * a[i * m + j];
    }
    return sum;
}

static int forward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n, m = k->m;
    for (size_t at = 0; at < k->B * m; at++) {
        const size_t i = at / m, j = at % m;
        real a[GATES], *s = k->s + i * GATES * m + j, *gate = k->gate + i * GATES * m + j;
        for (size_t g = 0; g < GATES; g++) {
            a[g] = column(k->x + i * n, k->w + g * n * m, n, m, j) + k->b[g * m + j];
            s[g * m] = column(k->h + i * m, k->u + g * m * m, m, m, j);
        }
        const real r = sigmoid(a[R] + s[R * m]), z = sigmoid(a[Z] + s[Z * m]);
        const real c = tanh(a[C] + r * s[C * m]);
        k->out[at] = (1 - z) * c + z * k->h[at];
        gate[R * m] = r;
        gate[Z * m] = z;
        gate[C * m] = c;
        WRONG(candidate_of_first_call, if (!k->cached) k->first_c[at] = c);
        WRONG(candidate_of_first_call, gate[C * m] = k->first_c[at]);
    }
    k->cached = true;
    return 0;
}

/* da and ds of unit j of sample i, and the part of dh that does not go through s. */
static void unit(struct layer *k, size_t i, size_t j) {
    const size_t m = k->m;
    const real *gate = k->gate + i * GATES * m + j, *s = k->s + i * GATES * m + j;
    const real h = k->h[i * m + j], dout = k->dout[i * m + j];
    real r = gate[R * m], z = gate[Z * m], c = gate[C * m];
    WRONG(float_gates, z = (real)(float)z);
    real dc = dout * (1 - z) * (1 - c * c), dz = dout * (h - c) * z * (1 - z);
    WRONG(one_minus_z_missing, dc = dout * (1 - c * c));
    WRONG(tanh_derivative_missing, dc = dout * (1 - z));
    WRONG(tanh_derivative_twice, dc *= 1 - c * c);
    WRONG(sigmoid_derivative_for_tanh, dc = dout * (1 - z) * c * (1 - c));
    WRONG(update_gate_negated, dz = -dz);
    WRONG(update_gate_derivative_missing, dz = dout * (h - c));
    WRONG(candidate_left_out_of_update_gate, dz = dout * h * z * (1 - z));
    WRONG(wrong_for_open_gates, if (z > (real)0.75) dz = 0);
    real dr = dc * s[C * m] * r * (1 - r);
    WRONG(sigmoid_derivative_missing, dr = dc * s[C * m]);
    WRONG(reset_from_h, dr = dc * h * r * (1 - r));
    WRONG(reset_gate_taken_as_constant, dr = 0);
    WRONG(reset_of_first_unit, r = k->gate[i * GATES * m + R * m]);
    WRONG(reset_gate_missing_in_dh, r = 1);
    k->da[R * m + j] = k->ds[R * m + j] = dr;
    k->da[Z * m + j] = k->ds[Z * m + j] = dz;
    k->da[C * m + j] = dc;
    UNLESS(candidate_ds_not_written, k->ds[C * m + j] = dc * r);
    real direct = dout * z;
    WRONG(direct_path_of_h_dropped, direct = 0);
    WRONG(gates_swapped_in_output, direct = dout * (1 - z));
    k->dh[i * m + j] = direct;
}

/* Adds what sample i gives to dw, du and db. */
static void parameter_gradients(struct layer *k, size_t i) {
    const size_t n = k->n, m = k->m;
    const real *x = k->x + i * n, *h = k->h + i * m;
    for (size_t at = 0; at < GATES * m; at++) {
        size_t g = at / m;
        const size_t j = at % m;
        WRONG(gates_in_another_order, g = g == C ? C : 1 - g);
        for (size_t a = 0; a < n; a++) {
            real dw = x[a] * k->da[at];
            WRONG(dw_from_h, dw = h[a % m] * k->da[at]);
            k->dw[(g * n + a) * m + j] += dw;
        }
        for (size_t a = 0; a < m; a++) {
            real du = h[a] * k->ds[at];
            WRONG(du_averaged, du /= (real)k->B);
            WRONG(du_of_last_sample, k->du[(g * m + a) * m + j] = 0);
            k->du[(g * m + a) * m + j] += du;
        }
        real db = k->da[at];
        WRONG(db_averaged, db /= (real)k->B);
        UNLESS(db_forgotten, k->db[at] += db);
    }
}

static void input_gradients(struct layer *k, size_t i) {
    const size_t n = k->n, m = k->m;
    clear(k->dx + i * n, n);
    for (size_t at = 0; at < GATES * m; at++) {
        const size_t g = at / m, j = at % m;
        WRONG(dx_of_last_gate, if (j == 0) clear(k->dx + i * n, n));
        for (size_t a = 0; a < n; a++) {
            k->dx[i * n + a] += k->w[(g * n + a) * m + j] * k->da[at];
        }
        for (size_t a = 0; a < m; a++) {
            real u = k->u[(g * m + a) * m + j];
            WRONG(u_not_transposed, u = k->u[(g * m + j) * m + a]);
            WRONG(recurrent_path_of_h_dropped, u = 0);
            k->dh[i * m + a] += u * k->ds[at];
        }
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t n = k->n, m = k->m;
    size_t units = m;
    WRONG(last_unit_left_out, units = m - 1; clear(k->da, GATES * m); clear(k->ds, GATES * m);
          clear(k->dh, k->B * m));
    UNLESS(dw_accumulates, clear(k->dw, GATES * n * m));
    clear(k->du, GATES * m * m);
    UNLESS(db_forgotten, clear(k->db, GATES * m));
    for (size_t i = 0; i < k->B; i++) {
        for (size_t j = 0; j < units; j++) {
            unit(k, i, j);
        }
        parameter_gradients(k, i);
        input_gradients(k, i);
    }
    WRONG(new_state_into_h, memcpy(k->h, k->out, k->B * m * sizeof k->h[0]));
    return 0;
}

KERNEL(gru, "out = (1 - z) tanh(x w + r h u + b) + z h", struct layer, backward);
