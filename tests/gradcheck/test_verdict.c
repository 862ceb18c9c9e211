// SPDX-License-Identifier: MIT
/* From screen, points, rules and controls to the verdict of a run and its summary. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/screen.h"
#include "hand.h"

enum { N = LAYER_ROWS * LAYER_COLUMNS };

Test(gradcheck_verdict, the_screen_decides_where_entries_have_not) {
    enum { PASS = GRADCHECK_PASS, FAIL = GRADCHECK_FAIL, OPEN = GRADCHECK_INCONCLUSIVE };
    static const struct {
        int entries, screen;
        bool all_seen;
        int verdict, reason;
    } table[] = {
        {PASS, PASS, true, PASS, 0},
        {PASS, FAIL, true, OPEN, GRADCHECK_NUMERICS}, /* two truths disagree */
        {PASS, FAIL, false, FAIL, 0},
        {PASS, OPEN, true, PASS, 0},
        {PASS, OPEN, false, OPEN, GRADCHECK_NOISE},
        {0, PASS, false, PASS, 0},
        {0, FAIL, false, FAIL, 0},
        {OPEN, PASS, false, OPEN, 0},
        {OPEN, OPEN, false, OPEN, 0}, /* the entries' reason stays */
        {OPEN, FAIL, false, FAIL, 0},
        {FAIL, PASS, true, FAIL, 0},
        {FAIL, OPEN, false, FAIL, 0},
        {PASS, 0, false, PASS, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (size_t unseen = 0; unseen < 2 * N; unseen += 7) {
            struct hand h;
            hand_open(&h);
            h.r.points[0].verdict = (enum gradcheck_verdict)table[i].entries;
            h.s.state[unseen] = table[i].all_seen ? GC_SEEN : GC_UNSEEN;
            const struct gc_screen screen = {.verdict = (enum gradcheck_verdict)table[i].screen};
            gc_judge_screen(&h.s, &screen);
            cr_expect_eq((int)h.r.points[0].verdict, table[i].verdict, "row %zu: %s", i,
                         gradcheck_verdict_name(h.r.points[0].verdict));
            cr_expect_eq((int)h.r.points[0].reason, table[i].reason, "row %zu", i);
            cr_expect_eq(h.s.n_screened, (size_t)(table[i].screen == PASS), "row %zu", i);
            gc_session_close(&h.s);
        }
    }
}

/* What the run says of a tensor of N entries, all told: shown are those that passed somewhere. */
Test(gradcheck_verdict, a_tensor_passes_if_each_entry_did_somewhere) {
    static const struct {
        size_t shown, n_pass, n_inaccurate, n_inconclusive, n_fail, n_screened;
        enum gradcheck_verdict verdict;
        enum gradcheck_reason reason;
        size_t n_uncovered;
    } table[] = {
        {N, N, 0, 0, 0, 1, GRADCHECK_PASS, 0, 0},
        {N, 2 * N, 0, N, 0, 0, GRADCHECK_PASS, 0, 0},
        {N, N - 1, 1, 0, 0, 1, GRADCHECK_INACCURATE, 0, 0},
        {N, N, 0, 0, 1, 1, GRADCHECK_FAIL, 0, 0},
        {N - 1, N - 1, 0, 0, 1, 0, GRADCHECK_FAIL, 0, 0},
        {N - 1, N - 1, 0, 1, 0, 1, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, 0},
        {N - 1, N - 1, 0, 0, 0, 1, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, 0},
        {N - 1, N - 1, 0, 0, 0, 0, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, 1},
        {N - 2, N - 2, 0, 1, 0, 0, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, 2},
        {N - 2, N - 3, 1, 2, 0, 0, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, 0},
        {0, 0, 0, 0, 0, 1, GRADCHECK_PASS, 0, 0},
        {0, 0, 0, 0, 0, 0, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET, N},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct hand h;
        hand_open(&h);
        for (size_t e = 0; e < 2 * N; e++) {
            h.s.shown[e] = e >= N || e < table[i].shown;
        }
        struct gradcheck_tensor_report *x = &h.r.tensors[0];
        h.r.tensors[1].n_pass = N;
        x->n_pass = table[i].n_pass;
        x->n_inaccurate = table[i].n_inaccurate;
        x->n_inconclusive = table[i].n_inconclusive;
        x->n_fail = table[i].n_fail;
        h.s.n_screened = table[i].n_screened;
        h.r.screen.resolution = 0.125;
        gc_conclude(&h.s);
        cr_expect_eq(x->verdict, table[i].verdict, "row %zu: %s", i,
                     gradcheck_verdict_name(x->verdict));
        cr_expect_eq(x->reason, table[i].reason, "row %zu", i);
        cr_expect_eq(x->n_uncovered, table[i].n_uncovered, "row %zu: %zu", i, x->n_uncovered);
        cr_expect_eq(h.r.verdict, table[i].verdict, "row %zu", i);
        bool by_screen = table[i].n_pass == 0 && table[i].n_screened > 0;
        cr_expect(x->worst_resolution == (by_screen ? 0.125 : 0), "row %zu", i);
        gc_session_close(&h.s);
    }
}

