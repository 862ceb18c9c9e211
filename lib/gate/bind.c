// SPDX-License-Identifier: MIT
#include "bind.h"

#include "tensor.h"

#include <stdio.h>
#include <string.h>

static const struct gradcheck_tensor *find(const struct gradcheck_tensor tensors[], size_t n,
                                           const char *name, size_t length) {
    for (size_t i = 0; i < n; i++) {
        if (strlen(tensors[i].name) == length && memcmp(tensors[i].name, name, length) == 0) {
            return &tensors[i];
        }
    }
    return NULL;
}

static struct slot find_value(const struct gradcheck_tensor tensors[], size_t n, const char *name) {
    const struct gradcheck_tensor *t = find(tensors, n, name, strlen(name));
    return (struct slot){.tensor = t, .buffer = t != NULL ? t->value : NULL};
}

static struct slot find_grad(const struct gradcheck_tensor tensors[], size_t n, const char *name) {
    static const char suffix[] = ".grad";
    size_t length = strlen(name);
    size_t tail = sizeof suffix - 1;
    if (length <= tail || strcmp(name + length - tail, suffix) != 0) {
        return (struct slot){0};
    }
    const struct gradcheck_tensor *t = find(tensors, n, name, length - tail);
    return t != NULL && t->grad != NULL ? (struct slot){.tensor = t, .buffer = t->grad}
                                        : (struct slot){0};
}

/* A tensor that is itself called "y.grad" goes before the cotangent of y. */
struct slot bind_given(const struct gate_kernel *k, const char *name) {
    struct slot slot = find_value(k->check.inputs, k->check.n_inputs, name);
    return slot.tensor != NULL ? slot : find_grad(k->check.outputs, k->check.n_outputs, name);
}

struct slot bind_expected(const struct gate_kernel *k, const char *name) {
    struct slot slot = find_value(k->check.outputs, k->check.n_outputs, name);
    if (slot.tensor == NULL) {
        slot = find_value(k->extras, k->n_extras, name);
    }
    return slot.tensor != NULL ? slot : find_grad(k->check.inputs, k->check.n_inputs, name);
}

static bool check_array(struct slot slot, const char *role, const char *name, const struct array *a,
                        char why[]) {
    if (slot.tensor == NULL) {
        (void)snprintf(why, GATE_TEXT_SIZE, "the case has the %s %s, the kernel has no such tensor",
                       role, name);
        return false;
    }
    if (!tensor_matches(slot.tensor, a)) {
        char has[128];
        char wants[128];
        struct array kind = tensor_kind(slot.tensor);
        tensor_kind_text(a, has, sizeof has);
        tensor_kind_text(&kind, wants, sizeof wants);
        (void)snprintf(why, GATE_TEXT_SIZE, "%s %s is %s in the case and %s in the kernel", role,
                       name, has, wants);
        return false;
    }
    return true;
}

static bool check_arrays(const struct gate_kernel *k, const struct golden_case *c, char why[]) {
    for (size_t i = 0; i < c->n_inputs; i++) {
        const struct golden_input *in = &c->inputs[i];
        if (!check_array(bind_given(k, in->name), "input", in->name, &in->array, why)) {
            return false;
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        if (!check_array(bind_expected(k, e->name), "expected array", e->name, &e->exact, why)) {
            return false;
        }
    }
    return true;
}

static bool check_given(const struct golden_case *c, const char *name, const char *suffix,
                        char why[]) {
    char full[2 * GOLDEN_NAME_SIZE];
    (void)snprintf(full, sizeof full, "%s%s", name, suffix);
    if (golden_find_input(c, full) == NULL) {
        (void)snprintf(why, GATE_TEXT_SIZE, "the kernel reads %s, the case does not give it", full);
        return false;
    }
    return true;
}

static bool check_wanted(const struct golden_case *c, const char *name, const char *suffix,
                         char why[]) {
    char full[2 * GOLDEN_NAME_SIZE];
    (void)snprintf(full, sizeof full, "%s%s", name, suffix);
    if (golden_find_expected(c, full) == NULL) {
        (void)snprintf(why, GATE_TEXT_SIZE, "the kernel writes %s, the case does not expect it",
                       full);
        return false;
    }
    return true;
}

/* The reverse: nothing of the kernel is left unset or unseen. */
static bool check_tensors(const struct gate_kernel *k, const struct golden_case *c, char why[]) {
    const struct gradcheck_kernel *g = &k->check;
    bool gradient = k->no_gradient == NULL;
    for (size_t i = 0; i < g->n_inputs; i++) {
        const struct gradcheck_tensor *t = &g->inputs[i];
        if (!check_given(c, t->name, "", why) ||
            (gradient && t->grad != NULL && !check_wanted(c, t->name, ".grad", why))) {
            return false;
        }
    }
    for (size_t i = 0; i < g->n_outputs; i++) {
        const struct gradcheck_tensor *t = &g->outputs[i];
        if (!check_wanted(c, t->name, "", why) ||
            (gradient && t->grad != NULL && !check_given(c, t->name, ".grad", why))) {
            return false;
        }
    }
    for (size_t i = 0; i < k->n_extras; i++) {
        if (!check_wanted(c, k->extras[i].name, "", why)) {
            return false;
        }
    }
    return true;
}

bool bind_check(const struct gate_kernel *k, const struct golden_case *c, char why[]) {
    return check_arrays(k, c, why) && check_tensors(k, c, why);
}
