// SPDX-License-Identifier: MIT
/* y[i] = f(x[i]), with noise, refusals and wrong entries to switch on, and a session that stands at
 * its point as a run's does before the screen. */
#ifndef TESTS_GRADCHECK_MAP_H
#define TESTS_GRADCHECK_MAP_H

#include "gradcheck/engine.h"

enum { MAP_MOST = 100 };

struct map {
    size_t n;
    double x[MAP_MOST], dx[MAP_MOST], y[MAP_MOST], dy[MAP_MOST];
    double (*f)(double x), (*slope)(double x);
    double factor[MAP_MOST];              /* of each gradient entry: 1 is right */
    double noise;                         /* of each y, up to this, another one for each x */
    double at[MAP_MOST], reach;           /* forward refuses further than that from where it was */
    bool non_finite;                      /* it gives NaN there instead */
    size_t n_refuse, n_refused, n_called; /* the next calls are refused; so many were; all calls */
    /* The furthest that forward saw, from the point at map_start; from 0 without it. */
    double low, high;
    double beyond; /* the largest that it refused, in magnitude */
    struct gradcheck_tensor inputs[1], outputs[1];
    struct gradcheck_kernel kernel;
};

/* x[i] between 0.5 and 1.5, all different. */
void map_open(struct map *m, size_t n, double (*f)(double), double (*slope)(double));
void map_start(struct map *m, struct gc_session *s, const struct gradcheck_options *options,
               struct gradcheck_report *r);
/* Opened and started with the one entry x, at one point, with a cotangent of 1. */
void map_at(struct map *m, struct gc_session *s, struct gradcheck_report *r, double (*f)(double),
            double (*slope)(double), double x);

#endif
