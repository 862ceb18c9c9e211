// SPDX-License-Identifier: MIT
/* Tangents of each output by themselves: which element is off and by how much, what differences can
 * tell at a kink and what they cannot, and which inputs have none. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

enum { N = 3 };

/* ---- y = p x0, z[i] = x[i]^2, with a label between them; no gradients, and p no tangent ---- */

struct pair {
    double x[N], vx[N], p, y, vy;
    float z[N], vz[N];
    int32_t label;
    size_t off_at; /* an element of z; N: none */
    bool refuses;  /* forward, but at the point */
    double at[N];
    size_t n_jvp;
    struct gradcheck_tensor in[2], out[3];
    struct gradcheck_kernel kernel;
};

static int pair_forward(void *ctx) {
    struct pair *k = ctx;
    k->y = k->p * k->x[0];
    for (size_t i = 0; i < N; i++) {
        k->z[i] = (float)(k->x[i] * k->x[i]);
    }
    return k->refuses && memcmp(k->x, k->at, sizeof k->x) != 0;
}

static int pair_jvp(void *ctx) {
    struct pair *k = ctx;
    k->n_jvp++;
    k->vy = k->p * k->vx[0];
    for (size_t i = 0; i < N; i++) {
        k->vz[i] = (float)(2 * k->x[i] * k->vx[i] * (i == k->off_at ? 1.25 : 1));
    }
    return 0;
}

static int pair_backward(void *ctx) {
    (void)ctx;
    return 0;
}

static void pair_open(struct pair *k) {
    *k = (struct pair){.x = {0.7, -1.2, 0.4}, .p = 3, .off_at = N};
    memcpy(k->at, k->x, sizeof k->at);
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, NULL, N);
    k->in[0].tangent = k->vx;
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("p", &k->p, NULL);
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &k->y, NULL);
    k->out[0].tangent = &k->vy;
    k->out[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("label", &k->label, NULL);
    k->out[2] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", k->z, NULL, N);
    k->out[2].tangent = k->vz;
    k->kernel = (struct gradcheck_kernel){.name = "pair",
                                          .inputs = k->in,
                                          .n_inputs = 2,
                                          .outputs = k->out,
                                          .n_outputs = 3,
                                          .forward = pair_forward,
                                          .jvp = pair_jvp,
                                          .ctx = k};
}

static struct gradcheck_report check(const struct gradcheck_kernel *kernel) {
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(kernel, &(struct gradcheck_options){.n_points = 1}, &r),
                 GRADCHECK_OK, "%s", r.summary);
    return r;
}

Test(gradcheck_jvp, names_the_element_of_the_output_that_is_off) {
    for (size_t at = 0; at <= N; at++) {
        struct pair k;
        pair_open(&k);
        k.off_at = at;
        const struct gradcheck_report r = check(&k.kernel);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_eq(rule->verdict, at < N ? GRADCHECK_FAIL : GRADCHECK_PASS, "%zu: %s", at,
                     rule->evidence);
        size_t element = N;
        double claimed = 0, found = 0;
        cr_expect_eq(sscanf(rule->evidence,
                            "point 0, z element %zu: jvp %lg, by differences %lg +- ", &element,
                            &claimed, &found),
                     at < N ? 3 : EOF, "%s", rule->evidence);
        cr_expect_eq(element, at, "%s", rule->evidence);
        cr_expect(fabs(claimed - 1.25 * found) <= 1e-3 * fabs(claimed), "%s", rule->evidence);
    }
}

/* Nothing is said of a backward that is not there. */
Test(gradcheck_jvp, without_any_gradient_is_no_adjoint) {
    struct pair k;
    pair_open(&k);
    const struct gradcheck_report r = check(&k.kernel);
    const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
    cr_expect_eq(rule->verdict, GRADCHECK_NOT_CHECKED);
    cr_expect_str_eq(rule->evidence, "");
}

Test(gradcheck_jvp, is_not_judged_where_forward_has_no_other_point) {
    struct pair k;
    pair_open(&k);
    k.refuses = true;
    const struct gradcheck_report r = check(&k.kernel);
    cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].verdict, GRADCHECK_INCONCLUSIVE);
    cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_SYMMETRIC].verdict, GRADCHECK_NOT_CHECKED);
    cr_expect_eq(k.n_jvp, 0, "%zu", k.n_jvp);
}

static int note_direction(void *ctx, const struct gradcheck_progress *progress) {
    size_t *n = ctx;
    if (strcmp(progress->phase, "jvp") == 0) {
        cr_assert_lt(progress->done, 2);
        cr_expect_eq(progress->total, 2, "%zu", progress->total);
        n[progress->done]++;
    }
    return 0;
}

Test(gradcheck_jvp, is_held_against_differences_along_two_directions) {
    struct pair k;
    struct gradcheck_report r;
    size_t n[2] = {0};
    pair_open(&k);
    cr_assert_eq(gradcheck_run(&k.kernel,
                               &(struct gradcheck_options){
                                   .n_points = 1, .progress = note_direction, .progress_ctx = n},
                               &r),
                 GRADCHECK_OK);
    cr_expect(n[0] > 1 && n[1] > 1, "%zu, %zu", n[0], n[1]);
    cr_expect_eq(k.n_jvp, 2, "%zu", k.n_jvp);
}

