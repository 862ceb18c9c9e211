// SPDX-License-Identifier: MIT
/* When the quick estimate of an entry stands, when it is looked at closer, and what is made of
 * both. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static struct gc_lane lane;

static double half_slope(double x) {
    (void)x;
    return 0.5;
}

static double half(double x) {
    return 0.5 * x;
}

static double high_up(double x) {
    return 0.5 * (x - 1e4);
}

static void start_within(double room, double (*f)(double), double x, bool thorough) {
    const struct gradcheck_options options = {.n_points = 1, .thorough = thorough};
    map_open(&m, 2, f, half_slope);
    m.x[0] = m.x[1] = x;
    m.inputs[0].lower = x - room;
    m.inputs[0].upper = x + room;
    map_start(&m, &s, &options, &r);
    s.cotangent[0] = 1;
    s.grad[0] = 0.5;
}

static void start(double (*f)(double), double x, bool thorough) {
    start_within(1e9, f, x, thorough);
}

static void settle(struct gc_quick quick) {
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    lane.entry = 0;
    gc_check_group(&s, &group, &quick);
}

Test(gradcheck_settle, an_entry_within_its_bound_and_its_rounding_is_not_looked_at_again) {
    static const struct {
        double off; /* of a rounding of 1e-6 */
        bool again;
    } rows[] = {{0, false}, {0.9, false}, {-0.9, false}, {1.1, true}, {-1.1, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(half, 1, false);
        s.rounding[0] = 1e-6;
        s.grad[0] += rows[i].off * 1e-6;
        settle((struct gc_quick){.step = 0.1, .n_levels = 3, .bound = 1e-9});
        cr_expect_eq(m.n_called > 2 * 3, rows[i].again, "row %zu: %zu calls", i, m.n_called);
        cr_expect(s.bound[0] > 0 && s.bound[0] < 1e-9, "row %zu: %g", i, s.bound[0]);
        gc_session_close(&s);
    }
}

static void settle_approximate(double bound) {
    start(half, 1, false);
    m.kernel.accuracy = 1e-3;
    settle((struct gc_quick){.step = 0.1, .n_levels = 3, .bound = bound});
}

/* Five steps are taken of an approximate output, whatever is aimed at. */
Test(gradcheck_settle, a_bound_of_up_to_twice_what_is_aimed_at_will_do) {
    static const double shares[] = {1.5, 1.9, 2.1, 2.9, 4};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        settle_approximate(0);
        const double bound = gc_estimate_best(&lane.levels, 6).bound;
        gc_session_close(&s);
        settle_approximate(bound / shares[i] / 2);
        cr_expect_eq(lane.levels.n, 5u);
        cr_expect_eq(m.n_called > 2 * 5, shares[i] > 2, "%g: %zu calls", shares[i], m.n_called);
        gc_session_close(&s);
    }
}

/* Noise of others, which is measured anew where that may help. */
Test(gradcheck_settle, an_entry_that_is_not_sharp_is_no_suspect) {
    size_t calls[2];
    for (size_t in_vain = 0; in_vain < 2; in_vain++) {
        start(half, 1, false);
        s.sigma[0] = 1e-9;
        s.accused_in_vain = 2 * in_vain;
        settle((struct gc_quick){.step = 0.1, .n_levels = 3});
        calls[in_vain] = m.n_called;
        cr_expect_gt(m.n_called, 2 * 5u);
        gc_session_close(&s);
    }
    cr_expect_eq(calls[0], calls[1], "%zu, %zu", calls[0], calls[1]);
}

static double valley(double x) {
    return (x - 1) * (x - 1);
}

/* Half a unit in the last place of the input moves the slope by a whole one. */
Test(gradcheck_settle, at_an_extremum_the_bound_covers_the_rounding_of_the_input) {
    start(valley, 1, false);
    s.grad[0] = 0;
    settle((struct gc_quick){.step = 0.1, .n_levels = 3});
    cr_expect(s.bound[0] >= DBL_EPSILON, "%g", s.bound[0]);
    gc_session_close(&s);
}

/* Which the closer look, that feels the rounding of a large input, does not: outputs are known to
 * less than that, at these steps and at others. */
Test(gradcheck_settle, a_coarse_output_accuses_by_each_steps_own_noise) {
    start_within(1.1, high_up, 1e4, false);
    m.kernel.accuracy = 1e-5;
    s.epsilon = FLT_EPSILON;
    const struct gc_quick quick = {.step = 1, .n_levels = 6, .bound = 1};
    settle(quick);
    const double bound = s.bound[0];
    s.grad[0] += 1.5 * bound;
    settle(quick);
    cr_expect(gc_is_wrong(&s, 0) && s.bound[0] <= 1.01 * bound, "%g, %g", s.bound[0], bound);
    gc_session_close(&s);
}

/* ---- averages ---- */

