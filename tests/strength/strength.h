// SPDX-License-Identifier: MIT
/* The strength of the checks as numbers: every kernel of tests/kernels, right and with each of its
 * mistakes. */
#ifndef TESTS_STRENGTH_STRENGTH_H
#define TESTS_STRENGTH_STRENGTH_H

#include <stdio.h>

#include "kernels/trial.h"

struct strength_wrong { /* a mistake, made */
    const struct mistake *mistake;
    struct trial trial;
};

struct strength_kernel {
    const struct kernel *kernel;
    struct trial right;
    size_t n_wrong;
    struct strength_wrong *wrong;
};

struct strength {
    size_t n_kernels;
    struct strength_kernel *kernels;
    double seconds;
};

struct strength_totals { /* over kernels, or over the mistakes with one label */
    size_t n_wrong, n_caught;
    size_t n_by[N_CATCHERS], n_alone[N_CATCHERS]; /* first in their order; each on its own */
    size_t n_named, n_misnamed; /* the cause rightly, a wrong one; the others none */
    size_t n_late, n_late_caught, n_late_named, n_late_misnamed;
    size_t n_right, n_pass, n_unproven, n_false_alarms; /* runs of right kernels */
    size_t n_runs, n_evaluations;
};

void strength_add(struct strength_totals *totals, const struct strength_kernel *kernel);
struct strength_totals strength_total(const struct strength *s);

enum strength_name { UNNAMED, NAMED, MISNAMED };
enum strength_name strength_named(const struct strength_wrong *w);

void strength_print(const struct strength *s, FILE *out);
/* The four lines of acceptance; true if all are met. */
bool strength_print_lines(const struct strength_totals *t, FILE *out);
/* What was missed, and which right kernels were accused or not proven. */
void strength_print_findings(const struct strength *s, FILE *out);
/* Writes path.tmp, then renames it. 0, or -1 with errno set. */
int strength_write(const struct strength *s, const char *path);

#endif
