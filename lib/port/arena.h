// SPDX-License-Identifier: MIT
/* Memory for one array that somebody else's code is handed: it ends, as nearly as its alignment
 * allows, at a page that nobody may touch; the gap holds a canary, and so do the bytes before it.
 * What is given away for reading only is mapped twice, so that changing it costs no system call. */
#ifndef GRADGATE_PORT_ARENA_H
#define GRADGATE_PORT_ARENA_H

#include "array/array.h"

#define ARENA_ALIGNMENT ((size_t)16)

struct arena {
    unsigned char *map; /* guard, pages, guard; NULL: none */
    size_t map_size;
    size_t page;
    bool read_only;
    unsigned char *data;  /* for them */
    unsigned char *ours;  /* the same bytes, for us to write */
    unsigned char *pages; /* ours, if mapped twice; else NULL */
    size_t size;          /* bytes of the array */
};

/* Makes room for an array of that size, keeping the pages if they fit, and draws the canaries.
 * False: no memory. */
bool arena_fit(struct arena *a, size_t size, bool read_only);
void arena_free(struct arena *a);

enum arena_damage { ARENA_WHOLE, ARENA_BEFORE, ARENA_BEHIND };
/* Which canary is dead, if one is. */
enum arena_damage arena_damage(const struct arena *a);

enum arena_place { ARENA_ELSEWHERE, ARENA_GUARD_BEFORE, ARENA_INSIDE, ARENA_GUARD_BEHIND };
/* Where an address lies; async-signal-safe. */
enum arena_place arena_place(const struct arena *a, const void *address);

#endif
