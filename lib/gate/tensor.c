// SPDX-License-Identifier: MIT
#include "tensor.h"

#include <stdio.h>
#include <string.h>

static enum array_dtype dtype_of(const struct gradcheck_tensor *t) {
    switch (t->dtype) {
    case GRADCHECK_F64:
        return ARRAY_F64;
    case GRADCHECK_F32:
        return ARRAY_F32;
    case GRADCHECK_I64:
        return ARRAY_I64;
    case GRADCHECK_I32:
        return ARRAY_I32;
    case GRADCHECK_U8:
        return ARRAY_U8;
    }
    return ARRAY_F64;
}

struct array tensor_kind(const struct gradcheck_tensor *t) {
    struct array a = {.dtype = dtype_of(t), .ndim = t->ndim};
    for (size_t i = 0; i < t->ndim && i < GRADCHECK_MAX_DIMS; i++) {
        a.shape[i] = t->shape[i];
    }
    (void)array_count(a.dtype, a.ndim, a.shape, &a.count);
    return a;
}

bool tensor_matches(const struct gradcheck_tensor *t, const struct array *a) {
    struct array kind = tensor_kind(t);
    return kind.dtype == a->dtype && array_same_shape(&kind, a);
}

void tensor_kind_text(const struct array *a, char text[], size_t size) {
    char shape[ARRAY_MAX_DIMS * 21];
    array_shape_text(a->ndim, a->shape, shape, sizeof shape);
    (void)snprintf(text, size, "%s %s", array_dtype_name(a->dtype), a->ndim > 0 ? shape : "scalar");
}

static bool is_packed(const struct gradcheck_tensor *t) {
    for (size_t i = 0; i < t->ndim; i++) {
        if (t->strides[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Elements from the start of the buffer to entry `flat`. */
static size_t offset_of(const struct gradcheck_tensor *t, const struct array *kind, size_t flat) {
    if (is_packed(t)) {
        return flat;
    }
    size_t index[ARRAY_MAX_DIMS];
    size_t offset = 0;
    array_unravel(kind, flat, index);
    for (size_t i = 0; i < t->ndim; i++) {
        offset += index[i] * t->strides[i];
    }
    return offset;
}

void tensor_store(const struct gradcheck_tensor *t, void *buffer, const struct array *a) {
    size_t size = array_dtype_size(a->dtype);
    for (size_t i = 0; i < a->count; i++) {
        memcpy((unsigned char *)buffer + offset_of(t, a, i) * size,
               (const unsigned char *)a->data + i * size, size);
    }
}

void tensor_fetch(const struct gradcheck_tensor *t, const void *buffer, struct array *a) {
    size_t size = array_dtype_size(a->dtype);
    for (size_t i = 0; i < a->count; i++) {
        memcpy((unsigned char *)a->data + i * size,
               (const unsigned char *)buffer + offset_of(t, a, i) * size, size);
    }
}

void tensor_fill(const struct gradcheck_tensor *t, void *buffer, unsigned char byte) {
    struct array kind = tensor_kind(t);
    size_t size = array_dtype_size(kind.dtype);
    for (size_t i = 0; i < kind.count; i++) {
        memset((unsigned char *)buffer + offset_of(t, &kind, i) * size, byte, size);
    }
}
