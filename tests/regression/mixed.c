// SPDX-License-Identifier: MIT
#include "mixed.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/* ---- elements of a tensor, packed and in its buffers ---- */

static bool is_float(const struct gradcheck_tensor *t) {
    return t->dtype == GRADCHECK_F64 || t->dtype == GRADCHECK_F32;
}

static size_t offset_of(const struct gradcheck_tensor *t, size_t element) {
    size_t offset = 0;
    for (size_t axis = t->ndim; axis-- > 0;) {
        offset += element % t->shape[axis] * t->strides[axis];
        element /= t->shape[axis];
    }
    return offset;
}

static double get(const struct gradcheck_tensor *t, const void *buffer, size_t element) {
    const size_t at = offset_of(t, element);
    return t->dtype == GRADCHECK_F32 ? (double)((const float *)buffer)[at]
                                     : ((const double *)buffer)[at];
}

static void set(const struct gradcheck_tensor *t, void *buffer, size_t element, double to) {
    const size_t at = offset_of(t, element);
    if (t->dtype == GRADCHECK_F32) {
        ((float *)buffer)[at] = (float)to;
    } else {
        ((double *)buffer)[at] = to;
    }
}

enum part { VALUE, GRAD, TANGENT };

static void *part_of(const struct gradcheck_tensor *t, enum part part) {
    return part == VALUE ? t->value : part == GRAD ? t->grad : t->tangent;
}

/* What the float tensors hold one after another; `missing` where one has no such part. Returns the
 * number of elements. */
static size_t gather_part(const struct gradcheck_tensor tensors[], size_t n_tensors, enum part part,
                          double missing, double to[]) {
    size_t n = 0;
    for (size_t i = 0; i < n_tensors; i++) {
        const void *from = part_of(&tensors[i], part);
        for (size_t e = 0; is_float(&tensors[i]) && e < tensor_count(&tensors[i]); e++) {
            to[n++] = from != NULL ? get(&tensors[i], from, e) : missing;
        }
    }
    return n;
}

/* The other way round; a part that a tensor has not is left out. */
static void scatter_part(const struct gradcheck_tensor tensors[], size_t n_tensors, enum part part,
                         const double from[]) {
    for (size_t i = 0; i < n_tensors; i++) {
        void *to = part_of(&tensors[i], part);
        for (size_t e = 0; is_float(&tensors[i]) && e < tensor_count(&tensors[i]); e++, from++) {
            if (to != NULL) {
                set(&tensors[i], to, e, *from);
            }
        }
    }
}

/* ---- the two functions, with their Jacobians j[output][input] ---- */

static const int32_t ids[] = {2, 0};

/* in: c, a[3], b[2][2]; out: y[3], z[2].
 * y_i = sin(a_i) b_i'0 + c a_i+1, z_j = exp(0.3 b_j0 b_j1) + a_id(j)^2 / 2 */
static void gather(const double in[], double out[], double j[][MIXED_MOST]) {
    const double c = in[0], *a = in + 1, *b = in + 4;
    for (size_t i = 0; i < 3; i++) {
        const size_t next = (i + 1) % 3, row = i % 2;
        out[i] = sin(a[i]) * b[2 * row] + c * a[next];
        j[i][0] = a[next];
        j[i][1 + i] = cos(a[i]) * b[2 * row];
        j[i][1 + next] = c;
        j[i][4 + 2 * row] = sin(a[i]);
    }
    for (size_t k = 0; k < 2; k++) {
        const double product = b[2 * k] * b[2 * k + 1], gathered = a[ids[k]];
        out[3 + k] = exp(0.3 * product) + gathered * gathered / 2;
        j[3 + k][4 + 2 * k] = exp(0.3 * product) * 0.3 * b[2 * k + 1];
        j[3 + k][4 + 2 * k + 1] = exp(0.3 * product) * 0.3 * b[2 * k];
        j[3 + k][1 + ids[k]] = gathered;
    }
}

/* in: w[2], c, x[4][2]; out: y[4], z[4][2]. y_r = tanh(x_r . w + c), z_rk = x_rk w_k^2 */
static void rows(const double in[], double out[], double j[][MIXED_MOST]) {
    const double *w = in, c = in[2], *x = in + 3;
    for (size_t r = 0; r < 4; r++) {
        const double y = tanh(x[2 * r] * w[0] + x[2 * r + 1] * w[1] + c);
        out[r] = y;
        j[r][2] = 1 - y * y;
        for (size_t k = 0; k < 2; k++) {
            const size_t z = 4 + 2 * r + k, at = 2 * r + k;
            j[r][k] = (1 - y * y) * x[at];
            j[r][3 + at] = (1 - y * y) * w[k];
            out[z] = x[at] * w[k] * w[k];
            j[z][k] = 2 * x[at] * w[k];
            j[z][3 + at] = w[k] * w[k];
        }
    }
}

