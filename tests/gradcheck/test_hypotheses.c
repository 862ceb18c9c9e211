// SPDX-License-Identifier: MIT
/* Hypotheses held against tables put together by hand: what each explains, and what it must not. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/diagnosis.h"

enum { INPUTS = 5, ENTRIES = 80, ELEMENTS = 20 * ENTRIES };

/* Past each row lie the entries of the next input, past the last row lies more: none of it fits. */
static struct bench {
    struct gradcheck_tensor in[INPUTS], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    double base[ENTRIES], y0[ENTRIES], right[ELEMENTS], got[ELEMENTS], error[ELEMENTS];
    unsigned char mark[ELEMENTS];
    size_t of; /* the input that the table is of */
} bench;

static struct gradcheck_tensor vector(const char *name, size_t n) {
    return (struct gradcheck_tensor){.name = name, .ndim = 1, .shape = {n}};
}

static struct gradcheck_tensor matrix(const char *name, size_t n, size_t m) {
    return (struct gradcheck_tensor){.name = name, .ndim = 2, .shape = {n, m}};
}

/* Somewhere in (-1, 1), and nowhere near where another number is. */
static double wild(size_t i) {
    return sin(1.0 + 2.39 * (double)i + 0.7 * (double)(i * i));
}

/* From bench.in and bench.out, the table being of the first input. */
static void lay(size_t n_inputs) {
    struct gc_session *s = &bench.s;
    *s = (struct gc_session){.k = &bench.kernel, .base = bench.base, .y0 = bench.y0};
    bench.kernel = (struct gradcheck_kernel){
        .inputs = bench.in, .n_inputs = n_inputs, .outputs = bench.out, .n_outputs = 1};
    for (size_t i = 0; i < n_inputs; i++) {
        s->inputs[i] = (struct gc_input){.t = &bench.in[i],
                                         .count = gc_tensor_count(&bench.in[i]),
                                         .first = s->n_entries,
                                         .is_float = gc_is_float(bench.in[i].dtype)};
        s->n_entries += s->inputs[i].is_float ? s->inputs[i].count : 0;
    }
    s->outputs[0] = (struct gc_output){
        .t = &bench.out[0], .count = gc_tensor_count(&bench.out[0]), .is_float = true};
    s->n_outs = s->outputs[0].count;
    for (size_t i = 0; i < ENTRIES; i++) {
        bench.base[i] = wild(i);
        bench.y0[i] = wild(i + 31);
    }
    for (size_t i = 0; i < ELEMENTS; i++) {
        bench.right[i] = 7e5 * wild(3 * i);
        bench.got[i] = -3e5 * wild(5 * i);
        bench.error[i] = 0;
        bench.mark[i] = GC_WRONG;
    }
    bench.of = 0;
}

static double *values_of(size_t input) {
    return bench.base + bench.s.inputs[input].first;
}

static size_t at(size_t row, size_t column) {
    return row * bench.s.n_entries + bench.s.inputs[bench.of].first + column;
}

static void put(size_t row, size_t column, double right, double got) {
    bench.right[at(row, column)] = right;
    bench.got[at(row, column)] = got;
}

static void put_nothing(void) {
    for (size_t r = 0; r < bench.s.n_outs; r++) {
        for (size_t c = 0; c < bench.s.inputs[bench.of].count; c++) {
            put(r, c, 0, 0);
        }
    }
}

static struct gc_table open_table(bool by_output) {
    struct gc_table t;
    const struct gc_jacobians j = {.n_rows = by_output ? bench.s.n_outs : 1,
                                   .by_output = by_output,
                                   .right = bench.right,
                                   .got = bench.got,
                                   .error = bench.error,
                                   .mark = bench.mark};
    gc_table_open(&bench.s, &j, &bench.s.inputs[bench.of], &t);
    return t;
}

/* text NULL: nothing is guessed. */
static void expect_guess(gc_hypothesis *holds, bool by_output, enum gradcheck_cause cause,
                         const char *text, size_t row) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = open_table(by_output);
    holds(&t, &guess);
    cr_expect_eq(guess.cause, text != NULL ? cause : GRADCHECK_CAUSE_NONE, "row %zu: %s", row,
                 guess.text);
    cr_expect(guess.confidence < 1, "row %zu: %g", row, guess.confidence);
    cr_expect(text == NULL || strstr(guess.text, text) != NULL, "row %zu: no '%s' in: %s", row,
              text, guess.text);
}

