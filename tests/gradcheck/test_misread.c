// SPDX-License-Identifier: MIT
/* Hypotheses of a value that is read at the wrong index, as a factor and as an addend. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bench.h"

static struct gc_guess guess_of(gc_hypothesis *holds, bool by_output) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = bench_table(by_output);
    holds(&t, &guess);
    return guess;
}

/* ---- as a factor: backward f(v here) = right f(v there) ---- */

enum { MOST_ENTRIES = 12 };

/* The gradient of x, of which backward reads x[there[c]] in place of x[c]. */
static void lay_factor(const size_t there[], double (*of)(double)) {
    bench.in[1] = bench_vector("b", 7);
    bench.out[0] = bench_vector("y", 8);
    bench_lay(2);
    const double *x = bench_values(0);
    for (size_t c = 0; c < bench.s.inputs[0].count; c++) {
        const double right = 2 + bench_wild(c + 5);
        bench_put(0, c, right, right * of(x[there[c]]) / of(x[c]));
    }
}

Test(misread, is_said_with_the_axis_if_it_is_along_one_that_has_a_name) {
    static const struct {
        size_t ndim, shape[3];
        const char *dims[4]; /* one more than there are axes: nobody's */
        size_t there[MOST_ENTRIES];
        enum gradcheck_cause cause;
        const char *how;
    } rows[] = {
        {1, {2}, {0}, {1, 0}, GRADCHECK_CAUSE_SHIFTED, "one index too far"},
        {1, {5}, {0}, {1, 2, 3, 4, 0}, GRADCHECK_CAUSE_SHIFTED, "one index too far"},
        {1, {5}, {"n"}, {1, 2, 3, 4, 0}, GRADCHECK_CAUSE_SHIFTED, "one index too far along n"},
        {1, {5}, {"n"}, {4, 0, 1, 2, 3}, GRADCHECK_CAUSE_SHIFTED, "one index too early along n"},
        {1, {5}, {"n"}, {4, 3, 2, 1, 0}, GRADCHECK_CAUSE_TRANSPOSED, "in reverse along n"},
        {2,
         {2, 3},
         {"a", "b", "c"},
         {3, 4, 5, 0, 1, 2},
         GRADCHECK_CAUSE_SHIFTED,
         "one index too far along a"},
        {2,
         {2, 3},
         {"a", "b", "c"},
         {1, 2, 0, 4, 5, 3},
         GRADCHECK_CAUSE_SHIFTED,
         "one index too far along b"},
        {2,
         {3, 2},
         {"a", "b", "c"},
         {1, 0, 3, 2, 5, 4},
         GRADCHECK_CAUSE_SHIFTED,
         "one index too far along b"},
        /* along the whole */
        {2,
         {2, 3},
         {"a", "b", "c"},
         {1, 2, 3, 4, 5, 0},
         GRADCHECK_CAUSE_SHIFTED,
         "one index too far"},
        {2,
         {2, 3},
         {"a", "b", "c"},
         {0, 0, 0, 0, 0, 0},
         GRADCHECK_CAUSE_BROADCAST,
         "always at index 0"},
        {2, {2, 3}, {"a", "b", "c"}, {0, 2, 4, 1, 3, 5}, GRADCHECK_CAUSE_TRANSPOSED, "transposed"},
        {3,
         {2, 2, 3},
         {"B", "a", "b"},
         {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11},
         GRADCHECK_CAUSE_TRANSPOSED,
         "transposed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[96];
        bench.in[0] = (struct gradcheck_tensor){.name = "x", .ndim = rows[i].ndim};
        for (size_t a = 0; a < 4; a++) {
            bench.in[0].shape[a] = a < rows[i].ndim ? rows[i].shape[a] : 0;
            bench.in[0].dims[a] = rows[i].dims[a];
        }
        lay_factor(rows[i].there, gc_identity);
        const struct gc_guess guess = guess_of(gc_guess_wrong_element, false);
        gc_text(text, sizeof text, "x.grad is made with x read %s", rows[i].how);
        cr_expect_eq(guess.cause, rows[i].cause, "row %zu: %s", i, guess.text);
        cr_expect_str_eq(guess.text, text, "row %zu: %s", i, guess.text);
    }
}

/* One wrong element is enough of a ratio that was known before. */
Test(misread, is_the_surer_the_more_ratios_it_explains_and_the_plainer_the_value) {
    static const struct {
        double x[5];
        double (*of)(double);
        double usual;
        size_t n_ratios; /* up to 4 are counted */
    } rows[] = {
        {{1.7, 1.7, 1.7, 1.7, 0.9}, gc_identity, 0.94, 1},
        {{1.7, 1.7, 1.7, 0.8, 0.9}, gc_identity, 0.94, 2},
        {{1.7, 1.1, 0.6, 0.8, 0.9}, gc_identity, 0.94, 4},
        {{0.7, 0.7, 0.7, 0.7, 0.9}, gc_sigmoid_slope, 0.9, 1},
        {{0.7, 0.6, 0.85, 0.2, 0.9}, gc_sigmoid_slope, 0.9, 4},
        {{0.7, 0.6, 0.85, 0.2, 0.9}, gc_tanh_slope, 0.9, 4},
    };
    static const size_t first[5] = {0, 0, 0, 0, 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = bench_vector("x", 5);
        lay_factor(first, gc_identity);
        for (size_t c = 0; c < 5; c++) {
            const double right = 2 + bench_wild(c + 5);
            bench_values(0)[c] = rows[i].x[c];
            bench_put(0, c, right, right * rows[i].of(rows[i].x[0]) / rows[i].of(rows[i].x[c]));
        }
        const struct gc_guess guess = guess_of(gc_guess_wrong_element, false);
        cr_expect_eq(guess.cause, GRADCHECK_CAUSE_BROADCAST, "row %zu: %s", i, guess.text);
        cr_expect(fabs(guess.confidence - rows[i].usual * gc_support(rows[i].n_ratios + 2)) <=
                      1e-14,
                  "row %zu: %.17g", i, guess.confidence);
    }
}

/* There nothing belongs, and whatever backward holds is no evidence. */
Test(misread, is_not_told_by_elements_whose_own_value_is_0) {
    for (size_t n_zero = 1; n_zero <= 3; n_zero++) {
        bench.in[0] = bench_vector("x", 5);
        bench.in[1] = bench_vector("b", 7);
        bench.out[0] = bench_vector("y", 8);
        bench_lay(2);
        for (size_t c = 0; c < 5; c++) {
            const double rest = 2 + bench_wild(c + 5);
            const double x = c == 0 ? 1.3 : c <= n_zero ? 0 : 0.3 + 0.1 * (double)c;
            bench_values(0)[c] = x;
            bench_put(0, c, x * rest, 1.3 * rest);
        }
        bench_expect(gc_guess_wrong_element, false, GRADCHECK_CAUSE_BROADCAST,
                     n_zero < 3 ? "x.grad is made with x read always at index 0" : NULL, n_zero);
    }
}

/* A relu whose mask is the neighbour's. Of an only row the same might be anything. */
Test(misread, may_be_a_mask_where_every_entry_has_an_output_of_its_own) {
    enum { N = 7 };
    static const double x[N] = {0.9, -1.3, 0.6, 0.5, -0.7, 0.4, 0.8};
    for (int by_output = 0; by_output < 2; by_output++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("b", 3);
        bench.out[0] = bench_vector("y", N);
        bench_lay(2);
        bench_put_nothing();
        for (size_t c = 0; c < N; c++) {
            const double rest = 2 + bench_wild(c + 5);
            bench_values(0)[c] = x[c];
            bench_put(by_output ? c : 0, c, x[c] > 0 ? rest : 0, x[(c + 1) % N] > 0 ? rest : 0);
        }
        bench_expect(gc_guess_wrong_element, by_output, GRADCHECK_CAUSE_SHIFTED,
                     by_output ? "x.grad is made with x read one index too far" : NULL,
                     (size_t)by_output);
    }
}

/* ---- as an addend: backward - right = k (v there - v here) ---- */

Test(misread, of_an_addend_is_found_in_any_unit_and_from_1e_9_on) {
    enum { N = 6 };
    static const struct {
        double x[N], k;
        bool found;
    } rows[] = {
        {{0, 1, -1, 1, 1, -1}, 0.7, true},
        {{0, 1e60, -1e60, 1e60, 1e60, -1e60}, 0.7e-60, true},
        {{0, 1.5e-9, -1.5e-9, 1.5e-9, 1.5e-9, -1.5e-9}, 0.7e9, true},
        {{0, 0.9e-9, -0.9e-9, 0.9e-9, 0.9e-9, -0.9e-9}, 0.7e9, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("b", 7);
        bench.out[0] = bench_vector("y", 8);
        bench_lay(2);
        for (size_t c = 0; c < N; c++) {
            const double right = 2 + bench_wild(c + 5);
            bench_values(0)[c] = rows[i].x[c];
            bench_put(0, c, right, right + rows[i].k * (rows[i].x[0] - rows[i].x[c]));
        }
        bench_expect(gc_guess_wrong_addend, false, GRADCHECK_CAUSE_BROADCAST,
                     rows[i].found ? "x.grad is made with x read always at index 0" : NULL, i);
    }
}

/* x[n_labels, 4] minus a one-hot of the label that is moved along the classes. */
static void lay_labels(size_t n_labels, size_t n_rows, size_t by) {
    static int32_t labels[3] = {2, 0, 1};
    bench.in[0] = bench_matrix("x", n_labels, 4);
    bench.in[1] = bench_vector("label", n_labels);
    bench.in[1].dtype = GRADCHECK_I32;
    bench.in[1].value = labels;
    bench.in[2] = bench_vector("u", 4);
    bench.out[0] = bench_vector("y", n_rows);
    bench_lay(3);
    for (size_t i = 0; i < n_rows * n_labels * 4; i++) {
        const size_t c = i % (n_labels * 4);
        const size_t label = (size_t)labels[c / 4];
        const double right = 2 + bench_wild(i + 5);
        bench_put(i / (n_labels * 4), c, right,
                  right + 0.7 * (label == (c % 4 + by) % 4) - 0.7 * (label == c % 4));
    }
}

Test(misread, of_a_label_may_be_along_the_classes) {
    static const struct {
        size_t n_labels, n_rows, by;
        const char *text;
    } rows[] = {
        {3, 1, 1, "x.grad is made with label read one index too far"},
        {3, 1, 3, "x.grad is made with label read one index too early"},
        {3, 1, 2, NULL},
        {1, 5, 1, NULL}, /* a lone value has no neighbour */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay_labels(rows[i].n_labels, rows[i].n_rows, rows[i].by);
        bench_expect(gc_guess_wrong_addend, rows[i].n_rows > 1, GRADCHECK_CAUSE_SHIFTED,
                     rows[i].text, i);
    }
}
