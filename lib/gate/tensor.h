// SPDX-License-Identifier: MIT
/* Between a kernel's tensor, with its strides, and a packed array. */
#ifndef GRADGATE_GATE_TENSOR_H
#define GRADGATE_GATE_TENSOR_H

#include "gate/gate.h"

/* A byte pattern that is a large, finite, improbable number in each float type: what a kernel
 * leaves unwritten then differs from every golden value, NaN included. */
#define TENSOR_POISON 0x5A

/* dtype and shape of a, without data. */
struct array tensor_kind(const struct gradcheck_tensor *t);
bool tensor_matches(const struct gradcheck_tensor *t, const struct array *a);
/* "f64 3x4" */
void tensor_kind_text(const struct array *a, char text[], size_t size);

/* buffer is the tensor's value or grad; a has its dtype and shape. */
void tensor_store(const struct gradcheck_tensor *t, void *buffer, const struct array *a);
void tensor_fetch(const struct gradcheck_tensor *t, const void *buffer, struct array *a);
/* Every byte of every entry; padding stays as it is. */
void tensor_fill(const struct gradcheck_tensor *t, void *buffer, unsigned char byte);

#endif
