// SPDX-License-Identifier: MIT
#ifndef TESTS_EVIDENCE_WORKERS_H
#define TESTS_EVIDENCE_WORKERS_H

#include "evidence.h"

struct plan {
    const struct experiment *experiment;
    size_t n;                 /* draws */
    struct outcome *outcomes; /* filled by run_plans; shared memory, released with the program */
};

/* Runs all draws of all plans in n_workers forked processes; a worker that dies is replaced, a few
 * times. Returns the number of draws that were not finished, and names those that killed a worker
 * on stderr. */
size_t run_plans(struct plan plans[], size_t n_plans, size_t n_workers);

#endif
