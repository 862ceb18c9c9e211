// SPDX-License-Identifier: MIT
/* Zero where the right answer is not: what is forgotten, what a loop leaves out, and what of a sum
 * is there alone; on tables put together by hand. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/tables.h"

static struct tables b;

/* '1' right, '0' nothing where something belongs, ' ' nothing, '?' garbage, '.' next to nothing
 * where nothing belongs; [row * n + entry] */
static void mark_elements(const char *marks) {
    for (size_t i = 0; marks[i] != '\0'; i++) {
        b.right[i] *= marks[i] != ' ' && marks[i] != '.';
        b.got[i] = marks[i] == '1'   ? b.right[i]
                   : marks[i] == '?' ? -1.37 * b.right[i]
                   : marks[i] == '.' ? 1e-10
                                     : 0;
    }
}

static void open_marked(const struct gradcheck_tensor *in, const struct gradcheck_tensor *out,
                        bool by_output, const char *marks) {
    tables_open(&b, (const struct gradcheck_tensor[]){*in, {0}},
                (const struct gradcheck_tensor[]){*out, {0}}, by_output);
    mark_elements(marks);
}

/* ---- forgotten ---- */

Test(left_out, is_a_whole_gradient_if_nobody_else_wrote_it) {
    static const struct gradcheck_tensor x = {.name = "x", .ndim = 1, .shape = {3}};
    static const struct gradcheck_tensor y = {.name = "y"};
    static const struct {
        const char *marks;
        bool accumulates;
        enum gradcheck_verdict written;
        double confidence;
    } rows[] = {
        {"000", false, GRADCHECK_FAIL, 0.9},  {"000", true, GRADCHECK_PASS, 0.9},
        {"000", false, GRADCHECK_PASS, 0.45}, {"0 0", false, GRADCHECK_FAIL, 0.9},
        {" 0 ", false, GRADCHECK_FAIL, 0.5},  {" 0 ", false, GRADCHECK_PASS, 0.45},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, false, rows[i].marks);
        b.kernel.grad_accumulates = rows[i].accumulates;
        b.report.rules[GRADCHECK_RULE_EVERY_ENTRY_WRITTEN].verdict = rows[i].written;
        gc_guess_left_out(tables_look(&b, 0), &guess);
        tables_expect(&guess,
                      &(struct expected_guess){GRADCHECK_CAUSE_NOT_WRITTEN, rows[i].confidence,
                                               "x.grad is 0 throughout: it was forgotten"},
                      i);
    }
}

/* ---- along an axis ---- */

