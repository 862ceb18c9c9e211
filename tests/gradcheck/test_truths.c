// SPDX-License-Identifier: MIT
/* Where the truth comes from: a wider forward, differences alone, second derivatives; tensors of
 * any type together; and where in a large kernel the wrong entries are. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/polynomial.h"

/* ---- y = x^3 in float32, and in double ---- */

enum { N_CUBES = 3 };

struct cubes {
    float x[N_CUBES], dx[N_CUBES], y[N_CUBES], dy[N_CUBES];
    float error;       /* of dx[1], relative */
    double other_wide; /* 0: forward_wide is the same function */
    struct gradcheck_tensor inputs[1], outputs[1];
    struct gradcheck_kernel kernel;
};

static int cubes_forward(void *ctx) {
    struct cubes *c = ctx;
    for (size_t i = 0; i < N_CUBES; i++) {
        c->y[i] = c->x[i] * c->x[i] * c->x[i];
    }
    return 0;
}
static int cubes_wide(void *ctx, double *const outputs[]) {
    struct cubes *c = ctx;
    for (size_t i = 0; i < N_CUBES; i++) {
        double x = (double)c->x[i];
        outputs[0][i] = x * x * x * (1 + c->other_wide * x);
    }
    return 0;
}
static int cubes_backward(void *ctx) {
    struct cubes *c = ctx;
    for (size_t i = 0; i < N_CUBES; i++) {
        c->dx[i] = 3 * c->x[i] * c->x[i] * c->dy[i] * (i == 1 ? 1 + c->error : 1);
    }
    return 0;
}
static void cubes_open(struct cubes *c) {
    *c = (struct cubes){.x = {0.7f, 1.3f, -0.4f}};
    c->inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", c->x, c->dx, N_CUBES);
    c->outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", c->y, c->dy, N_CUBES);
    c->kernel = (struct gradcheck_kernel){.name = "cubes",
                                          .inputs = c->inputs,
                                          .n_inputs = 1,
                                          .outputs = c->outputs,
                                          .n_outputs = 1,
                                          .forward = cubes_forward,
                                          .forward_wide = cubes_wide,
                                          .backward = cubes_backward,
                                          .ctx = c};
}

