// SPDX-License-Identifier: MIT
/* Hypotheses of a factor that varies: a function of a value, the number of outputs. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

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
static double complement_squared(double v) {
    return (1 - v) * (1 - v);
}
static double slope_of_sigmoid(double v) {
    return gc_sigmoid_slope(gc_sigmoid(v));
}
static double slope_at_tanh(double v) {
    return gc_tanh_slope(tanh(v));
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
        {sqrt, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the factor sqrt(v)"},
        {square, complement_squared, GRADCHECK_CAUSE_WRONG_ARGUMENT, "has (1 - v)^2 where v^2 "},
        {gc_sigmoid_slope, slope_of_tanh, GRADCHECK_CAUSE_WRONG_ARGUMENT, "1 - v^2 where v (1 - "},
        /* what nobody leaves out: a value by itself, a sum with 1 */
        {of_itself, square_plus_one, GRADCHECK_CAUSE_NONE, NULL},
        {plus_one, square, GRADCHECK_CAUSE_NONE, NULL},
        {complement_squared, everything, GRADCHECK_CAUSE_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_exchange(&rows[i], gate, i);
    }
}

Test(factors, are_less_sure_of_a_slope_that_is_taken_at_the_value) {
    static const double gate[N] = {0.31, -0.72, 0.55, 1.12, 0.87, -0.43};
    static const struct {
        struct exchange exchange;
        double usual;
    } rows[] = {
        {{slope_of_sigmoid, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "factor sigmoid'(v)"}, 0.9},
        {{slope_at_tanh, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "the factor tanh'(v)"}, 0.9},
        {{slope_of_tanh, everything, GRADCHECK_CAUSE_MISSING_FACTOR, "the factor 1 - v^2"}, 0.97},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_exchange(&rows[i].exchange, gate, i);
        const double confidence = bench_confidence(gc_guess_function, true);
        cr_expect(fabs(confidence - rows[i].usual * gc_support(6)) <= 1e-14, "row %zu: %g", i,
                  confidence);
    }
}

Test(factors, need_a_single_element_of_the_first_entry) {
    static const double gate[N] = {0.31, 1, 1, 1, 1, 1};
    static const struct exchange missing = {of_itself, everything, GRADCHECK_CAUSE_MISSING_FACTOR,
                                            "lacks the factor v, where v is g"};
    expect_exchange(&missing, gate, 0);
}

