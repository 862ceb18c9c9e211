// SPDX-License-Identifier: MIT
/* What the screen knows of its directions: which failed and by how much, what it says of them, and
 * where it looks. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"
#include "gradcheck/screen.h"

static double cube(double x) {
    return x * x * x;
}

static double cube_slope(double x) {
    return 3 * x * x;
}

/* grad . direction */
static double along(const struct gc_session *s) {
    double sum = 0;
    for (size_t e = 0; e < s->n_entries; e++) {
        sum += s->grad[e] * s->direction[e];
    }
    return sum;
}

static bool is_near(double a, double b) {
    return fabs(a - b) <= 1e-9 * fabs(b);
}

enum { N = 6, WRONG = 2 };

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};

static void start(double factor) {
    map_open(&m, N, sin, cos);
    m.factor[WRONG] = factor;
    map_start(&m, &s, &one_point, &r);
}

Test(gradcheck_directions, a_range_has_the_same_direction_as_the_whole_and_none_outside) {
    double whole[N];
    start(1);
    for (size_t first = 0; first < N; first++) {
        for (size_t last = first + 1; last <= N; last++) {
            gc_choose_direction(&s, 3, 0, N);
            memcpy(whole, s.direction, sizeof whole);
            gc_choose_direction(&s, 3, first, last);
            for (size_t e = 0; e < N; e++) {
                double expected = e >= first && e < last ? whole[e] : 0;
                cr_expect(whole[e] != 0 && s.direction[e] == expected, "%zu of %zu to %zu", e,
                          first, last);
            }
        }
    }
    gc_session_close(&s);
}

Test(gradcheck_directions, that_pass_are_counted_and_the_last_is_kept) {
    struct gc_screen screen;
    start(1);
    gc_check_screen(&s, &screen);
    cr_expect_eq(screen.verdict, GRADCHECK_PASS);
    cr_expect(screen.n_pass == 3 && screen.n_fail == 0 && screen.passed == 2);
    gc_choose_direction(&s, 2, 0, N);
    cr_expect(is_near(screen.predicted, along(&s)), "%g", screen.predicted);
    cr_expect(is_near(screen.value, along(&s)), "%g", screen.value);
    cr_expect(screen.allowed > 0 && screen.allowed < 1e-9 * fabs(screen.value));
    cr_expect(fabs(screen.value - screen.predicted) <= screen.allowed);
    cr_expect(screen.step > 0 && r.screen.n_directions == 3 && r.screen.n_fail == 0);
    cr_expect(is_near(r.screen.miss_probability, 0.008), "%g", r.screen.miss_probability);
    cr_expect_str_eq(r.screen.evidence, "");
    gc_session_close(&s);
}

/* The first n are refused altogether, and tell nothing. */
static void check_failing(size_t n) {
    struct gc_screen screen;
    char entry[128], numbers[128];
    start(1.5);
    m.n_refuse = 14 * n; /* as many steps as the first direction has */
    gc_check_screen(&s, &screen);
    cr_expect_eq(screen.verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.screen.verdict, GRADCHECK_FAIL);
    cr_expect(screen.n_pass == 0 && screen.n_fail == 2 && screen.failed == n);
    cr_expect(r.screen.n_fail == 2 && r.screen.n_directions == 2 + n);
    cr_expect(r.screen.miss_probability == 0);
    gc_choose_direction(&s, n, 0, N);
    double off = -s.grad[WRONG] * s.direction[WRONG] / 3;
    cr_expect(is_near(screen.residual, off), "%g, not %g", screen.residual, off);
    cr_expect(screen.bound > 0 && screen.bound < 1e-9 && screen.step > 0);
    const size_t h = gc_heaviest(&s);
    double predicted, value, bound, step;
    snprintf(numbers, sizeof numbers,
             "point 0, direction %zu, step %%la: backward . direction %%la, by differences %%la, "
             "bound %%le;",
             n);
    cr_assert_eq(sscanf(r.screen.evidence, numbers, &step, &predicted, &value, &bound), 4, "%s",
                 r.screen.evidence);
    cr_expect(step > 0 && is_near(predicted, along(&s)) && is_near(value, along(&s) + off));
    cr_expect(bound >= screen.bound * 0.9 && bound < 1e-9);
    snprintf(entry, sizeof entry, "; most of it from x[%zu] = %a, direction %a", h, s.base[h],
             s.direction[h]);
    cr_expect_not_null(strstr(r.screen.evidence, entry), "%s, not %s", r.screen.evidence, entry);
    gc_session_close(&s);
}

