// SPDX-License-Identifier: MIT
/* The results are frozen to the bit: ports and golden files rely on them. These hashes are over
 * values, not bytes, and so are the same on every machine; the other suites say whether the values
 * are right. */
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>

enum { BASIS = 1 }; /* any start will do */

/* FNV-1a (Fowler, Noll, Vo) over the 64-bit pattern of a, any NaN being one. */
static void add(uint64_t *hash, double a) {
    uint64_t bits = 1;
    if (!isnan(a)) {
        memcpy(&bits, &a, sizeof bits);
    }
    for (int shift = 0; shift < 64; shift += 8) {
        *hash = (*hash ^ (bits >> shift & 0xff)) * 0x100000001b3U;
    }
}

static void expect(const char *what, uint64_t hash, uint64_t frozen) {
    cr_expect(hash == frozen, "%s: 0x%016llx, frozen 0x%016llx", what, (unsigned long long)hash,
              (unsigned long long)frozen);
}

Test(neuron_bits, of_sigmoid_and_its_derivative_are_frozen) {
    uint64_t wide = BASIS, narrow = BASIS, state = 1;
    for (int i = 0; i < 20000; i++) {
        const double v = next_value(&state), z = 760 * v * v * v;
        add(&wide, neuron_sigmoid(z));
        add(&wide, neuron_sigmoid_derivative(z));
        add(&narrow, (double)neuron_sigmoid_f32((float)(z / 7)));
        add(&narrow, (double)neuron_sigmoid_derivative_f32((float)(z / 7)));
    }
    expect("float64", wide, 0x02cd8f48f0e9dc0e);
    expect("float32", narrow, 0xa87d7751752d2bdb);
}

Test(neuron_bits, of_random_draws_are_frozen) {
    uint64_t hash = BASIS;
    struct neuron_random random;
    neuron_random_seed(&random, 20240501);
    for (int i = 0; i < 20000; i++) {
        add(&hash, neuron_random_normal(&random));
    }
    expect("draws", hash, 0x3b7107c2fb1b3700);
}

#define TYPED 64
#include "bits_template.h"
#undef TYPED
#define TYPED 32
#include "bits_template.h"

Test(neuron_bits, of_training_are_frozen) {
    expect("float64", train_f64(), 0x4fee7a8fd76ebcf1);
    expect("float32", train_f32(), 0x8e4721ab5982f75e);
}