static void make_mistake(const struct mixed *m, size_t n_in, size_t n_out, double j[][MIXED_MOST]) {
    const size_t in_last = tensor_count(&m->inputs[m->kernel.n_inputs - 1]);
    const size_t out_last = tensor_count(&m->outputs[m->kernel.n_outputs - 1]);
    for (size_t o = 0; o < n_out; o++) {
        const double second = j[o][2];
        for (size_t i = 0; i < n_in; i++) {
            j[o][i] *= m->mistake == MIXED_SLIGHTLY_OFF && i == 1             ? 1 + 1e-5
                       : m->mistake == MIXED_NEGATED && o >= n_out - out_last ? -1
                       : m->mistake == MIXED_LEFT_OUT && i >= n_in - in_last  ? 0
                       : m->mistake == MIXED_LARGER                           ? 1.5
                                                                              : 1;
        }
        if (m->mistake == MIXED_SWAPPED) {
            j[o][2] = j[o][1];
            j[o][1] = second;
        }
    }
}

/* Values and the Jacobian at what the inputs hold. */
static void evaluate(const struct mixed *m, double out[], double j[][MIXED_MOST]) {
    double in[MIXED_MOST], outputs[MIXED_MOST];
    const size_t n_in = gather_part(m->inputs, m->kernel.n_inputs, VALUE, 0, in);
    const size_t n_out = gather_part(m->outputs, m->kernel.n_outputs, VALUE, 0, outputs);
    memset(j, 0, sizeof(double[MIXED_MOST][MIXED_MOST]));
    m->function(in, out, j);
    make_mistake(m, n_in, n_out, j);
}

/* ---- the kernel ---- */

static int forward(void *ctx) {
    struct mixed *m = ctx;
    double out[MIXED_MOST], j[MIXED_MOST][MIXED_MOST];
    evaluate(m, out, j);
    scatter_part(m->outputs, m->kernel.n_outputs, VALUE, out);
    return 0;
}

static int forward_wide(void *ctx, double *const outputs[]) {
    const struct mixed *m = ctx;
    double out[MIXED_MOST], j[MIXED_MOST][MIXED_MOST];
    size_t n = 0;
    evaluate(m, out, j);
    for (size_t o = 0; o < m->kernel.n_outputs; o++) {
        for (size_t e = 0; is_float(&m->outputs[o]) && e < tensor_count(&m->outputs[o]); e++) {
            outputs[o][e] = out[n++];
        }
    }
    return 0;
}

static int backward(void *ctx) {
    struct mixed *m = ctx;
    double out[MIXED_MOST], j[MIXED_MOST][MIXED_MOST], cotangent[MIXED_MOST];
    double sums[MIXED_MOST];
    evaluate(m, out, j);
    const size_t n_out = gather_part(m->outputs, m->kernel.n_outputs, GRAD, 1, cotangent);
    const size_t n_in = gather_part(m->inputs, m->kernel.n_inputs, GRAD, 0, sums);
    size_t at = 0;
    for (size_t i = 0; i < m->kernel.n_inputs && at < n_in; i++) {
        const struct gradcheck_tensor *t = &m->inputs[i];
        for (size_t e = 0; is_float(t) && e < tensor_count(t); e++, at++) {
            double sum = 0;
            for (size_t o = 0; o < n_out; o++) {
                sum += j[o][at] * cotangent[o];
            }
            sum *= t->grad_scale != 0 ? t->grad_scale : 1;
            sums[at] = sum + (m->kernel.grad_accumulates ? sums[at] : 0);
        }
    }
    scatter_part(m->inputs, m->kernel.n_inputs, GRAD, sums);
    return 0;
}

static int jvp(void *ctx) {
    struct mixed *m = ctx;
    double out[MIXED_MOST], j[MIXED_MOST][MIXED_MOST], direction[MIXED_MOST];
    evaluate(m, out, j);
    const size_t n_in = gather_part(m->inputs, m->kernel.n_inputs, TANGENT, 0, direction);
    for (size_t o = 0; o < MIXED_MOST; o++) {
        out[o] = 0;
        for (size_t i = 0; i < n_in; i++) {
            out[o] += j[o][i] * direction[i];
        }
    }
    scatter_part(m->outputs, m->kernel.n_outputs, TANGENT, out);
    return 0;
}

/* ---- the descriptor ---- */

static struct gradcheck_tensor describe(const char *name, enum gradcheck_dtype dtype, size_t ndim,
                                        size_t n, size_t m, struct mixed_buffers *buffers,
                                        unsigned traits) {
    struct gradcheck_tensor t = {
        .name = name,
        .value = buffers->value,
        .grad = buffers->grad,
        .dtype = dtype,
        .ndim = ndim,
        .shape = {n, m},
        .strides = {m + (traits & MIXED_STRIDED && ndim == 2 ? 1 : 0), 1},
        .tangent = traits & MIXED_JVP ? buffers->tangent : NULL,
    };
    if (ndim == 1) {
        t.strides[0] = traits & MIXED_STRIDED ? 2 : 1;
    }
    return t;
}

