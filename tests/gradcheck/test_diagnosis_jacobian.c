// SPDX-License-Identifier: MIT
/* The two Jacobians that a diagnosis looks at: how exact they are, what they cost, and what is left
 * of them without them. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/diagnosis.h"
#include "gradcheck/elementwise.h"
#include "gradcheck/neuron.h"
#include "gradcheck/polynomial.h"

/* ---- y0 = x0^3 + x1, y1 = offset + x0 x1, y2 = x2, whose gradient is scaled by 2 ---- */

enum { N_X = 3, N_Y = 3, COST = 6 * N_X + N_Y + 1 };

struct cubic {
    double x[N_X], dx[N_X], y[N_Y], dy[N_Y], offset;
    double low[N_X], high[N_X]; /* x that forward saw */
    size_t n_forward, refused;  /* the number of the call that is; 0: none */
    struct gradcheck_tensor in[1], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    struct gradcheck_report report;
    struct gc_jacobians j;
};

static struct cubic k;

static int forward(void *ctx) {
    (void)ctx;
    for (size_t e = 0; e < N_X; e++) {
        k.low[e] = fmin(k.low[e], k.x[e]);
        k.high[e] = fmax(k.high[e], k.x[e]);
    }
    k.y[0] = k.x[0] * k.x[0] * k.x[0] + k.x[1];
    k.y[1] = k.offset + k.x[0] * k.x[1];
    k.y[2] = k.x[2];
    return ++k.n_forward == k.refused;
}

static int backward(void *ctx) {
    (void)ctx;
    k.dx[0] = 2 * (3 * k.x[0] * k.x[0] * k.dy[0] + k.x[1] * k.dy[1]);
    k.dx[1] = 2 * (k.dy[0] + k.x[0] * k.dy[1]);
    k.dx[2] = 2 * k.dy[2];
    return 0;
}

static void open_cubic(const struct gradcheck_options *options, double offset) {
    k = (struct cubic){.x = {0.7, -1.2, 0.4}, .offset = offset};
    k.in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k.x, k.dx, N_X);
    k.in[0].grad_scale = 2;
    k.out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k.y, k.dy, N_Y);
    k.kernel = (struct gradcheck_kernel){.name = "cubic",
                                         .inputs = k.in,
                                         .n_inputs = 1,
                                         .outputs = k.out,
                                         .n_outputs = 1,
                                         .forward = forward,
                                         .backward = backward};
    cr_assert_eq(gc_session_open(&k.s, &k.kernel, options, &k.report, false), GRADCHECK_OK);
    for (size_t e = 0; e < N_X; e++) {
        k.s.state[e] = GC_SEEN;
        k.s.step[e] = 1e-3;
        k.s.bound[e] = 1e-9 * (double)(1 + e);
        k.s.rounding[e] = 1e-7 * (double)(1 + e);
        k.s.numeric[e] = 0.1 + (double)e;
        k.s.grad[e] = 0.2 + (double)e;
        k.low[e] = k.high[e] = k.x[e];
    }
}

static void close_cubic(void) {
    gc_jacobians_close(&k.j);
    gc_session_close(&k.s);
}

static void expect_exact(double unit, double step) {
    const double right[N_Y][N_X] = {{3 * k.x[0] * k.x[0], 1, 0}, {k.x[1], k.x[0], 0}, {0, 0, 1}};
    /* the finest of three steps, by 0.46 each */
    const double h = 0.46 * 0.46 * (step > 0 ? 4 * step : 0.01 * gc_rms(k.x, N_X));
    cr_assert(gc_jacobians_open(&k.s, &k.j));
    cr_expect_eq(k.j.n_rows, N_Y);
    for (size_t at = 0; at < N_Y * N_X; at++) {
        const double d = right[at / N_X][at % N_X];
        const double off = fabs(k.j.right[at] - d);
        const double noise = 4 * DBL_EPSILON * fabs(k.y[at / N_X]) / h;
        cr_expect(off <= k.j.error[at], "%zu: off by %g, not %g", at, off, k.j.error[at]);
        cr_expect(k.j.error[at] >= 0.7 * noise, "%zu: %g < %g", at, k.j.error[at], noise);
        cr_expect(k.j.error[at] <= 10 * noise + 1e-12 * unit * unit, "%zu: %g > %g", at,
                  k.j.error[at], noise);
        cr_expect(fabs(k.j.got[at] - d) <= 1e-15 * unit * unit, "%zu", at);
    }
    cr_expect_arr_eq(k.x, k.s.base, sizeof k.x);
}

