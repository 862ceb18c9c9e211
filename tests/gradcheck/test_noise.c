// SPDX-License-Identifier: MIT
/* Samples of noise: where they stand, how many there are, and what is made of them. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/line.h"
#include "gradcheck/map.h"

static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};

/* ---- where they stand: two inputs, and what forward saw of them ---- */

enum { N_V = 9, N = N_V + 1, N_SAMPLES = 12, FEWEST_UNITS = 501 };

static struct {
    double v[N_V], dv[N_V], w, dw, y, dy;
    double seen[2 * N_SAMPLES][N];
    size_t n_seen;
} seen;

static int see(void *ctx) {
    (void)ctx;
    if (seen.n_seen < sizeof seen.seen / sizeof seen.seen[0]) {
        memcpy(seen.seen[seen.n_seen], seen.v, sizeof seen.v);
        seen.seen[seen.n_seen][N_V] = seen.w;
    }
    seen.n_seen++;
    seen.y = 1;
    return 0;
}

static int nothing_back(void *ctx) {
    (void)ctx;
    return 0;
}

/* All entries are x or a bit more. */
static void start_seeing(double x, double lower, double upper) {
    static struct gradcheck_tensor in[2], out;
    static struct gradcheck_kernel k;
    memset(&seen, 0, sizeof seen);
    for (size_t i = 0; i < N_V; i++) {
        seen.v[i] = x * (1 + 0x1.3p-6 * (double)i);
    }
    seen.w = x;
    in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("v", seen.v, seen.dv, N_V);
    in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("w", &seen.w, &seen.dw);
    in[1].lower = lower;
    in[1].upper = upper;
    out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &seen.y, &seen.dy);
    k = (struct gradcheck_kernel){.name = "seeing",
                                  .inputs = in,
                                  .n_inputs = 2,
                                  .outputs = &out,
                                  .n_outputs = 1,
                                  .forward = see,
                                  .backward = nothing_back};
    cr_assert_eq(gc_session_open(&s, &k, &one_point, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
}

/* Twice the unit in the last place of what lies n spacings away from x. */
static double grid(double x, double spacing, size_t n) {
    int exponent;
    (void)frexp(fabs(x) + (double)n * fmax(spacing, FEWEST_UNITS * DBL_EPSILON * fabs(x)),
                &exponent);
    return ldexp(DBL_EPSILON, exponent);
}

static void expect_still(size_t entry) {
    for (size_t k = 0; k < seen.n_seen; k++) {
        cr_expect(seen.seen[k][entry] == s.base[entry], "entry %zu at %a, not %a", entry,
                  seen.seen[k][entry], s.base[entry]);
    }
}

/* From the nearest point of the grid on, by an odd number of its units each time, neither of which
 * is rounded, about as far as asked. */
static void expect_samples(size_t entry, double least, double most) {
    const double x = s.base[entry], from = seen.seen[0][entry];
    const double step = seen.seen[1][entry] - from;
    const double unit = grid(x, fabs(step), seen.n_seen);
    cr_expect(fmod(from, unit) == 0 && fabs(from - x) <= unit / 2, "entry %zu: %a for %a", entry,
              from, x);
    cr_expect(fmod(fabs(step) / unit, 2) == 1, "entry %zu: %a units", entry, step / unit);
    cr_expect(fabs(step) >= fmax(least - 2 * unit, FEWEST_UNITS * unit) &&
                  fabs(step) <= fmax(most + 2 * unit, FEWEST_UNITS * unit),
              "entry %zu: %g for %g to %g", entry, step, least, most);
    for (size_t k = 1; k < seen.n_seen; k++) {
        cr_expect(seen.seen[k][entry] - seen.seen[k - 1][entry] == step, "entry %zu, sample %zu",
                  entry, k);
    }
}

static void measure(uint64_t seed, size_t input, double spacing) {
    gc_random_seed(&s.random, seed, 1);
    seen.n_seen = 0;
    (void)gc_measure_noise(&s, &s.inputs[input], spacing);
    cr_assert_eq(seen.n_seen, (size_t)N_SAMPLES);
}

Test(gradcheck_noise, samples_stand_on_a_grid_an_odd_number_of_units_apart_at_any_magnitude) {
    static const struct {
        double x, spacing;
    } table[] = {
        {1.3, 1e-3},
        {1.3, 1e-30},
        {1.3, 0},
        {1, 0},
        {0, 1e-3},
        {0x1.fffff8p-1, 1e-3}, /* the samples leave the binade */
        {-0x1.fffff8p-1, 1e-3},
        {1 - 0x1p-53, 1e-5},
        {1.3e200, 1e197},
        {(1 - 0x1p-53) * 0x1p660, 0x1p643},
        {1.3e-200, 1e-203},
        {(1 - 0x1p-53) * 0x1p-660, 0x1p-677},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const double x = table[i].x, spacing = table[i].spacing;
        for (uint64_t seed = 0; seed < 12; seed++) {
            start_seeing(x, 0, 0);
            measure(seed, 0, spacing);
            for (size_t e = 0; e < N_V; e++) {
                expect_samples(e, spacing / 6, spacing / 2);
            }
            expect_still(N_V);
            measure(seed, 1, spacing);
            expect_samples(N_V, spacing / 2, spacing * 3 / 2);
            for (size_t e = 0; e < N_V; e++) {
                expect_still(e);
            }
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_noise, an_entry_without_a_step_stays_where_it_is) {
    const double x = 1 - 0x1p-53; /* on no grid that reaches further */
    start_seeing(x, x - 0x1p-50, x + 0x1p-50);
    measure(1, 1, 1e-3);
    expect_still(N_V);
    gc_session_close(&s);
    start_seeing(0, 0, 0);
    measure(1, 1, 0);
    expect_still(N_V);
    gc_session_close(&s);
}

/* On one side, the other, or neither. */
Test(gradcheck_noise, samples_are_taken_where_there_is_room_at_any_magnitude) {
    static const double scales[] = {0x1p-660, 1, 0x1p660};
    static const struct {
        double below, above;
        bool moves;
    } table[] = {{1e-4, 1e-4, false}, {1e-4, 0.5, true}, {0.5, 1e-4, true}, {0.5, 0.5, true}};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
            const double x = 1.25 * scales[i], spacing = 1e-3 * scales[i];
            start_seeing(x, x - table[k].below * scales[i], x + table[k].above * scales[i]);
            measure(k, 1, spacing);
            if (table[k].moves) {
                expect_samples(N_V, spacing / 2, spacing * 3 / 2);
            } else {
                expect_still(N_V);
            }
            for (size_t n = 0; n < seen.n_seen; n++) {
                const double off = (seen.seen[n][N_V] - x) / scales[i];
                cr_expect(off >= -table[k].below && off <= table[k].above, "row %zu: %g", k, off);
            }
            gc_session_close(&s);
        }
    }
}

/* The edge is on the grid, the point is not. */
Test(gradcheck_noise, samples_may_start_at_the_edge_of_the_domain) {
    const double edge = 1 - 0x1p-20;
    for (int sign = -1; sign <= 1; sign += 2) {
        start_seeing(sign * (edge + 0x1p-53), sign > 0 ? edge : -2, sign > 0 ? 2 : -edge);
        measure(1, 1, 1e-3);
        cr_expect(seen.seen[0][N_V] == sign * edge, "%a", seen.seen[0][N_V]);
        expect_samples(N_V, 5e-4, 1.5e-3);
        gc_session_close(&s);
    }
}

Test(gradcheck_noise, along_a_line_each_entry_moves_on_its_own_grid_by_its_own_step) {
    static const double x[N] = {1, 1e9, 1e-9, 3, 1e6, 1e-6, 2, 5, 7, 1e12};
    static const double direction[N] = {0, 1, -1e-9, 0, 0.5, 2e-6, 0, 0, -3, 1e3};
    start_seeing(1, 0, 0);
    memcpy(s.base, x, sizeof x);
    memcpy(s.direction, direction, sizeof direction);
    seen.n_seen = 0;
    (void)gc_measure_line_noise(&s, 1e-3);
    cr_assert_eq(seen.n_seen, 8u);
    for (size_t e = 0; e < N; e++) {
        const double step = 1e-3 * fabs(direction[e]);
        if (step == 0) {
            expect_still(e);
        } else {
            expect_samples(e, step, step);
            cr_expect_eq(seen.seen[1][e] > seen.seen[0][e], direction[e] > 0, "%zu", e);
        }
    }
    gc_session_close(&s);
}

Test(gradcheck_noise, along_a_line_six_samples_do_for_many_outputs) {
    static struct map m;
    for (size_t n = 62; n < 67; n++) {
        map_open(&m, n, sin, cos);
        map_start(&m, &s, &one_point, &r);
        gc_choose_cotangent(&s);
        (void)gc_measure_line_noise(&s, 1e-3);
        cr_expect_eq(m.n_called, n < 64 ? 8u : 6u, "%zu outputs: %zu", n, m.n_called);
        gc_session_close(&s);
    }
}

/* ---- smooth functions: what is left of them by the last order that is looked at ---- */

static double fourth_power(double x) {
    return x * x * x * x;
}

static double eighth_power(double x) {
    return fourth_power(x) * fourth_power(x);
}

/* The n-th difference of x^n is n! spacing^n, and that of unit noise (2n)! / n!^2 in square. */
static double left_of_power(double n, double spacing) {
    const double factorial = tgamma(n + 1);
    return factorial * pow(fabs(spacing), n) * factorial / sqrt(tgamma(2 * n + 1));
}

Test(gradcheck_noise, is_what_differences_of_the_fourth_order_leave_along_a_line) {
    static struct map m;
    for (size_t n = 1; n <= 64; n += 63) {
        map_open(&m, n, fourth_power, cos);
        map_start(&m, &s, &one_point, &r);
        for (size_t e = 0; e < n; e++) {
            s.direction[e] = 1;
        }
        (void)gc_measure_line_noise(&s, 0.03);
        const double expected = left_of_power(4, 0.03);
        for (size_t e = 0; e < n; e++) {
            cr_expect(fabs(s.sigma[e] - expected) <= 1e-6 * expected, "%zu: %g, not %g", e,
                      s.sigma[e], expected);
        }
        gc_session_close(&s);
    }
}

Test(gradcheck_noise, is_what_those_of_the_eighth_leave_of_what_falls_until_then) {
    static struct map m;
    map_open(&m, 1, eighth_power, cos);
    m.x[0] = 1;
    map_start(&m, &s, &one_point, &r);
    for (uint64_t seed = 0; seed < 8; seed++) {
        gc_random_seed(&s.random, seed, 1);
        (void)gc_measure_noise(&s, &s.inputs[0], 0.04);
        const double expected = left_of_power(8, s.scratch[0]);
        cr_expect(fabs(s.sigma[0] - expected) <= 1e-3 * expected, "%g, not %g", s.sigma[0],
                  expected);
    }
    gc_session_close(&s);
}

/* ---- what is made of them: the first and the third output are noisy, the second stands still ----
 */

enum { N_OUTS = 3 };

static const double amplitude[N_OUTS] = {1, 0, 1e-3};

static struct {
    double x, dx, y[N_OUTS], dy[N_OUTS];
    double scale;
    struct gc_random random;
} noisy;

static int noisy_forward(void *ctx) {
    (void)ctx;
    for (size_t i = 0; i < N_OUTS; i++) {
        noisy.y[i] =
            noisy.scale * (1 + 1e-6 * amplitude[i] * (2 * gc_random_uniform(&noisy.random) - 1));
    }
    return 0;
}

static void start_noisy(double scale) {
    static struct gradcheck_tensor in, out;
    static struct gradcheck_kernel k;
    noisy.x = 1;
    noisy.scale = scale;
    in = (struct gradcheck_tensor)GRADCHECK_INPUT("x", &noisy.x, &noisy.dx);
    out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", noisy.y, noisy.dy, N_OUTS);
    k = (struct gradcheck_kernel){.name = "noisy",
                                  .inputs = &in,
                                  .n_inputs = 1,
                                  .outputs = &out,
                                  .n_outputs = 1,
                                  .forward = noisy_forward,
                                  .backward = nothing_back};
    cr_assert_eq(gc_session_open(&s, &k, &one_point, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
}

static double weighted(size_t output) {
    return s.cotangent[output] * s.sigma[output];
}

Test(gradcheck_noise, counts_of_the_outputs_that_moved_before_or_else_of_all_at_any_magnitude) {
    static const double scales[] = {0x1p-660, 1, 0x1p660};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        for (unsigned before = 0; before < 1U << N_OUTS; before++) {
            start_noisy(scales[i]);
            for (size_t o = 0; o < N_OUTS; o++) {
                s.touched[o] = (unsigned char)(before >> o & 1U);
            }
            double noise = gc_measure_noise(&s, &s.inputs[0], 1e-3) / scales[i];
            const double all = hypot(weighted(0) / scales[i], weighted(2) / scales[i]);
            const double of_those = hypot(before & 1U ? weighted(0) / scales[i] : 0,
                                          before & 4U ? weighted(2) / scales[i] : 0);
            const double expected = of_those > 0 ? of_those : all;
            cr_expect(all > 1e-8 && fabs(noise - expected) <= 1e-12 * expected,
                      "%a, %u: %g, not %g", scales[i], before, noise, expected);
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_noise, shows_which_outputs_are_alive) {
    start_noisy(1);
    (void)gc_measure_noise(&s, &s.inputs[0], 1e-3);
    cr_expect(s.alive[0] == 1 && s.alive[1] == 0 && s.alive[2] == 1);
    cr_expect(s.sigma[0] > 0 && s.sigma[1] == 0 && s.sigma[2] > 0);
    gc_session_close(&s);
}

Test(gradcheck_noise, is_what_it_is_on_average) {
    enum { TIMES = 6400 };
    double squares = 0;
    start_noisy(1);
    for (int i = 0; i < TIMES; i++) {
        (void)gc_measure_noise(&s, &s.inputs[0], 1e-3);
        squares += s.sigma[0] * s.sigma[0];
    }
    const double ratio = sqrt(3 * squares / TIMES) / 1e-6; /* uniform: 1e-6 over the root of 3 */
    cr_expect(ratio > 0.98 && ratio < 1.06, "%g", ratio);  /* of two orders the larger */
    gc_session_close(&s);
}

Test(gradcheck_noise, is_forgotten_altogether) {
    start_noisy(1);
    s.direction[0] = 1;
    (void)gc_measure_line_noise(&s, 1e-3);
    cr_expect(s.line_noise_known && s.sigma[0] > 0 && s.sigma[2] > 0);
    gc_forget_noise(&s);
    cr_expect(!s.line_noise_known && s.sigma[0] == 0 && s.sigma[2] == 0);
    gc_session_close(&s);
}
