// SPDX-License-Identifier: MIT
#include "engine.h"

/* SplitMix64 (Steele, Lea, Flood 2014): one word of state, so that a seed and a stream number
 * reproduce every choice. */
uint64_t gc_random_bits(struct gc_random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void gc_random_seed(struct gc_random *random, uint64_t seed, uint64_t stream) {
    random->state = seed;
    random->state = gc_random_bits(random) ^ (stream * UINT64_C(0xd1342543de82ef95));
    (void)gc_random_bits(random);
}

double gc_random_uniform(struct gc_random *random) {
    return (double)(gc_random_bits(random) >> 11) * 0x1p-53;
}

double gc_random_signed(struct gc_random *random) {
    double magnitude = 0.5 + gc_random_uniform(random);
    return (gc_random_bits(random) & 1U) ? magnitude : -magnitude;
}

size_t gc_random_below(struct gc_random *random, size_t n) {
    return (size_t)(gc_random_uniform(random) * (double)n) % n;
}
