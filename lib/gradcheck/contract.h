// SPDX-License-Identifier: MIT
/* Private: what the contract rules share. A rule is a row of the table in contract.c and a
 * function. */
#ifndef GRADGATE_GRADCHECK_CONTRACT_H
#define GRADGATE_GRADCHECK_CONTRACT_H

#include "engine.h"

struct gc_contract {
    struct gc_session *s;
    const double *g;    /* stored gradients at the point, cotangent s->cotangent */
    double *a, *b, *c;  /* work space, one double an entry each */
    bool deterministic; /* both passes: without it nothing can be compared bit for bit */
    bool linear;        /* the cotangent can be chosen */
};

typedef void gc_rule(struct gc_contract *c, struct gradcheck_rule_report *r);

void gc_rule_failed(struct gradcheck_rule_report *r, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
void gc_rule_skipped(struct gradcheck_rule_report *r, const char *why);
bool gc_rule_compare(const struct gc_contract *c, struct gradcheck_rule_report *r,
                     const double expected[], const double got[], const char *what);

/* contract_cotangent.c */
gc_rule gc_rule_zero_cotangent, gc_rule_homogeneous, gc_rule_additive;
/* contract_written.c */
void gc_rules_written(struct gc_contract *c, struct gradcheck_rule_report *written,
                      struct gradcheck_rule_report *as_declared);
/* contract_untouched.c: four rules watched in one pass */
void gc_rules_untouched(struct gc_contract *c);

#endif
