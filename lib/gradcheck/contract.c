// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contract.h"

void gc_rule_failed(struct gradcheck_rule_report *r, const char *format, ...) {
    if (r->verdict == GRADCHECK_FAIL) {
        return; /* the first finding is the clearest */
    }
    r->verdict = GRADCHECK_FAIL;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->evidence, sizeof r->evidence, format, arguments);
    va_end(arguments);
}

void gc_rule_skipped(struct gradcheck_rule_report *r, const char *why) {
    r->verdict = GRADCHECK_NOT_CHECKED;
    gc_text(r->evidence, sizeof r->evidence, "%s", why);
}

/* Gradients bit for bit; the first difference is the evidence. */
bool gc_rule_compare(const struct gc_contract *c, struct gradcheck_rule_report *r,
                     const double expected[], const double got[], const char *what) {
    for (size_t i = 0; i < c->s->k->n_inputs; i++) {
        const struct gc_input *in = &c->s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            if (!gc_same_bits(expected[e], got[e])) {
                struct gradcheck_place place;
                char text[96];
                gc_place_of(c->s, e, &place);
                gc_place_text(&place, text, sizeof text);
                gc_rule_failed(r, "%s.grad: %s: %.17g, then %.17g", text, what, expected[e],
                               got[e]);
                return false;
            }
        }
    }
    return true;
}

/* Index of the first output element that differs, n_outs if none. */
static size_t first_difference(const struct gc_session *s, const double a[], const double b[]) {
    size_t i = 0;
    while (i < s->n_outs && gc_same_bits(a[i], b[i])) {
        i++;
    }
    return i;
}

static void forward_deterministic(struct gc_contract *c, struct gradcheck_rule_report *r) {
    struct gc_session *s = c->s;
    if (gc_forward(s, s->minus) == GC_STOPPED || gc_forward(s, s->plus) == GC_STOPPED) {
        return;
    }
    size_t at = first_difference(s, s->minus, s->plus);
    if (at < s->n_outs) {
        gc_rule_failed(r, "output element %zu: %.17g, then %.17g at the same point", at,
                       s->minus[at], s->plus[at]);
        c->deterministic = false;
    }
}

static void backward_deterministic(struct gc_contract *c, struct gradcheck_rule_report *r) {
    if (c->s->n_checked == 0) {
        gc_rule_skipped(r, "no backward");
    } else if (gc_backward(c->s, c->s->cotangent, NULL, c->a) != GC_STOPPED &&
               !gc_rule_compare(c, r, c->g, c->a, "two calls at the same point differ")) {
        c->deterministic = false;
    }
}

/* Another point: every differentiable entry a little off. */
static void move_away(struct gc_session *s) {
    for (size_t e = 0; e < s->n_entries; e++) {
        const struct gc_input *in = gc_input_of(s, e);
        double room = fmin(s->base[e] - in->lower, in->upper - s->base[e]);
        double by = (s->base[e] == 0 ? 1 : fabs(s->base[e])) * 0.125;
        double moved = s->base[e] + (room > by ? by : 0);
        if (in->checked && isfinite(s->base[e])) {
            gc_put(s, e, gc_dtype_round(in->t->dtype, moved));
        }
    }
}

static void no_stale_cache(struct gc_contract *c, struct gradcheck_rule_report *r) {
    struct gc_session *s = c->s;
    if (!c->deterministic || s->n_checked == 0) {
        gc_rule_skipped(r, "needs a deterministic backward");
        return;
    }
    /* Forward elsewhere, then here: backward must be that of here. */
    move_away(s);
    enum gc_outcome away = gc_forward(s, s->minus);
    gc_write_point(s, s->base);
    if (away == GC_STOPPED || gc_backward(s, s->cotangent, NULL, c->a) == GC_STOPPED) {
        return;
    }
    if (!gc_rule_compare(c, r, c->g, c->a, "changes after a forward at another point")) {
        return;
    }
    /* Backward here, then the whole pass elsewhere, twice. */
    move_away(s);
    bool done = gc_backward(s, s->cotangent, NULL, c->a) == GC_DONE &&
                gc_backward(s, s->cotangent, NULL, c->b) == GC_DONE;
    gc_write_point(s, s->base);
    if (done) {
        (void)gc_rule_compare(c, r, c->b, c->a, "the first backward at a new point differs");
    }
}

