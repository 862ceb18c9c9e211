// SPDX-License-Identifier: MIT
#include "error.h"
#include "npz.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define END_RECORD_SIZE 22 /* every archive ends with one */

static const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

/* ---- the archive ---- */

zip_t *npz_open(const unsigned char bytes[], size_t n_bytes, struct golden_error *error) {
    /* libzip takes no bytes at all for an archive without members. */
    if (n_bytes < END_RECORD_SIZE) {
        (void)error_set(error, GOLDEN_NPZ_ARCHIVE, 0, "");
        return NULL;
    }
    zip_error_t zip_error;
    zip_error_init(&zip_error);
    zip_t *zip = NULL;
    zip_source_t *source = zip_source_buffer_create(bytes, n_bytes, 0, &zip_error);
    if (source != NULL) {
        zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &zip_error);
    }
    if (zip == NULL) {
        zip_source_free(source);
        /* libzip may find equal names itself, and then does not say which; see check_names. */
        bool twice = zip_error_code_zip(&zip_error) == ZIP_ER_EXISTS;
        (void)npz_fail(error, &zip_error, twice ? GOLDEN_NPZ_NAME_TWICE : GOLDEN_NPZ_ARCHIVE);
    }
    zip_error_fini(&zip_error);
    return zip;
}

/* ---- the directory: everything about it is checked before any member is touched ---- */

static enum golden_status check_member(zip_t *zip, zip_uint64_t i, zip_stat_t *stat,
                                       struct golden_error *error) {
    zip_stat_init(stat);
    if (zip_stat_index(zip, i, ZIP_FL_ENC_RAW, stat) != 0) {
        return npz_fail(error, zip_get_error(zip), GOLDEN_NPZ_ARCHIVE);
    }
    if ((stat->valid & needed) != needed) {
        return error_set(error, GOLDEN_NPZ_ARCHIVE, -1, "");
    }
    enum golden_status status = npz_check_name(stat->name);
    if (status == GOLDEN_OK && stat->encryption_method != ZIP_EM_NONE) {
        status = GOLDEN_NPZ_ENCRYPTED;
    }
    bool stored = stat->comp_method == ZIP_CM_STORE;
    if (status == GOLDEN_OK && !stored && stat->comp_method != ZIP_CM_DEFLATE) {
        status = GOLDEN_NPZ_METHOD;
    }
    if (status == GOLDEN_OK && stored && stat->size != stat->comp_size) {
        status = GOLDEN_NPZ_DATA;
    }
    if (status != GOLDEN_OK) {
        (void)error_set(error, status, -1, "");
        error_set_member(error, stat->name);
    }
    return status;
}

static enum golden_status check_names(const struct golden_npz *npz, struct golden_error *error) {
    struct npz_index index;
    enum golden_status status = npz_index_create(npz->members, npz->n_members, &index, error);
    if (status == GOLDEN_OK) {
        npz_index_free(&index);
    }
    return status;
}

static size_t inflation_limit(size_t n_bytes) {
    size_t limit =
        n_bytes > SIZE_MAX / GOLDEN_MAX_INFLATION ? SIZE_MAX : n_bytes * GOLDEN_MAX_INFLATION;
    return limit > GOLDEN_FREE_INFLATION ? limit : GOLDEN_FREE_INFLATION;
}

static enum golden_status name_members(zip_t *zip, size_t limit, struct golden_npz *npz,
                                       struct golden_error *error) {
    for (size_t i = 0; i < npz->n_members; i++) {
        zip_stat_t stat;
        enum golden_status status = check_member(zip, i, &stat, error);
        if (status != GOLDEN_OK) {
            return status;
        }
        if (stat.size > limit) {
            (void)error_set(error, GOLDEN_NPZ_BOMB, -1, "");
            error_set_member(error, stat.name);
            return GOLDEN_NPZ_BOMB;
        }
        limit -= (size_t)stat.size;
        npz->members[i].name = text_copy(stat.name, strlen(stat.name) - strlen(".npy"));
        if (npz->members[i].name == NULL) {
            return error_set(error, GOLDEN_NO_MEMORY, -1, "");
        }
    }
    return check_names(npz, error);
}

enum golden_status npz_directory(zip_t *zip, size_t n_bytes, struct golden_npz *out,
                                 struct golden_error *error) {
    size_t n = (size_t)zip_get_num_entries(zip, 0);
    *out = (struct golden_npz){.n_members = n, .members = calloc(n + 1, sizeof *out->members)};
    enum golden_status status = GOLDEN_OK;
    if (out->members == NULL) {
        out->n_members = 0;
        status = error_set(error, GOLDEN_NO_MEMORY, -1, "");
    } else {
        status = name_members(zip, inflation_limit(n_bytes), out, error);
    }
    if (status != GOLDEN_OK) {
        golden_npz_free(out);
    }
    return status;
}

/* ---- a member's bytes ---- */

enum golden_status npz_member_open(zip_t *zip, size_t i, zip_file_t **file, size_t *size,
                                   struct golden_error *error) {
    zip_stat_t stat;
    *file = NULL;
    enum golden_status status = check_member(zip, i, &stat, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    *size = (size_t)stat.size;
    *file = zip_fopen_index(zip, i, 0);
    return *file != NULL ? GOLDEN_OK : npz_fail(error, zip_get_error(zip), GOLDEN_NPZ_DATA);
}

static enum golden_status fail_data(zip_file_t *file, struct golden_error *error) {
    zip_error_t *zip_error = zip_file_get_error(file);
    bool crc = zip_error_code_zip(zip_error) == ZIP_ER_CRC;
    return npz_fail(error, zip_error, crc ? GOLDEN_NPZ_CRC : GOLDEN_NPZ_DATA);
}

enum golden_status npz_member_read(zip_file_t *file, unsigned char bytes[], size_t size,
                                   struct golden_error *error) {
    size_t done = 0;
    while (done < size) {
        zip_int64_t n = zip_fread(file, bytes + done, size - done);
        if (n <= 0) {
            return n < 0 ? fail_data(file, error) : error_set(error, GOLDEN_NPZ_DATA, -1, "");
        }
        done += (size_t)n;
    }
    return GOLDEN_OK;
}

/* libzip compares the checksum only when it is asked for what comes after the last byte. */
enum golden_status npz_member_end(zip_file_t *file, struct golden_error *error) {
    unsigned char byte;
    zip_int64_t n = zip_fread(file, &byte, 1);
    if (n < 0) {
        return fail_data(file, error);
    }
    return n == 0 ? GOLDEN_OK : error_set(error, GOLDEN_NPZ_DATA, -1, "");
}
