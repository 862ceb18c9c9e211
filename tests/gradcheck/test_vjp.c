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
    double dx[N], *x[] = {dx, NULL};
    cr_expect_eq(gradcheck_numeric_vjp(&l.kernel, NULL, x, NULL), GRADCHECK_OK);
    for (size_t i = 0; i < LAYER_ROOM; i++) {
        l.dy[i] = 1;
    }
    expect_right(&l, dx, NULL, NULL);
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
};

static int two_forward(void *ctx) {
    struct two *k = ctx;
    for (size_t i = 0; i < 2; i++) {
        k->y[i] = k->x[i] * k->x[i];
        k->z[i] = k->y[i] * k->x[i];
    }
    return 0;
}

Test(gradcheck_vjp, takes_the_cotangent_of_each_output) {
    struct two k = {.x = {0.7, -1.2}, .dy = {1, 2}, .dz = {30, 400}};
    const struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, NULL, 2)};
    const struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, 2),
                                           GRADCHECK_OUTPUT("z", k.z, k.dz, 2)};
    const struct gradcheck_kernel kernel = {.name = "two",
                                            .inputs = in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 2,
                                            .forward = two_forward,
                                            .ctx = &k};
    double dx[2] = {0};
    double *asked[] = {dx};
    cr_assert_eq(gradcheck_numeric_vjp(&kernel, NULL, asked, NULL), GRADCHECK_OK);
    for (size_t i = 0; i < 2; i++) {
        const double right = 2 * k.x[i] * k.dy[i] + 3 * k.x[i] * k.x[i] * k.dz[i];
        cr_expect(fabs(dx[i] - right) <= 1e-8 * fabs(right), "%zu: %g", i, dx[i]);
    }
}
