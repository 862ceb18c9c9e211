// SPDX-License-Identifier: MIT
/* What is wrong under a condition on a value: on tables put together by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/tables.h"

static struct tables b;

static const struct gradcheck_tensor SCALAR[] = {{.name = "y"}, {0}};

enum { MOST = 10 };

struct case_of_x {
    double x[MOST], right[MOST], got[MOST]; /* wrong where they differ; two x of 0 end it */
    struct expected_guess e;
};

/* y is a scalar. */
static void expect_of_x(const struct case_of_x *c, double unit, size_t row) {
    size_t n = 0;
    while (n < MOST && (c->x[n] != 0 || (n + 1 < MOST && c->x[n + 1] != 0))) {
        n++;
    }
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {n}}, {0}};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, in, SCALAR, false);
    for (size_t i = 0; i < n; i++) {
        b.base[i] = c->x[i];
        b.right[i] = unit * c->right[i];
        b.got[i] = unit * c->got[i];
    }
    gc_guess_threshold(tables_look(&b, 0), &guess);
    tables_expect(&guess, &c->e, row);
}

static const double UNITS[] = {1, 0x1p-200, 0x1p200};

Test(conditions, a_value_tells_what_is_wrong_if_it_parts_three_from_three) {
    static const struct case_of_x rows[] = {
        {{-4, -3, -2, -1, 2, 3, 4, 5},
         {1, 1, 1, 1, 1, 0.3, 0.3, 0.3},
         {1, 1, 1, 1, 1, 0, 0, 0},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.7 * 6 / 7, "wrong only where |right answer| is below 1"}},
        {{-4, -3, -2, -1, 2, 3, 4, 5},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8},
         {1.1, 1.2, 1.3, 1.4, 1.5, 3.6, 2.7, 5.8},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7, "x.grad is wrong only where x is above 2"}},
        {{-4, -3, -2, -1, 2, 3, 4, 5},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 2.7, 5.8},
         {.text = ""}},
        {{-4, -3, -2, 1, 2, 3},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6},
         {2.1, 3.2, 5.3, 1.4, 1.5, 1.6},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7, "wrong only where x is below 1"}},
        /* the largest comes first */
        {{-2, -3, -4, -0.5, -1, -0.7},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6},
         {1.1, 1.2, 1.3, 2.4, 3.5, 5.6},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7, "wrong only where x is above -2"}},
        /* the same value on both sides */
        {{1, 2, 3, 3, 4, 5},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6},
         {1.1, 1.2, 1.3, 2.4, 3.5, 5.6},
         {.text = ""}},
        {{1, 2, 3, 3, 4, 5},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6},
         {2.1, 4.2, 5.3, 1.4, 1.5, 1.6},
         {.text = ""}},
        /* something where nothing belongs */
        {{1, 2, 3, 4, 5, 6},
         {1.1, 1.2, 1.3, 0, 0, 0},
         {1.1, 1.2, 1.3, 2.4, 3.5, 5.6},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7, "wrong only where x is above 3"}},
        {{1, 2, 3, 4, 5, 6, 7},
         {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 0},
         {1.1, 1.2, 1.3, 2.4, 3.5, 5.6, 0},
         {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7, "wrong only where x is above 3"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
            if (i > 0 || u == 0) { /* the first names a right answer */
                expect_of_x(&rows[i], UNITS[u], i);
            }
        }
    }
}

/* A branch that is a straight line has the same derivative in two more places than it has
 * derivatives. */
Test(conditions, a_branch_is_left_out_if_0_parts_it_from_the_rest_and_it_is_straight) {
    static const struct expected_guess wrong = {GRADCHECK_CAUSE_CONDITIONAL, 0.7 * 6 / 7,
                                                "x.grad is wrong only where"};
#define DROPPED(text)                                                                              \
    { GRADCHECK_CAUSE_DROPPED_TERM, 0.75 * 6 / 7, text }
    const struct case_of_x rows[] = {
        {{-4, -3, -2, 1, 2, 3, 4, 5},
         {0.3, 0.3, 0.3, 1, 1, 1, 1, 1},
         {0, 0, 0, 1, 1, 1, 1, 1},
         DROPPED("x.grad is 0 where x is below -2, and right above 1: a branch is left out")},
        {{-4, -3, -2, 0.5, 2, 3}, {0.3, 0.3, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, DROPPED("-2, ")},
        {{-4, -3, 0, 1, 2, 3}, {0.3, 0.3, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, DROPPED("below 0,")},
        {{-4, -3, -2, 0, 2, 3}, {0.3, 0.3, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, DROPPED("above 0:")},
        {{-4, -3, 0.5, 1, 2, 3}, {0.3, 0.3, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, wrong},
        {{-4, -3, -2, -0.5, 2, 3}, {0.3, 0.3, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, wrong},
        {{-4, -3, -2, 1, 2, 3}, {0.3, 0.2, 0.3, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, wrong},
        /* the same to ten times what counts as equal */
        {{-4, -3, -2, 1, 2, 3},
         {0.3, 0.3 * (1 + 0.9e-5), 0.3, 1, 1, 1},
         {0, 0, 0, 1, 1, 1},
         DROPPED("-2, ")},
        {{-4, -3, -2, 1, 2, 3},
         {0.3, 0.3 * (1 + 1.05e-5), 0.3, 1, 1, 1},
         {0, 0, 0, 1, 1, 1},
         wrong},
    };
#undef DROPPED
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
            expect_of_x(&rows[i], UNITS[u], i);
        }
    }
}

Test(conditions, a_branch_is_straight_within_twice_what_is_not_known_of_it) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {6}}, {0}};
    for (int straight = 0; straight < 2; straight++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, SCALAR, false);
        for (size_t i = 0; i < 6; i++) {
            b.base[i] = (double)i - 2.5;
            b.right[i] = i == 1 ? 1 + (straight != 0 ? 1.9e-3 : 2.5e-3) : 1;
            b.got[i] = i < 3 ? 0 : b.right[i];
            b.error[i] = 1e-3;
        }
        gc_guess_threshold(tables_look(&b, 0), &guess);
        cr_expect_eq(guess.cause,
                     straight != 0 ? GRADCHECK_CAUSE_DROPPED_TERM : GRADCHECK_CAUSE_CONDITIONAL,
                     "%s", guess.text);
    }
}

