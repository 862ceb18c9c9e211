// SPDX-License-Identifier: MIT
/* One probe of one entry: the step it takes, what the outputs show of it, and how noisy they are.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <limits.h>
#include <math.h>

#include "gradcheck/map.h"
#include "gradcheck/probe.h"

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

static double line(double x) {
    return 2 * x;
}

Test(gradcheck_probe, room_is_that_within_the_format) {
    struct gc_lane lane;
    start(line, one, 8e307);
    gc_lane_open(&s, &lane, 0);
    cr_expect(lane.above == DBL_MAX - 8e307 && lane.below == 8e307 + DBL_MAX, "%g", lane.above);
    gc_session_close(&s);
}

static void probe(double h, int side, struct gc_lane *lane) {
    struct gc_group group = {.n_lanes = 1, .lanes = lane};
    gc_lane_open(&s, lane, 0);
    cr_assert_eq(gc_probe(&s, &group, h, side), GC_DONE);
}

Test(gradcheck_probe, an_output_that_moved_is_known_to_have_however_far_and_often) {
    struct gc_lane lane;
    start(line, one, 1);
    gc_watch_outputs(&s);
    cr_expect_eq(s.touched[0], 0);
    probe(16, 1, &lane);
    cr_expect(s.touched[0] == 1 && isinf(s.grain[0]), "too far off to tell its grain");
    for (int i = 0; i < 200; i++) {
        probe(0.25, 0, &lane);
    }
    cr_expect(s.touched[0] == UCHAR_MAX && s.grain[0] == 0.5);
    gc_session_close(&s);
}

/* From half to twice its size at the point: each value counts once beyond the first. */
Test(gradcheck_probe, an_output_of_about_its_size_tells_its_grain) {
    static const struct {
        double x, h;
        int side;
        unsigned touched;
        double grain;
    } table[] = {
        {1, 1, 1, 2, 4},        {1, 1.25, 1, 1, INFINITY},
        {1, 0.5, -1, 2, 1},     {1, 0.625, -1, 1, INFINITY},
        {0.75, 0.25, 0, 3, 1},  {0.625, 0.125, 0, 3, 0.5},
        {0, 1, 0, 1, INFINITY},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gc_lane lane;
        start(line, one, table[i].x);
        gc_watch_outputs(&s);
        probe(table[i].h, table[i].side, &lane);
        cr_expect(s.touched[0] == table[i].touched && s.grain[0] == table[i].grain,
                  "row %zu: %d, %g", i, s.touched[0], s.grain[0]);
        gc_session_close(&s);
    }
}

/* y = x in float32, z a constant in float64, w one in float32. */
struct formats {
    float x, dx, y, dy;
    double z, dz;
    float w, dw;
};

static float last_x;

static int formats_forward(void *ctx) {
    struct formats *p = ctx;
    last_x = p->x;
    p->y = p->x;
    p->z = 1e6;
    p->w = 10;
    return 0;
}

static int formats_backward(void *ctx) {
    struct formats *p = ctx;
    p->dx = p->dy;
    return 0;
}

static void start_formats(struct formats *p) {
    static struct gradcheck_tensor in, out[3];
    static struct gradcheck_kernel k;
    in = (struct gradcheck_tensor)GRADCHECK_INPUT("x", &p->x, &p->dx);
    out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &p->y, &p->dy);
    out[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", &p->z, &p->dz);
    out[2] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("w", &p->w, &p->dw);
    k = (struct gradcheck_kernel){.name = "formats",
                                  .inputs = &in,
                                  .n_inputs = 1,
                                  .outputs = out,
                                  .n_outputs = 3,
                                  .forward = formats_forward,
                                  .backward = formats_backward,
                                  .ctx = p};
    cr_assert_eq(gc_session_open(&s, &k, &one_point, &r, false), GRADCHECK_OK);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
}

/* Each output's is 0.3 units of its own format, those that stand still included. */
Test(gradcheck_probe, noise_at_the_point_is_that_of_each_outputs_format) {
    struct formats p = {.x = 1};
    struct gc_lane lane;
    start_formats(&p);
    probe(0.25, 0, &lane);
    const double y = 0.3 * FLT_EPSILON * s.cotangent[0];
    const double z = 0.3 * DBL_EPSILON * 1e6 * s.cotangent[1];
    const double w = 0.3 * FLT_EPSILON * 10 * s.cotangent[2];
    const double all = hypot(hypot(y, z), w);
    cr_expect(fabs(lane.levels.least_noise - all) <= 1e-6 * all, "%g, not %g",
              lane.levels.least_noise, all);
    gc_session_close(&s);
}

static double twice(double x) {
    return 2 * scale * x;
}

