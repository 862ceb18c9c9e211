// SPDX-License-Identifier: MIT
/* A float32 kernel with two outputs and a label between them, and its forward in float64. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

enum { N = 5 };

enum wide_fault {
    WIDE_RIGHT,
    WIDE_REFUSES,
    WIDE_NOT_FINITE,
    WIDE_ANOTHER_VALUE,      /* of the second output, by 1 % */
    WIDE_ANOTHER_DERIVATIVE, /* of the second output, by 10 %, its value being the same here */
    WIDE_BACKWARD_WRONG,     /* by 1e-4 of an entry */
};

struct narrow {
    float x[N], dx[N], y[N], dy[N], z[N], dz[N], here[N];
    float vx[N], vy[N], vz[N]; /* tangents, if they are asked for */
    int32_t label;
    bool was_wide; /* the last forward */
    enum wide_fault fault;
    struct gradcheck_tensor inputs[1], outputs[3];
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct narrow *t = ctx;
    t->was_wide = false;
    for (size_t i = 0; i < N; i++) {
        t->y[i] = sinf(t->x[i]);
        t->z[i] = t->x[i] * t->x[i];
    }
    return 0;
}

static int backward(void *ctx) {
    struct narrow *t = ctx;
    cr_assert(!t->was_wide, "backward needs what forward leaves");
    for (size_t i = 0; i < N; i++) {
        t->dx[i] = t->dy[i] * cosf(t->x[i]) + t->dz[i] * 2 * t->x[i];
    }
    t->dx[2] *= t->fault == WIDE_BACKWARD_WRONG ? 1.0001F : 1;
    return 0;
}

static int jvp(void *ctx) {
    struct narrow *t = ctx;
    for (size_t i = 0; i < N; i++) {
        t->vy[i] = cosf(t->x[i]) * t->vx[i];
        t->vz[i] = 2 * t->x[i] * t->vx[i];
    }
    return 0;
}

static int forward_wide(void *ctx, double *const outputs[]) {
    struct narrow *t = ctx;
    t->was_wide = true;
    cr_assert_null(outputs[1], "integers have no wider value");
    for (size_t i = 0; i < N; i++) {
        double x = (double)t->x[i], here = (double)t->here[i];
        outputs[0][i] = sin(x);
        outputs[2][i] = x * x;
        outputs[2][i] *= t->fault == WIDE_ANOTHER_VALUE ? 1.01 : 1;
        outputs[2][i] += t->fault == WIDE_ANOTHER_DERIVATIVE ? 0.1 * here * (x - here) : 0;
        outputs[2][i] += t->fault == WIDE_NOT_FINITE && i == 3 ? (double)INFINITY : 0;
    }
    return t->fault == WIDE_REFUSES;
}

static struct gradcheck_report run_with(enum wide_fault fault, bool wide, bool tangents) {
    struct narrow t = {.fault = fault};
    for (size_t i = 0; i < N; i++) {
        t.here[i] = t.x[i] = 0.5F + 0.2F * (float)i;
    }
    t.inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", t.x, t.dx, N);
    t.outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", t.y, t.dy, N);
    t.outputs[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("label", &t.label, NULL);
    t.outputs[2] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", t.z, t.dz, N);
    if (tangents) {
        t.inputs[0].tangent = t.vx;
        t.outputs[0].tangent = t.vy;
        t.outputs[2].tangent = t.vz;
    }
    t.kernel = (struct gradcheck_kernel){.name = "narrow",
                                         .inputs = t.inputs,
                                         .n_inputs = 1,
                                         .outputs = t.outputs,
                                         .n_outputs = 3,
                                         .forward = forward,
                                         .backward = backward,
                                         .forward_wide = wide ? forward_wide : NULL,
                                         .jvp = tangents ? jvp : NULL,
                                         .ctx = &t};
    struct gradcheck_options o = {.n_points = 1};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, &o, &r), GRADCHECK_OK, "%s", r.summary);
    return r;
}

static struct gradcheck_report run(enum wide_fault fault, bool wide) {
    return run_with(fault, wide, false);
}

