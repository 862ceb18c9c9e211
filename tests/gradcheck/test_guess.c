// SPDX-License-Identifier: MIT
/* What is said of all that the hypotheses find: when they are asked, how tensors vote, and how sure
 * that makes the answer. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/diagnosis.h"

/* ---- y = a^2 + b^2 + c^2, elementwise; what is wrong in each gradient is chosen ---- */

enum { N_TENSORS = 3, LENGTH = 3 };

enum wrong { RIGHT, NEGATED, DOUBLED, GARBAGE, FIRST_DOUBLED };

struct squares {
    enum wrong wrong[N_TENSORS];
    double x[N_TENSORS][LENGTH], dx[N_TENSORS][LENGTH], y[LENGTH], dy[LENGTH];
    struct gradcheck_tensor in[N_TENSORS], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    struct gradcheck_report report;
};

static int forward(void *ctx) {
    struct squares *k = ctx;
    for (size_t i = 0; i < LENGTH; i++) {
        k->y[i] = 0;
        for (size_t t = 0; t < N_TENSORS; t++) {
            k->y[i] += k->x[t][i] * k->x[t][i];
        }
    }
    return 0;
}

static double factor(enum wrong wrong, size_t i) {
    static const double garbage[LENGTH] = {1.3719, 0.6123, -2.2345};
    switch (wrong) {
    case NEGATED:
        return -1;
    case DOUBLED:
        return 2;
    case GARBAGE:
        return garbage[i];
    case FIRST_DOUBLED:
        return i == 0 ? 2 : 1;
    default:
        return 1;
    }
}

static int backward(void *ctx) {
    struct squares *k = ctx;
    for (size_t t = 0; t < N_TENSORS; t++) {
        for (size_t i = 0; i < LENGTH; i++) {
            k->dx[t][i] = factor(k->wrong[t], i) * 2 * k->x[t][i] * k->dy[i];
        }
    }
    return 0;
}

/* A session whose entries were all looked at, at a point that fails. */
static struct squares *open_failed(const enum wrong wrong[N_TENSORS]) {
    static const char *const names[] = {"a", "b", "c"};
    static const struct gradcheck_options options = {.n_points = 1};
    static struct squares k;
    k = (struct squares){.wrong = {wrong[0], wrong[1], wrong[2]}};
    for (size_t t = 0; t < N_TENSORS; t++) {
        for (size_t i = 0; i < LENGTH; i++) {
            k.x[t][i] = 1 + sin(1.7 * (double)i + 2.3 * (double)t) / 2;
        }
        k.in[t] = (struct gradcheck_tensor)GRADCHECK_INPUT(names[t], k.x[t], k.dx[t], LENGTH);
    }
    k.out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k.y, k.dy, LENGTH);
    k.kernel = (struct gradcheck_kernel){.name = "squares",
                                         .inputs = k.in,
                                         .n_inputs = N_TENSORS,
                                         .outputs = k.out,
                                         .n_outputs = 1,
                                         .forward = forward,
                                         .backward = backward,
                                         .ctx = &k};
    cr_assert_eq(gc_session_open(&k.s, &k.kernel, &options, &k.report, false), GRADCHECK_OK);
    cr_assert_eq(gc_forward(&k.s, k.s.y0), GC_DONE);
    for (size_t e = 0; e < k.s.n_entries; e++) {
        k.s.numeric[e] = 2 * k.s.base[e];
        k.s.grad[e] = factor(wrong[e / LENGTH], e % LENGTH) * k.s.numeric[e];
        k.s.bound[e] = 1e-12;
        k.s.state[e] = GC_SEEN;
    }
    k.report.points[0].verdict = GRADCHECK_FAIL;
    return &k;
}

static struct gc_guess guess_about(enum wrong a, enum wrong b, enum wrong c) {
    struct squares *k = open_failed((enum wrong[]){a, b, c});
    gc_diagnose_point(&k->s);
    const struct gc_guess guess = k->s.guess;
    gc_session_close(&k->s);
    return guess;
}

/* ---- one guess ---- */

