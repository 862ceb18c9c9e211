// SPDX-License-Identifier: MIT
/* A reader of vector packs (`gradgate ask KERNEL --expected`) to copy into a project of your own.
 */
#ifndef VECTOR_PACK_H
#define VECTOR_PACK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PACK_NAME_SIZE = 32, PACK_ID_SIZE = 64, PACK_MAX_DIMS = 8 };

struct pack_array { /* one "in", "want", "expect" or "bound" line */
    char kernel[PACK_NAME_SIZE], pass[PACK_NAME_SIZE]; /* of the call that it belongs to */
    char id[PACK_ID_SIZE];                             /* of its case */
    char role[PACK_NAME_SIZE], name[PACK_NAME_SIZE], dtype[PACK_NAME_SIZE];
    size_t ndim, shape[PACK_MAX_DIMS], count;
    const uint64_t *bits; /* count of them; NULL for "want", which has no values */
};

/* Calls visit with each array, in order; stops when it returns nonzero. 0, or the number of the
 * line that is malformed (of the last, if "bye" is missing); -1 if visit stopped it, or no memory.
 */
long pack_read(FILE *in, int (*visit)(const struct pack_array *a, void *ctx), void *ctx);

#endif
