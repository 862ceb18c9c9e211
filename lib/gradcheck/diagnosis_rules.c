// SPDX-License-Identifier: MIT
/* What the contract rules found names its cause by itself. Where a rule broke, backward is asked a
 * few times more. */
#include <math.h>
#include <string.h>

#include "diagnosis.h"

static bool broken(const struct gc_session *s, enum gradcheck_rule rule) {
    return s->report->rules[rule].verdict == GRADCHECK_FAIL;
}

static bool differ(const struct gc_session *s, const double a[], const double b[]) {
    for (size_t e = 0; e < s->n_entries; e++) {
        if (gc_input_of(s, e)->checked && !gc_same_bits(a[e], b[e])) {
            return true;
        }
    }
    return false;
}

/* Whether b lies halfway between a and c in every entry, and some move by more than rounding. */
static bool evenly_spaced(const struct gc_session *s, const double a[], const double b[],
                          const double c[]) {
    bool moves = false;
    for (size_t e = 0; e < s->n_entries; e++) {
        const double first = b[e] - a[e];
        const double second = c[e] - b[e];
        const double slack = 8 * gc_dtype_epsilon(gc_input_of(s, e)->t->dtype) * fabs(c[e]);
        if (gc_input_of(s, e)->checked && !(fabs(second - first) <= 1e-3 * fabs(first) + slack)) {
            return false;
        }
        moves = moves || (gc_input_of(s, e)->checked && fabs(first) > 100 * slack);
    }
    return moves;
}

/* Whether backward, asked several times for the same, gives answers that differ; evenly: each
 * differs from the last by as much again. */
static bool wavers(struct gc_session *s, bool *evenly) {
    enum { TIMES = 8, ENOUGH = 5 };
    double *const answers[] = {s->numeric, s->bound, s->step};
    bool wavering = false;
    *evenly = true;
    for (int i = 0; i < TIMES && !(wavering && i >= ENOUGH); i++) {
        if (gc_backward(s, s->cotangent, NULL, answers[i % 3]) != GC_DONE) {
            return false;
        }
        wavering = wavering || (i > 0 && differ(s, answers[(i - 1) % 3], answers[i % 3]));
        *evenly = *evenly && (i < 2 || evenly_spaced(s, answers[(i - 2) % 3], answers[(i - 1) % 3],
                                                     answers[i % 3]));
    }
    return wavering;
}

/* ---- the cotangent ---- */

/* backward(by x u) in `to`. */
static bool scaled_backward(struct gc_session *s, double by, double to[]) {
    for (size_t i = 0; i < s->n_outs; i++) {
        s->minus[i] = s->cotangent[i] * by;
    }
    return gc_backward(s, s->minus, NULL, to) == GC_DONE;
}

struct scaling { /* of the entries that do not scale with u */
    size_t n, ignored, squared, odd_only;
    const char *tensor;
};

static struct scaling scaling_of(struct gc_session *s) {
    struct scaling found = {.n = 0};
    if (!scaled_backward(s, 1, s->numeric) || !scaled_backward(s, 2, s->bound) ||
        !scaled_backward(s, -1, s->step)) {
        return found;
    }
    for (size_t e = 0; e < s->n_entries; e++) {
        const struct gc_input *in = gc_input_of(s, e);
        const double one = s->numeric[e];
        const bool doubled = s->bound[e] == 2 * one;
        if (!in->checked || (doubled && s->step[e] == -one)) {
            continue;
        }
        found.tensor = found.n == 0 ? in->t->name : found.tensor;
        found.n++;
        found.ignored += s->bound[e] == one && s->step[e] == one;
        found.squared += one != 0 && fabs(s->bound[e] - 4 * one) <= 1e-3 * fabs(one);
        found.odd_only += doubled;
    }
    return found;
}

static void diagnose_cotangent(struct gc_session *s, struct gc_guess *guess) {
    const struct scaling found = scaling_of(s);
    if (found.n == 0) {
        return;
    }
    if (found.ignored == found.n) {
        gc_guess(guess, GRADCHECK_CAUSE_MISSING_FACTOR, 0.95,
                 "%.31s.grad does not change with the cotangent: the factor is missing",
                 found.tensor);
    } else if (found.squared == found.n) {
        gc_guess(guess, GRADCHECK_CAUSE_EXTRA_FACTOR, 0.93,
                 "%.31s.grad grows with the square of the cotangent: it is a factor twice",
                 found.tensor);
    } else if (2 * found.odd_only >= found.n) {
        gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.97,
                 "%.31s.grad depends on the sign of the cotangent: it is taken for a value",
                 found.tensor);
    }
}

