// SPDX-License-Identifier: MIT
#include "error.h"
#include "file.h"
#include "manifest.h"
#include "text.h"

#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the archive ---- */

/* Members that borrow the suite's arrays. */
struct members {
    struct golden_member *of;
    char (*names)[GOLDEN_WHERE_SIZE];
    size_t n;
};

static void add(struct members *m, const char *id, const char *name, const char *suffix,
                const struct array *a) {
    (void)snprintf(m->names[m->n], sizeof m->names[0], "%s/%s%s", id, name, suffix);
    m->of[m->n] = (struct golden_member){.name = m->names[m->n], .array = *a};
    m->n++;
}

static bool collect(const struct golden_suite *suite, struct members *m) {
    size_t room = 1;
    for (size_t i = 0; i < suite->n_cases; i++) {
        room += suite->cases[i].n_inputs + 3 * suite->cases[i].n_expected;
    }
    *m = (struct members){.of = calloc(room, sizeof *m->of),
                          .names = calloc(room, sizeof *m->names)};
    if (m->of == NULL || m->names == NULL) {
        return false;
    }
    for (size_t i = 0; i < suite->n_cases; i++) {
        const struct golden_case *c = &suite->cases[i];
        for (size_t j = 0; j < c->n_inputs; j++) {
            add(m, c->id, c->inputs[j].name, "", &c->inputs[j].array);
        }
        for (size_t j = 0; j < c->n_expected; j++) {
            add(m, c->id, c->expected[j].name, "", &c->expected[j].value);
            add(m, c->id, c->expected[j].name, ".exact", &c->expected[j].exact);
            add(m, c->id, c->expected[j].name, ".bound", &c->expected[j].bound);
        }
    }
    return true;
}

static enum golden_status save_archive(const char *path, const struct golden_suite *suite,
                                       struct golden_error *error) {
    struct members m;
    enum golden_status status = collect(suite, &m) ? golden_npz_write(path, m.of, m.n, error)
                                                   : error_set(error, GOLDEN_NO_MEMORY, -1, "");
    free(m.of);
    free(m.names);
    return status;
}

/* ---- the manifest ---- */

/* Of the file as it now stands. */
static enum golden_status checksum(const char *path, char sha256[], struct golden_error *error) {
    struct file_view file;
    enum golden_status status = file_open(path, &file, error);
    if (status == GOLDEN_OK) {
        (void)SHA256Data(file.bytes, file.size, sha256);
        file_close(&file);
    } else {
        error_set_file(error, path);
    }
    return status;
}

static enum golden_status save_manifest(const char *path, const struct golden_suite *suite,
                                        const char *sha256, struct golden_error *error) {
    char *text = manifest_text(suite, sha256);
    if (text == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    const struct file_part part = {text, strlen(text)};
    enum golden_status status = file_write(path, &part, 1, error);
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    free(text);
    return status;
}

/* ---- both ---- */

/* JSON has no word for a number that is not finite. */
static enum golden_status check_scales(const struct golden_suite *suite,
                                       struct golden_error *error) {
    for (size_t i = 0; i < suite->n_cases; i++) {
        for (size_t j = 0; j < suite->cases[i].n_expected; j++) {
            double scale = suite->cases[i].expected[j].grad_scale;
            if (scale == 0 || !isfinite(scale)) {
                char field[80];
                (void)snprintf(field, sizeof field, "cases[%zu].expected[%zu].grad_scale", i, j);
                return error_set(error, GOLDEN_GRAD_SCALE, -1, field);
            }
        }
    }
    return GOLDEN_OK;
}

static enum golden_status save(const char *json, const char *npz, const struct golden_suite *suite,
                               struct golden_error *error) {
    char sha256[SHA256_DIGEST_STRING_LENGTH];
    enum golden_status status = save_archive(npz, suite, error);
    if (status == GOLDEN_OK) {
        status = checksum(npz, sha256, error);
    }
    return status == GOLDEN_OK ? save_manifest(json, suite, sha256, error) : status;
}

enum golden_status golden_save(const char *dir, const struct golden_suite *suite,
                               struct golden_error *error) {
    error_clear(error);
    if (dir == NULL || suite == NULL || suite->kernel == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    if (!text_is_name(suite->kernel)) {
        return error_set(error, GOLDEN_KERNEL_NAME, -1, "kernel");
    }
    if (suite->n_cases == 0) {
        return error_set(error, GOLDEN_NO_CASES, -1, "cases");
    }
    enum golden_status status = check_scales(suite, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    char *json = text_path(dir, suite->kernel, ".json");
    char *npz = text_path(dir, suite->kernel, ".npz");
    status = json != NULL && npz != NULL ? save(json, npz, suite, error)
                                         : error_set(error, GOLDEN_NO_MEMORY, -1, "");
    free(json);
    free(npz);
    return status;
}