Test(gradcheck_directions, that_fail_are_told_with_the_numbers_of_the_first) {
    check_failing(0);
    check_failing(1);
}

Test(gradcheck_directions, one_alone_decides) {
    struct gc_screen screen;
    const struct gradcheck_options o = {.n_points = 1, .n_directions = 1};
    map_open(&m, N, sin, cos);
    m.factor[WRONG] = 2;
    map_start(&m, &s, &o, &r);
    gc_check_screen(&s, &screen);
    cr_expect(screen.n_fail == 1 && screen.verdict == GRADCHECK_FAIL);
    gc_session_close(&s);
}

/* Three levels of a direction are enough to judge it by, fewer are not. */
Test(gradcheck_directions, cut_short_count_from_three_levels_on) {
    struct gc_screen screen;
    start(1);
    s.options.n_directions = 1;
    gc_check_screen(&s, &screen);
    const size_t first = m.n_called;
    gc_session_close(&s);
    for (size_t more = 0; more <= 6; more++) {
        start(1);
        s.options.max_evaluations = r.n_forward + first + more;
        gc_check_screen(&s, &screen);
        cr_expect_eq(r.screen.n_directions, more < 6 ? 1u : 2u, "%zu calls: %zu", more,
                     r.screen.n_directions);
        cr_expect(s.stopped && screen.n_fail == 0);
        gc_session_close(&s);
    }
}

Test(gradcheck_directions, without_a_level_say_nothing_of_the_noise) {
    struct gc_line line;
    start(1);
    gc_forget_noise(&s);
    gc_choose_direction(&s, 0, 0, N);
    m.n_refuse = 1000;
    struct gc_estimate e = gc_screen_line(&s, &line, 0.1, 8);
    cr_expect(line.levels.n == 0 && isinf(e.bound) && !s.line_noise_known);
    cr_expect_eq(m.n_called, 8u);
    cr_expect(gc_measure_line_noise(&s, 1e-3) == 0 && !s.line_noise_known, "none was sampled");
    gc_session_close(&s);
}

/* Noise asks for larger steps, a refusal for smaller ones. */
Test(gradcheck_directions, are_not_followed_again_to_where_forward_refuses) {
    size_t n_refused = 0;
    for (size_t number = 0; number < 20; number++) {
        struct gc_line line;
        start(1);
        m.kernel.accuracy = 1e-7;
        m.reach = 0.25;
        gc_forget_noise(&s);
        gc_choose_direction(&s, number, 0, N);
        (void)gc_screen_line(&s, &line, 0.1, 14);
        cr_expect_leq(m.n_refused, 1u, "direction %zu: %zu refused", number, m.n_refused);
        n_refused += m.n_refused;
        cr_expect_geq(line.levels.n, 3u);
        gc_session_close(&s);
    }
    cr_expect_geq(n_refused, 15u, "%zu", n_refused);
}

/* An entry at the end of its domain does not move. */
Test(gradcheck_directions, do_not_feel_the_rounding_of_what_has_no_room) {
    struct gc_screen screen;
    map_open(&m, N, sin, cos);
    m.inputs[0].lower = 0;
    m.inputs[0].upper = m.x[N - 1];
    map_start(&m, &s, &one_point, &r);
    s.rounding[N - 1] = INFINITY;
    gc_check_screen(&s, &screen);
    cr_expect_eq(screen.verdict, GRADCHECK_PASS);
    gc_session_close(&s);
}

