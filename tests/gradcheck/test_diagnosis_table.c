// SPDX-License-Identifier: MIT
/* A relation held against every element of a table: what counts as equal, as wrong, as explained.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/tables.h"

static const struct gradcheck_tensor X4[] = {{.name = "x", .ndim = 1, .shape = {4}}, {0}};
static const struct gradcheck_tensor X34[] = {{.name = "x", .ndim = 2, .shape = {3, 4}}, {0}};
static const struct gradcheck_tensor Y3[] = {{.name = "y", .ndim = 1, .shape = {3}}, {0}};

static struct tables b;

/* ---- what is equal ---- */

Test(diagnosis_table, counts_what_is_right_and_wrong_and_where_the_first_of_it_is) {
    static const struct {
        size_t wrong[2], ignored, n_same; /* row * 4 + column */
    } rows[] = {{{0, 3}, 11, 9}, {{6, 9}, 2, 9}, {{11, 11}, 0, 10}, {{4, 8}, 8, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        b.got[rows[i].wrong[0]] *= -1;
        b.got[rows[i].wrong[1]] *= rows[i].wrong[0] == rows[i].wrong[1] ? 1 : -1;
        b.error[rows[i].ignored] = INFINITY;
        const struct gc_table *t = tables_look(&b, 0);
        cr_expect_eq(t->n_same, rows[i].n_same, "row %zu: %zu", i, t->n_same);
        cr_expect_eq(t->n_wrong, 11 - rows[i].n_same, "row %zu: %zu", i, t->n_wrong);
        cr_expect_eq(t->first_wrong, rows[i].wrong[0], "row %zu: %zu", i, t->first_wrong);
    }
}

/* Whatever the unit: what is absolute is a share of the largest right value, wherever that is. */
Test(diagnosis_table, measures_by_its_largest_right_value) {
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (size_t largest = 0; largest < 12; largest++) {
            tables_open(&b, X4, Y3, true);
            for (size_t i = 0; i < 12; i++) {
                b.got[i] = b.right[i] *= units[u] * (i == largest ? -100 : 1);
            }
            const struct gc_table *t = tables_look(&b, 0);
            cr_expect(t->absolute == 1e-9 * fabs(b.right[largest]), "%zu: %g", largest,
                      t->absolute);
            cr_expect_eq(t->n_wrong, 0);
        }
    }
}

static struct gc_prediction one_at_7(const struct gc_table *t, size_t row, size_t column,
                                     const void *ctx) {
    (void)ctx;
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .times = 1,
                                  .over = 1,
                                  .plus = row * t->n_columns + column == 7};
}

Test(diagnosis_table, knows_zero_where_all_is_zero) {
    tables_open(&b, X4, Y3, true);
    for (size_t i = 0; i < 12; i++) {
        b.got[i] = b.right[i] = 0;
    }
    b.got[7] = 1;
    const struct gc_table *t = tables_look(&b, 0);
    cr_expect_eq(t->n_wrong, 1);
    cr_expect_eq(t->n_same, 11);
    cr_expect_eq(gc_explains(t, one_at_7, NULL), 1);
    cr_expect(gc_is_zero(t, 0, 0, 0));
    cr_expect_not(gc_is_zero(t, 0, 0, 1e-300));
}

/* ---- what is left out ---- */

Test(diagnosis_table, leaves_out_slices_that_are_right_and_counts_what_stays) {
    static const struct {
        size_t wrong[2], n_same; /* entries of x[3, 4], for every output */
    } rows[] = {{{5, 5}, 0}, {{0, 1}, 0}, {{0, 5}, 6}, {{0, 11}, 6}, {{3, 11}, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X34, Y3, true);
        for (size_t r = 0; r < 3; r++) {
            *tables_got(&b, r, rows[i].wrong[0]) = *tables_got(&b, r, rows[i].wrong[1]) = -3;
        }
        struct gc_table *t = tables_look(&b, 0);
        gc_table_focus(t);
        cr_expect_eq(t->n_same, rows[i].n_same, "row %zu: %zu", i, t->n_same);
        gc_table_ignore_right(t);
        cr_expect_eq(t->n_same, 0, "row %zu: %zu", i, t->n_same);
    }
}

/* ---- what is asked of it ---- */

Test(diagnosis_table, holds_something_if_a_third_of_what_is_wrong_does) {
    static const struct {
        size_t n_wrong, n_zero;
        bool holds;
    } rows[] = {{3, 2, true}, {4, 3, false}, {12, 8, true}, {12, 9, false}, {3, 3, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        for (size_t e = 0; e < rows[i].n_wrong; e++) {
            b.got[e] = e < rows[i].n_zero ? 0 : -b.got[e];
        }
        cr_expect_eq(gc_holds_something(tables_look(&b, 0)), rows[i].holds, "row %zu", i);
    }
}

Test(diagnosis_table, holds_one_value_if_magnitudes_agree_in_any_unit) {
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (int same = 0; same < 2; same++) {
            tables_open(&b, X4, Y3, true);
            for (size_t i = 0; i < 12; i++) {
                b.got[i] = b.right[i] *= units[u];
            }
            b.got[1] = -0.3 * units[u];
            b.got[10] = (same ? 0.3 : 0.31) * units[u];
            const struct gc_table *t = tables_look(&b, 0);
            cr_expect_eq(t->n_wrong, 2);
            cr_expect_eq(gc_one_value_held(t), same, "%g: %d", units[u], same);
        }
    }
}

static struct gc_prediction itself(const struct gc_table *t, size_t row, size_t column,
                                   const void *ctx) {
    (void)t;
    return (struct gc_prediction){
        .row = row, .column = column, .times = *(const double *)ctx, .over = 1};
}

Test(diagnosis_table, explains_nothing_with_what_is_not_finite) {
    static const struct {
        double got, times;
        size_t explained;
    } rows[] = {{2, 2, 1}, {INFINITY, 2, 0}, {NAN, 2, 0}, {2, INFINITY, 0}, {2, NAN, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        for (size_t e = 0; e < 12; e++) {
            b.right[e] = 1;
            b.got[e] = e == 4 ? rows[i].got : 1;
            b.error[e] = e == 4 ? 0 : INFINITY;
        }
        cr_expect_eq(gc_explains(tables_look(&b, 0), itself, &rows[i].times), rows[i].explained,
                     "row %zu", i);
    }
}

Test(diagnosis_table, counts_different_ratios_up_to_as_many_as_are_kept) {
    tables_open(&b, X4, Y3, true);
    for (size_t i = 0; i < 12; i++) {
        b.got[i] = (2 + (double)(i / 2 * 2)) * b.right[i]; /* six ratios */
    }
    for (size_t most = 1; most < 8; most++) {
        cr_expect_eq(gc_distinct_ratios(tables_look(&b, 0), most), most < 6 ? most : 6);
    }
}

/* One ratio near 1 fits many functions; any other does not do so by chance. */
Test(diagnosis_table, is_not_sure_of_one_ratio_near_1) {
    static const struct {
        double ratio, other, certainty;
    } rows[] = {
        {1.04, 1.04, 0},    {0.96, 0.96, 0},    {1.06, 1.06, 0.75},
        {0.94, 0.94, 0.75}, {2.03, 2.03, 0.75}, {-1.03, -1.03, 0.75},
        {1.04, 1.03, 0.8},  {3, 4, 0.8},        {1.04, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        b.got[2] *= rows[i].ratio;
        b.got[9] *= rows[i].other;
        const double certainty = gc_certainty(tables_look(&b, 0), 200);
        cr_expect(certainty == rows[i].certainty, "row %zu: %g", i, certainty);
    }
}
