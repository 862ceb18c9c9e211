// SPDX-License-Identifier: MIT
#include "typed.h"

/* Some steps on batches around the sizes of lanes, groups and chunks; a hash over all results. */
static uint64_t KERNELS(train)(void) {
    enum { ROWS = 77, MAX = 70 };
    static REAL x[ROWS * MAX], dx[ROWS * MAX], dy[ROWS], y[ROWS];
    uint64_t hash = BASIS, state = 3;
    struct neuron_random random;
    neuron_random_seed(&random, 9);
    for (size_t i = 0; i < ROWS * MAX; i++) {
        x[i] = (REAL)(8 * next_value(&state));
    }
    for (size_t i = 0; i < ROWS; i++) {
        dy[i] = (REAL)next_value(&state);
    }
    for (size_t n = 1; n <= MAX; n += 3) {
        struct NEURON *neuron;
        REAL w[MAX], b;
        cr_assert_eq(API(create)(n, &random, &neuron), NEURON_OK);
        for (int step = 0; step < 3; step++) {
            cr_assert_eq(API(forward_batch)(neuron, x, ROWS, n, n, y), NEURON_OK);
            cr_assert_eq(API(backward_batch)(neuron, dy, ROWS, dx, n), NEURON_OK);
            cr_assert_eq(API(update_parameters)(neuron, (REAL)1.7), NEURON_OK);
            for (size_t i = 0; i < ROWS * n; i++) {
                add(&hash, (double)dx[i]);
            }
            for (size_t i = 0; i < ROWS; i++) {
                add(&hash, (double)y[i]);
            }
        }
        cr_assert_eq(API(get_parameters)(neuron, w, n, &b), NEURON_OK);
        for (size_t j = 0; j < n; j++) {
            add(&hash, (double)w[j]);
        }
        add(&hash, (double)b);
        API(free)(neuron);
    }
    return hash;
}
