// SPDX-License-Identifier: MIT
/* Many entries displaced at once: what is predicted, how far they may go, what one probe gives. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/map.h"
#include "gradcheck/screen.h"

static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};
static double scale;

static double scaled_square(double x) {
    return x / scale * x;
}

static double scaled_square_slope(double x) {
    return 2 * (x / scale);
}

/* Each entry's terms and room in units of the scale. */
Test(gradcheck_line, goes_as_far_as_the_domain_allows_at_any_magnitude) {
    static const double scales[] = {0x1p-660, 0x1p-500, 1, 0x1p500, 0x1p660};
    enum { N = 5 };
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        static struct map m;
        struct gc_line line;
        scale = scales[i];
        map_open(&m, N, scaled_square, scaled_square_slope);
        for (size_t e = 0; e < N; e++) {
            m.x[e] *= scale;
        }
        m.inputs[0].lower = 0.25 * scale;
        m.inputs[0].upper = 2 * scale;
        map_start(&m, &s, &one_point, &r);
        gc_choose_direction(&s, 1, 0, N);
        gc_line_open(&s, &line);
        double predicted = 0, squares = 0, largest = INFINITY;
        for (size_t e = 0; e < N; e++) {
            const double x = m.x[e] / scale, v = s.direction[e] / scale;
            const double term = s.grad[e] * v;
            predicted += term;
            squares += term * term;
            largest = fmin(largest, 0.98 * fmin(2 - x, x - 0.25) / fabs(v));
        }
        cr_expect(fabs(line.largest - largest) <= 1e-12 * largest, "%a: %g, not %g", scale,
                  line.largest, largest);
        cr_expect(fabs(line.predicted / scale - predicted) <= 1e-12 * fabs(predicted));
        cr_expect(fabs(line.size / scale - sqrt(squares)) <= 1e-12 * sqrt(squares),
                  "%a: %g, not %g", scale, line.size / scale, sqrt(squares));
        gc_session_close(&s);
    }
}

/* y = 3 a + b - 2 c of floats, z = 1e3 y: linear, so that only the rounding of the steps is left.
 */
static struct {
    float x[3], dx[3];
    double y, dy, z, dz;
} linear;

static int linear_forward(void *ctx) {
    (void)ctx;
    linear.y = 3 * (double)linear.x[0] + (double)linear.x[1] - 2 * (double)linear.x[2];
    linear.z = 1e3 * linear.y;
    return 0;
}

static int linear_backward(void *ctx) {
    (void)ctx;
    static const float slopes[] = {3, 1, -2};
    for (size_t i = 0; i < 3; i++) {
        linear.dx[i] = (float)(slopes[i] * (linear.dy + 1e3 * linear.dz));
    }
    return 0;
}

Test(gradcheck_line, takes_out_what_the_rounding_of_steps_adds) {
    const struct gradcheck_tensor in = GRADCHECK_INPUT("x", linear.x, linear.dx, 3);
    const struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &linear.y, &linear.dy),
                                           GRADCHECK_OUTPUT("z", &linear.z, &linear.dz)};
    const struct gradcheck_kernel kernel = {.name = "linear",
                                            .inputs = &in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 2,
                                            .forward = linear_forward,
                                            .backward = linear_backward};
    for (size_t number = 0; number < 8; number++) {
        struct gc_line line;
        linear.x[0] = 1.1F;
        linear.x[1] = 0.7F;
        linear.x[2] = -0.3F;
        cr_assert_eq(gc_session_open(&s, &kernel, &one_point, &r, false), GRADCHECK_OK);
        gc_choose_point(&s, 0);
        gc_choose_cotangent(&s);
        cr_expect(s.sigma[0] == 0 && s.sigma[1] == 0);
        cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
        cr_assert_eq(gc_backward(&s, s.cotangent, NULL, s.grad), GC_DONE);
        gc_choose_direction(&s, number, 0, 3);
        s.sigma[0] = 1e3;
        s.sigma[1] = 2;
        gc_line_open(&s, &line);
        cr_assert_eq(gc_line_probe(&s, &line, 0.1), GC_DONE);
        const struct gc_levels *l = &line.levels;
        cr_expect(fabs(l->odd[0] - line.predicted) <= 1e-6 * line.size, "%zu: off by %g", number,
                  (l->odd[0] - line.predicted) / line.size);
        cr_expect(fabs(l->jump[0]) <= 1e-10 * line.size, "%zu: %g", number, l->jump[0] / line.size);
        const double noise = hypot(s.sigma[0] * s.cotangent[0], s.sigma[1] * s.cotangent[1]);
        cr_expect(fabs(l->noise[0] - noise) <= 1e-12 * noise, "%zu: %g, not %g", number,
                  l->noise[0], noise);
        gc_session_close(&s);
    }
}

static double straight(double x) {
    return x;
}

static double slope_1(double x) {
    (void)x;
    return 1;
}

/* Units in the last place above 1, which the format rounds to whole ones. */
Test(gradcheck_line, exactly_takes_steps_that_are_rounded_by_a_quarter_of_themselves_at_most) {
    static const struct {
        double units;
        bool taken;
    } rows[] = {{0.4, false},  {0.7, false}, {0.79, false}, {0.81, true},
                {1, true},     {1.3, true},  {1.35, false}, {1.49, false},
                {1.59, false}, {1.61, true}, {2.49, true},  {1e3, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct map m;
        map_at(&m, &s, &r, straight, slope_1, 1);
        s.direction[0] = 1;
        for (int exact = 0; exact < 2; exact++) {
            struct gc_line line;
            gc_line_open(&s, &line);
            line.exact = exact == 1;
            cr_assert_eq(gc_line_probe(&s, &line, rows[i].units * 0x1p-52), GC_DONE);
            cr_expect_eq(line.levels.n, rows[i].taken || !exact ? 1u : 0u, "%g units",
                         rows[i].units);
        }
        gc_session_close(&s);
    }
}

/* The loss of the two has a cotangent of 1. */
Test(gradcheck_line, weighs_a_loss_by_1) {
    const struct gradcheck_tensor in = GRADCHECK_INPUT("x", linear.x, linear.dx, 3);
    const struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &linear.y, &linear.dy),
                                           GRADCHECK_OUTPUT("z", &linear.z, NULL)};
    const struct gradcheck_kernel kernel = {.name = "linear",
                                            .inputs = &in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 2,
                                            .forward = linear_forward,
                                            .backward = linear_backward};
    cr_assert_eq(gc_session_open(&s, &kernel, &one_point, &r, false), GRADCHECK_OK);
    gc_choose_cotangent(&s);
    cr_expect(fabs(s.cotangent[0]) >= 0.5 && fabs(s.cotangent[0]) <= 1.5);
    cr_expect(s.cotangent[0] != 1 && s.cotangent[1] == 1 && s.sigma[0] == 0);
    gc_session_close(&s);
}
