// SPDX-License-Identifier: MIT
/* Typed n-dimensional arrays in C order, and the distance between two floats in units in the
 * last place. */
#ifndef GRADGATE_ARRAY_H
#define GRADGATE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARRAY_MAX_DIMS 8

/* code, NumPy's name, the protocol's name, bytes an element */
#define ARRAY_DTYPES(X)                                                                            \
    X(ARRAY_F64, "float64", "f64", 8)                                                              \
    X(ARRAY_F32, "float32", "f32", 4)                                                              \
    X(ARRAY_I64, "int64", "i64", 8)                                                                \
    X(ARRAY_I32, "int32", "i32", 4)                                                                \
    X(ARRAY_U8, "uint8", "u8", 1)

#define ARRAY_DTYPE_(code, numpy, name, size) code,
enum array_dtype { ARRAY_DTYPES(ARRAY_DTYPE_) };
#undef ARRAY_DTYPE_

#define ARRAY_STATUSES(X)                                                                          \
    X(ARRAY_OK, "no error")                                                                        \
    X(ARRAY_NULL, "a required pointer is NULL")                                                    \
    X(ARRAY_NO_MEMORY, "out of memory")                                                            \
    X(ARRAY_TOO_LARGE, "the array would be larger than the address space allows")                  \
    X(ARRAY_TOO_MANY_DIMS, "more than 8 axes")                                                     \
    X(ARRAY_BAD_DTYPE, "not a dtype")

#define ARRAY_STATUS_(code, text) code,
enum array_status { ARRAY_STATUSES(ARRAY_STATUS_) };
#undef ARRAY_STATUS_

/* ndim 0 is a scalar with one element. An axis of length 0 is allowed: count 0. */
struct array {
    enum array_dtype dtype;
    size_t ndim;
    size_t shape[ARRAY_MAX_DIMS];
    size_t count; /* product of shape */
    void *data;   /* count elements in C order; owned if made by array_create */
};

const char *array_status_text(enum array_status status);
const char *array_dtype_name(enum array_dtype dtype);  /* "f64"; "?" if not a dtype */
const char *array_dtype_numpy(enum array_dtype dtype); /* "float64" */
size_t array_dtype_size(enum array_dtype dtype);       /* bytes; 0 if not a dtype */
bool array_dtype_is_float(enum array_dtype dtype);
/* The dtype of the protocol's name, "f64"; false (and *out untouched) if there is none. */
bool array_dtype_parse(const char *name, enum array_dtype *out);

/* The product of a shape: 1 for 0-d, 0 with an axis of length 0. TOO_LARGE if the axes that are not
 * 0, times the size of the dtype, exceed PTRDIFF_MAX, so that the outcome does not depend on where
 * the 0 stands. */
enum array_status array_count(enum array_dtype dtype, size_t ndim, const size_t shape[],
                              size_t *count);

/* Allocates count zeroed elements; data is not NULL even if count is 0. shape may be NULL if ndim
 * is 0. On failure *out is all zero. */
enum array_status array_create(enum array_dtype dtype, size_t ndim, const size_t shape[],
                               struct array *out);
/* Frees data and zeroes *a; a NULL is fine. */
void array_free(struct array *a);
bool array_same_shape(const struct array *a, const struct array *b);

/* Element i (C order, i < count) as double: exact but for |i64| > 2^53. */
double array_get(const struct array *a, size_t i);
/* Stores value, rounded to the dtype; integers: toward zero, the nearest end of the range if it
 * lies outside, 0 for NaN. */
void array_set(struct array *a, size_t i, double value);
/* Element i of an integer array, exactly; 0 for a float array. */
int64_t array_get_int(const struct array *a, size_t i);

/* Element i as it is stored, IEEE 754 or two's complement, in the low bits; and back. */
uint64_t array_bits(const struct array *a, size_t i);
void array_set_bits(struct array *a, size_t i, uint64_t bits);

/* Flat index (< count) to multi-index, ndim entries. */
void array_unravel(const struct array *a, size_t flat, size_t index[]);
/* Writes "[2, 3]" ("[]" for 0-d) into text; always terminated, cut to size. */
void array_index_text(const struct array *a, size_t flat, char text[], size_t size);
/* "3x4"; "-" for 0-d. */
void array_shape_text(size_t ndim, const size_t shape[], char text[], size_t size);
/* The reverse, strictly: decimal numbers without leading zeros, up to ARRAY_MAX_DIMS of them. False
 * (and nothing written) if it is none of that, or a number does not fit. */
bool array_shape_parse(const char *text, size_t *ndim, size_t shape[]);

/* Number of representable values between a and b: 0 for equal values, +0 and -0 are 0 apart,
 * UINT64_MAX if either is NaN (both NaN included). Infinity is one step beyond the largest finite
 * value. */
uint64_t array_ulp_distance_f64(double a, double b);
uint64_t array_ulp_distance_f32(float a, float b);

#ifdef __cplusplus
}
#endif

#endif
