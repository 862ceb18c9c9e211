// SPDX-License-Identifier: MIT
/* The elements of one array of an open file, from front to back, a block at a time: memory does not
 * grow with the array. */
#ifndef GOLDEN_STREAM_H
#define GOLDEN_STREAM_H

#include "map.h"
#include "npz.h"

struct golden_file {
    char *path;
    struct map map;
    zip_t *zip;              /* NULL: a .npy */
    struct golden_npz names; /* arrays empty; a .npy has one, called "" */
};

#define STREAM_BLOCK 4096 /* elements: a few such buffers stay in the nearest cache */

struct stream {
    const struct golden_file *file;
    size_t member;
    struct golden_npy_header header;
    size_t done;                  /* bytes of the data that were read */
    zip_file_t *zip_file;         /* NULL: a .npy */
    unsigned char *start;         /* what was read of a member to find its header ... */
    size_t n_start;               /* ... and how much; the data begin in it */
    uint64_t block[STREAM_BLOCK]; /* aligned for every dtype */
};

/* On failure there is nothing to close. */
enum golden_status stream_open(const struct golden_file *file, size_t member, struct stream *out,
                               struct golden_error *error);
/* The next STREAM_BLOCK elements, or what is left, as an array of one axis that lies in the stream
 * and is valid until the next call. After the last one the file's checksum has been compared. */
enum golden_status stream_next(struct stream *s, struct array *block, struct golden_error *error);
void stream_close(struct stream *s);

#endif
