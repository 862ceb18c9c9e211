// SPDX-License-Identifier: MIT
/* A file in memory without being read: for arrays that are larger than the memory there is. The
 * price is that a file which another process cuts short meanwhile ends this one with SIGBUS, so
 * golden values, which are small, are read by file.h instead. */
#ifndef GOLDEN_MAP_H
#define GOLDEN_MAP_H

#include "golden/golden.h"

struct map {
    const unsigned char *bytes; /* not NULL, even if size is 0 */
    size_t size;
};

enum golden_status map_open(const char *path, struct map *out, struct golden_error *error);
void map_close(struct map *map); /* zeroes *map */

#endif
