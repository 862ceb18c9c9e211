// SPDX-License-Identifier: MIT
/* Hypotheses of a factor: a number, a function of a value, the number of outputs. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

/* ---- a constant factor ---- */

Test(factors, name_a_constant_factor_by_what_it_is) {
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

/* ---- functions of a value: y[i] of x[i], with a gate g[i] ---- */

enum { N = 6 };

static void lay_gated(const double gate[N]) {
    bench.in[0] = bench_vector("x", N);
    bench.in[1] = bench_vector("g", N);
    bench.out[0] = bench_vector("y", N);
    bench_lay(2);
    memcpy(bench_values(1), gate, N * sizeof gate[0]);
    bench_put_nothing();
    bench_put(N, N, 0, 0); /* past the end: it would be one that nothing passes */
}

static double of_itself(double v) {
    return v;
}
static double complement(double v) {
    return 1 - v;
}
static double plus_one(double v) {
    return 1 + v;
}
static double square(double v) {
    return v * v;
}
static double square_plus_one(double v) {
    return 1 + v * v;
}
static double slope_of_tanh(double v) {
    return 1 - v * v;
}
static double times_plus_one(double v) {
    return v * (1 + v);
}
static double nothing(double v) {
    (void)v;
    return 0;
}
static double everything(double v) {
    (void)v;
    return 1;
}
static double above(double v) {
    return v > 0;
}
static double from_zero(double v) {
    return v >= 0;
}
static double below(double v) {
    return v < 0;
}
static double not_above(double v) {
    return v <= 0;
}
static double all_but_one(double v) {
    return v != -0.6;
}
static double garbage_below(double v) {
    return v > 0 ? 1 - v : sin(19 * v);
}
static double garbage_above(double v) {
    return v <= 0 ? 1 - v : sin(19 * v);
}

/* Wild numbers times what belongs there, and times what is there. */
struct exchange {
    double (*belongs)(double), (*stands)(double);
    enum gradcheck_cause cause;
    const char *text;
};

static void expect_exchange(const struct exchange *e, const double gate[N], size_t row) {
    lay_gated(gate);
    for (size_t i = 0; i < N; i++) {
        bench_put(i, i, bench_wild(i + 7) * e->belongs(gate[i]),
                  bench_wild(i + 7) * e->stands(gate[i]));
    }
    bench_expect(gc_guess_function, true, e->cause, e->text, row);
}

Test(factors, tell_which_function_of_a_value_stands_for_which) {
    static const double gate[N] = {0.31, 0.72, 0.55, 0.12, 0.87, 0.43};
    static const struct exchange rows[] = {
        {complement, plus_one, GRADCHECK_CAUSE_SIGN, "has 1 + v where 1 - v belongs, v being g"},
        {slope_of_tanh, square_plus_one, GRADCHECK_CAUSE_SIGN, "has 1 + v^2 where 1 - v^2 belongs"},
        {complement, square_plus_one, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has 1 + v^2 where 1 - v "},
        {square, plus_one, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has 1 + v where v^2 belongs"},
        {sqrt, times_plus_one, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has v (1 + v) where sqrt(v) "},
        {slope_of_tanh, of_itself, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has v where 1 - v^2 belongs"},
        {slope_of_tanh, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the factor 1 - v^2"},
        {complement, square, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has v^2 where 1 - v belongs"},
        {everything, of_itself, GRADCHECK_CAUSE_EXTRA_FACTOR, "has the factor v once too often"},
        {everything, complement, GRADCHECK_CAUSE_EXTRA_FACTOR, "the factor 1 - v once too often"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_exchange(&rows[i], gate, i);
    }
}

/* A step tells nothing of what stands where it is 0. */
Test(factors, ask_of_a_step_what_stands_where_nothing_belongs) {
    static const struct {
        double gate[N];
        struct exchange exchange;
    } rows[] = {
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2},
         {above, everything, GRADCHECK_CAUSE_MISSING_FACTOR,
          "lacks the factor v > 0, where v is "}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {above, all_but_one, GRADCHECK_CAUSE_NONE, NULL}},
        {{-0.6, 0.4, 0.9, -1.1, 0.3, -0.2}, {above, all_but_one, GRADCHECK_CAUSE_NONE, NULL}},
        {{0.4, -0.6, 0, -1.1, 0.3, -0.2},
         {not_above, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the factor v <= 0"}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2},
         {above, not_above, GRADCHECK_CAUSE_SIGN, "has v <= 0 where v > 0 belongs, v being g"}},
        {{-0.4, 0.6, 0.9, 1.1, 0.3, 0.2},
         {above, not_above, GRADCHECK_CAUSE_SIGN, "has v <= 0 where v > 0 belongs, v being g"}},
        {{0.4, -0.6, 0, -1.1, 0.3, -0.2}, {from_zero, below, GRADCHECK_CAUSE_NONE, NULL}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {above, garbage_below, GRADCHECK_CAUSE_NONE, NULL}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {not_above, garbage_above, GRADCHECK_CAUSE_NONE, NULL}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {above, nothing, GRADCHECK_CAUSE_NONE, NULL}},
        /* a value that happens to be 0 where something is missing */
        {{0, 1, 0, 0, 1, 1}, {everything, of_itself, GRADCHECK_CAUSE_NONE, NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_exchange(&rows[i].exchange, rows[i].gate, i);
    }
}

Test(factors, find_no_step_missing_by_what_is_wrong_alone) {
    static const double gate[N] = {0.4, 0.6, -0.9, -1.1, 0.3, -0.2};
    for (int alone = 0; alone < 2; alone++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        lay_gated(gate);
        for (size_t i = 0; i < N; i++) {
            bench_put(i, i, bench_wild(i) * (gate[i] > 0), i == 3 ? 0 : bench_wild(i));
        }
        bench.error[bench_at(3, 3)] = INFINITY; /* who knows */
        struct gc_table t = bench_table(true);
        if (alone != 0) {
            gc_table_ignore_right(&t);
        }
        gc_guess_function(&t, &guess);
        cr_expect_eq(guess.cause,
                     alone != 0 ? GRADCHECK_CAUSE_NONE : GRADCHECK_CAUSE_MISSING_FACTOR, "%s",
                     guess.text);
    }
}

Test(factors, look_at_no_gradient_but_their_own) {
    static const double gate[N] = {0.4, -0.6, 0.9, -1.1, 0.3, -0.2};
    lay_gated(gate);
    for (size_t i = 0; i < N; i++) {
        bench_put(i, i, bench_wild(i) * (gate[i] > 0), 0);
        bench.right[bench_at(i, N)] = 0; /* of the gate: something where nothing belongs */
    }
    bench_expect(gc_guess_function, true, GRADCHECK_CAUSE_NONE, NULL, 0);
}

Test(factors, tell_which_of_two_values_stands_for_the_other) {
    for (int gaps = 0; gaps < 2; gaps++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.in[2] = bench_vector("w", N);
        bench.out[0] = bench_vector("y", 2);
        bench_lay(3);
        for (size_t i = 0; i < N; i++) {
            const double w = bench_values(2)[i];
            const double u = gaps == 0 ? bench_wild(i + 40) : i % 2 == 0 ? w : 0;
            bench_values(1)[i] = u;
            bench_put(0, i, bench_wild(i + 50) * w, bench_wild(i + 50) * u);
        }
        /* where all that is wrong is 0, any value that is 0 there would do */
        bench_expect(gc_guess_two_values, false, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     gaps == 0 ? "is made with u where w belongs" : NULL, (size_t)gaps);
    }
}

/* y = sigmoid(x + b), the slope taken at b: x is what most sums hold, so two ratios do not tell. */
Test(factors, find_the_input_itself_left_out_of_a_sum_by_three_ratios) {
    for (size_t n_wrong = 2; n_wrong <= 4; n_wrong++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("b", N);
        bench.out[0] = bench_vector("y", N);
        bench_lay(2);
        bench_put_nothing();
        for (size_t i = 0; i < N; i++) {
            const double x = i < n_wrong ? 0.5 + 0.3 * (double)i : 0;
            const double b = bench_values(1)[i];
            bench_values(0)[i] = x;
            bench.y0[i] = gc_sigmoid(x + b);
            bench_put(i, i, gc_sigmoid_slope(bench.y0[i]), gc_sigmoid_slope(gc_sigmoid(b)));
        }
        bench_expect(gc_guess_incomplete, true, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     n_wrong > 2 ? "at a sum from which x is left out" : NULL, n_wrong);
    }
}

/* ---- divided by how many outputs an entry reaches ---- */

Test(factors, find_a_mean_over_the_outputs_that_an_entry_reaches) {
    static const bool reaches[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 0, 1}};
    static const double n[] = {4, 2, 2};
    enum { N_REACHED = 8 };
    bench.in[0] = bench_vector("x", 3);
    bench.in[1] = bench_vector("b", 2);
    bench.out[0] = bench_vector("y", 4);
    bench_lay(2);
    for (size_t r = 0; r < 4; r++) {
        for (size_t c = 0; c < 3; c++) {
            bench_put(r, c, reaches[r][c] * bench_wild(r + 4 * c),
                      reaches[r][c] * bench_wild(r + 4 * c) / n[c]);
        }
    }
    bench_expect(gc_guess_contributions, true, GRADCHECK_CAUSE_SIZE_FACTOR,
                 "divided by the number of outputs that an entry reaches", 0);
    cr_expect(fabs(bench_confidence(gc_guess_contributions, true) - 0.95 * gc_support(N_REACHED)) <=
              1e-14);
    bench_put(3, 0, 0, 0);
    bench_expect(gc_guess_contributions, true, GRADCHECK_CAUSE_NONE, NULL, 1);
}
