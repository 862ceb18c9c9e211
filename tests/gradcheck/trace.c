// SPDX-License-Identifier: MIT
#include "gradcheck/trace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static int forward(void *ctx) {
    struct trace *t = ctx;
    const double d = *t->entry - t->at;
    t->y = t->f(d);
    if (t->n_called < TRACE_MOST) {
        t->d[t->n_called] = d;
    }
    t->n_called++;
    return 0;
}

static int backward(void *ctx) {
    struct trace *t = ctx;
    memset(t->du, 0, sizeof t->du);
    memset(t->dv, 0, sizeof t->dv);
    return 0;
}

void trace_begin(struct trace *t, double (*f)(double d)) {
    *t = (struct trace){.f = f, .u = {1, 1}, .v = {1, 1}, .cotangent = 1};
}

struct gc_finding trace_examine(struct trace *t, struct gc_session *s, size_t entry, uint64_t seed,
                                bool deep) {
    static struct gradcheck_tensor in[2], out;
    static struct gradcheck_kernel k;
    static struct gradcheck_report r;
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    struct gc_finding found;
    t->entry = entry < TRACE_EACH ? t->u + entry : t->v + (entry - TRACE_EACH);
    t->at = *t->entry;
    in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("u", t->u, t->du, TRACE_EACH);
    in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("v", t->v, t->dv, TRACE_EACH);
    in[0].lower = t->lower;
    in[0].upper = t->upper;
    out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &t->y, &t->dy);
    k = (struct gradcheck_kernel){.name = "trace",
                                  .inputs = in,
                                  .n_inputs = 2,
                                  .outputs = &out,
                                  .n_outputs = 1,
                                  .accuracy = t->accuracy,
                                  .accuracy_reason = "a table",
                                  .forward = forward,
                                  .backward = backward,
                                  .ctx = t};
    cr_assert_eq(gc_session_open(s, &k, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(s, 0);
    gc_choose_cotangent(s);
    s->cotangent[0] = t->cotangent;
    cr_assert_eq(gc_forward(s, s->y0), GC_DONE);
    t->n_called = 0;
    gc_examine(s, entry, deep, &found);
    gc_session_close(s);
    return found;
}

size_t trace_steps(const struct trace *t) {
    size_t n = 0;
    for (size_t i = 0; i + 1 < t->n_called && i + 1 < TRACE_MOST; i += 2, n++) {
        const bool nearer = n == 0 || t->d[i] < 0.4 * t->d[i - 2];
        if (!(t->d[i] > 0 && fabs(t->d[i] + t->d[i + 1]) <= 1e-6 * t->d[i] && nearer)) {
            break;
        }
    }
    return n;
}
