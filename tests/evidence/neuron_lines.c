// SPDX-License-Identifier: MIT
/* The neuron on a batch of 16 x 64: every single wrong entry, and what a run costs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"

#define N_SEEDS 20
#define N_ALL (N_SEEDS * (1 + BATCH_ENTRIES)) /* a right run and a wrong one for each entry */
#define N_SAMPLE(entries) (N_SEEDS * (1 + (entries)))

struct setting {
    double relative, floor;
    bool rows_are_independent, thorough;
};

/* What the elementwise phase began and ended with, from the progress callback. */
struct phase_count {
    size_t before, last;
    bool inside;
};

static int count_phase(void *ctx, const struct gradcheck_progress *progress) {
    struct phase_count *count = ctx;
    bool inside = strcmp(progress->phase, "elementwise") == 0;
    if (!inside && !count->inside) {
        count->before = progress->evaluations;
    }
    count->inside = count->inside || inside;
    count->last = inside ? progress->evaluations : count->last;
    return 0;
}

/* The first draws are the right runs, one a seed. Then seed by seed again, a sample of n entries
 * for each seed is spread over all of them: 397 has no divisor in common with 1,089. Each seed
 * begins at another entry, so that 63 or more of each are all entries together. */
static size_t seed_of(size_t i) {
    return i % N_SEEDS;
}
static size_t entry_of(size_t i) {
    return (i / N_SEEDS - 1 + BATCH_ENTRIES / N_SEEDS * seed_of(i)) * 397 % BATCH_ENTRIES;
}

static void draw_neuron(size_t i, const struct setting *s, FILE *talk, struct outcome *o) {
    size_t seed = seed_of(i);
    struct random random = random_from(3, seed);
    static struct batch_double batch;
    batch_double_open(&batch, &random, seed % 2 ? 0.01 : 1 / sqrt(FEATURES));
    if (s->rows_are_independent) {
        batch.inputs[0].batch_axis = batch.outputs[0].batch_axis = 1;
    }
    bool right = i < N_SEEDS;
    batch.error = (struct batch_error){!right, right ? 0 : entry_of(i), s->relative, s->floor, 0};
    struct phase_count count = {0};
    const struct gradcheck_options options = {.seed = 1000 + seed,
                                              .n_points = 1,
                                              .thorough = s->thorough,
                                              .no_diagnosis = true,
                                              .progress = count_phase,
                                              .progress_ctx = &count};
    struct gradcheck_report r;
    check(&batch.kernel, &options, talk, &r);
    o->n_entries = BATCH_ENTRIES;
    o->n_forward = (unsigned)r.n_forward;
    o->n_elementwise = count.last > count.before ? (unsigned)(count.last - count.before) : 0;
    o->resolution = r.resolution;
    o->verdict = (unsigned char)r.verdict;
    if (right) {
        o->n_false_fail = r.verdict == GRADCHECK_FAIL;
        o->n_judged = r.verdict == GRADCHECK_PASS;
    } else {
        o->n_wrong = 1;
        o->n_caught = batch_found(&r, batch.error.entry);
    }
}

static void judge_neuron(const char *name, const struct setting *s, double most_calls,
                         const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    double calls = 0, elementwise = 0, worst = 0;
    for (size_t i = 0; i < N_SEEDS; i++) {
        calls += outcomes[i].n_forward / (double)(N_SEEDS * BATCH_ENTRIES);
        elementwise += outcomes[i].n_elementwise / (double)(N_SEEDS * BATCH_ENTRIES);
        worst = fmax(worst, outcomes[i].resolution);
    }
    char line[96], limit[32];
    snprintf(line, sizeof line, "%s: single errors of %g x max(entry, %g rms) found", name,
             s->relative, s->floor);
    table_add(table, line, t.n_wrong > 0 && t.n_caught == t.n_wrong, "all", "%zu of %zu",
              t.n_caught, t.n_wrong);
    snprintf(line, sizeof line, "%s: right runs passed, none failed", name);
    table_add(table, line, t.n_false_fail == 0 && t.n_judged == N_SEEDS, "20, 0", "%zu, %zu",
              t.n_judged, t.n_false_fail);
    snprintf(line, sizeof line, "%s: forward calls an entry, everything included", name);
    snprintf(limit, sizeof limit, "<= %g", most_calls);
    table_add(table, line, calls > 0 && calls <= most_calls, limit, "%.2f", calls);
    if (s->rows_are_independent) {
        snprintf(line, sizeof line, "%s: forward calls an entry, elementwise", name);
        table_add(table, line, elementwise > 0 && elementwise <= 1, "<= 1", "%.2f", elementwise);
    }
    snprintf(line, sizeof line, "%s: worst resolution", name);
    table_add(table, line, worst > 0 && worst <= 1e-9, "<= 1e-9", "%.1e", worst);
}

