// SPDX-License-Identifier: MIT
/* The test bed's scalar functions again, the golden points of one as the entries of a tensor (some
 * twice, for at least six): more than a few entries are checked in another way than one, with a
 * step and noise in common. */
#include <math.h>
#include <string.h>

#include "bed_runs.h"

enum { FEWEST_ENTRIES = 6, MOST_ENTRIES = 16, N_SEEDS_CI = 8, N_SEEDS_FULL = 200 };

struct tensor_kernel {
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor input, output;
    const struct bed_function *function;
    enum bed_family family;
    size_t n, wrong; /* entry that backward gets wrong; n: none */
    double by;
    double x[MOST_ENTRIES], dx[MOST_ENTRIES], y[MOST_ENTRIES], dy[MOST_ENTRIES];
    double at[MOST_ENTRIES], slope[MOST_ENTRIES]; /* golden */
};

/* Right, and accused all the same at times; how often is a line by itself. Functions that jump: to
 * steps across all its treads and no smaller ones a staircase is a line. And x^1.5 at 1e-8, beside
 * entries of size 1, whose rounding hides what is left of it. */
static bool is_excused(const struct bed_function *f, enum bed_family family) {
    return family == BED_JUMP || strcmp(f->name, "root_cubed") == 0;
}

static int tensor_forward(void *ctx) {
    struct tensor_kernel *k = ctx;
    for (size_t i = 0; i < k->n; i++) {
        if (bed_value(k->function, &k->x[i], &k->y[i]) != 0) {
            return 1;
        }
    }
    return 0;
}

static int tensor_backward(void *ctx) {
    struct tensor_kernel *k = ctx;
    for (size_t i = 0; i < k->n; i++) {
        double slope = k->slope[i];
        if (k->x[i] != k->at[i]) {
            bed_jacobian(k->function, &k->x[i], &slope);
        }
        k->dx[i] = k->dy[i] * (slope + (i == k->wrong ? k->by : 0));
    }
    return 0;
}

/* False if the function is not of one input, or has no derivative at its points. */
static bool tensor_open(struct tensor_kernel *k, size_t function) {
    size_t n = 0;
    *k = (struct tensor_kernel){.function = NULL};
    k->function = bed_function(function, &k->family);
    for (size_t p = 0; p < bed_n_points() && k->function->scalar != NULL; p++) {
        const struct bed_case c = bed_case(p);
        if (c.function == k->function && !c.point->on_kink && n < MOST_ENTRIES) {
            k->at[n] = c.point->x[0];
            k->slope[n++] = bed_truth(c.point, 0, 0);
        }
    }
    k->n = k->wrong = n < FEWEST_ENTRIES ? FEWEST_ENTRIES : n;
    for (size_t e = 0; e < k->n && n > 0; e++) {
        k->at[e] = k->x[e] = k->at[e % n];
        k->slope[e] = k->slope[e % n];
    }
    k->input = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, k->dx, k->n);
    k->input.lower = k->function->lower;
    k->input.upper = k->function->upper;
    k->output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, k->dy, k->n);
    k->kernel = (struct gradcheck_kernel){.name = k->function->name,
                                          .inputs = &k->input,
                                          .n_inputs = 1,
                                          .outputs = &k->output,
                                          .n_outputs = 1,
                                          .forward = tensor_forward,
                                          .backward = tensor_backward,
                                          .ctx = k};
    return n > 0;
}

/* Right; and if that passes, one entry wrong by a thousandth of it, or of the tensor's scale. */
static void draw_tensor(size_t i, FILE *talk, struct outcome *o) {
    const size_t n = bed_n_functions();
    const struct gradcheck_options options = {.seed = i / n, .n_points = 1, .no_diagnosis = true};
    static struct tensor_kernel k;
    struct gradcheck_report r;
    if (!tensor_open(&k, i % n)) {
        return;
    }
    check(&k.kernel, &options, talk, &r);
    o->verdict = (unsigned char)r.verdict;
    o->resolution = r.resolution;
    o->figure = is_excused(k.function, k.family);
    o->n_false_fail = r.verdict == GRADCHECK_FAIL;
    o->n_forward = (unsigned)r.n_forward;
    const size_t wrong = i / n % k.n;
    const double by = 1e-3 * fmax(fabs(k.slope[wrong]), root_mean_square(k.slope, k.n));
    if (r.verdict == GRADCHECK_PASS && by > 0 && r.resolution < 1e-4) {
        k.wrong = wrong;
        k.by = by;
        check(&k.kernel, &options, talk, &r);
        o->n_wrong = 1;
        o->n_caught = r.verdict == GRADCHECK_FAIL;
        o->n_violated = r.verdict == GRADCHECK_PASS || r.verdict == GRADCHECK_INACCURATE;
    }
}

static void judge_tensors(const struct outcome outcomes[], size_t n, struct table *table) {
    const struct totals t = totals_of(outcomes, n);
    size_t n_run = 0, n_excused = 0, n_excused_fail = 0;
    for (size_t i = 0; i < n; i++) {
        n_excused += outcomes[i].figure != 0;
        n_run += outcomes[i].n_forward > 0;
        n_excused_fail += outcomes[i].figure != 0 ? outcomes[i].n_false_fail : 0;
    }
    table_add(table, "tensors: right derivatives judged fail",
              n_run > n_excused && t.n_false_fail == n_excused_fail, "0", "%zu of %zu",
              t.n_false_fail - n_excused_fail, n_run - n_excused);
    table_add(table, "tensors: the same of functions that jump, and of x^1.5 near 0",
              n_excused > 0 && (double)n_excused_fail <= 0.2 * (double)n_excused, "<= 20 %",
              "%zu of %zu", n_excused_fail, n_excused);
    /* as a subgradient, beside a kink that is nearer than the steps */
    table_add(table, "tensors: one entry wrong by 1e-3 x max(entry, rms) passed",
              t.n_wrong > 0 && (double)t.n_violated <= 1e-3 * (double)t.n_wrong, "<= 0.1 %",
              "%zu of %zu", t.n_violated, t.n_wrong);
    /* most of the others are inconclusive, beside a kink as well */
    table_add(table, "tensors: the same judged fail",
              t.n_wrong > 0 && (double)t.n_caught >= 0.98 * (double)t.n_wrong, ">= 98 %",
              "%zu of %zu", t.n_caught, t.n_wrong);
}

const struct experiment tensors_experiment = {
    .name = "tensors",
    .what = "the golden points of a function of the test bed as the entries of one tensor",
    .n_ci = N_SEEDS_CI,
    .n_full = N_SEEDS_FULL,
    .unit = bed_n_functions,
    .draw = draw_tensor,
    .judge = judge_tensors,
};
