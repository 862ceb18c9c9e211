// SPDX-License-Identifier: MIT
/* Kernels that use up their inputs or refuse, and gradients that are summed in float32. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/diagnosis.h"

/* ---- y = (x0 x1 + w0, x1 + w0 w1) ---- */

enum { N = 2 };

struct used_up {
    double x[N], dx[N], w[N], dw[N], y[N], dy[N], kept_x[N], kept_w[N];
    bool in_place; /* y lies where x does; otherwise w is cleared */
    struct gradcheck_tensor in[2], out[1];
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct used_up *k = ctx;
    memcpy(k->kept_x, k->x, sizeof k->x);
    memcpy(k->kept_w, k->w, sizeof k->w);
    double *y = k->in_place ? k->x : k->y;
    y[0] = k->kept_x[0] * k->kept_x[1] + k->kept_w[0];
    y[1] = k->kept_x[1] + k->kept_w[0] * k->kept_w[1];
    if (!k->in_place) {
        memset(k->w, 0, sizeof k->w);
    }
    return 0;
}

static int backward(void *ctx) {
    struct used_up *k = ctx;
    k->dx[0] = k->dy[0] * k->kept_x[1];
    k->dx[1] = k->dy[0] * k->kept_x[0] + k->dy[1];
    k->dw[0] = k->dy[0] + k->dy[1] * k->kept_w[1];
    k->dw[1] = k->dy[1] * k->kept_w[0];
    return 0;
}

static int backward_fails(void *ctx) {
    (void)backward(ctx);
    return 1;
}

static void open_used_up(struct used_up *k, bool in_place) {
    *k = (struct used_up){.x = {0.7, -1.1}, .w = {0.4, 1.3}, .in_place = in_place};
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, k->dx, N);
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("w", k->w, k->dw, N);
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", in_place ? k->x : k->y, k->dy, N);
    k->out[0].flags = in_place ? GRADCHECK_IN_PLACE : 0;
    k->in[1].flags = in_place ? 0 : GRADCHECK_CLOBBERED;
    k->kernel = (struct gradcheck_kernel){.name = "used_up",
                                          .inputs = k->in,
                                          .n_inputs = 2,
                                          .outputs = k->out,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = k};
}

Test(gradcheck_overwriting, inputs_that_forward_uses_up_are_there_again_for_each_call) {
    for (int in_place = 0; in_place < 2; in_place++) {
        struct used_up k;
        struct gradcheck_report r;
        open_used_up(&k, in_place != 0);
        cr_assert_eq(gradcheck_run(&k.kernel, NULL, &r), GRADCHECK_OK, "%s", r.summary);
        cr_expect_eq(r.verdict, GRADCHECK_PASS, "%d: %s", in_place, r.summary);
        cr_expect_str_eq(r.kernel, "used_up");
        cr_expect(k.x[0] == 0.7 && k.x[1] == -1.1 && k.w[0] == 0.4 && k.w[1] == 1.3);
    }
}

Test(gradcheck_overwriting, differences_alone_find_inputs_that_forward_uses_up) {
    for (int in_place = 0; in_place < 2; in_place++) {
        struct used_up k;
        double dx[N];
        double dw[N];
        double *const asked[] = {dx, dw};
        open_used_up(&k, in_place != 0);
        k.dy[0] = 2;
        k.dy[1] = -3;
        cr_assert_eq(gradcheck_numeric_vjp(&k.kernel, NULL, asked, NULL), GRADCHECK_OK);
        memcpy(k.kept_x, k.x, sizeof k.x);
        memcpy(k.kept_w, k.w, sizeof k.w);
        (void)backward(&k);
        for (size_t i = 0; i < N; i++) {
            cr_expect(fabs(dx[i] - k.dx[i]) <= 1e-9, "%d: %g, not %g", in_place, dx[i], k.dx[i]);
            cr_expect(fabs(dw[i] - k.dw[i]) <= 1e-9, "%d: %g, not %g", in_place, dw[i], k.dw[i]);
        }
    }
}

