// SPDX-License-Identifier: MIT
/* Hypotheses of what the ratio to the right answer depends on, and of what stands there alone. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bench.h"

/* ---- a power of the right answer, or 1 minus it ---- */

Test(ratios, find_a_constant_where_the_right_answer_varies_from_three_elements_on) {
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = bench_vector("x", n);
        bench.in[1] = bench_vector("b", 3);
        bench.out[0] = bench_vector("y", 2);
        bench_lay(2);
        for (size_t c = 0; c < n; c++) {
            bench_put(0, c, bench_wild(c), copysign(1.83, bench_wild(c)));
        }
        bench_expect(gc_guess_power, false, GRADCHECK_CAUSE_MISSING_FACTOR,
                     n > 2 ? "x.grad is 1.83 everywhere, with the right sign" : NULL, n);
        for (size_t c = 0; c < n; c++) {
            bench_put(0, c, bench_wild(c), -bench_wild(c) * bench_wild(c));
        }
        bench_expect(gc_guess_power, false, GRADCHECK_CAUSE_EXTRA_FACTOR,
                     n > 2 ? "is the square of the right one" : NULL, n);
    }
}

/* Of either sign where it is largest, in any unit, of any size but next to none. */
Test(ratios, find_a_constant_and_a_square_of_any_size) {
    static const struct {
        double right, got; /* units */
        bool found;
    } rows[] = {{1, 1, true},
                {-1, 1, true},
                {0x1p-200, 0x1p-200, true},
                {0x1p200, 0x1p200, true},
                {0x1p-200, -0x1p200, true},
                {1, 1.05e-5, true},
                {1, 0.95e-5, false}};
    bench.in[0] = bench_vector("x", 4);
    bench.in[1] = bench_vector("b", 3);
    bench.out[0] = bench_vector("y", 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const double shares[] = {0.3, -0.5, 1, 0.7};
        for (int squared = 0; squared < 2; squared++) {
            bench_lay(2);
            for (size_t c = 0; c < 4; c++) {
                const double constant = copysign(rows[i].got, shares[c] * rows[i].right);
                bench_put(0, c, shares[c] * rows[i].right,
                          squared ? shares[c] * shares[c] * rows[i].got : constant);
            }
            bench_expect(gc_guess_power, false,
                         squared ? GRADCHECK_CAUSE_EXTRA_FACTOR : GRADCHECK_CAUSE_MISSING_FACTOR,
                         !rows[i].found ? NULL
                         : squared      ? "is the square of the right one"
                                        : "everywhere, with the right sign",
                         i);
        }
    }
}

Test(ratios, find_1_minus_a_sigmoid_of_three_entries) {
    static const struct {
        double multiple, garbled; /* garbled: of the third */
        double x[4];              /* what is near 0 tells nothing */
        bool elsewhere, found;
    } rows[] = {
        {1, 0, {0.9, -1.3, 0.6, 0.05}, false, true},
        {-2, 0, {0.9, -1.3, 0.6, 0.05}, false, true},
        {1, 0, {0.9, -1.3, 0.02, 0.05}, false, false},
        {1, 0, {0.9, -1.3, 0.6, 0.05}, true, false},
        {0.01, 0, {0.9, -1.3, 0.6, 2.1}, false, true},
        {0.01, 0.2, {0.9, -1.3, 0.6, 2.1}, false, false},
        {1, 0, {0.9, -1.3, 0.15, 0.05}, false, true},
        /* by as much as the entry tells: a ten thousandth of 1, and less of what is smaller */
        {1, 3e-4, {0.9, -1.3, 0.15, 0.05}, false, true},
        {1, 1.005e-4, {0.9, -1.3, 1, 0.05}, false, false},
        {1, 0.7e-4, {0.9, -1.3, 2.1, 0.05}, false, true},
        /* near 1 as well, but not where nothing is left of what is 1 minus it */
        {5, 0, {2.6, -1.3, 0.6, 0.05}, false, true},
        {10, 0, {1.8, -1.3, 0.6, 0.05}, false, true},
        {10, 0, {2.5, -1.3, 0.6, 0.05}, false, false},
        /* in any unit */
        {1e-60, 0, {0.9e60, -1.3e60, 0.6e60, 2.1e60}, false, true},
        {1e-60, 0.2, {0.9e60, -1.3e60, 0.6e60, 2.1e60}, false, false},
    };
    bench.in[0] = bench_vector("x", 4);
    bench.out[0] = bench_vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(1);
        bench_put_nothing();
        for (size_t c = 0; c < 4; c++) {
            const double z = rows[i].multiple * rows[i].x[c] * (c == 2 ? 1 + rows[i].garbled : 1);
            bench_values(0)[c] = rows[i].x[c];
            bench_put(c, c, gc_sigmoid(z), 1 - gc_sigmoid(z));
        }
        bench_put(0, 3, 0, rows[i].elsewhere); /* and 1 where nothing belongs */
        bench_expect(gc_guess_complement, true, GRADCHECK_CAUSE_SIGN,
                     rows[i].found ? "1 minus the right one" : NULL, i);
    }
}

