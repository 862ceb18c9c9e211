// SPDX-License-Identifier: MIT
#include "request.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool append_kind(struct buffer *b, const char *word, const char *name,
                        const struct array *a) {
    char shape[ARRAY_MAX_DIMS * 21];
    char line[ARRAY_MAX_DIMS * 21 + 128];
    array_shape_text(a->ndim, a->shape, shape, sizeof shape);
    int n =
        snprintf(line, sizeof line, "%s %s %s %s", word, name, array_dtype_name(a->dtype), shape);
    return n > 0 && (size_t)n < sizeof line && buffer_append(b, line, (size_t)n);
}

static bool append_numbers(struct buffer *b, const struct array *a) {
    static const char hex[] = "0123456789abcdef";
    size_t digits = 2 * array_dtype_size(a->dtype);
    if (a->count > SIZE_MAX / 32 || !buffer_reserve(b, a->count * (digits + 1))) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        uint64_t bits = array_bits(a, i);
        char *at = b->bytes + b->end;
        at[0] = ' ';
        for (size_t j = digits; j > 0; j--) {
            at[j] = hex[bits & 15];
            bits >>= 4;
        }
        b->end += digits + 1;
    }
    return true;
}

bool request_append(struct buffer *b, const struct port_call *call, size_t id) {
    char line[128];
    int n = snprintf(line, sizeof line, "call %zu %s %s\n", id, call->kernel, call->pass);
    bool good = n > 0 && (size_t)n < sizeof line && buffer_append(b, line, (size_t)n);
    for (size_t i = 0; i < call->n_given && good; i++) {
        good = append_kind(b, "in", call->given[i].name, call->given[i].array) &&
               append_numbers(b, call->given[i].array) && buffer_append(b, "\n", 1);
    }
    for (size_t i = 0; i < call->n_wanted && good; i++) {
        good = append_kind(b, "want", call->wanted[i].name, &call->wanted[i].array) &&
               buffer_append(b, "\n", 1);
    }
    return good && buffer_append(b, "go\n", 3);
}
