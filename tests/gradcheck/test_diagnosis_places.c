// SPDX-License-Identifier: MIT
/* What lies in the wrong place, is left out, or is wrong under a condition: on tables put together
 * by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/tables.h"

static struct tables b;

static struct gradcheck_tensor axes(const char *name, size_t ndim, size_t n, size_t m) {
    return (struct gradcheck_tensor){.name = name, .ndim = ndim, .shape = {n, m}};
}

/* x[n, m] and y[k, l]; an axis of length 0 is not there. */
static void open_two(size_t n, size_t m, size_t k, size_t l, bool by_output) {
    const struct gradcheck_tensor in[] = {axes("x", m > 0 ? 2 : 1, n, m), {0}};
    const struct gradcheck_tensor out[] = {axes("y", l > 0 ? 2 : k > 0 ? 1 : 0, k, l), {0}};
    tables_open(&b, in, out, by_output);
}

/* ---- left out ---- */

Test(diagnosis_places, what_is_left_out_at_an_end_is_a_loop_that_begins_or_ends_too_early) {
    static const struct {
        size_t n, m;
        const char *there; /* of x: '0' where backward holds nothing */
        struct expected_guess e;
    } rows[] = {
        {7,
         0,
         "1111110",
         {GRADCHECK_CAUSE_TAIL, 0.93 * 12 / 13, "the last of 7 along the elements of x: a loop"}},
        {6,
         0,
         "111000",
         {GRADCHECK_CAUSE_TAIL, 0.8 * 0.93 * 6 / 7, "misses 3..5 of 6 along the elements of x"}},
        {8,
         0,
         "11111000",
         {GRADCHECK_CAUSE_TAIL, 0.8 * 0.93 * 10 / 11, "5..7 of 8 along the elements of x: a l"}},
        {7,
         0,
         "1111000",
         {GRADCHECK_CAUSE_TAIL, 0.93 * 8 / 9, "4..6 of 7 along the elements of x: the tail of a"}},
        {9, 0, "111000000", {.text = ""}},
        {7, 0, "0111111", {GRADCHECK_CAUSE_SHIFTED, 0.45 * 7 / 8, "misses the first along the el"}},
        {7, 0, "0011111", {.text = ""}},
        {7, 0, "0110111", {.text = ""}},
        {7, 0, "1101101", {.text = ""}},
        {2, 3, "101111", {.text = ""}},
        {2, 3, "011011", {GRADCHECK_CAUSE_SHIFTED, 0.45 * 3 / 4, "the first along axis 1 of x"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_two(rows[i].n, rows[i].m, 0, 0, false);
        for (size_t e = 0; e < b.s.n_entries; e++) {
            b.got[e] *= rows[i].there[e] == '1';
        }
        gc_guess_left_out(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

/* ---- moved ---- */

enum moved {
    FLAT_ENTRY,
    FLAT_OUTPUT,
    REVERSED,
    BEFORE_NOT_AROUND,
    SLOPE_AFTER,
    SLOPE_AROUND,
    MIRRORED,
    MIRRORED_OBLONG
};

static double moved_to(enum moved moved, size_t r, size_t c) {
    static const double elsewhere = -7.7;
    const size_t n = b.s.n_entries;
    switch (moved) {
    case FLAT_ENTRY:
        return *tables_right(&b, r, (c + 1) % n);
    case FLAT_OUTPUT:
        return *tables_right(&b, (r + 1) % b.j.n_rows, c);
    case REVERSED:
        return *tables_right(&b, r, c / 3 * 3 + 2 - c % 3);
    case BEFORE_NOT_AROUND:
        return c % 3 == 0 ? elsewhere : *tables_right(&b, r, c - 1);
    case SLOPE_AFTER:
        return r != c       ? *tables_right(&b, r, c)
               : c + 1 == n ? elsewhere
                            : *tables_right(&b, r + 1, c + 1);
    case SLOPE_AROUND:
        return r != c ? *tables_right(&b, r, c) : *tables_right(&b, (r + 1) % n, (c + 1) % n);
    default:
        return *tables_right(&b, c, r);
    }
}

Test(diagnosis_places, what_moved_is_found_along_axes_and_along_the_whole) {
    static const struct {
        enum moved moved;
        size_t n, m, k, l;
        struct expected_guess e;
    } rows[] = {
        {FLAT_ENTRY,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 24 / 25, "one place further on along the elements of x"}},
        {FLAT_OUTPUT,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 24 / 25, "one place further on along the elements of y"}},
        {REVERSED,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_TRANSPOSED, 0.96 * 16 / 17, "is reversed along axis 1 of x"}},
        {BEFORE_NOT_AROUND,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_SHIFTED, 0.92 * 16 / 17, "one place earlier along axis 1 of x"}},
        {SLOPE_AFTER,
         4,
         0,
         4,
         0,
         {GRADCHECK_CAUSE_SHIFTED, 0.9 * 3 / 4, "made with the derivative of the element after"}},
        {SLOPE_AFTER,
         3,
         0,
         3,
         0,
         {GRADCHECK_CAUSE_SHIFTED, 0.9 * 2 / 3, "made with the derivative of the element after"}},
        {SLOPE_AROUND,
         4,
         0,
         4,
         0,
         {GRADCHECK_CAUSE_SHIFTED, 0.9 * 4 / 5, "made with the derivative of the element after"}},
        {MIRRORED,
         4,
         0,
         4,
         0,
         {GRADCHECK_CAUSE_TRANSPOSED, 0.94 * 12 / 13, "with the transposed Jacobian"}},
        {MIRRORED_OBLONG, 2, 0, 3, 0, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_two(rows[i].n, rows[i].m, rows[i].k, rows[i].l, true);
        for (size_t r = 0; r < b.j.n_rows; r++) {
            for (size_t c = 0; c < b.s.n_entries; c++) {
                *tables_got(&b, r, c) = moved_to(rows[i].moved, r, c);
            }
        }
        gc_guess_moved(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_places, one_element_that_moved_is_said_and_not_sure) {
    static const double right[] = {2, 2, 2, 5};
    static const double got[] = {2, 2, 5, 5};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    open_two(4, 0, 0, 0, false);
    memcpy(b.right, right, sizeof right);
    memcpy(b.got, got, sizeof got);
    gc_guess_moved(tables_look(&b, 0), &guess);
    tables_expect(
        &guess, &(struct expected_guess){GRADCHECK_CAUSE_SHIFTED, 0.92 / 2, "one place further on"},
        0);
}

/* Of two that were exchanged, one is not known well enough to be wrong. */
Test(diagnosis_places, one_element_of_a_transposed_jacobian_is_said_and_not_sure) {
    static const double right[] = {1, 2, 3, 4};
    static const double got[] = {1, 3, 2, 4};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    open_two(2, 0, 2, 0, true);
    memcpy(b.right, right, sizeof right);
    memcpy(b.got, got, sizeof got);
    b.error[2] = 1.1;
    gc_guess_moved(tables_look(&b, 0), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_TRANSPOSED, 0.94 / 2, "Jacobian"}, 0);
}

/* ---- in another tensor ---- */

Test(diagnosis_places, what_belongs_in_another_gradient_of_that_length_is_found_there) {
    static const struct gradcheck_tensor in[] = {{.name = "a", .ndim = 1, .shape = {2}},
                                                 {.name = "b", .ndim = 1, .shape = {3}},
                                                 {.name = "c", .ndim = 1, .shape = {3}},
                                                 {.name = "d", .ndim = 1, .shape = {1}},
                                                 {0}};
    static const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 1, .shape = {2}}, {0}};
    static const size_t first[] = {0, 2, 5, 8};
    static const struct {
        size_t of, from;
        bool unchecked;
        struct expected_guess e;
    } rows[] = {
        {1,
         2,
         false,
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.95 * 6 / 7, "b.grad holds what belongs in c"}},
        {2,
         1,
         false,
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.95 * 6 / 7, "c.grad holds what belongs in b"}},
        {1, 2, true, {.text = ""}},
        {1, 0, false, {.text = ""}}, /* two of a, and then one of b */
        {1, 3, false, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        b.s.inputs[rows[i].from].checked = !rows[i].unchecked;
        for (size_t r = 0; r < 2; r++) {
            for (size_t c = 0; c < 3; c++) {
                *tables_got(&b, r, first[rows[i].of] + c) =
                    *tables_right(&b, r, first[rows[i].from] + c);
            }
        }
        gc_guess_other_gradient(tables_look(&b, rows[i].of), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_places, the_first_input_may_be_where_it_belongs_and_one_entry_is_not_sure) {
    static const struct gradcheck_tensor in[] = {{.name = "a"}, {.name = "b"}, {0}};
    static const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, in, out, true);
    b.got[1] = b.right[0];
    gc_guess_other_gradient(tables_look(&b, 1), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.95 / 2,
                                           "b.grad holds what belongs in a.grad"},
                  0);
}

