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

Test(ratios, find_1_minus_a_sigmoid_of_three_entries) {
    static const struct {
        double multiple, garbled;
        double x[4]; /* what is near 0 tells nothing */
        bool elsewhere, found;
    } rows[] = {
        {1, 0, {0.9, -1.3, 0.6, 0.05}, false, true},
        {-2, 0, {0.9, -1.3, 0.6, 0.05}, false, true},
        {1, 0, {0.9, -1.3, 0.02, 0.05}, false, false},
        {1, 0, {0.9, -1.3, 0.6, 0.05}, true, false},
        {0.01, 0, {0.9, -1.3, 0.6, 2.1}, false, true},
        {0.01, 0.2, {0.9, -1.3, 0.6, 2.1}, false, false},
    };
    bench.in[0] = bench_vector("x", 4);
    bench.out[0] = bench_vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(1);
        bench_put_nothing();
        for (size_t c = 0; c < 4; c++) {
            const double z = rows[i].multiple * rows[i].x[c] * (1 + rows[i].garbled * (double)c);
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
        {{3, 0, 1.5, 2}, {3, 0, 1, 1}, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = bench_vector("x", 3);
    bench.in[1] = bench_vector("b", 3);
    bench.out[0] = bench_vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(2);
        bench_put_nothing();
        for (size_t k = 0; k < 12; k++) {
            const size_t r = k / 3;
            const double right = k % 3 < rows[i].n_shown[r] ? bench_wild(k) : 0;
            bench_put(r, k % 3, right, right * rows[i].ratio[r]);
        }
        bench_expect(gc_guess_of_output, true, rows[i].cause, rows[i].text, i);
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

/* y[2, 3]: a ratio of each row of it is a statistic, which may be right or wrong. */
Test(ratios, say_nothing_of_a_ratio_that_is_the_same_along_a_row_of_the_output) {
    static const struct {
        double ratio[6];
        const char *text;
    } rows[] = {
        {{0.01, 0.013, 0.016, 0.012, 0.015, 0.018}, "too small, by 0.01 to 0.018"},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.018}, NULL},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.015}, "too small, by 0.01 to 0.018"},
    };
    bench.in[0] = bench_vector("x", 2);
    bench.out[0] = bench_matrix("y", 2, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(1);
        for (size_t k = 0; k < 12; k++) {
            bench_put(k / 2, k % 2, bench_wild(k), bench_wild(k) * rows[i].ratio[k / 2]);
        }
        bench_expect(gc_guess_of_output, true, GRADCHECK_CAUSE_EXTRA_FACTOR, rows[i].text, i);
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
        bench_expect(gc_guess_known_value, rows[i].by_output, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     rows[i].text, i);
    }
}

/* Of p - one-hot, the one-hot. */
Test(ratios, find_the_term_of_a_label_that_stands_there_alone) {
    static int32_t label[] = {1};
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = bench_matrix("x", 1, n);
        bench.in[1] = bench_vector("label", 1);
        bench.in[1].dtype = GRADCHECK_I32;
        bench.in[1].value = label;
        bench.out[0] = bench_vector("y", 2);
        bench_lay(2);
        for (size_t c = 0; c < n; c++) {
            const double p = 0.1 + 0.07 * (double)c;
            bench_put(0, c, p - (c == 1), c == 1 ? -1 : 0);
        }
        bench_expect(gc_guess_known_value, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 2 ? "holds the term in label alone" : NULL, n);
    }
}
