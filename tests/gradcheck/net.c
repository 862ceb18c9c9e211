// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/net.h"

double *net_value_at(struct net *t, size_t e) {
    return e < NET_N ? &t->x[e] : &t->w[e - NET_N];
}

static double *grad_at(struct net *t, size_t e) {
    return e < NET_N ? &t->dx[e] : &t->dw[e - NET_N];
}

static int forward(void *ctx) {
    struct net *t = ctx;
    if (t->n_forward < NET_MOST_CALLS) {
        double *seen = t->seen[t->n_forward];
        memcpy(seen, t->x, sizeof t->x);
        memcpy(seen + NET_N, t->c, sizeof t->c);
        memcpy(seen + NET_N + 2, t->w, sizeof t->w);
    }
    t->n_forward++;
    for (size_t i = 0; i < NET_N; i++) {
        const double x = fmin(t->x[i], t->c[0]);
        t->y[i] = x * x + t->c[1] + t->w[i % NET_COLUMNS] * t->w[i % NET_COLUMNS];
    }
    if (!t->cached) {
        t->cache = *net_value_at(t, t->at);
        t->cached = true;
    }
    if (t->fault == NET_Y_COUNTS_FORWARDS) {
        t->y[t->at] = 0.1 * t->n_forward;
    } else if (t->fault == NET_Y_COUNTS_BACKWARDS) {
        t->y[t->at] = 0.1 * t->n_backward;
    } else if (t->fault == NET_X_BY_FORWARD) {
        t->x[t->at] += 0.5;
    }
    return 0;
}

static double largest(const double a[], const double b[], size_t first, size_t n) {
    double most = 0;
    for (size_t e = first; e < first + n; e++) {
        most = fmax(most, fmax(fabs(a[e]), fabs(b[e])));
    }
    return most;
}

/* Off by `excess` times what additivity allows at u + v, right elsewhere. */
static double off_in_sum(const struct net *t, double right) {
    if (t->n_backward == 1 || t->dy[0] != t->last_dy[0] + t->u[0]) {
        return right;
    }
    const double fine = sqrt(DBL_EPSILON);
    const double g = t->first[t->at];
    const double b = t->last[t->at];
    const double whole = t->at < NET_N ? largest(t->first, t->last, 0, NET_N)
                                       : largest(t->first, t->last, NET_N, NET_COLUMNS);
    return g + b + t->excess * fine * (10 * (fabs(g) + fabs(b)) + whole);
}

static double spoiled(struct net *t, double right, double held) {
    const double times = t->dy[0] / t->u[0]; /* of the first cotangent */
    switch (t->fault) {
    case NET_COUNTS_BACKWARDS:
        return 0.1 * t->n_backward;
    case NET_IS_CONSTANT:
        return 0.1;
    case NET_IGNORES_SIGN:
        return 0.1 * fabs(times);
    case NET_NAN_IF_DOUBLED:
        return times == 2 || times == 0x1p101 ? NAN : 0.1 * times;
    case NET_IS_NAN:
        return NAN;
    case NET_OFF_IN_SUM:
        return off_in_sum(t, right);
    case NET_CACHED_ONCE:
        return t->cache;
    case NET_LAGS:
        return t->lagging;
    case NET_LEFT:
        return held;
    case NET_ADDED:
        return held + right;
    case NET_ADDED_TO_HUGE:
        return held + 1e100;
    case NET_SIZE_ADDED:
        return right + fabs(held);
    case NET_PART_ADDED:
        return right + fmax(held, 0);
    case NET_LARGEST:
        return fmax(right, held);
    default:
        return t->adds && t->fault != NET_OVERWRITTEN ? held + right : right;
    }
}

static int backward(void *ctx) {
    struct net *t = ctx;
    t->n_backward++;
    double right[NET_N_GRADS] = {0};
    for (size_t i = 0; i < NET_N; i++) {
        right[i] = 2 * t->x[i] * t->dy[i];
        right[NET_N + i % NET_COLUMNS] += 2 * t->w[i % NET_COLUMNS] * t->dy[i];
    }
    if (t->n_backward == 1) {
        memcpy(t->u, t->dy, sizeof t->u);
        memcpy(t->first, right, sizeof right);
    }
    for (size_t e = 0; e < NET_N_GRADS; e++) {
        double *grad = grad_at(t, e);
        const double held = *grad;
        if (t->n_backward <= NET_MOST_CALLS) {
            t->held[t->n_backward - 1][e] = held;
        }
        if ((t->fault == NET_W_LEFT && e >= NET_N && e <= t->at) ||
            (t->fault == NET_LEFT_ACROSS && e + 1 >= NET_N && e <= t->at)) {
            continue;
        }
        if (t->fault == NET_X_BY_OLD_GRADIENT && e < NET_N) {
            t->x[e] += 0.1 * held;
        }
        *grad = e == t->at ? spoiled(t, right[e], held) : t->adds ? held + right[e] : right[e];
    }
    memcpy(t->last, right, sizeof right);
    memcpy(t->last_dy, t->dy, sizeof t->dy);
    t->lagging = *net_value_at(t, t->at);
    t->cached = false;
    t->w[1] += t->fault == NET_W_BY_BACKWARD ? 0.5 : 0;
    t->y[t->at % NET_N] += t->fault == NET_Y_BY_BACKWARD ? 0.5 : 0;
    t->dy[t->at % NET_N] += t->fault == NET_DY_BY_BACKWARD ? 0.5 : 0;
    return 0;
}

void net_open(struct net *t, enum net_fault fault, size_t at) {
    static const double x[NET_N] = {0.7, 1.0 / 3, 1, -3, 2, 0}, w[NET_COLUMNS] = {4, 8, 5};
    memset(t, 0, sizeof *t);
    t->fault = fault;
    t->at = at;
    memcpy(t->x, x, sizeof x);
    memcpy(t->w, w, sizeof w);
    t->c[0] = INFINITY;
    t->c[1] = 0.25;
    t->lagging = *net_value_at(t, at);
    const struct gradcheck_tensor inputs[] = {
        GRADCHECK_INPUT("x", t->x, t->dx, NET_ROWS, NET_COLUMNS),
        GRADCHECK_INPUT("c", t->c, NULL, 2),
        GRADCHECK_INPUT("w", t->w, t->dw, NET_COLUMNS),
    };
    const struct gradcheck_tensor output =
        GRADCHECK_OUTPUT("y", t->y, t->dy, NET_ROWS, NET_COLUMNS);
    memcpy(t->inputs, inputs, sizeof inputs);
    t->outputs[0] = output;
    t->kernel = (struct gradcheck_kernel){.name = "net",
                                          .inputs = t->inputs,
                                          .n_inputs = 3,
                                          .outputs = t->outputs,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = t};
}