/* The table has room for 63 ways to read y besides. */
Test(factors, are_functions_of_the_entry_itself_whatever_else_there_is) {
    static const struct gradcheck_tensor sixteen = {.ndim = 4, .shape = {2, 2, 2, 2}};
    bench.in[0] = bench.out[0] = sixteen;
    bench.in[0].name = "x";
    bench.out[0].name = "y";
    bench_lay(1);
    for (size_t i = 0; i < 256; i++) {
        bench_put(i / 16, i % 16, bench_wild(i), bench_wild(i) / bench.base[i % 16]);
    }
    bench_expect(gc_guess_function, true, GRADCHECK_CAUSE_MISSING_FACTOR, "v, where v is x", 0);
    for (int swapped = 0; swapped < 2; swapped++) {
        for (size_t i = 0; i < 256; i++) {
            const double ratio = bench.base[i % 16] / bench.y0[i % 16];
            bench_put(i / 16, i % 16, bench_wild(i),
                      bench_wild(i) * (swapped != 0 ? 1 / ratio : ratio));
        }
        bench_expect(gc_guess_two_values, true, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     swapped != 0 ? "with y where x belongs" : "with x where y belongs", 1);
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
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {complement, above, GRADCHECK_CAUSE_NONE, NULL}},
        {{0.4, -0.6, 0.9, -1.1, 0.3, -0.2}, {complement, not_above, GRADCHECK_CAUSE_NONE, NULL}},
        /* a value that happens to be 0 where something is missing */
        {{0, 1, 0, 0, 1, 1}, {everything, of_itself, GRADCHECK_CAUSE_NONE, NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_exchange(&rows[i].exchange, rows[i].gate, i);
    }
}

Test(factors, are_the_surer_of_a_missing_step_the_more_stands_where_nothing_belongs) {
    static const double gate[N] = {0.4, -0.6, 0.9, -1.1, 0.3, -0.2};
    static const struct exchange missing = {above, everything, GRADCHECK_CAUSE_MISSING_FACTOR,
                                            "lacks the factor v > 0"};
    expect_exchange(&missing, gate, 0);
    cr_expect(fabs(bench_confidence(gc_guess_function, true) - 0.97 * gc_support(2)) <= 1e-14);
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
        bench_put(N, i, 0, 1);           /* the same behind the last row */
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

/* Whether a value is a label's is no number. */
Test(factors, are_made_of_no_labels) {
    static int32_t labels[N] = {0, 1, 2, 3, 4, 5};
    for (int swapped = 0; swapped < 2; swapped++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.in[2] = bench_vector("l", N);
        bench.in[2].dtype = GRADCHECK_I32;
        bench.in[2].value = labels;
        bench.in[3] = bench_vector("w", N);
        bench.out[0] = bench_vector("y", 2);
        bench_lay(4);
        for (size_t c = 0; c < N; c++) {
            const double w = bench_values(3)[c];
            bench_put(0, c, bench_wild(c + 50), bench_wild(c + 50) * (swapped != 0 ? w : 1 / w));
        }
        bench_expect(gc_guess_two_values, false, GRADCHECK_CAUSE_NONE, NULL, (size_t)swapped);
    }
    /* nor does one hide the value before it */
    for (size_t c = 0; c < N; c++) {
        bench_put(0, c, bench_wild(c + 50), bench_wild(c + 50) / bench_values(1)[c]);
    }
    bench_expect(gc_guess_function, false, GRADCHECK_CAUSE_MISSING_FACTOR,
                 "lacks the factor v, where v is u", 2);
}

/* Where both values are next to nothing, or the one that belongs is, they say nothing. */
Test(factors, are_told_by_values_that_are_not_too_small) {
    static const struct {
        double u, w; /* units */
        bool told;
    } rows[] = {
        {0.6e-3, 0.6e-3, true}, {0.3e-3, 0.3e-3, false}, {1, 1.2e-9, true}, {1, 0.6e-9, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.in[2] = bench_vector("w", N);
        bench.out[0] = bench_vector("y", 2);
        bench_lay(3);
        for (size_t c = 0; c < N; c++) {
            const double u = rows[i].u * (1.2 + 0.2 * bench_wild(c));
            const double w = rows[i].w * (1.2 + 0.2 * bench_wild(c + 20));
            bench_values(1)[c] = u;
            bench_values(2)[c] = w;
            bench_put(0, c, bench_wild(c + 50) * w, bench_wild(c + 50) * u);
        }
        bench_expect(gc_guess_two_values, false, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     rows[i].told ? "is made with u where w belongs" : NULL, i);
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

/* A slope of 0 is known of nothing; one that is next to 0 may be right. */
Test(factors, find_an_input_left_out_of_a_sum_where_no_slope_is_0) {
    static const struct {
        double last; /* the sum at the entry where x is 0 */
        bool found;
    } rows[] = {{0.4, true}, {-110, true}, {50, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("b", N);
        bench.out[0] = bench_vector("y", N);
        bench_lay(2);
        bench_put_nothing();
        for (size_t c = 0; c < N; c++) {
            const double x = c + 1 < N ? 0.5 + 0.3 * (double)c : 0;
            const double z = c + 1 < N ? bench_values(1)[c] : rows[i].last;
            bench_values(0)[c] = x;
            bench.y0[c] = gc_sigmoid(x + z);
            bench_put(c, c, gc_sigmoid_slope(bench.y0[c]), gc_sigmoid_slope(gc_sigmoid(z)));
        }
        bench_expect(gc_guess_incomplete, true, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     rows[i].found ? "at a sum from which x is left out" : NULL, i);
    }
}

/* ---- divided by how many outputs an entry reaches ---- */

/* The last entry reaches nothing: what stands there is within the error of what belongs there, and
 * would not be if it were multiplied. */
Test(factors, find_a_mean_over_the_outputs_that_an_entry_reaches) {
    static const bool reaches[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 0, 1}};
    static const double n[] = {4, 2, 2};
    enum { N_REACHED = 8 };
    bench.in[0] = bench_vector("x", 4);
    bench.in[1] = bench_vector("b", 2);
    bench.out[0] = bench_vector("y", 4);
    bench_lay(2);
    double largest = 0;
    for (size_t r = 0; r < 4; r++) {
        for (size_t c = 0; c < 3; c++) {
            const double right = reaches[r][c] * bench_wild(r + 4 * c);
            bench_put(r, c, right, right / n[c]);
            largest = fmax(largest, fabs(right));
        }
    }
    for (size_t r = 0; r < 4; r++) {
        bench_put(r, 3, 1.9e-9 * largest, 2.8e-9 * largest);
    }
    bench_expect(gc_guess_contributions, true, GRADCHECK_CAUSE_SIZE_FACTOR,
                 "divided by the number of outputs that an entry reaches", 0);
    cr_expect(fabs(bench_confidence(gc_guess_contributions, true) - 0.95 * gc_support(N_REACHED)) <=
              1e-14);
    bench_put(3, 0, 0, 0);
    bench_expect(gc_guess_contributions, true, GRADCHECK_CAUSE_NONE, NULL, 1);
}

Test(factors, find_no_mean_where_nothing_is_reached_or_outputs_are_not_told_apart) {
    bench.in[0] = bench_vector("x", 3);
    bench.out[0] = bench_vector("y", 4);
    for (int by_output = 0; by_output < 2; by_output++) {
        bench_lay(1);
        for (size_t r = 0; r < 4; r++) {
            bench_put(r, 0, bench_wild(r), bench_wild(r) / 4);
            bench_put(r, 1, bench_wild(r + 4) * (r % 2 == 0), bench_wild(r + 4) * (r % 2 == 0) / 2);
            bench_put(r, 2, 0, 0.7);
        }
        bench_expect(gc_guess_contributions, by_output != 0, GRADCHECK_CAUSE_NONE, NULL,
                     (size_t)by_output);
    }
}
