// SPDX-License-Identifier: MIT
#include "suite.h"

#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_free(struct gate_suite *s) {
    for (size_t i = 0; i < s->n_cases; i++) {
        case_free(&s->cases[i]);
    }
    free(s->cases);
    free(s->summary);
    *s = (struct gate_suite){0};
}

static const struct gate_known *find_known(const char *kernel, const char *case_id,
                                           const struct gate_options *options) {
    for (size_t i = 0; i < options->n_known; i++) {
        const struct gate_known *known = &options->known[i];
        if (strcmp(known->kernel, kernel) == 0 && strcmp(known->case_id, case_id) == 0) {
            return known;
        }
    }
    return NULL;
}

/* A failure that is accepted; one that is no more fails until it is struck. */
static void judge_known(struct gate_case *c, const struct gate_known *known) {
    char found[GATE_TEXT_SIZE];
    if (known == NULL) {
        return;
    }
    memcpy(found, c->finding, sizeof found);
    if (c->verdict == GATE_FAIL || c->verdict == GATE_ERROR) {
        c->verdict = GATE_KNOWN;
        (void)snprintf(c->finding, sizeof c->finding, "known: %.200s%s%.250s", known->reason,
                       found[0] != '\0' ? "; " : "", found);
    } else if (c->verdict == GATE_PASS) {
        c->verdict = GATE_FAIL;
        (void)snprintf(c->finding, sizeof c->finding,
                       "it passes, but is listed as known (%.200s): strike it", known->reason);
    }
}

static size_t largest_array(const struct golden_case *c) {
    size_t largest = 0;
    for (size_t i = 0; i < c->n_inputs; i++) {
        largest = c->inputs[i].array.count > largest ? c->inputs[i].array.count : largest;
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        largest = c->expected[i].exact.count > largest ? c->expected[i].exact.count : largest;
    }
    return largest;
}

/* Are its floating-point results of that dtype? */
static bool has_dtype(const struct golden_suite *golden, enum array_dtype dtype) {
    const struct golden_case *c = &golden->cases[0];
    for (size_t i = 0; i < c->n_expected; i++) {
        if (c->expected[i].exact.dtype == dtype) {
            return true;
        }
    }
    return false;
}

static enum gate_status run_cases(const struct gate_family *family,
                                  const struct golden_suite *golden,
                                  const struct gate_options *options, struct gate_suite *out) {
    out->cases = calloc(golden->n_cases, sizeof out->cases[0]);
    if (out->cases == NULL) {
        return GATE_E_NO_MEMORY;
    }
    for (size_t i = 0; i < golden->n_cases && port_interrupted() == 0; i++) {
        const struct golden_case *c = &golden->cases[i];
        if (options->case_id != NULL && strcmp(options->case_id, c->id) != 0) {
            continue;
        }
        if (options->max_elements > 0 && largest_array(c) > options->max_elements) {
            out->n_left_out++;
            continue;
        }
        if (options->progress != NULL) {
            const struct gate_progress progress = {
                .kernel = family->name, .case_id = c->id, .done = i, .total = golden->n_cases};
            options->progress(options->progress_ctx, &progress);
        }
        struct gate_case *result = &out->cases[out->n_cases];
        enum gate_status status = case_run(family, c, options, result);
        if (status != GATE_OK) {
            return status;
        }
        judge_known(result, find_known(family->name, c->id, options));
        if (result->end == PORT_INTERRUPTED) {
            case_free(result); /* cut off in the middle, it says nothing about the kernel */
            break;
        }
        result->recorded = c->measured;
        out->seconds += result->seconds;
        out->n_cases++;
    }
    return GATE_OK;
}

static enum gate_status run_golden(const struct gate_family *family,
                                   const struct gate_options *options, struct gate_suite *out) {
    struct golden_suite golden;
    struct golden_error error;
    if (golden_load(options->golden_dir, family->name, &golden, &error) != GOLDEN_OK) {
        golden_error_text(&error, out->finding, sizeof out->finding);
        out->verdict = GATE_ERROR;
        return error.code == GOLDEN_NO_MEMORY ? GATE_E_NO_MEMORY : GATE_OK;
    }
    memcpy(out->sha256, golden.sha256, sizeof out->sha256);
    out->n_total = golden.n_cases;
    if (family->begin != NULL) {
        family->begin(family, &golden);
    }
    bool wanted = options->dtype == NULL || has_dtype(&golden, *options->dtype);
    enum gate_status status = wanted ? run_cases(family, &golden, options, out) : GATE_OK;
    if (status == GATE_OK) {
        suite_summarise(out);
        baseline_judge(out, &golden, options->seed);
    }
    golden_free(&golden);
    return status;
}

enum gate_status suite_run(const struct gate_family *family, const struct gate_options *options,
                           struct gate_suite *out) {
    *out = (struct gate_suite){.summary = copy_text(family->summary)};
    (void)snprintf(out->name, sizeof out->name, "%s", family->name);
    enum gate_status status =
        out->summary != NULL ? run_golden(family, options, out) : GATE_E_NO_MEMORY;
    if (status != GATE_OK) {
        suite_free(out);
    }
    return status;
}
