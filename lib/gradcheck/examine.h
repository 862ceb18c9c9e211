// SPDX-License-Identifier: MIT
/* Private: one entry, thoroughly: steps from coarse to fine, noise, one-sided derivatives. */
#ifndef GRADGATE_GRADCHECK_EXAMINE_H
#define GRADGATE_GRADCHECK_EXAMINE_H

#include "probe.h"

struct gc_finding {
    struct gc_estimate estimate;
    enum gradcheck_reason doubt; /* why the bound is large, if it is */
    bool kink;                   /* left and right derivative differ, and both are known: */
    double low, high, kink_bound;
    bool convex; /* right > left */
};

/* deep: go down to the last representable step, so that no kink or oscillation is left between. */
void gc_examine(struct gc_session *s, size_t entry, bool deep, struct gc_finding *out);

/* The right (sign 1) or left (-1) derivative by itself, from central levels. */
struct gc_estimate gc_one_sided(const struct gc_levels *levels, double sign);

#endif
