// SPDX-License-Identifier: MIT
#include "text.h"

#include "golden/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                      "0123456789.";
static const char id_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                    "0123456789.=+-";

char *text_copy(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *text_path(const char *dir, const char *kernel, const char *suffix) {
    size_t size = strlen(dir) + strlen(kernel) + strlen(suffix) + 2;
    char *path = malloc(size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s%s", dir, kernel, suffix);
    }
    return path;
}

bool text_is_name(const char *text) {
    size_t length = strlen(text);
    return length > 0 && length < GOLDEN_NAME_SIZE && strchr(letters, text[0]) != NULL &&
           strspn(text, name_characters) == length;
}

bool text_is_id(const char *text) {
    size_t length = strlen(text);
    return length > 0 && length < GOLDEN_ID_SIZE && strspn(text, id_characters) == length &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}
