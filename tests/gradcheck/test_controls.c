// SPDX-License-Identifier: MIT
/* Controls, each under a judge that is blind to just that corruption (the linker puts it in the
 * way: see the Makefile). Then, and only then, the control is missed and the pass is taken back. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/layer.h"
#include "gradcheck/polynomial.h"
#include "gradcheck/screen.h"

enum { N = 4 };

enum blindness {
    SEES,
    TO_SIZE,
    TO_SIGN,
    TO_TWICE,
    TO_ORDER,
    TO_ZERO,
    TO_NAN,
    N_BLINDNESSES,
    TO_ALL
};

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

static double asked[16]; /* gradients that were judged last, of entries or along a direction */
static size_t n_asked;

static void note(double gradient) {
    if (n_asked < sizeof asked / sizeof asked[0]) {
        asked[n_asked++] = gradient;
    }
}

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
    case TO_ALL:
        return true;
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
    note(claim->backward);
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
    note(predicted);
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

Test(gradcheck_controls, that_are_missed_are_all_named_as_far_as_there_is_room) {
    struct gradcheck_report r;
    run(TO_ALL, N, &(struct gradcheck_options){.n_points = 1}, &r);
    cr_expect_eq(r.controls.n_applied, 6);
    cr_expect_eq(r.controls.n_caught, 0);
    cr_expect_str_eq(r.controls.missed,
                     "x: one entry by ten times the resolution, x: sign of one entry, x: all "
                     "twice, x: two entries swapped, x: one entry zero, x: one entry NaN");
    run(TO_ALL, N, &(struct gradcheck_options){.n_points = 3}, &r);
    cr_expect_eq(r.controls.n_applied, 18);
    cr_assert_not_null(memchr(r.controls.missed, '\0', sizeof r.controls.missed));
    cr_expect_eq(strlen(r.controls.missed), sizeof r.controls.missed - 1);
}

/* ---- which numbers are put in, and where ---- */

static void open_accepted(struct gc_session *s, struct polynomial *p, const double grad[], size_t n,
                          struct gradcheck_report *r) {
    static const struct gradcheck_options options = {.n_points = 1};
    cr_assert_eq(gc_session_open(s, &p->kernel, &options, r, false), GRADCHECK_OK);
    for (size_t e = 0; e < n; e++) {
        s->grad[e] = s->numeric[e] = grad[e];
        s->state[e] = GC_SEEN;
    }
    n_asked = 0;
}

static bool all_equal(const double expected[], size_t n, double relative) {
    bool equal = n_asked == n;
    for (size_t i = 0; i < n && equal; i++) {
        equal = isnan(expected[i]) ? isnan(asked[i])
                                   : fabs(asked[i] - expected[i]) <= relative * fabs(expected[i]);
    }
    return equal;
}

static void print_asked(void) {
    for (size_t i = 0; i < n_asked; i++) {
        fprintf(stderr, "asked %zu: %a\n", i, asked[i]);
    }
}

/* bound: of the numeric value, and the same again of backward's rounding. judged: first what is
 * accepted, then what the controls replace, until they are caught. */
