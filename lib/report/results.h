// SPDX-License-Identifier: MIT
/* Results of the gate, read back from their JSON: what two of them are compared by. */
#ifndef GRADGATE_REPORT_RESULTS_H
#define GRADGATE_REPORT_RESULTS_H

#include "report/report.h"

#include <jansson.h>

/* Texts are the tree's. Numbers that a part has none of are NaN. */
struct result_case {
    const char *id;
    const char *verdict, *golden, *gradient;
    double share, ulp; /* the largest of its arrays */
    double resolution; /* of a gradient check that passed */
    double evaluations;
};

struct result_kernel {
    const char *name, *verdict;
    double share, ulp;
    double resolution, median_resolution; /* of the gradient checks that passed, if any did */
    double evaluations;
    size_t n_cases;
    struct result_case *cases;
};

struct results {
    json_t *tree;
    const char *seed;
    size_t n_kernels;
    struct result_kernel *kernels;
};

/* 0, or -1 with a line in why[REPORT_TEXT_SIZE]: the path, what is wrong, and where. */
int results_read(const char *path, struct results *out, char why[]);
void results_free(struct results *r); /* zeroes */

#endif
