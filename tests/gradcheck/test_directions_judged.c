// SPDX-License-Identifier: MIT
/* When a direction passes, fails or decides nothing: rounding of the gradient and of hidden values,
 * kinks, refusals and the budget. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"
#include "gradcheck/screen.h"

enum { N = 6, WRONG = 2 };

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;

/* y = sin x, except that the gradient of an entry is off by a factor. */
static void start(size_t wrong, double factor, size_t n_directions) {
    const struct gradcheck_options o = {.n_points = 1, .n_directions = n_directions};
    map_open(&m, N, sin, cos);
    m.factor[wrong] = factor;
    map_start(&m, &s, &o, &r);
}

static struct gc_screen judge(void) {
    struct gc_screen screen;
    gc_check_screen(&s, &screen);
    return screen;
}

/* Where the gradient is rounded, a direction is allowed four times what that makes of it. */
Test(gradcheck_directions_judged, allow_for_the_rounding_of_each_entry) {
    for (size_t e = 0; e < N; e++) {
        for (int much = 0; much < 2; much++) {
            struct gc_line line;
            start(e, 1 + (much ? 5e-5 : 3e-5), 1);
            memset(s.rounding, 0, N * sizeof s.rounding[0]);
            s.rounding[e] = 1e-5 * fabs(s.grad[e]);
            struct gc_screen screen = judge();
            cr_expect_eq(screen.verdict, much ? GRADCHECK_FAIL : GRADCHECK_PASS, "entry %zu: %s", e,
                         gradcheck_verdict_name(screen.verdict));
            if (!much) {
                const double allowed = 4 * fabs(s.rounding[e] * s.direction[e]);
                gc_line_open(&s, &line);
                const double resolution = allowed / fmax(line.size, fabs(screen.value));
                cr_expect(fabs(screen.allowed - allowed) < 1e-4 * allowed, "%g, not %g",
                          screen.allowed, allowed);
                cr_expect(fabs(r.screen.resolution - resolution) < 1e-4 * resolution, "%g, not %g",
                          r.screen.resolution, resolution);
            }
            gc_session_close(&s);
        }
    }
}

/* Four units of hidden values are no mistake that a direction shows, and a little more is. */
Test(gradcheck_directions_judged, do_not_accuse_what_hidden_rounding_may_do) {
    static const double units[] = {-4.5, -3.5, 3.5, 4.5};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct gc_norm total = {0, 0, 0};
        start(0, 1, 1);
        s.narrow_epsilon = 1e-5;
        gc_choose_direction(&s, 0, 0, N);
        const double unit = gc_hidden_unit(&s, &s.inputs[0], false);
        for (size_t e = 0; e < N; e++) {
            gc_norm_add(&total, unit * s.direction[e]);
        }
        const double off = units[i] * gc_norm_value(&total);
        cr_assert_gt(fabs(off), 1e-7);
        s.grad[WRONG] += off / s.direction[WRONG];
        struct gc_screen screen = judge();
        cr_expect_eq(screen.verdict, fabs(units[i]) > 4 ? GRADCHECK_FAIL : GRADCHECK_INCONCLUSIVE,
                     "%g units: %s", units[i], gradcheck_verdict_name(screen.verdict));
        gc_session_close(&s);
    }
}

Test(gradcheck_directions_judged, one_that_passes_is_enough_if_none_fails) {
    start(0, 1, 1);
    cr_expect_eq(judge().verdict, GRADCHECK_PASS);
    gc_session_close(&s);
}

/* The first direction's steps, and no level to judge it by. */
Test(gradcheck_directions_judged, decide_nothing_where_forward_refuses) {
    start(0, 1.5, 1);
    m.n_refuse = 1000;
    struct gc_screen screen = judge();
    cr_expect_eq(screen.verdict, GRADCHECK_INCONCLUSIVE);
    cr_expect_eq(r.screen.verdict, GRADCHECK_INCONCLUSIVE);
    cr_expect_eq(m.n_called, 14u);
    cr_expect(screen.n_fail == 0 && screen.n_pass == 0 && r.screen.n_directions == 1);
    gc_session_close(&s);
}

Test(gradcheck_directions_judged, one_level_is_no_step_that_did_well) {
    start(0, 1.5, 1);
    m.n_refuse = 13;
    struct gc_screen screen = judge();
    cr_expect_eq(screen.verdict, GRADCHECK_INCONCLUSIVE);
    cr_expect_eq(screen.step, 0);
    gc_session_close(&s);
}

/* One that fails among others that pass may be an accident of its steps. */
Test(gradcheck_directions_judged, one_that_fails_among_others_that_pass_decides_nothing) {
    size_t n_mixed = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        const struct gradcheck_options o = {.n_points = 1, .n_directions = 3, .seed = seed};
        map_open(&m, N, sin, cos);
        map_start(&m, &s, &o, &r);
        s.grad[0] += 6e-4; /* these two cancel in some directions, but for what is allowed */
        s.grad[1] += 6e-4;
        s.rounding[2] = 2.5e-4;
        struct gc_screen screen = judge();
        if (screen.n_fail == 1 && screen.n_pass > 0) {
            cr_expect_eq(screen.verdict, GRADCHECK_INCONCLUSIVE, "seed %u", (unsigned)seed);
            n_mixed++;
        }
        gc_session_close(&s);
    }
    cr_expect_geq(n_mixed, 5u, "%zu", n_mixed);
}

