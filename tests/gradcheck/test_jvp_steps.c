// SPDX-License-Identifier: MIT
/* The steps along a tangent: how many are tried and how far, which of them tells most, and what
 * differences hold of rounding. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "gradcheck/engine.h"

enum { N = 5 };

/* ---- y[i] = f(x[i]) ---- */

struct lanes {
    size_t n;
    double x[N], dx[N], vx[N], y[N], dy[N], vy[N];
    double at[N], unit, slope; /* of f */
    double (*f)(const struct lanes *k, double x), (*df)(const struct lanes *k, double x);
    double off;      /* relative, of each tangent */
    bool refuses;    /* anywhere but at the point */
    size_t n_jvp;    /* calls */
    double furthest; /* from the point, since the last jvp but one */
    struct gradcheck_tensor in, out;
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct lanes *k = ctx;
    double by = 0;
    for (size_t i = 0; i < k->n; i++) {
        k->y[i] = k->f(k, k->x[i]);
        by = fmax(by, fabs(k->x[i] - k->at[i]));
    }
    k->furthest = k->n_jvp < 2 ? fmax(k->furthest, by) : k->furthest;
    return k->refuses && by > 0;
}

static int backward(void *ctx) {
    struct lanes *k = ctx;
    for (size_t i = 0; i < k->n; i++) {
        k->dx[i] = k->df(k, k->x[i]) * k->dy[i];
    }
    return 0;
}

static int jvp(void *ctx) {
    struct lanes *k = ctx;
    for (size_t i = 0; i < k->n; i++) {
        k->vy[i] = k->df(k, k->x[i]) * k->vx[i] * (1 + k->off);
    }
    k->furthest = k->n_jvp++ == 0 ? 0 : k->furthest;
    return 0;
}

static void open_lanes(struct lanes *k, size_t n, double (*f)(const struct lanes *k, double x),
                       double (*df)(const struct lanes *k, double x)) {
    *k = (struct lanes){.n = n, .f = f, .df = df, .unit = 1, .slope = 1};
    for (size_t i = 0; i < n; i++) {
        k->at[i] = k->x[i] = (i % 2 ? -1 : 1) * (0.9 + 0.05 * (double)i);
    }
    k->in = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, k->dx, n);
    k->out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, k->dy, n);
    k->in.tangent = k->vx;
    k->out.tangent = k->vy;
    k->kernel = (struct gradcheck_kernel){.name = "lanes",
                                          .inputs = &k->in,
                                          .n_inputs = 1,
                                          .outputs = &k->out,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .jvp = jvp,
                                          .ctx = k};
}

/* The product alone, at the point. */
static struct gradcheck_report check(const struct gradcheck_kernel *kernel, uint64_t seed) {
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    struct gradcheck_report r;
    struct gc_session s;
    cr_assert_eq(gc_session_open(&s, kernel, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    cr_assert_eq(gc_backward(&s, s.cotangent, NULL, s.grad), GC_DONE);
    r.n_forward = 0;
    gc_check_jvp(&s);
    gc_session_close(&s);
    return r;
}

static double wave(const struct lanes *k, double x) {
    return sin(x / k->unit);
}
static double wave_slope(const struct lanes *k, double x) {
    return cos(x / k->unit) / k->unit;
}
static double line(const struct lanes *k, double x) {
    return k->unit * (1 + k->slope * x);
}
static double line_slope(const struct lanes *k, double x) {
    (void)x;
    return k->unit * k->slope;
}
static double noisy(const struct lanes *k, double x) {
    (void)k;
    return x + 1e-7 * sin(1e12 * x);
}

/* The first is a tenth of the values, give or take. */
Test(gradcheck_jvp, tries_ten_steps_where_none_is_allowed) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct lanes k;
        open_lanes(&k, N, wave, wave_slope);
        k.refuses = true;
        const struct gradcheck_report r = check(&k.kernel, seed);
        cr_expect_leq(r.n_forward, 10u, "%zu", r.n_forward);
        cr_expect(k.furthest > 0.05 && k.furthest < 0.18, "seed %d: %g", (int)seed, k.furthest);
    }
}

