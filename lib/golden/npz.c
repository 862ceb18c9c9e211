// SPDX-License-Identifier: MIT
#include "npz.h"

#include "error.h"

#include <stdio.h>
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

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct npz_entry *)a)->name, ((const struct npz_entry *)b)->name);
}

enum golden_status npz_index_create(const struct golden_member members[], size_t n_members,
                                    struct npz_index *out, struct golden_error *error) {
    *out = (struct npz_index){.n_entries = n_members};
    out->entries = calloc(n_members + 1, sizeof *out->entries);
    if (out->entries == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    for (size_t i = 0; i < n_members; i++) {
        out->entries[i] = (struct npz_entry){members[i].name, i};
    }
    qsort(out->entries, n_members, sizeof *out->entries, by_name);
    for (size_t i = 1; i < n_members; i++) {
        if (by_name(&out->entries[i - 1], &out->entries[i]) == 0) {
            (void)error_set(error, GOLDEN_NPZ_NAME_TWICE, -1, "");
            error_set_member(error, out->entries[i].name);
            npz_index_free(out);
            return GOLDEN_NPZ_NAME_TWICE;
        }
    }
    return GOLDEN_OK;
}

void npz_index_free(struct npz_index *index) {
    free(index->entries);
    *index = (struct npz_index){0};
}

size_t npz_index_find(const struct npz_index *index, const char *name) {
    size_t low = 0;
    size_t high = index->n_entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index->entries[middle].name, name);
        if (order == 0) {
            return index->entries[middle].member;
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

void npz_error_member(struct golden_error *error, const char *name) {
    char member[GOLDEN_WHERE_SIZE + 8];
    (void)snprintf(member, sizeof member, "%s.npy", name);
    error_set_member(error, member);
}
