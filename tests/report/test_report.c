// SPDX-License-Identifier: MIT
/* What the three reports say. */
#include "sample.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct report_options verify = {.version = "1.2.3", .again = "build/gradgate verify"};

static json_t *json_of(const struct gate_results *r, const struct report_options *options) {
    size_t size;
    char *text = written(report_json, r, options, &size);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(root != NULL);
    free(text);
    return root;
}

/* "kernels/0/cases/1/id" */
static json_t *at(json_t *root, const char *path) {
    char copy[256];
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *part = strtok(copy, "/"); part != NULL; part = strtok(NULL, "/")) {
        root = json_is_array(root) ? json_array_get(root, (size_t)atoi(part))
                                   : json_object_get(root, part);
    }
    cr_assert(root != NULL, "%s is missing", path);
    return root;
}

static void expect_text(json_t *root, const char *path, const char *expected) {
    const char *text = json_string_value(at(root, path));
    cr_expect(text != NULL && strcmp(text, expected) == 0, "%s: %s", path, text);
}

static void expect_number(json_t *root, const char *path, double expected) {
    cr_expect(json_is_number(at(root, path)) && json_number_value(at(root, path)) == expected,
              "%s: %g", path, json_number_value(at(root, path)));
}

/* ---- JSON ---- */

Test(report_json, says_what_the_results_say) {
    json_t *root = json_of(sample("it is wrong", "talk", 4), &verify);
    expect_text(root, "format", "gradgate-results");
    expect_number(root, "version", 1);
    expect_text(root, "gradgate", "1.2.3");
    expect_text(root, "seed", "42");
    expect_number(root, "exit_code", 1);
    cr_assert(json_is_false(at(root, "interrupted")));
    expect_text(root, "kernels/0/name", "neuron");
    expect_text(root, "kernels/0/verdict", "fail");
    expect_number(root, "kernels/0/by_gradient/not applicable", 1);
    expect_number(root, "kernels/0/by_gradient/inconclusive", 1);
    expect_text(root, "kernels/0/worst/case", "wrong");
    expect_number(root, "kernels/0/worst/index/1", 2);
    expect_text(root, "kernels/0/cases/1/id", "wrong");
    expect_text(root, "kernels/0/cases/1/seed", "18446744073709551615");
    expect_text(root, "kernels/0/cases/1/finding", "it is wrong");
    expect_text(root, "kernels/0/cases/1/again",
                "build/gradgate verify neuron --case wrong --seed 42");
    expect_text(root, "kernels/0/cases/1/worker/talk", "talk");
    expect_number(root, "kernels/0/cases/1/worker/talk_bytes", 12);
    expect_text(root, "kernels/0/cases/0/flags/0", "odd_n");
    expect_text(root, "kernels/0/cases/0/flags/1", "batch");
    expect_text(root, "kernels/0/cases/1/golden/arrays/1/name", "w.grad");
    expect_text(root, "kernels/0/cases/1/golden/arrays/1/mismatch", "nan");
    expect_number(root, "kernels/0/cases/0/golden/arrays/0/numpy/equal", 3);
    expect_text(root, "kernels/0/cases/1/gradient/report/cause", "size factor");
    expect_text(root, "kernels/0/cases/1/gradient/report/diagnosis", "it is wrong");
    expect_text(root, "kernels/0/cases/1/gradient/report/rules/zero_cotangent/verdict", "fail");
    expect_number(root, "kernels/0/cases/0/gradient/report/forward_calls", 1234);
    cr_assert(json_is_null(at(root, "kernels/0/cases/3/gradient/report")));
    expect_text(root, "kernels/0/cases/3/gradient/note", "x is NaN");
    expect_text(root, "kernels/1/finding", "it is wrong");
    cr_assert(json_is_null(at(root, "kernels/1/worst")));
    json_decref(root);
}

