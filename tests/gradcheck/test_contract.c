// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/gradcheck.h"
#include "gradcheck/rules.h"

/* y = a x^2 elementwise, whose passes can break one rule each. */
enum { N = 4 };

struct square {
    double x[N], dx[N], y[N], dy[N];
    double cache[N], size[N];
    bool cached;
    double drift;
    int calls;
    int breaks; /* enum gradcheck_rule, or -1 */
    struct gradcheck_tensor inputs[1], outputs[1];
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct square *t = ctx;
    t->calls++;
    for (size_t i = 0; i < N; i++) {
        t->y[i] = t->x[i] * t->x[i] + t->drift;
        if (t->breaks != GRADCHECK_RULE_NO_STALE_CACHE || !t->cached) {
            t->cache[i] = t->x[i];
        }
    }
    t->cached = true; /* until backward consumes it */
    if (t->breaks == GRADCHECK_RULE_FORWARD_DETERMINISTIC) {
        t->y[1] *= 1 + 1e-15 * t->calls;
    }
    if (t->breaks == GRADCHECK_RULE_INPUTS_UNTOUCHED) {
        t->x[2] = -t->x[2];
    }
    return 0;
}

static double bent(const struct square *t, double dy) {
    switch (t->breaks) {
    case GRADCHECK_RULE_HOMOGENEOUS:
        return fmin(dy, 0.1);
    case GRADCHECK_RULE_ADDITIVE:
        return fabs(dy) == dy ? dy : dy / 2; /* homogeneous but for the sign */
    default:
        return dy;
    }
}

static int backward(void *ctx) {
    struct square *t = ctx;
    t->calls++;
    t->cached = false;
    for (size_t i = 0; i < N; i++) {
        double dx = 2 * t->cache[i] * bent(t, t->dy[i]);
        if (t->breaks == GRADCHECK_RULE_ZERO_COTANGENT) {
            dx += 1e-300;
        }
        if (t->breaks == GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE) {
            t->dx[i] += dx;
        } else if (t->breaks != GRADCHECK_RULE_EVERY_ENTRY_WRITTEN || i != 3) {
            t->dx[i] = dx;
        }
    }
    if (t->breaks == GRADCHECK_RULE_BACKWARD_DETERMINISTIC) {
        t->dx[1] *= 1 + 1e-15 * t->calls;
    }
    if (t->breaks == GRADCHECK_RULE_OUTPUTS_UNTOUCHED) {
        t->y[0] += 1;
    }
    if (t->breaks == GRADCHECK_RULE_COTANGENTS_UNTOUCHED) {
        t->dy[0] += 1;
    }
    if (t->breaks == GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD) {
        t->drift += 1e-3;
    }
    return 0;
}

static void open_square(struct square *t, int breaks) {
    memset(t, 0, sizeof *t);
    t->breaks = breaks;
    for (size_t i = 0; i < N; i++) {
        t->x[i] = 0.5 + (double)i;
    }
    struct gradcheck_tensor input = GRADCHECK_INPUT("x", t->x, t->dx, N);
    struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t->y, t->dy, N);
    t->inputs[0] = input;
    t->outputs[0] = output;
    t->kernel = (struct gradcheck_kernel){.name = "square",
                                          .inputs = t->inputs,
                                          .n_inputs = 1,
                                          .outputs = t->outputs,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = t};
}

static const int RULES[] = {
    GRADCHECK_RULE_FORWARD_DETERMINISTIC,
    GRADCHECK_RULE_BACKWARD_DETERMINISTIC,
    GRADCHECK_RULE_INPUTS_UNTOUCHED,
    GRADCHECK_RULE_OUTPUTS_UNTOUCHED,
    GRADCHECK_RULE_COTANGENTS_UNTOUCHED,
    GRADCHECK_RULE_EVERY_ENTRY_WRITTEN,
    GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE,
    GRADCHECK_RULE_ZERO_COTANGENT,
    GRADCHECK_RULE_HOMOGENEOUS,
    GRADCHECK_RULE_ADDITIVE,
    GRADCHECK_RULE_NO_STALE_CACHE,
    GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD,
};

Test(gradcheck_contract, a_good_kernel_keeps_every_rule) {
    struct square t;
    open_square(&t, -1);
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        cr_assert_eq(r.rules[RULES[i]].verdict, GRADCHECK_PASS, "%s: %s",
                     gradcheck_rule_name((enum gradcheck_rule)RULES[i]),
                     r.rules[RULES[i]].evidence);
    }
}

Test(gradcheck_contract, a_broken_rule_fails_by_name_with_evidence) {
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        struct square t;
        open_square(&t, RULES[i]);
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
        const char *name = gradcheck_rule_name((enum gradcheck_rule)RULES[i]);
        cr_assert_eq(r.verdict, GRADCHECK_FAIL, "%s", name);
        cr_assert_eq(r.rules[RULES[i]].verdict, GRADCHECK_FAIL, "%s", name);
        cr_assert(r.rules[RULES[i]].evidence[0] != '\0', "%s", name);
        cr_assert_not(r.rules[RULES[i]].waived, "%s", name);
    }
}

/* Odd in the cotangent, so that only doubling shows it; and a product that underflows, which is not
 * doubled exactly and no fault. */
