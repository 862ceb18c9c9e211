// SPDX-License-Identifier: MIT
/* A manifest and its archive become a suite: the arrays move from the one into the places that the
 * other declares. */
#include "error.h"
#include "file.h"
#include "manifest.h"
#include "npz.h"
#include "text.h"

#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- attaching ---- */

struct attachment {
    struct golden_npz *npz;
    struct npz_index index;
    const char *case_id;
    size_t case_index;
    struct golden_error *error;
};

static enum golden_status fail(const struct attachment *at, enum golden_status code,
                               const char *member, const char *list, size_t i) {
    char field[64];
    (void)snprintf(field, sizeof field, "cases[%zu].%s[%zu]", at->case_index, list, i);
    (void)error_set(at->error, code, -1, field);
    error_set_member(at->error, member);
    return code;
}

/* A member that was taken has no data any more, which no array from a file ever has. */
static enum golden_status attach(const struct attachment *at, const char *list, size_t i,
                                 const char *name, const char *suffix, struct array *declared) {
    char member[GOLDEN_ID_SIZE + GOLDEN_NAME_SIZE + 8];
    (void)snprintf(member, sizeof member, "%s/%s%s", at->case_id, name, suffix);
    size_t found = npz_index_find(&at->index, member);
    if (found == SIZE_MAX) {
        return fail(at, GOLDEN_ARRAY_MISSING, member, list, i);
    }
    struct array *array = &at->npz->members[found].array;
    if (array->data == NULL) {
        return fail(at, GOLDEN_ARRAY_TWICE, member, list, i);
    }
    if (array->dtype != declared->dtype) {
        return fail(at, GOLDEN_ARRAY_DTYPE_DIFFERS, member, list, i);
    }
    if (!array_same_shape(array, declared)) {
        return fail(at, GOLDEN_ARRAY_SHAPE_DIFFERS, member, list, i);
    }
    *declared = *array;
    array->data = NULL;
    return GOLDEN_OK;
}

static bool bound_is_usable(const struct golden_expected *e) {
    for (size_t i = 0; i < e->bound.count; i++) {
        double bound = array_get(&e->bound, i);
        bool usable = bound >= 0 && isfinite(bound);
        if (!usable || (bound > 0 && !isfinite(array_get(&e->exact, i)))) {
            return false;
        }
    }
    return true;
}

static enum golden_status attach_case(const struct attachment *at, struct golden_case *c) {
    enum golden_status status = GOLDEN_OK;
    for (size_t i = 0; i < c->n_inputs && status == GOLDEN_OK; i++) {
        struct golden_input *input = &c->inputs[i];
        status = attach(at, "inputs", i, input->name, "", &input->array);
    }
    for (size_t i = 0; i < c->n_expected && status == GOLDEN_OK; i++) {
        struct golden_expected *e = &c->expected[i];
        status = attach(at, "expected", i, e->name, "", &e->value);
        if (status == GOLDEN_OK) {
            status = attach(at, "expected", i, e->name, ".exact", &e->exact);
        }
        if (status == GOLDEN_OK) {
            status = attach(at, "expected", i, e->name, ".bound", &e->bound);
        }
        if (status == GOLDEN_OK && !bound_is_usable(e)) {
            status = fail(at, GOLDEN_BOUND_VALUE, c->id, "expected", i);
        }
    }
    return status;
}