Test(gradcheck_directions, leave_entries_out_that_are_no_number) {
    struct gc_line line;
    start(1);
    gc_choose_direction(&s, 0, 0, N);
    s.grad[1] = 0;
    const double sum = along(&s);
    s.grad[1] = NAN;
    gc_line_open(&s, &line);
    cr_expect(is_near(line.predicted, sum), "%g, not %g", line.predicted, sum);
    gc_session_close(&s);
}

static double scale;

static double scaled(double x) {
    return scale * sin(x / scale);
}

static double scaled_slope(double x) {
    return cos(x / scale);
}

static double steep(double x) {
    return scale * sin(x);
}

static double steep_slope(double x) {
    return scale * cos(x);
}

Test(gradcheck_directions, are_judged_alike_at_any_magnitude) {
    static const double scales[] = {1e-200, 1e-60, 1, 1e60, 1e200};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        for (int wrong = 0; wrong < 4; wrong++) {
            struct gc_screen screen;
            scale = scales[i];
            bool of_input = wrong < 2;
            map_open(&m, N, of_input ? scaled : steep, of_input ? scaled_slope : steep_slope);
            for (size_t e = 0; e < N && of_input; e++) {
                m.x[e] *= scale;
            }
            m.factor[WRONG] = wrong % 2 ? 1.01 : 1;
            if (!of_input && scale < 1 && wrong % 2) {
                continue; /* below what is hidden in the input's last place */
            }
            map_start(&m, &s, &one_point, &r);
            gc_check_screen(&s, &screen);
            cr_expect_eq(screen.verdict, wrong % 2 ? GRADCHECK_FAIL : GRADCHECK_PASS,
                         "scale %g, case %d: %s", scale, wrong,
                         gradcheck_verdict_name(screen.verdict));
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_directions, are_as_noisy_as_the_format_of_the_outputs_at_least) {
    static const double scales[] = {1e-200, 1, 1e200};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        struct gc_line line;
        struct gc_norm noise = {0, 0, 0};
        scale = scales[i];
        map_open(&m, N, steep, steep_slope);
        map_start(&m, &s, &one_point, &r);
        gc_choose_direction(&s, 0, 0, N);
        gc_line_open(&s, &line);
        cr_assert_eq(gc_line_probe(&s, &line, 1e-3), GC_DONE);
        for (size_t o = 0; o < N; o++) {
            gc_norm_add(&noise, 0.3 * DBL_EPSILON * s.y0[o] * s.cotangent[o]);
        }
        const double expected = gc_norm_value(&noise);
        cr_expect(fabs(line.levels.noise[0] - expected) < 0.01 * expected, "%g, not %g",
                  line.levels.noise[0], expected);
        gc_session_close(&s);
    }
}

Test(gradcheck_directions, are_heaviest_where_the_largest_term_is_at_any_magnitude) {
    for (int exponent = -200; exponent <= 200; exponent += 200) {
        start(1);
        for (size_t e = 0; e < N; e++) {
            s.grad[e] = (e == WRONG ? 2 : 1) * pow(10, exponent);
            s.direction[e] = e == 0 ? 1.5 : -1;
        }
        cr_expect_eq(gc_heaviest(&s), (size_t)WRONG, "1e%d", exponent);
        gc_session_close(&s);
    }
}

/* y = 1e6 v + 1e-3 w at v = 1e-6 and w = 1000: what v's last place hides says nothing of w. */
struct unequal {
    double v, dv, w, dw, y, dy;
};

static int unequal_forward(void *ctx) {
    struct unequal *u = ctx;
    u->y = 1e6 * u->v + 1e-3 * u->w;
    return 0;
}

static int unequal_backward(void *ctx) {
    struct unequal *u = ctx;
    u->dv = 1e6 * u->dy;
    u->dw = 1e-3 * u->dy * (1 + 1e-7);
    return 0;
}

