// SPDX-License-Identifier: MIT
/* What is wrong with a part of an element, the direct term or the sums, or with a value that it is
 * made of: on tables put together by hand. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/tables.h"

static struct tables b;

static double sigmoid(double v) {
    return 1 / (1 + exp(-v));
}

/* ---- the direct term ---- */

enum misuse { LACKS, TWICE, LACKS_AND_ONE_IS_1, LACKS_BARELY, LACKS_ALIKE };

/* x, as many as y, and a gain g for each n of y. */
static void open_gains(size_t batch, size_t width) {
    const struct gradcheck_tensor in[] = {
        {.name = "x", .ndim = 2, .shape = {batch, width}, .dims = {"B", "k"}},
        {.name = "g", .ndim = 1, .shape = {width}, .dims = {"n"}},
        {.name = "s"},
        {0}};
    const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 2, .shape = {batch, width}, .dims = {"B", "n"}}, {0}};
    const struct gradcheck_tensor flat_in[] = {
        {.name = "x", .ndim = 1, .shape = {width}, .dims = {"k"}}, in[1], in[2], {0}};
    const struct gradcheck_tensor flat_out[] = {
        {.name = "y", .ndim = 1, .shape = {width}, .dims = {"n"}}, {0}};
    tables_open(&b, batch > 0 ? in : flat_in, batch > 0 ? out : flat_out, true);
}

static double gain(enum misuse misuse, size_t i, size_t width) {
    if (misuse == LACKS_ALIKE) {
        return 2.5;
    }
    return misuse == LACKS_AND_ONE_IS_1 && i + 1 == width ? 1 : 1.5 + cos(0.4 + 1.7 * (double)i);
}

static void misuse_gains(enum misuse misuse, size_t width, double unit) {
    for (size_t i = 0; i < width; i++) {
        b.base[b.s.inputs[1].first + i] = gain(misuse, i, width);
    }
    for (size_t i = 0; i < b.s.n_outs; i++) {
        *tables_right(&b, i, i) += misuse == LACKS_BARELY ? 1000 : 0;
    }
    for (size_t k = 0; k < b.s.n_outs * b.s.n_entries; k++) {
        b.got[k] = b.right[k] *= unit;
    }
    for (size_t i = 0; i < b.s.n_outs; i++) {
        const double g = gain(misuse, i % width, width);
        const double k = misuse == LACKS_BARELY ? 0.1 : 0.5 + 0.3 * (double)(i / width);
        *tables_got(&b, i, i) += unit * k * (misuse == TWICE ? g * g - g : 1 - g);
    }
}

Test(diagnosis_parts, a_gain_misused_in_the_direct_term_is_found_in_each_row) {
    static const struct {
        enum misuse misuse;
        size_t batch, width; /* batch 0: one axis */
        struct expected_guess e;
    } rows[] = {
        {LACKS, 3, 5, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 24 / 25, "lacks the factor g"}},
        {TWICE, 3, 5, {GRADCHECK_CAUSE_EXTRA_FACTOR, 0.9 * 24 / 25, "the factor g once too"}},
        {LACKS, 2, 2, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 4 / 5, "lacks the factor g"}},
        {LACKS, 0, 5, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 8 / 9, "lacks the factor g"}},
        {LACKS_AND_ONE_IS_1,
         2,
         5,
         {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 12 / 13, "lacks the factor g"}},
        /* by so little that any value would fit */
        {LACKS_BARELY, 4, 3, {.text = ""}},
        {LACKS_ALIKE, 2, 5, {.text = ""}},
    };
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
            open_gains(rows[i].batch, rows[i].width);
            misuse_gains(rows[i].misuse, rows[i].width, units[u]);
            gc_guess_direct_term(tables_look(&b, 0), &guess);
            tables_expect(&guess, &rows[i].e, i);
        }
    }
}

static const struct gradcheck_tensor X16[] = {{.name = "x", .ndim = 4, .shape = {2, 2, 2, 2}}, {0}};
static const struct gradcheck_tensor Y16[] = {{.name = "y", .ndim = 4, .shape = {2, 2, 2, 2}}, {0}};

