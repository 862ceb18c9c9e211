// SPDX-License-Identifier: MIT
/* Every gradient entry is written, and overwritten or accumulated as declared: backward runs on
 * gradients that hold one poison, then another. */
#include <math.h>

#include "contract.h"

enum mode { OVERWRITES, ACCUMULATES, LEAVES, NEITHER };

static void poison(struct gc_session *s, double out[], double sign) {
    for (size_t e = 0; e < s->n_entries; e++) {
        const struct gc_input *in = gc_input_of(s, e);
        double size = fmax(1, fabs(s->grad[e]));
        double value = sign * size * (1 + gc_random_uniform(&s->random));
        out[e] = gc_dtype_round(in->t->dtype, isfinite(value) ? value : sign);
    }
}

static bool near_sum(double got, double a, double b, double epsilon) {
    return fabs(got - (a + b)) <= sqrt(epsilon) * (fabs(a) + fabs(b));
}

static enum mode mode_of(double clean, const double fill[2], const double got[2], double epsilon) {
    if (gc_same_bits(got[0], clean) && gc_same_bits(got[1], clean)) {
        return OVERWRITES;
    }
    if (gc_same_bits(got[0], fill[0]) && gc_same_bits(got[1], fill[1])) {
        return LEAVES;
    }
    return near_sum(got[0], clean, fill[0], epsilon) && near_sum(got[1], clean, fill[1], epsilon)
               ? ACCUMULATES
               : NEITHER;
}

static void note_mode(struct gc_session *s, const struct gc_input *in, enum mode mode,
                      size_t *n_left) {
    s->n_accumulated += mode == ACCUMULATES;
    s->n_overwritten += mode == OVERWRITES;
    *n_left = mode == LEAVES ? *n_left + 1 : 0;
    s->forgotten = *n_left == in->count ? in : s->forgotten;
}

static void judge(const struct gc_contract *c, size_t e, enum mode mode,
                  struct gradcheck_rule_report *written,
                  struct gradcheck_rule_report *as_declared) {
    bool adds = c->s->k->grad_accumulates;
    if (mode == (adds ? ACCUMULATES : OVERWRITES) || (mode == LEAVES && adds)) {
        return;
    }
    struct gradcheck_place place;
    char text[96];
    gc_place_of(c->s, e, &place);
    gc_place_text(&place, text, sizeof text);
    if (mode == LEAVES) {
        gc_rule_failed(written, "%s.grad is not written: it keeps what it held before", text);
    } else if (mode == ACCUMULATES) {
        gc_rule_failed(as_declared, "%s.grad is added to, but grad_accumulates is not set", text);
    } else if (mode == OVERWRITES) {
        gc_rule_failed(as_declared, "%s.grad is overwritten, but grad_accumulates is set", text);
    } else {
        gc_rule_failed(as_declared, "%s.grad depends on what it held before, and not as a sum",
                       text);
    }
}

void gc_rules_written(struct gc_contract *c, struct gradcheck_rule_report *written,
                      struct gradcheck_rule_report *as_declared) {
    struct gc_session *s = c->s;
    if (s->n_checked == 0 || !c->deterministic) {
        gc_rule_skipped(written, "needs a deterministic backward");
        gc_rule_skipped(as_declared, "needs a deterministic backward");
        return;
    }
    double *fill[2] = {s->scratch, s->scratch + s->n_entries};
    double *got[2] = {c->a, c->b};
    for (size_t i = 0; i < 2; i++) {
        poison(s, fill[i], i == 0 ? 1 : -1);
        if (gc_backward(s, s->cotangent, fill[i], got[i]) == GC_STOPPED) {
            gc_rule_skipped(written, "the budget ended before it");
            gc_rule_skipped(as_declared, "the budget ended before it");
            return;
        }
    }
    written->verdict = GRADCHECK_PASS;
    as_declared->verdict = GRADCHECK_PASS;
    size_t n_left = 0;
    for (size_t e = 0; e < s->n_entries; e++) {
        const struct gc_input *in = gc_input_of(s, e);
        n_left = e == in->first ? 0 : n_left;
        if (!in->checked || !isfinite(s->grad[e])) {
            continue;
        }
        double fills[2] = {fill[0][e], fill[1][e]};
        double gots[2] = {got[0][e], got[1][e]};
        enum mode mode = mode_of(s->grad[e], fills, gots, gc_dtype_epsilon(in->t->dtype));
        note_mode(s, in, mode, &n_left);
        judge(c, e, mode, written, as_declared);
    }
    if (s->k->grad_accumulates && written->verdict == GRADCHECK_PASS) {
        gc_rule_skipped(written, "gradients accumulate: an entry left alone is one that got 0");
    }
}
