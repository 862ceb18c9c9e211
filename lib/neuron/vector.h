// SPDX-License-Identifier: MIT
/* Vectors of VECTOR_BYTES, in GCC's vector extension (gcc and clang, any architecture). The file
 * that includes this first defines VECTOR_BYTES and VECTOR_TARGET, the instruction set that every
 * function here is compiled for. A vector operation is its scalar operation on each element, so
 * the width never changes a result. */
#ifndef NEURON_VECTOR_H
#define NEURON_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "the compensated sums of this library need IEEE arithmetic: no -ffast-math"
#endif

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#define VECTOR_UNROLL _Pragma("unroll")
#else
#define VECTOR_UNROLL _Pragma("GCC unroll 16")
#endif

#define VECTOR_INLINE static inline __attribute__((always_inline)) VECTOR_TARGET

enum { VECTOR_F64 = VECTOR_BYTES / 8 }; /* doubles in a vector */

typedef double vector_f64 __attribute__((vector_size(VECTOR_BYTES)));
typedef float vector_f32 __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t vector_i64 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vector_u64 __attribute__((vector_size(VECTOR_BYTES)));
/* As many floats as there are doubles in a vector. */
typedef float vector_half_f32 __attribute__((vector_size(VECTOR_BYTES / 2)));

VECTOR_INLINE vector_f64 vector_all(double a) {
    return a - (vector_f64){0}; /* not +: 0 + -0 is +0 */
}

/* yes where the mask is all ones, no where it is 0. */
VECTOR_INLINE vector_f64 vector_select(vector_i64 mask, vector_f64 yes, vector_f64 no) {
    return (vector_f64)((mask & (vector_i64)yes) | (~mask & (vector_i64)no));
}

/* VECTOR_F64 values from memory as doubles, and back. */
VECTOR_INLINE vector_f64 vector_load_as_f64_f64(const double p[]) {
    vector_f64 v;
    memcpy(&v, p, sizeof v);
    return v;
}

VECTOR_INLINE vector_f64 vector_load_as_f64_f32(const float p[]) {
    vector_half_f32 v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vector_f64);
}

VECTOR_INLINE void vector_store_from_f64_f64(double p[], vector_f64 v) {
    memcpy(p, &v, sizeof v);
}

VECTOR_INLINE void vector_store_from_f64_f32(float p[], vector_f64 v) {
    const vector_half_f32 rounded = __builtin_convertvector(v, vector_half_f32);
    memcpy(p, &rounded, sizeof rounded);
}

/* Stores past the caches; p is aligned to VECTOR_BYTES. vector_fence() after the last of them. */
#if defined(__clang__) && defined(__x86_64__)
#define VECTOR_STREAM(p, v) __builtin_nontemporal_store((vector_f64)(v), (vector_f64 *)(void *)(p))
#define VECTOR_FENCE() __builtin_ia32_sfence()
#elif defined(__x86_64__)
#if VECTOR_BYTES == 64
#define VECTOR_STREAM(p, v) __builtin_ia32_movntpd512((double *)(void *)(p), (vector_f64)(v))
#elif VECTOR_BYTES == 32
#define VECTOR_STREAM(p, v) __builtin_ia32_movntpd256((double *)(void *)(p), (vector_f64)(v))
#else
#define VECTOR_STREAM(p, v) __builtin_ia32_movntpd((double *)(void *)(p), (vector_f64)(v))
#endif
#define VECTOR_FENCE() __builtin_ia32_sfence()
#endif

#endif