Test(left_out, is_all_but_the_last_or_the_first_along_an_axis_of_the_output) {
    static const struct {
        size_t n_rows, n; /* of y; of x */
        const char *marks;
        struct expected_guess e;
    } rows[] = {
        {5,
         2,
         "0000000011",
         {GRADCHECK_CAUSE_OVERWRITES, 5.0 / 6, "the last contribution along the elements of y a"}},
        {5,
         2,
         "1100000000",
         {GRADCHECK_CAUSE_BROADCAST, 0.9 * 5 / 6, "the first contribution along the elements of"}},
        {3, 2, "110000", {GRADCHECK_CAUSE_BROADCAST, 0.9 * 3 / 4, "the first contribution along"}},
        {2, 3, "111000", {GRADCHECK_CAUSE_TAIL, 0.93 * 2 / 3, "misses the last of 2 along the"}},
        /* of the last, a part is there */
        {5, 2, "0000000010", {.text = ""}},
        {5, 2, "0000000110", {.text = ""}},
        /* x runs along there as well */
        {2, 2, "0011", {GRADCHECK_CAUSE_SHIFTED, 0.45 * 2 / 3, "misses the first along"}},
        {3, 3, "000000111", {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor x = {.name = "x", .ndim = 1, .shape = {rows[i].n}};
        const struct gradcheck_tensor y = {.name = "y", .ndim = 1, .shape = {rows[i].n_rows}};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, true, rows[i].marks);
        gc_guess_left_out(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(left_out, is_told_of_the_elements_in_their_order_too_and_less_surely) {
    static const struct {
        size_t n, m;
        const char *marks;
        struct expected_guess e;
    } rows[] = {
        {2, 3, "111110", {GRADCHECK_CAUSE_TAIL, 0.7 * 10 / 11, "last of 6 along the elements of"}},
        /* no sum runs over them */
        {2, 3, "000001", {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor x = {.name = "x", .ndim = 2, .shape = {rows[i].n, rows[i].m}};
        static const struct gradcheck_tensor y = {.name = "y"};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, false, rows[i].marks);
        gc_guess_left_out(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

/* As many at a time as the smallest that leaves that tail. */
Test(left_out, is_the_tail_of_a_loop_unrolled_by_up_to_16) {
    static const struct {
        size_t length, left;
        const char *text; /* NULL: unrolled by nothing */
    } rows[] = {
        {25, 9, "misses 16..24 of 25 along the elements of x: the tail of a loop unrolled by 16"},
        {21, 5, "unrolled by 8"},
        {19, 3, "unrolled by 4"},
        {6, 2, "unrolled by 4"},
        {33, 17, NULL},
    };
    static const struct gradcheck_tensor y = {.name = "y"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor x = {.name = "x", .ndim = 1, .shape = {rows[i].length}};
        const double n_right = (double)(rows[i].length - rows[i].left);
        const struct expected_guess tail = {GRADCHECK_CAUSE_TAIL,
                                            0.93 * 2 * n_right / (2 * n_right + 1), rows[i].text};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, false, "");
        for (size_t e = rows[i].length - rows[i].left; e < rows[i].length; e++) {
            b.got[e] = 0;
        }
        gc_guess_left_out(tables_look(&b, 0), &guess);
        tables_expect(&guess, rows[i].text != NULL ? &tail : &(struct expected_guess){.text = ""},
                      i);
    }
}

/* ---- the last of those that reach an entry ---- */

Test(left_out, is_every_contribution_to_an_entry_but_its_last) {
    static const struct {
        size_t n_rows, n;
        const char *marks;
        size_t n_entries; /* that tell; 0: nothing is said */
    } rows[] = {
        {3, 1, "001", 1},    {3, 3, "00 0111  ", 2}, /* one ends earlier, one is reached once */
        {3, 1, "0 1", 1},    {4, 2, "0  0011 ", 2},  {3, 1, "01 ", 1}, {3, 1, "101", 0},
        {3, 1, "010", 0},    {3, 1, "000", 0},       {3, 1, "00.", 0}, /* what is there is nothing
                                                                        */
        {3, 2, "000001", 0}, {3, 3, "0010? 11 ", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor x = {.name = "x", .ndim = 1, .shape = {rows[i].n}};
        const struct gradcheck_tensor y = {.name = "y", .ndim = 1, .shape = {rows[i].n_rows}};
        const double n = (double)rows[i].n_entries;
        const struct expected_guess last = {GRADCHECK_CAUSE_OVERWRITES, 0.8 * 2 * n / (2 * n + 1),
                                            "x.grad holds the last contribution to an entry alone"};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, true, rows[i].marks);
        gc_guess_survivor(tables_look(&b, 0), &guess);
        tables_expect(&guess, n > 0 ? &last : &(struct expected_guess){.text = ""}, i);
    }
}

/* An output's elements at one index of its first axis are one contribution. */
Test(left_out, is_no_part_of_a_contribution) {
    static const struct {
        const char *marks;
        bool told;
    } rows[] = {{"0011", true}, {"0001", false}, {"0111", false}, {"0010", false}};
    static const struct gradcheck_tensor x = {.name = "x"};
    static const struct gradcheck_tensor y = {.name = "y", .ndim = 2, .shape = {2, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        open_marked(&x, &y, true, rows[i].marks);
        gc_guess_survivor(tables_look(&b, 0), &guess);
        cr_expect_eq(guess.cause, rows[i].told ? GRADCHECK_CAUSE_OVERWRITES : GRADCHECK_CAUSE_NONE,
                     "row %zu", i);
    }
}

Test(left_out, is_told_of_two_outputs_element_by_element) {
    static const struct gradcheck_tensor in[] = {{.name = "x"}, {0}};
    static const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 2, .shape = {2, 2}}, {.name = "z", .ndim = 1, .shape = {2}}, {0}};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, in, out, true);
    mark_elements("000001");
    gc_guess_survivor(tables_look(&b, 0), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_OVERWRITES, 0.8 * 2 / 3,
                                           "the last contribution to an entry alone"},
                  0);
}
