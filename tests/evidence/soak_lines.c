// SPDX-License-Identifier: MIT
/* Random draws: nothing right may be accused, and no pass may state a finer resolution than it has.
 */
#include <math.h>
#include <string.h>

#include "bed_runs.h"

/* ---- soak: random function, point and seed, the default policy ---- */

static bool is_inside(const struct bed_function *f, const double x[]) {
    double y[BED_MAX_OUTPUTS], j[BED_MAX_INPUTS * BED_MAX_OUTPUTS];
    bool bounded = f->lower != 0 || f->upper != 0, inside = true;
    for (size_t i = 0; i < f->n_inputs; i++) {
        inside = inside && (!bounded || (x[i] >= f->lower && x[i] <= f->upper));
    }
    if (!inside || bed_value(f, x, y) != 0) {
        return false;
    }
    bed_jacobian(f, x, j);
    for (size_t k = 0; k < f->n_outputs; k++) {
        inside = inside && isfinite(y[k]);
    }
    for (size_t k = 0; k < f->n_outputs * f->n_inputs; k++) {
        inside = inside && isfinite(j[k]);
    }
    return inside;
}

static void move_point(struct bed_kernel *bed, struct random *r) {
    double moved[BED_MAX_INPUTS] = {0};
    for (size_t k = 0; k < bed->function->n_inputs; k++) {
        moved[k] = bed->x[k] * random_uniform(r, 0.5, 1.5);
    }
    if (is_inside(bed->function, moved)) {
        memcpy(bed->x, moved, sizeof moved);
    }
}

/* Half of the draws leave the golden point for one around it, where the C formula is the truth. */
static void draw_soak(size_t i, FILE *talk, struct outcome *o) {
    struct random r = random_from(2, i);
    struct bed_case c = bed_case(random_bits(&r) % bed_n_points());
    struct gradcheck_options options = {.seed = random_bits(&r),
                                        .n_points = 1 + random_bits(&r) % 3};
    struct bed_kernel bed;
    bed_open(&bed, &c);
    if (random_bits(&r) % 2) {
        move_point(&bed, &r);
    }
    run_right(&bed, &options, talk, o);
    if (i % 64 == 0) { /* the same seed, the same report to the last byte */
        struct gradcheck_report first, again;
        check(&bed.kernel, &options, NULL, &first);
        check(&bed.kernel, &options, NULL, &again);
        o->n_wrong = 1;
        o->n_caught = first.verdict == again.verdict && first.n_forward == again.n_forward &&
                      first.tensors[0].worst.numeric == again.tensors[0].worst.numeric &&
                      first.tensors[0].worst.bound == again.tensors[0].worst.bound;
    }
}

static void judge_soak(const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    table_add(table, "soak: right derivatives judged fail", t.n_false_fail == 0 && t.n > 0, "0",
              "%zu of %zu", t.n_false_fail, t.n);
    table_add(table, "soak: judged pass", t.n_passed > t.n / 2, "> 50 %", "%.1f %%",
              100 * (double)t.n_passed / (double)t.n);
    table_add(table, "soak: repeated from its seed, the same figures", t.n_caught == t.n_wrong,
              "all", "%zu of %zu", t.n_caught, t.n_wrong);
}

const struct experiment soak_experiment = {
    .name = "soak",
    .what = "random function, point and seed, default policy",
    .n_ci = 10000,
    .n_full = 1000000,
    .draw = draw_soak,
    .judge = judge_soak,
};

/* ---- honesty: an error well above the resolution that a pass states must not pass ---- */

static void draw_honesty(size_t i, FILE *talk, struct outcome *o) {
    struct random r = random_from(20, i);
    struct bed_case c = bed_case(random_bits(&r) % bed_n_points());
    double scale = root_mean_square(c.point->jacobian, c.point->n_inputs);
    if (c.point->n_outputs > 1 || c.point->on_kink || scale == 0) {
        return;
    }
    struct gradcheck_options options = {.seed = random_bits(&r), .n_points = 1};
    options.max_evaluations = random_bits(&r) % 4 ? 0 : 1 + random_bits(&r) % 400;
    options.thorough = random_bits(&r) % 4 == 0;
    double error = pow(10, random_uniform(&r, -12, 1));
    struct bed_kernel bed;
    bed_open(&bed, &c);
    bed.corruption = BED_ADDED;
    bed.entry = random_bits(&r) % c.point->n_inputs;
    bed.amount =
        (random_bits(&r) % 2 ? error : -error) * fmax(fabs(c.point->jacobian[bed.entry]), scale);
    struct gradcheck_report report;
    check(&bed.kernel, &options, talk, &report);
    bool passed = report.verdict == GRADCHECK_PASS || report.verdict == GRADCHECK_INACCURATE;
    o->verdict = (unsigned char)report.verdict;
    o->resolution = report.resolution;
    o->figure = error;
    o->n_wrong = 1;
    o->n_caught =
        !passed || error <= 2 * report.resolution; /* |error| <= bound + |numeric - truth| */
}

static void judge_honesty(const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    size_t n_failed = 0;
    for (size_t i = 0; i < n; i++) {
        n_failed += outcomes[i].verdict == GRADCHECK_FAIL;
    }
    table_add(table, "errors above twice the stated resolution that passed",
              t.n_caught == t.n_wrong && t.n_wrong > 0, "0", "%zu of %zu", t.n_wrong - t.n_caught,
              t.n_wrong);
    table_add(table, "random errors of 1e-12 to 10 judged fail", 2 * n_failed > t.n_wrong, "> 50 %",
              "%.1f %%", 100 * (double)n_failed / (double)t.n_wrong);
}

const struct experiment honesty_experiment = {
    .name = "honesty",
    .what = "random function, entry and size of error, random budgets",
    .n_ci = 10000,
    .n_full = 300000,
    .draw = draw_honesty,
    .judge = judge_honesty,
};
