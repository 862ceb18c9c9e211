// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "engine.h"

struct where { /* of the first offending field */
    char *text;
    size_t size;
};

static enum gradcheck_status refuse(enum gradcheck_status status, const struct where *where,
                                    const char *field) {
    gc_text(where->text, where->size, "%s: %s", field, gradcheck_status_text(status));
    return status;
}

static enum gradcheck_status refuse_in(enum gradcheck_status status, const struct where *where,
                                       const char *list, size_t i, const char *field) {
    gc_text(where->text, where->size, "%s[%zu].%s: %s", list, i, field,
            gradcheck_status_text(status));
    return status;
}

static bool is_name(const char *name) {
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char rest[] = "0123456789.";
    if (name == NULL || name[0] == '\0' || strchr(first, name[0]) == NULL) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (strchr(first, *c) == NULL && strchr(rest, *c) == NULL) {
            return false;
        }
    }
    return strlen(name) < GRADCHECK_NAME_SIZE;
}

static bool is_shape(const struct gradcheck_tensor *t) {
    if (t->ndim > GRADCHECK_MAX_DIMS) {
        return false;
    }
    size_t count = 1;
    for (size_t axis = 0; axis < t->ndim; axis++) {
        if (t->shape[axis] == 0 || count > SIZE_MAX / 16 / t->shape[axis]) {
            return false;
        }
        count *= t->shape[axis];
    }
    return true;
}

/* In order of stride, each step must clear everything the smaller steps reach. */
static bool are_strides(const struct gradcheck_tensor *t) {
    bool given = false;
    for (size_t axis = 0; axis < t->ndim; axis++) {
        given = given || t->strides[axis] != 0;
    }
    if (!given) {
        return true;
    }
    bool used[GRADCHECK_MAX_DIMS] = {false};
    size_t reach = 0;
    for (size_t round = 0; round < t->ndim; round++) {
        size_t next = GRADCHECK_MAX_DIMS;
        for (size_t axis = 0; axis < t->ndim; axis++) {
            if (!used[axis] &&
                (next == GRADCHECK_MAX_DIMS || t->strides[axis] < t->strides[next])) {
                next = axis;
            }
        }
        if (next == GRADCHECK_MAX_DIMS) {
            return false;
        }
        used[next] = true;
        size_t steps = t->shape[next] - 1;
        if (steps == 0) {
            continue;
        }
        if (t->strides[next] <= reach || t->strides[next] > (SIZE_MAX / 16 - reach) / steps) {
            return false;
        }
        reach += steps * t->strides[next];
    }
    return true;
}

static bool is_domain(const struct gradcheck_tensor *t) {
    if (isnan(t->lower) || isnan(t->upper) || t->lower > t->upper) {
        return false;
    }
    if ((t->lower == 0 && t->upper == 0) || !gc_is_float(t->dtype)) {
        return true;
    }
    size_t count = gc_tensor_count(t);
    for (size_t i = 0; i < count; i++) {
        double value = gc_tensor_get(t, t->value, i);
        if (value < t->lower || value > t->upper) {
            return false;
        }
    }
    return true;
}