/* More ways to read y than there is room for: x is there all the same. */
Test(diagnosis_parts, are_made_with_the_entry_itself_whatever_else_there_is) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, X16, Y16, true);
    for (size_t i = 0; i < 16; i++) {
        *tables_got(&b, i, i) += 0.5 * (1 - b.base[i]);
    }
    gc_guess_direct_term(tables_look(&b, 0), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 28 / 29,
                                           "lacks the factor x"},
                  0);
    guess = (struct gc_guess){.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, X16, Y16, true);
    for (size_t i = 0; i < 256; i++) {
        b.got[i] += 2 * (b.base[i % 16] - sigmoid(b.base[i % 16]));
    }
    gc_guess_wrong_function(tables_look(&b, 0), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.9 * 255 / 256,
                                           "sigmoid(v) belongs, or the reverse, v being x"},
                  1);
    guess = (struct gc_guess){.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, X16, Y16, true);
    for (size_t i = 0; i < 256; i++) {
        b.got[i] *= b.base[(i + 8) % 16] / b.base[i % 16];
    }
    gc_guess_wrong_element(tables_look(&b, 0), &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_SHIFTED, 0.94 * 6 / 7,
                                           "made with x read one index too far"},
                  2);
}

/* x has as many entries as there are outputs, but of two tensors; or not as many. */
Test(diagnosis_parts, there_is_no_direct_term_without_one_output_of_the_same_size) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {4}}, {0}};
    static const struct gradcheck_tensor outs[][3] = {
        {{.name = "y", .ndim = 1, .shape = {2}}, {.name = "z", .ndim = 1, .shape = {2}}, {0}},
        {{.name = "y", .ndim = 1, .shape = {3}}, {0}}};
    for (size_t i = 0; i < 2; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, outs[i], true);
        for (size_t r = 0; r < b.j.n_rows; r++) {
            *tables_got(&b, r, r) += 0.5 * (1 - b.base[r]);
        }
        gc_guess_direct_term(tables_look(&b, 0), &guess);
        gc_guess_last_output(tables_look(&b, 0), &guess);
        tables_expect(&guess, &(struct expected_guess){.text = ""}, i);
    }
}

/* ---- the sums ---- */

enum mark { RIGHT = ' ', LACKING = '<', ODD = '?', UNKNOWN = '-' };

Test(diagnosis_parts, three_sums_that_lack_a_factor_tell_whatever_the_diagonal_holds) {
    static const struct {
        size_t n, n_outs;
        const char *marks; /* [row * n + column] */
        struct expected_guess e;
    } rows[] = {
        {3, 3, " <<< <<< ", {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 0.97 * 5 / 6, "in its sums"}},
        {3, 3, "?<<<?<<<?", {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 0.97 * 5 / 6, "in its sums"}},
        {3, 3, "?<<<?---?", {GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * 0.97 * 5 / 6, "in its sums"}},
        {3, 3, "?<<-?---?", {.text = ""}},
        {3, 3, "?<<-?--- ", {.text = ""}},
        {3, 3, " <<- --- ", {.text = ""}},
        {2, 2, " << ", {.text = ""}},
        {5, 3, " <<<<< <<<<< <<", {.text = ""}}, /* nothing is an entry's own */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor in[] = {
            {.name = "x", .ndim = 1, .shape = {rows[i].n}, .dims = {"k"}}, {0}};
        const struct gradcheck_tensor out[] = {
            {.name = "y", .ndim = 1, .shape = {rows[i].n_outs}, .dims = {"n"}}, {0}};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        for (size_t k = 0; k < rows[i].n * rows[i].n_outs; k++) {
            const char mark = rows[i].marks[k];
            b.got[k] *= mark == LACKING ? 1 / b.base[k % rows[i].n] : mark == ODD ? -1.37 : 1;
            b.error[k] = mark == UNKNOWN ? INFINITY : 0;
        }
        gc_guess_sums(tables_look(&b, 0), &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_parts, sums_lack_the_last_output_if_its_own_entry_has_it) {
    static const struct {
        const char *marks; /* [row * 4 + column]: '0' where backward holds nothing, '?' odd */
        bool lacks;
    } rows[] = {
        {"            000 ", true},  {"            00  ", true},  {"            000?", true},
        {"            0   ", false}, {"            0000", false}, {"            00? ", false},
        {"?           000 ", false}, {"        0   000 ", false}, {" 0          000 ", false},
        {"        00 0    ", false}, {"   0   0   0    ", false},
    };
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {4}}, {0}};
    static const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 1, .shape = {4}}, {0}};
    static const struct expected_guess tail = {GRADCHECK_CAUSE_TAIL, 0.75 * 4 / 5,
                                               "lack the last of 4 along the elements of y"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        for (size_t k = 0; k < 16; k++) {
            b.got[k] *= rows[i].marks[k] == '0' ? 0 : rows[i].marks[k] == '?' ? -1.37 : 1;
        }
        gc_guess_last_output(tables_look(&b, 0), &guess);
        tables_expect(&guess, rows[i].lacks ? &tail : &(struct expected_guess){.text = ""}, i);
    }
}

