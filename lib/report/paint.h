// SPDX-License-Identifier: MIT
#ifndef GRADGATE_REPORT_PAINT_H
#define GRADGATE_REPORT_PAINT_H

#include "report/report.h"

/* Writes text, padded with spaces to width, in the colour of the verdict if colours are on. */
void paint(FILE *out, const struct report_options *options, enum gate_verdict verdict,
           const char *text, size_t width);
/* Writes any bytes, scrubbed, each line behind the prefix. */
void put_lines(FILE *out, const char *prefix, const char bytes[], size_t size);
void put_scrubbed(FILE *out, const char *text);

#endif
