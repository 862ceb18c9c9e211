// SPDX-License-Identifier: MIT
#include "case.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the time limit, what the gradient check may use: a slow kernel is then inconclusive, and only
 * one that hangs is killed. */
static const double gradient_share = 0.8;

char *copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void case_free(struct gate_case *c) {
    free(c->flags);
    free(c->note);
    free(c->arrays);
    free(c->report);
    free(c->talk);
    free(c->values);
    *c = (struct gate_case){0};
}

static char *join_flags(const struct golden_case *golden) {
    size_t size = 1;
    for (size_t i = 0; i < golden->n_flags; i++) {
        size += strlen(golden->flags[i]->name) + 2;
    }
    char *joined = malloc(size);
    if (joined != NULL) {
        size_t used = 0;
        joined[0] = '\0';
        for (size_t i = 0; i < golden->n_flags; i++) {
            int n = snprintf(joined + used, size - used, "%s%s", i > 0 ? ", " : "",
                             golden->flags[i]->name);
            used += n > 0 ? (size_t)n : 0;
        }
    }
    return joined;
}

/* FNV-1a over kernel and case, then the finaliser of splitmix64 (Steele, Lea, Flood 2014): each
 * case has its own stream, whatever else runs. */
static uint64_t case_seed(uint64_t seed, const char *kernel, const char *id) {
    uint64_t h = 0xcbf29ce484222325U ^ seed;
    for (const char *p = kernel; *p != '\0'; p++) {
        h = (h ^ (unsigned char)*p) * 0x100000001b3U;
    }
    h = (h ^ '/') * 0x100000001b3U;
    for (const char *p = id; *p != '\0'; p++) {
        h = (h ^ (unsigned char)*p) * 0x100000001b3U;
    }
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
    return h ^ (h >> 31);
}

/* ---- from the worker's record to the case ---- */

static enum gate_verdict worse(enum gate_verdict a, enum gate_verdict b) {
    return a > b ? a : b;
}

/* What was never compared is as bad as what kept it from being. */
static enum gate_verdict judge_arrays(const struct check_record *record, size_t n_expected) {
    bool whole = record->n_arrays + record->n_left_out >= n_expected;
    enum gate_verdict verdict = whole ? GATE_NOT_RUN : record->verdict;
    for (size_t i = 0; i < record->n_arrays; i++) {
        bool passed = record->arrays[i].comparison.verdict == GOLDEN_PASS;
        verdict = worse(verdict, passed ? GATE_PASS : GATE_FAIL);
    }
    return verdict;
}

/* "first; text", cut to size. */
static void prefix(char text[GATE_TEXT_SIZE], const char *first) {
    char whole[2 * GATE_TEXT_SIZE + 2];
    (void)snprintf(whole, sizeof whole, "%s; %s", first, text);
    memcpy(text, whole, GATE_TEXT_SIZE);
    text[GATE_TEXT_SIZE - 1] = '\0';
}

/* Whatever else was found: no call may be lost. */
static void judge_calls(struct check_record *record) {
    if (record->calls.asked != record->calls.answered && record->finding[0] == '\0') {
        record->verdict = GATE_FAIL;
        (void)snprintf(record->finding, sizeof record->finding, "%zu calls, but %zu answers",
                       record->calls.asked, record->calls.answered);
    }
}

/* A worker that did not end as it should is a finding, at the stage it had reached. */
static void judge_end(struct check_record *record, const struct port_outcome *outcome) {
    char how[128];
    char known[GATE_TEXT_SIZE]; /* last words, or what was found before */
    if (outcome->end == PORT_DONE && record->stage == GATE_STAGE_END) {
        judge_calls(record);
        return;
    }
    port_outcome_text(outcome, how, sizeof how);
    memcpy(known, record->finding, sizeof known);
    bool started = outcome->end != PORT_NOT_STARTED && outcome->end != PORT_DONE;
    record->verdict = started ? GATE_FAIL : GATE_ERROR;
    if (outcome->end == PORT_DONE) {
        (void)snprintf(record->finding, sizeof record->finding, "the worker ran out of memory");
    } else if (outcome->end == PORT_NOT_STARTED) {
        (void)snprintf(record->finding, sizeof record->finding, "the worker %s", how);
    } else if (outcome->returned) {
        (void)snprintf(record->finding, sizeof record->finding,
                       "the kernel %s: a leak, or an exit handler that fails; see what it said",
                       how);
    } else {
        (void)snprintf(record->finding, sizeof record->finding, "the kernel %s, during %s", how,
                       gate_stage_name(record->stage));
    }
    if (known[0] != '\0') {
        prefix(record->finding, known);
    }
    if (started && record->stage == GATE_STAGE_GRADIENT) {
        record->gradient = GATE_FAIL;
        (void)snprintf(record->gradient_note, sizeof record->gradient_note, "%s", how);
    }
}

