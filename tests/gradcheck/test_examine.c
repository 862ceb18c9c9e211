// SPDX-License-Identifier: MIT
/* One entry: the steps that are tried, what noise is learnt, and what is said where no derivative
 * is to be had. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/line.h"
#include "gradcheck/map.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};
static double scale;

static void start(double (*f)(double), double (*slope)(double), double x) {
    map_at(&m, &s, &r, f, slope, x);
}

static double one(double x) {
    (void)x;
    return 1;
}

Test(gradcheck_examine, the_right_derivative_is_the_sum_of_both_parts_and_the_left_the_difference) {
    struct gc_levels l = {.n = 0};
    static const double steps[] = {1, 0.45, 0.3, 0.1, 0.07};
    for (size_t i = 0; i < 5; i++) {
        gc_levels_add(&l, steps[i], 3 + 0.1 * steps[i], 0.5 + 0.2 * steps[i], 1e-12);
    }
    struct gc_estimate right = gc_one_sided(&l, 1), left = gc_one_sided(&l, -1);
    cr_expect(fabs(right.value - 3.5) <= right.bound && right.bound < 1e-8, "%g", right.value);
    cr_expect(fabs(left.value - 2.5) <= left.bound && left.bound < 1e-8, "%g", left.value);
    cr_expect(right.jump == 0 && left.jump == 0);
}

Test(gradcheck_examine, a_forward_that_works_at_the_point_alone_is_told_by_how_it_does_not) {
    for (int non_finite = 0; non_finite < 2; non_finite++) {
        struct gc_finding found;
        start(sin, cos, 1);
        m.reach = 0;
        m.non_finite = non_finite == 1;
        gc_examine(&s, 0, true, &found);
        cr_expect(isinf(found.estimate.bound) && !found.kink);
        cr_expect_eq(found.doubt, non_finite ? GRADCHECK_NON_FINITE : GRADCHECK_DOMAIN_EDGE, "%s",
                     gradcheck_reason_name(found.doubt));
        gc_session_close(&s);
    }
}

static double from_one(double x) {
    return fabs(x - 1);
}

/* Where large steps are refused on both sides, smaller ones on both are still to be had. */
Test(gradcheck_examine, a_kink_with_little_room_is_one) {
    struct gc_finding found;
    start(from_one, one, 1);
    m.reach = 1e-6;
    gc_examine(&s, 0, true, &found);
    cr_expect(found.kink && found.convex);
    cr_expect(fabs(found.low + 1) <= 1e-6 && fabs(found.high - 1) <= 1e-6);
    gc_session_close(&s);
}

static double stairs(double x) {
    return scale * (1 + floor(1024 * x) / 1024);
}

Test(gradcheck_examine, a_staircase_has_no_derivative_at_any_magnitude) {
    static const double scales[] = {0x1p-660, 1, 0x1p660};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        struct gc_finding found;
        scale = scales[i];
        start(stairs, one, 1.2345);
        gc_examine(&s, 0, true, &found);
        cr_expect(isinf(found.estimate.bound) && !found.kink, "%g", scale);
        cr_expect_eq(found.doubt, GRADCHECK_KINK, "%s", gradcheck_reason_name(found.doubt));
        gc_session_close(&s);
    }
}

/* A float inside, of which the input is finer, and an output that is on no grid. */
static double through_float(double x) {
    return scale * exp((double)(float)x);
}

Test(gradcheck_examine, steps_below_the_treads_of_a_float_do_not_make_the_derivative_zero) {
    static const double scales[] = {1e-6, 1, 1e6};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        scale = scales[i];
        for (int k = 0; k < 40; k++) {
            struct gc_finding found;
            const double x = 0.7 + 0.0123 * k;
            start(through_float, one, x);
            gc_examine(&s, 0, true, &found);
            const double error = fabs(found.estimate.value / scale - exp(x));
            cr_expect(error <= found.estimate.bound / scale, "%g at %g: off by %g, bound %g", scale,
                      x, error, found.estimate.bound / scale);
            cr_expect(!found.kink && found.estimate.bound < 0.02 * scale * exp(x), "%g at %g: %g",
                      scale, x, found.estimate.bound / scale);
            gc_session_close(&s);
        }
    }
}

