// SPDX-License-Identifier: MIT
/* One of two sums over a row, told by minors: J = A + B, each of rank one, and backward has
 * factor A + B. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

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
static void lay_sums_in(double unit, const struct sums *k) {
    bench.in[0] = bench_vector("x", SQUARE);
    bench.in[0].dtype = k->narrow ? GRADCHECK_F32 : GRADCHECK_F64;
    bench.in[1] = bench_vector("b", 7);
    bench.out[0] = bench_vector("y", SQUARE);
    bench_lay(2);
    static const double of_a[] = {1, 1.1, 0.9, 1.2};
    static const double of_b[] = {0.5, 2, 0.6, 2.2};
    static const double off[] = {0.9, -0.8, 0.85, -0.7};
    for (size_t i = 0; i < SQUARE * SQUARE; i++) {
        const size_t r = i / SQUARE;
        const size_t c = i % SQUARE;
        const double scale = (r % 2 == 1 ? k->odd_row : 1) * (c % 2 == 1 ? k->odd_column : 1);
        const double q = scale * (2 + bench_wild(c + 20));
        const double a = k->of_a * of_a[r] * q * (1 + k->noise * bench_wild(i));
        const double b = of_b[r] * q * (1 + k->apart * off[c]);
        bench_put(r, c, unit * (a + b), unit * (k->factor * a + b));
    }
}

static void lay_sums(const struct sums *k) {
    lay_sums_in(1, k);
}

Test(minors, tell_two_sums_over_a_row_apart_by_their_minors) {
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
        {-1, 1, 0.006, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        {-1, -1, 0.001, 1, 1, 0, false, GRADCHECK_CAUSE_SIGN, "x.grad has the wrong sign"},
        /* a factor near 0 is 0, as near as differences tell */
        {0.0085, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0.015, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.015 times"},
        {0.045, 1, 1, 1, 1, 0, true, GRADCHECK_CAUSE_DROPPED_TERM, "lacks"},
        {0.06, 1, 1, 1, 1, 0, true, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 0.06 times"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const double units[] = {1, 0x1p-200, 0x1p200};
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            lay_sums_in(units[u], &rows[i]);
            bench_expect(gc_guess_one_of_two_sums, true, rows[i].cause, rows[i].text, i);
        }
    }
}

