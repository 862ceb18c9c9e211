// SPDX-License-Identifier: MIT
/* One entry, call by call: where the first step stands, when they end, and what is still tried once
 * noise is known. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/trace.h"

static struct trace t;
static struct gc_session s;
static struct gc_finding found;

static void examine(size_t entry, uint64_t seed, bool deep) {
    found = trace_examine(&t, &s, entry, seed, deep);
}

static double line(double d) {
    return 1000 + d;
}

/* ---- the first step ---- */

/* A quarter of the entry, or of what is usual in its tensor, but not of a thousand times the entry;
 * of 1 where all are 0. */
Test(gradcheck_search, begins_at_a_quarter_of_the_entry_or_of_its_tensor) {
    static const struct {
        double x, other, scale;
    } rows[] = {
        {2, 2, 2},
        {1e-2, 1e-2, 1e-2},
        {0.5, 7, 4.962358310319802},
        {8, 1e-9, 8},
        {0, 100, 70.71067811865476},
        {0, 0, 1},
        {1e-5, 1, 1e-2},
        {1e-9, 1, 1e-6},
        {3, 1e30, 3e3},
        {-1e-5, 1, 1e-2},
        {1e3, 1e30, 1e6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int input = 0; input < 2; input++) {
            double least = INFINITY, most = 0;
            for (uint64_t seed = 0; seed < 24; seed++) {
                trace_begin(&t, line);
                double *x = input == 0 ? t.u : t.v;
                x[0] = rows[i].x;
                x[1] = rows[i].other;
                examine(input == 0 ? 0 : TRACE_EACH, seed, false);
                least = fmin(least, t.d[0] / (0.25 * rows[i].scale));
                most = fmax(most, t.d[0] / (0.25 * rows[i].scale));
            }
            cr_expect(least >= 0.7499 && least < 0.85 && most > 0.9 && most <= 1.0001,
                      "row %zu, input %d: %g to %g", i, input, least, most);
        }
    }
}

Test(gradcheck_search, takes_other_steps_at_each_entry) {
    double first[2 * TRACE_EACH];
    for (size_t e = 0; e < 2 * TRACE_EACH; e++) {
        trace_begin(&t, line);
        examine(e, 0, false);
        first[e] = t.d[0];
        for (size_t i = 0; i < e; i++) {
            cr_expect(fabs(first[i] - first[e]) > 1e-6, "entries %zu and %zu: %g", i, e, first[e]);
        }
    }
}

static double exponential(double d) {
    return exp(d);
}

Test(gradcheck_search, is_sharp_at_the_edge_of_a_domain) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (int above = 0; above < 2; above++) {
            trace_begin(&t, exponential);
            t.lower = above ? 1 : -8;
            t.upper = above ? 8 : 1;
            examine(0, seed, false);
            const double off = fabs(found.estimate.value - 1);
            cr_expect(off <= found.estimate.bound && found.estimate.bound < 1e-9, "%d: %g +- %g",
                      above, off, found.estimate.bound);
        }
    }
}

/* ---- the last ---- */

/* y is 1000 and its noise a quarter of the accuracy times that: steps end when 8 times it is more
 * than a tenth of the slope, and not before there are three. */
Test(gradcheck_search, ends_where_noise_covers_a_tenth_of_the_slope) {
    for (int i = 0; i < 32; i++) {
        trace_begin(&t, line);
        const double noise = 0.25 * pow(4, -0.25 * i);
        t.accuracy = noise / 250;
        examine(0, 7, true);
        const size_t n = trace_steps(&t);
        const double finest = 8 * noise / t.d[2 * (n - 1)];
        const double before = n > 3 ? 8 * noise / t.d[2 * (n - 2)] : 0;
        cr_expect(n >= 3 && finest > 0.0999 && before < 0.1001, "%g: %zu steps, %g, %g", noise, n,
                  finest, before);
        cr_expect(t.n_called >= 2 * n + TRACE_SAMPLES && t.n_called <= 2 * n + TRACE_SAMPLES + 6,
                  "%g: %zu", noise, t.n_called);
    }
}

