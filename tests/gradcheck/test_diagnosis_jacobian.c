// SPDX-License-Identifier: MIT
/* The two Jacobians that a diagnosis looks at: how exact they are, what they cost, and what is left
 * of them without them; and what shows in the judged entries alone. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/tables.h"

/* ---- y0 = x0^3 + x1, y1 = offset + x0 x1, y2 = x2, whose gradient is scaled by 2 ---- */

enum { N_X = 3, N_Y = 3, COST = 6 * N_X + N_Y + 1 };

struct cubic {
    double x[N_X], dx[N_X], y[N_Y], dy[N_Y], offset;
    size_t n_forward, refused; /* the number of the call that is; 0: none */
    struct gradcheck_tensor in[1], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    struct gradcheck_report report;
    struct gc_jacobians j;
};

static struct cubic k;

static int forward(void *ctx) {
    (void)ctx;
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
    static const double units[] = {1, 1000};
    for (size_t i = 0; i < 8; i++) {
        const double unit = units[i % 2];
        const double step = steps[i / 2 % 2] * unit;
        open_cubic(NULL, offsets[i / 4] * unit * unit);
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

/* ---- what shows in the judged entries ---- */

enum { N_E = 6 };

static struct fine {
    struct tables b;
    double grad[N_E], numeric[N_E], bound[N_E], rounding[N_E];
    unsigned char state[N_E];
} fine;

static const struct gc_table *open_fine(enum gradcheck_dtype dtype, double output_epsilon) {
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {N_E}, .dtype = dtype},
                                          {0}};
    const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
    struct gc_session *s = &fine.b.s;
    tables_open(&fine.b, in, out, false);
    s->narrow_epsilon = output_epsilon;
    s->grad = fine.grad;
    s->numeric = fine.numeric;
    s->bound = fine.bound;
    s->rounding = fine.rounding;
    s->state = fine.state;
    for (size_t e = 0; e < N_E; e++) {
        fine.numeric[e] = fine.grad[e] = fine.b.right[e];
        fine.bound[e] = 1e-12;
        fine.rounding[e] = 0;
        fine.state[e] = GC_SEEN;
    }
    return tables_look(&fine.b, 0);
}

/* '.' right, 'f' rounded to float, 'r' off by as much, 'w' off by more */
static void spoil(const char *entries) {
    for (size_t e = 0; e < N_E; e++) {
        const double right = fine.numeric[e];
        fine.grad[e] = entries[e] == 'f'   ? (double)(float)right
                       : entries[e] == 'r' ? right * (1 + 1e-7 / 3)
                       : entries[e] == 'w' ? right * 1.001
                                           : right;
    }
}

Test(diagnosis_fine, float_where_double_was_promised_is_told_by_its_rounding) {
    static const struct {
        const char *entries;
        struct expected_guess e;
    } rows[] = {
        {"f.....",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 2 / 3, "in 1 of 6 entries, and they are"}},
        {"ffff..",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 8 / 9, "in 4 of 6 entries, and they are"}},
        {"fffr..",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 8 / 9, "in 4 of 6 entries, and they are"}},
        {"ffrr..", {GRADCHECK_CAUSE_LOW_PRECISION, 0.85 * 8 / 9, "in 4 of 6 entries: float"}},
        {"fffw..", {.text = ""}},
        {"......", {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(GRADCHECK_F64, DBL_EPSILON);
        spoil(rows[i].entries);
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_fine, float_is_what_was_promised_where_an_input_or_an_output_is) {
    static const struct {
        enum gradcheck_dtype dtype;
        double output_epsilon;
    } rows[] = {
        {GRADCHECK_F32, FLT_EPSILON}, {GRADCHECK_F32, DBL_EPSILON}, {GRADCHECK_F64, FLT_EPSILON}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(rows[i].dtype, rows[i].output_epsilon);
        spoil("ffff..");
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &(struct expected_guess){.text = ""}, i);
    }
}
