// SPDX-License-Identifier: MIT
/* The archive is built in memory and written by file_write, so that it appears whole or not at
 * all. */
#include "error.h"
#include "file.h"
#include "npy.h"
#include "npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOS_1980_01_01 ((0 << 9) | (1 << 5) | 1)

/* ---- what is to be written ---- */

static enum golden_status check_one(const struct golden_member *member,
                                    struct golden_error *error) {
    if (member->name == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "name");
    }
    char name[GOLDEN_WHERE_SIZE + 8];
    (void)snprintf(name, sizeof name, "%s.npy", member->name);
    enum golden_status status = npz_check_name(name);
    if (status != GOLDEN_OK) {
        (void)error_set(error, status, -1, "");
    } else {
        status = npy_check_array(&member->array, error);
    }
    if (status != GOLDEN_OK) {
        error_set_member(error, name);
    }
    return status;
}

static enum golden_status check_members(const struct golden_member members[], size_t n_members,
                                        struct golden_error *error) {
    for (size_t i = 0; i < n_members; i++) {
        enum golden_status status = check_one(&members[i], error);
        if (status != GOLDEN_OK) {
            return status;
        }
    }
    struct npz_index index;
    enum golden_status status = npz_index_create(members, n_members, &index, error);
    if (status == GOLDEN_OK) {
        npz_index_free(&index);
    }
    return status;
}

/* ---- building ---- */

/* A whole .npy in memory that libzip frees. */
static zip_source_t *member_source(zip_t *zip, const struct array *a) {
    unsigned char header[NPY_HEADER_ROOM];
    size_t n_header = npy_header_write(a, header);
    size_t n_data = a->count * array_dtype_size(a->dtype);
    unsigned char *bytes = malloc(n_header + n_data);
    if (bytes == NULL) {
        return NULL;
    }
    memcpy(bytes, header, n_header);
    if (n_data > 0) {
        memcpy(bytes + n_header, a->data, n_data);
        npy_swap_if_big_endian(a->dtype, bytes + n_header, n_data);
    }
    zip_source_t *source = zip_source_buffer(zip, bytes, n_header + n_data, 1);
    if (source == NULL) {
        free(bytes);
    }
    return source; /* NOLINT(clang-analyzer-unix.Malloc): libzip frees bytes with the source */
}

static bool add_member(zip_t *zip, const struct golden_member *member) {
    char name[GOLDEN_WHERE_SIZE + 8];
    (void)snprintf(name, sizeof name, "%s.npy", member->name);
    zip_source_t *source = member_source(zip, &member->array);
    if (source == NULL) {
        return false;
    }
    zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return false;
    }
    zip_uint64_t i = (zip_uint64_t)index;
    return zip_set_file_compression(zip, i, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, i, 0, DOS_1980_01_01, 0) == 0;
}

/* Fills archive, which stays open for reading. */
static bool build(zip_source_t *archive, const struct golden_member members[], size_t n_members) {
    /* zip_close and zip_discard drop one reference; this one outlives them. */
    zip_source_keep(archive);
    zip_t *zip = zip_open_from_source(archive, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    if (zip == NULL) {
        zip_source_free(archive);
        return false;
    }
    for (size_t i = 0; i < n_members; i++) {
        if (!add_member(zip, &members[i])) {
            zip_discard(zip);
            return false;
        }
    }
    if (zip_close(zip) != 0) {
        zip_discard(zip);
        return false;
    }
    return true;
}

/* The bytes of a built archive; the caller frees. */
static unsigned char *bytes_of(zip_source_t *archive, size_t *n_bytes) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(archive, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0 ||
        zip_source_open(archive) != 0) {
        return NULL;
    }
    size_t size = (size_t)stat.size;
    unsigned char *bytes = malloc(size + 1);
    if (bytes != NULL && zip_source_read(archive, bytes, size) != (zip_int64_t)size) {
        free(bytes);
        bytes = NULL;
    }
    (void)zip_source_close(archive);
    *n_bytes = size;
    return bytes;
}

/* The smallest archive there is: libzip deletes one without members instead. */
static const unsigned char empty_archive[22] = {'P', 'K', 5, 6};

static enum golden_status write_archive(const char *path, const struct golden_member members[],
                                        size_t n_members, struct golden_error *error) {
    if (n_members == 0) {
        const struct file_part part = {empty_archive, sizeof empty_archive};
        return file_write(path, &part, 1, error);
    }
    zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, NULL);
    if (archive == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    enum golden_status status = GOLDEN_NPZ_WRITE;
    struct file_part part = {0};
    unsigned char *bytes = NULL;
    if (build(archive, members, n_members)) {
        bytes = bytes_of(archive, &part.size);
    }
    if (bytes != NULL) {
        part.bytes = bytes;
        status = file_write(path, &part, 1, error);
    } else {
        (void)error_set(error, GOLDEN_NPZ_WRITE, -1, "");
    }
    free(bytes);
    zip_source_free(archive);
    return status;
}

enum golden_status golden_npz_write(const char *path, const struct golden_member members[],
                                    size_t n_members, struct golden_error *error) {
    error_clear(error);
    if (path == NULL || (members == NULL && n_members > 0)) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    enum golden_status status = check_members(members, n_members, error);
    if (status == GOLDEN_OK) {
        status = write_archive(path, members, n_members, error);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}
