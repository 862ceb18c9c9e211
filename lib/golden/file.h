// SPDX-License-Identifier: MIT
/* The only place in this module that touches the file system, but for map.c. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include "golden/golden.h"

struct file_view {
    const unsigned char *bytes; /* not NULL, even if size is 0 */
    size_t size;
};

/* The whole of a regular file; a device or a pipe is refused rather than waited for. */
enum golden_status file_open(const char *path, struct file_view *out, struct golden_error *error);
void file_close(struct file_view *view); /* zeroes *view */

/* The same checks, and the open file instead of its content: the caller closes *fd. */
enum golden_status file_descriptor(const char *path, int *fd, size_t *size,
                                   struct golden_error *error);

struct file_part {
    const void *bytes;
    size_t size;
};

/* Writes the parts one after the other under a temporary name in path's folder, then renames: path
 * holds the old content or the new, never a part of it, and nothing is left behind on failure. */
enum golden_status file_write(const char *path, const struct file_part parts[], size_t n_parts,
                              struct golden_error *error);

/* Calls visit with each name in the folder, in no order, until it returns something else than
 * GOLDEN_OK, which is then returned; the visitor fills the error in that case. */
enum golden_status file_visit(const char *dir,
                              enum golden_status (*visit)(const char *name, void *ctx), void *ctx,
                              struct golden_error *error);

#endif
