// SPDX-License-Identifier: MIT
/* One entry: to which side and how far steps are taken, what edges nobody stated make of them, and
 * which of them a kink is told by. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/examine.h"
#include "gradcheck/map.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static struct gc_finding found;
static double unit, at, ripple;

static double slope_of_one(double x) {
    (void)x;
    return 1;
}

/* m is open. */
static void examine(uint64_t seed, bool deep) {
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    map_start(&m, &s, &o, &r);
    s.cotangent[0] = 1;
    gc_examine(&s, 0, deep, &found);
    gc_session_close(&s);
}

static void examine_at(double x, double (*f)(double), double lower, double upper) {
    map_open(&m, 1, f, slope_of_one);
    m.x[0] = at = x;
    m.inputs[0].lower = lower;
    m.inputs[0].upper = upper;
    examine(0, true);
}

/* ---- edges ---- */

static double distance(double x) {
    return fabs(x - at);
}

/* A kink is seen from both sides alone. The first step is 1/4 here. */
Test(gradcheck_steps, are_taken_to_one_side_where_the_other_has_little_room_and_a_sixteenth_of_it) {
    static const struct {
        double below, above;
        bool both;
    } rows[] = {
        {0.25 / 64.5, 2, false}, {0.25 / 63.5, 2, true}, {2, 0.25 / 64.5, false},
        {2, 0.25 / 63.5, true},  {1e-4, 16.5e-4, false}, {1e-4, 15.5e-4, true},
        {16.5e-4, 1e-4, false},  {15.5e-4, 1e-4, true},  {0, 1e-9, false},
        {1e-9, 0, false},        {1e-9, 1e-9, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        examine_at(1, distance, 1 - rows[i].below, 1 + rows[i].above);
        cr_expect_eq(found.kink, rows[i].both, "row %zu", i);
        const double slope = rows[i].above > rows[i].below ? 1 : -1;
        cr_expect(rows[i].both || fabs(found.estimate.value - slope) <= 1e-6, "row %zu: %g", i,
                  found.estimate.value);
    }
}

static double itself(double x) {
    return x;
}

Test(gradcheck_steps, find_room_in_a_domain_of_any_width) {
    static const double widths[] = {1e-60, 1e-300, 1e60};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        examine_at(0, itself, 0, widths[i]);
        cr_expect(fabs(found.estimate.value - 1) <= 1e-9 && found.estimate.bound <= 1e-9,
                  "%g: %g +- %g", widths[i], found.estimate.value, found.estimate.bound);
    }
}

static double third_power_above(double x) {
    return x < at ? NAN : x * x * x;
}

static double third_power_below(double x) {
    return x > at ? NAN : x * x * x;
}

/* 1/4, six times a quarter of that, and then the same to one side. */
Test(gradcheck_steps, are_taken_to_one_side_after_six_that_the_other_refuses) {
    static const double units[] = {1e-60, 1, 1e60};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (int below = 0; below < 2; below++) {
            const double x = units[i], slope = 3 * x * x;
            examine_at(x, below ? third_power_below : third_power_above, 0.5 * x, 1.5 * x);
            const double furthest = below ? -m.low : m.low;
            cr_expect(!below || fabs(furthest - 0x1p-12 * x) <= 1e-9 * x, "%g: %a", x,
                      furthest / x);
            cr_expect(!found.kink && fabs(found.estimate.value - slope) <= found.estimate.bound &&
                          found.estimate.bound <= 1e-7 * slope,
                      "%g: %g +- %g", x, found.estimate.value / slope,
                      found.estimate.bound / slope);
        }
    }
}

static double first_kink_then_pocket;

/* Finite near the kink but for a pocket on one side. */
static double with_a_pocket(double x) {
    const double d = x - at;
    const bool far = fabs(d) > 4.9e-4;
    const bool pocket = d > first_kink_then_pocket && d < 2 * first_kink_then_pocket;
    return far || pocket ? NAN : fabs(d);
}

