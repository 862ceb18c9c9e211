// SPDX-License-Identifier: MIT
/* A run for its contract rules alone, and what one of them says. */
#ifndef TESTS_GRADCHECK_RULES_H
#define TESTS_GRADCHECK_RULES_H

#include "gradcheck/gradcheck.h"

/* At the buffers' own point; max_evaluations 0: enough. */
void rules_run(const struct gradcheck_kernel *k, size_t max_evaluations,
               struct gradcheck_report *r);
void rules_expect(const struct gradcheck_report *r, enum gradcheck_rule rule,
                  enum gradcheck_verdict verdict, const char *evidence);

#define FAIL GRADCHECK_FAIL
#define PASS GRADCHECK_PASS
#define NOT_CHECKED GRADCHECK_NOT_CHECKED
#define RULE(name) GRADCHECK_RULE_##name

#endif
