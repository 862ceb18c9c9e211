// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <string.h>

static const struct {
    const char *numpy;
    const char *name;
    size_t size;
} dtypes[] = {
#define ROW(code, numpy_name, short_name, bytes) [code] = {numpy_name, short_name, bytes},
    ARRAY_DTYPES(ROW)
#undef ROW
};

#define N_DTYPES (sizeof dtypes / sizeof dtypes[0])

/* An enum may be unsigned or signed; a stray negative value is a large index either way. */
static bool is_dtype(enum array_dtype dtype) {
    return (size_t)dtype < N_DTYPES;
}

const char *array_dtype_name(enum array_dtype dtype) {
    return is_dtype(dtype) ? dtypes[dtype].name : "?";
}

const char *array_dtype_numpy(enum array_dtype dtype) {
    return is_dtype(dtype) ? dtypes[dtype].numpy : "?";
}

size_t array_dtype_size(enum array_dtype dtype) {
    return is_dtype(dtype) ? dtypes[dtype].size : 0;
}

bool array_dtype_is_float(enum array_dtype dtype) {
    return dtype == ARRAY_F64 || dtype == ARRAY_F32;
}

bool array_dtype_parse(const char *name, enum array_dtype *out) {
    for (size_t i = 0; name != NULL && i < N_DTYPES; i++) {
        if (strcmp(name, dtypes[i].name) == 0) {
            *out = (enum array_dtype)i;
            return true;
        }
    }
    return false;
}