/* Five are refused, one or two are not, the next is. */
Test(gradcheck_steps, stay_on_both_sides_once_one_has_been_taken) {
    for (int taken = 1; taken <= 2; taken++) {
        first_kink_then_pocket = ldexp(0.25, -2 * (5 + taken)) * 0.6;
        examine_at(1, with_a_pocket, -8, 8);
        cr_expect(found.kink && fabs(found.low + 1) <= 1e-6 && fabs(found.high - 1) <= 1e-6,
                  "%d: %g to %g", taken, found.low, found.high);
    }
}

/* Each of the 40 begins above; from the sixth on it is tried below and above as well. */
Test(gradcheck_steps, end_after_forty_that_are_refused) {
    map_open(&m, 1, itself, slope_of_one);
    m.x[0] = 0;
    m.reach = 0;
    examine(0, true);
    cr_expect_eq(m.n_called, 40u + 2 * 35u, "%zu", m.n_called);
    cr_expect_eq(found.doubt, GRADCHECK_DOMAIN_EDGE);
}

static double steep(double x) {
    return 1e300 * x;
}

/* Beside entries of 1e-310 there are 20 steps down to the smallest number, and then noise is
 * measured. */
Test(gradcheck_steps, end_at_the_smallest_number_where_x_is_zero) {
    map_open(&m, 2, steep, slope_of_one);
    m.x[0] = 0;
    m.x[1] = 1e-310;
    m.noise = 1e-14;
    examine(0, true);
    const double off = fabs(found.estimate.value - 1e300);
    cr_expect(off <= found.estimate.bound && found.estimate.bound <= 2e298, "%g +- %g",
              found.estimate.value, found.estimate.bound);
    cr_expect_eq(found.doubt, GRADCHECK_NOISE, "%s", gradcheck_reason_name(found.doubt));
}

/* ---- how many there are ---- */

/* Steep, and in proportion as noisy, but near. */
static double less_steep_near(double x) {
    const double d = x - at;
    return 1 + (fabs(d) > 0.03 ? 100 * d : d);
}

/* At the fifth step 8 times the noise is a tenth of the largest quotient, 100; with that of the
 * next coarser one it would be at the third. */
Test(gradcheck_steps, end_by_the_noise_of_the_finest) {
    map_open(&m, 1, less_steep_near, slope_of_one);
    m.x[0] = at = 1;
    m.kernel.accuracy = 0.012;
    m.kernel.accuracy_reason = "a steep part";
    examine(0, true);
    enum { STEPS = 5, SAMPLES = 12 };
    cr_expect_eq(m.n_called, 2u * STEPS + SAMPLES, "%zu", m.n_called);
}

static double near_its_place(double x) {
    return fabs(x - at) < 1e-3 ? x - at : 0;
}

/* The cotangent makes 0 of the smallest number, which is all their noise. */
Test(gradcheck_steps, are_not_all_there_are_while_outputs_stay_zero) {
    map_open(&m, 1, near_its_place, slope_of_one);
    m.x[0] = at = 1;
    map_start(&m, &s, &(struct gradcheck_options){.n_points = 1}, &r);
    s.cotangent[0] = 0.25;
    gc_examine(&s, 0, true, &found);
    cr_expect(fabs(found.estimate.value - 0.25) <= 1e-6, "%g", found.estimate.value);
    gc_session_close(&s);
}

/* The noise is that of the function at 1e-3, which is small: 26 steps do not come down to it. */
static double exact_near_zero(double x) {
    return x > 1.2 ? 0 : x + x * x * x;
}

Test(gradcheck_steps, are_no_coarser_where_there_are_as_many_as_there_may_be) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        map_open(&m, 2, exact_near_zero, slope_of_one);
        m.x[0] = 1e-3;
        m.x[1] = 1.4;
        examine(seed, true);
        cr_expect(m.high <= 0.25, "seed %d: %g", (int)seed, m.high);
    }
}

static double exponential(double x) {
    return unit * exp(x / unit);
}

/* The first coarser step too, if there is one. */
Test(gradcheck_steps, are_the_same_in_any_unit) {
    static const double units[] = {0x1p-200, 0x1p200};
    size_t n_coarser = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        double high = 0, bound = 0;
        unit = 1;
        for (size_t i = 0; i <= sizeof units / sizeof units[0]; i++) {
            map_open(&m, 1, exponential, slope_of_one);
            m.x[0] = unit;
            examine(seed, false);
            if (i == 0) {
                high = m.high;
                bound = found.estimate.bound;
                n_coarser += high > 0.25;
            }
            cr_expect(m.high == high * unit && found.estimate.bound == bound,
                      "seed %d, unit %g: %g, %g", (int)seed, unit, m.high / unit,
                      found.estimate.bound);
            unit = i < 2 ? units[i] : 1;
        }
    }
    cr_expect(n_coarser > 0);
}

