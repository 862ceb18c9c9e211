// SPDX-License-Identifier: MIT
/* The neuron library as kernel families. Included twice, by family_f64.c and family_f32.c, with
 *     REAL     double or float
 *     NAME(x)  x or x_f32
 *     WIDE     1 if a wider forward pass is there to compare with
 *
 * A struct layer holds what each of the families needs of: the buffers that the tensors point to,
 * the object, the tensors themselves. Buffers come one by one from the heap, so that a sanitizer
 * sees a step beyond any of them. */
#include "builtin.h"

#include "neuron/neuron.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OWNED = 16, MAX_TENSORS = 6 };

struct layer {
    size_t B, n;
    REAL *x, *dx, *w, *dw, *y, *dy, *target, *loss, *w_new;
    REAL b, db, z, learning_rate, b_new;
    int64_t steps, seed, n_wanted;
    size_t n_steps; /* room in loss */
    double *wide;   /* x, w and a row of results in double; NULL without WIDE */
    struct NAME(neuron) * neuron;
    struct gradcheck_tensor in[MAX_TENSORS], out[MAX_TENSORS], extra[1];
    size_t n_owned;
    void *owned[MAX_OWNED];
};

/* ---- opening ---- */

static void *own(struct layer *l, size_t count, size_t size) {
    void *memory = l != NULL && l->n_owned < MAX_OWNED ? calloc(count > 0 ? count : 1, size) : NULL;
    if (memory != NULL) {
        l->owned[l->n_owned++] = memory;
    }
    return memory;
}

static REAL *own_reals(struct layer *l, size_t count) {
    return own(l, count, sizeof(REAL));
}

static void layer_free(struct layer *l) {
    if (l == NULL) {
        return;
    }
    NAME(neuron_free)(l->neuron);
    for (size_t i = 0; i < l->n_owned; i++) {
        free(l->owned[i]);
    }
    free(l);
}

void NAME(family_close)(struct gate_kernel *kernel) {
    layer_free(kernel->self);
}

static bool fail(struct layer *l, char why[], const char *reason) {
    layer_free(l);
    (void)snprintf(why, GATE_TEXT_SIZE, "%s", reason);
    return false;
}

static const struct array *given(const struct golden_case *c, const char *name, size_t ndim) {
    const struct golden_input *in = golden_find_input(c, name);
    return in != NULL && in->array.ndim == ndim && in->array.count > 0 ? &in->array : NULL;
}

/* Buffers for x[B, n] (or x[n]: B = 1), w[n], their gradients, y[B] and its cotangent. */
static bool make_buffers(struct layer *l) {
    l->x = own_reals(l, l->B * l->n);
    l->dx = own_reals(l, l->B * l->n);
    l->w = own_reals(l, l->n);
    l->dw = own_reals(l, l->n);
    l->y = own_reals(l, l->B);
    l->dy = own_reals(l, l->B);
    l->w_new = own_reals(l, l->n);
    l->wide = WIDE ? own(l, l->B * l->n + l->n, sizeof(double)) : NULL;
    return l->x != NULL && l->dx != NULL && l->w != NULL && l->dw != NULL && l->y != NULL &&
           l->dy != NULL && l->w_new != NULL && (!WIDE || l->wide != NULL);
}

static bool make_neuron(struct layer *l) {
    struct neuron_random random;
    neuron_random_seed(&random, 0);
    return NAME(neuron_create)(l->n, &random, &l->neuron) == NEURON_OK;
}

/* ndim 1: one sample; 2: a batch. NULL with a reason in why. */
static struct layer *make_layer(const struct golden_case *c, size_t ndim, char why[]) {
    const struct array *x = given(c, "x", ndim);
    if (x == NULL) {
        (void)snprintf(why, GATE_TEXT_SIZE, "the case has no input x of %zu axes", ndim);
        return NULL;
    }
    struct layer *l = calloc(1, sizeof *l);
    if (l != NULL) {
        l->B = ndim == 2 ? x->shape[0] : 1;
        l->n = x->shape[ndim - 1];
    }
    if (l == NULL || !make_buffers(l) || !make_neuron(l)) {
        (void)fail(l, why, "out of memory");
        return NULL;
    }
    return l;
}

