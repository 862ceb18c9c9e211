// SPDX-License-Identifier: MIT
/* Hypotheses of a factor that is the same number everywhere. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

Test(constant_factors, are_named_by_what_they_are) {
    static const struct {
        double factor;
        size_t n_ratios;
        double confidence;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {-1, 1, 1, GRADCHECK_CAUSE_SIGN, "has the wrong sign"},
        {2, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {-0.5, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is -0.5 times"},
        {3, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 3 times"},
        {-3, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is -3 times"},
        {4, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 4 times"},
        {1.0 / 3, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.33333 times"},
        {0.25, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.25 times"},
        {1.7, 1, 0.4, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 1.7 times"},
        {5, 1, 0.4, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 5 times"},
        {0.2, 1, 0.4, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.2 times"},
        {1.7, 2, 0.4, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 1.7 times"},
        {1.7, 3, 0.85, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 1.7 times"},
        /* not quite 2: within three times what counts as equal, and not within four */
        {2 + 2.99e-6, 1, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {2 + 3.5e-6, 1, 0.4, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {7.0 / 6, 1, 1, GRADCHECK_CAUSE_SIZE_FACTOR, "a mean is missing"},
        {7, 1, 1, GRADCHECK_CAUSE_SIZE_FACTOR, "a mean is missing"},
        {1.0 / 7, 1, 1, GRADCHECK_CAUSE_SIZE_FACTOR, "divided once too often"},
        {2.6457513110645906, 1, 1, GRADCHECK_CAUSE_MISSING_FACTOR, "the scale 1/sqrt is missing"},
        {0.3779644730092272, 1, 0.45, GRADCHECK_CAUSE_EXTRA_FACTOR, "the scale is applied twice"},
    };
    bench.in[0] = bench_vector("x", 7);
    bench.out[0] = bench_vector("y", 7);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        bench_lay(1);
        for (size_t c = 0; c < 7; c++) {
            bench_put(0, c, bench_wild(c),
                      bench_wild(c) * (c < rows[i].n_ratios ? 2 + (double)c : 1));
        }
        const struct gc_table t = bench_table(false);
        gc_name_factor(&t, rows[i].factor, 1, "it", &guess);
        cr_expect_eq(guess.cause, rows[i].cause, "row %zu: %s", i, guess.text);
        cr_expect(fabs(guess.confidence - rows[i].confidence) <= 1e-14, "row %zu: %g", i,
                  guess.confidence);
        cr_expect(strstr(guess.text, rows[i].text) != NULL, "row %zu: %s", i, guess.text);
    }
}

/* Other sizes will tell whether it is a 2 or a length of 2. */
Test(constant_factors, are_not_named_if_they_are_2_and_may_be_a_length) {
    static const struct {
        size_t n, m; /* lengths */
        double factor, confidence;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {2, 5, 2, 0, GRADCHECK_CAUSE_NONE, ""},
        {2, 5, 2 - 1e-6, 0, GRADCHECK_CAUSE_NONE, ""},
        {2, 5, 0.5, 0.55, GRADCHECK_CAUSE_SIZE_FACTOR, "divided once too often"},
        {3, 6, 0.5, 0, GRADCHECK_CAUSE_NONE, ""}, /* 3/6 */
        {3, 6, 2, 0, GRADCHECK_CAUSE_NONE, ""},
        {4, 5, 0.5, 0, GRADCHECK_CAUSE_NONE, ""}, /* 1/sqrt(4) */
        {4, 5, 2, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {5, 7, 0.5, 0.95, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.5 times"},
        {5, 7, 0.4472135954999579, 0.45, GRADCHECK_CAUSE_EXTRA_FACTOR, "applied twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        bench.in[0] = bench_matrix("x", rows[i].n, rows[i].m);
        bench.out[0] = bench_vector("y", rows[i].n);
        bench_lay(1);
        const struct gc_table t = bench_table(false);
        gc_name_factor(&t, rows[i].factor, 0.8, "it", &guess);
        cr_expect_eq(guess.cause, rows[i].cause, "row %zu: %s", i, guess.text);
        cr_expect(fabs(guess.confidence - 0.8 * rows[i].confidence) <= 1e-14, "row %zu: %g", i,
                  guess.confidence);
        cr_expect(strstr(guess.text, rows[i].text) != NULL, "row %zu: %s", i, guess.text);
    }
}

Test(constant_factors, are_taken_where_the_right_answer_is_largest_and_first) {
    static const double units[] = {1, 0x1p-200, 0x1p200};
    static const double right[4] = {0.2, -0.7, 0.7, 0.3};
    static const double ratio[4] = {3, 1.0 / 3, 5, 7};
    bench.in[0] = bench_vector("x", 4);
    bench.out[0] = bench_vector("y", 3);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        bench_lay(1);
        for (size_t c = 0; c < 4; c++) {
            bench_put(0, c, units[u] * right[c], units[u] * right[c] * ratio[c]);
        }
        const struct gc_table t = bench_table(false);
        const double first = gc_first_ratio(&t);
        cr_expect(fabs(first - ratio[1]) <= 1e-15, "%g: %.17g", units[u], first);
    }
}

Test(constant_factors, are_found_if_they_are_more_than_ten_times_what_counts_as_equal) {
    static const struct {
        double factor;
        size_t n_wrong;
        const char *text;
    } rows[] = {{1.7, 4, "x.grad is 1.7 times"},
                {1.7, 1, "x.grad is 1.7 times"},
                {-1, 1, "has the wrong sign"},
                {1.05e-5, 4, "x.grad is 1.05e-05 times"},
                {0.95e-5, 4, NULL},
                {0, 4, NULL}};
    bench.in[0] = bench_vector("x", 4);
    bench.out[0] = bench_vector("y", 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(1);
        for (size_t c = 0; c < 4; c++) {
            bench_put(0, c, bench_wild(c),
                      bench_wild(c) * (c < rows[i].n_wrong ? rows[i].factor : 1));
            bench.error[bench_at(0, c)] = c < rows[i].n_wrong ? 0 : INFINITY;
        }
        bench_expect(gc_guess_constant, false,
                     rows[i].factor == -1 ? GRADCHECK_CAUSE_SIGN : GRADCHECK_CAUSE_CONSTANT_FACTOR,
                     rows[i].text, i);
    }
}
