// SPDX-License-Identifier: MIT
/* NumPy's legacy generator: MT19937, 53-bit uniforms, the polar method. */
#include "neuron/neuron.h"

#include "logarithm.h"

#include <math.h>

enum { WORDS = 624, MIDDLE = 397 };

void neuron_random_seed(struct neuron_random *random, uint32_t seed) {
    random->state[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        const uint32_t previous = random->state[i - 1];
        random->state[i] = 1812433253U * (previous ^ (previous >> 30)) + i;
    }
    random->position = WORDS;
    random->has_normal = 0;
    random->normal = 0;
}

static uint32_t twist(uint32_t high, uint32_t low, uint32_t middle) {
    const uint32_t y = (high & 0x80000000U) | (low & 0x7fffffffU);
    return middle ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
}

static void refill(uint32_t state[WORDS]) {
    for (unsigned i = 0; i < WORDS; i++) {
        state[i] = twist(state[i], state[(i + 1) % WORDS], state[(i + MIDDLE) % WORDS]);
    }
}

uint32_t neuron_random_uint32(struct neuron_random *random) {
    if (random->position >= WORDS) {
        refill(random->state);
        random->position = 0;
    }
    uint32_t y = random->state[random->position++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
}

/* Uniform on [-1, 1) in steps of 2^-52. */
static double symmetric_uniform(struct neuron_random *random) {
    const double high = neuron_random_uint32(random) >> 5; /* 27 bits */
    const double low = neuron_random_uint32(random) >> 6;  /* 26 bits */
    return 2 * ((high * 0x1p26 + low) * 0x1p-53) - 1;
}

/* The polar method's factor, for a logarithm of square. */
static double polar_factor(double logarithm, double square) {
    return sqrt(-2 * logarithm / square);
}

/* NumPy's draw depends on how the C library at hand rounded a logarithm. Where that is near the
 * middle of two doubles, libraries with an error of up to 0.52 ULP take one or the other, and the
 * draws are up to 3 ULP apart: then this is a double between them, the nearer to draw, which is
 * that of the logarithm rounded correctly. */
static double between(double draw, double other) {
    return draw + 0.4 * (other - draw);
}

double neuron_random_normal(struct neuron_random *random) {
    if (random->has_normal) {
        random->has_normal = 0;
        return random->normal;
    }
    double x, y, square;
    do {
        x = symmetric_uniform(random);
        y = symmetric_uniform(random);
        const double x2 = x * x, y2 = y * y;
        square = x2 + y2;
    } while (square >= 1 || square == 0);
    const struct neuron_pair logarithm = neuron_logarithm(square);
    const double factor = polar_factor(logarithm.high, square);
    /* Differs from high if low is more than 0.48 ULP of it. */
    const double other = polar_factor(logarithm.high + 1.04 * logarithm.low, square);
    random->normal = between(factor * x, other * x);
    random->has_normal = 1;
    return between(factor * y, other * y);
}
