// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* getline */
#include "vector_pack.h"

#include <stdlib.h>
#include <string.h>

/* "3x4" or "-", of at most limit elements. */
static int read_shape(struct pack_array *a, const char *text, size_t limit) {
    int good = 1, more = strcmp(text, "-") != 0;
    for (a->ndim = 0, a->count = 1; good && more; text++) {
        char *end = NULL;
        size_t n = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
        good = end && a->ndim < PACK_MAX_DIMS && (n == 0 || a->count <= limit / n);
        more = good && *end == 'x';
        good = good && (more || *end == '\0');
        a->shape[good ? a->ndim++ : 0] = n;
        a->count *= n;
        text = end;
    }
    return good;
}

static int read_bits(const struct pack_array *a, const char *at, uint64_t bits[]) {
    size_t digits = strstr("f64 i64", a->dtype) ? 16 : strstr("f32 i32", a->dtype) ? 8 : 2;
    int good = 1;
    for (size_t i = 0; good && i < a->count; i++, at += 1 + digits) {
        char hex[17] = "";
        good = *at == ' ' && strspn(at + 1, "0123456789abcdef") >= digits;
        bits[i] = good ? strtoull(memcpy(hex, at + 1, digits), NULL, 16) : 0;
    }
    return good && *at == '\0';
}

/* 2 and an array in *a, 1 a line without one, 0 malformed; bits has room for `length` of them. */
static int read_line(const char *line, size_t length, struct pack_array *a, uint64_t bits[]) {
    char word[8] = "", shape[96];
    int at = 0;
    if (sscanf(line, "call %*u %31s %31s", a->kernel, a->pass) == 2 ||
        sscanf(line, "case %63s", a->id) == 1 || sscanf(line, "%7s", word) != 1 ||
        (strcmp(word, "in") && strcmp(word, "want") && strcmp(word, "expect") &&
         strcmp(word, "bound"))) {
        return 1;
    }
    int n = sscanf(line, "%7s %31s %7s %95s%n", a->role, a->name, a->dtype, shape, &at);
    a->bits = word[0] == 'w' ? NULL : bits;
    int good = n == 4 && strlen(a->dtype) + (a->dtype[0] == 'u') == 3 &&
               strstr("f64 f32 i64 i32 u8", a->dtype) &&
               read_shape(a, shape, a->bits ? length : SIZE_MAX);
    return good && (a->bits ? read_bits(a, line + at, bits) : line[at] == '\0') ? 2 : 0;
}

long pack_read(FILE *in, int (*visit)(const struct pack_array *a, void *ctx), void *ctx) {
    struct pack_array a = {0};
    char *line = NULL;
    size_t room = 0;
    long result = 0;
    for (long number = 1; result == 0; number++) {
        ssize_t n = getline(&line, &room, in);
        if (n == 4 && strcmp(line, "bye\n") == 0) {
            break;
        }
        int whole = n > 0 && strcspn(line, "\n") + 1 == (size_t)n;
        uint64_t *bits = whole ? calloc((size_t)n, sizeof *bits) : NULL;
        int kind = bits ? line[n - 1] = '\0', read_line(line, (size_t)n, &a, bits) : 0;
        result = kind == 0 ? number : kind == 2 && visit(&a, ctx) != 0 ? -1 : 0;
        free(bits);
    }
    free(line);
    return result;
}