Test(diagnosis_jacobian, is_right_to_the_error_that_it_states_whether_a_step_is_known_or_not) {
    static const double offsets[] = {0, 1e6};
    static const double steps[] = {1e-3, 0};
    static const double units[] = {1, 1000, 0x1p-200};
    for (size_t i = 0; i < 12; i++) {
        const double unit = units[i % 3];
        const double step = steps[i / 3 % 2] * unit;
        open_cubic(NULL, offsets[i / 6] * unit * unit);
        for (size_t e = 0; e < N_X; e++) {
            k.x[e] *= unit;
            k.s.base[e] = k.x[e];
            k.s.step[e] = step;
        }
        gc_write_point(&k.s, k.s.base);
        expect_exact(unit, step);
        close_cubic();
    }
}

Test(diagnosis_jacobian, does_not_know_what_cannot_be_differentiated) {
    static const struct {
        unsigned char state;
        double bound;
        bool known;
    } rows[] = {{GC_SEEN, 1e-9, true},
                {GC_UNSEEN, 1e-9, false},
                {GC_SEEN | GC_AT_KINK, 1e-9, false},
                {GC_SEEN, INFINITY, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t entry = 0; entry < N_X; entry++) {
            open_cubic(NULL, 0);
            k.s.state[entry] = rows[i].state;
            k.s.bound[entry] = rows[i].bound;
            cr_assert(gc_jacobians_open(&k.s, &k.j));
            for (size_t at = 0; at < N_Y * N_X; at++) {
                cr_expect_eq(isfinite(k.j.error[at]) != 0, rows[i].known || at % N_X != entry,
                             "row %zu, %zu, %zu", i, entry, at);
            }
            close_cubic();
        }
    }
}