Test(gradcheck_controls, replace_the_largest_entry_and_swap_it_with_the_one_furthest_off) {
    const double b = 0x1p-12, shift = 20 * b;
    const struct {
        size_t n;
        double grad[3], bound[3];
        bool unseen[3];
        size_t n_judged;
        double judged[9];
    } rows[] = {
        {3, {1, 3, 2}, {b, b, b}, {0}, 9, {1, 3, 2, 3 + shift, -3, 2, 1, 0, NAN}},
        {3, {2, 3, 1}, {b, b, b}, {0}, 9, {2, 3, 1, 3 + shift, -3, 4, 1, 0, NAN}},
        {3, {3, 1, 2}, {b, b, b}, {0}, 9, {3, 1, 2, 3 + shift, -3, 6, 1, 0, NAN}},
        {3, {-3, 1, 2}, {b, b, b}, {0}, 9, {-3, 1, 2, shift - 3, 3, -6, 2, 0, NAN}},
        {3, {9, 1, 2}, {b, b, b}, {true}, 8, {1, 2, 2 + shift, -2, 2, 1, 0, NAN}},
        /* nothing to swap with */
        {1, {2}, {b}, {0}, 6, {2, 2 + shift, -2, 4, 0, NAN}},
        {2, {1, 2}, {b, b}, {true}, 6, {2, 2 + shift, -2, 4, 0, NAN}},
        {2, {2, 2}, {b, b}, {0}, 7, {2, 2, 2 + shift, -2, 4, 0, NAN}},
        {2, {2, 2}, {0, 0}, {0}, 6, {2, 2, -2, 4, 0, NAN}},
        /* smaller than any float */
        {2,
         {0x1p-200, 0x1p-201},
         {0x1p-220, 0x1p-220},
         {0},
         8,
         {0x1p-200, 0x1p-201, 0x1p-200 + 20 * 0x1p-220, -0x1p-200, 0x1p-199, 0x1p-201, 0, NAN}},
        /* larger than any float */
        {2,
         {0x1p200, 0x1p199},
         {0x1p180, 0x1p180},
         {0},
         8,
         {0x1p200, 0x1p199, 0x1p200 + 20 * 0x1p180, -0x1p200, 0x1p201, 0x1p199, 0, NAN}},
        /* as far apart as can just be seen, and just not */
        {2,
         {1001, 1000},
         {0.109375, 0.25},
         {0},
         8,
         {1001, 1000, 1003.1875, -1001, 2002, 1000, 0, NAN}},
        {2, {1001, 1000}, {0.125, 0.125}, {0}, 7, {1001, 1000, 1003.5, -1001, 2002, 0, NAN}},
        /* nothing was accepted */
        {2, {0, 0}, {0, 0}, {0}, 2, {0, 0}},
    };
    static struct polynomial p;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_session s;
        struct gradcheck_report r;
        const struct gc_screen screen = {.verdict = GRADCHECK_NOT_CHECKED};
        polynomial_open(&p, rows[i].n);
        open_accepted(&s, &p, rows[i].grad, rows[i].n, &r);
        for (size_t e = 0; e < rows[i].n; e++) {
            s.bound[e] = s.rounding[e] = rows[i].bound[e];
            s.state[e] = rows[i].unseen[e] ? GC_UNSEEN : GC_SEEN;
        }
        gc_run_controls(&s, &screen);
        if (!all_equal(rows[i].judged, rows[i].n_judged, 0)) {
            print_asked();
            cr_expect_fail("row %zu: %zu judged", i, n_asked);
        }
        cr_expect_eq(r.controls.n_caught, r.controls.n_applied, "row %zu: missed %s", i,
                     r.controls.missed);
        gc_session_close(&s);
    }
}

/* Entry e has a derivative of e + 1, and is known to 2^-12. */
static void open_counting(struct layer *l, struct gc_session *s, struct gradcheck_report *r) {
    const struct gradcheck_options options = {.n_points = 1};
    layer_open(l);
    cr_assert_eq(gc_session_open(s, &l->kernel, &options, r, false), GRADCHECK_OK);
    for (size_t e = 0; e < s->n_entries; e++) {
        s->grad[e] = s->numeric[e] = (double)(1 + e);
        s->bound[e] = 0x1p-12;
        s->state[e] = GC_SEEN;
    }
}

Test(gradcheck_controls, replace_the_largest_entry_of_each_tensor_by_itself) {
    enum { N_EACH = LAYER_ROWS * LAYER_COLUMNS };
    const struct gc_screen screen = {.verdict = GRADCHECK_NOT_CHECKED};
    struct layer l;
    struct gc_session s;
    struct gradcheck_report r;
    open_counting(&l, &s, &r);
    n_asked = 0;
    gc_run_controls(&s, &screen);
    cr_expect(n_asked > N_EACH && asked[N_EACH] == N_EACH + 10 * 0x1p-12, "%g", asked[N_EACH]);
    cr_expect_eq(r.controls.n_caught, 12);
    gc_session_close(&s);
}

