// SPDX-License-Identifier: MIT
#include "port_kernel.h"

#include "bind.h"
#include "tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- calls ---- */

void port_request_begin(struct port_request *r, const struct port_kernel *p, const char *pass) {
    r->call = (struct port_call){
        .kernel = p->family->name, .pass = pass, .given = r->given, .wanted = r->wanted};
}

bool port_request_give(struct port_request *r, const char *name, const struct array *a) {
    size_t i = r->call.n_given;
    if (i == sizeof r->given / sizeof r->given[0]) {
        return false;
    }
    r->given_arrays[i] = *a;
    r->given[i] = (struct port_given){name, &r->given_arrays[i]};
    r->call.n_given++;
    return true;
}

bool port_request_want(struct port_request *r, const char *name, const struct array *a,
                       bool optional) {
    size_t i = r->call.n_wanted;
    if (i == sizeof r->wanted / sizeof r->wanted[0]) {
        return false;
    }
    r->wanted[i] = (struct port_wanted){.name = name, .optional = optional, .array = *a};
    r->call.n_wanted++;
    return true;
}

enum port_answer port_request_make(struct port_request *r, struct port_kernel *p) {
    p->trouble.answer = port_door_call(p->door, &r->call, p->trouble.text);
    return p->trouble.answer;
}

static struct array bound_array(const struct slot *slot) {
    struct array a = tensor_kind(slot->tensor);
    a.data = slot->buffer;
    return a;
}