Test(diagnosis_guess, is_replaced_by_a_surer_one_alone) {
    static const struct {
        double confidence;
        bool replaces;
    } rows[] = {{0.59, false}, {0.6, false}, {0.61, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        gc_guess(&guess, GRADCHECK_CAUSE_SIGN, 0.6, "first");
        gc_guess(&guess, GRADCHECK_CAUSE_TAIL, rows[i].confidence, "second");
        cr_expect_str_eq(guess.text, rows[i].replaces ? "second" : "first");
        cr_expect_eq(guess.cause, rows[i].replaces ? GRADCHECK_CAUSE_TAIL : GRADCHECK_CAUSE_SIGN);
    }
}

/* ---- the vote ---- */

Test(diagnosis_guess, is_the_surer_the_more_wrong_tensors_name_the_same_cause) {
    const double sign = guess_about(NEGATED, NEGATED, NEGATED).confidence;
    const double twice = guess_about(DOUBLED, DOUBLED, DOUBLED).confidence;
    cr_assert(sign > twice && twice > 0.5 && sign < 1, "%g, %g", sign, twice);
    const double both = sign + twice, double_sign = 2 * sign + twice,
                 double_twice = 2 * twice + sign;
    const struct {
        enum wrong wrong[N_TENSORS];
        enum gradcheck_cause cause;
        double share, explained; /* of what is said, the winner's; of the wrong tensors */
        const char *text;
    } rows[] = {
        {{NEGATED, RIGHT, RIGHT}, GRADCHECK_CAUSE_SIGN, 1, 1, "a.grad"},
        {{RIGHT, NEGATED, RIGHT}, GRADCHECK_CAUSE_SIGN, 1, 1, "b.grad"},
        {{RIGHT, RIGHT, NEGATED}, GRADCHECK_CAUSE_SIGN, 1, 1, "c.grad"},
        {{NEGATED, RIGHT, NEGATED}, GRADCHECK_CAUSE_SIGN, 1, 1, "a.grad"},
        {{NEGATED, GARBAGE, RIGHT}, GRADCHECK_CAUSE_SIGN, 1, 0.5, "a.grad"},
        {{GARBAGE, NEGATED, GARBAGE}, GRADCHECK_CAUSE_SIGN, 1, 1.0 / 3, "b.grad"},
        {{NEGATED, GARBAGE, NEGATED}, GRADCHECK_CAUSE_SIGN, 1, 2.0 / 3, "a.grad"},
        {{DOUBLED, NEGATED, RIGHT}, GRADCHECK_CAUSE_SIGN, sign / both, 1, "b.grad"},
        {{DOUBLED, GARBAGE, NEGATED}, GRADCHECK_CAUSE_SIGN, sign / both, 2.0 / 3, "c.grad"},
        {{NEGATED, DOUBLED, NEGATED}, GRADCHECK_CAUSE_SIGN, 2 * sign / double_sign, 1, "a.grad"},
        {{DOUBLED, NEGATED, DOUBLED},
         GRADCHECK_CAUSE_CONSTANT_FACTOR,
         2 * twice / double_twice,
         1,
         "a.grad"},
        {{RIGHT, RIGHT, RIGHT}, GRADCHECK_CAUSE_NONE, 0, 0, ""},
        {{GARBAGE, RIGHT, RIGHT}, GRADCHECK_CAUSE_NONE, 0, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gc_guess guess =
            guess_about(rows[i].wrong[0], rows[i].wrong[1], rows[i].wrong[2]);
        const double alone = rows[i].cause == GRADCHECK_CAUSE_SIGN              ? sign
                             : rows[i].cause == GRADCHECK_CAUSE_CONSTANT_FACTOR ? twice
                                                                                : 0;
        const double confidence =
            alone * (0.5 + 0.5 * rows[i].share) * (0.8 + 0.2 * rows[i].explained);
        cr_expect_eq(guess.cause, rows[i].cause, "row %zu: %s", i, guess.text);
        cr_expect(fabs(guess.confidence - confidence) <= 1e-14, "row %zu: %.17g, not %.17g", i,
                  guess.confidence, confidence);
        cr_expect_eq(strncmp(guess.text, rows[i].text, strlen(rows[i].text)), 0, "row %zu: %s", i,
                     guess.text);
    }
}

Test(diagnosis_guess, needs_no_more_than_one_wrong_element) {
    const struct gc_guess guess = guess_about(RIGHT, FIRST_DOUBLED, RIGHT);
    cr_expect_neq(guess.cause, GRADCHECK_CAUSE_NONE);
    cr_expect_gt(guess.confidence, 0.5);
}

/* Where the budget ended there. */
Test(diagnosis_guess, is_made_if_the_wrong_entry_alone_was_looked_at) {
    for (size_t seen = 0; seen < 2; seen++) {
        struct squares *k = open_failed((enum wrong[]){RIGHT, FIRST_DOUBLED, RIGHT});
        memset(k->s.state, GC_UNSEEN, k->s.n_entries);
        k->s.state[LENGTH + (seen > 0 ? 0 : 1)] = GC_SEEN;
        gc_diagnose_point(&k->s);
        cr_expect_eq(k->s.guess.cause != GRADCHECK_CAUSE_NONE, seen > 0, "%s", k->s.guess.text);
        gc_session_close(&k->s);
    }
}

/* Within its bound, and nothing in the Jacobian to see. */
Test(diagnosis_guess, is_made_of_ties_from_what_was_judged_alone) {
    for (size_t tied = 0; tied < LENGTH; tied++) {
        struct squares *k = open_failed((enum wrong[]){RIGHT, RIGHT, RIGHT});
        k->s.state[LENGTH + tied] = GC_SEEN | GC_AT_KINK | GC_TIE_BROKEN;
        gc_diagnose_point(&k->s);
        cr_expect_eq(k->s.guess.cause, GRADCHECK_CAUSE_TIES, "%zu", tied);
        cr_expect(fabs(k->s.guess.confidence - 0.9) <= 1e-15, "%zu: %.17g", tied,
                  k->s.guess.confidence);
        gc_session_close(&k->s);
    }
}

/* ---- when it is asked for, and when it is told ---- */

Test(diagnosis_guess, is_looked_for_at_two_points_that_fail_until_it_is_sure) {
    static const struct {
        enum gradcheck_verdict verdict;
        double confidence; /* so far */
        size_t n_jacobians;
        bool no_diagnosis, stopped, looked;
    } rows[] = {
        {.verdict = GRADCHECK_NOT_CHECKED},
        {.verdict = GRADCHECK_PASS},
        {.verdict = GRADCHECK_INCONCLUSIVE},
        {.verdict = GRADCHECK_INACCURATE, .looked = true},
        {.verdict = GRADCHECK_FAIL, .looked = true},
        {.verdict = GRADCHECK_FAIL, .confidence = 0.89, .looked = true},
        {.verdict = GRADCHECK_FAIL, .confidence = 0.9},
        {.verdict = GRADCHECK_FAIL, .confidence = 1},
        {.verdict = GRADCHECK_FAIL, .n_jacobians = 1, .looked = true},
        {.verdict = GRADCHECK_FAIL, .n_jacobians = 2},
        {.verdict = GRADCHECK_FAIL, .no_diagnosis = true},
        {.verdict = GRADCHECK_FAIL, .stopped = true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int fixed_cotangent = 0; fixed_cotangent < 2; fixed_cotangent++) {
            struct squares *k = open_failed((enum wrong[]){NEGATED, NEGATED, NEGATED});
            struct gc_session *s = &k->s;
            s->report->points[0].verdict = rows[i].verdict;
            s->guess.confidence = rows[i].confidence;
            s->n_jacobians = rows[i].n_jacobians;
            s->options.no_diagnosis = rows[i].no_diagnosis;
            s->stopped = rows[i].stopped;
            s->fixed_cotangent = fixed_cotangent != 0; /* then nothing more is evaluated */
            const size_t n_forward = s->report->n_forward;
            gc_diagnose_point(s);
            cr_expect_eq(s->n_jacobians, rows[i].n_jacobians + rows[i].looked, "row %zu", i);
            cr_expect_eq(s->report->n_forward > n_forward, rows[i].looked && !s->fixed_cotangent,
                         "row %zu", i);
            cr_expect_eq(s->guess.cause == GRADCHECK_CAUSE_SIGN,
                         rows[i].looked && rows[i].confidence == 0, "row %zu", i);
            gc_session_close(s);
        }
    }
}

Test(diagnosis_guess, is_told_of_a_run_that_fails_if_it_is_likely) {
    static const struct {
        enum gradcheck_verdict verdict;
        double confidence;
        bool no_diagnosis, told;
    } rows[] = {
        {GRADCHECK_NOT_CHECKED, 0.8, false, false},  {GRADCHECK_PASS, 0.8, false, false},
        {GRADCHECK_INCONCLUSIVE, 0.8, false, false}, {GRADCHECK_INACCURATE, 0.8, false, true},
        {GRADCHECK_FAIL, 0.8, false, true},          {GRADCHECK_FAIL, 0.5, false, true},
        {GRADCHECK_FAIL, 0.49, false, false},        {GRADCHECK_FAIL, 0.8, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gradcheck_report r = {.verdict = rows[i].verdict};
        struct gc_session s = {.report = &r, .options.no_diagnosis = rows[i].no_diagnosis};
        gc_guess(&s.guess, GRADCHECK_CAUSE_TAIL, rows[i].confidence, "the tail");
        gc_conclude_diagnosis(&s);
        cr_expect_eq(r.cause, rows[i].told ? GRADCHECK_CAUSE_TAIL : GRADCHECK_CAUSE_NONE, "row %zu",
                     i);
        cr_expect(r.diagnosis_confidence == (rows[i].told ? rows[i].confidence : 0), "row %zu", i);
        cr_expect_str_eq(r.diagnosis, rows[i].told ? "the tail" : "", "row %zu", i);
    }
}

Test(diagnosis_guess, is_a_memory_if_the_first_point_alone_is_right) {
    enum { P = GRADCHECK_PASS, F = GRADCHECK_FAIL };
    static const struct {
        size_t n_points;
        int verdicts[4];
        bool remembers;
    } rows[] = {
        {4, {P, F, F, F}, true},  {3, {P, F, F}, true},     {2, {P, F}, false},
        {3, {P, P, F}, false},    {4, {P, F, P, F}, false}, {4, {P, F, F, P}, false},
        {4, {F, F, F, F}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gradcheck_report r = {.verdict = GRADCHECK_FAIL, .n_points = rows[i].n_points};
        struct gc_session s = {.report = &r};
        for (size_t p = 0; p < rows[i].n_points; p++) {
            r.points[p].verdict = (enum gradcheck_verdict)rows[i].verdicts[p];
        }
        gc_conclude_diagnosis(&s);
        cr_expect_eq(r.cause == GRADCHECK_CAUSE_STALE_CACHE, rows[i].remembers, "row %zu", i);
        cr_expect(r.diagnosis_confidence == (rows[i].remembers ? 0.88 : 0), "row %zu", i);
    }
}