/* ---- under a condition on a value ---- */

Test(diagnosis_places, a_value_tells_what_is_wrong_if_it_parts_three_from_three) {
    enum { N = 8 };
    static const struct {
        double x[N], right[N], got[N]; /* wrong where they differ */
        struct expected_guess e;
    } rows[] = {
        {{-4, -3, -2, 1, 2, 3, 4, 5},
         {0.3, 0.3, 0.3, 1, 1, 1, 1, 1},
         {0, 0, 0, 1, 1, 1, 1, 1},
         {GRADCHECK_CAUSE_DROPPED_TERM, 0.75 * 6 / 7,
          "x.grad is 0 where x is below -2, and right above 1: a branch is left out"}},
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
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_two(N, 0, 0, 0, false); /* y is a scalar */
        memcpy(b.base, rows[i].x, sizeof rows[i].x);
        memcpy(b.right, rows[i].right, sizeof rows[i].right);
        memcpy(b.got, rows[i].got, sizeof rows[i].got);
        gc_guess_threshold(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

/* ---- what an output gives to one entry ---- */

Test(diagnosis_places, what_belongs_in_one_entry_lies_in_another_or_in_several) {
    enum { ROWS = 4, N = 4 };
    static const double units[] = {1, 0x1p-200, 0x1p200};
    static const struct {
        size_t n_rows;
        double right[ROWS][N], got[ROWS][N];
        struct expected_guess e;
    } rows[] = {
        {3,
         {{3}, {0, 2}, {0, 0, 5}},
         {{0, 3}, {0, 0, 2}, {0, 0, 0, 5}},
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * 3 / 4, "what 3 of 3 outputs give"}},
        {4,
         {{3}, {0, 2}, {0, 0, 5}, {4}},
         {{0, 3}, {0, 0, 2}, {0, 0, 0, 5}, {4}},
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * 3 / 4, "what 3 of 4 outputs give"}},
        {2, {{3}, {0, 2}}, {{0, 3}, {0, 0, 2}}, {.text = ""}},
        /* a mean */
        {3,
         {{3}, {0, 2}, {0, 0, 5}},
         {{1.5, 1.5}, {0, 1, 0, 1}, {0, 2.5, 2.5}},
         {GRADCHECK_CAUSE_SIZE_FACTOR, 0.85 * 3 / 4, "spreads what belongs to one entry evenly"}},
        {4,
         {{3}, {0, 2}, {0, 0, 5}, {8}},
         {{1.5, 1.5}, {0, 1, 0, 1}, {0, 2.5, 2.5}, {2, 2, 2, 2}},
         {GRADCHECK_CAUSE_SIZE_FACTOR, 0.85 * 4 / 5, "spreads what belongs to one entry evenly"}},
        {4,
         {{3}, {0, 2}, {0, 0, 5}, {8}},
         {{1.5, 1.5}, {0, 1, 0, 1}, {0, 2.5, 2.5}, {8}},
         {.text = ""}},
        {2, {{3}, {0, 2}}, {{1.5, 1.5}, {0, 1, 0, 1}}, {.text = ""}},
        {3, {{3}, {0, 2}, {0, 0, 5}}, {{7, 1.5}, {0, 7, 0, 1}, {0, 7, 2.5}}, {.text = ""}},
        {3, {{3, 3}, {0, 2}, {0, 0, 5}}, {{1.5, 1.5}, {0, 1, 0, 1}, {0, 2.5, 2.5}}, {.text = ""}},
        /* repeated */
        {3,
         {{3}, {0, 2}, {0, 0, 5}},
         {{3, 3}, {0, 2, 0, 2}, {0, 5, 5}},
         {GRADCHECK_CAUSE_BROADCAST, 0.85 * 3 / 4, "repeats in several entries"}},
        {4, {{3}, {0, 2}, {0, 0, 5}, {4}}, {{3, 3}, {0, 2, 0, 2}, {0, 5, 5}, {4}}, {.text = ""}},
        {2, {{3}, {0, 2}}, {{3, 3}, {0, 2, 0, 2}}, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
            open_two(N, 0, rows[i].n_rows, 0, true);
            for (size_t k = 0; k < rows[i].n_rows * N; k++) {
                b.right[k] = units[u] * rows[i].right[k / N][k % N];
                b.got[k] = units[u] * rows[i].got[k / N][k % N];
            }
            gc_guess_misplaced(tables_look(&b, 0), &guess);
            tables_expect(&guess, &rows[i].e, i);
        }
    }
}
