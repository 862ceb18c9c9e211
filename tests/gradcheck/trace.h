// SPDX-License-Identifier: MIT
/* y = f(d), d being what the entry under examination is off, and every d that forward saw. */
#ifndef TESTS_GRADCHECK_TRACE_H
#define TESTS_GRADCHECK_TRACE_H

#include "gradcheck/examine.h"

enum { TRACE_EACH = 2, TRACE_MOST = 256, TRACE_SAMPLES = 12 };

struct trace {
    double (*f)(double d);
    double u[TRACE_EACH], v[TRACE_EACH]; /* the inputs: entries 0, 1 and 2, 3 */
    double lower, upper;                 /* of u */
    double accuracy, cotangent;
    double d[TRACE_MOST];
    size_t n_called;
    double du[TRACE_EACH], dv[TRACE_EACH], y, dy, at;
    const double *entry;
};

/* All entries are 1, and so is the cotangent. */
void trace_begin(struct trace *t, double (*f)(double d));
/* The session is closed, but for what it knows of noise. */
struct gc_finding trace_examine(struct trace *t, struct gc_session *s, size_t entry, uint64_t seed,
                                bool deep);
/* The pairs of calls to both sides that come first, each nearer than the last by more than half. */
size_t trace_steps(const struct trace *t);

#endif
