// SPDX-License-Identifier: MIT
/* A neuron written anew, plainly, as a family that can be wrong in many ways. */
#ifndef GRADGATE_TESTS_GATE_KERNELS_H
#define GRADGATE_TESTS_GATE_KERNELS_H

#include "gate/gate.h"

struct plain {
    size_t n;
    double *x, *dx, *w, *dw;
    double b, db, y, dy, z;
    struct gradcheck_tensor in[3], out[1], extra[2];
    const struct way *way;
    size_t n_forward;
};

/* One way to be wrong; all zero is right. */
struct way {
    const char *name;
    bool (*spoil_open)(struct plain *k, struct gate_kernel *out, char why[]);
    int (*spoil_forward)(struct plain *k);  /* after the right forward */
    int (*spoil_backward)(struct plain *k); /* after the right backward */
    void (*spoil_close)(struct plain *k);
};

/* The family "neuron", wrong in this way; NULL: right. */
struct gate_family plain_family(const struct way *way);

void plain_free(struct plain *k); /* what a refusing spoil_open has to do */

/* The case of tests/golden/neuron.json; the suite stays loaded. */
const struct golden_case *neuron_case(const char *id);
/* Runs it; the result is the caller's: case_free. */
struct gate_case check_way(const struct way *way, const char *id, double seconds);

#endif