static double confidence_of(gc_hypothesis *holds, bool by_output) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = open_table(by_output);
    holds(&t, &guess);
    return guess.confidence;
}

/* ---- a constant factor ---- */

Test(hypotheses, name_a_constant_factor_by_what_it_is) {
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
    bench.in[0] = vector("x", 7);
    bench.out[0] = vector("y", 7);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        lay(1);
        for (size_t c = 0; c < 7; c++) {
            put(0, c, wild(c), wild(c) * (c < rows[i].n_ratios ? 2 + (double)c : 1));
        }
        const struct gc_table t = open_table(false);
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
    bench.in[0] = vector("x", N);
    bench.in[1] = vector("g", N);
    bench.out[0] = vector("y", N);
    lay(2);
    memcpy(values_of(1), gate, N * sizeof gate[0]);
    put_nothing();
    put(N, N, 0, 0); /* past the end: it would be one that nothing passes */
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
        put(i, i, wild(i + 7) * e->belongs(gate[i]), wild(i + 7) * e->stands(gate[i]));
    }
    expect_guess(gc_guess_function, true, e->cause, e->text, row);
}

Test(hypotheses, tell_which_function_of_a_value_stands_for_which) {
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
Test(hypotheses, ask_of_a_step_what_stands_where_nothing_belongs) {
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

Test(hypotheses, find_no_step_missing_by_what_is_wrong_alone) {
    static const double gate[N] = {0.4, 0.6, -0.9, -1.1, 0.3, -0.2};
    for (int alone = 0; alone < 2; alone++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        lay_gated(gate);
        for (size_t i = 0; i < N; i++) {
            put(i, i, wild(i) * (gate[i] > 0), i == 3 ? 0 : wild(i));
        }
        bench.error[at(3, 3)] = INFINITY; /* who knows */
        struct gc_table t = open_table(true);
        if (alone != 0) {
            gc_table_ignore_right(&t);
        }
        gc_guess_function(&t, &guess);
        cr_expect_eq(guess.cause,
                     alone != 0 ? GRADCHECK_CAUSE_NONE : GRADCHECK_CAUSE_MISSING_FACTOR, "%s",
                     guess.text);
    }
}

Test(hypotheses, look_at_no_gradient_but_their_own) {
    static const double gate[N] = {0.4, -0.6, 0.9, -1.1, 0.3, -0.2};
    lay_gated(gate);
    for (size_t i = 0; i < N; i++) {
        put(i, i, wild(i) * (gate[i] > 0), 0);
        bench.right[at(i, N)] = 0; /* of the gate: something where nothing belongs */
    }
    expect_guess(gc_guess_function, true, GRADCHECK_CAUSE_NONE, NULL, 0);
}

Test(hypotheses, tell_which_of_two_values_stands_for_the_other) {
    for (int gaps = 0; gaps < 2; gaps++) {
        bench.in[0] = vector("x", N);
        bench.in[1] = vector("u", N);
        bench.in[2] = vector("w", N);
        bench.out[0] = vector("y", 2);
        lay(3);
        for (size_t i = 0; i < N; i++) {
            const double w = values_of(2)[i];
            const double u = gaps == 0 ? wild(i + 40) : i % 2 == 0 ? w : 0;
            values_of(1)[i] = u;
            put(0, i, wild(i + 50) * w, wild(i + 50) * u);
        }
        /* where all that is wrong is 0, any value that is 0 there would do */
        expect_guess(gc_guess_two_values, false, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     gaps == 0 ? "is made with u where w belongs" : NULL, (size_t)gaps);
    }
}

/* y = sigmoid(x + b), the slope taken at b: x is what most sums hold, so two ratios do not tell. */
Test(hypotheses, find_the_input_itself_left_out_of_a_sum_by_three_ratios) {
    for (size_t n_wrong = 2; n_wrong <= 4; n_wrong++) {
        bench.in[0] = vector("x", N);
        bench.in[1] = vector("b", N);
        bench.out[0] = vector("y", N);
        lay(2);
        put_nothing();
        for (size_t i = 0; i < N; i++) {
            const double x = i < n_wrong ? 0.5 + 0.3 * (double)i : 0;
            const double b = values_of(1)[i];
            values_of(0)[i] = x;
            bench.y0[i] = gc_sigmoid(x + b);
            put(i, i, gc_sigmoid_slope(bench.y0[i]), gc_sigmoid_slope(gc_sigmoid(b)));
        }
        expect_guess(gc_guess_incomplete, true, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     n_wrong > 2 ? "at a sum from which x is left out" : NULL, n_wrong);
    }
}

/* ---- divided by how many outputs an entry reaches ---- */

Test(hypotheses, find_a_mean_over_the_outputs_that_an_entry_reaches) {
    static const bool reaches[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 0, 1}};
    static const double n[] = {4, 2, 2};
    enum { N_REACHED = 8 };
    bench.in[0] = vector("x", 3);
    bench.in[1] = vector("b", 2);
    bench.out[0] = vector("y", 4);
    lay(2);
    for (size_t r = 0; r < 4; r++) {
        for (size_t c = 0; c < 3; c++) {
            put(r, c, reaches[r][c] * wild(r + 4 * c), reaches[r][c] * wild(r + 4 * c) / n[c]);
        }
    }
    expect_guess(gc_guess_contributions, true, GRADCHECK_CAUSE_SIZE_FACTOR,
                 "divided by the number of outputs that an entry reaches", 0);
    cr_expect(fabs(confidence_of(gc_guess_contributions, true) - 0.95 * gc_support(N_REACHED)) <=
              1e-14);
    put(3, 0, 0, 0);
    expect_guess(gc_guess_contributions, true, GRADCHECK_CAUSE_NONE, NULL, 1);
}

/* ---- a power of the right answer, or 1 minus it ---- */

Test(hypotheses, find_a_constant_where_the_right_answer_varies_from_three_elements_on) {
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = vector("x", n);
        bench.in[1] = vector("b", 3);
        bench.out[0] = vector("y", 2);
        lay(2);
        for (size_t c = 0; c < n; c++) {
            put(0, c, wild(c), copysign(1.83, wild(c)));
        }
        expect_guess(gc_guess_power, false, GRADCHECK_CAUSE_MISSING_FACTOR,
                     n > 2 ? "x.grad is 1.83 everywhere, with the right sign" : NULL, n);
        for (size_t c = 0; c < n; c++) {
            put(0, c, wild(c), -wild(c) * wild(c));
        }
        expect_guess(gc_guess_power, false, GRADCHECK_CAUSE_EXTRA_FACTOR,
                     n > 2 ? "is the square of the right one" : NULL, n);
    }
}

