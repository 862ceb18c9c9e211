// SPDX-License-Identifier: MIT
/* Hypotheses of the direct term, the one outside the sums over others, and of those sums. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bench.h"

static int32_t labels[8];

/* x[n, m], as many y, and a gain g for each of them; labels with names of the same axes behind it.
 * m 0: one axis. The Jacobians are the same and full. */
static void lay_gains(size_t n, size_t m) {
    bench.in[0] = m > 0 ? bench_matrix("x", n, m) : bench_vector("x", n);
    bench.in[1] = m > 0 ? bench_matrix("g", n, m) : bench_vector("g", n);
    bench.out[0] = m > 0 ? bench_matrix("y", n, m) : bench_vector("y", n);
    bench.in[0].dims[m > 0] = "k";
    bench.in[1].dims[m > 0] = bench.out[0].dims[m > 0] = "n";
    bench.in[2] = bench_vector("label", m > 0 ? m : n);
    bench.in[2].dims[0] = "n";
    bench.in[2].dtype = GRADCHECK_I32;
    bench.in[2].value = labels;
    bench_lay(3);
    for (size_t i = 0; i < bench.s.n_outs * bench.s.n_outs; i++) {
        const double right = i / bench.s.n_outs == i % bench.s.n_outs ? 2 : 1 + bench_wild(i) / 4;
        bench_put(i / bench.s.n_outs, i % bench.s.n_outs, right, right);
    }
}

/* Backward holds so much too much in the entry's own place. */
static void add(size_t i, double by) {
    bench.got[bench_at(i, i)] += by;
}

static void expect_direct(enum gradcheck_cause cause, const char *text, size_t row) {
    bench_expect(gc_guess_direct_term, true, cause, text, row);
}

/* The gains of a row are in a unit of their own, and so is what the row is made with. */
Test(direct, term_may_be_made_with_the_neighbour_along_the_last_axis) {
    enum { ROWS = 3, COLUMNS = 4 };
    static const struct {
        size_t there[COLUMNS];
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {{1, 2, 3, 0}, GRADCHECK_CAUSE_SHIFTED, "made with g read one index too far"},
        {{3, 0, 1, 2}, GRADCHECK_CAUSE_SHIFTED, "made with g read one index too early"},
        {{0, 0, 0, 0}, GRADCHECK_CAUSE_BROADCAST, "made with g read always at index 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int spoilt = 0; spoilt < 2; spoilt++) {
            lay_gains(ROWS, COLUMNS);
            double *g = bench_values(1);
            for (size_t e = 0; e < ROWS * COLUMNS; e++) {
                g[e] = pow(4, (double)(e / COLUMNS)) * (2 + bench_wild(e + 7));
            }
            for (size_t e = 0; e < ROWS * COLUMNS; e++) {
                const double k = (0.5 + 0.3 * (double)(e / COLUMNS)) / g[e / COLUMNS * COLUMNS];
                add(e, k * (g[e / COLUMNS * COLUMNS + rows[i].there[e % COLUMNS]] - g[e]));
            }
            add(ROWS * COLUMNS - 2, spoilt);
            expect_direct(rows[i].cause, spoilt ? NULL : rows[i].text, i);
        }
    }
}

/* Rows are known to 1e-6, and an element to its error: four times that is allowed. */
Test(direct, term_is_made_with_what_the_largest_element_tells) {
    enum { N = 5 };
    static const double error[] = {0, 1e-4};
    static const double units[] = {1, 0x1p-200};
    static const double gains[N] = {0.3, 0.6, 0.5, -0.4, -1e-3};
    for (size_t i = 0; i < 8; i++) {
        lay_gains(N, 0);
        const double unit = units[i % 2];
        const double off = i / 4 > 0 ? 4.5 : 3.5;
        for (size_t e = 0; e < N; e++) {
            const double g = bench_values(1)[e] = unit * gains[e];
            add(e, 0.8 * (unit * (gains[e] * g) - gains[e]));
        }
        bench.error[bench_at(N - 1, N - 1)] = error[i / 2 % 2];
        add(N - 1, off * (2e-6 + error[i / 2 % 2]));
        expect_direct(GRADCHECK_CAUSE_EXTRA_FACTOR,
                      off < 4 ? "has the factor g once too often" : NULL, i);
    }
}

