// SPDX-License-Identifier: MIT
/* What backward and forward scatter by when their arguments move by a few units in the last place:
 * how far they are moved, how often, and what bound is made of it. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/map.h"

enum { N = 8 };

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};
static double unit; /* the magnitude of everything */

/* Every point is a multiple of this; what was nudged is not. */
static double grid(double x) {
    return unit * round(x / unit * 64) / 64;
}

/* A jump to both sides of the point, of different heights, by which the scatter is known: 2 p + q
 * or 2 q + p, over 3. */
static const double P = 3e-3, Q = 1e-3;

static double jumps(double x) {
    return grid(x) * (1 + (x > grid(x) ? P : x < grid(x) ? Q : 0));
}

static double jumping_slope(double x) {
    return jumps(x) / unit;
}

enum how { ONCE, COARSELY, WIDELY };

static int never_called(void *ctx, double *const outputs[]) {
    (void)ctx;
    (void)outputs;
    return 1;
}

/* Cotangents are 1, and nothing is left of what map_start measured. */
static void start(enum how how, double (*f)(double), double (*slope)(double), double magnitude) {
    unit = magnitude;
    map_open(&m, N, f, slope);
    for (size_t e = 0; e < N; e++) {
        m.x[e] *= unit;
    }
    map_start(&m, &s, &one_point, &r);
    for (size_t i = 0; i < N; i++) {
        s.cotangent[i] = 1;
        s.rounding[i] = s.wobble[i] = 1e9;
    }
    cr_assert_eq(gc_backward(&s, s.cotangent, NULL, s.grad), GC_DONE);
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    s.epsilon = how == COARSELY ? FLT_EPSILON : DBL_EPSILON;
    m.kernel.forward_wide = how == WIDELY ? never_called : NULL;
    m.n_called = 0;
    m.low = m.high = 0;
}

static bool is_near(double a, double b) {
    return fabs(a - b) <= 1e-11 * fabs(b);
}

/* Of the largest of three samples, or of the only one, four times, and four units of storing it. */
Test(gradcheck_rounding, of_few_samples_the_largest_counts_four_times) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    const double up = (2 * P + Q) / 3, down = (2 * Q + P) / 3;
    for (size_t i = 0; i < 6; i++) {
        const enum how how = i < 3 ? ONCE : COARSELY;
        size_t n_up = 0, n_down = 0;
        start(how, jumps, jumping_slope, magnitudes[i % 3]);
        gc_measure_rounding(&s);
        cr_expect_eq(m.n_called, how == ONCE ? 2u : 6u, "%zu", m.n_called);
        for (size_t e = 0; e < N; e++) {
            const double size = fabs(s.grad[e]);
            const double other = s.rounding[e] - 4 * DBL_EPSILON * size;
            n_up += is_near(other, 4 * up * size);
            n_down += is_near(other, 4 * down * size);
            cr_expect_eq(n_up + n_down, e + 1, "row %zu, entry %zu: %g", i, e, other / size);
        }
        cr_expect(n_up > 0 && (n_down > 0 || how == COARSELY), "row %zu: %zu up, %zu down", i, n_up,
                  n_down);
        gc_session_close(&s);
    }
}

static double as_it_is(double x) {
    return x;
}

/* As high to both sides: every sample is the same, three times their root mean square is known. */
static double equal_jumps(double x) {
    return grid(x) * (x == grid(x) ? 1 : 1 + P);
}

static double equally_jumping_slope(double x) {
    return equal_jumps(x) / unit;
}

Test(gradcheck_rounding, of_many_samples_the_root_of_squares_counts_three_times) {
    start(WIDELY, equal_jumps, equally_jumping_slope, 1);
    gc_measure_rounding(&s);
    cr_expect_eq(m.n_called, 32u, "%zu", m.n_called);
    for (size_t e = 0; e < N; e++) {
        const double size = fabs(s.grad[e]);
        cr_expect(is_near(s.rounding[e], 3 * P * size + 2 * DBL_EPSILON * size), "%g",
                  s.rounding[e]);
    }
    gc_session_close(&s);
}

static double exactly_one(double x) {
    (void)x;
    return 1;
}

/* Where the slope is a power of two, a cotangent moved one way and twice the other way shows
 * nothing. */
Test(gradcheck_rounding, of_an_exact_gradient_is_that_of_storing_it) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < 9; i++) {
        const enum how how = (enum how)(i / 3);
        start(how, as_it_is, exactly_one, 1);
        for (size_t e = 0; e < N; e++) {
            m.factor[e] = s.grad[e] = magnitudes[i % 3];
        }
        gc_measure_rounding(&s);
        for (size_t e = 0; e < N; e++) {
            const double units = s.rounding[e] / DBL_EPSILON / magnitudes[i % 3];
            cr_expect_eq(units, how == WIDELY ? 2.0 : 4.0, "row %zu: %g", i, units);
            cr_expect_eq(s.wobble[e], 0.0, "row %zu: %g", i, s.wobble[e]);
        }
        gc_session_close(&s);
    }
}

static double nothing(double x) {
    (void)x;
    return 0;
}

static double no_number(double x) {
    (void)x;
    return INFINITY;
}

