// SPDX-License-Identifier: MIT
/* A kernel's results become a baseline: the golden values that it was held against, with its own
 * values in the place of NumPy's. */
#include "gate/gate.h"

#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gate_may_record(const struct gate_suite *suite, char why[]) {
    if (suite->verdict >= GATE_ERROR) {
        (void)snprintf(why, GATE_TEXT_SIZE, "%s: %s, which makes no baseline", suite->name,
                       suite->verdict == GATE_FAIL ? "it fails" : "it could not be run");
        return false;
    }
    size_t n_whole = 0;
    for (size_t i = 0; i < suite->n_cases; i++) {
        n_whole += suite->cases[i].values != NULL;
    }
    if (n_whole == 0 || n_whole < suite->n_total) {
        (void)snprintf(why, GATE_TEXT_SIZE, "%s: %zu of %zu cases ran to their end", suite->name,
                       n_whole, suite->n_total);
        return false;
    }
    return true;
}

static void put_values(struct golden_case *to, const struct gate_case *from) {
    const unsigned char *values = from->values;
    for (size_t i = 0; i < to->n_expected; i++) {
        struct array *a = &to->expected[i].value;
        size_t size = a->count * array_dtype_size(a->dtype);
        if (size > 0) {
            memcpy(a->data, values, size);
        }
        values += size;
    }
}

static void put_measured(struct golden_measured *to, const struct gate_case *from) {
    bool proven = from->gradient == GATE_PASS && from->report != NULL;
    *to =
        (struct golden_measured){.resolution = proven ? from->report->resolution : 0,
                                 .evaluations = from->report != NULL ? from->report->n_forward : 0};
    (void)snprintf(to->gradient, sizeof to->gradient, "%s", gate_verdict_name(from->gradient));
}

/* The cases ran in the order of the file. */
static enum golden_status turn_into_baseline(struct golden_suite *golden,
                                             const struct gate_suite *suite, uint64_t seed) {
    bool same = strcmp(golden->sha256, suite->sha256) == 0 && golden->n_cases == suite->n_cases;
    for (size_t i = 0; same && i < golden->n_cases; i++) {
        same = strcmp(golden->cases[i].id, suite->cases[i].id) == 0;
    }
    if (!same) {
        return GOLDEN_SHA256; /* the folder changed while the kernels ran */
    }
    golden->is_baseline = true;
    golden->n_recorded = golden->n_cases;
    golden->seed = (int64_t)seed;
    for (size_t i = 0; i < golden->n_cases; i++) {
        put_values(&golden->cases[i], &suite->cases[i]);
        put_measured(&golden->cases[i].measured, &suite->cases[i]);
    }
    return GOLDEN_OK;
}

enum golden_status gate_record(const struct gate_results *results, const struct gate_suite *suite,
                               const char *dir, struct golden_error *error) {
    struct golden_suite golden;
    enum golden_status status = golden_load(results->golden_dir, suite->name, &golden, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    status = turn_into_baseline(&golden, suite, results->seed);
    if (status == GOLDEN_OK) {
        status = golden_save(dir, &golden, error);
    } else if (error != NULL) {
        *error = (struct golden_error){.code = status, .offset = -1};
        error->text = golden_status_text(status);
        (void)snprintf(error->file, sizeof error->file, "%s", results->golden_dir);
    }
    golden_free(&golden);
    return status;
}