/* No grad and no tangent: the scalar between the others is a constant. */
static struct gradcheck_tensor describe_constant(struct mixed_buffers *buffers) {
    struct gradcheck_tensor t = describe("c", GRADCHECK_F64, 0, 0, 0, buffers, 0);
    t.grad = NULL;
    return t;
}

static void fill(struct mixed *m, uint64_t seed) {
    double number = (double)(seed % 100);
    for (size_t i = 0; i < m->kernel.n_inputs; i++) {
        const struct gradcheck_tensor *t = &m->inputs[i];
        for (size_t e = 0; is_float(t) && e < tensor_count(t); e++) {
            set(t, t->value, e, 0.2 + 0.9 * sin(number += 1.7));
        }
    }
}

static void bound(struct gradcheck_tensor *t) {
    t->lower = INFINITY;
    t->upper = -INFINITY;
    for (size_t e = 0; e < tensor_count(t); e++) {
        t->lower = fmin(t->lower, get(t, t->value, e));
        t->upper = fmax(t->upper, get(t, t->value, e));
    }
}

static void finish(struct mixed *m, unsigned traits, struct gradcheck_tensor *bounded,
                   uint64_t seed) {
    m->kernel.inputs = m->inputs;
    m->kernel.outputs = m->outputs;
    m->kernel.forward = forward;
    m->kernel.backward = backward;
    m->kernel.ctx = m;
    m->kernel.jvp = traits & MIXED_JVP ? jvp : NULL;
    m->kernel.forward_wide = traits & MIXED_WIDE ? forward_wide : NULL;
    m->kernel.grad_accumulates = (traits & MIXED_ACCUMULATES) != 0;
    fill(m, seed);
    bounded->grad_scale = traits & MIXED_SCALED ? 0.5 : 0;
    if (traits & MIXED_BOUNDED) {
        bound(bounded);
    }
    if (traits & MIXED_FIXED) {
        m->outputs[m->kernel.n_outputs - 1].grad = NULL;
    }
}

void mixed_open_gather(struct mixed *m, unsigned traits, enum mixed_mistake mistake,
                       uint64_t seed) {
    static int64_t count[] = {5};
    const enum gradcheck_dtype some = traits & MIXED_FLOAT ? GRADCHECK_F32 : GRADCHECK_F64;
    *m = (struct mixed){.function = gather, .mistake = mistake};
    m->kernel.name = "gather";
    m->kernel.n_inputs = 4;
    m->kernel.n_outputs = 3;
    struct mixed_buffers *in = m->input_buffers, *out = m->output_buffers;
    m->inputs[0] = describe_constant(&in[0]);
    m->inputs[1] = describe("a", GRADCHECK_F64, 1, 3, 0, &in[1], traits);
    m->inputs[2] = (struct gradcheck_tensor){.name = "ids",
                                             .value = memcpy(in[2].value, ids, sizeof ids),
                                             .dtype = GRADCHECK_I32,
                                             .ndim = 1,
                                             .shape = {2}};
    m->inputs[3] = describe("b", some, 2, 2, 2, &in[3], traits);
    m->outputs[0] = describe("y", GRADCHECK_F64, 1, 3, 0, &out[0], traits);
    m->outputs[1] = (struct gradcheck_tensor){
        .name = "n", .value = count, .dtype = GRADCHECK_I64, .ndim = 1, .shape = {1}};
    m->outputs[2] = describe("z", some, 1, 2, 0, &out[2], traits);
    finish(m, traits, &m->inputs[1], seed);
}

void mixed_open_rows(struct mixed *m, unsigned traits, enum mixed_mistake mistake, uint64_t seed) {
    const enum gradcheck_dtype some = traits & MIXED_FLOAT ? GRADCHECK_F32 : GRADCHECK_F64;
    *m = (struct mixed){.function = rows, .mistake = mistake};
    m->kernel.name = "rows";
    m->kernel.n_inputs = 3;
    m->kernel.n_outputs = 2;
    struct mixed_buffers *in = m->input_buffers, *out = m->output_buffers;
    m->inputs[0] = describe("w", GRADCHECK_F64, 1, 2, 0, &in[0], traits);
    m->inputs[1] = describe_constant(&in[1]);
    m->inputs[2] = describe("x", some, 2, 4, 2, &in[2], traits);
    m->outputs[0] = describe("y", GRADCHECK_F64, 1, 4, 0, &out[0], traits);
    m->outputs[1] = describe("z", some, 2, 4, 2, &out[1], traits);
    m->inputs[2].batch_axis = m->outputs[0].batch_axis = m->outputs[1].batch_axis = 1;
    finish(m, traits, &m->inputs[2], seed);
}

void mixed_set_cotangents(struct mixed *m) {
    double to = 1;
    for (size_t o = 0; o < m->kernel.n_outputs; o++) {
        const struct gradcheck_tensor *t = &m->outputs[o];
        for (size_t e = 0; t->grad != NULL && e < tensor_count(t); e++, to += 0.25) {
            set(t, t->grad, e, to);
        }
    }
}