/* The minors lie in rows 0 and 1, 0 and 3, 2 and 3; the first shares no element with the last. */
Test(minors, want_two_minors_that_agree) {
    static const struct {
        size_t n_known;
        bool disagrees, found;
    } rows[] = {{3, false, true}, {2, false, true}, {1, false, false}, {2, true, false}};
    static const struct sums lost = {0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    static const struct sums often = {3, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double other[TABLES_MOST];
        lay_sums(&often);
        memcpy(other, bench.got, sizeof other);
        lay_sums(&lost);
        for (size_t k = 0; k < 4 && rows[i].disagrees; k++) {
            bench.got[bench_at(2 + k / 2, k % 2)] = other[bench_at(2 + k / 2, k % 2)];
        }
        bench.error[bench_at(3, 2)] = rows[i].n_known < 3 ? INFINITY : 0;
        bench.error[bench_at(0, 3)] = rows[i].n_known < 2 ? INFINITY : 0;
        bench_expect(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_DROPPED_TERM,
                     rows[i].found ? "lacks" : NULL, i);
    }
}

/* What is added is no multiple of A then, though each minor, by itself, finds the same factor. */
Test(minors, want_minors_of_what_is_added_to_be_0) {
    static const double added[2][4] = {{0.9, -0.4, -0.5, 1.1}, {-0.8, 0.7, 1.2, 0.3}};
    static const double right[4] = {1, 2, 3, -1};
    lay_sums(&(struct sums){0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL});
    for (size_t m = 0; m < 2; m++) {
        const double *d = added[m];
        const double mixed = right[0] * d[3] + d[0] * right[3] - right[1] * d[2] - d[1] * right[2];
        const double by = 7 / mixed; /* the minor of the right ones is -7 */
        for (size_t i = 0; i < 4; i++) {
            bench_put(2 * m + i / 2, 2 - 2 * m + i % 2, 0.01 * right[i],
                      0.01 * (right[i] + by * d[i]));
        }
    }
    bench.error[bench_at(3, 2)] = INFINITY;
    bench_expect(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_NONE, NULL, 0);
}

/* Two minors that share no element. What is added has a minor of its own, which is next to nothing;
 * and by them a term stands `times` as often, or nearly. */
Test(minors, want_minors_that_agree_to_a_thousandth) {
    static const struct {
        double own, t, apart; /* t: 1 / (1 - factor); of the second, relative */
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {0, 1, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks one of the terms"},
        {0.7e-3, 1, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks one of the terms"},
        {1.5e-3, 1, 0, GRADCHECK_CAUSE_NONE, NULL},
        {0, 0.5, 0, GRADCHECK_CAUSE_SIGN, "has the wrong sign"},
        {0, 0.5, 0.8e-3, GRADCHECK_CAUSE_SIGN, "has the wrong sign"}, /* the first tells */
        {0, 0.5, 1.5e-3, GRADCHECK_CAUSE_NONE, NULL},
        {0, -0.5, 0.8e-3, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 3 times"},
        {0, -0.5, 1.5e-3, GRADCHECK_CAUSE_NONE, NULL},
    };
    static const double right[4] = {1, 2, 3, -1}; /* its minor is -7 */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay_sums(&(struct sums){0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL});
        for (size_t m = 0; m < 2; m++) {
            double d[4] = {0.9, m == 0 ? -0.4 : 0.7, -0.5, 0};
            d[3] = d[1] * d[2] / d[0] * (1 + 2 * rows[i].own);
            const double mixed =
                right[0] * d[3] + d[0] * right[3] - right[1] * d[2] - d[1] * right[2];
            const double by = 7 / mixed / (rows[i].t * (m == 0 ? 1 : 1 + rows[i].apart));
            for (size_t k = 0; k < 4; k++) {
                bench_put(2 * m + k / 2, 2 - 2 * m + k % 2, 0.01 * right[k],
                          0.01 * (right[k] + by * d[k]));
            }
        }
        bench.error[bench_at(3, 2)] = INFINITY;
        bench_expect(gc_guess_one_of_two_sums, true, rows[i].cause, rows[i].text, i);
    }
}

/* 10 x 10: forty minors are enough, of rows that are less than eight apart. */
Test(minors, look_at_forty_minors_of_rows_near_each_other) {
    enum { M = 10 };
    for (size_t apart = 1; apart < M; apart++) {
        bench.in[0] = bench_vector("x", M);
        bench.out[0] = bench_vector("y", M);
        for (int all = 0; all < 2; all++) {
            bench_lay(1);
            bench_put_nothing();
            for (size_t k = 0; k < M * M; k++) {
                const size_t r = k / M;
                const size_t c = k % M;
                const double q = 2 + bench_wild(c + 20);
                const double a = (1 + 0.1 * (double)(r % 3)) * q;
                const double b = (1 + 0.5 * (double)r) * q * (c % 2 == 0 ? 0.3 : 1.9);
                if (all || r == 0 || r == apart) {
                    bench_put(r, c, a + b, b);
                }
            }
            bench_expect(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_DROPPED_TERM,
                         all || apart < 8 ? "lacks one of the terms" : NULL, apart);
            cr_expect(!all || fabs(bench_confidence(gc_guess_one_of_two_sums, true) -
                                   0.9 * gc_support(40)) < 1e-14,
                      "%.17g", bench_confidence(gc_guess_one_of_two_sums, true));
        }
    }
}

/* Elements that are known to three digits and less: whatever stands there, they decide nothing. */
Test(minors, leave_out_minors_that_are_not_known_well) {
    static const struct sums lost = {0, 1, 1, 1, 1, 0, false, GRADCHECK_CAUSE_NONE, NULL};
    for (size_t row = 2; row < SQUARE; row++) {
        lay_sums(&lost);
        const size_t i = bench_at(row, 0);
        bench.error[i] = fabs(bench.right[i]) / 1500;
        bench.got[i] *= 1.3;
        bench_expect(gc_guess_one_of_two_sums, true, GRADCHECK_CAUSE_DROPPED_TERM, "lacks", row);
    }
}
