// SPDX-License-Identifier: MIT
#include "error.h"
#include "file.h"
#include "npy.h"
#include "npz.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    zip_t *zip;
    struct golden_npz *npz;
    unsigned char *start; /* of the member being read */
    struct golden_error *error;
};

static enum golden_status read_array(const struct reader *r, zip_file_t *file, size_t size,
                                     struct array *out) {
    size_t n_start = size < NPY_START_SIZE ? size : NPY_START_SIZE;
    enum golden_status status = npz_member_read(file, r->start, n_start, r->error);
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
    status = npz_member_read(file, (unsigned char *)out->data + n_copied,
                             header.data_size - n_copied, r->error);
    if (status == GOLDEN_OK) {
        status = npz_member_end(file, r->error);
    }
    if (status == GOLDEN_OK) {
        npy_swap_if_big_endian(out->dtype, out->data, header.data_size);
    }
    return status;
}

static enum golden_status read_member(const struct reader *r, size_t i) {
    struct golden_member *member = &r->npz->members[i];
    zip_file_t *file;
    size_t size;
    enum golden_status status = npz_member_open(r->zip, i, &file, &size, r->error);
    if (status == GOLDEN_OK) {
        status = read_array(r, file, size, &member->array);
        (void)zip_fclose(file);
    }
    if (status != GOLDEN_OK) {
        npz_error_member(r->error, member->name);
    }
    return status;
}

static enum golden_status read_members(struct reader *r, size_t n_bytes) {
    r->start = malloc(NPY_START_SIZE);
    if (r->start == NULL) {
        return error_set(r->error, GOLDEN_NO_MEMORY, -1, "");
    }
    enum golden_status status = npz_directory(r->zip, n_bytes, r->npz, r->error);
    for (size_t i = 0; i < r->npz->n_members && status == GOLDEN_OK; i++) {
        status = read_member(r, i);
    }
    return status;
}

/* ---- the archive ---- */

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
    r.zip = npz_open(bytes, n_bytes, error);
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
