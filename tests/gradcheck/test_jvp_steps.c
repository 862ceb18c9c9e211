// SPDX-License-Identifier: MIT
/* Steps of the differences that a tangent is held against: in any size of the input, with values
 * that are larger than at the point. */
#include <criterion/criterion.h>

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

/* ---- y = x1^2 in float32, x1 much smaller than x0, which the steps are taken from ---- */

struct small {
    double x[2], vx[2];
    float y, vy;
};

static int small_forward(void *ctx) {
    struct small *k = ctx;
    k->y = (float)(k->x[1] * k->x[1]);
    return 0;
}

static int small_jvp(void *ctx) {
    struct small *k = ctx;
    k->vy = (float)(2 * k->x[1] * k->vx[1]);
    return 0;
}

/* Values there are larger than at the point, and so is their rounding. */
Test(gradcheck_jvp, may_be_off_by_how_outputs_round_at_the_steps) {
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct small k = {.x = {1, 1e-4}};
        struct gradcheck_tensor in = GRADCHECK_INPUT("x", k.x, NULL, 2);
        struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", &k.y, NULL);
        in.tangent = k.vx;
        out.tangent = &k.vy;
        const struct gradcheck_kernel kernel = {.name = "small",
                                                .inputs = &in,
                                                .n_inputs = 1,
                                                .outputs = &out,
                                                .n_outputs = 1,
                                                .forward = small_forward,
                                                .jvp = small_jvp,
                                                .ctx = &k};
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&kernel, &(struct gradcheck_options){.seed = seed}, &r),
                     GRADCHECK_OK, "%s", r.summary);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_neq(rule->verdict, GRADCHECK_FAIL, "seed %d: %s", (int)seed, rule->evidence);
    }
}
