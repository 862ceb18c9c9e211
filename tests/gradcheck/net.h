// SPDX-License-Identifier: MIT
/* y = min(x, c0)^2 + c1 + w^2, w for each column, with faults in one place to switch on. Entries
 * are those of x, then those of w. */
#ifndef TESTS_GRADCHECK_NET_H
#define TESTS_GRADCHECK_NET_H

#include "gradcheck/gradcheck.h"

enum {
    NET_ROWS = 2,
    NET_COLUMNS = 3,
    NET_N = NET_ROWS * NET_COLUMNS,
    NET_N_GRADS = NET_N + NET_COLUMNS,
    NET_N_VALUES = NET_N + 2 + NET_COLUMNS, /* of x, c and w */
    NET_MOST_CALLS = 64
};

enum net_fault {
    NET_RIGHT,
    /* of the output element `at` */
    NET_Y_COUNTS_FORWARDS,
    NET_Y_COUNTS_BACKWARDS,
    /* of what belongs to somebody else */
    NET_X_BY_FORWARD,
    NET_W_BY_BACKWARD,
    NET_Y_BY_BACKWARD,
    NET_DY_BY_BACKWARD,
    NET_X_BY_OLD_GRADIENT,
    /* of the gradient of entry `at` */
    NET_COUNTS_BACKWARDS,
    NET_IS_CONSTANT,
    NET_IGNORES_SIGN,
    NET_NAN_IF_DOUBLED,
    NET_IS_NAN,
    NET_OFF_IN_SUM,
    NET_CACHED_ONCE,
    NET_LAGS,
    NET_LEFT,
    NET_W_LEFT,      /* from its first entry to `at` */
    NET_LEFT_ACROSS, /* the same, and the last entry of x */
    NET_OVERWRITTEN,
    NET_ADDED,
    NET_ADDED_TO_HUGE,
    NET_SIZE_ADDED,
    NET_PART_ADDED,
    NET_LARGEST,
};

struct net {
    double x[NET_N], dx[NET_N], c[2], w[NET_COLUMNS], dw[NET_COLUMNS], y[NET_N], dy[NET_N];
    enum net_fault fault;
    size_t at;
    bool adds;
    double excess;                            /* of NET_OFF_IN_SUM, in units of what is allowed */
    double u[NET_N], first[NET_N_GRADS];      /* the first cotangent, and its gradients */
    double last_dy[NET_N], last[NET_N_GRADS]; /* of the call before */
    double cache, lagging;                    /* values of entry `at` */
    double seen[NET_MOST_CALLS][NET_N_VALUES], held[NET_MOST_CALLS][NET_N_GRADS];
    unsigned n_forward, n_backward;
    bool cached;
    struct gradcheck_tensor inputs[3], outputs[1];
    struct gradcheck_kernel kernel;
};

/* c0 is infinite, and one x is 0. */
void net_open(struct net *t, enum net_fault fault, size_t at);
double *net_value_at(struct net *t, size_t e);

#endif
