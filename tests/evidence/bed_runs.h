// SPDX-License-Identifier: MIT
/* One run of the engine on a bed kernel, every judged entry held against the exact derivative. */
#ifndef TESTS_EVIDENCE_BED_RUNS_H
#define TESTS_EVIDENCE_BED_RUNS_H

#include "evidence.h"
#include "gradcheck/bed/bed.h"

double largest(const double values[], size_t n); /* in magnitude */
double root_mean_square(const double values[], size_t n);

/* The right backward: verdict, reason, resolution and calls, judged and violated entries, false
 * fails. */
void run_right(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
               struct outcome *o);
/* A wrong one, as bed->corruption says: counts it, and whether it was judged fail. */
void run_wrong(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
               struct outcome *o);

#endif