static const struct setting plain = {1e-9, 0.05, false, false};
static const struct setting rows = {1e-9, 0.05, true, false};
static const struct setting thorough = {1e-11, 0.1, false, true};

static void draw_plain(size_t i, FILE *talk, struct outcome *o) {
    draw_neuron(i, &plain, talk, o);
}
static void judge_plain(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_neuron("neuron", &plain, 8, outcomes, n, table);
}
static void draw_rows(size_t i, FILE *talk, struct outcome *o) {
    draw_neuron(i, &rows, talk, o);
}
static void judge_rows(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_neuron("neuron, rows independent", &rows, 8, outcomes, n, table);
}
static void draw_thorough(size_t i, FILE *talk, struct outcome *o) {
    draw_neuron(i, &thorough, talk, o);
}
static void judge_thorough(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_neuron("neuron, thorough", &thorough, 16, outcomes, n, table);
}

const struct experiment neuron_experiment = {
    .name = "neuron",
    .what = "batch 16 x 64, one entry wrong by 1e-9",
    .n_ci = N_SAMPLE(63),
    .n_full = N_ALL,
    .draw = draw_plain,
    .judge = judge_plain,
};
const struct experiment neuron_rows_experiment = {
    .name = "neuron_rows",
    .what = "the same with independent rows stated",
    .n_ci = N_SAMPLE(63),
    .n_full = N_ALL,
    .draw = draw_rows,
    .judge = judge_rows,
};
static const size_t thorough_missed[] = {6841};
const struct experiment neuron_thorough_experiment = {
    .name = "neuron_thorough",
    .what = "thorough, one entry wrong by 1e-11",
    .n_ci = N_SAMPLE(12),
    .n_full = N_ALL,
    .missed = thorough_missed,
    .n_missed = 1,
    .draw = draw_thorough,
    .judge = judge_thorough,
};

/* ---- float32 ---- */

/* How far the right float32 gradient of an entry is off the wide one, at the point and 32 points an
 * ULP around it, with as many cotangents, against the sum of the magnitudes of its terms: of a sum
 * that cancels, the rounding is a large share, and how far it cancels depends on the cotangent. */
static double measured_rounding(struct batch_float *f, size_t entry) {
    static struct batch_double d;
    struct random random = random_from(5, entry);
    batch_double_open(&d, &random, 0);
    size_t offset;
    const char *place = batch_place(entry, &offset);
    const struct batch_float kept = *f;
    double worst = 0;
    for (int nudge = 0; nudge < 33; nudge++) {
        for (size_t i = 0; i < BATCH * FEATURES; i++) {
            float to = random_bits(&random) % 2 ? 100 : -100;
            f->x[i] = nudge ? nextafterf(kept.x[i], to) : kept.x[i];
            d.x[i] = (double)f->x[i];
        }
        for (size_t k = 0; k < FEATURES; k++) {
            d.w[k] = (double)f->w[k];
        }
        d.b = (double)f->b;
        for (size_t row = 0; row < BATCH; row++) {
            f->dy[row] =
                (float)(random_uniform(&random, 0.5, 1.5) * (random_bits(&random) % 2 ? 1 : -1));
            d.dy[row] = (double)f->dy[row];
        }
        f->kernel.forward(f);
        f->kernel.backward(f);
        const float *have = *place == 'x' ? f->dx : *place == 'w' ? f->dw : &f->db;
        const struct batch_terms want = batch_terms(&d, entry);
        worst = fmax(worst, fabs((double)have[offset] - want.sum) / want.magnitude);
    }
    memcpy(f->x, kept.x, sizeof f->x);
    return worst;
}

