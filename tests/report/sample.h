// SPDX-License-Identifier: MIT
/* Results made by hand: two kernels, passing and failing cases. */
#ifndef GRADGATE_TESTS_REPORT_SAMPLE_H
#define GRADGATE_TESTS_REPORT_SAMPLE_H

#include "report/report.h"

/* message goes into every text of the failing case, cut where it is too long; talk likewise. */
struct gate_results *sample(const char *message, const char talk[], size_t talk_size);

/* What a reporter writes, on the heap, terminated. */
char *written(report_function *reporter, const struct gate_results *results,
              const struct report_options *options, size_t *size);

#endif
