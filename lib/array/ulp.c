// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <string.h>

/* IEEE 754 orders the bit patterns of values of one sign as the values themselves, so the
 * magnitude's bits are the number of representable values between 0 and the value. */

static uint64_t magnitude_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & UINT64_C(0x7fffffffffffffff);
}

static uint64_t magnitude_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & UINT32_C(0x7fffffff);
}

static uint64_t distance(uint64_t a, uint64_t b, bool same_sign) {
    if (!same_sign) {
        return a + b;
    }
    return a > b ? a - b : b - a;
}

uint64_t array_ulp_distance_f64(double a, double b) {
    if (a != a || b != b) {
        return UINT64_MAX;
    }
    return distance(magnitude_f64(a), magnitude_f64(b), (a < 0) == (b < 0));
}

uint64_t array_ulp_distance_f32(float a, float b) {
    if (a != a || b != b) {
        return UINT64_MAX;
    }
    return distance(magnitude_f32(a), magnitude_f32(b), (a < 0) == (b < 0));
}
