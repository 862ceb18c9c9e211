// SPDX-License-Identifier: MIT
#include <math.h>

#include "engine.h"

/* The resolution a pass needs. In float64 a smooth kernel gives 1e-11; one that gives less than
 * three digits has shown nothing worth the name. A float32 forward has seven digits to begin with.
 */
double gc_loosest(double epsilon) {
    return epsilon > 1e-10 ? 2e-2 : 1e-3;
}

bool gc_agrees(double predicted, double numeric, double allowed) {
    return fabs(numeric - predicted) <= allowed;
}

static struct gc_judgement judged(enum gradcheck_verdict verdict, enum gradcheck_reason reason,
                                  double resolution) {
    return (struct gc_judgement){verdict, reason, resolution};
}

static struct gc_judgement judge_without_numeric(const struct gc_claim *c) {
    enum gradcheck_reason doubt = c->doubt ? c->doubt : GRADCHECK_NON_FINITE;
    return judged(GRADCHECK_INCONCLUSIVE, doubt, INFINITY);
}

/* Rounding that any evaluation may have; beyond it, a gradient that is within what its own rounding
 * was measured to be is called inaccurate. */
static double ordinary_rounding(const struct gc_claim *c) {
    return 256 * c->epsilon * fmax(fabs(c->numeric), c->scale);
}

/* What the last place of the tensor's size hides: a small entry that is off by less has lost digits
 * where larger values cancelled (1 - y of a gate that is nearly shut); one that is no larger itself
 * may have lost all of them. */
static bool lost_in_rounding(const struct gc_claim *c, double error) {
    double grain = c->epsilon * c->scale;
    return error <= grain || fmax(fabs(c->backward), fabs(c->numeric)) <= 4 * grain;
}

struct gc_judgement gc_judge(const struct gc_claim *c) {
    if (!isfinite(c->numeric) || !isfinite(c->bound)) {
        return judge_without_numeric(c);
    }
    double error = fabs(c->backward - c->numeric);
    double bound = c->bound + c->rounding;
    double size = fmax(fabs(c->numeric), c->scale);
    double resolution = size > 0 ? bound / size : INFINITY;
    if (error > bound && lost_in_rounding(c, error) && !c->tie_broken) {
        return judged(GRADCHECK_INACCURATE, GRADCHECK_NO_REASON, resolution);
    }
    if (!(error <= bound) || c->tie_broken) {
        return judged(GRADCHECK_FAIL, c->kink ? GRADCHECK_KINK : GRADCHECK_NO_REASON, resolution);
    }
    if (c->kink) {
        return judged(GRADCHECK_PASS, GRADCHECK_KINK, resolution);
    }
    if (!(resolution <= gc_loosest(c->epsilon))) {
        return judged(GRADCHECK_INCONCLUSIVE, c->doubt ? c->doubt : GRADCHECK_NOISE, resolution);
    }
    bool accurate = error <= c->bound + ordinary_rounding(c);
    return judged(accurate ? GRADCHECK_PASS : GRADCHECK_INACCURATE, GRADCHECK_NO_REASON,
                  resolution);
}
