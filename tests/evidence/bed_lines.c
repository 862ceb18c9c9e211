// SPDX-License-Identifier: MIT
/* The test bed: is the truth within the bound, is nothing right accused, is nothing wrong passed?
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "bed_runs.h"

#define N_SEEDS_CI 3
#define N_SEEDS_FULL 30

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

/* The largest share of points judged inconclusive, in percent, that each family may have. Only to
 * be lowered. */
static const struct {
    double percent;
    const char *why;
} most_inconclusive[BED_N_FAMILIES] = {
    [BED_SMOOTH] = {0.1, ""},
    [BED_STEEP] = {0, ""},
    [BED_FLAT] = {13, "the top of cos, the bottom of (x - 1)^4"},
    [BED_SCALED_UP] = {12, "1e12 apart in one tensor"},
    [BED_SCALED_DOWN] = {0, ""},
    [BED_OFFSET] = {0, ""},
    [BED_OSCILLATING] = {0, ""},
    [BED_PEAK] = {0, ""},
    [BED_SATURATED] = {34, "no digits left"},
    [BED_EDGE] = {0, ""},
    [BED_KINK] = {18, "the flat side of relu is vacuous"},
    [BED_ON_KINK] = {0, ""},
    [BED_JUMP] = {21, "floor is vacuous"},
    [BED_FLOAT32] = {0, ""},
    [BED_NOISE] = {6, "three digits at most"},
    [BED_LINEAR] = {0, ""},
    [BED_CONSTANT] = {79, "vacuous, all but one_ignored"},
    [BED_SUBNORMAL] = {40, "three digits left"},
    [BED_HUGE] = {0, ""},
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
            double most = most_inconclusive[family].percent;
            const char *why = most_inconclusive[family].why;
            char line[96];
            char limit[32];
            snprintf(line, sizeof line, "%s: inconclusive%s%s%s", bed_family_name(family),
                     *why ? " (" : "", why, *why ? ")" : "");
            snprintf(limit, sizeof limit, "<= %g %%", most);
            table_add(table, line, t.n > 0 && share <= most, limit, "%.1f %% of %zu", share, t.n);
        }
    }
    free(chosen);
    free(scratch);
}

const struct experiment bed_experiment = {
    .name = "bed",
    .what = "every point of the test bed, right and wrong, one point a run",
    .n_ci = N_SEEDS_CI,
    .n_full = N_SEEDS_FULL,
    .unit = bed_n_points,
    .draw = draw_bed,
    .judge = judge_bed,
};
