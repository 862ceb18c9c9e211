// SPDX-License-Identifier: MIT
#include "error.h"
#include "file.h"
#include "npy.h"
#include "npz.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    zip_t *zip;
    struct golden_npz *npz;
    unsigned char *start; /* of the member being read */
    struct golden_error *error;
};

#define END_RECORD_SIZE 22 /* every archive ends with one */
#define START_SIZE (12 + (size_t)GOLDEN_MAX_HEADER)

static const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

/* ---- the directory: everything about it is checked before any member is touched ---- */

static enum golden_status check_member(const struct reader *r, zip_uint64_t i, zip_stat_t *stat) {
    zip_stat_init(stat);
    if (zip_stat_index(r->zip, i, ZIP_FL_ENC_RAW, stat) != 0) {
        return npz_fail(r->error, zip_get_error(r->zip), GOLDEN_NPZ_ARCHIVE);
    }
    if ((stat->valid & needed) != needed) {
        return error_set(r->error, GOLDEN_NPZ_ARCHIVE, -1, "");
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
        (void)error_set(r->error, status, -1, "");
        error_set_member(r->error, stat->name);
    }
    return status;
}

static enum golden_status check_names(const struct reader *r) {
    struct npz_index index;
    enum golden_status status =
        npz_index_create(r->npz->members, r->npz->n_members, &index, r->error);
    if (status == GOLDEN_OK) {
        npz_index_free(&index);
    }
    return status;
}

/* Names the members and bounds what they may inflate to. */
static enum golden_status read_directory(const struct reader *r, size_t n_bytes) {
    size_t limit =
        n_bytes > SIZE_MAX / GOLDEN_MAX_INFLATION ? SIZE_MAX : n_bytes * GOLDEN_MAX_INFLATION;
    limit = limit > GOLDEN_FREE_INFLATION ? limit : GOLDEN_FREE_INFLATION;
    for (size_t i = 0; i < r->npz->n_members; i++) {
        zip_stat_t stat;
        enum golden_status status = check_member(r, i, &stat);
        if (status != GOLDEN_OK) {
            return status;
        }
        if (stat.size > limit) {
            (void)error_set(r->error, GOLDEN_NPZ_BOMB, -1, "");
            error_set_member(r->error, stat.name);
            return GOLDEN_NPZ_BOMB;
        }
        limit -= (size_t)stat.size;
        r->npz->members[i].name = text_copy(stat.name, strlen(stat.name) - strlen(".npy"));
        if (r->npz->members[i].name == NULL) {
            return error_set(r->error, GOLDEN_NO_MEMORY, -1, "");
        }
    }
    return check_names(r);
}

/* ---- the members ---- */

static enum golden_status fail_data(const struct reader *r, zip_file_t *file) {
    zip_error_t *zip_error = zip_file_get_error(file);
    bool crc = zip_error_code_zip(zip_error) == ZIP_ER_CRC;
    return npz_fail(r->error, zip_error, crc ? GOLDEN_NPZ_CRC : GOLDEN_NPZ_DATA);
}

static enum golden_status read_exactly(const struct reader *r, zip_file_t *file,
                                       unsigned char bytes[], size_t size) {
    size_t done = 0;
    while (done < size) {
        zip_int64_t n = zip_fread(file, bytes + done, size - done);
        if (n <= 0) {
            return n < 0 ? fail_data(r, file) : error_set(r->error, GOLDEN_NPZ_DATA, -1, "");
        }
        done += (size_t)n;
    }
    return GOLDEN_OK;
}

/* libzip compares the checksum only when it is asked for what comes after the last byte. */
static enum golden_status read_end(const struct reader *r, zip_file_t *file) {
    unsigned char byte;
    zip_int64_t n = zip_fread(file, &byte, 1);
    if (n < 0) {
        return fail_data(r, file);
    }
    return n == 0 ? GOLDEN_OK : error_set(r->error, GOLDEN_NPZ_DATA, -1, "");
}

static enum golden_status read_array(const struct reader *r, zip_file_t *file, size_t size,
                                     struct array *out) {
    size_t n_start = size < START_SIZE ? size : START_SIZE;
    enum golden_status status = read_exactly(r, file, r->start, n_start);
    if (status != GOLDEN_OK) {
        return status;
    }
    struct golden_npy_header header;
    status = golden_npy_parse(r->start, n_start, size, &header, r->error);
    if (status != GOLDEN_OK) {
        return status;
    }
    status = error_from_array(r->error, array_create(header.dtype, header.ndim, header.shape, out));
    if (status != GOLDEN_OK) {
        return status;
    }
    size_t n_copied = n_start - header.data_offset;
    memcpy(out->data, r->start + header.data_offset, n_copied);
    status =
        read_exactly(r, file, (unsigned char *)out->data + n_copied, header.data_size - n_copied);
    if (status == GOLDEN_OK) {
        status = read_end(r, file);
    }
    if (status == GOLDEN_OK) {
        npy_swap_if_big_endian(out->dtype, out->data, header.data_size);
    }
    return status;
}

static enum golden_status read_member(const struct reader *r, size_t i) {
    struct golden_member *member = &r->npz->members[i];
    zip_stat_t stat;
    enum golden_status status = check_member(r, i, &stat);
    if (status != GOLDEN_OK) {
        return status;
    }
    zip_file_t *file = zip_fopen_index(r->zip, i, 0);
    if (file == NULL) {
        status = npz_fail(r->error, zip_get_error(r->zip), GOLDEN_NPZ_DATA);
    } else {
        status = read_array(r, file, (size_t)stat.size, &member->array);
        (void)zip_fclose(file);
    }
    if (status != GOLDEN_OK) {
        error_set_member(r->error, stat.name);
    }
    return status;
}

static enum golden_status read_members(struct reader *r, size_t n_bytes) {
    zip_int64_t n = zip_get_num_entries(r->zip, 0);
    r->npz->members = calloc((size_t)n + 1, sizeof *r->npz->members);
    r->start = malloc(START_SIZE);
    if (r->npz->members == NULL || r->start == NULL) {
        return error_set(r->error, GOLDEN_NO_MEMORY, -1, "");
    }
    r->npz->n_members = (size_t)n;
    enum golden_status status = read_directory(r, n_bytes);
    for (size_t i = 0; i < r->npz->n_members && status == GOLDEN_OK; i++) {
        status = read_member(r, i);
    }
    return status;
}

/* ---- the archive ---- */

static zip_t *open_archive(const unsigned char bytes[], size_t n_bytes,
                           struct golden_error *error) {
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

enum golden_status golden_npz_decode(const unsigned char bytes[], size_t n_bytes,
                                     struct golden_npz *out, struct golden_error *error) {
    struct golden_error local = {0};
    error = error != NULL ? error : &local;
    error_clear(error);
    if (bytes == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_npz){0};
    struct reader r = {.npz = out, .error = error};
    r.zip = open_archive(bytes, n_bytes, error);
    if (r.zip == NULL) {
        return error->code;
    }
    enum golden_status status = read_members(&r, n_bytes);
    free(r.start);
    zip_discard(r.zip);
    if (status != GOLDEN_OK) {
        golden_npz_free(out);
    }
    return status;
}

enum golden_status golden_npz_read(const char *path, struct golden_npz *out,
                                   struct golden_error *error) {
    error_clear(error);
    if (path == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_npz){0};
    struct file_view file;
    enum golden_status status = file_open(path, &file, error);
    if (status == GOLDEN_OK) {
        status = golden_npz_decode(file.bytes, file.size, out, error);
        file_close(&file);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}
