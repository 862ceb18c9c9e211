// SPDX-License-Identifier: MIT
#include "npz.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7f && c != '\\' && c != ':';
}

static bool is_dots(const char *segment, size_t length) {
    return (length == 1 && segment[0] == '.') ||
           (length == 2 && segment[0] == '.' && segment[1] == '.');
}

enum golden_status npz_check_name(const char *name) {
    size_t length = strlen(name);
    if (length >= GOLDEN_WHERE_SIZE) {
        return GOLDEN_NPZ_NAME_UNSAFE;
    }
    for (const char *segment = name;; segment++) {
        size_t n = strcspn(segment, "/");
        if (n == 0 || is_dots(segment, n)) {
            return GOLDEN_NPZ_NAME_UNSAFE;
        }
        for (size_t i = 0; i < n; i++) {
            if (!is_plain((unsigned char)segment[i])) {
                return GOLDEN_NPZ_NAME_UNSAFE;
            }
        }
        segment += n;
        if (*segment == '\0') {
            break;
        }
    }
    static const char suffix[] = ".npy";
    size_t n_suffix = sizeof suffix - 1;
    bool ends = length > n_suffix && strcmp(name + length - n_suffix, suffix) == 0 &&
                name[length - n_suffix - 1] != '/';
    return ends ? GOLDEN_OK : GOLDEN_NPZ_NAME_SUFFIX;
}

/* ---- lookup ---- */

struct named {
    const char *name;
    size_t index;
};

static int by_name_then_index(const void *a, const void *b) {
    const struct named *x = a;
    const struct named *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

size_t *npz_sort(const struct golden_member members[], size_t n_members) {
    struct named *named = calloc(n_members + 1, sizeof *named);
    size_t *indices = calloc(n_members + 1, sizeof *indices);
    if (named == NULL || indices == NULL) {
        free(named);
        free(indices);
        return NULL;
    }
    for (size_t i = 0; i < n_members; i++) {
        named[i] = (struct named){members[i].name, i};
    }
    qsort(named, n_members, sizeof *named, by_name_then_index);
    for (size_t i = 0; i < n_members; i++) {
        indices[i] = named[i].index;
    }
    free(named);
    return indices;
}

size_t npz_locate(const struct golden_member members[], size_t n_members, const size_t by_name[],
                  const char *name) {
    size_t low = 0;
    size_t high = n_members;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(members[by_name[middle]].name, name);
        if (order == 0) {
            return by_name[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SIZE_MAX;
}

const struct array *golden_npz_find(const struct golden_npz *npz, const char *name) {
    for (size_t i = 0; npz != NULL && name != NULL && i < npz->n_members; i++) {
        if (strcmp(npz->members[i].name, name) == 0) {
            return &npz->members[i].array;
        }
    }
    return NULL;
}

void golden_npz_free(struct golden_npz *npz) {
    if (npz == NULL) {
        return;
    }
    for (size_t i = 0; i < npz->n_members; i++) {
        free(npz->members[i].name);
        array_free(&npz->members[i].array);
    }
    free(npz->members);
    *npz = (struct golden_npz){0};
}

enum golden_status npz_fail(struct golden_error *error, zip_error_t *zip_error,
                            enum golden_status otherwise) {
    bool memory = zip_error_code_zip(zip_error) == ZIP_ER_MEMORY;
    return error_set(error, memory ? GOLDEN_NO_MEMORY : otherwise, -1, "");
}