Test(hypotheses, find_1_minus_a_sigmoid_of_three_entries) {
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
    bench.in[0] = vector("x", 4);
    bench.out[0] = vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(1);
        put_nothing();
        for (size_t c = 0; c < 4; c++) {
            const double z = rows[i].multiple * rows[i].x[c] * (1 + rows[i].garbled * (double)c);
            values_of(0)[c] = rows[i].x[c];
            put(c, c, gc_sigmoid(z), 1 - gc_sigmoid(z));
        }
        put(0, 3, 0, rows[i].elsewhere); /* and 1 where nothing belongs */
        expect_guess(gc_guess_complement, true, GRADCHECK_CAUSE_SIGN,
                     rows[i].found ? "1 minus the right one" : NULL, i);
    }
}

/* ---- a ratio that depends on the output alone ---- */

Test(hypotheses, name_the_range_of_ratios_that_depend_on_the_output) {
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
    bench.in[0] = vector("x", 3);
    bench.in[1] = vector("b", 3);
    bench.out[0] = vector("y", 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(2);
        put_nothing();
        for (size_t k = 0; k < 12; k++) {
            const size_t r = k / 3;
            const double right = k % 3 < rows[i].n_shown[r] ? wild(k) : 0;
            put(r, k % 3, right, right * rows[i].ratio[r]);
        }
        expect_guess(gc_guess_of_output, true, rows[i].cause, rows[i].text, i);
    }
}