/* ---- what gradients held before ---- */

static void diagnose_written(const struct gc_session *s, struct gc_guess *guess) {
    if (s->n_accumulated > 0 && !s->k->grad_accumulates) {
        gc_guess(guess, GRADCHECK_CAUSE_ACCUMULATES, 0.96, "%.200s",
                 broken(s, GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE)
                     ? s->report->rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE].evidence
                     : "a gradient is added to");
    } else if (s->n_overwritten > 0 && s->k->grad_accumulates) {
        gc_guess(guess, GRADCHECK_CAUSE_OVERWRITES, 0.96, "%.200s",
                 s->report->rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE].evidence);
    } else if (broken(s, GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE)) {
        gc_guess(guess, GRADCHECK_CAUSE_UNINITIALISED, 0.85, "%.160s: it is read before it is set",
                 s->report->rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE].evidence);
    }
    if (!broken(s, GRADCHECK_RULE_EVERY_ENTRY_WRITTEN) || s->n_accumulated > 0) {
        return;
    }
    if (s->forgotten != NULL) {
        gc_guess(guess, GRADCHECK_CAUSE_NOT_WRITTEN, s->forgotten->count > 1 ? 0.95 : 0.55,
                 "backward never writes %.31s.grad", s->forgotten->t->name);
    } else {
        gc_guess(guess, GRADCHECK_CAUSE_UNINITIALISED, 0.75,
                 "%.200s: whoever reads it finds what was there before",
                 s->report->rules[GRADCHECK_RULE_EVERY_ENTRY_WRITTEN].evidence);
    }
}

/* ---- the table ---- */

static const struct {
    enum gradcheck_rule rule;
    enum gradcheck_cause cause;
    double confidence;
} RULES[] = {
    {GRADCHECK_RULE_INPUTS_UNTOUCHED, GRADCHECK_CAUSE_WRITES_INPUT, 0.98},
    {GRADCHECK_RULE_OUTPUTS_UNTOUCHED, GRADCHECK_CAUSE_WRITES_INPUT, 0.98},
    {GRADCHECK_RULE_COTANGENTS_UNTOUCHED, GRADCHECK_CAUSE_WRITES_INPUT, 0.98},
    {GRADCHECK_RULE_PADDING_UNTOUCHED, GRADCHECK_CAUSE_OUT_OF_BOUNDS, 0.97},
    {GRADCHECK_RULE_FORWARD_DETERMINISTIC, GRADCHECK_CAUSE_NONDETERMINISTIC, 0.95},
    {GRADCHECK_RULE_NO_STALE_CACHE, GRADCHECK_CAUSE_STALE_CACHE, 0.93},
    {GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD, GRADCHECK_CAUSE_WRITES_INPUT, 0.7},
};

static bool any_broken(const struct gc_session *s) {
    for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
        if (broken(s, (enum gradcheck_rule)rule)) {
            return true;
        }
    }
    return false;
}

/* Overwrites numeric, bound and step, which hold nothing yet. */
void gc_diagnose_contract(struct gc_session *s) {
    struct gc_guess *guess = &s->guess;
    if (!any_broken(s) || s->n_checked == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        if (broken(s, RULES[i].rule)) {
            gc_guess(guess, RULES[i].cause, RULES[i].confidence, "%.250s",
                     s->report->rules[RULES[i].rule].evidence);
        }
    }
    bool evenly = false;
    if (wavers(s, &evenly)) {
        gc_guess(guess, evenly ? GRADCHECK_CAUSE_UNINITIALISED : GRADCHECK_CAUSE_NONDETERMINISTIC,
                 0.97, "backward gives other answers to the same question%s",
                 evenly ? ", each as far from the last: something that it keeps is never cleared"
                        : "");
    } else if (broken(s, GRADCHECK_RULE_BACKWARD_DETERMINISTIC)) {
        gc_guess(guess, GRADCHECK_CAUSE_STALE_CACHE, 0.9,
                 "the first backward differs from all later ones: it leaves something behind");
    }
    diagnose_written(s, guess);
    if (broken(s, GRADCHECK_RULE_ZERO_COTANGENT) || broken(s, GRADCHECK_RULE_HOMOGENEOUS)) {
        diagnose_cotangent(s, guess);
    }
    gc_write_point(s, s->base);
}