Test(gradcheck_wide, is_the_truth_for_float32) {
    struct cubes c;
    struct gradcheck_report r;
    cubes_open(&c);
    cr_assert_eq(gradcheck_run(&c.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert_eq(r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].verdict, GRADCHECK_PASS);
    cr_assert_lt(r.resolution, 3e-6);
    c.error = 1e-5f;
    cr_assert_eq(gradcheck_run(&c.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_FAIL, "%s", r.summary);
    cr_assert_eq(r.tensors[0].worst.place.index[0], 1);
}

Test(gradcheck_wide, that_is_another_function_is_blamed_and_not_the_kernel) {
    static const double others[] = {1e-5, 1e-2, -1, NAN};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct cubes c;
        struct gradcheck_report r;
        cubes_open(&c);
        c.other_wide = others[i];
        cr_assert_eq(gradcheck_run(&c.kernel, NULL, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE, "%g: %s", others[i], r.summary);
        cr_expect_eq(r.reason, GRADCHECK_NUMERICS, "%g", others[i]);
        cr_expect_eq(r.tensors[0].n_fail, 0, "%g", others[i]);
        cr_expect_str_not_empty(r.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence);
        cr_expect(strstr(r.summary, "no verdict with forward_wide: ") == r.summary, "%s",
                  r.summary);
    }
}

/* ---- second order: the gradient of x0^2 x1 + x1^3 as forward, its Hessian times v as jvp ---- */

struct hessian {
    double x[2], v[2], g[2], hv[2];
    double across[2]; /* the two mixed entries, relative */
    double unit;      /* of all of them */
    struct gradcheck_tensor inputs[1], outputs[1];
    struct gradcheck_kernel kernel;
};

static int hessian_forward(void *ctx) {
    struct hessian *h = ctx;
    h->g[0] = h->unit * (2 * h->x[0] * h->x[1]);
    h->g[1] = h->unit * (h->x[0] * h->x[0] + 3 * h->x[1] * h->x[1]);
    return 0;
}
static int hessian_jvp(void *ctx) {
    struct hessian *h = ctx;
    const double u = h->unit;
    h->hv[0] = u * (2 * h->x[1] * h->v[0] + h->across[0] * 2 * h->x[0] * h->v[1]);
    h->hv[1] = u * (h->across[1] * 2 * h->x[0] * h->v[0] + 6 * h->x[1] * h->v[1]);
    return 0;
}

static void hessian_run_in(double unit, double first, double second, struct gradcheck_report *r) {
    struct hessian h = {.x = {0.8, -0.3}, .across = {first, second}, .unit = unit};
    h.inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", h.x, NULL, 2);
    h.outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("g", h.g, NULL, 2);
    h.inputs[0].tangent = h.v;
    h.outputs[0].tangent = h.hv;
    h.kernel = (struct gradcheck_kernel){.name = "hessian",
                                         .inputs = h.inputs,
                                         .n_inputs = 1,
                                         .outputs = h.outputs,
                                         .n_outputs = 1,
                                         .forward = hessian_forward,
                                         .jvp = hessian_jvp,
                                         .jvp_symmetric = true,
                                         .ctx = &h};
    cr_assert_eq(gradcheck_run(&h.kernel, NULL, r), GRADCHECK_OK);
}

static void hessian_run(double first, double second, struct gradcheck_report *r) {
    hessian_run_in(1, first, second, r);
}

Test(gradcheck_second_order, is_checked_against_differences_and_for_symmetry) {
    const enum gradcheck_rule derivative = GRADCHECK_RULE_JVP_IS_DERIVATIVE;
    const enum gradcheck_rule symmetric = GRADCHECK_RULE_JVP_SYMMETRIC;
    struct gradcheck_report r;
    hessian_run(1, 1, &r);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_expect_eq(r.rules[derivative].verdict, GRADCHECK_PASS);
    cr_expect_eq(r.rules[symmetric].verdict, GRADCHECK_PASS);
    hessian_run(1, 1 + 1e-9, &r);
    cr_expect_eq(r.verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.rules[symmetric].verdict, GRADCHECK_FAIL, "symmetric but for 1e-9");
    hessian_run(1.001, 1.001, &r);
    cr_expect_eq(r.verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.rules[derivative].verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.rules[symmetric].verdict, GRADCHECK_PASS, "symmetric, but not the derivative");
}

/* ---- y[i] = sum of w over a table, by index, where a mask is set: four types together ---- */

enum { N_ROWS = 6, N_TABLE = 3 };

struct lookup {
    float table[N_TABLE], dtable[N_TABLE];
    double w[N_ROWS], dw[N_ROWS], y[N_ROWS], dy[N_ROWS];
    int32_t index[N_ROWS];
    int64_t label[N_ROWS];
    uint8_t mask[N_ROWS];
    bool disturbed;
    double factor;
};

static const int32_t INDICES[N_ROWS] = {0, 2, 1, 2, 2, 0};
static const int64_t LABELS[N_ROWS] = {3, -1, 4, 1, -5, 9};
static const uint8_t MASKS[N_ROWS] = {1, 1, 0, 1, 1, 1};

static int lookup_forward(void *ctx) {
    struct lookup *l = ctx;
    l->disturbed = l->disturbed || memcmp(l->index, INDICES, sizeof INDICES) != 0 ||
                   memcmp(l->label, LABELS, sizeof LABELS) != 0 ||
                   memcmp(l->mask, MASKS, sizeof MASKS) != 0;
    for (size_t i = 0; i < N_ROWS; i++) {
        double t = (double)l->table[l->index[i]];
        l->y[i] = l->mask[i] ? l->w[i] * t * t + (double)l->label[i] : 0;
    }
    return 0;
}
static int lookup_backward(void *ctx) {
    struct lookup *l = ctx;
    double sums[N_TABLE] = {0};
    for (size_t i = 0; i < N_ROWS; i++) {
        double t = (double)l->table[l->index[i]];
        l->dw[i] = l->mask[i] ? l->dy[i] * t * t : 0;
        sums[l->index[i]] += l->mask[i] ? l->factor * 2 * t * l->w[i] * l->dy[i] : 0;
    }
    for (size_t k = 0; k < N_TABLE; k++) {
        l->dtable[k] = (float)sums[k];
    }
    return 0;
}

static enum gradcheck_verdict lookup_verdict(double factor, bool *disturbed) {
    struct lookup l = {.table = {0.5f, -1.5f, 0.75f}, .factor = factor};
    memcpy(l.index, INDICES, sizeof INDICES);
    memcpy(l.label, LABELS, sizeof LABELS);
    memcpy(l.mask, MASKS, sizeof MASKS);
    for (size_t i = 0; i < N_ROWS; i++) {
        l.w[i] = 0.3 + 0.2 * (double)i;
    }
    const struct gradcheck_tensor inputs[] = {
        GRADCHECK_INPUT("index", l.index, NULL, N_ROWS),
        GRADCHECK_INPUT("table", l.table, l.dtable, N_TABLE),
        GRADCHECK_INPUT("label", l.label, NULL, N_ROWS),
        GRADCHECK_INPUT("w", l.w, l.dw, N_ROWS),
        GRADCHECK_INPUT("mask", l.mask, NULL, N_ROWS),
    };
    const struct gradcheck_tensor outputs[] = {GRADCHECK_OUTPUT("y", l.y, l.dy, N_ROWS)};
    const struct gradcheck_kernel kernel = {.name = "lookup",
                                            .inputs = inputs,
                                            .n_inputs = 5,
                                            .outputs = outputs,
                                            .n_outputs = 1,
                                            .forward = lookup_forward,
                                            .backward = lookup_backward,
                                            .ctx = &l};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK);
    /* table[1] is masked out: its gradient is 0, and its neighbours' are not. */
    cr_expect_eq(r.n_tensors, 2);
    cr_expect_str_eq(r.tensors[0].name, "table");
    cr_expect_str_eq(r.tensors[1].name, "w");
    *disturbed = l.disturbed;
    return r.verdict;
}

Test(gradcheck_types, mix_freely_and_integers_are_never_touched) {
    bool disturbed = true;
    cr_expect_eq(lookup_verdict(1, &disturbed), GRADCHECK_PASS);
    cr_expect_not(disturbed);
    cr_expect_eq(lookup_verdict(1 + 1e-5, &disturbed), GRADCHECK_FAIL);
    cr_expect_not(disturbed);
}

/* ---- differences alone ---- */

static int forbidden(void *ctx) {
    (void)ctx;
    cr_assert(false, "backward was called");
    return 1;
}

Test(gradcheck_numeric_vjp, gives_every_derivative_with_a_bound_that_holds) {
    static struct polynomial p;
    static double numeric[50], bound[50];
    double *const numerics[] = {numeric};
    double *const bounds[] = {bound};
    polynomial_open(&p, 50);
    p.kernel.backward = forbidden;
    for (size_t i = 0; i < 50; i++) {
        p.dy[i] = 1 + (double)i;
    }
    double before[50];
    memcpy(before, p.x, sizeof before);
    cr_assert_eq(gradcheck_numeric_vjp(&p.kernel, NULL, numerics, bounds), GRADCHECK_OK);
    cr_assert_arr_eq(before, p.x, sizeof before);
    for (size_t i = 0; i < 50; i++) {
        double truth = (2 * p.x[i] + p.a) * p.dy[i];
        cr_expect(fabs(numeric[i] - truth) <= bound[i], "%zu: %a, %a +- %g", i, truth, numeric[i],
                  bound[i]);
        cr_expect_leq(bound[i], 1e-8 * truth);
    }
    double *const none[] = {NULL};
    cr_assert_eq(gradcheck_numeric_vjp(&p.kernel, NULL, none, NULL), GRADCHECK_E_NO_GRADIENT);
    cr_assert_eq(gradcheck_numeric_vjp(&p.kernel, NULL, NULL, NULL), GRADCHECK_E_NULL);
}

/* ---- location ---- */

static void note_wrong(void *ctx, const struct gradcheck_entry *entry) {
    bool *wrong = ctx;
    wrong[entry->place.index[0]] = entry->verdict == GRADCHECK_FAIL;
}

Test(gradcheck_location, finds_exactly_the_wrong_entries_in_few_evaluations) {
    static struct polynomial p;
    static const size_t places[] = {0, 777, 4095};
    for (size_t n_wrong = 1; n_wrong <= 3; n_wrong++) {
        bool wrong[POLYNOMIAL_MOST] = {false};
        const struct gradcheck_options options = {
            .n_points = 1, .screen_only = true, .on_entry = note_wrong, .on_entry_ctx = wrong};
        struct gradcheck_report r;
        polynomial_open(&p, POLYNOMIAL_MOST);
        for (size_t i = 0; i < n_wrong; i++) {
            p.factor[places[i]] = 1 + 1e-4;
        }
        cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_FAIL);
        cr_expect_eq(r.tensors[0].n_fail, n_wrong);
        cr_expect_lt(r.n_forward_location, 1000 * n_wrong, "%zu", r.n_forward_location);
        for (size_t i = 0; i < POLYNOMIAL_MOST; i++) {
            bool expected = p.factor[i] != 1;
            cr_expect_eq(wrong[i], expected, "%zu wrong: entry %zu", n_wrong, i);
        }
    }
}

Test(gradcheck_second_order, is_symmetric_or_not_in_any_unit) {
    static const double units[] = {1e-200, 1e-9, 1e9, 1e200};
    for (size_t i = 0; i < 2 * sizeof units / sizeof units[0]; i++) {
        const bool right = i % 2 == 0;
        struct gradcheck_report r;
        hessian_run_in(units[i / 2], 1, right ? 1 : 1.001, &r);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_SYMMETRIC];
        cr_expect_eq(rule->verdict, right ? GRADCHECK_PASS : GRADCHECK_FAIL, "%g: %s", units[i / 2],
                     rule->evidence);
    }
}