static bool is_extra(const struct port_kernel *p, const char *name) {
    for (size_t i = 0; i < p->n_extra; i++) {
        if (strcmp(p->extra[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* As `gradgate ask` writes it: the case's inputs that the pass is given, and what it expects. */
static void fill_request(struct port_request *r, const struct port_kernel *p,
                         enum golden_pass pass) {
    const struct golden_case *c = p->golden;
    port_request_begin(r, p, golden_pass_name(pass));
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (golden_pass_is_given(pass, c->inputs[i].name)) {
            struct slot slot = bind_given(p->kernel, c->inputs[i].name);
            struct array a = bound_array(&slot);
            (void)port_request_give(r, c->inputs[i].name, &a);
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        const char *name = c->expected[i].name;
        if (golden_pass_of(c, name) == pass) {
            struct slot slot = bind_expected(p->kernel, name);
            struct array a = bound_array(&slot);
            (void)port_request_want(r, name, &a, p->differentiable && is_extra(p, name));
        }
    }
}

size_t gate_port_calls(const struct golden_suite *suite) {
    size_t n = 0;
    for (size_t i = 0; i < suite->n_cases; i++) {
        for (enum golden_pass pass = GOLDEN_FORWARD; pass < GOLDEN_N_PASSES; pass++) {
            n += golden_has_pass(&suite->cases[i], pass);
        }
    }
    return n;
}

/* The number that `gradgate ask` gives this call. */
static size_t id_of(const struct port_kernel *p, enum golden_pass wanted) {
    size_t id = p->config->first_id;
    for (const struct golden_case *c = p->suite->cases; c < p->golden; c++) {
        for (enum golden_pass pass = GOLDEN_FORWARD; pass < GOLDEN_N_PASSES; pass++) {
            id += golden_has_pass(c, pass);
        }
    }
    for (enum golden_pass pass = GOLDEN_FORWARD; pass < wanted; pass++) {
        id += golden_has_pass(p->golden, pass);
    }
    return id;
}

static int run_pass(struct port_kernel *p, enum golden_pass pass) {
    struct port_request r;
    fill_request(&r, p, pass);
    r.call.id = p->config->port->target.answers != NULL ? id_of(p, pass) : 0;
    enum port_answer answer = port_request_make(&r, p);
    for (size_t i = 0; i < r.call.n_wanted && answer == PORT_ANSWERED; i++) {
        for (size_t j = 0; j < p->n_extra; j++) {
            if (strcmp(p->extra[j].name, r.wanted[i].name) == 0) {
                p->given[j] = r.wanted[i].answered;
            }
        }
    }
    return answer == PORT_ANSWERED ? 0 : 1 + (int)answer;
}

static int port_forward(void *ctx) {
    struct port_kernel *p = ctx;
    return run_pass(p, golden_has_pass(p->golden, GOLDEN_TRAIN) ? GOLDEN_TRAIN : GOLDEN_FORWARD);
}

static int port_backward(void *ctx) {
    return run_pass(ctx, GOLDEN_BACKWARD);
}

/* ---- the kernel in process, where there is one ---- */

static void copy_values(const struct port_kernel *p) {
    for (size_t i = 0; i < p->like.check.n_inputs; i++) {
        const struct gradcheck_tensor *t = &p->like.check.inputs[i];
        struct slot slot = bind_given(p->kernel, t->name);
        if (slot.tensor != NULL) {
            struct array a = bound_array(&slot);
            tensor_store(t, t->value, &a);
        }
    }
}

static int like_forward_wide(void *ctx, double *const outputs[]) {
    const struct port_kernel *p = ctx;
    copy_values(p);
    return p->like.check.forward_wide(p->like.check.ctx, outputs);
}

static void learn(struct gradcheck_tensor tensors[], size_t n,
                  const struct gradcheck_tensor known[], size_t n_known) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n_known; j++) {
            if (strcmp(tensors[i].name, known[j].name) == 0) {
                memcpy(tensors[i].dims, known[j].dims, sizeof tensors[i].dims);
                tensors[i].batch_axis = known[j].batch_axis;
                tensors[i].lower = known[j].lower;
                tensors[i].upper = known[j].upper;
            }
        }
    }
}

/* The wide forward must have its outputs in our order. */
static bool same_outputs(const struct port_kernel *p) {
    bool same = p->like.check.n_outputs == p->n_out;
    for (size_t i = 0; i < p->n_out && same; i++) {
        same = strcmp(p->like.check.outputs[i].name, p->out[i].name) == 0;
    }
    return same;
}

static void open_like(struct port_kernel *p, struct gate_kernel *out) {
    const struct gate_family *like = p->config->like;
    char why[GATE_TEXT_SIZE];
    p->has_like = like != NULL && like->open(like, p->golden, &p->like, why);
    if (!p->has_like) {
        return;
    }
    learn(p->in, p->n_in, p->like.check.inputs, p->like.check.n_inputs);
    learn(p->out, p->n_out, p->like.check.outputs, p->like.check.n_outputs);
    if (p->like.check.forward_wide != NULL && same_outputs(p)) {
        out->check.forward_wide = like_forward_wide;
    }
    if (p->like.no_gradient != NULL) {
        (void)snprintf(p->no_gradient, sizeof p->no_gradient, "%s", p->like.no_gradient);
    }
}

/* ---- tensors ---- */

bool port_base_name(const char *name, char base[]) {
    static const char suffix[] = ".grad";
    size_t length = strlen(name);
    size_t tail = sizeof suffix - 1;
    if (length <= tail || length >= GOLDEN_NAME_SIZE || strcmp(name + length - tail, suffix) != 0) {
        return false;
    }
    memcpy(base, name, length - tail);
    base[length - tail] = '\0';
    return true;
}

static bool is_cotangent(const struct golden_case *c, const char *name) {
    char base[GOLDEN_NAME_SIZE];
    return port_base_name(name, base) && golden_find_expected(c, base) != NULL;
}

static enum gradcheck_dtype dtype_of(enum array_dtype dtype) {
    static const enum gradcheck_dtype dtypes[] = {[ARRAY_F64] = GRADCHECK_F64,
                                                  [ARRAY_F32] = GRADCHECK_F32,
                                                  [ARRAY_I64] = GRADCHECK_I64,
                                                  [ARRAY_I32] = GRADCHECK_I32,
                                                  [ARRAY_U8] = GRADCHECK_U8};
    return dtypes[dtype];
}

static const struct array *find_input(const struct golden_case *c, const char *name) {
    const struct golden_input *in = golden_find_input(c, name);
    return in != NULL ? &in->array : NULL;
}

/* Memory for a tensor like `a`, and for its gradient if it has one. */
static bool make_tensor(struct port_kernel *p, const char *name, const struct array *a,
                        bool has_grad, struct gradcheck_tensor *t) {
    size_t at = p->n_values;
    if (at == GRADCHECK_MAX_TENSORS || a->ndim > GRADCHECK_MAX_DIMS ||
        array_create(a->dtype, a->ndim, a->shape, &p->values[at]) != ARRAY_OK ||
        (has_grad && array_create(a->dtype, a->ndim, a->shape, &p->grads[at]) != ARRAY_OK)) {
        return false;
    }
    p->n_values++;
    *t = (struct gradcheck_tensor){.name = name,
                                   .value = p->values[at].data,
                                   .grad = p->grads[at].data,
                                   .dtype = dtype_of(a->dtype),
                                   .ndim = a->ndim};
    memcpy(t->shape, a->shape, a->ndim * sizeof t->shape[0]);
    return true;
}

static const char *grad_name(const char *name, char text[2 * GOLDEN_NAME_SIZE]) {
    (void)snprintf(text, 2 * GOLDEN_NAME_SIZE, "%s.grad", name);
    return text;
}

static bool make_inputs(struct port_kernel *p) {
    const struct golden_case *c = p->golden;
    char name[2 * GOLDEN_NAME_SIZE];
    for (size_t i = 0; i < c->n_inputs; i++) {
        const struct golden_input *in = &c->inputs[i];
        const struct golden_expected *grad = golden_find_expected(c, grad_name(in->name, name));
        if (is_cotangent(c, in->name)) {
            continue;
        }
        if (!make_tensor(p, in->name, &in->array, grad != NULL, &p->in[p->n_in])) {
            return false;
        }
        p->in[p->n_in].grad_scale = grad != NULL ? grad->grad_scale : 0;
        p->differentiable = p->differentiable || grad != NULL;
        p->n_in++;
    }
    return true;
}

static bool is_gradient(const struct golden_case *c, const char *name) {
    char base[GOLDEN_NAME_SIZE];
    return port_base_name(name, base) && golden_find_input(c, base) != NULL;
}

/* What has a cotangent is an output; beside it, the rest is something on the way. */
static bool make_outputs(struct port_kernel *p) {
    const struct golden_case *c = p->golden;
    char name[2 * GOLDEN_NAME_SIZE];
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        bool has_grad = find_input(c, grad_name(e->name, name)) != NULL;
        bool extra = p->differentiable && !has_grad;
        struct gradcheck_tensor *t = extra ? &p->extra[p->n_extra] : &p->out[p->n_out];
        if (is_gradient(c, e->name)) {
            continue;
        }
        if (!make_tensor(p, e->name, &e->exact, has_grad, t)) {
            return false;
        }
        p->n_extra += extra;
        p->n_out += !extra;
    }
    return true;
}

/* ---- opening and closing ---- */

static void port_free(struct port_kernel *p) {
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < GRADCHECK_MAX_TENSORS; i++) {
        array_free(&p->values[i]);
        array_free(&p->grads[i]);
    }
    if (p->has_like && p->config->like->close != NULL) {
        p->config->like->close(&p->like);
    }
    free(p);
}

