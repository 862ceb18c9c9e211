// SPDX-License-Identifier: MIT
/* Rows that are stated to be independent: how that is verified, and which entries move together. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

enum { N = 12 };

struct rows {
    size_t n;
    double x[N], dx[N], y[N], dy[N];
    double opened[N];
    double leak; /* of x[from] into y[into] */
    size_t from, into;
    bool forgotten;      /* by backward */
    bool at_first_alone; /* it leaks within 2 % of where x was */
    size_t at_once;      /* forward refuses if more entries have moved by more than a millionth */
    double bound;        /* nor may a magnitude be larger than so many times what it was */
    double w, dw;        /* what all rows are multiplied by */
    double c[N];         /* of each row, and never moved */
    struct gradcheck_tensor inputs[3], *input, output;
    struct gradcheck_kernel kernel;
};

static double leak(const struct rows *r) {
    const double share = r->x[r->from] / r->opened[r->from];
    return r->at_first_alone && fabs(share - 1) > 0.02 ? 0 : r->leak;
}

/* Nor does it take a value of the other sign. */
static int forward(void *ctx) {
    struct rows *r = ctx;
    size_t n_moved = 0;
    bool outside = false;
    for (size_t i = 0; i < r->n; i++) {
        const double share = r->x[i] / r->opened[i];
        r->y[i] = r->w * r->c[i] * r->x[i] * (1 + 0.1 * share);
        n_moved += fabs(share - 1) > 1e-6;
        outside = outside || share < 0 || share > r->bound;
        cr_assert_eq(r->c[i], 1.0);
    }
    r->y[r->into] += leak(r) * r->x[r->from];
    return n_moved > r->at_once || outside;
}

static int backward(void *ctx) {
    struct rows *r = ctx;
    r->dw = 0;
    for (size_t i = 0; i < r->n; i++) {
        const double share = r->x[i] / r->opened[i];
        r->dx[i] = r->dy[i] * r->w * r->c[i] * (1 + 0.2 * share);
        r->dw += r->dy[i] * r->c[i] * r->x[i] * (1 + 0.1 * share);
    }
    r->dx[r->from] += r->forgotten ? 0 : leak(r) * r->dy[r->into];
    return 0;
}

static void open_rows(struct rows *r, size_t n, double scale) {
    *r = (struct rows){.n = n, .into = n > 2 ? 2 : 0, .at_once = N, .bound = INFINITY, .w = 1};
    for (size_t i = 0; i < n; i++) {
        r->c[i] = 1;
        r->x[i] = r->opened[i] = scale * (i % 2 ? -1 : 1) * (1 + 0.1 * (double)i);
    }
    r->inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("w", &r->w, &r->dw);
    r->inputs[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", r->x, r->dx, n);
    r->inputs[2] = (struct gradcheck_tensor)GRADCHECK_INPUT("c", r->c, NULL, n);
    r->input = &r->inputs[1];
    r->output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", r->y, r->dy, n);
    r->input->batch_axis = r->output.batch_axis = r->inputs[2].batch_axis = 1;
    r->kernel = (struct gradcheck_kernel){.name = "rows",
                                          .inputs = r->inputs,
                                          .n_inputs = 3,
                                          .outputs = &r->output,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = r};
}

static struct gradcheck_report check(struct rows *r, struct gradcheck_options o) {
    struct gradcheck_report report;
    o.n_points = 1;
    o.no_diagnosis = true;
    cr_assert_eq(gradcheck_run(&r->kernel, &o, &report), GRADCHECK_OK, "%s", report.summary);
    return report;
}

Test(gradcheck_rows, are_moved_by_little_at_any_magnitude) {
    static const double scales[] = {1e-60, 1e-9, 1, 1e9, 1e60};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        struct rows r;
        open_rows(&r, 5, scales[i]);
        struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = i});
        const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
        cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%g: %s", scales[i], rule->evidence);
        cr_expect_eq(report.verdict, GRADCHECK_PASS, "%g: %s", scales[i], report.summary);
        r.leak = 1e-4;
        report = check(&r, (struct gradcheck_options){.seed = i});
        cr_expect_eq(rule->verdict, GRADCHECK_FAIL, "%g", scales[i]);
        cr_expect_str_eq(rule->evidence, "the output of row 2 changes with other rows");
    }
}

/* From each row into each other one. Entries are then looked at one by one: what a row alone says
 * is not the derivative. */
Test(gradcheck_rows, that_reach_into_one_another_are_told_whichever_they_are) {
    for (size_t i = 0; i < 25; i++) {
        struct rows r;
        char text[64];
        open_rows(&r, 5, 1);
        r.from = i / 5;
        r.into = i % 5;
        r.leak = 1e-2;
        snprintf(text, sizeof text, "the output of row %zu changes with other rows", r.into);
        struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = i});
        const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
        cr_expect_eq(rule->verdict, r.from == r.into ? GRADCHECK_PASS : GRADCHECK_FAIL, "%zu", i);
        cr_expect_str_eq(rule->evidence, r.from == r.into ? "" : text);
        cr_expect_eq(report.tensors[1].n_pass, 5u, "%zu: %s", i, report.summary);
        r.forgotten = true;
        report = check(&r, (struct gradcheck_options){.seed = i});
        cr_expect_eq(report.tensors[1].n_fail, 1u, "%zu: %s", i, report.summary);
        cr_expect_eq(report.tensors[1].worst.place.index[0], r.from, "%zu", i);
    }
}