Test(gradcheck_wide, the_same_function_in_float64_is_the_truth) {
    struct gradcheck_report narrow = run(WIDE_RIGHT, false), wide = run(WIDE_RIGHT, true);
    cr_expect_eq(narrow.verdict, GRADCHECK_PASS, "%s", narrow.summary);
    cr_expect_eq(wide.verdict, GRADCHECK_PASS, "%s", wide.summary);
    cr_expect(wide.resolution > 0 && wide.resolution < 1e-5, "%g", wide.resolution);
    cr_expect_eq(wide.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].verdict, GRADCHECK_PASS);
    cr_expect_eq(narrow.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].verdict, GRADCHECK_NOT_CHECKED);
    wide = run(WIDE_BACKWARD_WRONG, true);
    cr_expect_eq(wide.verdict, GRADCHECK_FAIL, "%s", wide.summary);
    cr_expect_eq(wide.tensors[0].worst.place.index[0], 2u);
}

Test(gradcheck_wide, another_function_is_no_truth) {
    static const struct {
        enum wide_fault fault;
        const char *evidence;
    } table[] = {
        {WIDE_REFUSES, "forward_wide refused"},
        {WIDE_NOT_FINITE, "not finite"},
        {WIDE_ANOTHER_VALUE, "z element 0: forward 0.25, wide 0.2525"},
        {WIDE_ANOTHER_DERIVATIVE, "along a direction"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gradcheck_report r = run(table[i].fault, true);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES];
        cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE, "row %zu: %s", i, r.summary);
        cr_expect_eq(r.reason, GRADCHECK_NUMERICS, "row %zu", i);
        cr_expect_eq(rule->verdict, i < 2 ? GRADCHECK_NOT_CHECKED : GRADCHECK_INCONCLUSIVE,
                     "row %zu", i);
        cr_expect(strstr(rule->evidence, table[i].evidence) != NULL, "row %zu: %s", i,
                  rule->evidence);
    }
}

Test(gradcheck_wide, is_asked_at_the_point_after_a_jvp_too) {
    const struct gradcheck_report r = run_with(WIDE_RIGHT, true, true);
    const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES];
    cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
    cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].verdict, GRADCHECK_PASS);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}

/* ---- y[i] = i x, as many of them as there may be ---- */

enum { MOST = GRADCHECK_MAX_TENSORS - 1 };

struct many {
    float x, dx, vx, y[MOST], dy[MOST], vy[MOST];
};

static int many_forward(void *ctx) {
    struct many *t = ctx;
    for (size_t i = 0; i < MOST; i++) {
        t->y[i] = (float)i * t->x;
    }
    return 0;
}

static int many_backward(void *ctx) {
    struct many *t = ctx;
    t->dx = 0;
    for (size_t i = 0; i < MOST; i++) {
        t->dx += (float)i * t->dy[i];
    }
    return 0;
}

static int many_jvp(void *ctx) {
    struct many *t = ctx;
    for (size_t i = 0; i < MOST; i++) {
        t->vy[i] = (float)i * t->vx;
    }
    return 0;
}

static int many_forward_wide(void *ctx, double *const outputs[]) {
    struct many *t = ctx;
    for (size_t i = 0; i < MOST; i++) {
        *outputs[i] = (double)i * (double)t->x;
    }
    return 0;
}

Test(gradcheck_wide, has_a_place_for_each_of_as_many_outputs_as_there_may_be) {
    struct many t = {.x = 0.7F};
    char names[MOST][8];
    struct gradcheck_tensor outputs[MOST];
    struct gradcheck_tensor input = GRADCHECK_INPUT("x", &t.x, &t.dx);
    input.tangent = &t.vx;
    for (size_t i = 0; i < MOST; i++) {
        (void)snprintf(names[i], sizeof names[i], "y%zu", i % 100);
        outputs[i] = (struct gradcheck_tensor)GRADCHECK_OUTPUT(names[i], &t.y[i], &t.dy[i]);
        outputs[i].tangent = &t.vy[i];
    }
    const struct gradcheck_kernel kernel = {.name = "many",
                                            .inputs = &input,
                                            .n_inputs = 1,
                                            .outputs = outputs,
                                            .n_outputs = MOST,
                                            .forward = many_forward,
                                            .backward = many_backward,
                                            .jvp = many_jvp,
                                            .forward_wide = many_forward_wide,
                                            .ctx = &t};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK, "%s", r.summary);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_expect_eq(r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].verdict, GRADCHECK_PASS);
    cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].verdict, GRADCHECK_PASS);
}