/* Noise counts the less the further they go; it takes two steps to see that it is a line. */
Test(gradcheck_jvp, of_a_line_with_noise_is_held_against_the_two_furthest_differences) {
    size_t n_furthest = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct lanes k;
        open_lanes(&k, 1, noisy, line_slope);
        k.off = 0.5;
        const struct gradcheck_report r = check(&k.kernel, seed);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        double claimed = 0, found = 0, bound = 0, step = 0;
        cr_expect_eq(rule->verdict, GRADCHECK_FAIL);
        cr_assert_eq(sscanf(rule->evidence,
                            "point 0, y element 0: jvp %lg, by differences %lg +- %lg, step %la",
                            &claimed, &found, &bound, &step),
                     4, "%s", rule->evidence);
        n_furthest += step * fabs(claimed) / (1 + k.off) > 0.4 * k.furthest;
    }
    cr_expect_geq(n_furthest, 10u, "%zu", n_furthest);
}

Test(gradcheck_jvp, is_the_derivative_however_narrow_the_domain) {
    static const double offs[] = {0, 1e-4};
    for (size_t i = 0; i < 2; i++) {
        struct lanes k;
        open_lanes(&k, 1, wave, wave_slope);
        k.x[0] = k.at[0] = 0;
        k.unit = 1e-60;
        k.off = offs[i];
        k.in.lower = -1e-60;
        k.in.upper = 1e-60;
        const struct gradcheck_report r = check(&k.kernel, 0);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_eq(rule->verdict, i == 0 ? GRADCHECK_PASS : GRADCHECK_FAIL, "%s", rule->evidence);
    }
}

/* Differences of a few units in the last place, while samples close by show none. */
Test(gradcheck_jvp, is_not_accused_where_an_output_has_no_digits_to_tell) {
    static const double units[] = {1, 1e-200, 1e200};
    for (size_t i = 0; i < 3 * 60; i++) {
        struct lanes k;
        open_lanes(&k, 1, line, line_slope);
        k.unit = units[i / 60];
        k.slope = 1e-16 * pow(1.3, (double)(i % 60));
        const struct gradcheck_report r = check(&k.kernel, i);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_neq(rule->verdict, GRADCHECK_FAIL, "%g: %s", k.slope, rule->evidence);
    }
}

/* ---- y[i] = sin(rate[i] (f[i] - c[i])), of three inputs in float32, in float64 ---- */

enum { N_NARROW = 3 };

struct narrow {
    float f[N_NARROW], vf[N_NARROW];
    double y[N_NARROW], vy[N_NARROW];
};

static const float CENTRES[N_NARROW] = {1e-3F, 1000, 1e-3F};
static const double RATES[N_NARROW] = {1, 10, 1};

static double angle(const struct narrow *k, size_t i) {
    return RATES[i] * ((double)k->f[i] - (double)CENTRES[i]);
}

static int narrow_forward(void *ctx) {
    struct narrow *k = ctx;
    for (size_t i = 0; i < N_NARROW; i++) {
        k->y[i] = sin(angle(k, i));
    }
    return fabs(angle(k, 1)) > 1;
}

static int narrow_jvp(void *ctx) {
    struct narrow *k = ctx;
    for (size_t i = 0; i < N_NARROW; i++) {
        k->vy[i] = RATES[i] * cos(angle(k, i)) * (double)k->vf[i];
    }
    return 0;
}

Test(gradcheck_jvp, is_the_derivative_where_the_domain_is_a_few_thousand_units_wide) {
    static const char *const names[N_NARROW] = {"a", "b", "c"};
    size_t n_pass = 0;
    for (uint64_t seed = 0; seed < 32; seed++) {
        struct narrow k = {.vf = {0}};
        struct gradcheck_tensor in[N_NARROW];
        struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", k.y, NULL, N_NARROW);
        for (size_t i = 0; i < N_NARROW; i++) {
            k.f[i] = CENTRES[i];
            in[i] = (struct gradcheck_tensor)GRADCHECK_INPUT(names[i], &k.f[i], NULL);
            in[i].tangent = &k.vf[i];
        }
        out.tangent = k.vy;
        const struct gradcheck_kernel kernel = {.name = "narrow",
                                                .inputs = in,
                                                .n_inputs = N_NARROW,
                                                .outputs = &out,
                                                .n_outputs = 1,
                                                .forward = narrow_forward,
                                                .jvp = narrow_jvp,
                                                .ctx = &k};
        const struct gradcheck_options o = {.n_points = 1, .seed = seed};
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&kernel, &o, &r), GRADCHECK_OK, "%s", r.summary);
        const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE];
        cr_expect_neq(rule->verdict, GRADCHECK_FAIL, "seed %d: %s", (int)seed, rule->evidence);
        n_pass += rule->verdict == GRADCHECK_PASS;
    }
    cr_expect_geq(n_pass, 8u, "%zu", n_pass);
}