static double steep_far(double d) {
    return 1000 + (fabs(d) > 0.1 ? 100 * d : d);
}

static double steep_far_to_both_sides(double d) {
    return 1000 + (fabs(d) > 0.1 ? 100 * fabs(d) : d);
}

/* The largest quotient is that of the first step, of 0.19 to 0.25, to both sides together or as
 * their difference: 100, of which the noise of the finest has to be a tenth. */
Test(gradcheck_search, ends_where_noise_covers_the_largest_quotient_seen_however_coarse) {
    double (*const functions[])(double) = {steep_far, steep_far_to_both_sides};
    for (size_t i = 0; i < 2; i++) {
        trace_begin(&t, functions[i]);
        const double noise = 2e-3;
        t.accuracy = noise / 250;
        examine(0, 7, true);
        const size_t n = trace_steps(&t);
        const double finest = 8 * noise / t.d[2 * (n - 1)];
        const double before = n > 3 ? 8 * noise / t.d[2 * (n - 2)] : 0;
        cr_expect(n > 3 && finest > 9.99 && before < 10.1, "%zu: %zu steps, %g, %g", i, n, finest,
                  before);
    }
}

static double kink(double d) {
    return 1 + fabs(d);
}

/* At the third step noise is more than a tenth of the slopes, and the kink more than the noise. */
Test(gradcheck_search, goes_on_below_noise_until_a_kink_is_told) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        trace_begin(&t, kink);
        t.accuracy = 2e-3;
        examine(0, seed, true);
        cr_expect(found.kink && fabs(found.low + 1) <= 1e-6 && fabs(found.high - 1) <= 1e-6,
                  "%g to %g", found.low, found.high);
    }
}

/* Not deep: once the best, which is the second here, is known to a thousandth, or else where noise
 * covers everything. */
Test(gradcheck_search, settles_at_a_thousandth_with_finer_steps_below) {
    size_t n_settled = 0;
    for (int i = 0; i < 16; i++) {
        trace_begin(&t, line);
        const double noise = 2e-5 * pow(2, -0.25 * i);
        t.accuracy = noise / 250;
        examine(0, 7, false);
        const size_t n = trace_steps(&t);
        const double bound = 8 * sqrt(0.5) * noise / t.d[2];
        cr_expect(bound < 0.999e-3 ? n == 4 : n > 4, "%g: %zu steps", bound, n);
        n_settled += n == 4;
    }
    cr_expect(n_settled >= 4 && n_settled <= 12, "%zu", n_settled);
}

static double output_unit;

static double in_unit(double d) {
    return output_unit * (1 + exp(d));
}

Test(gradcheck_search, takes_as_many_steps_in_any_unit_of_the_output) {
    for (int deep = 0; deep < 2; deep++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            size_t n = 0;
            for (int exponent = -30; exponent <= 30; exponent += 15) {
                trace_begin(&t, in_unit);
                output_unit = ldexp(1, exponent);
                examine(0, seed, deep == 1);
                n = n == 0 ? trace_steps(&t) : n;
                cr_expect_eq(trace_steps(&t), n, "2^%d: %zu, not %zu", exponent, trace_steps(&t),
                             n);
            }
        }
    }
}

static double nothing(double d) {
    (void)d;
    return 0;
}

/* Its noise is 0 as well, by a cotangent that makes 0 of the smallest number. */
Test(gradcheck_search, settles_soon_where_nothing_moves) {
    trace_begin(&t, nothing);
    t.cotangent = 0.25;
    examine(0, 0, false);
    cr_expect(trace_steps(&t) == 4, "%zu", trace_steps(&t));
    cr_expect(found.estimate.value == 0 && found.estimate.bound < 1e-300);
}

static double sine(double d) {
    return sin(d);
}

