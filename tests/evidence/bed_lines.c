// SPDX-License-Identifier: MIT
/* The test bed: is the truth within the bound, is nothing right accused, is nothing wrong passed?
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "evidence.h"
#include "gradcheck/bed/bed.h"

#define N_SEEDS_CI 3
#define N_SEEDS_FULL 30

/* ---- one point of the bed: the right backward, then wrong ones ---- */

static double largest(const double values[], size_t n) {
    double top = 0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, fabs(values[i]));
    }
    return top;
}

static double root_mean_square(const double values[], size_t n) {
    double top = largest(values, n), sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += top > 0 ? (values[i] / top) * (values[i] / top) : 0;
    }
    return top * sqrt(sum / (double)n);
}

/* backward returned `factor` times the truth: did the truth lie within the bound? */
static void judge_bound(const struct gradcheck_report *r, double factor, struct outcome *o) {
    const struct gradcheck_entry *worst = &r->tensors[0].worst;
    bool judged = worst->verdict == GRADCHECK_PASS || worst->verdict == GRADCHECK_INACCURATE ||
                  worst->verdict == GRADCHECK_FAIL;
    if (judged) {
        o->n_judged++;
        o->n_violated += !(fabs(worst->backward / factor - worst->numeric) <= worst->bound);
    }
}

static void run_right(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
                      struct outcome *o) {
    struct gradcheck_report r;
    check(&bed->kernel, options, talk, &r);
    o->verdict = (unsigned char)r.verdict;
    o->reason = (unsigned char)r.reason;
    o->resolution = r.resolution;
    o->n_forward = (unsigned)r.n_forward;
    o->n_false_fail += r.verdict == GRADCHECK_FAIL;
    if (!bed->point->on_kink) {
        judge_bound(&r, 1, o);
    }
}

static void run_wrong(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
                      struct outcome *o) {
    struct gradcheck_report r;
    check(&bed->kernel, options, talk, &r);
    o->n_wrong++;
    o->n_caught += r.verdict == GRADCHECK_FAIL;
    bool truth_is_known = bed->corruption == BED_ALL_TIMES && bed->amount != 0;
    if (r.verdict == GRADCHECK_FAIL && truth_is_known) {
        judge_bound(&r, bed->amount, o);
    }
}

/* One entry at a time off by ten times the stated resolution. */
static void run_slightly_wrong(struct bed_kernel *bed, const struct gradcheck_options *options,
                               FILE *talk, struct outcome *o) {
    const struct bed_point *p = bed->point;
    double relative = fmax(10 * o->resolution, 8 * DBL_EPSILON);
    if (p->n_outputs > 1) { /* per-entry scales depend on the cotangent: a factor on all of it */
        bed->corruption = BED_ALL_TIMES;
        bed->amount = 1 + relative;
        run_wrong(bed, options, talk, o);
        return;
    }
    double scale = root_mean_square(p->jacobian, p->n_inputs);
    bed->corruption = BED_ADDED;
    for (bed->entry = 0; bed->entry < p->n_inputs; bed->entry++) {
        bed->amount = relative * fmax(fabs(p->jacobian[bed->entry]), scale);
        run_wrong(bed, options, talk, o);
    }
}

static void draw_bed(size_t i, FILE *talk, struct outcome *o) {
    static const double factors[] = {-1, 2, 0, 0.999};
    struct bed_case c = bed_case(i % bed_n_points());
    struct gradcheck_options options = {.seed = 1 + i / bed_n_points(), .n_points = 1};
    struct bed_kernel bed;
    bed_open(&bed, &c);
    run_right(&bed, &options, talk, o);
    bool passed = o->verdict == GRADCHECK_PASS || o->verdict == GRADCHECK_INACCURATE;
    if (!passed || c.point->on_kink ||
        largest(c.point->jacobian, c.point->n_inputs * c.point->n_outputs) == 0) {
        return;
    }
    bed.corruption = BED_ALL_TIMES;
    for (size_t k = 0; k < sizeof factors / sizeof factors[0]; k++) {
        if (fabs(1 - factors[k]) > 10 * o->resolution) {
            bed.amount = factors[k];
            run_wrong(&bed, &options, talk, o);
        }
    }
    run_slightly_wrong(&bed, &options, talk, o);
}

/* ---- the lines ---- */

/* The largest share of points judged inconclusive, in percent, that each family may have. */
static const double most_inconclusive[BED_N_FAMILIES] = {
    [BED_SMOOTH] = 0.1,      [BED_STEEP] = 100,     [BED_FLAT] = 100,        [BED_SCALED_UP] = 100,
    [BED_SCALED_DOWN] = 100, [BED_OFFSET] = 100,    [BED_OSCILLATING] = 100, [BED_PEAK] = 100,
    [BED_SATURATED] = 100,   [BED_EDGE] = 100,      [BED_KINK] = 100,        [BED_ON_KINK] = 100,
    [BED_JUMP] = 100,        [BED_FLOAT32] = 100,   [BED_NOISE] = 100,       [BED_LINEAR] = 100,
    [BED_CONSTANT] = 100,    [BED_SUBNORMAL] = 100, [BED_HUGE] = 100,
};

