// SPDX-License-Identifier: MIT
/* Hypotheses of one term: of a sum, of a sum over a row. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bench.h"

/* ---- a term of a sum: right = v + b u ---- */

enum { N = 6 };

Test(terms, name_how_often_a_term_stands) {
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
        /* in any unit */
        {1e40, 0, 0.7, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        /* a hundred thousandth is next to 0, and next to 1 */
        {1, 0, 0.7, 0.95e-5, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        {1, 0, 0.7, 1.05e-5, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 1.05e-05 times"},
        {-1, 0, 1, 1 + 1.05e-5, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 1 times"},
        {-1, 0, 1, 1 + 0.95e-5, GRADCHECK_CAUSE_NONE, NULL},
        /* values that are nearly multiples of each other tell nothing */
        {1, 0.0033, -0.97, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u"},
        {1, 0.0026, -0.97, 0, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = bench_vector("x", N);
    bench.in[1] = bench_vector("v", N);
    bench.in[2] = bench_vector("u", N);
    bench.out[0] = bench_vector("y", 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(3);
        for (size_t c = 0; c < N; c++) {
            const double v = rows[i].scale * (1.5 + bench_wild(c));
            const double u = rows[i].from_v > 0 ? v * (1 + rows[i].from_v * bench_wild(c + 9))
                                                : fabs(rows[i].scale) * (1.5 + bench_wild(c + 9));
            bench_values(1)[c] = v;
            bench_values(2)[c] = u;
            bench_put(0, c, v + rows[i].b * u, v + rows[i].b * rows[i].factor * u);
        }
        bench_expect(gc_guess_term, false, rows[i].cause, rows[i].text, i);
    }
}

/* right = 1.3 (v - u), of which hardly anything is left. */
Test(terms, fit_a_term_that_cancels_another) {
    bench.in[0] = bench_vector("x", N);
    bench.in[1] = bench_vector("v", N);
    bench.in[2] = bench_vector("u", N);
    bench.out[0] = bench_vector("y", 5);
    bench_lay(3);
    for (size_t c = 0; c < N; c++) {
        const double v = bench_values(1)[c] = 1.5 + bench_wild(c);
        const double u = bench_values(2)[c] = v * (1 + 0.004 * bench_wild(c + 9));
        bench_put(0, c, 1.3 * (v - u), 1.3 * v);
    }
    bench_expect(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM, "x.grad lacks the term in u",
                 0);
}

/* right = v + 0.7 u and what is left: a hundred thousandth of it, squared, at most. */
Test(terms, fit_what_is_made_of_two_terms_and_no_more) {
    static const struct {
        double left;
        const char *text;
    } rows[] = {{0, "the term in u"}, {0.0207, "the term in u"}, {0.02237, NULL}};
    bench.in[0] = bench_vector("x", N);
    bench.in[1] = bench_vector("v", N);
    bench.in[2] = bench_vector("u", N);
    bench.out[0] = bench_vector("y", 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(3);
        for (size_t c = 0; c < N; c++) {
            const double v = bench_values(1)[c] = 1.5 + bench_wild(c);
            const double u = bench_values(2)[c] = 1.5 + bench_wild(c + 9);
            const double right = v + 0.7 * u + (c == 4 ? rows[i].left : 0);
            bench_put(0, c, right, right - 0.7 * u);
        }
        bench_expect(gc_guess_term, false,
                     i == 0 ? GRADCHECK_CAUSE_DROPPED_TERM : GRADCHECK_CAUSE_CONSTANT_FACTOR,
                     rows[i].text, i);
        cr_expect(i > 0 || fabs(bench_confidence(gc_guess_term, false) - gc_support(N - 1)) < 1e-14,
                  "%g", bench_confidence(gc_guess_term, false));
    }
}

/* One that is right though u is not 0 there, and one that is known to a tenth of it. */
Test(terms, take_a_multiple_from_the_first_element_that_is_wrong) {
    bench.in[0] = bench_vector("x", N);
    bench.in[1] = bench_vector("u", N);
    bench.out[0] = bench_vector("y", 5);
    bench_lay(2);
    for (size_t c = 0; c < N; c++) {
        const double u = bench_values(1)[c] = c == 0 ? 1e-8 : 1 + 0.3 * (double)c;
        const double right = 2 + bench_wild(c + 5);
        bench_put(0, c, right, c == 0 ? right : right - u);
    }
    bench.error[bench_at(0, 2)] = 0.1;
    bench.right[bench_at(0, 2)] += 0.05;
    bench_expect(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the term in u", 0);
}

/* What is as small as a billionth is no value. */
Test(terms, want_values_that_are_not_next_to_nothing) {
    for (int small = 0; small < 2; small++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.out[0] = bench_vector("y", 5);
        bench_lay(2);
        for (size_t c = 0; c < N; c++) {
            const double u = bench_values(1)[c] = (small ? 0.9e-9 : 1.9e-9) - 1e-10 * (double)c;
            const double right = 1e-9 * (3 + bench_wild(c + 5));
            bench_put(0, c, right, right - u);
        }
        bench_expect(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     small ? NULL : "lacks the term in u", (size_t)small);
    }
}

Test(terms, want_three_wrong_elements_of_a_term) {
    for (size_t n = 2; n <= 4; n++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.out[0] = bench_vector("y", 5);
        bench_lay(2);
        for (size_t c = 0; c < N; c++) {
            bench_values(1)[c] = c < n ? 1 + 0.3 * (double)c : 0;
            bench_put(0, c, 2 + bench_wild(c + 5), 2 + bench_wild(c + 5) - bench_values(1)[c]);
        }
        bench_expect(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 2 ? "lacks the term in u" : NULL, n);
    }
}

/* Where all is off by one factor, that says it. */
Test(terms, want_two_ratios_of_a_term) {
    for (size_t n_ratios = 1; n_ratios <= 3; n_ratios++) {
        bench.in[0] = bench_vector("x", N);
        bench.in[1] = bench_vector("u", N);
        bench.in[2] = bench_vector("v", N);
        bench.out[0] = bench_vector("y", 5);
        bench_lay(3);
        for (size_t c = 0; c < N; c++) {
            const double u = bench_values(1)[c] = 1.5 + bench_wild(c);
            const double v = bench_values(2)[c] = u * (1 + (double)(c % n_ratios));
            bench_put(0, c, v + u, v);
        }
        bench_expect(gc_guess_term, false, GRADCHECK_CAUSE_DROPPED_TERM,
                     n_ratios > 1 ? "lacks the term in u" : NULL, n_ratios);
    }
}

/* A term beside something unknown: how often it belongs there is only known if that is natural. */
Test(terms, name_a_term_beside_others_by_a_natural_multiple) {
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
        {-1 - 2.5e-6, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {-1 - 3.5e-6, GRADCHECK_CAUSE_NONE, NULL},
    };
    static const double units[] = {1, 1e-5, 1e25};
    bench.in[0] = bench_vector("s", 1);
    bench.in[1] = bench_vector("x", N);
    bench.in[2] = bench_vector("u", N);
    bench.in[3] = bench_vector("p", 1);
    bench.in[4] = bench_vector("triple", 3);
    bench.out[0] = bench_vector("y", 5);
    for (size_t k = 0; k < 3 * sizeof rows / sizeof rows[0]; k++) {
        const size_t i = k / 3;
        const size_t u = k % 3;
        bench_lay(5);
        bench_of = 1;
        bench_values(0)[0] = s;
        bench_values(3)[0] = p;
        bench_values(4)[0] = triple;
        const double unit = units[u];
        for (size_t c = 0; c < N; c++) {
            const double right = 2 + bench_wild(c + 5);
            bench_put(0, c, unit * right, unit * (right + rows[i].k * bench_values(2)[c]));
            bench_values(2)[c] *= unit;
        }
        bench_expect(gc_guess_term, false, rows[i].cause, rows[i].text, i);
    }
}

/* ---- terms that couple entries ---- */

Test(terms, name_a_factor_of_all_that_couples_if_it_is_a_known_one) {
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
        {2 + 0.95e-5, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {2 + 1.05e-5, GRADCHECK_CAUSE_NONE, NULL},
    };
    bench.in[0] = bench_vector("x", M);
    bench.in[1] = bench_vector("b", 7);
    bench.out[0] = bench_vector("y", M);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_lay(2);
        for (size_t k = 0; k < M * M; k++) {
            const bool own = k / M == k % M;
            bench_put(k / M, k % M, bench_wild(k),
                      own ? 1.3 * bench_wild(k) + 0.2 : rows[i].factor * bench_wild(k));
        }
        bench_put(0, 1, 0, 0);
        bench_expect(gc_guess_coupling, true, rows[i].cause, rows[i].text, i);
    }
}

/* In the first row, or in the first column, and nowhere else; two elements at least. */
Test(terms, find_the_few_elements_that_couple) {
    enum { M = 5 };
    bench.in[0] = bench_vector("x", M);
    bench.in[1] = bench_vector("b", 7);
    bench.out[0] = bench_vector("y", M);
    for (size_t n = 1; n < M; n++) {
        for (int first_row = 0; first_row < 2; first_row++) {
            bench_lay(2);
            bench_put_nothing();
            for (size_t k = 0; k < M; k++) {
                bench_put(k, k, bench_wild(k), bench_wild(k));
            }
            for (size_t k = 1; k <= n; k++) {
                bench_put(first_row ? 0 : k, first_row ? k : 0, bench_wild(k), -bench_wild(k));
            }
            bench_expect(gc_guess_coupling, true, GRADCHECK_CAUSE_SIGN,
                         n > 1 ? "sums over the other entries" : NULL, n);
        }
    }
}

/* Of entries that are left out nothing is asked, here of the third. */
Test(terms, leave_out_of_what_couples_what_the_table_does) {
    enum { M = 5 };
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    bench.in[0] = bench_vector("x", M);
    bench.out[0] = bench_vector("y", M);
    bench_lay(1);
    for (size_t k = 0; k < M * M; k++) {
        const bool is = k / M == k % M || k % M == 2;
        bench_put(k / M, k % M, bench_wild(k), (is ? 1 : -1) * bench_wild(k));
    }
    struct gc_table t = bench_table(true);
    gc_table_focus(&t);
    gc_guess_coupling(&t, &guess);
    cr_expect_eq(guess.cause, GRADCHECK_CAUSE_SIGN, "%s", guess.text);
}

Test(terms, want_one_factor_of_all_that_couples) {
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
    bench.in[0] = bench_vector("x", M);
    bench.out[0] = bench_vector("y", M);
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t k = 0; k < 3 * sizeof rows / sizeof rows[0]; k++) {
        const size_t i = k / 3;
        const double unit = units[k % 3];
        bench_lay(1);
        for (size_t e = 0; e < M * M; e++) {
            const double right = unit * 1e-3 * bench_wild(e);
            bench_put(e / M, e % M, right, (e / M == e % M ? 1.3 : rows[i].factor) * right);
        }
        bench_put(M - 1, 0, unit * rows[i].last[0], unit * rows[i].last[1]);
        bench_put(M - 1, M - 1, unit * 4e-4, unit * rows[i].own);
        bench.error[bench_at(M - 1, 0)] = unit * rows[i].error;
        const double share = rows[i].factor == 3 ? 0.95 : 1; /* a plain number */
        const size_t pairs = (rows[i].n + 1) / 2;
        cr_expect(fabs(bench_confidence(gc_guess_coupling, true) -
                       0.9 * share * gc_support(pairs)) <= 1e-14,
                  "row %zu: %g", i, bench_confidence(gc_guess_coupling, true));
    }
}