static void value_independent(struct gc_contract *c, struct gradcheck_rule_report *r) {
    if (c->s->n_checked == 0) {
        gc_rule_skipped(r, "no backward");
        return;
    }
    if (!c->deterministic) {
        gc_rule_skipped(r, "needs a deterministic forward");
        return;
    }
    struct gc_session *s = c->s;
    if (gc_forward(s, s->minus) == GC_STOPPED) {
        return;
    }
    gc_backward_only(s, s->cotangent, NULL, c->a);
    if (gc_forward(s, s->plus) == GC_STOPPED) {
        return;
    }
    size_t at = first_difference(s, s->minus, s->plus);
    if (at < s->n_outs) {
        gc_rule_failed(r, "output element %zu: %.17g, after a backward %.17g", at, s->minus[at],
                       s->plus[at]);
    }
}

void gc_apply_waivers(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_waivers; i++) {
        for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
            struct gradcheck_rule_report *r = &s->report->rules[rule];
            const char *name = gradcheck_rule_name((enum gradcheck_rule)rule);
            if (r->verdict == GRADCHECK_FAIL && strcmp(name, s->k->waivers[i].rule) == 0) {
                char found[GRADCHECK_TEXT_SIZE];
                gc_text(found, sizeof found, "%.120s", r->evidence);
                r->waived = true;
                gc_text(r->evidence, sizeof r->evidence, "waived: %.100s (%s)",
                        s->k->waivers[i].reason, found);
            }
        }
    }
}

static const struct {
    enum gradcheck_rule rule;
    gc_rule *check;
} TABLE[] = {
    {GRADCHECK_RULE_FORWARD_DETERMINISTIC, forward_deterministic},
    {GRADCHECK_RULE_BACKWARD_DETERMINISTIC, backward_deterministic},
    {GRADCHECK_RULE_ZERO_COTANGENT, gc_rule_zero_cotangent},
    {GRADCHECK_RULE_HOMOGENEOUS, gc_rule_homogeneous},
    {GRADCHECK_RULE_ADDITIVE, gc_rule_additive},
    {GRADCHECK_RULE_NO_STALE_CACHE, no_stale_cache},
    {GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD, value_independent},
};

static bool all_loss(const struct gc_session *s) {
    return s->fixed_cotangent || s->k->backward == NULL;
}

/* At the point in the buffers, whose forward is y0 and whose stored gradients are grad. */
void gc_check_contract(struct gc_session *s) {
    struct gc_contract c = {.s = s,
                            .g = s->grad,
                            .a = s->numeric,
                            .b = s->bound,
                            .c = s->step,
                            .deterministic = true,
                            .linear = !all_loss(s)};
    const size_t n = sizeof TABLE / sizeof TABLE[0];
    gc_phase(s, "contract", n);
    const bool rewrote = s->rewrite;
    gc_rules_untouched(&c);
    if (s->rewrite != rewrote) {
        (void)gc_backward(s, s->cotangent, NULL, s->grad); /* again, from the right point */
    }
    for (size_t i = 0; i < n && gc_tick(s, i); i++) {
        struct gradcheck_rule_report *r = &s->report->rules[TABLE[i].rule];
        r->verdict = GRADCHECK_PASS;
        TABLE[i].check(&c, r);
        if (s->stopped && r->verdict != GRADCHECK_FAIL) {
            gc_rule_skipped(r, "the budget ended before it");
        }
    }
    if (!s->stopped) {
        gc_rules_written(&c, &s->report->rules[GRADCHECK_RULE_EVERY_ENTRY_WRITTEN],
                         &s->report->rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE]);
    }
    gc_write_point(s, s->base);
}
