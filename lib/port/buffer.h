// SPDX-License-Identifier: MIT
/* Bytes that grow at one end and are consumed at the other. */
#ifndef GRADGATE_PORT_BUFFER_H
#define GRADGATE_PORT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;
    size_t start, end; /* what is there */
    size_t size;
};

/* Room for n more bytes at buffer->bytes + buffer->end; false if there is no memory. */
bool buffer_reserve(struct buffer *b, size_t n);
bool buffer_append(struct buffer *b, const char bytes[], size_t n);
void buffer_consume(struct buffer *b, size_t n);
size_t buffer_length(const struct buffer *b);
void buffer_free(struct buffer *b);

#endif
