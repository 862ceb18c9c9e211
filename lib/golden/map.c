// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "map.h"

#include "error.h"
#include "file.h"

#include <sys/mman.h>
#include <unistd.h>

enum golden_status map_open(const char *path, struct map *out, struct golden_error *error) {
    int fd;
    size_t size;
    *out = (struct map){0};
    enum golden_status status = file_descriptor(path, &fd, &size, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    /* There is no mapping of no bytes. */
    void *bytes = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : (void *)"";
    if (bytes == MAP_FAILED) { /* NOLINT(performance-no-int-to-ptr): POSIX's own */
        status = error_system(error, GOLDEN_FILE_READ);
    } else {
        *out = (struct map){.bytes = bytes, .size = size};
        if (size > 0) {
            (void)posix_madvise(bytes, size, POSIX_MADV_SEQUENTIAL);
        }
    }
    (void)close(fd);
    return status;
}

void map_close(struct map *map) {
    if (map->size > 0) {
        (void)munmap((void *)map->bytes, map->size);
    }
    *map = (struct map){0};
}