/* ---- noise ---- */

Test(gradcheck_examine, samples_of_noise_are_taken_inwards_or_not_at_all) {
    static const struct {
        double lower, upper, x, spacing;
        bool sampled;
    } table[] = {
        {-1, 0.25, 0.25, 1e-3, true},        {0.25, 1, 0.25, 1e-3, true},
        {-2, -0.25, -0.25, 1e-3, true},      {0.5, 0.5 + 1e-6, 0.5 + 1e-6, 1e-3, false},
        {0.5, 0.5 + 1e-6, 0.5, 1e-3, false}, {-1, -1 + 1e-6, -1, 1e-3, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            map_open(&m, 1, sin, cos);
            m.x[0] = table[i].x;
            m.inputs[0].lower = table[i].lower;
            m.inputs[0].upper = table[i].upper;
            m.noise = 1e-6;
            map_start(&m, &s, &one_point, &r);
            m.low = m.high = 0;
            gc_random_seed(&s.random, seed, 1);
            double noise = gc_measure_noise(&s, &s.inputs[0], table[i].spacing);
            cr_expect(m.low >= table[i].lower - table[i].x - 1e-12 &&
                          m.high <= table[i].upper - table[i].x + 1e-12,
                      "row %zu: %g to %g", i, m.low, m.high);
            cr_expect_eq(noise > 1e-8, table[i].sampled, "row %zu: %g", i, noise);
            gc_session_close(&s);
        }
    }
}

static double third_power(double x) {
    return x * x * x;
}

/* The fourth differences of a cubic are 0, and their samples are as few as six. */
Test(gradcheck_examine, noise_along_a_line_is_what_differences_of_the_fourth_order_leave) {
    for (size_t n = 1; n <= MAP_MOST; n += 33) {
        map_open(&m, n, third_power, one);
        map_start(&m, &s, &one_point, &r);
        for (size_t e = 0; e < n; e++) {
            s.direction[e] = 1;
        }
        double noise = gc_measure_line_noise(&s, 1e-3);
        cr_expect(noise < 1e-14 && s.line_noise_known, "%zu: %g", n, noise);
        gc_session_close(&s);
    }
}

/* ---- the thorough option ---- */

/* Two terms that nearly cancel: much noise beside what is left of the derivative. */
static double cancelling(double x) {
    return scale * (1 + 1e-3 * (x * x + x));
}

static double settle(bool thorough, double x, double *bound) {
    const struct gc_quick quick = {
        .step = 0.2, .n_levels = 6, .bound = 1e-30 * scale, .scale = 1e-3 * scale};
    struct gc_lane lane = {.entry = 0};
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    start(cancelling, one, x);
    m.noise = 1e-10 * scale;
    (void)gc_forward(&s, s.y0);
    s.options.thorough = thorough;
    s.grad[0] = scale * 1e-3 * (2 * x + 1);
    gc_check_group(&s, &group, &quick);
    cr_assert((s.state[0] & GC_SEEN) != 0 && isfinite(s.bound[0]));
    *bound = s.bound[0];
    const double off = (s.numeric[0] - s.grad[0]) / scale;
    *bound /= scale;
    gc_session_close(&s);
    return off;
}

static void average_in(double magnitude, double from) {
    double once = 0, averaged = 0, bounds = 0, bounds_of_five = 0;
    scale = magnitude;
    for (int i = 0; i < 30; i++) {
        double bound, bound_of_five;
        const double x = from + 0.011 * i;
        const double off = settle(false, x, &bound);
        const double off_of_five = settle(true, x, &bound_of_five);
        cr_expect(fabs(off) <= bound && fabs(off_of_five) <= bound_of_five, "%g", x);
        cr_expect(bound_of_five < 0.8 * bound, "%g: %g of %g", x, bound_of_five, bound);
        once += off * off;
        averaged += off_of_five * off_of_five;
        bounds += bound;
        bounds_of_five += bound_of_five;
    }
    cr_expect(averaged < 0.2 * once, "%g of %g", averaged, once);
    cr_expect(bounds_of_five > 0.4 * bounds && bounds_of_five < 0.6 * bounds, "%g of %g",
              bounds_of_five, bounds);
}