/* ---- tensors ---- */

static struct gradcheck_tensor scalar(const char *name, REAL *value, REAL *grad) {
    return (struct gradcheck_tensor)GRADCHECK_INPUT(name, value, grad);
}

static struct gradcheck_tensor vector(const char *name, REAL *value, REAL *grad, size_t count,
                                      const char *dim) {
    struct gradcheck_tensor t = GRADCHECK_INPUT(name, value, grad, count);
    t.dims[0] = dim;
    return t;
}

static struct gradcheck_tensor matrix(const char *name, REAL *value, REAL *grad,
                                      const struct layer *l) {
    struct gradcheck_tensor t = GRADCHECK_INPUT(name, value, grad, l->B, l->n);
    t.dims[0] = "B";
    t.dims[1] = "n";
    t.batch_axis = 1;
    return t;
}

static struct gradcheck_tensor integer(const char *name, int64_t *value) {
    return (struct gradcheck_tensor)GRADCHECK_INPUT(name, value, NULL);
}

static struct gradcheck_tensor batch_output(const char *name, REAL *value, REAL *grad,
                                            const struct layer *l) {
    struct gradcheck_tensor t = vector(name, value, grad, l->B, "B");
    t.batch_axis = 1;
    return t;
}

static struct gate_kernel kernel_of(struct layer *l, const char *name, size_t n_in, size_t n_out) {
    return (struct gate_kernel){.check = {.name = name,
                                          .inputs = l->in,
                                          .n_inputs = n_in,
                                          .outputs = l->out,
                                          .n_outputs = n_out,
                                          .ctx = l},
                                .self = l};
}

/* ---- the same forward in double ---- */

#if WIDE
static const double *widen(double to[], const REAL from[], size_t n) {
    for (size_t i = 0; i < n; i++) {
        to[i] = (double)from[i];
    }
    return to;
}

static int neuron_wide(void *ctx, double *const outputs[]) {
    struct layer *l = ctx;
    const double *x = widen(l->wide, l->x, l->B * l->n);
    const double *w = widen(l->wide + l->B * l->n, l->w, l->n);
    enum neuron_status status = NEURON_OK;
    for (size_t i = 0; i < l->B && status == NEURON_OK; i++) {
        status = neuron_forward(x + i * l->n, w, l->n, (double)l->b, NULL, &outputs[0][i]);
    }
    return (int)status;
}

static int sigmoid_wide(void *ctx, double *const outputs[]) {
    struct layer *l = ctx;
    for (size_t i = 0; i < l->n; i++) {
        outputs[0][i] = neuron_sigmoid((double)l->x[i]);
    }
    return 0;
}
#else
#define neuron_wide NULL
#define sigmoid_wide NULL
#endif

/* ---- sigmoid: x is z here, y has n entries ---- */

static int sigmoid_forward(void *ctx) {
    struct layer *l = ctx;
    NAME(neuron_sigmoid_array)(l->x, l->y, l->n);
    return 0;
}

static int sigmoid_backward(void *ctx) {
    struct layer *l = ctx;
    NAME(neuron_sigmoid_derivative_array)(l->x, l->dx, l->n);
    for (size_t i = 0; i < l->n; i++) {
        l->dx[i] *= l->dy[i];
    }
    return 0;
}

