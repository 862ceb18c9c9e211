// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <stdlib.h>
#include <string.h>

const char *array_status_text(enum array_status status) {
    switch (status) {
#define CASE(code, text)                                                                           \
    case code:                                                                                     \
        return text;
        ARRAY_STATUSES(CASE)
#undef CASE
    }
    return "unknown status";
}

enum array_status array_count(enum array_dtype dtype, size_t ndim, const size_t shape[],
                              size_t *count) {
    if (count == NULL || (shape == NULL && ndim > 0)) {
        return ARRAY_NULL;
    }
    *count = 0;
    size_t size = array_dtype_size(dtype);
    if (size == 0) {
        return ARRAY_BAD_DTYPE;
    }
    if (ndim > ARRAY_MAX_DIMS) {
        return ARRAY_TOO_MANY_DIMS;
    }
    size_t room = (size_t)PTRDIFF_MAX / size;
    size_t product = 1;
    bool empty = false;
    for (size_t i = 0; i < ndim; i++) {
        if (shape[i] == 0) {
            empty = true;
        } else if (shape[i] > room / product) {
            return ARRAY_TOO_LARGE;
        } else {
            product *= shape[i];
        }
    }
    *count = empty ? 0 : product;
    return ARRAY_OK;
}

enum array_status array_create(enum array_dtype dtype, size_t ndim, const size_t shape[],
                               struct array *out) {
    if (out == NULL) {
        return ARRAY_NULL;
    }
    *out = (struct array){0};
    struct array a = {.dtype = dtype, .ndim = ndim};
    enum array_status status = array_count(dtype, ndim, shape, &a.count);
    if (status != ARRAY_OK) {
        return status;
    }
    for (size_t i = 0; i < ndim; i++) {
        a.shape[i] = shape[i];
    }
    a.data = calloc(a.count > 0 ? a.count : 1, array_dtype_size(dtype));
    if (a.data == NULL) {
        return ARRAY_NO_MEMORY;
    }
    *out = a;
    return ARRAY_OK;
}

void array_free(struct array *a) {
    if (a != NULL) {
        free(a->data);
        *a = (struct array){0};
    }
}

bool array_same_shape(const struct array *a, const struct array *b) {
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, a->ndim * sizeof a->shape[0]) == 0;
}