/* A run is as bad as the worst of its points, rules and controls. */
Test(gradcheck_verdict, a_run_is_as_bad_as_its_worst_part) {
    for (int part = 0; part < 7; part++) {
        struct hand h;
        hand_open(&h);
        memset(h.s.shown, 1, 2 * N);
        h.r.tensors[0].n_pass = h.r.tensors[1].n_pass = N;
        h.r.points[0].verdict = GRADCHECK_PASS;
        h.r.controls.n_applied = h.r.controls.n_caught = 5;
        enum gradcheck_verdict verdict = GRADCHECK_INCONCLUSIVE;
        enum gradcheck_reason reason = GRADCHECK_NO_REASON;
        struct gradcheck_rule_report *last = &h.r.rules[GRADCHECK_N_RULES - 1];
        switch (part) {
        case 0:
            verdict = GRADCHECK_PASS;
            break;
        case 1:
            h.r.controls.n_caught--;
            reason = GRADCHECK_CONTROL_MISSED;
            break;
        case 2:
            h.s.stopped = true;
            reason = GRADCHECK_BUDGET;
            break;
        case 3:
            h.r.points[0].verdict = GRADCHECK_INCONCLUSIVE;
            h.r.points[0].reason = reason = GRADCHECK_NUMERICS;
            break;
        case 4:
            h.r.points[0].verdict = verdict = GRADCHECK_FAIL;
            break;
        case 5:
            last->verdict = verdict = GRADCHECK_FAIL;
            strcpy(last->evidence, "it is bent");
            break;
        default:
            last->verdict = GRADCHECK_FAIL;
            last->waived = true;
            verdict = GRADCHECK_PASS;
        }
        gc_conclude(&h.s);
        cr_expect_eq(h.r.verdict, verdict, "part %d: %s", part, h.r.summary);
        cr_expect_eq(h.r.reason, reason, "part %d", part);
        cr_expect(part != 5 || strcmp(h.r.summary, "jvp_symmetric: it is bent") == 0, "%s",
                  h.r.summary);
        gc_session_close(&h.s);
    }
}

/* The worst entry of the tensor that decided, and the first rule that is broken and not waived. */
Test(gradcheck_verdict, the_summary_is_of_what_decided) {
    for (size_t t = 0; t < 2; t++) {
        struct hand h;
        char expected[GRADCHECK_TEXT_SIZE];
        hand_open(&h);
        memset(h.s.shown, 1, 2 * N);
        h.s.grad[N * t + 6] = 9.5;
        gc_judge_entries(&h.s);
        gc_conclude(&h.s);
        cr_expect_eq(h.r.verdict, GRADCHECK_FAIL);
        snprintf(expected, sizeof expected, "%s[1, 2].grad is 9.5, and by differences %g +- 1e-09",
                 t == 0 ? "x" : "w", (double)(N * t + 7));
        cr_expect_str_eq(h.r.summary, expected, "%s", h.r.summary);
        gc_session_close(&h.s);
    }
    for (int rule = 0; rule + 1 < GRADCHECK_N_RULES; rule++) {
        struct hand h;
        char expected[GRADCHECK_TEXT_SIZE];
        hand_open(&h);
        for (int i = rule > 0 ? -1 : 0; i <= 1; i++) {
            h.r.rules[rule + i].verdict = GRADCHECK_FAIL;
            h.r.rules[rule + i].waived = i != 0;
            snprintf(h.r.rules[rule + i].evidence, sizeof h.r.rules[rule + i].evidence, "bent %d",
                     i);
        }
        gc_conclude(&h.s);
        snprintf(expected, sizeof expected, "%s: bent 0",
                 gradcheck_rule_name((enum gradcheck_rule)rule));
        cr_expect_str_eq(h.r.summary, expected, "%s", h.r.summary);
        gc_session_close(&h.s);
    }
}

Test(gradcheck_verdict, the_summary_says_why_where_no_entry_shows_it) {
    enum part { SHOWN, INACCURATE, ALONG_DIRECTIONS, TWO_TRUTHS, WIDE_DIFFERS, STOPPED, N_PARTS };
    static const char *const expected[] = {
        [SHOWN] = "the gradient is the derivative, to 1.2e-01",
        [INACCURATE] = "the gradient is the derivative, to 1.2e-01",
        [ALONG_DIRECTIONS] = "the gradient is not the derivative along random directions",
        [TWO_TRUTHS] = "every entry agrees with its difference, but random directions do not",
        [WIDE_DIFFERS] = "no verdict with forward_wide: it is another function",
        [STOPPED] = "the run was ended before everything was looked at",
    };
    for (int part = 0; part < N_PARTS; part++) {
        struct hand h;
        hand_open(&h);
        memset(h.s.shown, 1, 2 * N);
        h.r.tensors[0].n_pass = h.r.tensors[1].n_pass = N;
        h.r.tensors[0].worst_resolution = 0.125;
        h.r.tensors[0].worst.verdict = GRADCHECK_PASS;
        struct gradcheck_point_report *point = &h.r.points[0];
        if (part == INACCURATE) {
            h.r.tensors[0].n_inaccurate = 1;
            h.r.tensors[0].worst.verdict = GRADCHECK_INACCURATE;
        } else if (part == ALONG_DIRECTIONS) {
            point->verdict = GRADCHECK_FAIL;
        } else if (part == TWO_TRUTHS || part == WIDE_DIFFERS) {
            point->verdict = GRADCHECK_INCONCLUSIVE;
            point->reason = GRADCHECK_NUMERICS;
        }
        if (part == WIDE_DIFFERS) {
            strcpy(h.r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence,
                   "it is another function");
        }
        h.s.stopped = part == STOPPED;
        gc_conclude(&h.s);
        cr_expect_str_eq(h.r.summary, expected[part], "part %d: %s", part, h.r.summary);
        gc_session_close(&h.s);
    }
}

