// SPDX-License-Identifier: MIT
/* Which steps are tried beyond those that calibration chose. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};

static double one(double x) {
    (void)x;
    return 1;
}

/* Up to 1 little but noise, above it a ripple that short steps alone see through. */
static double flat_or_rippled(double x) {
    return x < 1 ? 1 + 1e-5 * x : x + 1e-5 * sin(1000 * x);
}

static double unit = 1;

static double flat(double x) {
    return 1 + 1e-4 * x / unit;
}

/* As if the outputs were float32, and known to be. */
static void start(size_t n, double (*f)(double), double first, double second, double room) {
    map_open(&m, n, f, one);
    m.x[0] = first;
    m.x[1] = second;
    m.inputs[0].upper = first + room;
    m.inputs[0].lower = -99 * unit;
    m.noise = 1e-7;
    map_start(&m, &s, &one_point, &r);
    m.kernel.accuracy = 1e-6;
    s.epsilon = s.narrow_epsilon = FLT_EPSILON;
    s.forward_only = true;
    s.cotangent[0] = s.cotangent[n - 1] = 1;
}

static double coarsest(const struct gc_lane *lane) {
    return gc_max_abs(lane->levels.h, lane->levels.n);
}

/* The flat one is furthest from what is aimed at and wants coarser steps, the other finer ones. */
Test(gradcheck_quick, entries_that_move_together_take_the_steps_that_the_worst_one_wants) {
    for (int swapped = 0; swapped < 2; swapped++) {
        const struct gc_quick quick = {.step = 0.1, .n_levels = 6, .bound = 0, .scale = 1e-5};
        const size_t lane_of_output[] = {0, 1};
        struct gc_lane lanes[] = {{.entry = 0}, {.entry = 1}};
        struct gc_group group = {2, lanes, lane_of_output};
        start(2, flat_or_rippled, swapped ? 3 : 0.5, swapped ? 0.5 : 3, 99);
        gc_check_group(&s, &group, &quick);
        cr_expect(coarsest(&lanes[0]) > 1, "%d: %g", swapped, coarsest(&lanes[0]));
        cr_expect_eq(lanes[0].levels.n, 10u, "%d: %zu", swapped, lanes[0].levels.n);
        gc_session_close(&s);
    }
}

/* ---- what is aimed at ---- */

static double half(double x) {
    return 0.5 * x;
}

struct effort {
    double epsilon;
    bool thorough;
    size_t levels, extra;
    double relative, least, slack, accuracy;
};

/* Of float32; of float64 thoroughly and not. */
static const struct effort efforts[] = {
    {FLT_EPSILON, false, 6, 6, 1e-4, 0.1, 0.1, 1e-5},
    {DBL_EPSILON, true, 6, 2, 3e-12, 0.1, 0.1, 3e-13},
    {DBL_EPSILON, false, 3, 2, 2e-10, 0.05, 2, 2e-11},
};

/* How many levels are tried for an estimate of a straight line. */
static size_t levels_tried(const struct effort *effort, double accuracy, double bound, double scale,
                           struct gc_estimate *e) {
    const struct gc_quick quick = {0.1, effort->levels, bound, scale};
    struct gc_lane lane = {.entry = 0};
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    start(1, half, 1, 0, 99);
    m.noise = 0;
    m.kernel.accuracy = accuracy;
    s.epsilon = s.narrow_epsilon = effort->epsilon;
    s.options.thorough = effort->thorough;
    (void)gc_forward(&s, s.y0);
    gc_check_group(&s, &group, &quick);
    *e = gc_estimate_best(&lane.levels, effort->levels);
    gc_session_close(&s);
    return lane.levels.n;
}

/* As many as calibration says, if their bound is what is aimed at: a share of the entry, or of what
 * its tensor's entries are, or what the calibrated entry reached. */