/* What the quick look alone makes of the entry. */
static struct gc_estimate first_estimate(void) {
    struct gc_levels levels = lane.levels;
    gc_levels_raise_noise(&levels, s.examined_noise);
    gc_levels_feel_input(&levels, gc_input_floor(&s, 0));
    return gc_estimate_best(&levels, 6);
}

/* Of an entry that is looked at closer because it is off by less than its input's rounding. No step
 * is longer than 2.3 times the coarsest one; a kink beside it is none of its business. */
Test(gradcheck_settle, the_noise_of_five_estimates_averages_out) {
    static const double steps[] = {0.01, 0.1, 1};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        start(valley, 1, true);
        s.grad[0] = DBL_EPSILON;
        s.rounding[0] = 0;
        s.state[1] = GC_SEEN | GC_AT_KINK;
        m.reach = 2.31 * steps[i];
        settle((struct gc_quick){.step = steps[i], .n_levels = 6, .scale = 2e-3});
        const double due = first_estimate().bound / sqrt(5);
        cr_expect(fabs(s.bound[0] - due) <= 1e-3 * due, "%g: %g, not %g", steps[i], s.bound[0],
                  due);
        gc_session_close(&s);
    }
}

static double waves, odd, even;

/* Samples of noise are taken below 1, and see none. */
static double wavy(double x) {
    const double noise = x > 1 ? 1e-12 * sin(1e9 * x) : 0;
    return noise + odd * sin(waves * (x - 1)) + even * cos(waves * (x - 1));
}

static struct gc_estimate look(double step) {
    start(wavy, 1, true);
    s.grad[0] = odd * waves;
    settle((struct gc_quick){.step = step, .n_levels = 6});
    return first_estimate();
}

/* The mean of five, if that is sharper: its noise is that of a mean, and what else is not known of
 * it is the most of any. */
Test(gradcheck_settle, an_average_is_as_sharp_as_its_parts) {
    static const double factors[] = {2.3, 1.9, 1.6, 1.3};
    static const double amplitudes[][2] = {{0, 0}, {1e-10, 0}, {0, 1e-10}};
    size_t n[2] = {0, 0};
    for (size_t i = 0; i < 3 * 15; i++) {
        odd = amplitudes[i % 3][0];
        even = amplitudes[i % 3][1];
        waves = pow(1.2, (double)(i / 3) + 1);
        const struct gc_estimate first = look(0.1);
        const double value = s.numeric[0], bound = s.bound[0];
        const bool examined = s.step[0] != first.step;
        gc_session_close(&s);
        double sum = 0, squares = first.noise * first.noise;
        double rest = first.truncation + first.jump;
        for (size_t k = 0; k < 4; k++) {
            const struct gc_estimate e = look(0.1 * factors[k]);
            sum += e.value - first.value;
            squares += e.noise * e.noise;
            rest = fmax(rest, e.truncation + e.jump);
            gc_session_close(&s);
        }
        const double of_mean = sqrt(squares) / 5 + rest;
        const bool averaged = of_mean < first.bound;
        const double due = fmin(of_mean, first.bound);
        const double due_value = first.value + (averaged ? sum / 5 : 0);
        n[averaged] += !examined;
        cr_expect(fabs(value - odd * waves) <= bound, "%zu: %g, %g", i, value, bound);
        cr_expect(examined ? bound <= due : fabs(bound - due) <= 1e-3 * due, "%zu: %g, not %g", i,
                  bound, due);
        cr_expect(examined || fabs(value - due_value) <= 1e-3 * bound, "%zu: %g", i, value);
    }
    cr_expect(n[0] > 0 && n[1] > 0, "%zu, %zu", n[0], n[1]);
}

static double small_or_large(double x) {
    return x < 25 ? 4.82681e-10 * sin(x - 1) : 1e-3 * sin(x - 50);
}

static double slope_of_either(double x) {
    return x < 25 ? 4.82681e-10 * cos(x - 1) : 1e-3 * cos(x - 50);
}

static int (*within)(void *ctx);

static int forward_up_to_an_edge(void *ctx) {
    const struct map *map = ctx;
    return map->x[3] > 1 + 10.62 ? 1 : within(ctx);
}

/* One of a small entry's estimates is not to be had: forward refuses 2.3 of its steps. */
Test(gradcheck_settle, an_estimate_that_is_not_to_be_had_is_none_of_an_average) {
    const struct gradcheck_options options = {.n_points = 1, .thorough = true};
    map_open(&m, 8, small_or_large, slope_of_either);
    for (size_t i = 0; i < 8; i++) {
        m.x[i] = i == 3 ? 1 : 50;
    }
    m.noise = 1e-12;
    within = m.kernel.forward;
    m.kernel.forward = forward_up_to_an_edge;
    cr_assert_eq(gradcheck_run(&m.kernel, &options, &r), GRADCHECK_OK);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}
