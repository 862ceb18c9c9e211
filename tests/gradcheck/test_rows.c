// SPDX-License-Identifier: MIT
/* Rows that are stated to be independent: how that is verified, and which entries move together. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

enum { N = 12 };

struct rows {
    size_t n;
    double x[N], dx[N], y[N], dy[N];
    double opened[N];
    double leak;    /* of x[0] into y[2] */
    size_t at_once; /* forward refuses if more entries have moved by more than a millionth */
    struct gradcheck_tensor input, output;
    struct gradcheck_kernel kernel;
};

/* Nor does it take a value of the other sign. */
static int forward(void *ctx) {
    struct rows *r = ctx;
    size_t n_moved = 0;
    bool other_sign = false;
    for (size_t i = 0; i < r->n; i++) {
        r->y[i] = r->x[i] * (1 + 0.1 * r->x[i] / r->opened[i]) + (i == 2 ? r->leak * r->x[0] : 0);
        n_moved += fabs(r->x[i] - r->opened[i]) > 1e-6 * fabs(r->opened[i]);
        other_sign = other_sign || r->x[i] * r->opened[i] < 0;
    }
    return n_moved > r->at_once || other_sign;
}

static int backward(void *ctx) {
    struct rows *r = ctx;
    for (size_t i = 0; i < r->n; i++) {
        r->dx[i] = r->dy[i] * (1 + 0.2 * r->x[i] / r->opened[i]);
    }
    r->dx[0] += r->leak * r->dy[2];
    return 0;
}

static void open_rows(struct rows *r, size_t n, double scale) {
    *r = (struct rows){.n = n, .at_once = N};
    for (size_t i = 0; i < n; i++) {
        r->x[i] = r->opened[i] = scale * (i % 2 ? -1 : 1) * (1 + 0.1 * (double)i);
    }
    r->input = (struct gradcheck_tensor)GRADCHECK_INPUT("x", r->x, r->dx, n);
    r->output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", r->y, r->dy, n);
    r->input.batch_axis = r->output.batch_axis = 1;
    r->kernel = (struct gradcheck_kernel){.name = "rows",
                                          .inputs = &r->input,
                                          .n_inputs = 1,
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
    static const double scales[] = {1e-9, 1, 1e9};
    for (size_t i = 0; i < 3; i++) {
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

Test(gradcheck_rows, that_may_not_move_together_are_looked_at_one_by_one) {
    struct rows r;
    open_rows(&r, 5, 1);
    r.at_once = 1;
    struct gradcheck_report report = check(&r, (struct gradcheck_options){.seed = 1});
    const struct gradcheck_rule_report *rule = &report.rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
    cr_expect_eq(rule->verdict, GRADCHECK_NOT_CHECKED);
    cr_expect_str_eq(rule->evidence, "could not be verified here");
    cr_expect_eq(report.tensors[0].n_pass, 5u);
}

static void count(void *ctx, const struct gradcheck_entry *e) {
    size_t *counts = ctx;
    counts[(e->place.index[0] * 3 + e->place.index[1]) * 2 + e->place.index[2]] +=
        e->verdict == GRADCHECK_PASS;
}

Test(gradcheck_rows, along_any_axis_cover_every_entry) {
    for (unsigned axis = 0; axis <= 3; axis++) {
        struct rows r;
        size_t counts[N] = {0};
        open_rows(&r, N, 1);
        const size_t shape[3] = {2, 3, 2};
        r.input.ndim = r.output.ndim = 3;
        memcpy(r.input.shape, shape, sizeof shape);
        memcpy(r.output.shape, shape, sizeof shape);
        r.input.batch_axis = r.output.batch_axis = axis;
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
