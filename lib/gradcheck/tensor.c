// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine.h"

bool gc_is_float(enum gradcheck_dtype dtype) {
    return dtype == GRADCHECK_F64 || dtype == GRADCHECK_F32;
}

size_t gc_dtype_size(enum gradcheck_dtype dtype) {
    switch (dtype) {
    case GRADCHECK_F64:
    case GRADCHECK_I64:
        return 8;
    case GRADCHECK_F32:
    case GRADCHECK_I32:
        return 4;
    case GRADCHECK_U8:
        return 1;
    }
    return 0;
}

double gc_dtype_epsilon(enum gradcheck_dtype dtype) {
    return dtype == GRADCHECK_F32 ? FLT_EPSILON : DBL_EPSILON;
}

double gc_dtype_tiny(enum gradcheck_dtype dtype) {
    return dtype == GRADCHECK_F32 ? 0x1p-149 : 0x1p-1074;
}

double gc_dtype_round(enum gradcheck_dtype dtype, double value) {
    if (dtype == GRADCHECK_F32) {
        return fabs(value) > FLT_MAX ? copysign(FLT_MAX, value) : (double)(float)value;
    }
    return value;
}

size_t gc_tensor_count(const struct gradcheck_tensor *t) {
    size_t count = 1;
    for (size_t axis = 0; axis < t->ndim; axis++) {
        count *= t->shape[axis];
    }
    return count;
}

bool gc_tensor_packed(const struct gradcheck_tensor *t) {
    size_t expected = 1;
    bool given = false;
    bool packed = true;
    for (size_t axis = t->ndim; axis-- > 0;) {
        given = given || t->strides[axis] != 0;
        packed = packed && t->strides[axis] == expected;
        expected *= t->shape[axis];
    }
    return !given || packed;
}

size_t gc_tensor_offset(const struct gradcheck_tensor *t, size_t flat) {
    if (gc_tensor_packed(t)) {
        return flat;
    }
    size_t offset = 0;
    for (size_t axis = t->ndim; axis-- > 0;) {
        offset += flat % t->shape[axis] * t->strides[axis];
        flat /= t->shape[axis];
    }
    return offset;
}

size_t gc_tensor_extent(const struct gradcheck_tensor *t) {
    return (gc_tensor_offset(t, gc_tensor_count(t) - 1) + 1) * gc_dtype_size(t->dtype);
}

void gc_tensor_index(const struct gradcheck_tensor *t, size_t flat, size_t index[]) {
    for (size_t axis = t->ndim; axis-- > 0;) {
        index[axis] = flat % t->shape[axis];
        flat /= t->shape[axis];
    }
}

double gc_tensor_get(const struct gradcheck_tensor *t, const void *buffer, size_t flat) {
    size_t at = gc_tensor_offset(t, flat);
    return t->dtype == GRADCHECK_F32 ? (double)((const float *)buffer)[at]
                                     : ((const double *)buffer)[at];
}

void gc_tensor_put(const struct gradcheck_tensor *t, void *buffer, size_t flat, double value) {
    size_t at = gc_tensor_offset(t, flat);
    if (t->dtype == GRADCHECK_F32) {
        ((float *)buffer)[at] = (float)value;
    } else {
        ((double *)buffer)[at] = value;
    }
}

void gc_tensor_read(const struct gradcheck_tensor *t, const void *buffer, double out[]) {
    size_t count = gc_tensor_count(t);
    if (!gc_tensor_packed(t)) {
        for (size_t i = 0; i < count; i++) {
            out[i] = gc_tensor_get(t, buffer, i);
        }
    } else if (t->dtype == GRADCHECK_F32) {
        for (size_t i = 0; i < count; i++) {
            out[i] = (double)((const float *)buffer)[i];
        }
    } else {
        memcpy(out, buffer, count * sizeof out[0]);
    }
}

void gc_tensor_write(const struct gradcheck_tensor *t, void *buffer, const double in[]) {
    size_t count = gc_tensor_count(t);
    if (gc_tensor_packed(t) && t->dtype == GRADCHECK_F64) {
        memcpy(buffer, in, count * sizeof in[0]);
        return;
    }
    bool packed = gc_tensor_packed(t);
    for (size_t i = 0; i < count; i++) {
        if (packed) {
            ((float *)buffer)[i] = (float)in[i];
        } else {
            gc_tensor_put(t, buffer, i, in[i]);
        }
    }
}

void gc_tensor_fill(const struct gradcheck_tensor *t, void *buffer, double value) {
    size_t count = gc_tensor_count(t);
    for (size_t i = 0; i < count; i++) {
        gc_tensor_put(t, buffer, i, value);
    }
}

void gc_tensor_save(const struct gradcheck_tensor *t, const void *buffer, unsigned char raw[]) {
    size_t size = gc_dtype_size(t->dtype);
    size_t count = gc_tensor_count(t);
    if (gc_tensor_packed(t)) {
        memcpy(raw, buffer, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(raw + i * size, (const unsigned char *)buffer + gc_tensor_offset(t, i) * size, size);
    }
}

void gc_tensor_restore(const struct gradcheck_tensor *t, void *buffer, const unsigned char raw[]) {
    size_t size = gc_dtype_size(t->dtype);
    size_t count = gc_tensor_count(t);
    if (gc_tensor_packed(t)) {
        memcpy(buffer, raw, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy((unsigned char *)buffer + gc_tensor_offset(t, i) * size, raw + i * size, size);
    }
}

bool gc_overlap(const struct gradcheck_tensor *a, const void *p, const struct gradcheck_tensor *b,
                const void *q) {
    if (p == NULL || q == NULL) {
        return false;
    }
    uintptr_t first = (uintptr_t)p;
    uintptr_t second = (uintptr_t)q;
    return first < second + gc_tensor_extent(b) && second < first + gc_tensor_extent(a);
}

static void axes_by_stride(const struct gradcheck_tensor *t, size_t order[]) {
    for (size_t i = 0; i < t->ndim; i++) {
        size_t at = i;
        for (; at > 0 && t->strides[order[at - 1]] < t->strides[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

/* FNV-1a over the bytes between elements: enough to see that one of them changed. */
uint64_t gc_padding_hash(const struct gradcheck_tensor *t, const void *buffer) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    if (buffer == NULL || gc_tensor_packed(t)) {
        return hash;
    }
    size_t order[GRADCHECK_MAX_DIMS] = {0};
    axes_by_stride(t, order);
    size_t size = gc_dtype_size(t->dtype);
    size_t count = gc_tensor_count(t);
    size_t done = 0; /* bytes of the extent seen so far */
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        size_t rest = i;
        for (size_t a = t->ndim; a-- > 0;) {
            at += rest % t->shape[order[a]] * t->strides[order[a]];
            rest /= t->shape[order[a]];
        }
        for (; done < at * size; done++) {
            hash = (hash ^ ((const unsigned char *)buffer)[done]) * UINT64_C(0x100000001b3);
        }
        done = (at + 1) * size;
    }
    return hash;
}

bool gc_same_bits(double a, double b) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b);
    }
    return a == b && !signbit(a) == !signbit(b);
}
