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

static double flat(double x) {
    return 1 + 1e-4 * x;
}

/* As if the outputs were float32, and known to be. */
static void start(size_t n, double (*f)(double), double first, double second, double room) {
    map_open(&m, n, f, one);
    m.x[0] = first;
    m.x[1] = second;
    m.inputs[0].upper = first + room;
    m.inputs[0].lower = -9;
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

/* Room for 0.45 of it becomes room for 0.98 of it by one step more, whether or not steps were cut
 * short to fit; there is no second one. */
Test(gradcheck_quick, a_coarser_step_is_taken_where_there_is_room_for_it) {
    static const double rooms[] = {0.05, 0.3, 0.445, 0.49};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        const struct gc_quick quick = {.step = 0.2, .n_levels = 6, .bound = 0, .scale = 1e-4};
        struct gc_lane lane = {.entry = 0};
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        start(1, flat, 0.5, 0, rooms[i]);
        gc_check_group(&s, &group, &quick);
        const double share = coarsest(&lane) / rooms[i];
        cr_expect(share > 0.85 && share <= 0.98, "%g: %g", rooms[i], share);
        cr_expect_eq(lane.levels.n, 7u, "%g: %zu", rooms[i], lane.levels.n);
        gc_session_close(&s);
    }
}
