// SPDX-License-Identifier: MIT
/* One kernel, right or with a mistake, put through the checks on its shapes: is it caught, and by
 * what? */
#ifndef TESTS_KERNELS_TRIAL_H
#define TESTS_KERNELS_TRIAL_H

#include "kernels.h"

/* What caught a mistake, in the order of precedence. */
#define CATCHERS(X)                                                                                \
    X(NOTHING, "nothing")                                                                          \
    X(CRASH, "crash") /* or a time limit: the worker tells */                                      \
    X(GUARD, "guard") /* written outside a buffer */                                               \
    X(RULE, "contract rule")                                                                       \
    X(GOLDEN, "golden") /* another value or gradient than the right kernel gives */                \
    X(SCREEN, "screen")                                                                            \
    X(ELEMENTWISE, "elementwise")                                                                  \
    X(INACCURATE, "inaccurate") /* right but for its own rounding: said so, not passed */

#define CATCHER_(code, text) BY_##code,
enum catcher { CATCHERS(CATCHER_) N_CATCHERS };
#undef CATCHER_

const char *catcher_name(enum catcher by);

/* Plain data: comes back from a worker. */
struct trial {
    enum catcher by;
    bool also[N_CATCHERS];           /* which of them would have, alone, with the same seed */
    uint64_t seed;                   /* that it was caught with */
    enum gradcheck_verdict verdict;  /* the worst of all runs: that of a wrong kernel's last */
    enum gradcheck_rule rule;        /* by == BY_RULE */
    size_t n_runs, n_evaluations;    /* gradient checks, and their forward calls */
    size_t n_of[GRADCHECK_FAIL + 1]; /* runs by verdict */
    double resolution;               /* worst of the runs that passed */
    char text[GRADCHECK_TEXT_SIZE];  /* what was said */
    /* A wrong kernel is looked at on each of its shapes, and the cause that most of them name, by
     * their confidence, is the kernel's. Where no gradient check is what caught it, what did names
     * it: a crash, a guard, values that overflow. */
    enum gradcheck_cause cause;
    double votes[GRADCHECK_N_CAUSES];
    char diagnosis[GRADCHECK_TEXT_SIZE]; /* the most confident of those; "" if nothing */
    double confidence;
};

/* Seconds by the clock for each of processor time: ends what waits for ever. */
enum { TRIAL_CLOCK = 10 };

struct trial_plan {
    const struct kernel *kernel;
    int mistake; /* as in struct instance */
    /* Seeds seed, seed + 1, ..., each on the shape that it gives modulo their number; a wrong
     * kernel until it is caught. */
    uint64_t seed;
    size_t n_seeds; /* 0: three for every shape */
    bool print;     /* every report that is not a pass, to stdout */
    double seconds; /* of processor time, for all; 0: 60. By the clock, TRIAL_CLOCK times that */
};

/* In a worker of its own; with plan->print here, for a look or a debugger. */
void trial_run(const struct trial_plan *plan, struct trial *out);

#endif
