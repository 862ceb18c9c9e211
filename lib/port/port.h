// SPDX-License-Identifier: MIT
/*
 * For those who write a port: what `gradgate verify --port ./libmine.so` calls. C11 and C++17, this
 * file alone; the shared library exports one symbol, gradgate_port, with C linkage.
 *
 *     int gradgate_port(const struct gradgate_call *call) {
 *         if (call->abi != GRADGATE_PORT_ABI || strcmp(call->kernel, "neuron") != 0) {
 *             return GRADGATE_SKIP;
 *         }
 *         ... find "x" in call->given and "y" in call->wanted by name, hold dtype and shape against
 *         what you expect, fill the data of the wanted ...
 *         return GRADGATE_DONE;
 *     }
 *
 * Which kernels and passes there are, and what each is given and asked for, stands in
 * tests/ports/README.md. A call has no history: everything it needs is given with it, every time.
 *
 * Calls come one at a time, in a process of their own. Everything belongs to the caller and is
 * valid until the function returns. What is given lies in memory that cannot be written; every
 * array ends where memory ends, so that a step beyond it is a crash that the report names, not a
 * wrong number.
 */
#ifndef GRADGATE_PORT_H
#define GRADGATE_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRADGATE_PORT_ABI 1

enum { GRADGATE_F64, GRADGATE_F32, GRADGATE_I64, GRADGATE_I32, GRADGATE_U8 }; /* dtype */

struct gradgate_array {
    const char *name;      /* "x", "y.grad"; up to 31 bytes */
    void *data;            /* packed, C order, aligned to 16 bytes */
    const uint64_t *shape; /* ndim sizes */
    uint32_t ndim;         /* 0: a scalar, one element; never above 8 */
    uint32_t dtype;
};

struct gradgate_call {
    uint32_t abi;       /* GRADGATE_PORT_ABI; return GRADGATE_SKIP if it is another */
    const char *kernel; /* "neuron" */
    const char *pass;   /* "forward", "backward", "train", "interleave" */
    const struct gradgate_array *given;
    size_t n_given;
    const struct gradgate_array *wanted; /* fill the data of each; leave out the optional ones that
                                            you do not have by not touching them */
    size_t n_wanted;
    char *reason;       /* for SKIP and ERROR: why, in one line, terminated */
    size_t reason_size; /* bytes there, at least 128 */
};

enum {                 /* what gradgate_port returns */
       GRADGATE_DONE,  /* every wanted array is filled (but optional ones that were not touched) */
       GRADGATE_SKIP,  /* not for this port: an unknown kernel, pass, dtype, a shape too large */
       GRADGATE_ERROR, /* it should have worked, and did not */
};

/* Before the first call comes one with the kernel "port" and the pass "about", nothing given and
 * nothing wanted: a port may write a line about itself (name, version, compiler) to reason and
 * return DONE; SKIP is as well. The word flush-to-zero in it declares that subnormal numbers become
 * zero, and they are then allowed to. */
int gradgate_port(const struct gradgate_call *call);

#ifdef __cplusplus
}
#endif

#endif
