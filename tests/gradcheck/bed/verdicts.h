// SPDX-License-Identifier: MIT
/* Single kernels with one right verdict: the kink table, and what other tools judge wrongly. */
#ifndef TESTS_GRADCHECK_BED_VERDICTS_H
#define TESTS_GRADCHECK_BED_VERDICTS_H

#include "gradcheck/bed/bed.h"

struct bed_verdict {
    const char *name;
    const char *function;
    double x[BED_MAX_INPUTS];
    double gradient[BED_MAX_INPUTS]; /* what backward returns at x, per unit of cotangent */
    enum gradcheck_verdict expected;
    bool on_kink; /* backward returns that at x alone; a pass must say that it is one as a
                     subgradient */
    bool screen_only;
};

extern const struct bed_verdict bed_kink_verdicts[], bed_peer_verdicts[];
extern const size_t bed_n_kink_verdicts, bed_n_peer_verdicts;

/* Runs the case at its point alone; whether the report says what it must. talk may be NULL. */
bool bed_verdict_holds(const struct bed_verdict *v, uint64_t seed, FILE *talk);

/* y[i] = sin(x[i]), 1,000 of them, one derivative 1,470 % wrong, judged by the screen alone. */
bool bed_diagonal_error_is_seen(uint64_t seed, FILE *talk);

#endif