/* There: at a step of 16 the output is 34 units, or 30 to the other side. */
Test(gradcheck_probe, noise_of_a_step_is_that_of_the_outputs_there_at_any_magnitude) {
    static const double scales[] = {0x1p-660, 1, 0x1p660};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        for (int approximate = 0; approximate < 2; approximate++) {
            struct gc_lane lane;
            scale = scales[i];
            start(twice, one, 1);
            m.kernel.accuracy = approximate ? 1e-3 : 0;
            probe(16, 0, &lane);
            const double unit = 0.3 * DBL_EPSILON + 0.25 * m.kernel.accuracy;
            const double there = lane.levels.noise[0] / scale,
                         here = lane.levels.least_noise / scale;
            cr_expect(fabs(there - 34 * unit) <= 1e-9 * there, "%g: %g", scale, there / unit);
            cr_expect(fabs(here - 2 * unit) <= 1e-9 * here, "%g: %g", scale, here / unit);
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_probe, an_output_of_0_is_known_to_the_smallest_number) {
    start(line, one, 1);
    cr_expect(gc_output_floor(&s, &s.outputs[0], 0) == 0x1p-1074);
    gc_session_close(&s);
}

Test(gradcheck_probe, an_input_feels_its_own_last_place) {
    map_open(&m, 3, sin, cos);
    m.x[0] = -1e6;
    map_start(&m, &s, &one_point, &r);
    for (size_t e = 0; e < 3; e++) {
        const double expected = 0.3 * DBL_EPSILON * fabs(m.x[e]);
        cr_expect(fabs(gc_input_floor(&s, e) - expected) <= 1e-9 * expected, "%zu", e);
    }
    gc_session_close(&s);
}

Test(gradcheck_probe, a_step_below_the_last_place_is_refused_without_a_call) {
    for (int side = -1; side <= 1; side++) {
        struct gc_lane lane;
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        start(line, one, 1);
        gc_lane_open(&s, &lane, 0);
        cr_expect_eq(gc_probe(&s, &group, 1e-17, side), GC_REFUSED);
        cr_expect(m.n_called == 0 && lane.levels.n == 0);
        gc_session_close(&s);
    }
}

/* On one side the step is what the value on that side says. */
Test(gradcheck_probe, a_step_to_one_side_is_as_long_as_it_is) {
    struct formats p = {.x = 0.1F};
    for (int side = -1; side <= 1; side += 2) {
        struct gc_lane lane;
        start_formats(&p);
        probe(10.3, side, &lane);
        const double h = fabs((double)last_x - (double)0.1F);
        cr_expect(lane.levels.n == 1 && lane.levels.h[0] == h, "%a, not %a", lane.levels.h[0], h);
        gc_session_close(&s);
    }
}

/* ---- outputs that stand still ---- */

/* What the first of three entries shows: its own output moves, the others stand at these. */
static void probe_first_of_three(double second, double third, const unsigned char alive[],
                                 struct gc_lane *lane) {
    map_open(&m, 3, line, one);
    m.x[0] = 1;
    m.x[1] = second / 2;
    m.x[2] = third / 2;
    map_start(&m, &s, &one_point, &r);
    for (size_t i = 0; i < 3; i++) {
        s.cotangent[i] = 1;
        s.alive[i] = alive[i];
    }
    probe(0.25, 0, lane);
    gc_session_close(&s);
}

/* However little that is beside what moved; of those that move with other entries it is none. */
Test(gradcheck_probe, outputs_that_never_move_may_hide_as_much_as_their_rounding) {
    for (unsigned moves = 0; moves < 8; moves++) {
        const unsigned char alive[] = {moves & 1U, moves >> 1U & 1U, moves >> 2U};
        const double unit = 0.3 * DBL_EPSILON;
        const double hidden = hypot(alive[1] ? 0 : 1000 * unit, alive[2] ? 0 : 3000 * unit);
        const double here = hypot(2 * unit, hidden), there = hypot(2.5 * unit, hidden);
        struct gc_lane lane;
        probe_first_of_three(1000, 3000, alive, &lane);
        cr_expect(fabs(lane.levels.least_noise - here) <= 1e-9 * here, "%u: %g, not %g", moves,
                  lane.levels.least_noise, here);
        cr_expect(fabs(lane.levels.noise[0] - there) <= 1e-9 * there, "%u: %g, not %g", moves,
                  lane.levels.noise[0], there);
    }
}

Test(gradcheck_probe, outputs_that_others_move_hide_what_is_more_than_1e_9_of_what_moved) {
    static const double shares[] = {0.9e-9, 1.1e-9};
    static const unsigned char alive[] = {1, 1, 1};
    for (size_t i = 0; i < 2; i++) {
        const double still = shares[i] / (0.3 * DBL_EPSILON);
        struct gc_lane lane;
        probe_first_of_three(still, 0, alive, &lane);
        const double due = i == 0 ? 2 * 0.3 * DBL_EPSILON : shares[i];
        cr_expect(fabs(lane.levels.least_noise - due) <= 1e-6 * due, "%g: %g", shares[i],
                  lane.levels.least_noise);
    }
}

/* ---- overflow ---- */

static double peak(double x) {
    return x == 1 ? -1.5e308 : 1.5e308;
}

static double cliff(double x) {
    return x == 1 ? 0 : x < 1 ? -1.5e308 : 1.5e308;
}

/* Of a peak the slope is finite, but not the bend; of a cliff the other way round. */
Test(gradcheck_probe, a_step_whose_difference_or_bend_overflows_is_no_level) {
    double (*const maps[])(double) = {peak, cliff};
    for (size_t i = 0; i < 2; i++) {
        struct gc_lane lane;
        start(maps[i], one, 1);
        probe(0.25, 0, &lane);
        cr_expect_eq(lane.levels.n, 0u, "%zu: %g, %g", i, lane.levels.odd[0], lane.levels.jump[0]);
        gc_session_close(&s);
    }
}