Test(gradcheck_rows, that_reach_into_one_another_at_one_point_do_so) {
    struct rows r;
    struct gradcheck_report report;
    const struct gradcheck_options o = {.n_points = 3, .no_diagnosis = true};
    open_rows(&r, 5, 1);
    r.leak = 1e-2;
    r.at_first_alone = true;
    cr_assert_eq(gradcheck_run(&r.kernel, &o, &report), GRADCHECK_OK, "%s", report.summary);
    cr_expect_eq(report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE].verdict, GRADCHECK_FAIL);
}

Test(gradcheck_rows, of_which_there_is_one_are_none) {
    struct rows r;
    open_rows(&r, 1, 1);
    struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = 1});
    cr_expect_eq(report.verdict, GRADCHECK_PASS, "%s", report.summary);
    cr_expect_eq(report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE].verdict, GRADCHECK_NOT_CHECKED);
}

/* Of four rows two move at a time. */
Test(gradcheck_rows, are_moved_by_halves) {
    struct rows r;
    open_rows(&r, 4, 1);
    r.at_once = 2;
    struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = 1});
    const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
    cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
    cr_expect_eq(report.tensors[1].n_pass, 4u, "%s", report.summary);
}

Test(gradcheck_rows, are_moved_within_their_domain) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct rows r;
        open_rows(&r, 4, 1);
        for (size_t i = 0; i < 4; i++) {
            r.x[i] = r.opened[i] = 1;
        }
        r.bound = r.input->upper = 1.001;
        r.input->lower = 0.5;
        struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = seed});
        const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
        cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
        cr_expect_eq(report.tensors[1].n_pass, 4u, "%s", report.summary);
    }
}

Test(gradcheck_rows, that_may_not_move_together_are_looked_at_one_by_one) {
    struct rows r;
    open_rows(&r, 5, 1);
    r.at_once = 1;
    struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = 1});
    const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
    cr_expect_eq(rule->verdict, GRADCHECK_NOT_CHECKED);
    cr_expect_str_eq(rule->evidence, "could not be verified here");
    cr_expect_eq(report.tensors[1].n_pass, 5u);
}

static void count(void *ctx, const struct gradcheck_entry *e) {
    size_t *counts = ctx;
    if (e->place.tensor[0] != 'x') {
        return;
    }
    counts[(e->place.index[0] * 3 + e->place.index[1]) * 2 + e->place.index[2]] +=
        e->verdict == GRADCHECK_PASS;
}

Test(gradcheck_rows, along_any_axis_cover_every_entry) {
    for (unsigned axis = 0; axis <= 3; axis++) {
        struct rows r;
        size_t counts[N] = {0};
        open_rows(&r, N, 1);
        const size_t shape[3] = {2, 3, 2};
        r.input->ndim = r.output.ndim = 3;
        memcpy(r.input->shape, shape, sizeof shape);
        memcpy(r.output.shape, shape, sizeof shape);
        r.inputs[2].ndim = 3;
        memcpy(r.inputs[2].shape, shape, sizeof shape);
        r.input->batch_axis = r.output.batch_axis = r.inputs[2].batch_axis = axis;
        struct gradcheck_report report =
            check(&r, (struct gradcheck_options){.on_entry = count, .on_entry_ctx = counts});
        cr_expect_eq(report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE].verdict,
                     axis > 0 ? GRADCHECK_PASS : GRADCHECK_NOT_CHECKED);
        for (size_t i = 0; i < N; i++) {
            cr_expect_eq(counts[i], 1u, "axis %u, entry %zu: %zu", axis, i, counts[i]);
        }
    }
}

/* y = x + w, over rows of x; w belongs to none. */
struct shared {
    double x[4], dx[4], w[3], dw[3], y[4], dy[4];
};

static int shared_forward(void *ctx) {
    struct shared *k = ctx;
    for (size_t i = 0; i < 4; i++) {
        k->y[i] = k->x[i] + k->w[0] + 2 * k->w[1] * k->w[2];
    }
    return 0;
}

static int shared_backward(void *ctx) {
    struct shared *k = ctx;
    double sum = 0;
    for (size_t i = 0; i < 4; i++) {
        sum += k->dx[i] = k->dy[i];
    }
    k->dw[0] = sum;
    k->dw[1] = 2 * sum * k->w[2];
    k->dw[2] = 2 * sum * k->w[1];
    return 0;
}

Test(gradcheck_rows, an_input_that_has_none_is_looked_at_entry_by_entry) {
    struct shared k = {.x = {0.3, 0.7, -0.4, 1.1}, .w = {0.5, 0.9, -0.6}};
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, 4),
                                    GRADCHECK_INPUT("w", k.w, k.dw, 3)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, 4)};
    in[0].batch_axis = out[0].batch_axis = 1;
    const struct gradcheck_kernel kernel = {.name = "shared",
                                            .inputs = in,
                                            .n_inputs = 2,
                                            .outputs = out,
                                            .n_outputs = 1,
                                            .forward = shared_forward,
                                            .backward = shared_backward,
                                            .ctx = &k};
    const struct gradcheck_options options = {.n_points = 1, .thorough = true};
    struct gradcheck_report report;
    cr_assert_eq(gradcheck_run(&kernel, &options, &report), GRADCHECK_OK);
    cr_expect_eq(report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE].verdict, GRADCHECK_PASS);
    cr_expect_eq(report.verdict, GRADCHECK_PASS, "%s", report.summary);
    cr_expect_eq(report.tensors[0].n_pass, 4u);
    cr_expect_eq(report.tensors[1].n_pass, 3u, "%zu", report.tensors[1].n_pass);
}