static int clipping_backward(void *ctx) {
    struct square *t = ctx;
    for (size_t i = 0; i < N; i++) {
        t->dx[i] = 2 * t->x[i] * fmin(fmax(t->dy[i], -1), 1);
    }
    return 0;
}

static int underflowing_forward(void *ctx) {
    struct square *t = ctx;
    for (size_t i = 0; i < N; i++) {
        t->y[i] = 3e-160 * (7e-160 * t->x[i]);
    }
    return 0;
}

static int underflowing_backward(void *ctx) {
    struct square *t = ctx;
    for (size_t i = 0; i < N; i++) {
        t->dx[i] = 3e-160 * (7e-160 * t->dy[i]);
    }
    return 0;
}

Test(gradcheck_contract, clipping_is_not_linear_and_underflow_is_no_fault) {
    struct square t;
    struct gradcheck_report r;
    const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_HOMOGENEOUS];
    open_square(&t, -1);
    t.kernel.backward = clipping_backward;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(rule->verdict, GRADCHECK_FAIL, "%s", rule->evidence);
    cr_assert_not_null(strstr(rule->evidence, "backward(2u)"), "%s", rule->evidence);
    open_square(&t, -1);
    t.kernel.forward = underflowing_forward;
    t.kernel.backward = underflowing_backward;
    bool seen = false;
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct gradcheck_options o = {.seed = seed};
        cr_assert_eq(gradcheck_run(&t.kernel, &o, &r), GRADCHECK_OK);
        cr_assert_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
        seen = seen || strstr(rule->evidence, "underflow") != NULL;
    }
    cr_assert(seen);
}

/* x / |x|, as it is where a norm is over one element: backward is 0 but for rounding. */
static int sign_forward(void *ctx) {
    struct square *t = ctx;
    for (size_t i = 0; i < N; i++) {
        t->cache[i] = 1 / sqrt(t->x[i] * t->x[i]);
        t->y[i] = t->x[i] * t->cache[i] * t->size[i];
    }
    return 0;
}

static int sign_backward(void *ctx) {
    struct square *t = ctx;
    for (size_t i = 0; i < N; i++) {
        const double inverse = t->cache[i];
        const double dy = t->dy[i] * t->size[i] * t->inputs[0].grad_scale;
        t->dx[i] = dy * inverse - t->x[i] * (dy * t->x[i]) * pow(inverse, 3);
    }
    return 0;
}

static int bent_sign_backward(void *ctx) {
    struct square *t = ctx;
    (void)sign_backward(ctx);
    for (size_t i = 0; i < N; i++) {
        t->dx[i] += 1e-12 * fabs(t->dy[i]) * t->size[i] * t->cache[i] * t->inputs[0].grad_scale;
    }
    return 0;
}

Test(gradcheck_contract, what_cancels_to_0_is_additive_but_for_rounding) {
    struct square t;
    struct gradcheck_report r;
    int n_bent = 0;
    for (uint64_t seed = 0; seed < 16; seed++) {
        const struct gradcheck_options o = {.seed = seed};
        open_square(&t, -1);
        for (size_t i = 0; i < N; i++) {
            t.x[i] = (0.7 + (double)i) * (seed % 4 < 2 ? 1 : 1e-4);
            t.size[i] = i == 0 ? 1e3 : 1;
        }
        t.inputs[0].shape[0] = t.outputs[0].shape[0] = seed % 8 < 4 ? N : 1;
        t.inputs[0].grad_scale = seed % 2 == 0 ? 1 : 1 / 64.0;
        t.kernel.forward = sign_forward;
        t.kernel.backward = sign_backward;
        cr_assert_eq(gradcheck_run(&t.kernel, &o, &r), GRADCHECK_OK);
        rules_expect(&r, GRADCHECK_RULE_ADDITIVE, GRADCHECK_PASS, "");
        t.kernel.backward = bent_sign_backward;
        cr_assert_eq(gradcheck_run(&t.kernel, &o, &r), GRADCHECK_OK);
        n_bent += r.rules[GRADCHECK_RULE_ADDITIVE].verdict == GRADCHECK_FAIL;
    }
    cr_expect_geq(n_bent, 6, "%d of 16", n_bent); /* unless u and v have the same signs */
}

Test(gradcheck_contract, a_waiver_accepts_a_broken_rule_and_repeats_its_reason) {
    struct square t;
    open_square(&t, GRADCHECK_RULE_OUTPUTS_UNTOUCHED);
    const struct gradcheck_waiver waiver = {"outputs_untouched", "backward reuses y as scratch"};
    t.kernel.waivers = &waiver;
    t.kernel.n_waivers = 1;
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert(r.rules[GRADCHECK_RULE_OUTPUTS_UNTOUCHED].waived);
    cr_assert_not_null(
        strstr(r.rules[GRADCHECK_RULE_OUTPUTS_UNTOUCHED].evidence, "reuses y as scratch"));
}

Test(gradcheck_contract, accumulating_as_declared_passes_and_overwriting_then_fails) {
    struct square t;
    open_square(&t, GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE); /* it adds */
    t.kernel.grad_accumulates = true;
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    open_square(&t, -1);
    t.kernel.grad_accumulates = true;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.rules[GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE].verdict, GRADCHECK_FAIL);
}