Test(hypotheses, allow_a_ratio_the_error_of_a_small_right_answer) {
    static const double ratio[] = {3, 1.5, 2};
    for (int wide = 0; wide < 2; wide++) {
        bench.in[0] = vector("x", 2);
        bench.out[0] = vector("y", 3);
        lay(1);
        for (size_t r = 0; r < 3; r++) {
            put(r, 0, 0.9, 0.9 * ratio[r]);
            put(r, 1, 0.1, 0.1 * ratio[r]);
        }
        put(2, 1, 0.1, 0.1 * 2.06);
        bench.error[at(2, 1)] = wide != 0 ? 1e-3 : 1e-5;
        expect_guess(gc_guess_of_output, true, GRADCHECK_CAUSE_MISSING_FACTOR,
                     wide != 0 ? "by 1.5 to 3," : NULL, (size_t)wide);
    }
}

/* y[2, 3]: a ratio of each row of it is a statistic, which may be right or wrong. */
Test(hypotheses, say_nothing_of_a_ratio_that_is_the_same_along_a_row_of_the_output) {
    static const struct {
        double ratio[6];
        const char *text;
    } rows[] = {
        {{0.01, 0.013, 0.016, 0.012, 0.015, 0.018}, "too small, by 0.01 to 0.018"},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.018}, NULL},
        {{0.01, 0.01, 0.01, 0.018, 0.018, 0.015}, "too small, by 0.01 to 0.018"},
    };
    bench.in[0] = vector("x", 2);
    bench.out[0] = matrix("y", 2, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(1);
        for (size_t k = 0; k < 12; k++) {
            put(k / 2, k % 2, wild(k), wild(k) * rows[i].ratio[k / 2]);
        }
        expect_guess(gc_guess_of_output, true, GRADCHECK_CAUSE_EXTRA_FACTOR, rows[i].text, i);
    }
}

/* ---- right at index 0 alone ---- */

Test(hypotheses, find_what_is_right_at_index_0_of_an_axis_of_3_to_64) {
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
        bench.in[0] = matrix("x", rows[i].n, rows[i].m);
        bench.out[0] = vector("y", 2);
        lay(1);
        for (size_t c = 0; c < n; c++) {
            const bool same = c % rows[i].step == 0 && c / rows[i].step < rows[i].n_right;
            const double right = same && rows[i].nothing ? 0 : 2 + wild(c);
            put(0, c, right, same ? right : 3 + wild(c + 5));
        }
        expect_guess(gc_guess_first_row_only, false, GRADCHECK_CAUSE_BROADCAST, rows[i].text, i);
    }
}

/* ---- a known value and nothing else ---- */

Test(hypotheses, find_a_value_that_stands_there_alone) {
    enum of { OF_X, OF_Y, OF_U };
    static const struct {
        enum of of;
        double (*f)(double);
        bool by_output;
        const char *text;
    } rows[] = {
        {OF_X, of_itself, false, NULL}, /* times a statistic of the row it may be right */
        {OF_X, of_itself, true, "is v itself, v being x"},
        {OF_X, tanh, false, "is tanh(v), v being x"},
        {OF_Y, of_itself, false, "is v itself, v being y"},
        {OF_Y, gc_sigmoid, false, "is sigmoid(v), v being y"},
        {OF_U, of_itself, false, NULL},
        {OF_U, tanh, false, "is tanh(v), v being u"},
    };
    static int32_t labels[4] = {9, 9, 9, 9};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = vector("x", 4);
        bench.in[1] = vector("u", 4);
        bench.in[2] = vector("labels", 4);
        bench.in[2].dtype = GRADCHECK_I32;
        bench.in[2].value = labels;
        bench.out[0] = vector("y", 4);
        lay(3);
        const double *const of[] = {values_of(0), bench.y0, values_of(1)};
        if (rows[i].by_output) {
            put_nothing();
        }
        for (size_t c = 0; c < 4; c++) {
            put(rows[i].by_output ? c : 0, c, wild(c + 60), rows[i].f(of[rows[i].of][c]));
        }
        expect_guess(gc_guess_known_value, rows[i].by_output, GRADCHECK_CAUSE_WRONG_ARGUMENT,
                     rows[i].text, i);
    }
}

