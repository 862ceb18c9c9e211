// SPDX-License-Identifier: MIT
/* Inputs, outputs, cotangents and the padding between elements stay as they were: one pass,
 * watched. */
#include <string.h>

#include "contract.h"

struct paddings {
    uint64_t value[GRADCHECK_MAX_TENSORS], grad[GRADCHECK_MAX_TENSORS];
};

static const struct gradcheck_tensor *tensor_at(const struct gc_session *s, size_t i) {
    return i < s->k->n_inputs ? &s->k->inputs[i] : &s->k->outputs[i - s->k->n_inputs];
}

/* Somebody else's elements may lie in the gaps. */
static bool shares_extent(const struct gc_session *s, size_t i, const void *buffer) {
    const struct gradcheck_tensor *t = tensor_at(s, i);
    for (size_t j = 0; j < s->k->n_inputs + s->k->n_outputs; j++) {
        const struct gradcheck_tensor *other = tensor_at(s, j);
        if ((other->value != buffer && gc_overlap(t, buffer, other, other->value)) ||
            (other->grad != buffer && gc_overlap(t, buffer, other, other->grad))) {
            return true;
        }
    }
    return false;
}

static size_t hash_paddings(const struct gc_session *s, struct paddings *out) {
    size_t watched = 0;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < s->k->n_inputs + s->k->n_outputs; i++) {
        const struct gradcheck_tensor *t = tensor_at(s, i);
        if (gc_tensor_packed(t)) {
            continue;
        }
        if (!shares_extent(s, i, t->value)) {
            out->value[i] = gc_padding_hash(t, t->value);
            watched++;
        }
        if (t->grad != NULL && !shares_extent(s, i, t->grad)) {
            out->grad[i] = gc_padding_hash(t, t->grad);
            watched++;
        }
    }
    return watched;
}

void gc_note_paddings(struct gc_session *s) {
    struct paddings before;
    (void)hash_paddings(s, &before);
    memcpy(s->padding_value, before.value, sizeof before.value);
    memcpy(s->padding_grad, before.grad, sizeof before.grad);
}

static void compare_paddings(const struct gc_session *s, struct gradcheck_rule_report *r) {
    struct paddings after;
    size_t watched = hash_paddings(s, &after);
    if (watched == 0) {
        gc_rule_skipped(r, "no tensor has padding of its own");
        return;
    }
    r->verdict = GRADCHECK_PASS;
    for (size_t i = 0; i < s->k->n_inputs + s->k->n_outputs; i++) {
        bool value_same = s->padding_value[i] == after.value[i];
        if (!value_same || s->padding_grad[i] != after.grad[i]) {
            gc_rule_failed(r, "%s%s: bytes between its elements were written",
                           tensor_at(s, i)->name, value_same ? ".grad" : "");
        }
    }
}

static bool may_change(const struct gc_session *s, const struct gradcheck_tensor *input) {
    bool allowed = (input->flags & GRADCHECK_CLOBBERED) != 0;
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gradcheck_tensor *out = &s->k->outputs[i];
        allowed = allowed || ((out->flags & GRADCHECK_IN_PLACE) != 0 &&
                              gc_overlap(input, input->value, out, out->value));
    }
    return allowed;
}

/* Held against what was last written, which is the saved copy at point 0 for integers. */
static void compare_inputs(struct gc_session *s, const char *pass,
                           struct gradcheck_rule_report *r) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (may_change(s, in->t)) {
            continue;
        }
        bool same = true;
        for (size_t e = 0; in->is_float && e < in->count; e++) {
            same =
                same && gc_same_bits(gc_tensor_get(in->t, in->t->value, e), s->here[in->first + e]);
        }
        if (!in->is_float) {
            size_t size = in->count * gc_dtype_size(in->t->dtype);
            gc_tensor_save(in->t, in->t->value, s->raw + in->raw);
            same = memcmp(s->raw + in->raw, s->saved + in->raw, size) == 0;
        }
        if (!same) {
            gc_rule_failed(r, "%s was changed by %s", in->t->name, pass);
            s->rewrite = true; /* so that what follows starts from the right point */
        }
    }
}

static void compare_outputs(const struct gc_session *s, struct gradcheck_rule_report *outputs,
                            struct gradcheck_rule_report *cotangents) {
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gc_output *out = &s->outputs[i];
        for (size_t e = 0; out->is_float && e < out->count; e++) {
            if ((out->t->flags & GRADCHECK_IN_PLACE) == 0 &&
                !gc_same_bits(gc_tensor_get(out->t, out->t->value, e), s->minus[out->first + e])) {
                gc_rule_failed(outputs, "%s was changed by backward", out->t->name);
            }
            if (out->has_cotangent && (out->t->flags & GRADCHECK_CLOBBERED) == 0 &&
                !gc_same_bits(gc_tensor_get(out->t, out->t->grad, e),
                              s->cotangent[out->first + e])) {
                gc_rule_failed(cotangents, "%s.grad was changed by backward", out->t->name);
            }
        }
    }
}

void gc_rules_untouched(struct gc_contract *c) {
    struct gc_session *s = c->s;
    struct gradcheck_rule_report *rules = s->report->rules;
    struct gradcheck_rule_report *inputs = &rules[GRADCHECK_RULE_INPUTS_UNTOUCHED];
    struct gradcheck_rule_report *outputs = &rules[GRADCHECK_RULE_OUTPUTS_UNTOUCHED];
    struct gradcheck_rule_report *cotangents = &rules[GRADCHECK_RULE_COTANGENTS_UNTOUCHED];
    gc_write_point(s, s->base);
    if (gc_forward(s, s->minus) == GC_STOPPED) {
        return;
    }
    inputs->verdict = GRADCHECK_PASS;
    compare_inputs(s, "forward", inputs);
    if (s->n_checked == 0 || s->k->backward == NULL) {
        gc_rule_skipped(outputs, "no backward of its own");
        gc_rule_skipped(cotangents, "no backward of its own");
    } else {
        outputs->verdict = GRADCHECK_PASS;
        cotangents->verdict = GRADCHECK_PASS;
        gc_backward_only(s, s->cotangent, NULL, c->a);
        compare_inputs(s, "backward", inputs);
        compare_outputs(s, outputs, cotangents);
        if (s->fixed_cotangent && s->k->n_outputs == 1) {
            gc_rule_skipped(cotangents, "the output is a loss");
        }
    }
    compare_paddings(s, &rules[GRADCHECK_RULE_PADDING_UNTOUCHED]);
}
