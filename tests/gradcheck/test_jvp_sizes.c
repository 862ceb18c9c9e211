// SPDX-License-Identifier: MIT
/* Tangents and steps are in proportion to the input, however large or small it is. */
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
