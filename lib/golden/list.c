// SPDX-License-Identifier: MIT
#include "error.h"
#include "file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct collector {
    struct golden_names *names;
    size_t capacity;
    struct golden_error *error;
};

static bool grow(struct collector *c) {
    if (c->names->n_kernels < c->capacity) {
        return true;
    }
    size_t capacity = c->capacity > 0 ? 2 * c->capacity : 16;
    char **kernels = realloc(c->names->kernels, capacity * sizeof *kernels);
    if (kernels == NULL) {
        return false;
    }
    c->names->kernels = kernels;
    c->capacity = capacity;
    return true;
}

static enum golden_status collect(const char *name, void *ctx) {
    static const char suffix[] = ".json";
    struct collector *c = ctx;
    size_t length = strlen(name);
    size_t n_suffix = sizeof suffix - 1;
    if (length <= n_suffix || strcmp(name + length - n_suffix, suffix) != 0 || name[0] == '.') {
        return GOLDEN_OK;
    }
    char *kernel = grow(c) ? text_copy(name, length - n_suffix) : NULL;
    if (kernel == NULL) {
        return error_set(c->error, GOLDEN_NO_MEMORY, -1, "");
    }
    c->names->kernels[c->names->n_kernels++] = kernel;
    return GOLDEN_OK;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum golden_status golden_list(const char *dir, struct golden_names *out,
                               struct golden_error *error) {
    error_clear(error);
    if (dir == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_names){0};
    struct collector c = {.names = out, .error = error};
    enum golden_status status = file_visit(dir, collect, &c, error);
    if (status != GOLDEN_OK) {
        golden_names_free(out);
        error_set_file(error, dir);
        return status;
    }
    if (out->n_kernels > 1) {
        qsort(out->kernels, out->n_kernels, sizeof *out->kernels, by_text);
    }
    return GOLDEN_OK;
}

void golden_names_free(struct golden_names *names) {
    if (names == NULL) {
        return;
    }
    for (size_t i = 0; i < names->n_kernels; i++) {
        free(names->kernels[i]);
    }
    free(names->kernels);
    *names = (struct golden_names){0};
}
