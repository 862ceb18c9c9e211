// SPDX-License-Identifier: MIT
#ifndef TESTS_EVIDENCE_WORKERS_H
#define TESTS_EVIDENCE_WORKERS_H

#include "evidence.h"

struct plan {
    const struct experiment *experiment;
    size_t n_first;           /* the draws from 0 on, */
    size_t n;                 /* and all of them, with those that were missed once behind */
    struct outcome *outcomes; /* filled by run_plans; shared memory, released with the program */
};

/* The first n_first draws, and the missed ones, unless there are fewer first ones than usual. */
struct plan plan_of_experiment(const struct experiment *e, bool full, size_t most);
/* The number of the k-th draw of a plan. */
size_t plan_draw(const struct plan *plan, size_t k);

/* Runs all draws of all plans in n_workers forked processes; a worker that dies is replaced, a few
 * times. Returns the number of draws that were not finished, and names those that killed a worker
 * on stderr. */
size_t run_plans(struct plan plans[], size_t n_plans, size_t n_workers);

#endif
