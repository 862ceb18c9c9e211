// SPDX-License-Identifier: MIT
#include "gate/gate.h"

#include "case.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>

static enum gate_status validate(const struct gate_family families[],
                                 const struct gate_options *options) {
    if (families == NULL || options == NULL || options->golden_dir == NULL) {
        return GATE_E_NULL;
    }
    return isfinite(options->time_limit) && options->time_limit >= 0 ? GATE_OK : GATE_E_OPTION;
}

static enum gate_status run_families(const struct gate_family families[], size_t n_families,
                                     const struct gate_options *options,
                                     struct gate_results *results) {
    for (size_t i = 0; i < n_families && port_interrupted() == 0; i++) {
        struct gate_suite *s = &results->suites[results->n_suites];
        enum gate_status status = suite_run(&families[i], options, s);
        if (status != GATE_OK) {
            return status;
        }
        bool filtered = options->case_id != NULL || options->dtype != NULL;
        bool left_out =
            filtered && s->n_cases == 0 && s->n_left_out == 0 && s->verdict != GATE_ERROR;
        if (left_out) {
            suite_free(s); /* it has no such case, or another dtype */
        } else {
            results->n_suites++;
            results->seconds += s->seconds;
        }
    }
    results->interrupted = port_interrupted() != 0;
    return GATE_OK;
}

enum gate_status gate_run(const struct gate_family families[], size_t n_families,
                          const struct gate_options *options, struct gate_results *results) {
    if (results == NULL) {
        return GATE_E_NULL;
    }
    *results = (struct gate_results){0};
    enum gate_status status = validate(families, options);
    if (status != GATE_OK) {
        return status;
    }
    results->seed = options->seed;
    results->port = options->port;
    results->time_limit = options->time_limit > 0 ? options->time_limit : PORT_SECONDS;
    results->golden_dir = copy_text(options->golden_dir);
    results->suites = calloc(n_families + 1, sizeof results->suites[0]);
    status = results->golden_dir != NULL && results->suites != NULL
                 ? run_families(families, n_families, options, results)
                 : GATE_E_NO_MEMORY;
    if (status != GATE_OK) {
        gate_results_free(results);
    }
    return status;
}

void gate_results_free(struct gate_results *results) {
    if (results == NULL) {
        return;
    }
    for (size_t i = 0; i < results->n_suites; i++) {
        suite_free(&results->suites[i]);
    }
    free(results->suites);
    free(results->golden_dir);
    *results = (struct gate_results){0};
}

int gate_exit_code(const struct gate_results *results) {
    struct gate_counts counts = {0};
    size_t n_cases = 0;
    for (size_t i = 0; i < results->n_suites; i++) {
        counts.of[results->suites[i].verdict]++;
        n_cases += results->suites[i].n_cases;
    }
    if (results->interrupted) {
        return 130;
    }
    bool port_fails = results->port != NULL && results->port->finding[0] != '\0';
    if (counts.of[GATE_FAIL] > 0 || port_fails) {
        return 1;
    }
    if (counts.of[GATE_ERROR] > 0) {
        return 2;
    }
    return counts.of[GATE_INCONCLUSIVE] > 0 || n_cases == 0 || counts.of[GATE_PASS] == 0 ? 3 : 0;
}