/* Nothing moves there: neither is seen to be wrong. */
Test(gradcheck_jvp, is_not_accused_where_no_input_has_room) {
    struct pair k;
    double dx[N];
    float dz[N];
    double dy;
    pair_open(&k);
    k.in[0].grad = dx;
    k.in[0].shape[0] = 1;
    k.in[0].lower = k.x[0];
    k.in[0].upper = 1;
    k.out[0].grad = &dy;
    k.out[2].grad = dz;
    k.kernel.backward = pair_backward;
    const struct gradcheck_report r = check(&k.kernel);
    cr_expect_neq(r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT].verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].verdict, GRADCHECK_INCONCLUSIVE);
}

/* ---- y[i] = slope[i] x + bend |x| at 0, with tangents that are off ---- */

struct line {
    double x, vx, y[2], vy[2], slope[2], bend;
    double claimed;  /* of the first slope */
    double units[2]; /* added to the tangents: epsilons */
    bool of_scale;   /* of the root of the mean square of both, not of the tangent's own */
};

static int line_forward(void *ctx) {
    struct line *k = ctx;
    for (size_t i = 0; i < 2; i++) {
        k->y[i] = k->slope[i] * k->x + k->bend * fabs(k->x);
    }
    return 0;
}

static int line_jvp(void *ctx) {
    struct line *k = ctx;
    const double v[] = {k->claimed * k->vx, k->slope[1] * k->vx};
    const double scale = sqrt((v[0] * v[0] + v[1] * v[1]) / 2);
    for (size_t i = 0; i < 2; i++) {
        k->vy[i] = v[i] + k->units[i] * DBL_EPSILON * (k->of_scale ? scale : v[i]);
    }
    return 0;
}

static struct gradcheck_rule_report derivative_rule(struct line *k, size_t n_outputs) {
    struct gradcheck_tensor in = GRADCHECK_INPUT("x", &k->x, NULL);
    struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", k->y, NULL, n_outputs);
    in.tangent = &k->vx;
    out.tangent = k->vy;
    const struct gradcheck_kernel kernel = {.name = "line",
                                            .inputs = &in,
                                            .n_inputs = 1,
                                            .outputs = &out,
                                            .n_outputs = 1,
                                            .forward = line_forward,
                                            .jvp = line_jvp,
                                            .ctx = k};
    return check(&kernel).rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
}

/* 64 units in the last place of the tangent, or of the size of all of them. Of a line through 0
 * differences are as sharp as that. */
Test(gradcheck_jvp, may_be_off_by_its_own_rounding) {
    static const struct {
        double units[2];
        bool of_scale;
        enum gradcheck_verdict verdict;
    } rows[] = {
        {{63, 0}, false, GRADCHECK_PASS},   {{-63, 0}, false, GRADCHECK_PASS},
        {{100, 0}, false, GRADCHECK_FAIL},  {{0, 63.5}, true, GRADCHECK_PASS},
        {{0, -63.5}, true, GRADCHECK_PASS}, {{0, 64.5}, true, GRADCHECK_FAIL},
        {{0, -64.5}, true, GRADCHECK_FAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line k = {.slope = {1, 0x1p-10}, .claimed = 1, .of_scale = rows[i].of_scale};
        memcpy(k.units, rows[i].units, sizeof k.units);
        const struct gradcheck_rule_report rule = derivative_rule(&k, 2);
        cr_expect_eq(rule.verdict, rows[i].verdict, "row %zu: %s", i, rule.evidence);
    }
}

/* Between the slopes on both sides it may be right; beyond them it is wrong, but differences that
 * jump by much show nothing for certain. */
Test(gradcheck_jvp, at_a_kink_is_not_accused_unless_that_is_small) {
    static const struct {
        double bend, claimed;
        enum gradcheck_verdict verdict;
    } rows[] = {
        {0.45, 1, GRADCHECK_INCONCLUSIVE},    {0.45, 1.4, GRADCHECK_INCONCLUSIVE},
        {0.45, 1.54, GRADCHECK_INCONCLUSIVE}, {-0.45, 1.54, GRADCHECK_INCONCLUSIVE},
        {0.45, 0.46, GRADCHECK_INCONCLUSIVE}, {0.3, 1.4, GRADCHECK_FAIL},
        {-0.3, 1.4, GRADCHECK_FAIL},          {0, 1, GRADCHECK_PASS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line k = {.slope = {1}, .bend = rows[i].bend, .claimed = rows[i].claimed};
        const struct gradcheck_rule_report rule = derivative_rule(&k, 1);
        cr_expect_eq(rule.verdict, rows[i].verdict, "row %zu: %s", i, rule.evidence);
    }
}

Test(gradcheck_jvp, of_a_constant_is_wrong_unless_it_is_zero) {
    static const struct {
        double claimed;
        enum gradcheck_verdict verdict;
    } rows[] = {{0, GRADCHECK_INCONCLUSIVE}, {NAN, GRADCHECK_FAIL}, {1e-9, GRADCHECK_FAIL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line k = {.claimed = rows[i].claimed};
        const struct gradcheck_rule_report rule = derivative_rule(&k, 1);
        cr_expect_eq(rule.verdict, rows[i].verdict, "row %zu: %s", i, rule.evidence);
    }
}