Test(diagnosis_jacobian, may_cost_a_quarter_of_what_is_left) {
    static const struct {
        size_t max_evaluations, n_forward;
        bool by_output;
    } rows[] = {{4 * COST, 0, true},
                {4 * COST - 1, 0, false},
                {4 * COST + 50, 50, true},
                {4 * COST + 49, 50, false},
                {4 * COST + 5000, 5000, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_options options = {.max_evaluations = rows[i].max_evaluations};
        open_cubic(&options, 0);
        k.report.n_forward = rows[i].n_forward;
        cr_assert(gc_jacobians_open(&k.s, &k.j), "row %zu", i);
        cr_expect_eq(k.j.by_output, rows[i].by_output, "row %zu", i);
        cr_expect_leq(k.report.n_forward, rows[i].n_forward + (rows[i].by_output ? COST : 0));
        close_cubic();
    }
}

Test(diagnosis_jacobian, without_it_is_the_gradient_as_it_was_judged) {
    open_cubic(&(struct gradcheck_options){.max_evaluations = 1}, 0);
    k.s.state[1] = GC_UNSEEN;
    cr_assert(gc_jacobians_open(&k.s, &k.j));
    cr_expect_eq(k.j.n_rows, 1);
    for (size_t e = 0; e < N_X; e++) {
        const double error = 1e-9 * (double)(1 + e) + 1e-7 * (double)(1 + e);
        cr_expect(k.j.right[e] == 0.1 + (double)e, "%zu", e);
        cr_expect(k.j.got[e] == 0.2 + (double)e, "%zu", e);
        cr_expect(k.j.error[e] == (e == 1 ? INFINITY : error), "%zu: %g", e, k.j.error[e]);
    }
    cr_expect_eq(k.report.n_forward, 0);
    close_cubic();
}

static int stops_at(void *ctx, const struct gradcheck_progress *progress) {
    return progress->evaluations >= *(const size_t *)ctx;
}

/* After any call but the last: a part of it would say that derivatives are 0. */
Test(diagnosis_jacobian, is_whole_or_not_there) {
    for (size_t call = 1; call < COST - 1; call++) {
        const struct gradcheck_options options = {.progress = stops_at, .progress_ctx = &call};
        open_cubic(&options, 0);
        cr_expect_not(gc_jacobians_open(&k.s, &k.j), "stopped after %zu", call);
        cr_expect_null(k.j.right);
        cr_expect_arr_eq(k.x, k.s.base, sizeof k.x);
        close_cubic();
        open_cubic(NULL, 0);
        k.refused = call;
        cr_expect_eq(gc_jacobians_open(&k.s, &k.j), call > N_Y, "refused at %zu", call);
        close_cubic();
    }
}

Test(diagnosis_jacobian, of_the_gradient_alone_may_have_as_many_entries_as_there_is_room_for) {
    static double values[GC_MAX_JACOBIAN + 1];
    static unsigned char states[GC_MAX_JACOBIAN + 1];
    static struct gc_session s;
    static struct gradcheck_kernel kernel;
    struct gc_jacobians j;
    s = (struct gc_session){.k = &kernel,
                            .fixed_cotangent = true,
                            .n_entries = GC_MAX_JACOBIAN,
                            .numeric = values,
                            .grad = values,
                            .bound = values,
                            .rounding = values,
                            .state = states};
    cr_expect(gc_jacobians_open(&s, &j));
    gc_jacobians_close(&j);
    s.n_entries++;
    cr_expect_not(gc_jacobians_open(&s, &j));
}

/* ---- how far it asks forward ---- */

Test(diagnosis_jacobian, asks_four_steps_away_and_no_further_than_nine_tenths_of_the_room) {
    static const struct {
        double lower, upper, reach[N_X]; /* from 0.7, -1.2 and 0.4; the step is 0.01 */
    } rows[] = {{0, 0, {0.04, 0.04, 0.04}},
                {-1.21, 5, {0.04, 0.9 * 0.01, 0.04}},
                {-5, 0.72, {0.9 * 0.02, 0.04, 0.04}},
                {-1.23, 0.73, {0.9 * 0.03, 0.9 * 0.03, 0.04}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_cubic(NULL, 0);
        for (size_t e = 0; e < N_X; e++) {
            k.s.step[e] = 0.01;
        }
        if (rows[i].lower < rows[i].upper) {
            k.s.inputs[0].lower = rows[i].lower;
            k.s.inputs[0].upper = rows[i].upper;
        }
        cr_assert(gc_jacobians_open(&k.s, &k.j));
        for (size_t e = 0; e < N_X; e++) {
            const double above = k.high[e] - k.s.base[e];
            const double below = k.s.base[e] - k.low[e];
            cr_expect(fabs(above - rows[i].reach[e]) <= 1e-14, "row %zu, %zu: %.17g", i, e, above);
            cr_expect(fabs(below - rows[i].reach[e]) <= 1e-14, "row %zu, %zu: %.17g", i, e, below);
        }
        close_cubic();
    }
}

/* No room at all, or none that this number knows. */
Test(diagnosis_jacobian, asks_nothing_where_there_are_no_two_points) {
    for (int huge = 0; huge < 2; huge++) {
        open_cubic(NULL, 0);
        k.s.inputs[0].upper = huge != 0 ? INFINITY : k.s.base[0];
        k.x[0] = k.s.base[0] = huge != 0 ? 1e30 : k.s.base[0];
        gc_write_point(&k.s, k.s.base);
        cr_assert(gc_jacobians_open(&k.s, &k.j));
        for (size_t at = 0; at < N_Y * N_X; at++) {
            cr_expect_eq(k.j.error[at] == INFINITY, at % N_X == 0, "%d, %zu: %g", huge, at,
                         k.j.error[at]);
        }
        /* three that backward needs, and one less than that of entries */
        cr_expect_eq(k.report.n_forward, N_Y + 6 * (N_X - 1));
        close_cubic();
    }
}

/* y2 = x2 at 0: differences are exact, and outputs are as large as the step. */
Test(diagnosis_jacobian, of_a_straight_line_is_off_by_four_roundings_at_most) {
    open_cubic(NULL, 0);
    k.s.base[2] = 0;
    gc_write_point(&k.s, k.s.base);
    cr_assert(gc_jacobians_open(&k.s, &k.j));
    cr_expect(k.j.right[2 * N_X + 2] == 1);
    cr_expect(fabs(k.j.error[2 * N_X + 2] / DBL_EPSILON - 4) <= 1e-12, "%g", k.j.error[8]);
    close_cubic();
}

/* ---- of other shapes ---- */

static void open_polynomial(struct polynomial *p, size_t n, struct gc_session *s,
                            struct gradcheck_report *r) {
    static const struct gradcheck_options options = {.max_evaluations = 100000};
    polynomial_open(p, n);
    cr_assert_eq(gc_session_open(s, &p->kernel, &options, r, false), GRADCHECK_OK);
    for (size_t e = 0; e < n; e++) {
        s->state[e] = GC_SEEN;
        s->step[e] = 1e-3;
        s->bound[e] = 1e-9;
    }
}

Test(diagnosis_jacobian, has_as_many_elements_as_there_is_room_for) {
    static const struct {
        size_t n;
        bool by_output;
    } rows[] = {{1, true}, {2, true}, {256, true}, {257, false}};
    static struct polynomial p;
    static struct gc_session s;
    struct gradcheck_report r;
    struct gc_jacobians j;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_polynomial(&p, rows[i].n, &s, &r);
        cr_assert(gc_jacobians_open(&s, &j), "row %zu", i);
        cr_expect_eq(j.by_output, rows[i].by_output, "row %zu", i);
        for (size_t at = 0; at < j.n_rows * rows[i].n && j.by_output; at++) {
            cr_expect(fabs(j.got[at] - j.right[at]) <= j.error[at] + 1e-15, "row %zu, %zu: %g", i,
                      at, j.got[at]);
        }
        gc_jacobians_close(&j);
        cr_expect_eq(j.n_rows, 0);
        gc_session_close(&s);
    }
}

/* ---- y = the sum of x^2: more entries than a Jacobian's other memory has room for ---- */

enum { N_SUMMED = 9 };

static struct summed { double x[N_SUMMED], dx[N_SUMMED], y, dy; } summed;

static int sum_forward(void *ctx) {
    (void)ctx;
    summed.y = 0;
    for (size_t i = 0; i < N_SUMMED; i++) {
        summed.y += summed.x[i] * summed.x[i];
    }
    return 0;
}

static int sum_backward(void *ctx) {
    (void)ctx;
    for (size_t i = 0; i < N_SUMMED; i++) {
        summed.dx[i] = 2 * summed.x[i] * summed.dy;
    }
    return 0;
}

Test(diagnosis_jacobian, of_one_output_has_one_row_whatever_is_not_known_of_it) {
    static struct gc_session s;
    struct gradcheck_report r;
    struct gc_jacobians j;
    const struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", summed.x, summed.dx, N_SUMMED)};
    const struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &summed.y, &summed.dy)};
    const struct gradcheck_kernel kernel = {.name = "summed",
                                            .inputs = in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 1,
                                            .forward = sum_forward,
                                            .backward = sum_backward};
    for (size_t i = 0; i < N_SUMMED; i++) {
        summed.x[i] = 0.3 + 0.1 * (double)i;
    }
    cr_assert_eq(gc_session_open(&s, &kernel, NULL, &r, false), GRADCHECK_OK);
    for (size_t e = 0; e < N_SUMMED; e++) {
        s.state[e] = e % 2 == 0 ? GC_SEEN | GC_AT_KINK : GC_SEEN;
        s.step[e] = 1e-3;
    }
    cr_assert(gc_jacobians_open(&s, &j));
    cr_expect_eq(j.n_rows, 1);
    for (size_t e = 0; e < N_SUMMED; e++) {
        cr_expect_eq(isfinite(j.error[e]) != 0, e % 2 != 0, "%zu", e);
        cr_expect(j.got[e] == 2 * summed.x[e], "%zu: %g", e, j.got[e]);
    }
    gc_jacobians_close(&j);
    gc_session_close(&s);
}

/* Each gradient in its own unit: dw and db are means, dx is not. */
Test(diagnosis_jacobian, of_several_inputs_is_scaled_as_each_of_them_says) {
    static struct neuron_test neuron;
    static struct gc_session s;
    struct gradcheck_report r;
    struct gc_jacobians j;
    neuron_test_open(&neuron);
    cr_assert_eq(gc_session_open(&s, &neuron.kernel, NULL, &r, false), GRADCHECK_OK);
    for (size_t e = 0; e < s.n_entries; e++) {
        s.state[e] = GC_SEEN;
        s.step[e] = 1e-2;
        s.bound[e] = 1e-9;
    }
    cr_assert(gc_jacobians_open(&s, &j));
    cr_expect(j.by_output);
    for (size_t at = 0; at < j.n_rows * s.n_entries; at++) {
        cr_expect(fabs(j.got[at] - j.right[at]) <= j.error[at] + 1e-15, "%zu: %g, not %g", at,
                  j.got[at], j.right[at]);
    }
    gc_jacobians_close(&j);
    gc_session_close(&s);
}
