// SPDX-License-Identifier: MIT
#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool buffer_reserve(struct buffer *b, size_t n) {
    if (b->size - b->end >= n) {
        return true;
    }
    size_t length = b->end - b->start;
    if (b->start > 0) {
        memmove(b->bytes, b->bytes + b->start, length);
        b->start = 0;
        b->end = length;
    }
    if (b->size - b->end >= n) {
        return true;
    }
    if (n > PTRDIFF_MAX / 4 - length) {
        return false;
    }
    size_t size = 2 * (length + n);
    char *bytes = realloc(b->bytes, size);
    if (bytes == NULL) {
        return false;
    }
    b->bytes = bytes;
    b->size = size;
    return true;
}

bool buffer_append(struct buffer *b, const char bytes[], size_t n) {
    if (!buffer_reserve(b, n)) {
        return false;
    }
    memcpy(b->bytes + b->end, bytes, n);
    b->end += n;
    return true;
}

void buffer_consume(struct buffer *b, size_t n) {
    b->start += n;
    if (b->start == b->end) {
        b->start = b->end = 0;
    }
}

size_t buffer_length(const struct buffer *b) {
    return b->end - b->start;
}

void buffer_free(struct buffer *b) {
    free(b->bytes);
    *b = (struct buffer){0};
}
