// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <string.h>

double array_get(const struct array *a, size_t i) {
    switch (a->dtype) {
    case ARRAY_F64:
        return ((const double *)a->data)[i];
    case ARRAY_F32:
        return ((const float *)a->data)[i];
    case ARRAY_I64:
        return (double)((const int64_t *)a->data)[i];
    case ARRAY_I32:
        return ((const int32_t *)a->data)[i];
    case ARRAY_U8:
        return ((const uint8_t *)a->data)[i];
    }
    return 0;
}

int64_t array_get_int(const struct array *a, size_t i) {
    switch (a->dtype) {
    case ARRAY_F64:
    case ARRAY_F32:
        return 0;
    case ARRAY_I64:
        return ((const int64_t *)a->data)[i];
    case ARRAY_I32:
        return ((const int32_t *)a->data)[i];
    case ARRAY_U8:
        return ((const uint8_t *)a->data)[i];
    }
    return 0;
}

/* The conversion of a value that does not fit is undefined in C, so the ends come first. As doubles
 * the ends of 32 and 8 bits are exact and so is INT64_MIN, but INT64_MAX is not: 2^63 is the first
 * double beyond it. */
static int64_t to_int(double value, int64_t low, int64_t high) {
    if (!(value == value)) {
        return 0;
    }
    if (value <= (double)low) {
        return low;
    }
    if (value >= (double)high) {
        return high;
    }
    return (int64_t)value;
}

void array_set(struct array *a, size_t i, double value) {
    switch (a->dtype) {
    case ARRAY_F64:
        ((double *)a->data)[i] = value;
        break;
    case ARRAY_F32:
        ((float *)a->data)[i] = (float)value;
        break;
    case ARRAY_I64:
        ((int64_t *)a->data)[i] = to_int(value, INT64_MIN, INT64_MAX);
        break;
    case ARRAY_I32:
        ((int32_t *)a->data)[i] = (int32_t)to_int(value, INT32_MIN, INT32_MAX);
        break;
    case ARRAY_U8:
        ((uint8_t *)a->data)[i] = (uint8_t)to_int(value, 0, UINT8_MAX);
        break;
    }
}

uint64_t array_bits(const struct array *a, size_t i) {
    size_t size = array_dtype_size(a->dtype);
    const unsigned char *at = (const unsigned char *)a->data + i * size;
    uint64_t bits = 0;
    uint32_t half = 0;
    switch (size) {
    case sizeof bits:
        memcpy(&bits, at, sizeof bits);
        return bits;
    case sizeof half:
        memcpy(&half, at, sizeof half);
        return half;
    default:
        return *at;
    }
}

void array_set_bits(struct array *a, size_t i, uint64_t bits) {
    size_t size = array_dtype_size(a->dtype);
    unsigned char *at = (unsigned char *)a->data + i * size;
    uint32_t half = (uint32_t)bits;
    switch (size) {
    case sizeof bits:
        memcpy(at, &bits, sizeof bits);
        break;
    case sizeof half:
        memcpy(at, &half, sizeof half);
        break;
    default:
        *at = (unsigned char)bits;
    }
}
