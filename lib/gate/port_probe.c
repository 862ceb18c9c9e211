// SPDX-License-Identifier: MIT
/* What a port is asked beyond forward and backward: two objects in turns, and, when it is wrong,
 * where it first goes wrong. */
#include "port_kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- interleave: forward a, forward b, backward a, backward b ---- */

enum { N_OBJECTS = 2 };

struct interleave {
    struct port_request request;
    size_t n;
    char names[GRADCHECK_MAX_TENSORS * 4][GOLDEN_NAME_SIZE];
    struct wanted {
        struct array array; /* owned */
        const struct golden_case *of;
        const struct golden_expected *expected;
    } wanted[GRADCHECK_MAX_TENSORS * 2];
    size_t n_names;
};

/* "a.x", kept as long as the interleave; NULL if it is too long or there are too many. */
static const char *object_name(struct interleave *t, size_t object, const char *name) {
    if (t->n_names == sizeof t->names / sizeof t->names[0] || strlen(name) + 3 > GOLDEN_NAME_SIZE) {
        return NULL;
    }
    char *text = t->names[t->n_names++];
    (void)snprintf(text, GOLDEN_NAME_SIZE, "%c.%.29s", "ab"[object], name);
    return text;
}

static bool is_wanted(const struct golden_case *c, const char *name) {
    char grad[2 * GOLDEN_NAME_SIZE];
    (void)snprintf(grad, sizeof grad, "%s.grad", name);
    return golden_pass_of(c, name) == GOLDEN_BACKWARD || golden_find_input(c, grad) != NULL;
}