/* Three elements have to show: by a hundred times what is allowed, and not all by the same. */
Test(direct, term_is_told_by_elements_that_show_it) {
    static const struct {
        double by[3]; /* of the last, in units of what is allowed if it is above 50 */
        const char *text;
    } rows[] = {
        {{0.5, 0.3, 0.6}, "lacks the factor g"},
        {{0.5, 0.3, 100.5}, "lacks the factor g"},
        {{0.5, 0.3, 99.5}, NULL},
        {{0.5, 0.5, 0.5 * 1.03}, "lacks the factor g"},
        {{0.5, 0.5, 0.5 * 1.015}, NULL},
        {{0.5, 0.5, 0.5}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay_gains(3, 0);
        for (size_t e = 0; e < 3; e++) {
            const double by = rows[i].by[e] < 50 ? rows[i].by[e] : rows[i].by[e] * 4 * 2.0028e-6;
            bench_values(1)[e] = 1 - by / 0.9;
            add(e, by);
        }
        expect_direct(GRADCHECK_CAUSE_MISSING_FACTOR, rows[i].text, i);
    }
}

Test(direct, term_may_be_right_in_a_row_whose_gains_are_1) {
    lay_gains(2, 3);
    for (size_t e = 0; e < 6; e++) {
        bench_values(1)[e] = e < 3 ? 1 : 0.5 + 0.2 * (double)e;
        add(e, 0.8 * (1 - bench_values(1)[e]));
    }
    expect_direct(GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the factor g", 0);
}

/* Sums that are wrong, or that are not there, tell that it is something else. */
Test(direct, term_alone_is_wrong_where_others_are_right) {
    enum { N = 4 };
    for (size_t wrong = 0; wrong < N * N; wrong++) {
        lay_gains(N, 0);
        for (size_t e = 0; e < N; e++) {
            bench_values(1)[e] = 0.5 + 0.3 * (double)e;
            add(e, 0.8 * (1 - bench_values(1)[e]));
        }
        bench.got[bench_at(wrong / N, wrong % N)] += wrong / N == wrong % N ? 0 : 0.1;
        expect_direct(GRADCHECK_CAUSE_MISSING_FACTOR,
                      wrong / N == wrong % N ? "lacks the factor g" : NULL, wrong);
    }
    for (size_t i = 0; i < N * N; i++) {
        if (i / N != i % N) {
            bench_put(i / N, i % N, 0, 0);
        }
    }
    expect_direct(GRADCHECK_CAUSE_MISSING_FACTOR, NULL, N * N);
}

/* ---- the sums ---- */

/* Backward holds something where nothing belongs, all v there being negative. That says nothing of
 * a step that is missing, unless it is right elsewhere: off the diagonal, which is not looked at.
 */
Test(direct, sums_lack_a_step_if_some_of_them_are_right) {
    enum { N = 4 };
    for (int some = 0; some < 2; some++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("b", 7);
        bench.out[0] = bench_vector("y", N);
        bench_lay(2);
        for (size_t c = 0; c < N; c++) {
            const bool positive = some && c == N - 1;
            bench_values(0)[c] = positive ? 1.2 : -0.5 - 0.2 * (double)c;
            for (size_t r = 0; r < N; r++) {
                const double sum = 2 + bench_wild(N * r + c);
                bench_put(r, c, positive || r == c ? sum : 0, sum);
            }
        }
        bench_expect(gc_guess_sums, true, GRADCHECK_CAUSE_MISSING_FACTOR,
                     some ? "in its sums over other entries, x.grad lacks the factor v > 0" : NULL,
                     (size_t)some);
    }
}

/* As many as a Jacobian may have. All rows are the same, in one place, and x is all there is. */
Test(direct, sums_are_looked_at_up_to_256_by_256) {
    enum { N = 256 };
    static unsigned char mark[N * N];
    bench.in[0] = bench_vector("x", N);
    bench.out[0] = bench_vector("y", N);
    bench_lay(1);
    bench.kernel.n_inputs = bench.kernel.n_outputs = 0;
    struct gc_table t = {.s = &bench.s,
                         .in = &bench.s.inputs[0],
                         .n_rows = N,
                         .n_columns = N,
                         .by_output = true,
                         .output = &bench.out[0],
                         .right = bench.right,
                         .got = bench.got,
                         .error = bench.error,
                         .mark = mark,
                         .relative = 1e-6,
                         .absolute = 1e-9};
    for (size_t i = 0; i < N * N; i++) {
        mark[i] = i / N == i % N ? GC_SAME : GC_WRONG;
        t.n_same += i / N == i % N;
        t.n_wrong += i / N != i % N;
        t.first_wrong = 1;
    }
    for (size_t c = 0; c < N; c++) {
        bench_values(0)[c] = 1.5 + bench_wild(c);
        bench.right[c] = 2 + bench_wild(c + 5);
        bench.got[c] = bench.right[c] / bench_values(0)[c];
    }
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    gc_guess_sums(&t, &guess);
    cr_expect_eq(guess.cause, GRADCHECK_CAUSE_MISSING_FACTOR, "%s", guess.text);
    for (size_t i = 0; i < N * N; i++) {
        cr_assert_eq(mark[i], i / N == i % N ? GC_SAME : GC_WRONG, "%zu", i);
    }
}
