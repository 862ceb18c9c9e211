// SPDX-License-Identifier: MIT
/* Products by differences alone: which inputs are asked for, cotangents, bounds, and what is no
 * answer. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "layer.h"

enum { N = LAYER_ROWS * LAYER_COLUMNS };

static void expect_right(const struct layer *l, const double *dx, const double *dw,
                         const double *bound) {
    for (size_t r = 0; r < LAYER_ROWS; r++) {
        for (size_t c = 0; c < LAYER_COLUMNS; c++) {
            size_t i = r * l->row + c * l->column, k = r * LAYER_COLUMNS + c;
            double allowed = bound ? bound[k] : 1e-8;
            cr_expect(!dx || fabs(dx[k] - l->dy[i] * l->w[i] * cos(l->x[i])) <= allowed);
            cr_expect(!dw || fabs(dw[k] - l->dy[i] * sin(l->x[i])) <= allowed);
            cr_expect(!bound || (bound[k] > 0 && bound[k] < 1e-7), "%g", allowed);
        }
    }
}

Test(gradcheck_vjp, gives_what_is_asked_for_and_a_bound_that_holds) {
    for (size_t stride = 1; stride <= 2; stride++) {
        struct layer l, before;
        layer_open(&l);
        layer_stride(&l, stride == 1 ? LAYER_COLUMNS : 10, stride);
        l.kernel.n_inputs = 3; /* the label has no derivative */
        for (size_t i = 0; i < LAYER_ROOM; i++) {
            l.dy[i] = 0.5 + (double)(i % 5);
        }
        before = l;
        double dx[N], dw[N], bound[N];
        double *both[] = {dx, dw, NULL}, *x[] = {dx, NULL, NULL}, *w[] = {NULL, dw, NULL};
        double *bounds[] = {NULL, bound, NULL}, *x_bounds[] = {bound, NULL, NULL};
        cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, both, NULL), GRADCHECK_OK);
        expect_right(&l, dx, dw, NULL);
        memset(dx, 0, sizeof dx);
        cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, x_bounds), GRADCHECK_OK);
        expect_right(&l, dx, NULL, bound);
        memset(dw, 0, sizeof dw);
        cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, w, bounds), GRADCHECK_OK);
        expect_right(&l, NULL, dw, bound);
        cr_expect_eq(l.n_backward, 0u, "backward is not called");
        cr_expect_eq(memcmp(l.x, before.x, sizeof l.x) + memcmp(l.w, before.w, sizeof l.w), 0);
        cr_expect_eq(memcmp(l.dy, before.dy, sizeof l.dy), 0);
    }
}

Test(gradcheck_vjp, needs_no_grad_and_takes_1_for_a_cotangent_that_is_not_there) {
    struct layer l;
    layer_open(&l);
    l.inputs[0].grad = l.inputs[1].grad = l.outputs[0].grad = NULL;
    double dx[N], bound[N], *x[] = {dx, NULL}, *bounds[] = {bound, NULL};
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, bounds), GRADCHECK_OK);
    for (size_t i = 0; i < LAYER_ROOM; i++) {
        l.dy[i] = 1;
    }
    expect_right(&l, dx, NULL, bound);
}

static int refuse(void *ctx) {
    (void)ctx;
    return 1;
}

static int not_a_number(void *ctx) {
    struct layer *l = ctx;
    l->y[0] = NAN;
    return 0;
}

Test(gradcheck_vjp, what_has_no_answer_says_so) {
    struct layer l;
    layer_open(&l);
    double dx[N], bound[N], *x[] = {dx, NULL}, *none[] = {NULL, NULL}, *bounds[] = {bound, NULL};
    cr_expect_eq(gradcheck_numeric_vjp(NULL, NULL, x, NULL), GRADCHECK_E_NULL);
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, NULL, NULL), GRADCHECK_E_NULL);
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, none, NULL), GRADCHECK_E_NO_GRADIENT);
    l.kernel.forward = not_a_number;
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, bounds), GRADCHECK_OK);
    for (size_t i = 0; i < N; i++) {
        cr_expect(isnan(dx[i]) && isinf(bound[i]));
    }
    l.kernel.forward = refuse;
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, bounds), GRADCHECK_E_FORWARD);
}