static void draw_float(size_t i, bool wide, FILE *talk, struct outcome *o) {
    size_t seed = seed_of(i);
    struct random random = random_from(4, seed);
    static struct batch_float batch;
    batch_float_open(&batch, &random, seed % 2 ? 0.01 : 1 / sqrt(FEATURES));
    bool right = i < N_SEEDS;
    size_t entry = right ? 0 : entry_of(i);
    if (wide) {
        batch_float_widen(&batch);
        double rounding = measured_rounding(&batch, entry);
        batch.error = (struct batch_error){!right, entry, 2e-6, 0.1, 6 * rounding};
    } else {
        batch.error = (struct batch_error){!right, entry, 1e-3, 0.1, 0};
    }
    const struct gradcheck_options options = {
        .seed = 2000 + seed, .n_points = 1, .no_diagnosis = true};
    struct gradcheck_report r;
    check(&batch.kernel, &options, talk, &r);
    o->n_entries = BATCH_ENTRIES;
    o->n_forward = (unsigned)r.n_forward;
    o->resolution = r.resolution;
    o->figure = batch.error.rounding;
    o->verdict = (unsigned char)r.verdict;
    if (right) {
        o->n_false_fail = r.verdict == GRADCHECK_FAIL;
        o->n_judged = r.verdict == GRADCHECK_PASS || r.verdict == GRADCHECK_INACCURATE;
    } else {
        o->n_wrong = 1;
        o->n_caught = batch_found(&r, entry);
    }
}

static void judge_float(const char *name, const char *error, const struct outcome outcomes[],
                        size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    char line[96];
    snprintf(line, sizeof line, "%s: single errors of %s found", name, error);
    table_add(table, line, t.n_wrong > 0 && t.n_caught == t.n_wrong, "all", "%zu of %zu",
              t.n_caught, t.n_wrong);
    snprintf(line, sizeof line, "%s: right runs passed, none failed", name);
    table_add(table, line, t.n_false_fail == 0 && t.n_judged == N_SEEDS, "20, 0", "%zu, %zu",
              t.n_judged, t.n_false_fail);
}

static void draw_narrow(size_t i, FILE *talk, struct outcome *o) {
    draw_float(i, false, talk, o);
}
static void judge_narrow(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_float("float32 neuron", "1e-3 x max(entry, 0.1 rms)", outcomes, n, table);
}
static void draw_wide(size_t i, FILE *talk, struct outcome *o) {
    draw_float(i, true, talk, o);
}
static void judge_wide(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_float("float32 neuron, wide forward", "max(2e-6, 6 x rounding)", outcomes, n, table);
}

static const size_t float32_missed[] = {5211, 8888, 10880, 17774};
const struct experiment float32_experiment = {
    .name = "float32",
    .what = "float32 neuron, |z| <= 2, one entry wrong by 1e-3",
    .n_ci = N_SAMPLE(10),
    .n_full = N_ALL,
    .missed = float32_missed,
    .n_missed = sizeof float32_missed / sizeof float32_missed[0],
    .draw = draw_narrow,
    .judge = judge_narrow,
};
static const size_t float32_wide_missed[] = {19438};
const struct experiment float32_wide_experiment = {
    .name = "float32_wide",
    .what = "the same with forward_wide, wrong by 2e-6",
    .n_ci = N_SAMPLE(10),
    .n_full = N_ALL,
    .missed = float32_wide_missed,
    .n_missed = 1,
    .draw = draw_wide,
    .judge = judge_wide,
};
