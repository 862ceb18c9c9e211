// SPDX-License-Identifier: MIT
#ifndef GRADGATE_REPORT_AGAIN_H
#define GRADGATE_REPORT_AGAIN_H

#include "report/report.h"

/* The command that runs this one case again; "" if options name none. Cut to size. */
void again_text(const struct gate_results *results, const struct report_options *options,
                const char *kernel, const char *case_id, char text[], size_t size);

#endif