/* Of two outputs each is the other's last. */
Test(diagnosis_parts, sums_lack_the_last_output_of_three_and_not_of_two) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {6}}, {0}};
    for (size_t n = 2; n <= 3; n++) {
        const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 2, .shape = {n, 6 / n}}, {0}};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        for (size_t k = 0; k < 36; k++) {
            b.got[k] *= k / 6 >= 6 - 6 / n && k / 6 != k % 6 ? 0 : 1;
        }
        gc_guess_last_output(tables_look(&b, 0), &guess);
        tables_expect(&guess,
                      n == 3 ? &(struct expected_guess){GRADCHECK_CAUSE_TAIL, 0.75 * 3 / 4,
                                                        "lack the last of 3 along axis 0 of y"}
                             : &(struct expected_guess){.text = ""},
                      n);
    }
}

/* ---- a value where a function of it belongs ---- */

static const struct expected_guess NOTHING = {.text = ""};

Test(diagnosis_parts, a_value_stands_for_a_function_of_it_if_it_takes_three_that_are_far_from_0) {
    enum { N = 6 };
    static const struct {
        double x[N], k;
        double (*belongs)(double);
        bool told;
        const char *text;
    } rows[] = {
        {{0.4, -0.9, 1.3, 2, -1.6, 0.8}, 2, sigmoid, true, "v where sigmoid(v) belongs"},
        {{0.4, -0.9, 1.3, 2, -1.6, 0.8}, 2, tanh, true, "v where tanh(v) belongs"},
        {{1, 2, 1, 2, 1, 2}, 2, sigmoid, false, ""},
        {{1e60, 2e60, 1e60, 2e60, 1e60, 2e60}, 2, sigmoid, false, ""},
        {{1, 2, 3, 1, 2, 3}, 2, sigmoid, true, "v where sigmoid(v) belongs"},
        {{0.04, -0.09, 0.06, 0.085, -0.07, 0.03}, 3000, tanh, false, ""},
        {{0.1586, -0.09, 0.06, 0.085, -0.07, 0.03}, 3000, tanh, true, "v where tanh(v) belongs"},
        {{0.1584, -0.09, 0.06, 0.085, -0.07, 0.03}, 3000, tanh, false, ""},
        /* two that differ by a millionth are one */
        {{1e3, 1e3, 1000.0015, 2e3, 2e3, 2e3}, 2, sigmoid, true, "v where sigmoid(v) belongs"},
        {{1e3, 1e3, 1000.0003, 2e3, 2e3, 2e3}, 2, sigmoid, false, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {N}}, {0}};
        const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
        const struct expected_guess told = {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.9 * (N - 1) / N,
                                            rows[i].text};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, false);
        for (size_t e = 0; e < N; e++) {
            b.base[e] = rows[i].x[e];
            b.got[e] += rows[i].k * (b.base[e] - rows[i].belongs(b.base[e]));
        }
        gc_guess_wrong_function(tables_look(&b, 0), &guess);
        tables_expect(&guess, rows[i].told ? &told : &NOTHING, i);
    }
}