/* 32 levels less the six that may be refined. */
Test(gradcheck_search, takes_26_steps_down_where_the_format_would_allow_more) {
    trace_begin(&t, sine);
    t.u[0] = 0;
    examine(0, 0, true);
    cr_expect_eq(trace_steps(&t), 26u, "%zu", trace_steps(&t));
    cr_expect(t.n_called <= 2 * 32 + TRACE_SAMPLES, "%zu", t.n_called);
    cr_expect(fabs(found.estimate.value - 1) <= found.estimate.bound &&
                  found.estimate.bound < 1e-12,
              "%g", found.estimate.bound);
}

/* ---- what is tried after noise is known ---- */

static size_t after_noise(void) {
    return 2 * trace_steps(&t) + TRACE_SAMPLES;
}

static double largest_step(void) {
    double largest = 0;
    for (size_t i = 0; i < t.n_called; i++) {
        largest = fmax(largest, t.d[i]);
    }
    return largest;
}

/* There are two for one seed in 500. */
Test(gradcheck_search, takes_coarser_steps_each_about_four_times_the_last) {
    size_t most = 0;
    for (uint64_t seed = 0; seed < 1500; seed++) {
        trace_begin(&t, sine);
        examine(0, seed, false);
        double last = t.d[0];
        size_t n = 0;
        size_t i = after_noise();
        for (; i + 1 < t.n_called && t.d[i] > 2 * last; i += 2, n++) {
            last = t.d[i];
        }
        cr_expect(i >= t.n_called || n == 0 || t.d[i] < 0.6 * last, "seed %d: %g after %g",
                  (int)seed, t.d[i], last);
        most = n > most ? n : most;
    }
    cr_expect(most >= 2, "%zu", most);
}

static double kink_of_a_cubic(double d) {
    return 1 + d + fabs(d) + d * d * d;
}

static double cubic(double d) {
    return 0.02 + d + d * d * d;
}

Test(gradcheck_search, takes_no_coarser_steps_around_a_kink_or_after_26) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        trace_begin(&t, kink_of_a_cubic);
        examine(0, seed, false);
        cr_expect(largest_step() <= 0.25, "seed %d: %g", (int)seed, largest_step());
        trace_begin(&t, cubic);
        t.u[0] = 0;
        examine(0, seed, true);
        cr_expect_eq(trace_steps(&t), 26u, "%zu", trace_steps(&t));
        cr_expect(largest_step() <= 0.25, "seed %d: %g", (int)seed, largest_step());
    }
}

Test(gradcheck_search, refines_between_the_steps_that_it_has) {
    for (uint64_t seed = 0; seed < 24; seed++) {
        trace_begin(&t, sine);
        examine(0, seed, false);
        const double finest = t.d[2 * (trace_steps(&t) - 1)];
        cr_expect(t.n_called >= after_noise() + 4, "%zu", t.n_called);
        for (size_t i = after_noise(); i < t.n_called; i++) {
            cr_expect(fabs(t.d[i]) > 0.74 * finest, "seed %d: %g, %g", (int)seed, t.d[i], finest);
        }
    }
}

/* Noise ends the steps above it. */
Test(gradcheck_search, approaches_zero_by_a_quarter_a_16th_and_a_64th_of_the_entry) {
    for (uint64_t seed = 0; seed < 24; seed++) {
        trace_begin(&t, line);
        t.u[0] = seed % 2 == 0 ? 0.01 : -0.01;
        t.accuracy = 4e-6;
        examine(0, seed, true);
        cr_assert(t.n_called >= after_noise() + 6, "%zu", t.n_called);
        for (size_t i = 0; i < 3; i++) {
            const double share = t.d[t.n_called - 6 + 2 * i] / ldexp(0.01, -2 * (int)(i + 1));
            cr_expect(share > 0.7499 && share < 1.0001, "seed %d, step %zu: %g", (int)seed, i,
                      share);
        }
    }
}
