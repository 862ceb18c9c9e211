// SPDX-License-Identifier: MIT
#ifndef GRADGATE_REPORT_TEXT_BASELINE_H
#define GRADGATE_REPORT_TEXT_BASELINE_H

#include "report/report.h"

/* What changed since each kernel's baseline was recorded; nothing if none was held against one. */
void text_baselines(FILE *out, const struct gate_results *results);
/* How far an array of a case moved that has not the recorded values. */
void text_moved(FILE *out, const struct gate_array *a);

#endif
