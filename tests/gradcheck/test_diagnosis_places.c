// SPDX-License-Identifier: MIT
/* What lies in the wrong place or is left out: on tables put together by hand. */
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
    BEFORE_AROUND,
    BEFORE_DOWN,
    BEFORE_IN_OUTPUT,
    AFTER_DOWN_OUTPUT,
    FIRST,
    TURNED,
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
    case BEFORE_AROUND:
        return *tables_right(&b, r, c / 3 * 3 + (c + 2) % 3);
    case BEFORE_DOWN:
        return *tables_right(&b, r, (c + n - 3) % n);
    case BEFORE_IN_OUTPUT:
        return *tables_right(&b, r / 3 * 3 + (r + 2) % 3, c);
    case AFTER_DOWN_OUTPUT:
        return *tables_right(&b, (r + 3) % b.j.n_rows, c);
    case FIRST:
        return *tables_right(&b, r, c / 3 * 3);
    case TURNED:
        return *tables_right(&b, r, c % 2 * 3 + c / 2);
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
        {BEFORE_AROUND,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 24 / 25, "one place earlier along axis 1 of x"}},
        {BEFORE_DOWN,
         3,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 36 / 37, "one place earlier along axis 0 of x"}},
        {BEFORE_IN_OUTPUT,
         5,
         0,
         2,
         3,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 30 / 31, "one place earlier along axis 1 of y"}},
        {AFTER_DOWN_OUTPUT,
         5,
         0,
         3,
         3,
         {GRADCHECK_CAUSE_SHIFTED, 0.96 * 45 / 46, "further on along axis 0 of y"}},
        {FIRST,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_BROADCAST, 0.96 * 16 / 17,
          "repeats what belongs at index 0 along axis 1"}},
        {TURNED,
         2,
         3,
         2,
         2,
         {GRADCHECK_CAUSE_TRANSPOSED, 0.96 * 16 / 17, "with its axes 0 and 1 transposed"}},
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
        {SLOPE_AROUND, 2, 0, 2, 0, {.text = ""}}, /* two ratios, which fit more than that */
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

/* Axes behind the first: how many blocks of them there are is asked as well. */
Test(diagnosis_places, any_two_axes_may_be_exchanged_and_one_element_is_not_sure) {
    static const struct {
        size_t a, b, shape[3];
        const char *text;
    } rows[] = {{0, 1, {2, 3, 2}, "its axes 0 and 1"},
                {1, 2, {2, 2, 3}, "its axes 1 and 2"},
                {0, 2, {3, 2, 2}, "its axes 0 and 2"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t *n = rows[i].shape;
        const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 3, .shape = {n[0], n[1], n[2]}},
                                              {0}};
        static const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, false);
        size_t at[3];
        size_t to[3] = {n[0], n[1], n[2]}; /* lengths of what is there */
        to[rows[i].a] = n[rows[i].b];
        to[rows[i].b] = n[rows[i].a];
        for (at[0] = 0; at[0] < n[0]; at[0]++) {
            for (at[1] = 0; at[1] < n[1]; at[1]++) {
                for (at[2] = 0; at[2] < n[2]; at[2]++) {
                    size_t there[3] = {at[0], at[1], at[2]};
                    there[rows[i].a] = at[rows[i].b];
                    there[rows[i].b] = at[rows[i].a];
                    b.got[(there[0] * to[1] + there[1]) * to[2] + there[2]] =
                        b.right[(at[0] * n[1] + at[1]) * n[2] + at[2]];
                }
            }
        }
        gc_guess_moved(tables_look(&b, 0), &guess);
        cr_expect_eq(guess.cause, GRADCHECK_CAUSE_TRANSPOSED, "row %zu: %s", i, guess.text);
        cr_expect(strstr(guess.text, rows[i].text) != NULL, "row %zu: %s", i, guess.text);
    }
}

Test(diagnosis_places, one_element_of_a_transposed_gradient_is_said_and_not_sure) {
    static const double right[] = {1, 2, 3, 4};
    static const double got[] = {1, 3, 2, 4};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    open_two(2, 2, 0, 0, false);
    memcpy(b.right, right, sizeof right);
    memcpy(b.got, got, sizeof got);
    b.error[2] = 1.1;
    gc_guess_moved(tables_look(&b, 0), &guess);
    tables_expect(
        &guess,
        &(struct expected_guess){GRADCHECK_CAUSE_TRANSPOSED, 0.96 / 2, "axes 0 and 1 transposed"},
        0);
}

/* Output i has no entry i where there are two outputs. */
Test(diagnosis_places, the_jacobian_of_two_outputs_is_not_transposed) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {4}}, {0}};
    static const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 1, .shape = {2}}, {.name = "z", .ndim = 1, .shape = {2}}, {0}};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, in, out, true);
    for (size_t i = 0; i < 16; i++) {
        b.got[i] = b.right[i % 4 * 4 + i / 4];
    }
    gc_guess_moved(tables_look(&b, 0), &guess);
    tables_expect(&guess, &(struct expected_guess){.text = ""}, 0);
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
        {3, {{3}, {0, 2}, {0, 0, 5}}, {{0, 3}, {0, 0, 2}, {0, 0, 5}}, {.text = ""}},
        /* what is nowhere, on one side, tells nothing */
        {4,
         {{3}, {0, 2}, {0, 0, 5}, {0}},
         {{0, 3}, {0, 0, 2}, {0, 0, 0, 5}, {4}},
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * 3 / 4, "what 3 of 3 outputs give"}},
        {4,
         {{3}, {0, 2}, {0, 0, 5}, {4}},
         {{0, 3}, {0, 0, 2}, {0, 0, 0, 5}, {0}},
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * 3 / 4, "what 3 of 3 outputs give"}},
        /* the same value, to a hundred thousandth */
        {3,
         {{3}, {0, 2}, {0, 0, 5}},
         {{0, 3 * (1 + 0.95e-5)}, {0, 0, 2}, {0, 0, 0, 5}},
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * 3 / 4, "what 3 of 3 outputs give"}},
        {3,
         {{3}, {0, 2}, {0, 0, 5}},
         {{0, 3 * (1 + 1.05e-5)}, {0, 0, 2}, {0, 0, 0, 5}},
         {.text = ""}},
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