static bool fail(struct port_kernel *p, char why[], const char *reason) {
    port_free(p);
    (void)snprintf(why, GATE_TEXT_SIZE, "%s", reason);
    return false;
}

static void say_last_words(void *ctx, const char *text) {
    const struct port_kernel *p = ctx;
    if (p->kernel->last_words != NULL) {
        p->kernel->last_words(p->kernel->last_words_ctx, text);
    }
}

static bool gives(const struct gate_kernel *kernel, const char *name) {
    const struct port_kernel *p = kernel->self;
    for (size_t i = 0; i < p->n_extra; i++) {
        if (strcmp(p->extra[i].name, name) == 0) {
            return p->given[i] || !p->differentiable;
        }
    }
    return true;
}

static struct port_counts count(const struct gate_kernel *kernel) {
    const struct port_kernel *p = kernel->self;
    return port_door_counts(p->door);
}

static bool end(struct gate_kernel *kernel, char why[]) {
    struct port_kernel *p = kernel->self;
    enum port_answer answer = port_door_close(p->door, why);
    p->door = NULL;
    kernel->count = NULL; /* there is nothing left to count */
    return answer == PORT_ANSWERED;
}

static void describe(struct port_kernel *p, struct gate_kernel *out) {
    *out = (struct gate_kernel){.check = {.name = p->family->name,
                                          .inputs = p->in,
                                          .n_inputs = p->n_in,
                                          .outputs = p->out,
                                          .n_outputs = p->n_out,
                                          .forward = port_forward,
                                          .backward = port_backward,
                                          .ctx = p},
                                .extras = p->extra,
                                .n_extras = p->n_extra,
                                .self = p,
                                .trouble = &p->trouble,
                                .gives = gives,
                                .count = count,
                                .probe = port_probe,
                                .end = end,
                                .allow = p->config->port->about.flush_to_zero ? port_allow : NULL};
    (void)snprintf(p->no_gradient, sizeof p->no_gradient, "no gradient is expected of it");
    open_like(p, out);
    out->no_gradient = p->differentiable ? NULL : p->no_gradient;
    if (p->config->port->target.answers != NULL) {
        out->gradient_skipped = "answers in a file are compared with golden values only: the "
                                "gradient check did not run";
    }
    p->kernel = out;
}

static bool open_port(const struct gate_family *family, const struct golden_case *c,
                      struct gate_kernel *out, char why[]) {
    const struct gate_port_kernel *config = family->data;
    struct port_kernel *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return fail(p, why, "out of memory");
    }
    p->config = config;
    p->family = family;
    p->suite = config->state->suite;
    p->golden = c;
    if (!make_inputs(p) || !make_outputs(p)) {
        return fail(p, why, "out of memory, or more than 32 arrays, or one of more than 4 axes");
    }
    describe(p, out);
    const struct port_door_options options = {.target = &config->port->target,
                                              .suite = family->name,
                                              .seconds = config->port->call_seconds,
                                              .talk = 1, /* the worker's, which is ours to hear */
                                              .last_words = say_last_words,
                                              .last_words_ctx = p};
    char reason[PORT_TEXT_SIZE];
    p->door = port_door_open(&options, reason);
    return p->door != NULL || fail(p, why, reason);
}

static void close_port(struct gate_kernel *kernel) {
    struct port_kernel *p = kernel->self;
    char why[PORT_TEXT_SIZE];
    if (p->door != NULL) {
        (void)port_door_close(p->door, why);
    }
    port_free(p);
}

static void begin(const struct gate_family *family, const struct golden_suite *suite) {
    const struct gate_port_kernel *config = family->data;
    config->state->suite = suite;
}

struct gate_family gate_port_family(const char *name, const char *summary,
                                    const struct gate_port_kernel *kernel) {
    return (struct gate_family){.name = name,
                                .summary = summary,
                                .open = open_port,
                                .close = close_port,
                                .data = kernel,
                                .begin = begin};
}