/* The values of what is right, or not known, are as good as none: neither the next to what is wrong
 * nor the first, which is what a place past the last one would be taken for. */
Test(diagnosis_parts, a_value_stands_for_a_function_of_it_by_wrong_elements_alone) {
    static const struct {
        double x[6];
        bool known[6];
    } rows[] = {
        {{1, 5, 2, 7, 1, 9}, {true, false, true, false, true, false}},
        {{5, 1, 2, 1, 2, 1}, {false, true, true, true, true, true}},
        {{1, 2, 1, 2, 1, 5}, {true, true, true, true, true, false}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int all = 0; all < 2; all++) {
            const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {6}}, {0}};
            const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
            struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
            tables_open(&b, in, out, false);
            for (size_t e = 0; e < 6; e++) {
                b.base[e] = rows[i].x[e];
                b.got[e] += 2 * (b.base[e] - sigmoid(b.base[e]));
                b.error[e] = all || rows[i].known[e] ? 0 : INFINITY;
            }
            gc_guess_wrong_function(tables_look(&b, 0), &guess);
            cr_expect_eq(guess.cause, all ? GRADCHECK_CAUSE_WRONG_ARGUMENT : GRADCHECK_CAUSE_NONE,
                         "row %zu: %s", i, guess.text);
        }
    }
}

/* Twice the right answer is no other function, even if that is what the right one looks like. */
Test(diagnosis_parts, a_constant_factor_is_no_other_function) {
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {6}}, {0}};
    const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    tables_open(&b, in, out, false);
    for (size_t e = 0; e < 6; e++) {
        b.right[e] = b.base[e] - sigmoid(b.base[e]);
        b.got[e] = 2 * b.right[e];
    }
    gc_guess_wrong_function(tables_look(&b, 0), &guess);
    tables_expect(&guess, &NOTHING, 0);
}

Test(diagnosis_parts, a_value_may_be_that_of_an_output_or_of_another_input) {
    static int32_t labels[5] = {0, 1, 2, 3, 0};
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {4}, .dims = {"k"}},
                                          {.name = "g", .ndim = 1, .shape = {5}, .dims = {"n"}},
                                          {.name = "l",
                                           .ndim = 1,
                                           .shape = {5},
                                           .dims = {"n"},
                                           .dtype = GRADCHECK_I32,
                                           .value = labels},
                                          {0}};
    const struct gradcheck_tensor out[] = {{.name = "y", .ndim = 1, .shape = {5}, .dims = {"n"}},
                                           {0}};
    static const struct {
        bool of_output;
        const char *text;
    } rows[] = {{true, "v being y"}, {false, "v being g"}};
    for (size_t i = 0; i < 2; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, true);
        for (size_t k = 0; k < 20; k++) {
            const double v = rows[i].of_output ? b.y0[k / 4] : b.base[4 + k / 4];
            *tables_got(&b, k / 4, k % 4) += 2 * (v - sigmoid(v));
        }
        gc_guess_wrong_function(tables_look(&b, 0), &guess);
        tables_expect(
            &guess,
            &(struct expected_guess){GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.9 * 19 / 20, rows[i].text},
            i);
    }
}

/* ---- a value of the neighbour, added ---- */

Test(diagnosis_parts, three_elements_tell_which_neighbour_was_added) {
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {6}}, {0}};
    const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
    static const struct expected_guess shifted = {GRADCHECK_CAUSE_SHIFTED, 0.92 * 2 / 3,
                                                  "made with x read one index too far"};
    for (size_t n_wrong = 1; n_wrong <= 3; n_wrong++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&b, in, out, false);
        for (size_t e = 0; e < 6; e++) {
            b.got[e] += e < n_wrong ? 0.7 * (b.base[e + 1] - b.base[e]) : 0;
            b.error[e] = e < n_wrong ? 0 : INFINITY;
        }
        gc_guess_wrong_addend(tables_look(&b, 0), &guess);
        tables_expect(&guess, n_wrong == 3 ? &shifted : &NOTHING, n_wrong);
    }
}