/* ---- a ratio that depends on the output alone ---- */

Test(ratios, name_the_range_of_ratios_that_depend_on_the_output) {
    static const struct {
        double ratio[4];
        size_t n_shown[4]; /* elements of each row that are not 0 */
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {{3, 0, 1.5, 2}, {3, 0, 2, 1}, GRADCHECK_CAUSE_MISSING_FACTOR, "too large, by 1.5 to 3,"},
        {{2, 0, 3, 1.5}, {3, 0, 2, 1}, GRADCHECK_CAUSE_MISSING_FACTOR, "too large, by 1.5 to 3,"},
        {{0.5, 0, 0.2, 0.7},
         {3, 0, 2, 1},
         GRADCHECK_CAUSE_EXTRA_FACTOR,
         "too small, by 0.2 to 0.7,"},
        {{0.5, 0, 1.2, 0.7},
         {3, 0, 2, 1},
         GRADCHECK_CAUSE_WRONG_ARGUMENT,
         "the output alone, 0.5 to 1.2:"},
        {{3, 0, 1.5, 1.5}, {3, 0, 2, 1}, GRADCHECK_CAUSE_MISSING_FACTOR, "by 1.5 to 3,"},
        {{3, 0, 3, 3}, {3, 0, 2, 1}, GRADCHECK_CAUSE_NONE, NULL},
        {{3, 0, 3 * (1 + 5e-5), 3}, {3, 0, 2, 1}, GRADCHECK_CAUSE_MISSING_FACTOR, "by 3 to 3,"},
        {{3, 0, 1.5, 1}, {3, 0, 2, 1}, GRADCHECK_CAUSE_WRONG_ARGUMENT, "alone, 1 to 3:"},
        {{0.5, 0, 0.2, 1}, {3, 0, 2, 1}, GRADCHECK_CAUSE_WRONG_ARGUMENT, "alone, 0.2 to 1:"},
        {{0.5, 0, 0, 0.7}, {3, 0, 2, 1}, GRADCHECK_CAUSE_WRONG_ARGUMENT, "alone, 0 to 0.7:"},
        {{3, 0, 1.5, 2}, {3, 0, 1, 1}, GRADCHECK_CAUSE_NONE, NULL},
    };
    static const double units[] = {1, 0x1p-200, 0x1p200};
    bench.in[0] = bench_vector("x", 3);
    bench.in[1] = bench_vector("b", 3);
    bench.out[0] = bench_vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            bench_lay(2);
            bench_put_nothing();
            for (size_t k = 0; k < 12; k++) {
                const size_t r = k / 3;
                const double right = k % 3 < rows[i].n_shown[r] ? units[u] * bench_wild(k) : 0;
                bench_put(r, k % 3, right, right * rows[i].ratio[r]);
            }
            bench_expect(gc_guess_of_output, true, rows[i].cause, rows[i].text, i);
            const double expected =
                rows[i].cause == GRADCHECK_CAUSE_WRONG_ARGUMENT ? 0.85 * 0.7 * 4 / 5 : 0.7 * 4 / 5;
            cr_expect(rows[i].text == NULL ||
                          fabs(bench_confidence(gc_guess_of_output, true) - expected) < 1e-14,
                      "row %zu: %g", i, bench_confidence(gc_guess_of_output, true));
        }
    }
}

Test(ratios, allow_a_ratio_the_error_of_a_small_right_answer) {
    static const double ratio[] = {3, 1.5, 2};
    for (int wide = 0; wide < 2; wide++) {
        bench.in[0] = bench_vector("x", 2);
        bench.out[0] = bench_vector("y", 3);
        bench_lay(1);
        for (size_t r = 0; r < 3; r++) {
            bench_put(r, 0, 0.9, 0.9 * ratio[r]);
            bench_put(r, 1, 0.1, 0.1 * ratio[r]);
        }
        bench_put(2, 1, 0.1, 0.1 * 2.06);
        bench.error[bench_at(2, 1)] = wide != 0 ? 1e-3 : 1e-5;
        bench_expect(gc_guess_of_output, true, GRADCHECK_CAUSE_MISSING_FACTOR,
                     wide != 0 ? "by 1.5 to 3," : NULL, (size_t)wide);
    }
}