/* At a later point, where forward takes the steps. */
Test(gradcheck_directions_judged, that_decided_nothing_are_followed_by_those_that_do) {
    start(0, 1, 2);
    m.n_refuse = 28;
    (void)judge();
    cr_assert_eq(r.screen.verdict, GRADCHECK_INCONCLUSIVE);
    (void)judge();
    cr_expect_eq(r.screen.verdict, GRADCHECK_PASS);
    m.n_refuse = 28;
    (void)judge();
    cr_expect_eq(r.screen.verdict, GRADCHECK_PASS);
    gc_session_close(&s);
}

/* That of another point would hide everything here. */
Test(gradcheck_directions_judged, measure_the_noise_of_each_point) {
    start(0, 1, 3);
    for (size_t i = 0; i < s.n_outs; i++) {
        s.sigma[i] = 1;
    }
    s.line_noise_known = true;
    cr_expect_eq(judge().verdict, GRADCHECK_PASS);
    gc_session_close(&s);
}

/* Three levels, and then no call to measure the noise with. */
Test(gradcheck_directions_judged, accuse_nothing_before_the_noise_is_known) {
    size_t n_known = 0;
    for (size_t calls = 6; calls < 40; calls++) {
        start(WRONG, 1.5, 1);
        s.options.max_evaluations = r.n_forward + calls;
        struct gc_screen screen = judge();
        n_known += s.line_noise_known;
        cr_expect_eq(screen.n_fail, s.line_noise_known ? 1u : 0u, "%zu calls", calls);
        gc_session_close(&s);
    }
    cr_expect(n_known > 0 && n_known < 34, "%zu", n_known);
}

/* ---- kinks ---- */

static double kink_at, beyond; /* the slope further off than `beyond` is 1 more */

static double kinked(double x) {
    const double off = x - kink_at;
    return off + (fabs(off) > beyond ? copysign(fabs(off) - beyond, off) : 0);
}

static double one(double x) {
    (void)x;
    return 1;
}

static double vee(double x) {
    return 1 + fabs(x - kink_at);
}

/* At the very kink the slope is from -1 to 1: a gradient of 3 is far from either, but nothing that
 * differences with such a jump could show. */
Test(gradcheck_directions_judged, a_kink_at_the_point_is_nothing_sound) {
    for (int deeply = 0; deeply < 2; deeply++) {
        const struct gradcheck_options o = {.n_points = 1, .n_directions = 1};
        map_open(&m, 1, vee, one);
        kink_at = m.x[0];
        m.factor[0] = 3;
        map_start(&m, &s, &o, &r);
        struct gc_screen screen = {.verdict = GRADCHECK_INCONCLUSIVE};
        if (deeply) {
            gc_screen_deeply(&s, &screen);
        } else {
            screen = judge();
        }
        cr_expect_eq(screen.verdict, GRADCHECK_INCONCLUSIVE, "deeply %d: %s", deeply,
                     gradcheck_verdict_name(screen.verdict));
        gc_session_close(&s);
    }
}

/* Coarse steps agree about the slope beyond the kinks; finer ones tell. */
Test(gradcheck_directions_judged, kinks_within_coarse_steps_accuse_no_right_gradient) {
    static const double widths[] = {1e-3, 3e-4, 1e-4};
    static const double noises[] = {0, 1e-6, 1e-5, 1e-4}; /* in widths */
    for (size_t i = 0; i < 12; i++) {
        const struct gradcheck_options o = {.n_points = 1, .n_directions = 3};
        map_open(&m, 1, kinked, one);
        kink_at = m.x[0];
        beyond = widths[i / 4];
        map_start(&m, &s, &o, &r);
        m.noise = noises[i % 4] * beyond;
        (void)gc_forward(&s, s.y0);
        struct gc_screen screen = judge();
        cr_expect_eq(screen.n_fail, 0u, "kinks at %g, noise %g: %s", beyond, m.noise,
                     r.screen.evidence);
        gc_session_close(&s);
    }
}

Test(gradcheck_directions_judged, of_equally_heavy_entries_the_first_is_named) {
    start(0, 1, 1);
    for (size_t e = 0; e < N; e++) {
        s.grad[e] = e % 2 ? 2 : -1;
        s.direction[e] = e % 3 ? 1 : -1;
    }
    cr_expect_eq(gc_heaviest(&s), 1u);
    gc_session_close(&s);
}

static double refused_when_known(double x) {
    if (s.line_noise_known) {
        m.n_refuse = 1000;
    }
    return x;
}

Test(gradcheck_directions_judged, after_the_first_have_six_steps) {
    const struct gradcheck_options o = {.n_points = 1, .n_directions = 2};
    map_open(&m, N, refused_when_known, one);
    map_start(&m, &s, &o, &r);
    struct gc_screen screen = judge();
    cr_expect_eq(screen.n_pass, 1u);
    cr_expect_eq(m.n_refused, 6u, "%zu", m.n_refused);
    gc_session_close(&s);
}
