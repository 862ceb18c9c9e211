// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gate_results results;
static struct gate_suite suites[2];
static struct gate_case cases[4];
static struct gate_array arrays[2];
static struct gradcheck_report reports[2];
static char text[GATE_TEXT_SIZE];

static void set(char to[], size_t size, const char *message) {
    (void)snprintf(to, size, "%s", message);
}

static void make_arrays(void) {
    arrays[0] = (struct gate_array){.name = "y",
                                    .comparison = {.verdict = GOLDEN_PASS,
                                                   .dtype = ARRAY_F64,
                                                   .ndim = 1,
                                                   .shape = {3},
                                                   .actual_ndim = 1,
                                                   .actual_shape = {3},
                                                   .count = 3,
                                                   .n_equal = 2,
                                                   .max_share = 0.25,
                                                   .max_ulp = 1,
                                                   .has_numpy = true,
                                                   .n_numpy_equal = 3}};
    arrays[0].comparison.worst = (struct golden_element){.index = {1},
                                                         .expected = 0.5,
                                                         .actual = 0.5000001,
                                                         .absolute = 1e-7,
                                                         .relative = 2e-7,
                                                         .ulp = 1,
                                                         .allowed = 4e-7,
                                                         .share = 0.25};
    arrays[1] = (struct gate_array){.name = "w.grad",
                                    .comparison = {.verdict = GOLDEN_FAIL,
                                                   .mismatch = GOLDEN_NAN,
                                                   .dtype = ARRAY_F64,
                                                   .ndim = 2,
                                                   .shape = {2, 3},
                                                   .actual_ndim = 2,
                                                   .actual_shape = {2, 3},
                                                   .count = 6,
                                                   .n_mismatch = 1,
                                                   .n_nan = 1,
                                                   .max_share = INFINITY}};
    arrays[1].comparison.worst = (struct golden_element){.flat = 5,
                                                         .index = {1, 2},
                                                         .mismatch = GOLDEN_NAN,
                                                         .expected = 1.5,
                                                         .actual = NAN,
                                                         .absolute = NAN,
                                                         .relative = NAN,
                                                         .ulp = UINT64_MAX,
                                                         .share = INFINITY};
}

static void make_reports(const char *message) {
    for (size_t i = 0; i < 2; i++) {
        struct gradcheck_report *r = &reports[i];
        *r = (struct gradcheck_report){.verdict = i == 0 ? GRADCHECK_PASS : GRADCHECK_FAIL,
                                       .resolution = 2.5e-12,
                                       .n_forward = 1234,
                                       .n_backward = 5,
                                       .repeatable = true,
                                       .n_tensors = 1,
                                       .n_points = 1};
        set(r->tensors[0].name, GRADCHECK_NAME_SIZE, "w");
        r->tensors[0].verdict = r->verdict;
        r->tensors[0].n_fail = i;
        r->tensors[0].worst.place.ndim = 2;
        r->tensors[0].worst.place.index[0] = 1;
        r->tensors[0].worst.place.index[1] = 2;
        r->tensors[0].worst.backward = i == 0 ? 0.25 : NAN;
        r->tensors[0].worst.numeric = 0.25;
        r->tensors[0].worst.bound = 1e-13;
    }
    reports[1].rules[GRADCHECK_RULE_ZERO_COTANGENT].verdict = GRADCHECK_FAIL;
    set(reports[1].rules[GRADCHECK_RULE_ZERO_COTANGENT].evidence, GRADCHECK_TEXT_SIZE, message);
    set(reports[1].summary, GRADCHECK_TEXT_SIZE, message);
    set(reports[1].diagnosis, GRADCHECK_TEXT_SIZE, message);
    set(reports[1].controls.missed, GRADCHECK_TEXT_SIZE, message);
    reports[1].cause = GRADCHECK_CAUSE_SIZE_FACTOR;
    reports[1].diagnosis_confidence = 0.75;
}

static void make_cases(const char *message, const char talk[], size_t talk_size) {
    static const char *const ids[] = {"right", "wrong", "saturated", "nan-row"};
    set(text, sizeof text, message);
    for (size_t i = 0; i < 4; i++) {
        cases[i] = (struct gate_case){.verdict = GATE_PASS,
                                      .golden = GATE_PASS,
                                      .gradient = GATE_PASS,
                                      .differentiable = true,
                                      .flags = (char *)"odd_n, batch",
                                      .note = text,
                                      .n_expected = 1,
                                      .n_arrays = 1,
                                      .arrays = arrays,
                                      .report = &reports[0],
                                      .stage = GATE_STAGE_END,
                                      .seed = UINT64_MAX,
                                      .seconds = 0.125};
        set(cases[i].id, GOLDEN_ID_SIZE, ids[i]);
    }
    struct gate_case *wrong = &cases[1];
    wrong->verdict = wrong->golden = wrong->gradient = GATE_FAIL;
    wrong->n_expected = wrong->n_arrays = 2;
    wrong->report = &reports[1];
    wrong->flags = text;
    wrong->talk = (char *)talk;
    wrong->talk_size = talk_size;
    wrong->talk_total = talk_size * 3;
    set(wrong->finding, GATE_TEXT_SIZE, message);
    set(wrong->gradient_note, GATE_TEXT_SIZE, message);
    cases[2].verdict = cases[2].gradient = GATE_INCONCLUSIVE;
    set(cases[2].gradient_note, GATE_TEXT_SIZE, "vacuous: nothing moves");
    cases[3].gradient = GATE_NOT_APPLICABLE;
    cases[3].report = NULL;
    set(cases[3].gradient_note, GATE_TEXT_SIZE, "x is NaN");
}

struct gate_results *sample(const char *message, const char talk[], size_t talk_size) {
    make_arrays();
    make_reports(message);
    make_cases(message, talk, talk_size);
    suites[0] = (struct gate_suite){.name = "neuron",
                                    .summary = text,
                                    .verdict = GATE_FAIL,
                                    .n_total = 4,
                                    .n_cases = 4,
                                    .cases = cases,
                                    .n_arrays = 5,
                                    .n_elements = 18,
                                    .worst_share = INFINITY,
                                    .max_ulp = 3,
                                    .n_tensors = 1,
                                    .n_proven = 1,
                                    .resolution = 2.5e-12,
                                    .n_evaluations = 3702,
                                    .seconds = 0.5};
    for (size_t i = 0; i < 4; i++) {
        suites[0].by_case.of[cases[i].verdict]++;
        suites[0].by_golden.of[cases[i].golden]++;
        suites[0].by_gradient.of[cases[i].gradient]++;
    }
    suites[0].worst = (struct gate_place){.ndim = 2, .index = {1, 2}};
    set(suites[0].worst.case_id, GOLDEN_ID_SIZE, "wrong");
    set(suites[0].worst.tensor, GOLDEN_NAME_SIZE, "w.grad");
    suites[1] = (struct gate_suite){.name = "other", .summary = text, .verdict = GATE_ERROR};
    set(suites[1].finding, GATE_TEXT_SIZE, message);
    results = (struct gate_results){.seed = 42,
                                    .golden_dir = text,
                                    .time_limit = 60,
                                    .n_suites = 2,
                                    .suites = suites,
                                    .seconds = 0.5};
    return &results;
}

char *written(report_function *reporter, const struct gate_results *r,
              const struct report_options *options, size_t *size) {
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, size);
    cr_assert(stream != NULL && reporter(r, options, stream) == 0);
    fclose(stream);
    return bytes;
}