/* The largest there is, so that the slack is a billionth and its share a millionth; four times. */
Test(ratios, allow_a_ratio_four_times_its_slack) {
    for (int apart = 0; apart < 2; apart++) {
        bench.in[0] = bench_vector("x", 2);
        bench.out[0] = bench_vector("y", 3);
        bench_lay(1);
        for (size_t r = 0; r < 3; r++) {
            const double ratio = 0.5 + 0.1 * (double)r;
            bench_put(r, 0, 1, ratio);
            bench_put(r, 1, -1, -ratio - (r == 1 ? apart ? 4.5e-6 : 3.5e-6 : 0));
        }
        bench_expect(gc_guess_of_output, true, GRADCHECK_CAUSE_EXTRA_FACTOR,
                     apart ? NULL : "too small, by 0.5 to 0.7", (size_t)apart);
    }
}

/* y[2, 3]: a ratio of each row of it is a statistic, which may be right or wrong. */
Test(ratios, say_nothing_of_a_ratio_that_is_the_same_along_a_row_of_the_output) {
    static const struct {
        double ratio[6];
        const char *text;
        size_t n_third; /* elements of the third row that are not 0 */
    } rows[] = {
        {{0.01, 0.013, 0.016, 0.012, 0.015, 0.018}, "too small, by 0.01 to 0.018", 2},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.018}, NULL, 2},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.015}, "too small, by 0.01 to 0.018", 2},
        {{0.013, 0.01, 0.01, 0.018, 0.018, 0.018}, "too small, by 0.01 to 0.018", 2},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.018}, NULL, 1},
        {{0.01, 0.01, 0.013, 0.018, 0.018, 0.018}, "too small, by 0.01 to 0.018", 1},
        {{0.01, 0.01, 0.013, 0.018, 0.018, 0.018}, NULL, 0},
        {{0.01, 0.01, 0.01 * (1 + 0.95e-4), 0.018, 0.018, 0.018}, NULL, 2},
        {{0.01, 0.01, 0.01 * (1 + 1.005e-4), 0.018, 0.018, 0.018}, "too small", 2},
        {{0, 0, 0, 0.018, 0.018, 0.018}, NULL, 2},
        {{-1e60, -1e60, -1e60, 0.018, 0.018, 0.018}, NULL, 2},
        {{-1e60, -2e60, -1e60, 0.018, 0.018, 0.018}, "alone, -2e+60 to 0.018", 2},
    };
    bench.in[0] = bench_vector("x", 2);
    bench.out[0] = bench_matrix("y", 2, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(1);
        for (size_t k = 0; k < 12; k++) {
            const double right = k / 2 != 2 || k % 2 < rows[i].n_third ? bench_wild(k) : 0;
            bench_put(k / 2, k % 2, right, right * rows[i].ratio[k / 2]);
        }
        bench_expect(gc_guess_of_output, true,
                     rows[i].ratio[0] < 0 ? GRADCHECK_CAUSE_WRONG_ARGUMENT
                                          : GRADCHECK_CAUSE_EXTRA_FACTOR,
                     rows[i].text, i);
    }
}

/* Of several outputs it is asked of the first: a[1] has no rows, y[2, 3] has. */
Test(ratios, look_along_the_rows_of_the_first_output) {
    for (int y_first = 0; y_first < 2; y_first++) {
        static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {2}}, {0}};
        const struct gradcheck_tensor a = bench_vector("a", 1);
        const struct gradcheck_tensor y = bench_matrix("y", 2, 3);
        const struct gradcheck_tensor out[] = {y_first ? y : a, y_first ? a : y, {0}};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        tables_open(&bench, in, out, true);
        for (size_t k = 0; k < 14; k++) {
            bench.got[k] = bench.right[k] * (k / 2 < 3 ? 0.01 : k / 2 < 6 ? 0.018 : 0.02);
        }
        bench.right[14] = bench.got[14] = 1; /* behind the last row */
        bench.mark[15] = GC_IGNORED;
        gc_guess_of_output(tables_look(&bench, 0), &guess);
        cr_expect_eq(guess.cause, y_first ? GRADCHECK_CAUSE_NONE : GRADCHECK_CAUSE_EXTRA_FACTOR,
                     "%s", guess.text);
    }
}

/* ---- right at index 0 alone ---- */

