// SPDX-License-Identifier: MIT
#ifndef GRADGATE_GATE_CASE_H
#define GRADGATE_GATE_CASE_H

#include "gate/gate.h"

/* Runs one case in a worker and judges it. *out is the caller's: case_free. */
enum gate_status case_run(const struct gate_family *family, const struct golden_case *golden,
                          const struct gate_options *options, struct gate_case *out);
void case_free(struct gate_case *c);

/* A copy on the heap, or NULL. */
char *copy_text(const char *text);

#endif