/* What is wrong with the next tensor is not what was put in. */
Test(gradcheck_controls, double_the_entries_of_one_tensor_alone) {
    const struct gc_screen screen = {.verdict = GRADCHECK_NOT_CHECKED};
    struct layer l;
    struct gc_session s;
    struct gradcheck_report r;
    open_counting(&l, &s, &r);
    s.numeric[s.inputs[1].first] *= 3;
    blindness = TO_TWICE;
    gc_run_controls(&s, &screen);
    blindness = SEES;
    cr_expect_str_eq(r.controls.missed, "x: all twice", "%s", r.controls.missed);
    gc_session_close(&s);
}

/* grad . direction with one entry replaced */
static double along(const struct gc_session *s, size_t entry, double value) {
    double sum = 0;
    for (size_t e = 0; e < s->n_entries; e++) {
        sum += (e == entry ? value : s->grad[e]) * s->direction[e];
    }
    return sum;
}

static double most_swapped(const struct gc_session *s, size_t entry) {
    const double here = along(s, 0, s->grad[0]);
    double most = here;
    for (size_t e = 0; e < s->n_entries; e++) {
        const double swapped =
            along(s, entry, s->grad[e]) + (s->grad[entry] - s->grad[e]) * s->direction[e];
        most = s->direction[e] != 0 && fabs(swapped - here) > fabs(most - here) ? swapped : most;
    }
    return most;
}

Test(gradcheck_controls, of_the_screen_shift_the_direction_by_what_they_change) {
    static const struct {
        size_t n, heaviest;
        double grad[3];
        bool last_has_no_room;
    } rows[] = {
        {3, 0, {100, 3, -2}, false},
        {3, 2, {-10, 1, 100}, false},
        {3, 1, {0.001, 0.1, -0.01}, false},
        {3, 0, {100, 1, -1000}, true},
        {3, 2, {-10e-200, 1e-200, 100e-200}, false},
        {1, 0, {7}, false},
    };
    static struct polynomial p;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t n = rows[i].n, h = rows[i].heaviest;
        struct gc_session s;
        struct gradcheck_report r;
        polynomial_open(&p, n);
        p.inputs[0].upper = rows[i].last_has_no_room ? p.x[n - 1] : 100;
        open_accepted(&s, &p, rows[i].grad, n, &r);
        memset(s.state, GC_UNSEEN, n);
        for (size_t number = 0; number < 8; number++) {
            gc_choose_direction(&s, number, 0, n);
            const double here = along(&s, 0, s.grad[0]);
            const struct gc_screen screen = {.verdict = GRADCHECK_PASS,
                                             .passed = number,
                                             .predicted = here,
                                             .value = here,
                                             .allowed = 1e-9 * fabs(here)};
            const double expected[] = {
                here + 10 * screen.allowed, along(&s, h, -s.grad[h]), 2 * here,
                most_swapped(&s, h),        along(&s, h, 0),          NAN};
            memset(&r.controls, 0, sizeof r.controls);
            memset(s.direction, 0, n * sizeof s.direction[0]);
            n_asked = 0;
            gc_run_controls(&s, &screen);
            if (!all_equal(expected, 6, 1e-12)) {
                print_asked();
                cr_expect_fail("row %zu, direction %zu: %zu asked", i, number, n_asked);
            }
            cr_expect_eq(r.controls.n_not_applicable, n == 1, "row %zu", i);
            cr_expect_eq(r.controls.n_caught, 6 - (n == 1), "row %zu: missed %s", i,
                         r.controls.missed);
            const double swap = fabs(most_swapped(&s, h) - here);
            for (int shows = 0; shows < 2 && swap > 0; shows++) {
                struct gc_screen loose = screen;
                loose.allowed = swap / (shows ? 4.1 : 3.9);
                memset(&r.controls, 0, sizeof r.controls);
                gc_run_controls(&s, &loose);
                cr_expect_eq(r.controls.n_not_applicable, !shows, "row %zu", i);
            }
        }
        gc_session_close(&s);
    }
}
