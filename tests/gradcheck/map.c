// SPDX-License-Identifier: MIT
#include "gradcheck/map.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* In [-1, 1), from the bits of x alone. */
static double hash(double x) {
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    struct gc_random random;
    gc_random_seed(&random, bits, 1);
    return 2 * gc_random_uniform(&random) - 1;
}

static int refuse(struct map *m) {
    m->n_refused++;
    if (m->non_finite) {
        m->y[0] = NAN;
    }
    return m->non_finite ? 0 : 1;
}

static int forward(void *ctx) {
    struct map *m = ctx;
    double furthest = 0;
    m->n_called++;
    for (size_t i = 0; i < m->n; i++) {
        m->low = fmin(m->low, m->x[i] - m->at[i]);
        m->high = fmax(m->high, m->x[i] - m->at[i]);
        furthest = fmax(furthest, fabs(m->x[i] - m->at[i]));
        m->y[i] = m->f(m->x[i]) + m->noise * hash(m->x[i]);
    }
    if (m->n_refuse > 0) {
        m->n_refuse--;
        return refuse(m);
    }
    if (furthest > m->reach) {
        m->beyond = fmax(m->beyond, furthest);
        return refuse(m);
    }
    return 0;
}

static int backward(void *ctx) {
    struct map *m = ctx;
    for (size_t i = 0; i < m->n; i++) {
        m->dx[i] = m->factor[i] * m->slope(m->x[i]) * m->dy[i];
    }
    return 0;
}

void map_open(struct map *m, size_t n, double (*f)(double), double (*slope)(double)) {
    *m = (struct map){.n = n, .f = f, .slope = slope, .reach = INFINITY};
    for (size_t i = 0; i < n; i++) {
        m->x[i] = 0.5 + (double)i / (double)n;
        m->factor[i] = 1;
    }
    m->inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", m->x, m->dx, n);
    m->outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", m->y, m->dy, n);
    m->kernel = (struct gradcheck_kernel){.name = "map",
                                          .inputs = m->inputs,
                                          .n_inputs = 1,
                                          .outputs = m->outputs,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = m};
}

void map_start(struct map *m, struct gc_session *s, const struct gradcheck_options *options,
               struct gradcheck_report *r) {
    double reach = m->reach;
    m->reach = INFINITY;
    cr_assert_eq(gc_session_open(s, &m->kernel, options, r, false), GRADCHECK_OK, "%s", r->summary);
    memcpy(m->at, m->x, sizeof m->at);
    gc_choose_point(s, 0);
    gc_choose_cotangent(s);
    cr_assert_eq(gc_forward(s, s->y0), GC_DONE);
    cr_assert_eq(gc_backward(s, s->cotangent, NULL, s->grad), GC_DONE);
    gc_measure_rounding(s);
    m->reach = reach;
    m->n_called = 0;
    m->low = m->high = 0;
}

void map_at(struct map *m, struct gc_session *s, struct gradcheck_report *r, double (*f)(double),
            double (*slope)(double), double x) {
    static const struct gradcheck_options one_point = {.n_points = 1};
    map_open(m, 1, f, slope);
    m->x[0] = x;
    map_start(m, s, &one_point, r);
    s->cotangent[0] = 1;
}