Test(conditions, a_branch_has_as_many_derivatives_as_are_kept_at_most) {
    for (size_t n_rights = 7; n_rights <= 10; n_rights++) {
        for (size_t more = 1; more <= 2; more++) {
            const size_t n_wrong = n_rights + more;
            const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {n_wrong + 3}},
                                                  {0}};
            const bool straight = more == 2 && n_rights <= GC_MOST_DISTINCT;
            struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
            tables_open(&b, in, SCALAR, false);
            for (size_t i = 0; i < n_wrong + 3; i++) {
                b.base[i] = (double)i + 0.5 - (double)n_wrong;
                b.right[i] = i < n_wrong ? 1 + (double)(i % n_rights) : 0.5;
                b.got[i] = i < n_wrong ? 0 : b.right[i];
            }
            gc_guess_threshold(tables_look(&b, 0), &guess);
            cr_expect_eq(guess.cause,
                         straight ? GRADCHECK_CAUSE_DROPPED_TERM : GRADCHECK_CAUSE_CONDITIONAL,
                         "%zu of %zu: %s", n_rights, n_wrong, guess.text);
        }
    }
}

/* ---- whose value ---- */

Test(conditions, the_value_is_that_of_the_entry_or_of_an_output) {
    enum { N = 6 };
    static int32_t labels[N] = {0, 1, 2, 3, 4, 5};
    static const double steady[N] = {1, 2, 3, 4, 5, 6};
    static const double other[N] = {1, 4, 1, 4, 1, 4};
    static const struct {
        const double *x, *y, *g;
        bool by_output;
        const char *text;
    } rows[] = {
        {steady, other, other, true, "where x is above 3"},
        {steady, other, other, false, "where x is above 3"},
        {other, steady, other, true, "where y is above 3"},
        {other, other, steady, true, NULL},
        {other, other, steady, false, NULL},
    };
    const struct gradcheck_tensor in[] = {
        {.name = "l", .ndim = 1, .shape = {N}, .dtype = GRADCHECK_I32, .value = labels},
        {.name = "x", .ndim = 1, .shape = {N}},
        {.name = "g", .ndim = 1, .shape = {N}},
        {0}};
    static const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 1, .shape = {N}}, {0}};
    static const struct gradcheck_tensor other_out[] = {{.name = "y", .ndim = 1, .shape = {2}},
                                                        {0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct expected_guess above = {GRADCHECK_CAUSE_CONDITIONAL, 0.4 * 6 / 7,
                                             rows[i].text};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, rows[i].by_output ? out : other_out, rows[i].by_output);
        memcpy(b.base, rows[i].x, sizeof steady);
        memcpy(b.base + N, rows[i].g, sizeof steady);
        memcpy(b.y0, rows[i].y, sizeof steady);
        for (size_t r = 0; r < b.j.n_rows; r++) {
            for (size_t c = 0; c < N; c++) {
                *tables_right(&b, r, c) *= !rows[i].by_output || r == c;
                *tables_got(&b, r, c) = *tables_right(&b, r, c) * (c < 3 ? 1 : 2.5 + (double)c);
            }
        }
        gc_guess_threshold(tables_look(&b, 1), &guess);
        tables_expect(&guess, rows[i].text != NULL ? &above : &(struct expected_guess){.text = ""},
                      i);
    }
}

/* Of two entries, and of as many outputs as it takes. */
Test(conditions, two_values_are_enough_to_part_what_is_wrong) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {2}}, {0}};
    for (size_t n_outs = 3; n_outs <= 6; n_outs += 3) {
        const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 1, .shape = {n_outs}}, {0}};
        const bool of_entry = n_outs == 3;
        const double n = (double)n_outs;
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        for (size_t r = 0; r < n_outs; r++) {
            for (size_t c = 0; c < 2; c++) {
                const bool wrong = of_entry ? c == 1 : r > 2;
                *tables_got(&b, r, c) *= wrong ? 2.5 + (double)(2 * r + c) : 1;
                b.base[c] = 1 + (double)c;
                b.y0[r] = 1 + (double)r;
            }
        }
        gc_guess_threshold(tables_look(&b, 0), &guess);
        tables_expect(&guess,
                      &(struct expected_guess){GRADCHECK_CAUSE_CONDITIONAL,
                                               0.4 * 2 * n / (2 * n + 1),
                                               of_entry ? "x is above 1" : "y is above 3"},
                      n_outs);
    }
}