/* ---- y = x^2, z = x^3, with cotangents of their own ---- */

struct two {
    double x[2], y[2], dy[2], z[2], dz[2];
    struct gradcheck_tensor in[1], out[2];
    struct gradcheck_kernel kernel;
};

static int two_forward(void *ctx) {
    struct two *k = ctx;
    for (size_t i = 0; i < 2; i++) {
        k->y[i] = k->x[i] * k->x[i];
        k->z[i] = k->y[i] * k->x[i];
    }
    return 0;
}

/* NaN wherever the second stands elsewhere. */
static int second_is_fixed(void *ctx) {
    struct two *k = ctx;
    (void)two_forward(ctx);
    k->z[1] = k->x[1] == -1.2 ? k->z[1] : NAN;
    return 0;
}

static void two_open(struct two *k) {
    *k = (struct two){.x = {0.7, -1.2}, .dy = {1, 2}, .dz = {30, 400}};
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, NULL, 2);
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, k->dy, 2);
    k->out[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", k->z, k->dz, 2);
    k->kernel = (struct gradcheck_kernel){.name = "two",
                                          .inputs = k->in,
                                          .n_inputs = 1,
                                          .outputs = k->out,
                                          .n_outputs = 2,
                                          .forward = two_forward,
                                          .ctx = k};
}

static double two_slope(const struct two *k, size_t i) {
    return 2 * k->x[i] * k->dy[i] + 3 * k->x[i] * k->x[i] * k->dz[i];
}

Test(gradcheck_vjp, takes_the_cotangent_of_each_output) {
    struct two k;
    two_open(&k);
    double dx[2] = {0}, dz[2] = {30, 400}; /* and nothing after them */
    k.out[1].grad = dz;
    double *asked[] = {dx};
    cr_assert_eq(gradcheck_numeric_vjp(&k.kernel, NULL, asked, NULL), GRADCHECK_OK);
    for (size_t i = 0; i < 2; i++) {
        cr_expect(fabs(dx[i] - two_slope(&k, i)) <= 1e-8 * fabs(two_slope(&k, i)), "%zu: %g", i,
                  dx[i]);
    }
}

Test(gradcheck_vjp, of_an_entry_that_cannot_move_is_no_number_and_of_the_others_is_right) {
    struct two k;
    two_open(&k);
    k.kernel.forward = second_is_fixed;
    double dx[2] = {0}, bound[2] = {0};
    double *asked[] = {dx}, *bounds[] = {bound};
    cr_assert_eq(gradcheck_numeric_vjp(&k.kernel, NULL, asked, bounds), GRADCHECK_OK);
    cr_expect(fabs(dx[0] - two_slope(&k, 0)) <= bound[0] && bound[0] < 1e-7, "%g", bound[0]);
    cr_expect(isnan(dx[1]) && isinf(bound[1]), "%g, %g", dx[1], bound[1]);
}

/* Neither a backward nor a jvp has a part in it, whatever they lack. */
Test(gradcheck_vjp, needs_no_tangent_for_a_jvp_that_is_there) {
    struct layer l;
    layer_open(&l);
    double dx[N], *x[] = {dx, NULL};
    l.inputs[0].tangent = l.inputs[1].tangent = l.outputs[0].tangent = NULL;
    l.kernel.jvp_symmetric = true;
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, NULL), GRADCHECK_OK);
    expect_right(&l, dx, NULL, NULL);
}

/* There is no gradient to disagree with: one look at each entry is enough. */
Test(gradcheck_vjp, calls_no_more_than_a_check_of_a_right_gradient_does) {
    struct layer l;
    layer_open(&l);
    const struct gradcheck_options o = {.n_points = 1};
    const struct gradcheck_report r = layer_run(&l, &o);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    double dx[N], dw[N], *both[] = {dx, dw};
    l.n_forward = 0;
    cr_assert_eq(gradcheck_numeric_vjp(&l.kernel, &o, both, NULL), GRADCHECK_OK);
    cr_expect_leq(l.n_forward, 1 + r.n_forward_elementwise, "%zu of %zu", l.n_forward,
                  r.n_forward_elementwise);
}
