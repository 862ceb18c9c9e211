// SPDX-License-Identifier: MIT
#include "npy.h"

#include "error.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- byte order ---- */

bool npy_host_is_little_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

void npy_swap_if_big_endian(enum array_dtype dtype, unsigned char bytes[], size_t size) {
    size_t width = array_dtype_size(dtype);
    if (npy_host_is_little_endian() || width < 2) {
        return;
    }
    for (size_t i = 0; i + width <= size; i += width) {
        for (size_t low = i, high = i + width - 1; low < high; low++, high--) {
            unsigned char kept = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = kept;
        }
    }
}

/* ---- reading ---- */

enum golden_status golden_npy_decode(const unsigned char bytes[], size_t n_bytes, struct array *out,
                                     struct golden_error *error) {
    error_clear(error);
    if (out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct array){0};
    struct golden_npy_header header;
    enum golden_status status = golden_npy_parse(bytes, n_bytes, n_bytes, &header, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    status = error_from_array(error, array_create(header.dtype, header.ndim, header.shape, out));
    if (status != GOLDEN_OK) {
        return status;
    }
    memcpy(out->data, bytes + header.data_offset, header.data_size);
    npy_swap_if_big_endian(out->dtype, out->data, header.data_size);
    return GOLDEN_OK;
}

enum golden_status golden_npy_read(const char *path, struct array *out,
                                   struct golden_error *error) {
    error_clear(error);
    if (path == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct array){0};
    struct file_view file;
    enum golden_status status = file_open(path, &file, error);
    if (status == GOLDEN_OK) {
        status = golden_npy_decode(file.bytes, file.size, out, error);
        file_close(&file);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}

/* ---- writing ---- */

static const char *descr_of(enum array_dtype dtype) {
    switch (dtype) {
    case ARRAY_F64:
        return "<f8";
    case ARRAY_F32:
        return "<f4";
    case ARRAY_I64:
        return "<i8";
    case ARRAY_I32:
        return "<i4";
    case ARRAY_U8:
        return "|u1";
    }
    return "";
}

enum golden_status npy_check_array(const struct array *a, struct golden_error *error) {
    size_t count;
    enum golden_status status =
        error_from_array(error, array_count(a->dtype, a->ndim, a->shape, &count));
    if (status != GOLDEN_OK) {
        return status;
    }
    if (count != a->count) {
        return error_set(error, GOLDEN_ARRAY_SHAPE_DIFFERS, -1, "count");
    }
    return a->data != NULL || count == 0 ? GOLDEN_OK : error_set(error, GOLDEN_NULL, -1, "data");
}

/* "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"; returns the length. NumPy adds
 * spaces that let the first axis grow: they fit into the padding to 128 bytes that follows. */
static size_t write_dict(const struct array *a, char out[], size_t size) {
    int n = snprintf(out, size, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                     descr_of(a->dtype));
    size_t used = (size_t)n;
    for (size_t i = 0; i < a->ndim; i++) {
        n = snprintf(out + used, size - used, "%s%zu", i > 0 ? ", " : "", a->shape[i]);
        used += (size_t)n;
    }
    n = snprintf(out + used, size - used, "%s), }", a->ndim == 1 ? "," : "");
    return used + (size_t)n;
}

size_t npy_header_write(const struct array *a, unsigned char out[NPY_HEADER_ROOM]) {
    static const unsigned char preamble[8] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    enum { ALIGNMENT = 64, START = 10 };
    char dict[NPY_HEADER_ROOM - ALIGNMENT - START];
    size_t length = write_dict(a, dict, sizeof dict);
    /* One byte for the line feed; where nothing is missing NumPy pads by a whole 64. */
    size_t padding = ALIGNMENT - (START + length + 1) % ALIGNMENT;
    size_t total = length + padding + 1;
    memcpy(out, preamble, sizeof preamble);
    out[8] = (unsigned char)(total & 0xff);
    out[9] = (unsigned char)(total >> 8);
    memcpy(out + START, dict, length);
    memset(out + START + length, ' ', padding);
    out[START + total - 1] = '\n';
    return START + total;
}

static enum golden_status write_swapped(const char *path, const struct array *a,
                                        struct golden_error *error) {
    unsigned char header[NPY_HEADER_ROOM];
    size_t size = a->count * array_dtype_size(a->dtype);
    struct file_part parts[2] = {{header, npy_header_write(a, header)}, {a->data, size}};
    unsigned char *swapped = NULL;
    if (!npy_host_is_little_endian() && size > 0) {
        swapped = malloc(size);
        if (swapped == NULL) {
            return error_set(error, GOLDEN_NO_MEMORY, -1, "");
        }
        memcpy(swapped, a->data, size);
        npy_swap_if_big_endian(a->dtype, swapped, size);
        parts[1].bytes = swapped;
    }
    enum golden_status status = file_write(path, parts, 2, error);
    free(swapped);
    return status;
}

enum golden_status golden_npy_write(const char *path, const struct array *a,
                                    struct golden_error *error) {
    error_clear(error);
    if (path == NULL || a == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    enum golden_status status = npy_check_array(a, error);
    if (status == GOLDEN_OK) {
        status = write_swapped(path, a, error);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
    }
    return status;
}
