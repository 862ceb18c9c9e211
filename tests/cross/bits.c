// SPDX-License-Identifier: MIT
/* Prints every result bit of lib/neuron on seeded inputs, a line each, so that two builds can be
 * compared with cmp: function dtype shape index hex-bits NaN is printed as "nan": its sign and
 * payload differ between architectures. Needs nothing but lib/neuron. */
#include "neuron/neuron.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64*: exact integer arithmetic, the same stream on every machine. */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#define REAL double
#define BITS uint64_t
#define HEX PRIx64
#define DTYPE "f64"
#define SUFFIX(name) name
#include "bits_template.h"
#undef REAL
#undef BITS
#undef HEX
#undef DTYPE
#undef SUFFIX

#define REAL float
#define BITS uint32_t
#define HEX PRIx32
#define DTYPE "f32"
#define SUFFIX(name) name##_f32
#include "bits_template.h"

int main(void) {
    return bits_all() || bits_all_f32() ? EXIT_FAILURE : EXIT_SUCCESS;
}