static bool copy_record(const struct check_record *record, size_t n_expected,
                        struct gate_case *out) {
    out->stage = record->stage;
    out->golden = judge_arrays(record, n_expected);
    out->n_expected = n_expected;
    out->differentiable = record->differentiable;
    out->gradient = record->gradient;
    out->gradient_status = record->gradient_status;
    out->verdict = worse(record->verdict, worse(out->golden, out->gradient));
    out->n_left_out = record->n_left_out;
    out->calls = record->calls;
    out->n_probes = record->n_probes < GATE_MAX_PROBES ? record->n_probes : GATE_MAX_PROBES;
    for (size_t i = 0; i < out->n_probes; i++) {
        out->probes[i] = record->probes[i];
        out->verdict = worse(out->verdict, record->probes[i].verdict);
    }
    memcpy(out->finding, record->finding, sizeof out->finding);
    memcpy(out->gradient_note, record->gradient_note, sizeof out->gradient_note);
    out->n_arrays = record->n_arrays;
    out->arrays = malloc((record->n_arrays + 1) * sizeof out->arrays[0]);
    if (out->arrays == NULL) {
        return false;
    }
    memcpy(out->arrays, record->arrays, record->n_arrays * sizeof out->arrays[0]);
    if (record->has_report) {
        out->report = malloc(sizeof *out->report);
        if (out->report == NULL) {
            return false;
        }
        *out->report = record->report;
    }
    return true;
}

static bool copy_values(const struct check_record *record, size_t size, struct gate_case *out) {
    if (record->n_arrays == out->n_expected) {
        out->values = malloc(size + 1);
        if (out->values == NULL) {
            return false;
        }
        memcpy(out->values, record->values, size);
    }
    return true;
}

static size_t expected_size(const struct golden_case *golden) {
    size_t size = 0;
    for (size_t i = 0; i < golden->n_expected; i++) {
        const struct array *a = &golden->expected[i].exact;
        size += a->count * array_dtype_size(a->dtype);
    }
    return size;
}

static bool copy_outcome(const struct port_outcome *outcome, struct gate_case *out) {
    out->end = outcome->end;
    out->end_code = outcome->code;
    out->seconds = outcome->seconds;
    out->talk_total = outcome->talk_total;
    if (outcome->talk_size > 0) {
        out->talk = malloc(outcome->talk_size);
        if (out->talk == NULL) {
            return false;
        }
        memcpy(out->talk, outcome->talk, outcome->talk_size);
        out->talk_size = outcome->talk_size;
    }
    return true;
}

static bool describe(const struct golden_case *golden, struct gate_case *out) {
    (void)snprintf(out->id, sizeof out->id, "%s", golden->id);
    out->flags = join_flags(golden);
    out->note = copy_text(golden->note);
    return out->flags != NULL && out->note != NULL;
}

enum gate_status case_run(const struct gate_family *family, const struct golden_case *golden,
                          const struct gate_options *options, struct gate_case *out) {
    *out = (struct gate_case){.seed = case_seed(options->seed, family->name, golden->id)};
    double seconds = options->time_limit > 0 ? options->time_limit : PORT_SECONDS;
    struct check_task task = {.family = family,
                              .golden = golden,
                              .values_size = options->keep_values ? expected_size(golden) : 0,
                              .options = {.seed = out->seed,
                                          .n_points = options->n_points,
                                          .max_evaluations = options->max_evaluations,
                                          .max_seconds = gradient_share * seconds,
                                          .thorough = options->thorough}};
    size_t record_size = sizeof(struct check_record) + task.values_size;
    struct check_record *record = calloc(1, record_size);
    if (record == NULL) {
        return GATE_E_NO_MEMORY;
    }
    struct port_job job = {.work = check_work,
                           .ctx = &task,
                           .result = record,
                           .result_size = record_size,
                           .seconds = seconds};
    struct port_outcome outcome;
    port_run(&job, &outcome);
    judge_end(record, &outcome);
    bool whole = describe(golden, out) && copy_record(record, golden->n_expected, out) &&
                 (!options->keep_values || copy_values(record, task.values_size, out)) &&
                 copy_outcome(&outcome, out);
    free(record);
    if (!whole) {
        case_free(out);
        return GATE_E_NO_MEMORY;
    }
    return GATE_OK;
}
