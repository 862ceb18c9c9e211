// SPDX-License-Identifier: MIT
#include "scrub.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the well-formed sequence (RFC 3629) at s with its code point, or 0. */
static size_t decode(const unsigned char s[], size_t size, uint32_t *point) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80   ? 1
                    : s[0] < 0xC0 ? 0
                    : s[0] < 0xE0 ? 2
                    : s[0] < 0xF0 ? 3
                    : s[0] < 0xF8 ? 4
                                  : 0;
    if (length == 0 || length > size) {
        return 0;
    }
    *point = length == 1 ? s[0] : s[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0U) != 0x80) {
            return 0;
        }
        *point = *point << 6 | (s[i] & 0x3FU);
    }
    bool surrogate = *point >= 0xD800 && *point < 0xE000;
    return *point < smallest[length] || *point > 0x10FFFF || surrogate ? 0 : length;
}

/* Controls (C0, DEL, C1), marks that reorder or hide a line's text, and what XML cannot hold. */
static bool is_printable(uint32_t point) {
    if (point < 0x20) {
        return point == '\n' || point == '\t';
    }
    bool control = point >= 0x7F && point < 0xA0;
    bool reorders = (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
                    (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
    bool noncharacter = (point & 0xFFFEU) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
    return !control && !reorders && !noncharacter;
}

char *scrub_bytes(const char bytes[], size_t size) {
    const unsigned char *in = (const unsigned char *)bytes;
    char *text = size <= SIZE_MAX / 4 - 1 ? malloc(4 * size + 1) : NULL;
    if (text == NULL) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        uint32_t point = 0;
        size_t length = decode(in + i, size - i, &point);
        if (length > 0 && is_printable(point)) {
            memcpy(text + used, in + i, length);
            used += length;
            i += length;
        } else {
            (void)snprintf(text + used, 5, "\\x%02x", (unsigned)in[i]);
            used += 4;
            i++;
        }
    }
    text[used] = '\0';
    return text;
}

char *scrub_text(const char *text) {
    return scrub_bytes(text, strlen(text));
}
