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

/* Twice the error that it may have; in float32 what is absolute is more. */
Test(diagnosis_table, knows_what_is_as_good_as_zero) {
    for (int narrow = 0; narrow < 2; narrow++) {
        tables_open(&b, X4, Y3, true);
        b.in[0].dtype = narrow ? GRADCHECK_F32 : GRADCHECK_F64;
        for (size_t i = 0; i < 12; i++) {
            b.right[i] = b.got[i] = 2;
        }
        b.error[5] = 1e-3;
        const struct gc_table *t = tables_look(&b, 0);
        const double absolute = narrow ? 6e-6 : 2e-9;
        cr_expect(fabs(t->absolute - absolute) < 1e-3 * absolute, "%g", t->absolute);
        cr_expect(gc_is_zero(t, 0, 0, -1.9 * absolute) && !gc_is_zero(t, 0, 0, 2.1 * absolute));
        cr_expect(gc_is_zero(t, 1, 1, -1.9e-3) && !gc_is_zero(t, 1, 1, 2.1e-3));
    }
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

/* Of the entry alone, which may have as many axes as there can be: what is right of other outputs
 * stays. */
Test(diagnosis_table, leaves_out_slices_of_the_entry_alone) {
    static const struct gradcheck_tensor in[] = {
        {.name = "x", .ndim = GRADCHECK_MAX_DIMS, .shape = {4, 1, 1, 1}, .strides = {3, 1, 1, 1}},
        {0}};
    tables_open(&b, in, Y3, true);
    *tables_got(&b, 1, 2) = -3;
    struct gc_table *t = tables_look(&b, 0);
    gc_table_focus(t);
    cr_expect_eq(t->n_same, 2, "%zu", t->n_same);
}

Test(diagnosis_table, leaves_out_what_is_right_wherever_it_is) {
    for (size_t wrong = 0; wrong < 12; wrong++) {
        tables_open(&b, X4, Y3, true);
        b.got[wrong] *= -1;
        struct gc_table *t = tables_look(&b, 0);
        b.mark[12] = GC_SAME; /* of something else */
        gc_table_ignore_right(t);
        for (size_t i = 0; i < 12; i++) {
            cr_expect_eq(gc_mark_of(t, i / 4, i % 4), i == wrong ? GC_WRONG : GC_IGNORED, "%zu", i);
        }
        cr_expect_eq(b.mark[12], GC_SAME);
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
            b.got[1] = 0; /* a value like any other */
            b.got[10] = same ? 0 : 0.31 * units[u];
            cr_expect_eq(gc_one_value_held(tables_look(&b, 0)), same, "%g: %d", units[u], same);
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

/* A relation that is off by `off` of the largest there is, in any unit. */
Test(diagnosis_table, explains_what_is_near_in_any_unit) {
    static const struct {
        double times, off, error;
        bool explained;
    } rows[] = {
        {1, 0.9e-6, 0, true},    {1, 1.1e-6, 0, false},    {4, 0.9e-6, 0, true},
        {4, 1.1e-6, 0, false},   {1, 0.9e-2, 1e-2, true},  {1, 1.1e-2, 1e-2, false},
        {4, 0.9e-2, 1e-2, true}, {4, 1.1e-2, 1e-2, false},
    };
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            tables_open(&b, X4, Y3, true);
            for (size_t e = 0; e < 12; e++) {
                b.right[e] = (e == 7 ? 3 : 10) * units[u];
                b.got[e] = 1.5 * b.right[e];
                b.error[e] = e == 7 ? 3 * rows[i].error * units[u] : INFINITY;
            }
            b.got[7] = 3 * units[u] * rows[i].times * (1 + rows[i].off);
            const struct gc_table *t = tables_look(&b, 0);
            const bool wrong = t->n_wrong == 1;
            cr_expect_eq(gc_explains(t, itself, &rows[i].times), rows[i].explained && wrong,
                         "row %zu, %g", i, units[u]);
        }
    }
}

/* A right one before the first that is wrong as well as behind it. */
Test(diagnosis_table, explains_nothing_that_a_right_element_contradicts) {
    static const double times = 2;
    for (size_t same = 0; same < 12; same += 11) {
        for (int contradicts = 0; contradicts < 2; contradicts++) {
            tables_open(&b, X4, Y3, true);
            for (size_t e = 0; e < 12; e++) {
                b.got[e] = (e == 4 || e == 6 ? 2 : 1) * b.right[e];
                b.error[e] = e == 4 || e == 6 || (contradicts && e == same) ? 0 : INFINITY;
            }
            cr_expect_eq(gc_explains(tables_look(&b, 0), itself, &times), contradicts ? 0 : 2,
                         "element %zu", same);
        }
    }
}

static struct gc_prediction first_are_twice(const struct gc_table *t, size_t row, size_t column,
                                            const void *ctx) {
    const bool known = row * t->n_columns + column < *(const size_t *)ctx;
    return (struct gc_prediction){
        .row = row, .column = column, .times = 2, .over = 1, .unknown = !known};
}

Test(diagnosis_table, explains_half_of_what_is_wrong_at_least) {
    static const struct {
        size_t n_wrong, n_known;
        size_t explained;
    } rows[] = {{4, 2, 2}, {5, 2, 0}, {5, 3, 3}, {6, 3, 3}, {7, 3, 0}, {1, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        for (size_t e = 0; e < rows[i].n_wrong; e++) {
            b.got[e] = 2 * b.right[e];
        }
        cr_expect_eq(gc_explains(tables_look(&b, 0), first_are_twice, &rows[i].n_known),
                     rows[i].explained, "row %zu", i);
    }
}

/* 8 of them; one more says that there are more. */
Test(diagnosis_table, keeps_different_values_and_knows_that_there_are_more) {
    struct gc_distinct d = {.n = 0};
    for (size_t i = 0; i < 12; i++) {
        gc_distinct_add(&d, (double)i, 0.5);
        gc_distinct_add(&d, (double)i, 0.5);
        cr_expect_eq(d.n, i < GC_MOST_DISTINCT ? i + 1 : GC_MOST_DISTINCT + 1, "%zu: %zu", i, d.n);
    }
    for (size_t i = 0; i < GC_MOST_DISTINCT; i++) {
        cr_expect(d.seen[i] == (double)i);
    }
}

/* By a hundred thousandth, whatever they are. */
Test(diagnosis_table, counts_ratios_as_different_that_are_apart) {
    static const double ratios[] = {0x1p-200, 1e-3, 3, -1e3, 0x1p200};
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        for (int apart = 0; apart < 2; apart++) {
            tables_open(&b, X4, Y3, true);
            b.got[3] *= ratios[i];
            b.got[8] *= ratios[i] * (1 + (apart ? 1.05e-5 : 0.95e-5));
            cr_expect_eq(gc_distinct_ratios(tables_look(&b, 0), 4), apart ? 2 : 1, "%g", ratios[i]);
        }
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

Test(diagnosis_table, is_as_sure_as_chance_allows_and_no_more_of_more_than_four_ratios) {
    static const struct {
        size_t n_ratios, n_relations;
        double certainty;
    } rows[] = {
        {1, 40000, 0.75}, {1, 60000, 0}, {2, 60000, 0.8}, {4, 200, 6.0 / 7}, {6, 200, 6.0 / 7}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tables_open(&b, X4, Y3, true);
        for (size_t e = 0; e < rows[i].n_ratios; e++) {
            b.got[e] *= 2 + (double)e;
        }
        const double certainty = gc_certainty(tables_look(&b, 0), rows[i].n_relations);
        cr_expect(fabs(certainty - rows[i].certainty) < 1e-14, "row %zu: %g", i, certainty);
    }
}
