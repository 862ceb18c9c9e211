// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

static char text[4096];

static const char *printed(const struct gradcheck_report *r) {
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    cr_assert_eq(gradcheck_print(r, file), 0);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static bool has(const char *part) {
    return strstr(text, part) != NULL;
}

/* A report of which nothing is special. */
static struct gradcheck_report plain(void) {
    struct gradcheck_report r = {.kernel = "layer",
                                 .verdict = GRADCHECK_PASS,
                                 .seed = 7,
                                 .n_forward = 11,
                                 .n_backward = 3,
                                 .n_points = 2,
                                 .repeatable = true,
                                 .n_tensors = 1};
    strcpy(r.summary, "all is well");
    r.tensors[0] =
        (struct gradcheck_tensor_report){.name = "w", .verdict = GRADCHECK_PASS, .n_entries = 5};
    return r;
}

Test(gradcheck_print, a_plain_report_is_four_lines) {
    struct gradcheck_report r = plain();
    cr_expect_str_eq(printed(&r), "layer: pass: all is well\n"
                                  "  w            pass: 5 entries\n"
                                  "  0 contract rules kept\n"
                                  "  11 forward and 3 backward calls at 2 points, seed 7\n");
    r.summary[0] = '\0';
    cr_expect_eq(strncmp(printed(&r), "layer: pass\n", 12), 0);
}

/* Each count has its words, and none where it is zero. */
Test(gradcheck_print, each_count_is_named_if_there_is_one) {
    static const struct {
        size_t offset;
        const char *words;
    } counts[] = {
#define COUNT(field, words) {offsetof(struct gradcheck_tensor_report, field), words}
        COUNT(n_pass, ", 1 pass (resolution 3.0e-09, median 2.0e-11)"),
        COUNT(n_subgradient, ", 1 of them as subgradients"),
        COUNT(n_inaccurate, ", 1 inaccurate"),
        COUNT(n_inconclusive, ", 1 inconclusive"),
        COUNT(n_fail, ", 1 fail"),
        COUNT(n_uncovered, ", 1 not looked at"),
#undef COUNT
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct gradcheck_report r = plain();
        r.tensors[0].worst_resolution = 3e-9;
        r.tensors[0].median_resolution = 2e-11;
        size_t one = 1;
        memcpy((char *)&r.tensors[0] + counts[i].offset, &one, sizeof one);
        printed(&r);
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            cr_expect_eq(has(counts[k].words), i == k, "%s: %s", counts[k].words, text);
        }
    }
}

Test(gradcheck_print, verdicts_carry_their_reasons_and_the_worst_entry) {
    struct gradcheck_report r = plain();
    r.verdict = GRADCHECK_INCONCLUSIVE;
    r.reason = GRADCHECK_NOISE;
    r.tensors[0].verdict = GRADCHECK_FAIL;
    r.tensors[0].reason = GRADCHECK_KINK;
    printed(&r);
    cr_expect(has("layer: inconclusive (noise): all is well\n"));
    cr_expect(has("w            fail (kink): 5 entries\n"));
    cr_expect_not(has("value "), "no worst entry is known");
    r.tensors[0].worst = (struct gradcheck_entry){.place = {.tensor = "w", .ndim = 1, .index = {3}},
                                                  .verdict = GRADCHECK_FAIL,
                                                  .reason = GRADCHECK_DOMAIN_EDGE,
                                                  .point = 1,
                                                  .value = 0.5,
                                                  .backward = 2,
                                                  .numeric = 1,
                                                  .bound = 0.25,
                                                  .step = 0.125};
    printed(&r);
    cr_expect(has("    w[3]: fail (domain edge) at point 1: backward 2, numeric 1, bound 0.25\n"),
              "%s", text);
    cr_expect(has("value 0x1p-1, step 0x1p-3, backward 0x1p+1, numeric 0x1p+0\n"), "%s", text);
    r.tensors[0].verdict = GRADCHECK_PASS;
    printed(&r);
    cr_expect_not(has("w[3]"), "a tensor that passed needs no worst entry");
}

Test(gradcheck_print, rules_are_counted_when_kept_and_named_when_broken) {
    struct gradcheck_report r = plain();
    r.rules[0].verdict = GRADCHECK_PASS;
    r.rules[GRADCHECK_N_RULES - 1].verdict = GRADCHECK_PASS;
    r.rules[GRADCHECK_RULE_ADDITIVE].verdict = GRADCHECK_FAIL;
    strcpy(r.rules[GRADCHECK_RULE_ADDITIVE].evidence, "w[1] is off");
    r.rules[GRADCHECK_RULE_HOMOGENEOUS].verdict = GRADCHECK_FAIL;
    r.rules[GRADCHECK_RULE_HOMOGENEOUS].waived = true;
    strcpy(r.rules[GRADCHECK_RULE_HOMOGENEOUS].evidence, "clips");
    printed(&r);
    cr_expect(has("  rule additive broken: w[1] is off\n"));
    cr_expect(has("  rule homogeneous waived: clips\n"));
    cr_expect(has("  2 contract rules kept\n"));
}

Test(gradcheck_print, screen_diagnosis_and_controls_are_shown_if_they_say_something) {
    struct gradcheck_report r = plain();
    printed(&r);
    cr_expect_not(has("screen") || has("likely cause") || has("controls missed") || has("clock"));
    r.screen.verdict = GRADCHECK_PASS;
    r.screen.n_directions = 6;
    printed(&r);
    cr_expect(has("  0 contract rules kept\n  screen pass: 6 directions\n"), "%s", text);
    r.screen.resolution = 1e-10;
    r.screen.miss_probability = 0.25;
    strcpy(r.screen.evidence, "step 1");
    strcpy(r.diagnosis, "the sign");
    r.diagnosis_confidence = 0.75;
    strcpy(r.controls.missed, "w: zero");
    r.repeatable = false;
    printed(&r);
    cr_expect(has("6 directions, resolution 1.0e-10, chance of missing ten times that 2.5e-01\n"
                  "    step 1\n"),
              "%s", text);
    cr_expect(has("  likely cause: the sign (confidence 75 %)\n"));
    cr_expect(has("  controls missed: w: zero\n"));
    cr_expect(has("seed 7, ended by the clock: not repeatable\n"));
}

Test(gradcheck_print, a_text_of_one_character_is_one) {
    struct gradcheck_report r = plain();
    r.screen.verdict = GRADCHECK_FAIL;
    strcpy(r.screen.evidence, "e");
    strcpy(r.diagnosis, "d");
    strcpy(r.controls.missed, "m");
    printed(&r);
    cr_expect(has("\n    e\n  likely cause: d (confidence 0 %)\n  controls missed: m\n"), "%s",
              text);
}

Test(gradcheck_print, a_stream_that_fails_is_reported) {
    FILE *file = fopen("/dev/null", "r"); /* reading only */
    cr_assert_not_null(file);
    struct gradcheck_report r = plain();
    cr_expect_eq(gradcheck_print(&r, file), -1);
    fclose(file);
}
