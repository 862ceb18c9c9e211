// SPDX-License-Identifier: MIT
/* Sigmoid and its derivative on a vector of doubles, without libm and without branches.
 *
 * With a = -|z|, e = exp(a), d = 1 + e and s = e / d, which is sigmoid(-|z|):
 *
 *     sigmoid(z) = z < 0 ? s : 1 - s           sigmoid'(z) = s (1 - s)
 *
 * s is at most 1/2, so that 1 - s loses nothing of it: both keep their relative accuracy in both
 * tails, where the textbook's y (1 - y) with y near 1 has none.
 *
 * exp(a) = 2^k exp(r), r = a - k ln 2 in two parts (Cody and Waite 1980); exp(r) - 1 - r is a
 * polynomial through Chebyshev nodes. Nothing here overflows: e is at most 1. */
#ifndef NEURON_SIGMOID_H
#define NEURON_SIGMOID_H

#include "vector.h"

struct sigmoid {
    vector_f64 value, derivative;
};

/* Added to a number of at most 2^50 in magnitude, leaves it rounded to an integer; and the low bits
 * of the sum, as an integer, are those of its value + 1023, the exponent field of 2^value. */
#define SIGMOID_SHIFT (0x1.8p52 + 1023)
#define SIGMOID_LOG2_E 0x1.71547652b82fep+0
#define SIGMOID_LN2 0x1.62e42fefa39efp-1
#define SIGMOID_LN2_HIGH 0x1.62e42fefa38p-1 /* 42 bits: a product with |k| < 2^11 is exact */
#define SIGMOID_LN2_LOW 0x1.ef35793c7673p-45

/* Where all z are known to be: a single z is worth a look, as NEAR saves a sixth of the work. */
enum sigmoid_range {
    SIGMOID_ANY,
    SIGMOID_NEAR, /* |z| < SIGMOID_NEAR_LIMIT: nothing is subnormal */
};
#define SIGMOID_NEAR_LIMIT 64

VECTOR_INLINE vector_f64 sigmoid_negative(vector_f64 z) { /* -|z| */
    return (vector_f64)((vector_u64)z | ((uint64_t)1 << 63));
}

/* -|z|; but where that is below least, so that the results are 0, it is zero_at, which makes an
 * exact 0 of a power of 2 further down: a product that underflows would take a hundred times as
 * long. NaN stays NaN. */
VECTOR_INLINE vector_f64 sigmoid_argument(vector_f64 z, double least, double zero_at) {
    const vector_f64 a = sigmoid_negative(z);
    return vector_select(a < least, vector_all(zero_at), a);
}

/* 2^k from shifted = k + SIGMOID_SHIFT, for k in the range of normal numbers; 0 for k = -1023. */
VECTOR_INLINE vector_f64 sigmoid_power_of_2(vector_f64 shifted) {
    return (vector_f64)((vector_u64)shifted << 52);
}

VECTOR_INLINE vector_f64 sigmoid_leading_26_bits(vector_f64 a) {
    return (vector_f64)((vector_u64)a & ~(((uint64_t)1 << 27) - 1));
}

/* (exp(r) - 1 - r) / r^2 for |r| <= 0.3466, relative to exp(r) within 2^-59 after the division
 * is undone. Estrin's scheme: short chains of dependent operations. */
VECTOR_INLINE vector_f64 sigmoid_exp_tail(vector_f64 r) {
    const vector_f64 r2 = r * r, r4 = r2 * r2;
    const vector_f64 p01 = 0x1p-1 + 0x1.5555555555556p-3 * r;
    const vector_f64 p23 = 0x1.5555555555555p-5 + 0x1.11111111109b3p-7 * r;
    const vector_f64 p45 = 0x1.6c16c16c167e1p-10 + 0x1.a01a01a7c41d5p-13 * r;
    const vector_f64 p67 = 0x1.a01a01a47b054p-16 + 0x1.71de0dae63bb3p-19 * r;
    const vector_f64 p89 = 0x1.27e4e1f48534fp-22 + 0x1.af38a9b0ec855p-26 * r;
    const vector_f64 high = (p45 + p67 * r2) + (p89 + 0x1.1f66df7fca49fp-29 * r2) * r4;
    return (p01 + p23 * r2) + high * r4;
}