/* One that is refused up to a seventh of x: at half of x there is a level, and at about a quarter
 * where zero is approached. */
static double coarse(double x) {
    return x != at && fabs(x - at) < 0.15 ? NAN : x;
}

Test(gradcheck_steps, approach_zero_from_a_single_level) {
    map_open(&m, 2, coarse, slope_of_one);
    m.x[0] = at = 1;
    m.x[1] = sqrt(7);
    examine(0, true);
    cr_expect(fabs(found.estimate.value - 1) <= 1e-9 && found.estimate.bound <= 1e-9, "%g +- %g",
              found.estimate.value, found.estimate.bound);
}

/* ---- what kinks are told by ---- */

/* The steps are those from 0.98 of the room to 4 units of x, each a quarter of the last. */
Test(gradcheck_steps, tell_a_kink_by_four_levels_and_doubt_by_three) {
    static const struct {
        double room;
        bool kink;
        enum gradcheck_reason doubt;
    } rows[] = {
        {0.5e-14, false, GRADCHECK_DOMAIN_EDGE},
        {2e-14, false, GRADCHECK_KINK},
        {8e-14, true, GRADCHECK_KINK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        examine_at(1, distance, 1 - rows[i].room, 1 + rows[i].room);
        cr_expect_eq(found.kink, rows[i].kink, "row %zu", i);
        cr_expect_eq(found.doubt, rows[i].doubt, "row %zu: %s", i,
                     gradcheck_reason_name(found.doubt));
    }
}

static double least;

static double distance_of_some(double x) {
    return x != at && fabs(x - at) < least ? NAN : fabs(x - at);
}

Test(gradcheck_steps, tell_no_kink_by_three_levels_however_sharp) {
    for (int n = 2; n <= 4; n++) {
        least = 0.7 * ldexp(0.25, -2 * (n - 1));
        map_open(&m, 1, distance_of_some, slope_of_one);
        m.x[0] = at = 1;
        examine(0, false);
        cr_expect_eq(found.kink, n >= 4, "%d", n);
        cr_expect_eq(found.doubt, n < 3 ? GRADCHECK_NON_FINITE : GRADCHECK_KINK, "%d: %s", n,
                     gradcheck_reason_name(found.doubt));
    }
}

static double kink_of_unit(double x) {
    return unit * fabs(x - at);
}

Test(gradcheck_steps, tell_a_kink_at_any_magnitude) {
    static const double units[] = {1e-60, 1e60};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        unit = units[i];
        examine_at(1, kink_of_unit, -8, 8);
        cr_expect(found.kink && found.convex && found.high > 0.99 * unit, "%g", unit);
    }
}

static double rippled(double x) {
    return fabs(x - at) + ripple * sin(1e7 * x);
}

/* Against what is not known of them, slopes have to differ by 8 times it, and 4 times have to be
 * left of the jump; there are some just below and just above both. */
Test(gradcheck_steps, tell_a_kink_that_stands_out_of_its_bounds) {
    size_t n_near_8 = 0, n_near_4 = 0;
    for (int i = 0; i < 400; i++) {
        const double x = 0.8 + 0.00123 * i;
        ripple = 1e-4 * pow(10, 0.01 * i);
        examine_at(x, rippled, -8, 8);
        const double gap = found.high - found.low, jump = found.estimate.jump;
        const double bound = found.kink_bound;
        cr_expect_eq(found.kink, gap > 8 * bound && jump > 4 * bound, "%g: %g, %g, %g", x, gap,
                     jump, bound);
        n_near_8 += gap > 8 * bound && gap <= 9 * bound && jump > 4 * bound;
        n_near_4 += jump > 4 * bound && jump <= 5 * bound && gap > 8 * bound;
    }
    cr_expect(n_near_8 > 0 && n_near_4 > 0, "%zu, %zu", n_near_8, n_near_4);
}