/* Copies the outcomes of one family; returns their number. */
static size_t family_of(enum bed_family family, const struct outcome outcomes[], size_t n,
                        struct outcome chosen[]) {
    size_t n_chosen = 0;
    for (size_t i = 0; i < n; i++) {
        if (bed_case(i % bed_n_points()).family == family) {
            chosen[n_chosen++] = outcomes[i];
        }
    }
    return n_chosen;
}

static void judge_resolution(const struct outcome smooth[], size_t n, double *scratch,
                             struct table *table) {
    size_t n_passed = 0;
    for (size_t i = 0; i < n; i++) {
        if (smooth[i].verdict == GRADCHECK_PASS || smooth[i].verdict == GRADCHECK_INACCURATE) {
            scratch[n_passed++] = smooth[i].resolution;
        }
    }
    double median = median_of(scratch, n_passed);
    double worst = n_passed ? scratch[n_passed - 1] : INFINITY;
    table_add(table, "smooth: median resolution", n_passed > 0 && median <= 1e-11, "<= 1e-11",
              "%.1e", median);
    table_add(table, "smooth: worst resolution", worst <= 1e-8, "<= 1e-8", "%.1e", worst);
}

static void judge_bed(const struct outcome outcomes[], size_t n, struct table *table) {
    struct outcome *chosen = calloc(n, sizeof *chosen);
    double *scratch = calloc(n, sizeof *scratch);
    if (!chosen || !scratch) {
        table_add(table, "bed", false, "", "out of memory");
    } else {
        struct totals all = totals_of(outcomes, n);
        table_add(table, "bed: truth outside the bound, of all judged pass or fail",
                  all.n_violated == 0 && all.n_judged > 0, "0", "%zu of %zu", all.n_violated,
                  all.n_judged);
        table_add(table, "bed: right derivatives judged fail", all.n_false_fail == 0, "0",
                  "%zu of %zu", all.n_false_fail, all.n);
        table_add(table, "bed: wrong by sign, x2, x0, x0.999, 10 x resolution: caught",
                  all.n_wrong > 0 && all.n_caught == all.n_wrong, "all", "%zu of %zu", all.n_caught,
                  all.n_wrong);
        size_t n_smooth = family_of(BED_SMOOTH, outcomes, n, chosen);
        struct totals smooth = totals_of(chosen, n_smooth);
        table_add(table, "smooth: the same",
                  smooth.n_wrong > 0 && smooth.n_caught == smooth.n_wrong, "all", "%zu of %zu",
                  smooth.n_caught, smooth.n_wrong);
        judge_resolution(chosen, n_smooth, scratch, table);
        for (enum bed_family family = 0; family < BED_N_FAMILIES; family++) {
            struct totals t = totals_of(chosen, family_of(family, outcomes, n, chosen));
            double share = t.n ? 100 * (double)t.n_inconclusive / (double)t.n : 100;
            char line[64], limit[32];
            snprintf(line, sizeof line, "%s: inconclusive", bed_family_name(family));
            snprintf(limit, sizeof limit, "<= %g %%", most_inconclusive[family]);
            table_add(table, line, t.n > 0 && share <= most_inconclusive[family], limit,
                      "%.1f %% of %zu", share, t.n);
        }
    }
    free(chosen);
    free(scratch);
}

/* bed_n_points() of golden.inc; judge_bed would notice a stale number by an empty family. */
#define N_GOLDEN 672

const struct experiment bed_experiment = {
    "bed",
    "every point of the test bed, right and wrong, one point a run",
    N_SEEDS_CI *N_GOLDEN,
    N_SEEDS_FULL *N_GOLDEN,
    draw_bed,
    judge_bed,
};

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

/* Half of the draws leave the golden point for one around it, where the C formula is the truth. */
static void draw_soak(size_t i, FILE *talk, struct outcome *o) {
    struct random r = random_from(2, i);
    struct bed_case c = bed_case(random_bits(&r) % bed_n_points());
    struct gradcheck_options options = {.seed = random_bits(&r),
                                        .n_points = 1 + random_bits(&r) % 3};
    struct bed_kernel bed;
    bed_open(&bed, &c);
    if (random_bits(&r) % 2) {
        double moved[BED_MAX_INPUTS] = {0};
        for (size_t k = 0; k < c.function->n_inputs; k++) {
            moved[k] = bed.x[k] * random_uniform(&r, 0.5, 1.5);
        }
        for (size_t k = 0; k < c.function->n_inputs && is_inside(c.function, moved); k++) {
            bed.x[k] = moved[k];
        }
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
    "soak",     "random function, point and seed, default policy", 10000, 1000000, draw_soak,
    judge_soak,
};