Test(gradcheck_directions, feel_the_hidden_rounding_of_each_tensor_in_its_own_units) {
    struct unequal u = {.v = 1e-6, .w = 1000};
    const struct gradcheck_tensor inputs[] = {GRADCHECK_INPUT("v", &u.v, &u.dv),
                                              GRADCHECK_INPUT("w", &u.w, &u.dw)};
    const struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", &u.y, &u.dy);
    const struct gradcheck_kernel kernel = {.name = "unequal",
                                            .inputs = inputs,
                                            .n_inputs = 2,
                                            .outputs = &output,
                                            .n_outputs = 1,
                                            .forward = unequal_forward,
                                            .backward = unequal_backward,
                                            .ctx = &u};
    const struct gradcheck_options o = {.n_points = 1, .screen_only = true, .no_diagnosis = true};
    cr_assert_eq(gradcheck_run(&kernel, &o, &r), GRADCHECK_OK);
    cr_expect_eq(r.screen.verdict, GRADCHECK_FAIL, "%s", r.summary);
    cr_expect_eq(r.tensors[1].verdict, GRADCHECK_FAIL, "%s", r.summary);
}

/* ---- deeply ---- */

static void check_deeply(double factor, double noise, enum gradcheck_verdict expected) {
    struct gc_screen screen = {.verdict = GRADCHECK_INCONCLUSIVE, .failed = 1};
    map_open(&m, N, cube, cube_slope);
    m.factor[WRONG] = factor;
    map_start(&m, &s, &one_point, &r);
    m.noise = noise;
    (void)gc_forward(&s, s.y0);
    strcpy(r.screen.evidence, "so it is");
    r.screen.n_fail = 1;
    gc_screen_deeply(&s, &screen);
    const bool fails = expected == GRADCHECK_FAIL;
    cr_expect_eq(screen.verdict, expected, "factor %g, noise %g: %s", factor, noise,
                 gradcheck_verdict_name(screen.verdict));
    cr_expect_eq(r.screen.verdict, expected);
    cr_expect_str_eq(r.screen.evidence, fails ? "so it is" : "");
    cr_expect_eq(r.screen.n_fail, fails ? 1u : 0u);
    gc_session_close(&s);
}

Test(gradcheck_directions, looked_at_deeply_pass_or_fail_whatever_the_noise) {
    static const double noises[] = {0, 1e-12, 1e-9, 1e-7};
    for (size_t i = 0; i < sizeof noises / sizeof noises[0]; i++) {
        check_deeply(1, noises[i], GRADCHECK_PASS);
        check_deeply(1.3, noises[i], GRADCHECK_FAIL);
    }
}

/* ---- location ---- */

static struct gradcheck_report locate(size_t n, size_t first_wrong, size_t n_wrong) {
    const struct gradcheck_options o = {
        .n_points = 1, .screen_only = true, .no_diagnosis = true, .seed = first_wrong};
    map_open(&m, n, sin, cos);
    for (size_t i = 0; i < n_wrong; i++) {
        m.factor[first_wrong + i] = 1.25 + 0.5 * (double)(i % 2);
    }
    cr_assert_eq(gradcheck_run(&m.kernel, &o, &r), GRADCHECK_OK);
    return r;
}

Test(gradcheck_directions, lead_to_each_wrong_entry_and_to_no_more_than_sixteen) {
    static const size_t counts[] = {1, 2, 3, 16, 17, 40};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct gradcheck_report found = locate(MAP_MOST, 50, counts[i]);
        cr_expect_eq(found.verdict, GRADCHECK_FAIL);
        size_t expected = counts[i] < 16 ? counts[i] : 16;
        cr_expect_eq(found.tensors[0].n_fail, expected, "%zu wrong: %zu found", counts[i],
                     found.tensors[0].n_fail);
    }
}

Test(gradcheck_directions, lead_to_a_wrong_entry_in_few_evaluations) {
    size_t all = 0;
    for (size_t wrong = 0; wrong < MAP_MOST; wrong += 9) {
        struct gradcheck_report found = locate(MAP_MOST, wrong, 1);
        cr_expect_eq(found.tensors[0].n_fail, 1u, "%zu", wrong);
        cr_expect_eq(found.tensors[0].worst.place.index[0], wrong);
        all += found.n_forward_location;
    }
    cr_expect_leq(all, 12u * 118, "%zu", all);
}