Test(report_json, has_strings_where_json_has_no_number) {
    json_t *root = json_of(sample("m", "", 0), &verify);
    const char *worst = "kernels/0/cases/1/golden/arrays/1/worst";
    json_t *w = at(root, worst);
    expect_text(w, "actual", "NaN");
    expect_text(w, "share", "Infinity");
    expect_number(w, "expected", 1.5);
    cr_assert(json_is_null(at(w, "ulp")));
    expect_text(root, "kernels/0/worst_share", "Infinity");
    expect_text(root, "kernels/0/cases/1/gradient/report/tensors/0/worst/backward", "NaN");
    json_decref(root);
}

Test(report_json, keeps_every_digit_of_a_number) {
    struct gate_results *r = sample("m", "", 0);
    static const double values[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        r->suites[0].resolution = values[i];
        json_t *root = json_of(r, NULL);
        double back = json_number_value(at(root, "kernels/0/resolution"));
        cr_expect(memcmp(&back, &values[i], sizeof back) == 0, "%a", values[i]);
        json_decref(root);
    }
}

/* ---- text ---- */

static char *text_of(const struct gate_results *r, const struct report_options *options) {
    size_t size;
    return written(report_text, r, options, &size);
}

static void expect_in(const char *text, const char *part) {
    cr_expect(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

Test(report_text, shows_the_evidence_of_a_failure_and_how_to_get_it_again) {
    char *text = text_of(sample("it is wrong", "hello\nworld", 11), &verify);
    expect_in(text, "gradgate 1.2.3, seed 42");
    expect_in(text, "fail  neuron, case wrong");
    expect_in(text, "  finding      it is wrong\n");
    expect_in(text, "w.grad[1, 2]: expected 1.5, got nan: no bound allows that");
    expect_in(text, "w.grad[1, 2]: backward nan, differences 0.25 +- 1e-13; 1 entries fail");
    expect_in(text, "  rule broken  zero_cotangent: it is wrong\n");
    expect_in(text, "  likely cause it is wrong (confidence 0.75)\n");
    expect_in(text, "  not caught   it is wrong\n");
    expect_in(text, "33 bytes, the first of them:\n    | hello\n    | world\n");
    expect_in(text, "  again with   build/gradgate verify neuron --case wrong --seed 42\n");
    expect_in(text, "error  other: it is wrong\n");
    expect_in(text, "Gradients left undecided (--verbose says why):\n  neuron: saturated\n");
    expect_in(text, "gradients: 1 pass, 1 fail, 1 inconclusive, 1 not applicable;");
    expect_in(text, "FAILED: 2 kernels: 1 fail, 1 error\n");
    cr_expect(strstr(text, "case right") == NULL && strchr(text, '\033') == NULL);
    free(text);
}

Test(report_text, verbose_shows_every_case) {
    const struct report_options options = {.verbose = true};
    char *text = text_of(sample("m", "", 0), &options);
    expect_in(text, "pass  neuron, case right (odd_n, batch)\n");
    expect_in(text, "gradient     pass, resolution 2.5e-12, 1234 evaluations\n");
    expect_in(text, "gradient     inconclusive: vacuous: nothing moves\n");
    expect_in(text, "gradient     not applicable: x is NaN\n");
    cr_expect(strstr(text, "again with") == NULL, "no command was given");
    free(text);
}

Test(report_text, colours_only_when_told) {
    const struct report_options options = {.colour = true};
    char *text = text_of(sample("m", "", 0), &options);
    expect_in(text, "\033[1;31mfail\033[0m");
    expect_in(text, "\033[1;31mFAILED\033[0m");
    expect_in(text, "\033[35merror\033[0m");
    free(text);
    static const struct {
        enum gate_verdict verdict;
        const char *painted;
    } rows[] = {{GATE_PASS, "\033[32mpass\033[0m"},
                {GATE_INCONCLUSIVE, "\033[33minconclusive\033[0m"},
                {GATE_NOT_RUN, "\033[2mnot run\033[0m"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_results *r = sample("m", "", 0);
        r->suites[0].verdict = rows[i].verdict;
        text = text_of(r, &options);
        expect_in(text, rows[i].painted);
        free(text);
    }
}

Test(report_text, the_last_line_says_what_it_came_to) {
    static const struct {
        enum gate_verdict verdict;
        bool interrupted;
        const char *line;
    } rows[] = {
        {GATE_PASS, false, "PASSED: 1 kernel: 1 pass\n"},
        {GATE_FAIL, false, "FAILED: 1 kernel: 1 fail\n"},
        {GATE_ERROR, false, "COULD NOT RUN: 1 kernel: 1 error\n"},
        {GATE_INCONCLUSIVE, false, "NOT PROVEN: 1 kernel: 1 inconclusive\n"},
        {GATE_PASS, true, "INTERRUPTED: 1 kernel: 1 pass\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_results *r = sample("m", "", 0);
        r->n_suites = 1;
        r->suites[0].verdict = rows[i].verdict;
        r->interrupted = rows[i].interrupted;
        char *text = text_of(r, NULL);
        expect_in(text, rows[i].line);
        free(text);
    }
}

Test(report_text, many_failures_are_two_in_full_and_the_rest_by_name) {
    static struct gate_case many[12];
    struct gate_results *r = sample("m", "", 0);
    for (size_t i = 0; i < 12; i++) {
        many[i] = r->suites[0].cases[1];
        (void)snprintf(many[i].id, sizeof many[i].id, "case-%zu", i);
    }
    r->suites[0].cases = many;
    r->suites[0].n_cases = 12;
    r->suites[0].by_case = (struct gate_counts){.of = {[GATE_FAIL] = 12}};
    char *text = text_of(r, NULL);
    expect_in(text, "fail  neuron, case case-1 ");
    expect_in(text, "10 more of neuron fail or cannot be checked: case-2, case-3, case-4, case-5, "
                    "case-6, case-7, case-8, case-9, ...\n");
    cr_expect(strstr(text, "case case-2") == NULL);
    free(text);
}

Test(report_text, what_a_passing_kernel_printed_is_shown) {
    struct gate_results *r = sample("m", "it talks", 8);
    r->suites[0].cases[1].verdict = GATE_PASS;
    char *text = text_of(r, NULL);
    expect_in(text, "neuron printed 24 bytes on case wrong, beginning:\n    | it talks\n");
    free(text);
}

Test(report_text, of_much_talk_ten_lines_are_shown_unless_it_may_hold_the_reason) {
    static const char talk[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
    struct gate_results *r = sample("m", talk, sizeof talk - 1);
    char *text = text_of(r, NULL);
    expect_in(text, "    | 12\n");
    free(text);
    r->suites[0].cases[1].verdict = GATE_PASS;
    text = text_of(r, &(struct report_options){.verbose = true});
    expect_in(text, "81 bytes, the first of them:\n    | 1\n");
    expect_in(text, "    | 10\n");
    cr_expect(strstr(text, "    | 11") == NULL, "%s", text);
    free(text);
}

/* ---- JUnit ---- */

static size_t count(const char *text, const char *part) {
    size_t n = 0;
    for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part)) {
        n++;
    }
    return n;
}

Test(report_junit, counts_what_it_lists) {
    size_t size;
    char *xml = written(report_junit, sample("it is wrong", "said", 4), &verify, &size);
    expect_in(xml, "<testsuites name=\"gradgate\" tests=\"10\" failures=\"3\" errors=\"1\" "
                   "skipped=\"2\"");
    expect_in(xml, "<testsuite name=\"neuron\" tests=\"9\" failures=\"3\" errors=\"0\"");
    cr_expect(count(xml, "<testcase ") == 10 && count(xml, "<failure ") == 3);
    cr_expect(count(xml, "<error ") == 1 && count(xml, "<skipped ") == 2);
    expect_in(xml, "<testcase classname=\"neuron\" name=\"wrong golden\" time=\"0.125\">");
    expect_in(xml, "<failure message=\"it is wrong\" type=\"fail\">");
    expect_in(xml, "w.grad: [1, 2]: expected 1.5, got nan");
    expect_in(xml, "<system-out>said</system-out>");
    expect_in(xml, "build/gradgate verify neuron --case wrong --seed 42");
    free(xml);
}

Test(report_junit, a_kernel_that_is_not_proven_is_no_green_suite) {
    size_t size;
    struct gate_results *r = sample("m", "", 0);
    r->n_suites = 1;
    r->suites[0].n_cases = 0;
    r->suites[0].verdict = GATE_INCONCLUSIVE;
    char *xml = written(report_junit, r, NULL, &size);
    expect_in(xml, "tests=\"1\" failures=\"1\"");
    free(xml);
}

/* ---- all ---- */

static report_function *const reporters[] = {report_text, report_json, report_junit};

Test(report_all, says_when_the_stream_fails) {
    for (size_t i = 0; i < 3; i++) {
        FILE *full = fopen("/dev/full", "w");
        cr_assert(full != NULL);
        cr_expect(reporters[i](sample("m", "", 0), &verify, full) == -1, "reporter %zu", i);
        fclose(full);
    }
}

Test(report_all, nothing_at_all_can_be_reported_too) {
    const struct gate_results none = {.golden_dir = (char *)"d"};
    for (size_t i = 0; i < 3; i++) {
        size_t size;
        char *text = written(reporters[i], &none, NULL, &size);
        cr_expect(size > 0);
        free(text);
    }
    json_t *root = json_of(&none, NULL);
    expect_number(root, "exit_code", 3);
    json_decref(root);
}

/* ---- baselines ---- */

Test(report_text, says_what_changed_since_a_baseline_was_recorded) {
    static const struct {
        struct gate_baseline b;
        const char *line;
    } rows[] = {
        {{.n_same = 7, .same_seed = true, .evaluations = 11},
         ": 7 of 7 arrays have the recorded bits\n"},
        {{.n_same = 5, .n_moved = 2, .moved_ulp = 3, .same_seed = true, .evaluations = 11},
         ": 5 of 7 arrays have the recorded bits, 2 moved within the bound, furthest w of a by 3 "
         "ULP\n"},
        {{.n_same = 6, .n_moved = 1, .same_seed = true, .evaluations = 11},
         ": 6 of 7 arrays have the recorded bits, 1 moved within the bound, furthest w of a in the "
         "sign of a "
         "zero\n"},
        {{.n_same = 4, .n_moved = 1, .moved_ulp = UINT64_MAX, .same_seed = true, .evaluations = 11},
         ": 4 of 7 arrays have the recorded bits, 1 moved within the bound, furthest w of a to or "
         "from NaN, "
         "2 beyond the bound\n"},
        {{.n_same = 7, .same_seed = true, .evaluations = 12},
         ": 7 of 7 arrays have the recorded bits; 11 evaluations, recorded were 12\n"},
        {{.n_same = 7, .evaluations = 12},
         ": 7 of 7 arrays have the recorded bits; the seed is another one, so evaluations and "
         "resolution are "
         "not compared\n"},
        {{.n_same = 7, .same_seed = true, .evaluations = 11, .n_half = 3},
         "  warning: more than half of the bound is used up in 3, first w of a\n"},
    };
    static const struct gate_place place = {.case_id = "a", .tensor = "w"};
    struct gate_results *results = sample("", "", 0);
    struct gate_suite *s = &results->suites[0];
    size_t size;
    char *text = written(report_text, results, NULL, &size);
    cr_expect(strstr(text, "baseline") == NULL, "there is none");
    free(text);
    s->n_arrays = 7;
    s->n_evaluations = 11;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        s->baseline = rows[i].b;
        s->baseline.exists = true;
        s->baseline.moved = s->baseline.half = place;
        text = written(report_text, results, NULL, &size);
        cr_expect(strstr(text, "\nSince the baseline was recorded:\n  ") != NULL);
        cr_expect(strstr(text, rows[i].line) != NULL, "row %zu: %s", i, text);
        free(text);
    }
    s->baseline = (struct gate_baseline){0};
}