Test(gradcheck_examine, thoroughly_five_estimates_are_averaged_and_their_noise_with_them) {
    average_in(1, 0.9);
    average_in(0x1p-200, 1.23);
}

/* ---- the quick estimate beside the closer look ---- */

/* As if the outputs were float32. */
static void start_coarse(double x) {
    start(cancelling, one, x);
    m.noise = 1e-7 * scale;
    m.kernel.accuracy = 1e-6;
    (void)gc_forward(&s, s.y0);
    s.epsilon = s.narrow_epsilon = FLT_EPSILON;
    s.grad[0] = 0;
    s.rounding[0] = 0;
}

static void check_one(double step) {
    const struct gc_quick quick = {.step = step, .n_levels = 6, .bound = 0, .scale = 1e-3 * scale};
    struct gc_lane lane = {.entry = 0};
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    gc_check_group(&s, &group, &quick);
}

/* A gradient of 0 is wrong by the closer look too, so that it stands. */
static void quick_estimate(double x, double step, double *value, double *bound) {
    start_coarse(x);
    check_one(step);
    *value = s.numeric[0];
    *bound = s.bound[0];
    gc_session_close(&s);
}

/* Whether the quick estimate stood, and how many calls it took. The closer look does not accuse:
 * its bound is three times as large. */
static bool stands(double x, double step, double grad, double rounding, size_t *calls) {
    start_coarse(x);
    s.grad[0] = grad;
    s.rounding[0] = rounding;
    m.n_called = 0;
    check_one(step);
    const double bound = s.bound[0];
    *calls = m.n_called;
    gc_session_close(&s);
    double value, quick_bound;
    quick_estimate(x, step, &value, &quick_bound);
    cr_assert(bound == quick_bound || bound > 2.5 * quick_bound, "%g, %g", bound, quick_bound);
    return bound == quick_bound;
}

/* Off by more than twice its bound, or if 0.71 times as large steps accuse as well. */
Test(gradcheck_examine, over_coarse_outputs_a_quick_estimate_accuses_clearly_or_with_another) {
    const double step = 0.4;
    size_t n_alone = 0;
    for (int i = 0; i < 8; i++) {
        const double x = 0.9 + 0.031 * i;
        scale = i < 4 ? 1 : 0x1p-200;
        double value, bound, other, other_bound;
        quick_estimate(x, step, &value, &bound);
        quick_estimate(x, 0.71 * step, &other, &other_bound);
        const double rounding = 0.2 * bound;
        size_t few, calls;
        cr_expect(stands(x, step, value + 9 * bound, rounding, &few));
        for (double off = -2.75; off <= 2.75; off += 0.25) {
            const double grad = value + off * bound, error = fabs(off * bound);
            const bool accuses = error > bound + rounding;
            const bool clearly = error > 2 * (bound + rounding);
            const bool again = fabs(other - grad) > other_bound + rounding;
            cr_expect_eq(stands(x, step, grad, rounding, &calls), !accuses || clearly || again,
                         "%g times its bound at %g", off, x);
            cr_expect_eq(calls > few, accuses && !clearly, "%g times its bound: %zu, %zu calls",
                         off, calls, few);
            n_alone += accuses && !clearly && !again;
        }
    }
    cr_expect_geq(n_alone, 6u, "%zu", n_alone);
}

/* Where the closer look found nothing it may confirm, and not accuse; with the noise that was found
 * there, which steps shorter than a tread do not show. */
Test(gradcheck_examine, a_quick_estimate_does_not_accuse_alone) {
    static const double steps[] = {0.4, 0.0125};
    for (size_t i = 0; i < 4; i++) {
        const bool wrong = i % 2 == 1;
        scale = 1;
        start(stairs, one, 1.2345);
        s.grad[0] = wrong ? 2 : 1;
        check_one(steps[i / 2]);
        cr_expect_eq(isfinite(s.bound[0]), !wrong, "%g +- %g", s.numeric[0], s.bound[0]);
        cr_expect(wrong || fabs(s.numeric[0] - 1) <= s.bound[0]);
        gc_session_close(&s);
    }
}