Test(gradcheck_overwriting, inputs_that_forward_uses_up_are_there_again_after_a_jacobian) {
    for (int in_place = 0; in_place < 2; in_place++) {
        struct used_up k;
        struct gradcheck_report r;
        struct gc_session s;
        struct gc_jacobians j;
        open_used_up(&k, in_place != 0);
        cr_assert_eq(gc_session_open(&s, &k.kernel, NULL, &r, false), GRADCHECK_OK);
        for (size_t e = 0; e < 2 * N; e++) {
            s.state[e] = GC_SEEN;
            s.step[e] = 1e-3;
        }
        cr_assert(gc_jacobians_open(&s, &j));
        cr_expect(k.x[0] == 0.7 && k.x[1] == -1.1 && k.w[0] == 0.4 && k.w[1] == 1.3);
        gc_jacobians_close(&j);
        gc_session_close(&s);
    }
}

Test(gradcheck_overwriting, a_backward_that_fails_leaves_no_gradient) {
    struct used_up k;
    struct gradcheck_report r;
    struct gc_session s;
    double grads[2 * N] = {0};
    open_used_up(&k, false);
    k.kernel.backward = backward_fails;
    cr_assert_eq(gc_session_open(&s, &k.kernel, NULL, &r, false), GRADCHECK_OK);
    s.cotangent[0] = s.cotangent[1] = 1;
    cr_assert_eq(gc_backward(&s, s.cotangent, NULL, grads), GC_DONE);
    for (size_t e = 0; e < 2 * N; e++) {
        cr_expect(isnan(grads[e]), "%zu", e);
    }
    gc_session_close(&s);
}

static int forward_at_the_callers_point(void *ctx) {
    const struct used_up *k = ctx;
    return k->x[0] != 0.7 || forward(ctx);
}

static int forward_finite_at_the_callers_point(void *ctx) {
    struct used_up *k = ctx;
    const bool there = k->x[0] == 0.7;
    (void)forward(ctx);
    k->y[0] = there ? k->y[0] : NAN;
    return 0;
}

/* Only w is looked at, so that x tells a point from another. */
Test(gradcheck_overwriting, a_point_where_forward_has_no_answer_is_inconclusive) {
    static const struct {
        int (*forward)(void *ctx);
        enum gradcheck_reason reason;
    } rows[] = {{forward_at_the_callers_point, GRADCHECK_DOMAIN_EDGE},
                {forward_finite_at_the_callers_point, GRADCHECK_NON_FINITE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct used_up k;
        struct gradcheck_report r;
        open_used_up(&k, false);
        k.kernel.forward = rows[i].forward;
        cr_assert_eq(gradcheck_run(&k.kernel, NULL, &r), GRADCHECK_OK, "%s", r.summary);
        for (size_t p = 1; p < r.n_points; p++) {
            cr_expect_eq(r.points[p].verdict, GRADCHECK_INCONCLUSIVE, "row %zu, %zu", i, p);
            cr_expect_eq(r.points[p].reason, rows[i].reason, "row %zu, %zu", i, p);
        }
    }
}

/* ---- y = a sum of large numbers times x, in float32, added to what the gradient held ---- */

enum { TERMS = 7 };

struct adding {
    float x, dx, y, dy;
    struct gradcheck_tensor in[1], out[1];
    struct gradcheck_kernel kernel;
};

static float term(size_t i) {
    return 1e6F / (float)(3 + i);
}

static int adding_forward(void *ctx) {
    struct adding *k = ctx;
    k->y = 0;
    for (size_t i = 0; i < TERMS; i++) {
        k->y += term(i) * k->x;
    }
    return 0;
}

static int adding_backward(void *ctx) {
    struct adding *k = ctx;
    for (size_t i = 0; i < TERMS; i++) {
        k->dx += term(i) * k->dy;
    }
    return 0;
}

Test(gradcheck_overwriting, what_is_added_term_by_term_is_a_sum_in_any_unit) {
    struct adding k = {.x = 0.7F};
    struct gradcheck_report r;
    k.in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", &k.x, &k.dx);
    k.out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &k.y, &k.dy);
    k.kernel = (struct gradcheck_kernel){.name = "adding",
                                         .inputs = k.in,
                                         .n_inputs = 1,
                                         .outputs = k.out,
                                         .n_outputs = 1,
                                         .forward = adding_forward,
                                         .backward = adding_backward,
                                         .grad_accumulates = true,
                                         .ctx = &k};
    for (uint64_t seed = 0; seed < 4; seed++) {
        const struct gradcheck_options options = {.n_points = 1, .seed = seed};
        cr_assert_eq(gradcheck_run(&k.kernel, &options, &r), GRADCHECK_OK);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE];
        cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
    }
}