Test(gradcheck_quick, more_steps_are_tried_where_the_bound_is_wider_than_what_is_aimed_at) {
    for (size_t i = 0; i < sizeof efforts / sizeof efforts[0]; i++) {
        const struct effort *effort = &efforts[i];
        struct gc_estimate e, unused;
        size_t n_content = 0, n = 0;
        for (double share = 1.0 / 8; share < 32; share *= 1.2) {
            const double accuracy = share * effort->accuracy;
            cr_assert_eq(levels_tried(effort, accuracy, 1e9, 0, &e), effort->levels);
            const bool content = e.bound <= effort->relative * fabs(e.value);
            const bool is_content = levels_tried(effort, accuracy, 0, 0, &unused) == effort->levels;
            cr_expect_eq(is_content, content, "row %zu: %g of %g", i, e.bound, e.value);
            n_content += content;
            n++;
        }
        cr_expect(n_content > 0 && n_content < n, "row %zu: %zu of %zu", i, n_content, n);
        const double coarse = 32 * effort->accuracy;
        (void)levels_tried(effort, coarse, 1e9, 0, &e);
        for (int wider = 0; wider < 2; wider++) {
            const double aim = e.bound * (wider ? 1.01 : 0.99);
            const double bound = aim / effort->slack,
                         scale = aim / effort->least / effort->relative;
            cr_expect_eq(levels_tried(effort, coarse, bound, 0, &unused) == effort->levels, wider,
                         "row %zu", i);
            cr_expect_eq(levels_tried(effort, coarse, 0, scale, &unused) == effort->levels, wider,
                         "row %zu", i);
        }
        cr_expect_eq(levels_tried(effort, 1, 0, 0, &unused), effort->levels + effort->extra,
                     "row %zu", i);
    }
}

/* With less than a 64th of a step to go, an entry is looked at by itself. */
Test(gradcheck_quick, steps_are_cut_short_to_a_64th) {
    static const double parts[] = {63.5, 64.5};
    for (size_t i = 0; i < 2; i++) {
        const struct gc_quick quick = {.step = 0.2, .n_levels = 6, .bound = 0, .scale = 1e-4};
        struct gc_lane lane = {.entry = 0};
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        start(1, flat, 0.5, 0, 0.2 / 0.45 / parts[i]);
        gc_check_group(&s, &group, &quick);
        cr_expect_eq(lane.levels.n > 0, i == 0, "%g: %zu", parts[i], lane.levels.n);
        gc_session_close(&s);
    }
}

/* Room for 0.45 of it becomes room for 0.98 of it by one step more, whether or not steps were cut
 * short to fit; there is no second one. At any magnitude. */
Test(gradcheck_quick, a_coarser_step_is_taken_where_there_is_room_for_it) {
    static const double rooms[] = {0.05, 0.3, 0.445, 0.49};
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < 4 * 3; i++) {
        const double room = rooms[i / 3] * magnitudes[i % 3];
        unit = magnitudes[i % 3];
        const struct gc_quick quick = {
            .step = 0.2 * unit, .n_levels = 6, .bound = 0, .scale = 1e-4 / unit};
        struct gc_lane lane = {.entry = 0};
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        start(1, flat, 0.5 * unit, 0, room);
        gc_check_group(&s, &group, &quick);
        const double share = coarsest(&lane) / room;
        cr_expect(share > 0.85 && share <= 0.98, "%g: %g", room, share);
        cr_expect_eq(lane.levels.n, 7u, "%g: %zu", room, lane.levels.n);
        gc_session_close(&s);
    }
    unit = 1;
}

static double rippled(double x) {
    return sin(30 * x / unit);
}

/* As many as are to be had, each by the same ratio. At any magnitude. */
Test(gradcheck_quick, finer_steps_are_taken_where_they_are_too_coarse) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < 3; i++) {
        unit = magnitudes[i];
        const struct gc_quick quick = {.step = unit, .n_levels = 3, .bound = 0, .scale = 0};
        struct gc_lane lane = {.entry = 0};
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        start(1, rippled, 0.5 * unit, 0, 99 * unit);
        m.noise = m.kernel.accuracy = 0;
        s.epsilon = DBL_EPSILON;
        gc_check_group(&s, &group, &quick);
        cr_assert_eq(lane.levels.n, 5u, "%g: %zu", unit, lane.levels.n);
        for (size_t k = 1; k < 5; k++) {
            const double ratio = lane.levels.h[k] / lane.levels.h[k - 1];
            cr_expect(fabs(ratio - 0.46) < 1e-9, "%g: %g", unit, ratio);
        }
        gc_session_close(&s);
    }
    unit = 1;
}
