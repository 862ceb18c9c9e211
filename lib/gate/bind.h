// SPDX-License-Identifier: MIT
/* Which tensor of a kernel an array of a golden case belongs to. */
#ifndef GRADGATE_GATE_BIND_H
#define GRADGATE_GATE_BIND_H

#include "gate/gate.h"

struct slot {
    const struct gradcheck_tensor *tensor; /* NULL: none of that name */
    void *buffer;                          /* its value or its grad */
};

/* Where "x" or "y.grad" goes: the value of an input or the cotangent of an output. */
struct slot bind_given(const struct gate_kernel *k, const char *name);
/* Where "y", "z" or "x.grad" comes from: an output, an extra, or the gradient of an input. */
struct slot bind_expected(const struct gate_kernel *k, const char *name);

/* Does every array have its tensor and every tensor its array, of the same dtype and shape? If not,
 * why[GATE_TEXT_SIZE] names the first that has not. */
bool bind_check(const struct gate_kernel *k, const struct golden_case *c, char why[]);

#endif