Test(ratios, find_what_is_right_at_index_0_of_an_axis_of_3_to_64) {
    static const struct {
        size_t n, m, n_right, step; /* x[n, m]: right at 0, step, 2 step ... */
        const char *text;
        bool nothing; /* belongs there */
    } rows[] = {
        {3, 1, 1, 1, "along axis 0 of x alone", false},
        {64, 1, 1, 1, "along axis 0 of x alone", false},
        {2, 1, 1, 1, NULL, false},
        {65, 1, 1, 1, NULL, false},
        {3, 1, 2, 1, NULL, false}, /* at index 1 too */
        {3, 1, 0, 1, NULL, false},
        {3, 1, 1, 1, NULL, true},
        {3, 2, 2, 1, "along axis 0 of x alone", false},
        {2, 3, 2, 3, "along axis 1 of x alone", false},
        {3, 2, 1, 1, NULL, false}, /* not all of a row */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t n = rows[i].n * rows[i].m;
        bench.in[0] = bench_matrix("x", rows[i].n, rows[i].m);
        bench.out[0] = bench_vector("y", 2);
        bench_lay(1);
        for (size_t c = 0; c < n; c++) {
            const bool same = c % rows[i].step == 0 && c / rows[i].step < rows[i].n_right;
            const double right = same && rows[i].nothing ? 0 : 2 + bench_wild(c);
            bench_put(0, c, right, same ? right : 3 + bench_wild(c + 5));
        }
        bench_expect(gc_guess_first_row_only, false, GRADCHECK_CAUSE_BROADCAST, rows[i].text, i);
    }
}

/* ---- a known value and nothing else ---- */

static double always_1(double v) {
    (void)v;
    return 1;
}

Test(ratios, find_a_value_that_stands_there_alone) {
    enum of { OF_X, OF_Y, OF_U };
    static const struct {
        enum of of;
        double (*f)(double);
        bool by_output;
        const char *text;
    } rows[] = {
        {OF_X, gc_identity, false, NULL}, /* times a statistic of the row it may be right */
        {OF_X, gc_identity, true, "is v itself, v being x"},
        {OF_X, tanh, false, "is tanh(v), v being x"},
        {OF_Y, gc_identity, false, "is v itself, v being y"},
        {OF_Y, gc_sigmoid, false, "is sigmoid(v), v being y"},
        {OF_U, gc_identity, false, NULL},
        {OF_U, tanh, false, "is tanh(v), v being u"},
        {OF_X, always_1, false, "is 1: the derivative is missing"},
    };
    static int32_t labels[4] = {9, 9, 9, 9};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = bench_vector("x", 4);
        bench.in[1] = bench_vector("u", 4);
        bench.in[2] = bench_vector("labels", 4);
        bench.in[2].dtype = GRADCHECK_I32;
        bench.in[2].value = labels;
        bench.out[0] = bench_vector("y", 4);
        bench_lay(3);
        const double *const of[] = {bench_values(0), bench.y0, bench_values(1)};
        if (rows[i].by_output) {
            bench_put_nothing();
        }
        for (size_t c = 0; c < 4; c++) {
            bench_put(rows[i].by_output ? c : 0, c, bench_wild(c + 60),
                      rows[i].f(of[rows[i].of][c]));
        }
        bench_expect(gc_guess_known_value, rows[i].by_output,
                     rows[i].f == always_1 ? GRADCHECK_CAUSE_MISSING_FACTOR
                                           : GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     rows[i].text, i);
    }
}

/* Of p - one-hot, the one-hot. */
Test(ratios, find_the_term_of_a_label_that_stands_there_alone) {
    static int32_t label[1];
    for (size_t n = 2; n <= 4; n++) {
        for (int32_t hot = 0; hot < 2; hot++) {
            label[0] = hot;
            bench.in[0] = bench_matrix("x", 1, n);
            bench.in[1] = bench_vector("label", 1);
            bench.in[1].dtype = GRADCHECK_I32;
            bench.in[1].value = label;
            bench.in[2] = bench_matrix("w", 1, n);
            bench.out[0] = bench_vector("y", 2);
            bench_lay(3);
            for (size_t c = 0; c < n; c++) {
                const bool is = c == (size_t)hot;
                bench_put(0, c, 0.1 + 0.07 * (double)c - is, is ? -1 : 0);
            }
            bench_expect(gc_guess_known_value, false, GRADCHECK_CAUSE_DROPPED_TERM,
                         n > 2 ? "holds the term in label alone" : NULL, n);
        }
    }
}
