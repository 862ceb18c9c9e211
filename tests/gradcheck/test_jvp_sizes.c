// SPDX-License-Identifier: MIT
/* Tangents and steps are in proportion to the input, however large or small it is. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/gradcheck.h"

/* ---- y = size / x ---- */

struct inverse {
    double x, vx, y, vy, size, off;
};

static int inverse_forward(void *ctx) {
    struct inverse *k = ctx;
    k->y = k->size / k->x;
    return 0;
}

static int inverse_jvp(void *ctx) {
    struct inverse *k = ctx;
    k->vy = -(k->size / k->x) * (k->vx / k->x) * (1 + k->off);
    return 0;
}

Test(gradcheck_jvp, is_the_derivative_at_any_size_of_the_input) {
    static const double sizes[] = {1e-200, 1e-9, 1, 1e9, 1e200};
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof sizes[0]; i++) {
        struct inverse k = {.size = sizes[i / 3], .off = 1e-4 * ((double)(i % 3) - 1)};
        k.x = 1.3 * k.size;
        struct gradcheck_tensor in = GRADCHECK_INPUT("x", &k.x, NULL);
        struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", &k.y, NULL);
        in.tangent = &k.vx;
        out.tangent = &k.vy;
        const struct gradcheck_kernel kernel = {.name = "inverse",
                                                .inputs = &in,
                                                .n_inputs = 1,
                                                .outputs = &out,
                                                .n_outputs = 1,
                                                .forward = inverse_forward,
                                                .jvp = inverse_jvp,
                                                .ctx = &k};
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK, "%s", r.summary);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_eq(rule->verdict, k.off == 0 ? GRADCHECK_PASS : GRADCHECK_FAIL, "%g, %g: %s",
                     k.size, k.off, rule->evidence);
    }
}

/* ---- y[i] = x[i]^2, x of very different sizes, in float32, in float64 after it ---- */

enum { N = 40 };

struct squares {
    float f[N], vf[N];
    double x, vx, y[N + 1], vy[N + 1];
};

static int squares_forward(void *ctx) {
    struct squares *k = ctx;
    for (size_t i = 0; i < N; i++) {
        k->y[i] = (double)k->f[i] * (double)k->f[i];
    }
    k->y[N] = k->x * k->x;
    return 0;
}

static int squares_jvp(void *ctx) {
    struct squares *k = ctx;
    for (size_t i = 0; i < N; i++) {
        k->vy[i] = 2 * (double)k->f[i] * (double)k->vf[i];
    }
    k->vy[N] = 2 * k->x * k->vx;
    return 0;
}

Test(gradcheck_jvp, is_seen_to_be_the_derivative_with_steps_that_are_exact_in_the_input) {
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct squares k = {.x = 0.7};
        for (size_t i = 0; i < N; i++) {
            k.f[i] = (float)pow(10, -4.0 * (double)i / N);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("f", k.f, NULL, N),
                                        GRADCHECK_INPUT("x", &k.x, NULL)};
        struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", k.y, NULL, N + 1);
        in[0].tangent = k.vf;
        in[1].tangent = &k.vx;
        out.tangent = k.vy;
        const struct gradcheck_kernel kernel = {.name = "squares",
                                                .inputs = in,
                                                .n_inputs = 2,
                                                .outputs = &out,
                                                .n_outputs = 1,
                                                .forward = squares_forward,
                                                .jvp = squares_jvp,
                                                .ctx = &k};
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&kernel, &(struct gradcheck_options){.seed = seed}, &r),
                     GRADCHECK_OK, "%s", r.summary);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_eq(rule->verdict, GRADCHECK_PASS, "seed %d: %s", (int)seed, rule->evidence);
    }
}
