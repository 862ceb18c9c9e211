// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "strength.h"

static const struct mistake early = {.name = "early", .label = LABEL_SIGN};
static const struct mistake late = {.name = "late", .label = LABEL_TAIL, .late = true};

/* Two mistakes of which the late one was missed, and a right kernel accused in one run of three. */
static struct strength_kernel example(struct strength_wrong wrong[2]) {
    wrong[0] = (struct strength_wrong){.mistake = &early};
    wrong[0].trial = (struct trial){.by = BY_RULE, .n_runs = 1, .n_evaluations = 10};
    wrong[0].trial.cause = GRADCHECK_CAUSE_SIGN;
    wrong[0].trial.also[BY_RULE] = wrong[0].trial.also[BY_SCREEN] = true;
    wrong[1] = (struct strength_wrong){.mistake = &late};
    wrong[1].trial = (struct trial){.n_runs = 2, .n_evaluations = 20, .text = "\xff not UTF-8"};
    wrong[1].trial.cause = GRADCHECK_CAUSE_SHIFTED;
    struct strength_kernel k = {.kernel = kernel_at(0), .n_wrong = 2, .wrong = wrong};
    k.right = (struct trial){.n_runs = 3, .n_evaluations = 5, .verdict = GRADCHECK_FAIL};
    k.right.n_of[GRADCHECK_PASS] = 1;
    k.right.n_of[GRADCHECK_INCONCLUSIVE] = 1;
    k.right.n_of[GRADCHECK_FAIL] = 1;
    return k;
}

Test(strength, counts_what_was_caught_missed_and_accused) {
    struct strength_wrong wrong[2];
    struct strength_kernel k = example(wrong);
    const struct strength s = {.n_kernels = 1, .kernels = &k};
    const struct strength_totals t = strength_total(&s);
    cr_expect_eq(t.n_wrong, 2);
    cr_expect_eq(t.n_caught, 1);
    cr_expect_eq(t.n_by[BY_RULE], 1);
    cr_expect_eq(t.n_by[BY_SCREEN], 0);
    cr_expect_eq(t.n_alone[BY_SCREEN], 1);
    cr_expect_eq(t.n_named, 1);
    cr_expect_eq(t.n_misnamed, 1);
    cr_expect_eq(t.n_late_named, 0);
    cr_expect_eq(t.n_late_misnamed, 1);
    cr_expect_eq(t.n_late, 1);
    cr_expect_eq(t.n_late_caught, 0);
    cr_expect_eq(t.n_false_alarms, 1);
    cr_expect_eq(t.n_unproven, 1);
    cr_expect_eq(t.n_evaluations, 35);
}

Test(strength, a_right_kernel_that_crashes_is_a_false_alarm) {
    struct strength_kernel k = {.kernel = kernel_at(0), .right = {.by = BY_CRASH}};
    const struct strength s = {.n_kernels = 1, .kernels = &k};
    cr_expect_eq(strength_total(&s).n_false_alarms, 1);
}

Test(strength, names_what_was_missed_and_accused) {
    struct strength_wrong wrong[2];
    struct strength_kernel k = example(wrong);
    const struct strength s = {.n_kernels = 1, .kernels = &k};
    char text[8192] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(out);
    strength_print(&s, out);
    fclose(out);
    cr_expect_not_null(strstr(text, "MISSED       neuron f64 late"));
    cr_expect_not_null(strstr(text, "FALSE ALARM  neuron f64"));
    cr_expect_not_null(strstr(text, "caught 1 of 2 wrong kernels (0 of 1 of those written last)"));
}

Test(strength, a_line_is_met_only_within_its_limit) {
    const struct strength_totals good = {.n_wrong = 110,
                                         .n_caught = 110,
                                         .n_named = 85,
                                         .n_misnamed = 8,
                                         .n_late = 10,
                                         .n_late_caught = 10,
                                         .n_late_named = 5,
                                         .n_late_misnamed = 5,
                                         .n_right = 9,
                                         .n_runs = 9};
    struct strength_totals bad[4] = {good, good, good, good};
    FILE *out = fopen("/dev/null", "w");
    cr_assert_not_null(out);
    cr_expect(strength_print_lines(&good, out));
    bad[0].n_caught--;
    bad[1].n_false_alarms = 1;
    bad[2].n_named--;
    bad[3].n_misnamed++;
    for (size_t i = 0; i < 4; i++) {
        cr_expect_not(strength_print_lines(&bad[i], out), "line %zu", i);
    }
    fclose(out);
}

Test(strength, writes_json_that_reads_back_or_nothing) {
    struct strength_wrong wrong[2];
    struct strength_kernel k = example(wrong);
    const struct strength s = {.n_kernels = 1, .kernels = &k};
    char path[] = "/tmp/strength-XXXXXX", temporary[sizeof path + 4];
    const int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    cr_assert_eq(strength_write(&s, path), 0);
    json_t *root = json_load_file(path, 0, NULL);
    cr_assert_not_null(root);
    json_t *totals = json_object_get(root, "totals");
    cr_expect_eq(json_integer_value(json_object_get(totals, "caught")), 1);
    cr_expect_eq(json_integer_value(json_object_get(totals, "false_alarms")), 1);
    json_decref(root);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    cr_expect_neq(access(temporary, F_OK), 0);
    remove(path);
    cr_expect_neq(strength_write(&s, "/nonexistent/strength.json"), 0);
    cr_expect_eq(errno, ENOENT);
}
