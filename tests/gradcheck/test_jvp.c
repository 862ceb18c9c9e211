// SPDX-License-Identifier: MIT
/* A tangent's rounding is not its error: what a product by jvp may be off by, and what it may not.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

/* ---- y = unit (x^2 - offset + z) ---- */

struct square {
    double x, dx, vx, z, dz, vz, y, dy, vy, unit, offset;
    float narrow, narrow_dx, narrow_vx; /* x, if that is float32 */
    bool is_narrow;
    double backward_off, jvp_off; /* relative, of x's share */
    double rounds;                /* relative: as after a sum whose terms cancel */
    struct gradcheck_tensor in[2], out[1];
    struct gradcheck_kernel kernel;
};

static double x_of(const struct square *k) {
    return k->is_narrow ? (double)k->narrow : k->x;
}

static int forward(void *ctx) {
    struct square *k = ctx;
    k->y = k->unit * (x_of(k) * x_of(k) - k->offset + k->z);
    return 0;
}

static int backward(void *ctx) {
    struct square *k = ctx;
    k->dx = k->unit * 2 * x_of(k) * k->dy * (1 + k->backward_off);
    k->dx *= 1 + k->rounds * sin(1e17 * x_of(k));
    k->narrow_dx = (float)k->dx;
    k->dz = k->unit * k->dy;
    return 0;
}

static int jvp(void *ctx) {
    struct square *k = ctx;
    const double v = k->is_narrow ? (double)k->narrow_vx : k->vx;
    k->vy = k->unit * (2 * x_of(k) * v * (1 + k->jvp_off) + k->vz);
    return 0;
}

static void open_square(struct square *k, double x, double z) {
    *k = (struct square){.x = x, .z = z, .unit = 1, .narrow = (float)x};
}

static struct gradcheck_report run(struct square *k, uint64_t seed) {
    const struct gradcheck_options options = {.n_points = 1, .seed = seed};
    struct gradcheck_report r;
    k->in[0] = k->is_narrow
                   ? (struct gradcheck_tensor)GRADCHECK_INPUT("x", &k->narrow, &k->narrow_dx)
                   : (struct gradcheck_tensor)GRADCHECK_INPUT("x", &k->x, &k->dx);
    k->in[0].tangent = k->is_narrow ? (void *)&k->narrow_vx : &k->vx;
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("z", &k->z, &k->dz);
    k->in[1].tangent = &k->vz;
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &k->y, &k->dy);
    k->out[0].tangent = &k->vy;
    k->kernel = (struct gradcheck_kernel){.name = "square",
                                          .inputs = k->in,
                                          .n_inputs = k->is_narrow ? 1 : 2,
                                          .outputs = k->out,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .jvp = jvp,
                                          .ctx = k};
    cr_assert_eq(gradcheck_run(&k->kernel, &options, &r), GRADCHECK_OK, "%s", r.summary);
    return r;
}

/* A hundred units in the last place of the type that the product is made in, whatever else the sum
 * holds; not a thousand. */
Test(gradcheck_jvp, is_the_adjoint_of_backward_but_for_rounding) {
    static const struct {
        bool is_narrow;
        double z, units;
        bool adjoint;
    } rows[] = {
        {false, 1e-10, 100, true}, {false, 1e-10, -100, true}, {false, 1e-10, 1000, false},
        {true, 1e-10, 100, true},  {true, 1e-10, -100, true},  {true, 1e-10, 1000, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct square k;
            open_square(&k, 1000, rows[i].z);
            k.offset = 1e6;
            k.is_narrow = rows[i].is_narrow;
            k.backward_off = rows[i].units * (k.is_narrow ? (double)FLT_EPSILON : DBL_EPSILON);
            const struct gradcheck_report r = run(&k, seed);
            const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
            cr_expect_eq(rule->verdict, rows[i].adjoint ? GRADCHECK_PASS : GRADCHECK_FAIL,
                         "row %zu: %s", i, rule->evidence);
        }
    }
}

/* 256 units of either product, and four times the few that backward rounds by. */
Test(gradcheck_jvp, may_be_off_the_adjoint_by_512_units_and_a_few) {
    static const double units[] = {512, -512, 534, -534};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct square k;
        open_square(&k, 1, 0);
        k.offset = 1;
        k.backward_off = units[i] * DBL_EPSILON;
        const struct gradcheck_report r = run(&k, 0);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
        cr_expect_eq(rule->verdict, i < 2 ? GRADCHECK_PASS : GRADCHECK_FAIL, "%g: %s", units[i],
                     rule->evidence);
    }
}

/* One that is 0 throughout is a product like any other. */
Test(gradcheck_jvp, is_the_adjoint_of_backward_in_any_unit) {
    static const double units[] = {1e-200, 1e-9, 1, 1e9, 1e200, 0};
    for (size_t i = 0; i < 2 * sizeof units / sizeof units[0]; i++) {
        const bool right = i % 2 == 0 || units[i / 2] == 0;
        struct square k;
        open_square(&k, 1.3, 0.4);
        k.unit = units[i / 2];
        k.backward_off = right ? 0 : 1e-3;
        const struct gradcheck_report r = run(&k, 0);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
        cr_expect_eq(rule->verdict, right ? GRADCHECK_PASS : GRADCHECK_FAIL, "%g: %s", k.unit,
                     rule->evidence);
    }
}

/* In any entry, and however small its neighbours are. */
Test(gradcheck_jvp, may_be_off_by_what_backward_is_seen_to_round_by) {
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct square k;
        open_square(&k, 1300, 1e-10);
        k.rounds = 1e-10;
        const struct gradcheck_report r = run(&k, seed);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
        cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
    }
}

Test(gradcheck_jvp, is_the_derivative_in_any_unit) {
    static const double units[] = {1e-200, 1e-9, 1, 1e9, 1e200};
    static const struct {
        double off;
        enum gradcheck_verdict verdict;
    } rows[] = {{0, GRADCHECK_PASS}, {1e-4, GRADCHECK_FAIL}, {-1e-4, GRADCHECK_FAIL}};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct square k;
            open_square(&k, 1.3, 0.4);
            k.unit = units[u];
            k.jvp_off = rows[i].off;
            const struct gradcheck_report r = run(&k, 0);
            const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
            cr_expect_eq(rule->verdict, rows[i].verdict, "%g, row %zu: %s", units[u], i,
                         rule->evidence);
        }
    }
}

/* The other rules are for tensors whose grads are there. */
Test(gradcheck_jvp, is_no_adjoint_of_a_backward_that_leaves_a_tensor_out) {
    for (int first = 0; first < 2; first++) {
        struct square k;
        struct gradcheck_report r;
        open_square(&k, 1.3, 0.4);
        (void)run(&k, 0);
        k.in[first ? 0 : 1].grad = NULL;
        cr_assert_eq(gradcheck_run(&k.kernel, &(struct gradcheck_options){.n_points = 1}, &r),
                     GRADCHECK_OK);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
        cr_expect_eq(rule->verdict, GRADCHECK_NOT_CHECKED, "%d: %s", first, rule->evidence);
        cr_expect_str_eq(rule->evidence,
                         first ? "x has a tangent and no grad" : "z has a tangent and no grad");
        cr_expect_eq(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].verdict, GRADCHECK_PASS);
    }
}