/* For results rounded to double: value within 0.85 ULP, derivative within 2 ULP.
 *
 * exp(r) is kept as high + low, and so is d. The quotient is a first approximation of 26 bits,
 * whose product with the leading 26 bits of d is exact, plus the remainder divided by d: one
 * rounding in all, without a fused multiply-add. */
VECTOR_INLINE struct sigmoid sigmoid_f64(vector_f64 z, enum sigmoid_range range) {
    const vector_f64 a = range == SIGMOID_NEAR ? sigmoid_negative(z)
                                               : sigmoid_argument(z, -745.14, -1123 * SIGMOID_LN2);
    const vector_f64 shifted = a * SIGMOID_LOG2_E + SIGMOID_SHIFT;
    const vector_f64 k = shifted - SIGMOID_SHIFT;
    const vector_f64 r_high = a - k * SIGMOID_LN2_HIGH, r_low = k * SIGMOID_LN2_LOW;
    const vector_f64 r = r_high - r_low;
    const vector_f64 high = 1 + r;
    const vector_f64 low =
        ((1 - high) + r) + (((r_high - r) - r_low) + r * r * sigmoid_exp_tail(r));

    /* d does not feel e below 2^-100, and 2^-100 keeps what follows away from subnormal numbers. */
    const vector_f64 least = vector_all(SIGMOID_SHIFT - 100);
    const vector_f64 shifted_d =
        range == SIGMOID_NEAR ? shifted : vector_select(shifted < least, least, shifted);
    const vector_f64 scale_d = sigmoid_power_of_2(shifted_d);
    const vector_f64 e_high = high * scale_d, e_low = low * scale_d;
    const vector_f64 d = (1 + e_high) + e_low;
    const vector_f64 d_high = sigmoid_leading_26_bits(d);
    const vector_f64 d_low = ((1 - d_high) + e_high) + e_low;
    const vector_f64 reciprocal = 1 / d;

    const vector_f64 q = sigmoid_leading_26_bits((high + low) * reciprocal);
    const vector_f64 remainder = ((high - q * d_high) + low) - q * d_low;
    const vector_f64 lesser = (q + remainder * reciprocal) * scale_d; /* sigmoid(-|z|) */
    const vector_f64 greater = 1 - lesser;                            /* sigmoid(|z|) */

    if (range == SIGMOID_NEAR) {
        return (struct sigmoid){vector_select(z < 0, lesser, greater), lesser * greater};
    }
    /* What scale_d lacks of 2^k: up to here all was exact, now a subnormal result is rounded. */
    const vector_f64 rest = sigmoid_power_of_2(shifted - shifted_d + SIGMOID_SHIFT);
    return (struct sigmoid){
        .value = vector_select(z < 0, lesser * rest, greater),
        .derivative = (lesser * greater) * rest,
    };
}

/* For results to be rounded to float: in double every step has 29 bits to spare, and subnormal
 * floats are normal doubles. */
VECTOR_INLINE struct sigmoid sigmoid_f32(vector_f64 z, enum sigmoid_range range) {
    const vector_f64 a = range == SIGMOID_NEAR ? sigmoid_negative(z)
                                               : sigmoid_argument(z, -104, -1023 * SIGMOID_LN2);
    const vector_f64 shifted = a * SIGMOID_LOG2_E + SIGMOID_SHIFT;
    const vector_f64 r = a - (shifted - SIGMOID_SHIFT) * SIGMOID_LN2;
    const vector_f64 r2 = r * r;
    const vector_f64 p01 = 0x1p-1 + 0x1.5555555a78ed4p-3 * r;
    const vector_f64 p23 = 0x1.55555557636d5p-5 + 0x1.1110e0f238322p-7 * r;
    const vector_f64 p45 = 0x1.6c169aef9a1f7p-10 + 0x1.a124f19fe89acp-13 * r;
    const vector_f64 tail = p01 + (p23 + (p45 + 0x1.a0ef833a7bb7ap-16 * r2) * r2) * r2;
    const vector_f64 e = (1 + (r + r2 * tail)) * sigmoid_power_of_2(shifted);
    const vector_f64 reciprocal = 1 / (1 + e);
    const vector_f64 other = e * reciprocal;
    return (struct sigmoid){
        .value = vector_select(z < 0, other, reciprocal),
        .derivative = other * reciprocal,
    };
}

#endif