static bool add_object(struct interleave *t, size_t object, const struct golden_case *c) {
    for (size_t i = 0; i < c->n_inputs; i++) {
        const char *name = object_name(t, object, c->inputs[i].name);
        if (name == NULL || !port_request_give(&t->request, name, &c->inputs[i].array)) {
            return false;
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        if (!is_wanted(c, e->name)) {
            continue; /* on the way to an output */
        }
        const char *name = object_name(t, object, e->name);
        struct wanted *w = &t->wanted[t->n];
        if (name == NULL || t->n == sizeof t->wanted / sizeof t->wanted[0] ||
            array_create(e->exact.dtype, e->exact.ndim, e->exact.shape, &w->array) != ARRAY_OK) {
            return false;
        }
        w->of = c;
        w->expected = e;
        t->n++;
        if (!port_request_want(&t->request, name, &w->array, false)) {
            return false;
        }
    }
    return true;
}

static void judge_interleave(const struct port_kernel *p, const struct interleave *t,
                             const struct golden_case *partner, struct gate_probe *probe) {
    probe->verdict = GATE_PASS;
    (void)snprintf(probe->note, sizeof probe->note, "with case %s", partner->id);
    for (size_t i = 0; i < t->n; i++) {
        const struct wanted *w = &t->wanted[i];
        struct golden_comparison comparison;
        struct array bound = {0};
        bool allowed = p->kernel->allow != NULL && p->kernel->allow(p->kernel, w->expected, &bound);
        enum golden_status status =
            golden_compare(&w->array, &w->expected->exact, allowed ? &bound : &w->expected->bound,
                           NULL, &comparison);
        array_free(&bound);
        if (status != GOLDEN_OK || comparison.verdict != GOLDEN_PASS) {
            char text[GATE_TEXT_SIZE - 128];
            golden_comparison_text(&comparison, text, sizeof text);
            probe->verdict = GATE_FAIL;
            (void)snprintf(probe->note, sizeof probe->note,
                           "%s%s, but only when the object of case %s is used in between",
                           t->request.wanted[i].name, text, partner->id);
            return;
        }
    }
}

/* The next case of the same kernel is the other object. */
static void probe_interleave(struct port_kernel *p, struct gate_probe *probe) {
    size_t index = (size_t)(p->golden - p->suite->cases);
    const struct golden_case *partner = &p->suite->cases[(index + 1) % p->suite->n_cases];
    struct interleave *t = calloc(1, sizeof *t);
    (void)snprintf(probe->name, sizeof probe->name, "interleave");
    probe->verdict = GATE_ERROR;
    (void)snprintf(probe->note, sizeof probe->note, "out of memory");
    if (t == NULL) {
        return;
    }
    port_request_begin(&t->request, p, "interleave");
    if (add_object(t, 0, p->golden) && add_object(t, 1, partner)) {
        enum port_answer answer = port_request_make(&t->request, p);
        if (answer == PORT_ANSWERED) {
            judge_interleave(p, t, partner, probe);
        } else {
            bool skipped = answer == PORT_SKIPPED;
            probe->verdict = skipped ? GATE_SKIPPED : GATE_FAIL;
            (void)snprintf(probe->note, sizeof probe->note, "%s", p->trouble.text);
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        array_free(&t->wanted[i].array);
    }
    free(t);
}

/* ---- the first divergence ---- */

struct divergence {
    struct port_kernel *p;
    const struct gate_array *arrays;
    size_t n_arrays;
    struct array inner_grad; /* as the port gave it in a backward of its own */
    bool has_inner_grad;
    char *note;
    size_t used;
};

static void say(struct divergence *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct divergence *d, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(d->note + d->used, GATE_TEXT_SIZE - d->used, format, arguments);
    va_end(arguments);
    size_t room = GATE_TEXT_SIZE - 1 - d->used;
    d->used += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

static bool fails(const struct divergence *d, const char *name) {
    for (size_t i = 0; i < d->n_arrays; i++) {
        if (strcmp(d->arrays[i].name, name) == 0) {
            return d->arrays[i].comparison.verdict != GOLDEN_PASS;
        }
    }
    return false;
}

static bool any_fails(const struct divergence *d, enum golden_pass pass) {
    for (size_t i = 0; i < d->n_arrays; i++) {
        if (golden_pass_of(d->p->golden, d->arrays[i].name) == pass &&
            d->arrays[i].comparison.verdict != GOLDEN_PASS) {
            return true;
        }
    }
    return false;
}

static bool is_right(const struct port_kernel *p, const struct array *a,
                     const struct golden_expected *e) {
    struct golden_comparison comparison;
    struct array bound = {0};
    bool allowed = p->kernel->allow != NULL && p->kernel->allow(p->kernel, e, &bound);
    enum golden_status status =
        golden_compare(a, &e->exact, allowed ? &bound : &e->bound, NULL, &comparison);
    array_free(&bound);
    return status == GOLDEN_OK && comparison.verdict == GOLDEN_PASS;
}

static void name_of_inner_grad(const struct port_kernel *p, char text[GOLDEN_NAME_SIZE]) {
    (void)snprintf(text, GOLDEN_NAME_SIZE, "%.25s.grad", p->config->inner);
}

/* Fresh memory for what the pass wants of the case; false if there is none. */
static bool want_fresh(struct port_request *r, const struct golden_case *c, enum golden_pass pass,
                       const char *except) {
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        struct array a;
        if (golden_pass_of(c, e->name) != pass || strcmp(e->name, except) == 0) {
            continue;
        }
        if (array_create(e->exact.dtype, e->exact.ndim, e->exact.shape, &a) != ARRAY_OK) {
            return false;
        }
        if (!port_request_want(r, e->name, &a, false)) {
            array_free(&a);
            return false;
        }
    }
    return true;
}

static void free_wanted(struct port_request *r) {
    for (size_t i = 0; i < r->call.n_wanted; i++) {
        array_free(&r->wanted[i].array);
    }
}

static bool give_case(struct port_request *r, const struct golden_case *c, enum golden_pass pass) {
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (golden_pass_is_given(pass, c->inputs[i].name) &&
            !port_request_give(r, c->inputs[i].name, &c->inputs[i].array)) {
            return false;
        }
    }
    return true;
}

/* "; given the right z, y is right" */
static void report_asked_again(struct divergence *d, const struct port_request *r,
                               const char *given) {
    say(d, "; given the right %s,", given);
    const char *separator = "";
    for (size_t i = 0; i < r->call.n_wanted; i++) {
        const struct port_wanted *w = &r->wanted[i];
        const struct golden_expected *e = golden_find_expected(d->p->golden, w->name);
        if (e != NULL && fails(d, w->name)) {
            bool right = is_right(d->p, &w->array, e);
            say(d, "%s %s is %s", separator, w->name,
                right ? "right: its error is inherited" : "wrong still: it errs itself");
            separator = ",";
        }
    }
}

static void ask_forward_again(struct divergence *d) {
    const struct port_kernel *p = d->p;
    const struct golden_expected *z = golden_find_expected(p->golden, p->config->inner);
    struct port_request r;
    port_request_begin(&r, p, golden_pass_name(GOLDEN_FORWARD));
    bool made = give_case(&r, p->golden, GOLDEN_FORWARD) &&
                port_request_give(&r, p->config->inner, &z->exact) &&
                want_fresh(&r, p->golden, GOLDEN_FORWARD, p->config->inner);
    if (made && port_request_make(&r, d->p) == PORT_ANSWERED) {
        report_asked_again(d, &r, p->config->inner);
    }
    free_wanted(&r);
}

static void ask_backward_again(struct divergence *d) {
    const struct port_kernel *p = d->p;
    const struct golden_expected *z = golden_find_expected(p->golden, p->config->inner);
    const struct golden_expected *like =
        golden_find_expected(p->golden, p->config->inner_grad_like);
    char name[GOLDEN_NAME_SIZE];
    char both[2 * GOLDEN_NAME_SIZE + 8];
    struct port_request r;
    name_of_inner_grad(p, name);
    (void)snprintf(both, sizeof both, "%s and %s", p->config->inner, name);
    port_request_begin(&r, p, golden_pass_name(GOLDEN_BACKWARD));
    bool made = give_case(&r, p->golden, GOLDEN_BACKWARD) &&
                port_request_give(&r, p->config->inner, &z->exact) &&
                port_request_give(&r, name, &like->exact) &&
                want_fresh(&r, p->golden, GOLDEN_BACKWARD, "");
    if (made && port_request_make(&r, d->p) == PORT_ANSWERED) {
        report_asked_again(d, &r, both);
    }
    free_wanted(&r);
}

/* Once more, for its gradient with respect to the intermediate. */
static void ask_inner_grad(struct divergence *d, struct array *out, bool *given) {
    const struct port_kernel *p = d->p;
    const struct golden_expected *like =
        golden_find_expected(p->golden, p->config->inner_grad_like);
    char name[GOLDEN_NAME_SIZE];
    struct port_request r;
    name_of_inner_grad(p, name);
    port_request_begin(&r, p, golden_pass_name(GOLDEN_BACKWARD));
    *given = false;
    bool made =
        give_case(&r, p->golden, GOLDEN_BACKWARD) &&
        want_fresh(&r, p->golden, GOLDEN_BACKWARD, "") &&
        array_create(like->exact.dtype, like->exact.ndim, like->exact.shape, out) == ARRAY_OK;
    if (made && port_request_want(&r, name, out, true)) {
        *given =
            port_request_make(&r, d->p) == PORT_ANSWERED && r.wanted[r.call.n_wanted - 1].answered;
        r.call.n_wanted--; /* the caller's */
    }
    free_wanted(&r);
}

static void locate_forward(struct divergence *d) {
    const char *inner = d->p->config->inner;
    if (!d->p->kernel->gives(d->p->kernel, inner)) {
        say(d, "the port gives no %s, so it cannot be told whether it errs before or after it",
            inner);
    } else if (fails(d, inner)) {
        say(d, "it first leaves the bound at %s", inner);
    } else {
        say(d, "%s is right, it first leaves the bound after it", inner);
    }
    ask_forward_again(d);
}

static void locate_backward(struct divergence *d) {
    const struct port_kernel *p = d->p;
    const struct golden_expected *like =
        golden_find_expected(p->golden, p->config->inner_grad_like);
    char name[GOLDEN_NAME_SIZE];
    struct array grad = {0};
    bool given = false;
    name_of_inner_grad(p, name);
    ask_inner_grad(d, &grad, &given);
    say(d, "%s", d->used > 0 ? "; backward: " : "");
    if (!given) {
        say(d, "the port gives no %s, so it cannot be told whether it errs before or after it",
            name);
    } else if (!is_right(p, &grad, like)) {
        say(d, "it first leaves the bound at %s", name);
    } else {
        say(d, "%s is right, it first leaves the bound after it", name);
    }
    array_free(&grad);
    ask_backward_again(d);
}

static bool has_stages(const struct port_kernel *p) {
    const struct gate_port_kernel *config = p->config;
    return p->differentiable && config->inner != NULL && config->inner_grad_like != NULL &&
           golden_find_expected(p->golden, config->inner) != NULL &&
           golden_find_expected(p->golden, config->inner_grad_like) != NULL;
}

static void probe_divergence(struct divergence *d, struct gate_probe *probe) {
    (void)snprintf(probe->name, sizeof probe->name, "divergence");
    probe->verdict = GATE_NOT_APPLICABLE; /* a remark: the arrays themselves fail */
    d->note = probe->note;
    if (any_fails(d, GOLDEN_FORWARD)) {
        locate_forward(d);
    }
    if (any_fails(d, GOLDEN_BACKWARD)) {
        locate_backward(d);
    }
}

/* ---- both ---- */

size_t port_probe(struct gate_kernel *kernel, const struct gate_array arrays[], size_t n_arrays,
                  struct gate_probe probes[GATE_MAX_PROBES]) {
    struct port_kernel *p = kernel->self;
    struct divergence d = {.p = p, .arrays = arrays, .n_arrays = n_arrays};
    bool wrong = any_fails(&d, GOLDEN_FORWARD) || any_fails(&d, GOLDEN_BACKWARD);
    bool answered = p->trouble.answer == PORT_ANSWERED;
    size_t n = 0;
    if (p->config->port->target.answers != NULL || !answered) {
        return 0; /* nobody there to ask, or it has said no to less */
    }
    if (wrong && has_stages(p)) {
        probe_divergence(&d, &probes[n++]);
    }
    if (!wrong && p->differentiable && p->config->has_objects) {
        probe_interleave(p, &probes[n++]);
    }
    if (p->trouble.answer != PORT_BROKEN && p->trouble.answer != PORT_NO_ROOM) {
        p->trouble.answer = PORT_ANSWERED; /* a probe that is skipped is no trouble */
    }
    return n;
}
