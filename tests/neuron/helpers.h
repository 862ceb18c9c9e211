// SPDX-License-Identifier: MIT
/* What the neuron's tests share. Tests of both types are templates over REAL, included twice. */
#ifndef TESTS_NEURON_HELPERS_H
#define TESTS_NEURON_HELPERS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Test() with its names expanded first. */
#define TYPED_TEST(suite, name) Test(suite, name)

static inline int64_t order_f64(double a) {
    int64_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static inline int32_t order_f32(float a) {
    int32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits < 0 ? INT32_MIN - bits : bits;
}

/* Representable values between a and b; huge if one is NaN and the other is not. */
static inline double ulps_f64(double a, double b) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b) ? 0 : INFINITY;
    }
    const int64_t i = order_f64(a), k = order_f64(b);
    return (double)(i > k ? (uint64_t)i - (uint64_t)k : (uint64_t)k - (uint64_t)i);
}

static inline double ulps_f32(float a, float b) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b) ? 0 : INFINITY;
    }
    return fabs((double)order_f32(a) - (double)order_f32(b)); /* exact: 32 bits */
}

static inline int same_bits(const void *a, const void *b, size_t size) {
    return memcmp(a, b, size) == 0;
}

/* Numbers for tests: xorshift64* (Vigna 2016), uniform on [-1, 1). */
static inline double next_value(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545f4914f6cdd1dU) >> 11) * 0x1p-52 - 1;
}

#endif