static enum golden_status attach_all(struct golden_suite *suite, struct golden_npz *npz,
                                     struct golden_error *error) {
    struct attachment at = {.npz = npz, .error = error};
    enum golden_status status = npz_index_create(npz->members, npz->n_members, &at.index, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    for (size_t i = 0; i < suite->n_cases && status == GOLDEN_OK; i++) {
        at.case_index = i;
        at.case_id = suite->cases[i].id;
        status = attach_case(&at, &suite->cases[i]);
    }
    npz_index_free(&at.index);
    for (size_t i = 0; i < npz->n_members && status == GOLDEN_OK; i++) {
        if (npz->members[i].array.data != NULL) {
            status = error_set(error, GOLDEN_ARRAY_UNREFERENCED, -1, "");
            error_set_member(error, npz->members[i].name);
        }
    }
    return status;
}

/* ---- loading ---- */

static enum golden_status load_manifest(const char *path, const char *kernel,
                                        struct golden_suite *out, struct golden_error *error) {
    struct file_view file;
    enum golden_status status = file_open(path, &file, error);
    if (status == GOLDEN_OK) {
        status = manifest_parse(file.bytes, file.size, kernel, out, error);
        file_close(&file);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}

static enum golden_status decode_archive(const struct file_view *file, struct golden_suite *suite,
                                         struct golden_error *error) {
    struct golden_npz npz;
    /* Before the checksum of the whole: what is wrong with a member says more. */
    enum golden_status status = golden_npz_decode(file->bytes, file->size, &npz, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    char sha256[SHA256_DIGEST_STRING_LENGTH];
    (void)SHA256Data(file->bytes, file->size, sha256);
    if (strcmp(sha256, suite->sha256) == 0) {
        status = attach_all(suite, &npz, error);
    } else {
        status = error_set(error, GOLDEN_SHA256, -1, "sha256");
    }
    golden_npz_free(&npz);
    return status;
}

static enum golden_status load_archive(const char *path, struct golden_suite *suite,
                                       struct golden_error *error) {
    struct file_view file;
    enum golden_status status = file_open(path, &file, error);
    if (status == GOLDEN_OK) {
        status = decode_archive(&file, suite, error);
        file_close(&file);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}

enum golden_status golden_load(const char *dir, const char *kernel, struct golden_suite *out,
                               struct golden_error *error) {
    error_clear(error);
    if (dir == NULL || kernel == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_suite){0};
    if (!text_is_name(kernel)) {
        return error_set(error, GOLDEN_KERNEL_NAME, -1, "kernel");
    }
    char *json = text_path(dir, kernel, ".json");
    char *npz = text_path(dir, kernel, ".npz");
    enum golden_status status = GOLDEN_NO_MEMORY;
    if (json == NULL || npz == NULL) {
        (void)error_set(error, GOLDEN_NO_MEMORY, -1, "");
    } else {
        status = load_manifest(json, kernel, out, error);
    }
    if (status == GOLDEN_OK) {
        status = load_archive(npz, out, error);
    }
    if (status != GOLDEN_OK) {
        golden_free(out);
    }
    free(json);
    free(npz);
    return status;
}

/* ---- finding and freeing ---- */

const struct golden_case *golden_find_case(const struct golden_suite *suite, const char *id) {
    for (size_t i = 0; suite != NULL && id != NULL && i < suite->n_cases; i++) {
        if (strcmp(suite->cases[i].id, id) == 0) {
            return &suite->cases[i];
        }
    }
    return NULL;
}

const struct golden_input *golden_find_input(const struct golden_case *c, const char *name) {
    for (size_t i = 0; c != NULL && name != NULL && i < c->n_inputs; i++) {
        if (strcmp(c->inputs[i].name, name) == 0) {
            return &c->inputs[i];
        }
    }
    return NULL;
}

const struct golden_expected *golden_find_expected(const struct golden_case *c, const char *name) {
    for (size_t i = 0; c != NULL && name != NULL && i < c->n_expected; i++) {
        if (strcmp(c->expected[i].name, name) == 0) {
            return &c->expected[i];
        }
    }
    return NULL;
}

static void free_case(struct golden_case *c) {
    for (size_t i = 0; i < c->n_inputs; i++) {
        array_free(&c->inputs[i].array);
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        array_free(&c->expected[i].value);
        array_free(&c->expected[i].exact);
        array_free(&c->expected[i].bound);
    }
    free(c->inputs);
    free(c->expected);
    free(c->flags);
    free(c->note);
}

static void free_notes(struct golden_note notes[], size_t n_notes) {
    for (size_t i = 0; i < n_notes; i++) {
        free(notes[i].name);
        free(notes[i].text);
    }
    free(notes);
}

void golden_free(struct golden_suite *suite) {
    if (suite == NULL) {
        return;
    }
    for (size_t i = 0; i < suite->n_cases; i++) {
        free_case(&suite->cases[i]);
    }
    free(suite->cases);
    free_notes(suite->flags, suite->n_flags);
    free_notes(suite->bounds, suite->n_bounds);
    free_notes(suite->versions, suite->n_versions);
    free(suite->kernel);
    *suite = (struct golden_suite){0};
}