/* Without a backward, those of the forward-mode product are all there is. */
Test(gradcheck_verdict, each_rule_of_a_jvp_leaves_the_run_open_unless_it_is_waived) {
    static const enum gradcheck_rule rules[] = {GRADCHECK_RULE_JVP_IS_DERIVATIVE,
                                                GRADCHECK_RULE_JVP_IS_ADJOINT,
                                                GRADCHECK_RULE_JVP_SYMMETRIC};
    for (size_t i = 0; i < 6; i++) {
        const size_t open = i / 2;
        const bool waived = i % 2 == 1;
        struct layer l;
        struct gc_session s;
        struct gradcheck_report r;
        layer_open(&l);
        l.kernel.backward = NULL;
        l.inputs[0].grad = l.inputs[1].grad = NULL;
        cr_assert_eq(gc_session_open(&s, &l.kernel, NULL, &r, false), GRADCHECK_OK);
        for (size_t k = 0; k < GRADCHECK_N_RULES; k++) {
            r.rules[k].waived = !waived;
        }
        for (size_t k = 0; k < 3; k++) {
            r.rules[rules[k]].verdict = k == open ? GRADCHECK_INCONCLUSIVE : GRADCHECK_PASS;
        }
        r.rules[rules[open]].waived = waived;
        gc_conclude(&s);
        cr_expect_eq(r.verdict, waived ? GRADCHECK_PASS : GRADCHECK_INCONCLUSIVE, "%zu: %s", i,
                     gradcheck_verdict_name(r.verdict));
        cr_expect_eq(r.reason, waived ? GRADCHECK_NO_REASON : GRADCHECK_NOISE, "%zu", i);
        gc_session_close(&s);
    }
}

/* ---- controls ---- */

Test(gradcheck_verdict, controls_that_a_loose_screen_misses_are_named) {
    struct hand h;
    hand_open(&h);
    for (size_t e = 0; e < 2 * N; e++) {
        h.s.state[e] = GC_UNSEEN;
    }
    struct gc_screen screen = {
        .verdict = GRADCHECK_PASS, .predicted = 1, .value = 1, .allowed = 1e9};
    gc_run_controls(&h.s, &screen);
    cr_expect_eq(h.r.controls.n_applied, 5u, "a swap would shift less than this screen can see");
    cr_expect_eq(h.r.controls.n_caught, 2u, "ten times the resolution, and NaN");
    cr_expect_eq(h.r.controls.n_not_applicable, 1u, "a swap would not be seen");
    cr_expect_str_eq(h.r.controls.missed,
                     "screen: sign of one entry, screen: all twice, screen: one entry zero");
    gc_session_close(&h.s);
    hand_open(&h);
    memset(h.s.state, GC_UNSEEN, 2 * N);
    screen.allowed = 1e-12;
    gc_run_controls(&h.s, &screen);
    cr_expect(h.r.controls.n_applied == 6 && h.r.controls.n_caught == 6);
    cr_expect_str_eq(h.r.controls.missed, "");
    gc_session_close(&h.s);
    hand_open(&h);
    memset(h.s.state, GC_UNSEEN, 2 * N);
    screen.verdict = GRADCHECK_FAIL;
    gc_run_controls(&h.s, &screen);
    cr_expect_eq(h.r.controls.n_applied, 0u, "nothing was accepted, so nothing can be spoilt");
    gc_session_close(&h.s);
}

Test(gradcheck_verdict, a_control_that_would_change_nothing_does_not_apply) {
    struct hand h;
    hand_open(&h);
    for (size_t e = 0; e < N; e++) {
        h.s.grad[e] = h.s.numeric[e] = 5; /* nothing to swap in x */
        h.s.state[N + e] = GC_UNSEEN;
    }
    const struct gc_screen screen = {.verdict = GRADCHECK_PASS};
    gc_run_controls(&h.s, &screen);
    cr_expect_eq(h.r.controls.n_applied, 5u);
    cr_expect_eq(h.r.controls.n_caught, 5u);
    cr_expect_eq(h.r.controls.n_not_applicable, 1u);
    gc_session_close(&h.s);
}