bool NAME(family_sigmoid)(const struct gate_family *family, const struct golden_case *c,
                          struct gate_kernel *out, char why[]) {
    const struct array *z = given(c, "z", 1);
    struct layer *l = calloc(1, sizeof *l);
    if (z == NULL || l == NULL) {
        return fail(l, why, z == NULL ? "the case has no input z of 1 axis" : "out of memory");
    }
    l->n = z->shape[0];
    l->x = own_reals(l, l->n);
    l->dx = own_reals(l, l->n);
    l->y = own_reals(l, l->n);
    l->dy = own_reals(l, l->n);
    if (l->x == NULL || l->dx == NULL || l->y == NULL || l->dy == NULL) {
        return fail(l, why, "out of memory");
    }
    l->in[0] = vector("z", l->x, l->dx, l->n, "n");
    l->out[0] = vector("y", l->y, l->dy, l->n, "n");
    l->in[0].batch_axis = l->out[0].batch_axis = 1;
    *out = kernel_of(l, family->name, 1, 1);
    out->check.forward = sigmoid_forward;
    out->check.backward = sigmoid_backward;
    out->check.forward_wide = sigmoid_wide;
    return true;
}

/* ---- the neuron as a function ---- */

static int neuron_function_forward(void *ctx) {
    struct layer *l = ctx;
    return (int)NAME(neuron_forward)(l->x, l->w, l->n, l->b, &l->z, l->y);
}

static int neuron_function_backward(void *ctx) {
    struct layer *l = ctx;
    return (int)NAME(neuron_backward)(l->x, l->w, l->n, l->b, l->dy[0], l->dw, &l->db, l->dx);
}

/* x[n], w[n], b -> y, each with its gradient. */
static void describe_sample(struct layer *l) {
    l->in[0] = vector("x", l->x, l->dx, l->n, "n");
    l->in[1] = vector("w", l->w, l->dw, l->n, "n");
    l->in[2] = scalar("b", &l->b, &l->db);
    l->out[0] = scalar("y", l->y, l->dy);
}

bool NAME(family_neuron)(const struct gate_family *family, const struct golden_case *c,
                         struct gate_kernel *out, char why[]) {
    struct layer *l = make_layer(c, 1, why);
    if (l == NULL) {
        return false;
    }
    describe_sample(l);
    l->extra[0] = scalar("z", &l->z, NULL);
    *out = kernel_of(l, family->name, 3, 1);
    out->check.forward = neuron_function_forward;
    out->check.backward = neuron_function_backward;
    out->check.forward_wide = neuron_wide;
    out->extras = l->extra;
    out->n_extras = 1;
    return true;
}

/* ---- the object on one sample ---- */

static int sample_forward(void *ctx) {
    struct layer *l = ctx;
    enum neuron_status status = NAME(neuron_set_parameters)(l->neuron, l->w, l->n, l->b);
    return (int)(status != NEURON_OK ? status
                                     : NAME(neuron_forward_sample)(l->neuron, l->x, l->n, l->y));
}

static int sample_backward(void *ctx) {
    struct layer *l = ctx;
    enum neuron_status status = NAME(neuron_backward_sample)(l->neuron, l->dy[0], l->dx);
    return (int)(status != NEURON_OK ? status
                                     : NAME(neuron_get_gradients)(l->neuron, l->dw, l->n, &l->db));
}

bool NAME(family_sample)(const struct gate_family *family, const struct golden_case *c,
                         struct gate_kernel *out, char why[]) {
    struct layer *l = make_layer(c, 1, why);
    if (l == NULL) {
        return false;
    }
    describe_sample(l);
    *out = kernel_of(l, family->name, 3, 1);
    out->check.forward = sample_forward;
    out->check.backward = sample_backward;
    out->check.forward_wide = neuron_wide;
    return true;
}

/* ---- the object on a batch ---- */

static int batch_forward(void *ctx) {
    struct layer *l = ctx;
    enum neuron_status status = NAME(neuron_set_parameters)(l->neuron, l->w, l->n, l->b);
    return (int)(status != NEURON_OK
                     ? status
                     : NAME(neuron_forward_batch)(l->neuron, l->x, l->B, l->n, l->n, l->y));
}