/* Of p - one-hot, the one-hot. */
Test(hypotheses, find_the_term_of_a_label_that_stands_there_alone) {
    static int32_t label[] = {1};
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = matrix("x", 1, n);
        bench.in[1] = vector("label", 1);
        bench.in[1].dtype = GRADCHECK_I32;
        bench.in[1].value = label;
        bench.out[0] = vector("y", 2);
        lay(2);
        for (size_t c = 0; c < n; c++) {
            const double p = 0.1 + 0.07 * (double)c;
            put(0, c, p - (c == 1), c == 1 ? -1 : 0);
        }
        expect_guess(gc_guess_known_value, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 2 ? "holds the term in label alone" : NULL, n);
    }
}

/* ---- a term of a sum: right = v + b u ---- */

Test(hypotheses, name_how_often_a_term_stands) {
    static const struct {
        double scale, from_v; /* v < 0 if it is; u is as much away from v, or by itself */
        double b, factor;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {1, 0, 0.7, 0, GRADCHECK_CAUSE_DROPPED_TERM, "x.grad lacks the term in u"},
        {1, 0, 0.7, -1, GRADCHECK_CAUSE_SIGN, "the term in u of x.grad has the wrong sign"},
        {1, 0, 0.7, 2, GRADCHECK_CAUSE_CONSTANT_FACTOR, "the term in u of x.grad is 2 times"},
        {1e-3, 0, 0.7, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        {1, 0.05, 1, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        {1, 0.07, -0.3, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        {1, 0, 1e-3, 9000, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 9000 times"},
        /* the same, but for rounding; and a fit that finds a trace of what is not there */
        {-1, 0, 1, 1 + 5e-6, GRADCHECK_CAUSE_NONE, NULL},
        {1, 0, 1e-3, 15000, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = vector("x", N);
    bench.in[1] = vector("v", N);
    bench.in[2] = vector("u", N);
    bench.out[0] = vector("y", 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(3);
        for (size_t c = 0; c < N; c++) {
            const double v = rows[i].scale * (1.5 + wild(c));
            const double u = rows[i].from_v > 0 ? v * (1 + rows[i].from_v * wild(c + 9))
                                                : fabs(rows[i].scale) * (1.5 + wild(c + 9));
            values_of(1)[c] = v;
            values_of(2)[c] = u;
            put(0, c, v + rows[i].b * u, v + rows[i].b * rows[i].factor * u);
        }
        expect_guess(gc_guess_term, false, rows[i].cause, rows[i].text, i);
    }
}

Test(hypotheses, want_three_wrong_elements_of_a_term) {
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = vector("x", N);
        bench.in[1] = vector("u", N);
        bench.out[0] = vector("y", 5);
        lay(2);
        for (size_t c = 0; c < N; c++) {
            values_of(1)[c] = c < n ? 1 + 0.3 * (double)c : 0;
            put(0, c, 2 + wild(c + 5), 2 + wild(c + 5) - values_of(1)[c]);
        }
        expect_guess(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 2 ? "lacks the term in u" : NULL, n);
    }
}

/* Where all is off by one factor, that says it. */
Test(hypotheses, want_two_ratios_of_a_term) {
    for (size_t n_ratios = 1; n_ratios <= 3; n_ratios++) {
        bench.in[0] = vector("x", N);
        bench.in[1] = vector("u", N);
        bench.in[2] = vector("v", N);
        bench.out[0] = vector("y", 5);
        lay(3);
        for (size_t c = 0; c < N; c++) {
            const double u = values_of(1)[c] = 1.5 + wild(c);
            const double v = values_of(2)[c] = u * (1 + (double)(c % n_ratios));
            put(0, c, v + u, v);
        }
        expect_guess(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n_ratios > 1 ? "lacks the term in u" : NULL, n_ratios);
    }
}

/* A term beside something unknown: how often it belongs there is only known if that is natural. */
Test(hypotheses, name_a_term_beside_others_by_a_natural_multiple) {
    static const double s = 1.7;
    static const double p = 0.23;
    static const double triple = 0.62;
    const struct {
        double k; /* u is added so often */
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {-1, GRADCHECK_CAUSE_DROPPED_TERM, "x.grad lacks the term in u"},
        {-2, GRADCHECK_CAUSE_SIGN, "x.grad has the term in u with the wrong sign"},
        {1.0 / 6, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {-s, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {-p, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {s / 6, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {2 * p, GRADCHECK_CAUSE_SIGN, "wrong sign"},
        {-triple, GRADCHECK_CAUSE_NONE, NULL},
        {-1.37, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = vector("s", 1);
    bench.in[1] = vector("x", N);
    bench.in[2] = vector("u", N);
    bench.in[3] = vector("p", 1);
    bench.in[4] = vector("triple", 3);
    bench.out[0] = vector("y", 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(5);
        bench.of = 1;
        values_of(0)[0] = s;
        values_of(3)[0] = p;
        values_of(4)[0] = triple;
        for (size_t c = 0; c < N; c++) {
            put(0, c, 2 + wild(c + 5), 2 + wild(c + 5) + rows[i].k * values_of(2)[c]);
        }
        expect_guess(gc_guess_term, false, rows[i].cause, rows[i].text, i);
    }
}

/* ---- terms that couple entries ---- */

Test(hypotheses, name_a_factor_of_all_that_couples_if_it_is_a_known_one) {
    enum { M = 5 };
    static const struct {
        double factor;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term that sums over the other entries"},
        {-1, GRADCHECK_CAUSE_SIGN, "sums over the other entries of x.grad has the wrong sign"},
        {2, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {0.5, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.5 times"},
        {-2, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is -2 times"},
        {3, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 3 times"},
        {M, GRADCHECK_CAUSE_SIZE_FACTOR, "is 5 times"},
        {-3, GRADCHECK_CAUSE_NONE, NULL},
        {4, GRADCHECK_CAUSE_NONE, NULL},
        {1, GRADCHECK_CAUSE_NONE, NULL},
        {1.7, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = vector("x", M);
    bench.in[1] = vector("b", 7);
    bench.out[0] = vector("y", M);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(2);
        for (size_t k = 0; k < M * M; k++) {
            const bool own = k / M == k % M;
            put(k / M, k % M, wild(k), own ? 1.3 * wild(k) + 0.2 : rows[i].factor * wild(k));
        }
        put(0, 1, 0, 0);
        expect_guess(gc_guess_coupling, true, rows[i].cause, rows[i].text, i);
    }
}

Test(hypotheses, want_one_factor_of_all_that_couples) {
    enum { M = 5 };
    static const struct {
        double factor;
        double last[2], error; /* of the last row's first element, right and got */
        double own;            /* the last entry's own */
        size_t n;              /* so many have the factor; 0: one has not */
    } rows[] = {
        {0, {4e-4, 0}, 0, 1e-4, 20},
        {0, {0, 0}, 0, 1e-4, 19},
        {0, {4e-4, 1e-4}, 0, 1e-4, 0},
        {-1, {4e-4, 1e-4}, 0, 1e-4, 0},
        {0, {4e-4, 0}, 0, 0, 0}, /* nothing of that output */
        /* as far as the right answer is known, times the factor */
        {3, {4e-4, 12.2e-4}, 1e-5, 1e-4, 20},
        {3, {4e-4, 12.4e-4}, 1e-5, 1e-4, 0},
        {-1, {4e-4, -4.05e-4}, 1e-5, 1e-4, 20},
        {-1, {4e-4, -4.15e-4}, 1e-5, 1e-4, 0},
    };
    bench.in[0] = vector("x", M);
    bench.out[0] = vector("y", M);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay(1);
        for (size_t k = 0; k < M * M; k++) {
            const double right = 1e-3 * wild(k);
            put(k / M, k % M, right, (k / M == k % M ? 1.3 : rows[i].factor) * right);
        }
        put(M - 1, 0, rows[i].last[0], rows[i].last[1]);
        put(M - 1, M - 1, 4e-4, rows[i].own);
        bench.error[at(M - 1, 0)] = rows[i].error;
        const double share = rows[i].factor == 3 ? 0.95 : 1; /* a plain number */
        const size_t pairs = (rows[i].n + 1) / 2;
        cr_expect(fabs(confidence_of(gc_guess_coupling, true) - 0.9 * share * gc_support(pairs)) <=
                      1e-14,
                  "row %zu: %g", i, confidence_of(gc_guess_coupling, true));
    }
}

/* ---- one of two sums over a row: J = A + B, each of rank one, and backward has factor A + B ----
 */

struct sums {
    double factor, of_a;        /* A is worth so much */
    double apart;               /* the columns of B from those of A */
    double odd_row, odd_column; /* scales */
    double noise;               /* of what is added to A, relative */
    bool narrow;
    enum gradcheck_cause cause;
    const char *text;
};

enum { SQUARE = 4 }; /* three minors off the diagonal */

/* No two neighbours are nearly parallel. */
static void lay_sums(const struct sums *k) {
    bench.in[0] = vector("x", SQUARE);
    bench.in[0].dtype = k->narrow ? GRADCHECK_F32 : GRADCHECK_F64;
    bench.in[1] = vector("b", 7);
    bench.out[0] = vector("y", SQUARE);
    lay(2);
    static const double of_a[] = {1, 1.1, 0.9, 1.2};
    static const double of_b[] = {0.5, 2, 0.6, 2.2};
    static const double off[] = {0.9, -0.8, 0.85, -0.7};
    for (size_t i = 0; i < SQUARE * SQUARE; i++) {
        const size_t r = i / SQUARE;
        const size_t c = i % SQUARE;
        const double scale = (r % 2 == 1 ? k->odd_row : 1) * (c % 2 == 1 ? k->odd_column : 1);
        const double q = scale * (2 + wild(c + 20));
        const double a = k->of_a * of_a[r] * q * (1 + k->noise * wild(i));
        const double b = of_b[r] * q * (1 + k->apart * off[c]);
        put(r, c, a + b, k->factor * a + b);
    }
}

Test(hypotheses, tell_two_sums_over_a_row_apart_by_their_minors) {
    static const struct sums rows[] = {
        {0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks one of the terms that sum"},
        {-1, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        {3, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 3 times"},
        /* whatever the rows and columns are worth */
        {0, 1, 0.1, 1e4, 1, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0, 1, 0.1, 1e-4, 1, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0, 1, 0.1, 1, 1e4, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0, 1, 0.1, 1, 1e-4, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {-1, 1, 0.02, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        {0, 1, 1, 1, 1, 0.1, false, GRADCHECK_CAUSE_NONE, NULL},
        /* minors of which nothing is left, or hardly anything */
        {-1, 1, 1e-3, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL},
        {-1, 3e-4, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL},
        {-1, 1, 0.01, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        {-1, 0.01, 1, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        /* a factor near 0 is 0, as near as differences tell */
        {0.0085, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0.015, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.015 times"},
        {0.045, 1, 1, 1, 1, 0, true, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0.06, 1, 1, 1, 1, 0, true, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.06 times"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay_sums(&rows[i]);
        expect_guess(gc_guess_one_of_two_sums, true, rows[i].cause, rows[i].text, i);
    }
}

/* The minors lie in rows 0 and 1, 0 and 3, 2 and 3; the first shares no element with the last. */
Test(hypotheses, want_two_minors_that_agree) {
    static const struct {
        size_t n_known;
        bool disagrees, found;
    } rows[] = {{3, false, true}, {2, false, true}, {1, false, false}, {2, true, false}};
    static const struct sums lost = {0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    static const struct sums often = {3, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double other[ELEMENTS];
        lay_sums(&often);
        memcpy(other, bench.got, sizeof other);
        lay_sums(&lost);
        for (size_t k = 0; k < 4 && rows[i].disagrees; k++) {
            bench.got[at(2 + k / 2, k % 2)] = other[at(2 + k / 2, k % 2)];
        }
        bench.error[at(3, 2)] = rows[i].n_known < 3 ? INFINITY : 0;
        bench.error[at(0, 3)] = rows[i].n_known < 2 ? INFINITY : 0;
        expect_guess(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_DROPPED_TERM,
                     rows[i].found ? "lacks" : NULL, i);
    }
}

/* What is added is no multiple of A then, though each minor, by itself, finds the same factor. */
Test(hypotheses, want_minors_of_what_is_added_to_be_0) {
    static const double added[2][4] = {{0.9, -0.4, -0.5, 1.1}, {-0.8, 0.7, 1.2, 0.3}};
    static const double right[4] = {1, 2, 3, -1};
    lay_sums(&(struct sums){0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL});
    for (size_t m = 0; m < 2; m++) {
        const double *d = added[m];
        const double mixed = right[0] * d[3] + d[0] * right[3] - right[1] * d[2] - d[1] * right[2];
        const double by = 7 / mixed; /* the minor of the right ones is -7 */
        for (size_t i = 0; i < 4; i++) {
            put(2 * m + i / 2, 2 - 2 * m + i % 2, 0.01 * right[i], 0.01 * (right[i] + by * d[i]));
        }
    }
    bench.error[at(3, 2)] = INFINITY;
    expect_guess(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_NONE, NULL, 0);
}

/* Elements that are known to three digits and less: whatever stands there, they decide nothing. */
Test(hypotheses, leave_out_minors_that_are_not_known_well) {
    static const struct sums lost = {0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    for (size_t row = 2; row < SQUARE; row++) {
        lay_sums(&lost);
        const size_t i = at(row, 0);
        bench.error[i] = fabs(bench.right[i]) / 1500;
        bench.got[i] *= 1.3;
        expect_guess(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_DROPPED_TERM, "lacks", row);
    }
}

/* ---- the product rule: y = x g(x) or g(x) / x, right = +- y/x + a rest ---- */

enum { PRODUCTS = 5 };

static void lay_product(double sign, double first, double second, bool by_output) {
    bench.in[0] = vector("x", PRODUCTS);
    bench.out[0] = vector("y", PRODUCTS);
    lay(1);
    put_nothing();
    for (size_t i = 0; i < PRODUCTS; i++) {
        const double x = 1.5 + wild(i);
        const double y = i == 2 ? 0 : 2 + wild(i + 11); /* where g is 0 there is but the rest */
        const double rest = 1.5 + wild(i + 22);
        values_of(0)[i] = x;
        bench.y0[i] = y;
        put(by_output ? i : 0, i, sign * y / x + rest, first * sign * y / x + second * rest);
    }
}

Test(hypotheses, name_the_wrong_term_of_the_product_rule) {
    static const struct {
        double first, second; /* how often each stands */
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {0, 1, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the first term of the product rule"},
        {-1, 1, GRADCHECK_CAUSE_SIGN, "the first term of the product rule of x.grad has the wrong"},
        {0.5, 1, GRADCHECK_CAUSE_CONSTANT_FACTOR,
         "first term of the product rule of x.grad is 0.5"},
        {1, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the second term of the product rule"},
        {1, -1, GRADCHECK_CAUSE_SIGN,
         "the second term of the product rule of x.grad has the wrong"},
        {1, 1.7, GRADCHECK_CAUSE_CONSTANT_FACTOR,
         "second term of the product rule of x.grad is 1.7"},
        {0.7, 1.7, GRADCHECK_CAUSE_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int way = 0; way < 4; way++) {
            lay_product(way / 2 == 0 ? 1 : -1, rows[i].first, rows[i].second, way % 2 == 0);
            expect_guess(gc_guess_product_rule, way % 2 == 0, rows[i].cause, rows[i].text, i);
        }
    }
}

Test(hypotheses, want_two_ratios_of_a_product) {
    for (size_t n = 1; n <= 3; n++) {
        lay_product(1, 1, 0, true);
        for (size_t i = n; i < PRODUCTS; i++) {
            put(i, i, bench.y0[i] / values_of(0)[i], bench.y0[i] / values_of(0)[i]);
        }
        expect_guess(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 1 ? "lacks the second term of the product rule" : NULL, n);
    }
}

/* y[i] = x g[i](x) */
Test(hypotheses, find_the_wrong_term_of_the_product_with_a_scalar) {
    bench.in[0] = vector("x", 1);
    bench.out[0] = vector("y", PRODUCTS);
    lay(1);
    for (size_t r = 0; r < PRODUCTS; r++) {
        put(r, 0, bench.y0[r] / values_of(0)[0] + 2 + wild(r), bench.y0[r] / values_of(0)[0]);
    }
    expect_guess(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                 "lacks the second term of the product rule", 0);
}

Test(hypotheses, take_a_factor_from_an_element_that_is_known_well) {
    lay_product(1, 1, -1, true);
    const double rest = 1.5 + wild(22);
    bench.error[at(0, 0)] = rest / 60;
    bench.right[at(0, 0)] += rest / 70;
    expect_guess(gc_guess_product_rule, true, GRADCHECK_CAUSE_SIGN,
                 "the second term of the product rule of x.grad has the wrong sign", 0);
}
