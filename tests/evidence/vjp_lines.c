// SPDX-License-Identifier: MIT
/* gradcheck_numeric_vjp against the golden Jacobians, a row at a time. */
#include <math.h>

#include "bed_runs.h"

static void compare_row(const struct bed_kernel *bed, size_t output, const double numeric[],
                        const double bound[], FILE *talk, struct outcome *o) {
    for (size_t i = 0; i < bed->point->n_inputs; i++) {
        double truth = bed_truth(bed->point, output, i);
        if (talk) {
            fprintf(talk, "%s [%zu][%zu]: numeric %.17g +- %.2g, truth %.17g\n",
                    bed->function->name, output, i, numeric[i], bound[i], truth);
        }
        o->n_judged += isfinite(bound[i]);
        o->n_violated += isfinite(bound[i]) && !(fabs(numeric[i] - truth) <= bound[i]);
    }
}

static void draw_vjp(size_t i, FILE *talk, struct outcome *o) {
    struct bed_case c = bed_case(i % bed_n_points());
    const struct gradcheck_options options = {.seed = 1 + i / bed_n_points()};
    struct bed_kernel bed;
    bed_open(&bed, &c);
    o->n_entries = (unsigned)(c.point->n_inputs * c.point->n_outputs);
    for (size_t output = 0; output < c.point->n_outputs && !c.point->on_kink; output++) {
        double numeric[BED_MAX_INPUTS] = {0};
        double bound[BED_MAX_INPUTS] = {0};
        for (size_t k = 0; k < c.point->n_outputs; k++) {
            bed.dy[k] = k == output;
        }
        enum gradcheck_status status = gradcheck_numeric_vjp(
            &bed.kernel, &options, (double *[]){numeric}, (double *[]){bound});
        o->n_false_fail += status != GRADCHECK_OK;
        compare_row(&bed, output, numeric, bound, talk, o);
    }
}

static void judge_vjp(const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    size_t n_entries = 0;
    for (size_t i = 0; i < n; i++) {
        n_entries += outcomes[i].n_entries;
    }
    table_add(table, "gradcheck_numeric_vjp: truth outside the bound",
              t.n_violated == 0 && t.n_judged > 0, "0", "%zu of %zu", t.n_violated, t.n_judged);
    double share = 100 * (double)t.n_judged / (double)n_entries;
    table_add(table, "gradcheck_numeric_vjp: entries with a bound",
              share >= 90 && t.n_false_fail == 0, ">= 90 %", "%.1f %%", share);
}

const struct experiment vjp_experiment = {
    .name = "vjp",
    .what = "gradcheck_numeric_vjp at every point of the test bed",
    .n_ci = 1,
    .n_full = 30,
    .unit = bed_n_points,
    .draw = draw_vjp,
    .judge = judge_vjp,
};