static int batch_backward(void *ctx) {
    struct layer *l = ctx;
    enum neuron_status status = NAME(neuron_backward_batch)(l->neuron, l->dy, l->B, l->dx, l->n);
    return (int)(status != NEURON_OK ? status
                                     : NAME(neuron_get_gradients)(l->neuron, l->dw, l->n, &l->db));
}

bool NAME(family_batch)(const struct gate_family *family, const struct golden_case *c,
                        struct gate_kernel *out, char why[]) {
    struct layer *l = make_layer(c, 2, why);
    if (l == NULL) {
        return false;
    }
    l->in[0] = matrix("x", l->x, l->dx, l);
    l->in[1] = vector("w", l->w, l->dw, l->n, "n");
    l->in[2] = scalar("b", &l->b, &l->db);
    /* dw and db are kept as means over the batch, dx is not divided. */
    l->in[1].grad_scale = l->in[2].grad_scale = 1.0 / (double)l->B;
    l->out[0] = batch_output("y", l->y, l->dy, l);
    *out = kernel_of(l, family->name, 3, 1);
    out->check.forward = batch_forward;
    out->check.backward = batch_backward;
    out->check.forward_wide = neuron_wide;
    return true;
}

/* ---- update steps ---- */

/* One forward, backward and update; dy may depend on y. */
static enum neuron_status step(struct layer *l, bool batch) {
    enum neuron_status status =
        batch ? NAME(neuron_backward_batch)(l->neuron, l->dy, l->B, NULL, l->n)
              : NAME(neuron_backward_sample)(l->neuron, l->dy[0], NULL);
    return status != NEURON_OK ? status
                               : NAME(neuron_update_parameters)(l->neuron, l->learning_rate);
}

static enum neuron_status see(struct layer *l, bool batch) {
    return batch ? NAME(neuron_forward_batch)(l->neuron, l->x, l->B, l->n, l->n, l->y)
                 : NAME(neuron_forward_sample)(l->neuron, l->x, l->n, l->y);
}

static int update(struct layer *l, bool batch) {
    enum neuron_status status = NAME(neuron_set_parameters)(l->neuron, l->w, l->n, l->b);
    for (int64_t i = 0; i < l->steps && status == NEURON_OK; i++) {
        status = see(l, batch);
        status = status == NEURON_OK ? step(l, batch) : status;
    }
    return (int)(status != NEURON_OK
                     ? status
                     : NAME(neuron_get_parameters)(l->neuron, l->w_new, l->n, &l->b_new));
}

static int update_sample_forward(void *ctx) {
    return update(ctx, false);
}

static int update_batch_forward(void *ctx) {
    return update(ctx, true);
}

/* The inputs and outputs that update and train share; `last` is y.grad or target. */
static void describe_steps(struct layer *l, bool batch, const char *last, REAL *values) {
    l->in[0] = batch ? matrix("x", l->x, NULL, l) : vector("x", l->x, NULL, l->n, "n");
    l->in[1] = vector("w", l->w, NULL, l->n, "n");
    l->in[2] = scalar("b", &l->b, NULL);
    l->in[3] = batch ? batch_output(last, values, NULL, l) : scalar(last, values, NULL);
    l->in[4] = scalar("learning_rate", &l->learning_rate, NULL);
    l->in[5] = integer("steps", &l->steps);
    l->out[0] = vector("w.updated", l->w_new, NULL, l->n, "n");
    l->out[1] = scalar("b.updated", &l->b_new, NULL);
}

bool NAME(family_update)(const struct gate_family *family, const struct golden_case *c,
                         struct gate_kernel *out, char why[]) {
    bool batch = given(c, "x", 2) != NULL;
    struct layer *l = make_layer(c, batch ? 2 : 1, why);
    if (l == NULL) {
        return false;
    }
    describe_steps(l, batch, "y.grad", l->dy);
    *out = kernel_of(l, family->name, 6, 2);
    out->check.forward = batch ? update_batch_forward : update_sample_forward;
    out->no_gradient = "update steps have no backward pass";
    return true;
}