Test(gradcheck_rounding, of_a_gradient_that_is_nothing_or_no_number_is_the_least_there_is) {
    for (int i = 0; i < 2; i++) {
        start(ONCE, as_it_is, i == 0 ? nothing : no_number, 1);
        s.numeric[0] = 7; /* lies behind */
        gc_measure_rounding(&s);
        for (size_t e = 0; e < N; e++) {
            cr_expect_eq(s.rounding[e], 4 * DBL_TRUE_MIN, "%g", s.rounding[e]);
        }
        cr_expect_eq(s.numeric[0], 7.0);
        gc_session_close(&s);
    }
}

/* That of the outputs is a root mean square, of however many samples. */
Test(gradcheck_rounding, of_outputs_is_the_root_mean_square_of_their_scatter) {
    for (int how = ONCE; how <= WIDELY; how++) {
        start((enum how)how, equal_jumps, exactly_one, 0x1p-200);
        gc_measure_rounding(&s);
        for (size_t i = 0; i < N; i++) {
            cr_expect(is_near(s.wobble[i], P * s.y0[i]), "%d: %g of %g", how, s.wobble[i], s.y0[i]);
        }
        gc_session_close(&s);
        size_t n_up = 0, n_down = 0;
        start((enum how)how, jumps, exactly_one, 1);
        gc_measure_rounding(&s);
        for (size_t i = 0; i < N && how == ONCE; i++) {
            n_up += is_near(s.wobble[i], (2 * P + Q) / 3 * s.y0[i]);
            n_down += is_near(s.wobble[i], (2 * Q + P) / 3 * s.y0[i]);
            cr_expect_eq(n_up + n_down, i + 1, "%g of %g", s.wobble[i], s.y0[i]);
        }
        cr_expect(how != ONCE || (n_up > 0 && n_down > 0));
        gc_session_close(&s);
    }
}

/* ---- how far and how often ---- */

static double first_stands(double x) {
    return x < 0.55 ? 0.5 : x;
}

static double last_stands(double x) {
    return x > 1.3 ? 1.375 : x;
}

/* Units double from 2 to 16, which is far enough, until every output has moved; the only sample is
 * taken as it comes. Each has a call on both sides. */
Test(gradcheck_rounding, nudges_grow_until_every_output_has_moved) {
    static double (*const functions[])(double) = {as_it_is, first_stands, last_stands};
    static const size_t calls[][3] = {{2, 6, 32}, {2, 12, 38}, {2, 12, 38}};
    for (size_t i = 0; i < 3; i++) {
        for (int how = ONCE; how <= WIDELY; how++) {
            start((enum how)how, functions[i], exactly_one, 1);
            gc_measure_rounding(&s);
            cr_expect_eq(m.n_called, calls[i][how], "function %zu, %d: %zu calls", i, how,
                         m.n_called);
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_rounding, is_measured_for_a_single_entry_and_not_for_none) {
    for (size_t n = 0; n < 2; n++) {
        start(ONCE, as_it_is, exactly_one, 1);
        s.n_checked = n;
        gc_measure_rounding(&s);
        cr_expect_eq(m.n_called, 2 * n, "%zu: %zu calls", n, m.n_called);
        gc_session_close(&s);
    }
}

/* Half to one and a half times two units to one side, and twice that to the other. */
Test(gradcheck_rounding, values_are_nudged_by_a_few_units_at_any_magnitude) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < 3; i++) {
        start(ONCE, as_it_is, exactly_one, magnitudes[i]);
        for (size_t e = 0; e < N; e++) {
            m.x[e] = m.at[e] = s.base[e] = 1.984375 * unit;
        }
        for (int k = 0; k < 8; k++) {
            m.low = m.high = 0;
            gc_measure_rounding(&s);
            const double ulp = DBL_EPSILON * unit;
            cr_expect(m.high <= 12 * ulp && m.high >= 7 * ulp, "%g", m.high / ulp);
            cr_expect(m.low >= -12 * ulp && m.low <= -7 * ulp, "%g", m.low / ulp);
        }
        gc_session_close(&s);
    }
}

static double seen[2][N];
static size_t n_seen;

static double watch(double x) {
    (void)x;
    seen[n_seen / N % 2][n_seen % N] = m.dy[n_seen % N];
    n_seen++;
    return 1;
}

Test(gradcheck_rounding, cotangents_are_nudged_like_values) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < 3; i++) {
        const double u = 1.984375 * magnitudes[i], ulp = DBL_EPSILON * magnitudes[i];
        double most = 0, least = INFINITY;
        start(ONCE, as_it_is, watch, 1);
        for (size_t e = 0; e < N; e++) {
            s.cotangent[e] = u;
        }
        for (int k = 0; k < 8; k++) {
            n_seen = 0;
            s.grain[0] = 7; /* lies behind */
            gc_measure_rounding(&s);
            cr_assert_eq(n_seen, 2u * N);
            cr_expect_eq(s.grain[0], 7.0);
            for (size_t e = 0; e < N; e++) {
                const double near = seen[0][e] - u, far = seen[1][e] - u;
                cr_expect(far == -2 * near, "%g, %g", near / ulp, far / ulp);
                most = fmax(most, fabs(near));
                least = fmin(least, fabs(near));
            }
        }
        cr_expect(most <= 6 * ulp && most >= 5 * ulp && least >= 2 * ulp && least <= 3 * ulp,
                  "%g to %g", least / ulp, most / ulp);
        gc_session_close(&s);
    }
}
