// SPDX-License-Identifier: MIT
/* The closed list of what is wrong with a backward pass: the cause, not the symptom. */
#ifndef TESTS_KERNELS_LABELS_H
#define TESTS_KERNELS_LABELS_H

#include "gradcheck/gradcheck.h"

#define LABELS(X)                                                                                  \
    X(SIGN, "a sign is wrong")                                                                     \
    X(CONSTANT_FACTOR, "off by a constant such as 2 or 1/2")                                       \
    X(SIZE_FACTOR, "off by a dimension: mean for sum, sum for mean, 1/B forgotten or doubled")     \
    X(MISSING_FACTOR,                                                                              \
      "a factor of the chain rule is missing, such as the activation's derivative")                \
    X(EXTRA_FACTOR, "a factor of the chain rule is there twice, or does not belong")               \
    X(WRONG_ARGUMENT, "the derivative is taken at the wrong value, or with another tensor's")      \
    X(DROPPED_TERM, "a term of a sum or product rule is left out")                                 \
    X(TRANSPOSED, "a matrix is read or written transposed")                                        \
    X(SHIFTED, "an index is off by one, padding included")                                         \
    X(TAIL, "the last row, column or rest of an unrolled loop is left out")                        \
    X(BROADCAST, "summed or repeated over the wrong axis")                                         \
    X(NOT_WRITTEN, "a gradient is forgotten altogether")                                           \
    X(ACCUMULATES, "adds to what the gradient held where it should overwrite")                     \
    X(OVERWRITES, "overwrites where it should add up")                                             \
    X(STALE_CACHE, "uses what an earlier forward left behind")                                     \
    X(TIES, "counts equal maxima or a kink wrongly")                                               \
    X(EPSILON, "the epsilon is left out, or stands on the wrong side of the square root")          \
    X(LOW_PRECISION, "works in float where double was promised")                                   \
    X(OVERFLOWS, "forward overflows where the function does not")                                  \
    X(UNINITIALISED, "reads memory that nobody wrote")                                             \
    X(OUT_OF_BOUNDS, "writes outside a gradient")                                                  \
    X(WRITES_INPUT, "changes an input, an output or a cotangent")                                  \
    X(NONDETERMINISTIC, "gives another answer each time")                                          \
    X(CRASHES, "crashes or never returns")                                                         \
    X(CONDITIONAL, "wrong for some sizes or values only")

#define LABEL_(code, meaning) LABEL_##code,
enum label { LABELS(LABEL_) N_LABELS };
#undef LABEL_

const char *label_name(enum label label); /* "missing factor" */
const char *label_meaning(enum label label);

enum gradcheck_cause label_cause(enum label label); /* that a diagnosis should name */

#endif