/* ---- training: half the mean squared error, the loss of step k before its update ---- */

static REAL residuals(struct layer *l) {
    REAL sum = 0;
    for (size_t i = 0; i < l->B; i++) {
        l->dy[i] = l->y[i] - l->target[i];
        sum += l->dy[i] * l->dy[i];
    }
    return sum / (REAL)(2 * l->B);
}

static int train_forward(void *ctx) {
    struct layer *l = ctx;
    if (l->steps < 0 || (uint64_t)l->steps != l->n_steps) {
        return -1; /* steps and the length of loss disagree */
    }
    enum neuron_status status = NAME(neuron_set_parameters)(l->neuron, l->w, l->n, l->b);
    for (size_t i = 0; i < l->n_steps && status == NEURON_OK; i++) {
        status = see(l, true);
        l->loss[i] = residuals(l);
        status = status == NEURON_OK ? step(l, true) : status;
    }
    return (int)(status != NEURON_OK
                     ? status
                     : NAME(neuron_get_parameters)(l->neuron, l->w_new, l->n, &l->b_new));
}

bool NAME(family_train)(const struct gate_family *family, const struct golden_case *c,
                        struct gate_kernel *out, char why[]) {
    const struct golden_expected *loss = golden_find_expected(c, "loss");
    struct layer *l = make_layer(c, 2, why);
    if (l == NULL) {
        return false;
    }
    l->n_steps = loss != NULL && loss->exact.ndim == 1 ? loss->exact.shape[0] : 0;
    l->target = own_reals(l, l->B);
    l->loss = own_reals(l, l->n_steps);
    if (l->target == NULL || l->loss == NULL) {
        return fail(l, why, "out of memory");
    }
    describe_steps(l, true, "target", l->target);
    l->out[2] = vector("loss", l->loss, NULL, l->n_steps, "steps");
    *out = kernel_of(l, family->name, 6, 3);
    out->check.forward = train_forward;
    out->no_gradient = "a training run has no backward pass";
    return true;
}

/* ---- initial weights ---- */

static int init_forward(void *ctx) {
    struct layer *l = ctx;
    struct neuron_random random;
    struct NAME(neuron) *neuron = NULL;
    if (l->seed < 0 || l->seed > UINT32_MAX || (uint64_t)l->n_wanted != l->n) {
        return -1;
    }
    neuron_random_seed(&random, (uint32_t)l->seed);
    enum neuron_status status = NAME(neuron_create)(l->n, &random, &neuron);
    if (status == NEURON_OK) {
        status = NAME(neuron_get_parameters)(neuron, l->w_new, l->n, NULL);
    }
    NAME(neuron_free)(neuron);
    return (int)status;
}

bool NAME(family_init)(const struct gate_family *family, const struct golden_case *c,
                       struct gate_kernel *out, char why[]) {
    const struct golden_expected *w = golden_find_expected(c, "w.init");
    struct layer *l = calloc(1, sizeof *l);
    bool usable = w != NULL && w->exact.ndim == 1;
    if (l == NULL || !usable) {
        return fail(l, why, usable ? "out of memory" : "the case expects no w.init of 1 axis");
    }
    l->n = w->exact.shape[0];
    l->w_new = own_reals(l, l->n);
    if (l->w_new == NULL) {
        return fail(l, why, "out of memory");
    }
    l->in[0] = integer("seed", &l->seed);
    l->in[1] = integer("n", &l->n_wanted);
    l->out[0] = vector("w.init", l->w_new, NULL, l->n, "n");
    *out = kernel_of(l, family->name, 2, 1);
    out->check.forward = init_forward;
    out->no_gradient = "random draws have no backward pass";
    return true;
}
