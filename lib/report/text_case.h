// SPDX-License-Identifier: MIT
#ifndef GRADGATE_REPORT_TEXT_CASE_H
#define GRADGATE_REPORT_TEXT_CASE_H

#include "report/report.h"

/* One case with its evidence, and the command that runs it again. */
void text_case(FILE *out, const struct gate_results *results, const struct report_options *options,
               const struct gate_suite *s, const struct gate_case *c);

#endif
