// SPDX-License-Identifier: MIT
#ifndef GRADGATE_GATE_SUITE_H
#define GRADGATE_GATE_SUITE_H

#include "gate/gate.h"

/* Loads the family's golden values and runs the cases asked for. *out is the caller's: suite_free.
 * n_cases 0 and no finding: case_id is not one of its cases. Stops early if interrupted. */
enum gate_status suite_run(const struct gate_family *family, const struct gate_options *options,
                           struct gate_suite *out);
void suite_free(struct gate_suite *s);

/* Counts, worst places and the verdict, from the cases. */
void suite_summarise(struct gate_suite *s);

/* After that, if the golden values are a baseline: what changed since, and the verdict where it got
 * worse. `seed` is the run's. */
void baseline_judge(struct gate_suite *s, const struct golden_suite *golden, uint64_t seed);

#endif
