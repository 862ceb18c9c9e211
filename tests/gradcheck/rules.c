// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "gradcheck/rules.h"

void rules_run(const struct gradcheck_kernel *k, size_t max_evaluations,
               struct gradcheck_report *r) {
    const struct gradcheck_options o = {
        .n_points = 1, .screen_only = true, .max_evaluations = max_evaluations};
    cr_assert_eq(gradcheck_run(k, &o, r), GRADCHECK_OK, "%s", r->summary);
}

void rules_expect(const struct gradcheck_report *r, enum gradcheck_rule rule,
                  enum gradcheck_verdict verdict, const char *evidence) {
    const struct gradcheck_rule_report *found = &r->rules[rule];
    cr_expect(found->verdict == verdict && strcmp(found->evidence, evidence) == 0,
              "%s: %s, not %s: '%s', not '%s'", gradcheck_rule_name(rule),
              gradcheck_verdict_name(found->verdict), gradcheck_verdict_name(verdict),
              found->evidence, evidence);
}
