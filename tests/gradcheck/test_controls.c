// SPDX-License-Identifier: MIT
/* Controls, each under a judge that is blind to just that corruption (the linker puts it in the
 * way: see the Makefile). Then, and only then, the control is missed and the pass is taken back. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/engine.h"
#include "gradcheck/polynomial.h"

enum { N = 4 };

enum blindness { SEES, TO_SIZE, TO_SIGN, TO_TWICE, TO_ORDER, TO_ZERO, TO_NAN, N_BLINDNESSES };

static const char *const CONTROLS[] = {
    [TO_SIZE] = "one entry by ten times the resolution",
    [TO_SIGN] = "sign of one entry",
    [TO_TWICE] = "all twice",
    [TO_ORDER] = "two entries swapped",
    [TO_ZERO] = "one entry zero",
    [TO_NAN] = "one entry NaN",
};

static enum blindness blindness;
static double seen[64]; /* derivatives that were judged so far */
static size_t n_seen;

static bool is_close(double a, double b) {
    return fabs(a - b) <= 1e-6 * fabs(b);
}

static bool is_one_of_the_others(double value) {
    bool any = false;
    for (size_t i = 0; i < n_seen; i++) {
        any = any || is_close(value, seen[i]);
    }
    return any;
}

static bool overlooks(const struct gc_claim *c) {
    double error = fabs(c->backward - c->numeric);
    switch (blindness) {
    case TO_SIZE:
        return error <= 100 * (c->bound + c->rounding);
    case TO_SIGN:
        return is_close(-c->backward, c->numeric);
    case TO_TWICE:
        return is_close(c->backward / 2, c->numeric);
    case TO_ORDER:
        return !is_close(c->backward, c->numeric) && is_one_of_the_others(c->backward);
    case TO_ZERO:
        return c->backward == 0;
    case TO_NAN:
        return !(error > c->bound + c->rounding);
    default:
        return false;
    }
}

struct gc_judgement __real_gc_judge(const struct gc_claim *claim);
struct gc_judgement __wrap_gc_judge(const struct gc_claim *claim);
bool __real_gc_agrees(double predicted, double numeric, double allowed);
bool __wrap_gc_agrees(double predicted, double numeric, double allowed);

struct gc_judgement __wrap_gc_judge(const struct gc_claim *claim) {
    struct gc_claim seen_as = *claim;
    if (blindness != SEES && overlooks(claim)) {
        seen_as.backward = claim->numeric;
    }
    if (n_seen < sizeof seen / sizeof seen[0]) {
        seen[n_seen++] = claim->numeric;
    }
    return __real_gc_judge(&seen_as);
}

/* Of a right gradient, the screen's judgement disagrees with the controls alone, in their order. */
static size_t overlooked, n_disagreements;

bool __wrap_gc_agrees(double predicted, double numeric, double allowed) {
    bool agrees = __real_gc_agrees(predicted, numeric, allowed);
    n_disagreements += !agrees;
    return agrees || (overlooked > 0 && n_disagreements == overlooked);
}

static void run(enum blindness to, size_t n, const struct gradcheck_options *options,
                struct gradcheck_report *r) {
    static struct polynomial p;
    polynomial_open(&p, n);
    blindness = to;
    n_seen = 0;
    cr_assert_eq(gradcheck_run(&p.kernel, options, r), GRADCHECK_OK);
    blindness = SEES;
}

Test(gradcheck_controls, are_all_applied_and_caught_on_a_right_gradient) {
    const struct gradcheck_options options = {.n_points = 1};
    struct gradcheck_report r;
    run(SEES, N, &options, &r);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert_eq(r.controls.n_applied, 6, "%zu", r.controls.n_applied);
    cr_assert_eq(r.controls.n_caught, 6);
    cr_assert_eq(r.controls.n_not_applicable, 0);
    cr_assert_str_empty(r.controls.missed);
}

Test(gradcheck_controls, a_missed_one_takes_the_pass_back_and_is_named) {
    const struct gradcheck_options options = {.n_points = 1};
    for (int to = TO_SIZE; to < N_BLINDNESSES; to++) {
        struct gradcheck_report r;
        run((enum blindness)to, N, &options, &r);
        cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE, "%s: %s", CONTROLS[to], r.summary);
        cr_expect_eq(r.reason, GRADCHECK_CONTROL_MISSED, "%s", CONTROLS[to]);
        cr_expect_str_eq(r.summary, "errors that were put in on purpose were not noticed");
        cr_expect_lt(r.controls.n_caught, r.controls.n_applied, "%s", CONTROLS[to]);
        cr_expect_not_null(strstr(r.controls.missed, CONTROLS[to]), "%s: '%s'", CONTROLS[to],
                           r.controls.missed);
    }
}

Test(gradcheck_controls, swapping_needs_two_entries) {
    const struct gradcheck_options options = {.n_points = 1};
    struct gradcheck_report r;
    run(SEES, 1, &options, &r);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert_eq(r.controls.n_applied, 5);
    cr_assert_eq(r.controls.n_not_applicable, 1);
}

Test(gradcheck_controls, of_the_screen_are_missed_one_by_one_too) {
    const struct gradcheck_options options = {.n_points = 1, .screen_only = true};
    struct gradcheck_report r;
    n_disagreements = overlooked = 0;
    run(SEES, N, &options, &r);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert_eq(r.controls.n_caught, 6);
    for (int to = TO_SIZE; to < N_BLINDNESSES; to++) {
        n_disagreements = 0;
        overlooked = (size_t)to;
        run(SEES, N, &options, &r);
        cr_expect_eq(r.reason, GRADCHECK_CONTROL_MISSED, "%s: %s", CONTROLS[to], r.summary);
        cr_expect_eq(r.controls.n_caught, 5, "%s", CONTROLS[to]);
        cr_expect_not_null(strstr(r.controls.missed, CONTROLS[to]), "%s: '%s'", CONTROLS[to],
                           r.controls.missed);
    }
}