static enum gradcheck_status validate_tensor(const struct gradcheck_tensor *t, const char *list,
                                             size_t i, const struct where *where) {
    if (!is_name(t->name)) {
        return refuse_in(GRADCHECK_E_NAME, where, list, i, "name");
    }
    if (t->value == NULL) {
        return refuse_in(GRADCHECK_E_NULL, where, list, i, "value");
    }
    if (gc_dtype_size(t->dtype) == 0 || (!gc_is_float(t->dtype) && t->grad != NULL)) {
        return refuse_in(GRADCHECK_E_DTYPE, where, list, i, "dtype");
    }
    if (!is_shape(t)) {
        return refuse_in(GRADCHECK_E_SHAPE, where, list, i, "shape");
    }
    if (!are_strides(t)) {
        return refuse_in(GRADCHECK_E_STRIDES, where, list, i, "strides");
    }
    if (!isfinite(t->grad_scale)) {
        return refuse_in(GRADCHECK_E_SCALE, where, list, i, "grad_scale");
    }
    if (t->batch_axis > t->ndim) {
        return refuse_in(GRADCHECK_E_BATCH_AXIS, where, list, i, "batch_axis");
    }
    if (strcmp(list, "inputs") == 0 && !is_domain(t)) {
        return refuse_in(GRADCHECK_E_DOMAIN, where, list, i, "lower, upper");
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_tensors(const struct gradcheck_kernel *k,
                                              const struct where *where) {
    size_t n = k->n_inputs + k->n_outputs;
    for (size_t i = 0; i < n; i++) {
        bool input = i < k->n_inputs;
        size_t at = input ? i : i - k->n_inputs;
        const struct gradcheck_tensor *t = input ? &k->inputs[at] : &k->outputs[at];
        enum gradcheck_status status = validate_tensor(t, input ? "inputs" : "outputs", at, where);
        if (status != GRADCHECK_OK) {
            return status;
        }
        for (size_t j = 0; j < i; j++) {
            const struct gradcheck_tensor *other =
                j < k->n_inputs ? &k->inputs[j] : &k->outputs[j - k->n_inputs];
            if (strcmp(t->name, other->name) == 0) {
                return refuse_in(GRADCHECK_E_NAME, where, input ? "inputs" : "outputs", at, "name");
            }
        }
    }
    return GRADCHECK_OK;
}

/* Interleaved tensors are legal, so only packed ones are held against each other. */
static bool overlap(const struct gradcheck_tensor *a, const void *p,
                    const struct gradcheck_tensor *b, const void *q) {
    return gc_tensor_packed(a) && gc_tensor_packed(b) && gc_overlap(a, p, b, q);
}

static bool may_share(const struct gradcheck_tensor *a, const struct gradcheck_tensor *b) {
    return ((a->flags | b->flags) & (GRADCHECK_IN_PLACE | GRADCHECK_CLOBBERED)) != 0;
}

static enum gradcheck_status validate_memory(const struct gradcheck_kernel *k,
                                             const struct where *where) {
    size_t n = k->n_inputs + k->n_outputs;
    for (size_t i = 0; i < n; i++) {
        const struct gradcheck_tensor *a =
            i < k->n_inputs ? &k->inputs[i] : &k->outputs[i - k->n_inputs];
        if (overlap(a, a->value, a, a->grad) && !may_share(a, a)) {
            return refuse(GRADCHECK_E_OVERLAP, where, a->name);
        }
        for (size_t j = 0; j < i; j++) {
            const struct gradcheck_tensor *b =
                j < k->n_inputs ? &k->inputs[j] : &k->outputs[j - k->n_inputs];
            bool shared = overlap(a, a->value, b, b->value) || overlap(a, a->grad, b, b->grad) ||
                          overlap(a, a->value, b, b->grad) || overlap(a, a->grad, b, b->value);
            if (shared && !may_share(a, b)) {
                return refuse(GRADCHECK_E_OVERLAP, where, a->name);
            }
        }
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_jvp(const struct gradcheck_kernel *k,
                                          const struct where *where) {
    size_t inputs = 0;
    size_t outputs = 0;
    bool complete = true;
    for (size_t i = 0; i < k->n_inputs; i++) {
        bool moves = gc_is_float(k->inputs[i].dtype) && k->inputs[i].tangent != NULL;
        inputs += moves ? gc_tensor_count(&k->inputs[i]) : 0;
    }
    for (size_t i = 0; i < k->n_outputs; i++) {
        if (gc_is_float(k->outputs[i].dtype)) {
            complete = complete && k->outputs[i].tangent != NULL;
            outputs += gc_tensor_count(&k->outputs[i]);
        }
    }
    if (k->jvp != NULL && (inputs == 0 || !complete)) {
        return refuse(GRADCHECK_E_JVP, where, "jvp");
    }
    if (k->jvp_symmetric && (k->jvp == NULL || inputs != outputs)) {
        return refuse(GRADCHECK_E_JVP, where, "jvp_symmetric");
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_passes(const struct gradcheck_kernel *k, bool forward_only,
                                             const struct where *where) {
    size_t differentiable = 0;
    size_t observed = 0;
    for (size_t i = 0; i < k->n_inputs; i++) {
        differentiable += k->inputs[i].grad != NULL;
    }
    for (size_t i = 0; i < k->n_outputs; i++) {
        observed += gc_is_float(k->outputs[i].dtype);
    }
    if ((differentiable == 0 && k->jvp == NULL && !forward_only) || observed == 0) {
        return refuse(GRADCHECK_E_NO_GRADIENT, where, "grad");
    }
    bool one_loss =
        k->n_outputs == 1 && k->outputs[0].grad == NULL && gc_tensor_count(&k->outputs[0]) == 1;
    if (k->backward == NULL && differentiable > 0 && !one_loss && !forward_only) {
        return refuse(GRADCHECK_E_LOSS, where, "backward");
    }
    if (!(k->accuracy >= 0) || isinf(k->accuracy) ||
        (k->accuracy > 0 && (k->accuracy_reason == NULL || k->accuracy_reason[0] == '\0'))) {
        return refuse(GRADCHECK_E_ACCURACY, where, "accuracy");
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_waivers(const struct gradcheck_kernel *k,
                                              const struct where *where) {
    for (size_t i = 0; i < k->n_waivers; i++) {
        const struct gradcheck_waiver *waiver = &k->waivers[i];
        bool known = false;
        for (int rule = 0; rule < GRADCHECK_N_RULES && waiver->rule != NULL; rule++) {
            known =
                known || strcmp(waiver->rule, gradcheck_rule_name((enum gradcheck_rule)rule)) == 0;
        }
        if (!known || waiver->reason == NULL || waiver->reason[0] == '\0') {
            return refuse_in(GRADCHECK_E_WAIVER, where, "waivers", i, known ? "reason" : "rule");
        }
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_options(const struct gradcheck_options *o,
                                              const struct where *where) {
    if (o == NULL) {
        return GRADCHECK_OK;
    }
    if (o->n_points > GRADCHECK_MAX_POINTS) {
        return refuse(GRADCHECK_E_OPTION, where, "n_points");
    }
    if (o->n_directions > GRADCHECK_MAX_DIRECTIONS) {
        return refuse(GRADCHECK_E_OPTION, where, "n_directions");
    }
    if (!(o->max_seconds >= 0) || isinf(o->max_seconds)) {
        return refuse(GRADCHECK_E_OPTION, where, "max_seconds");
    }
    return GRADCHECK_OK;
}

static enum gradcheck_status validate_pointers(const struct gradcheck_kernel *k,
                                               const struct where *where) {
    if (k == NULL) {
        return refuse(GRADCHECK_E_NULL, where, "kernel");
    }
    if (k->n_inputs == 0) {
        return refuse(GRADCHECK_E_NO_INPUT, where, "n_inputs");
    }
    if (k->n_outputs == 0) {
        return refuse(GRADCHECK_E_NO_OUTPUT, where, "n_outputs");
    }
    if (k->n_inputs > GRADCHECK_MAX_TENSORS || k->n_outputs > GRADCHECK_MAX_TENSORS - k->n_inputs) {
        return refuse(GRADCHECK_E_TOO_MANY_TENSORS, where, "n_inputs, n_outputs");
    }
    const char *missing = k->name == NULL                          ? "name"
                          : k->inputs == NULL                      ? "inputs"
                          : k->outputs == NULL                     ? "outputs"
                          : k->forward == NULL                     ? "forward"
                          : k->n_waivers > 0 && k->waivers == NULL ? "waivers"
                                                                   : NULL;
    return missing ? refuse(GRADCHECK_E_NULL, where, missing) : GRADCHECK_OK;
}

enum gradcheck_status gc_validate(const struct gradcheck_kernel *k,
                                  const struct gradcheck_options *options, bool forward_only,
                                  char what[], size_t size) {
    const struct where where = {what, size};
    enum gradcheck_status status = validate_pointers(k, &where);
    status = status ? status : validate_tensors(k, &where);
    status = status ? status : validate_memory(k, &where);
    status = status ? status : validate_passes(k, forward_only, &where);
    status = status ? status : validate_jvp(k, &where);
    status = status ? status : validate_waivers(k, &where);
    return status ? status : validate_options(options, &where);
}
