// SPDX-License-Identifier: MIT
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>

/* The reference implementation's output for init_genrand(5489), its default seed, and the 10,000th
 * value, which the C++ standard fixes for std::mt19937. */
Test(neuron_random, is_mt19937) {
    static const uint32_t first[] = {3499211612U, 581869302U,  3890346734U, 3586334585U,
                                     545404204U,  4161255391U, 3922919429U, 949333985U,
                                     2715962298U, 1323567403U};
    struct neuron_random random;
    neuron_random_seed(&random, 5489);
    for (size_t i = 0; i < 10; i++) {
        const uint32_t got = neuron_random_uint32(&random);
        cr_expect(got == first[i], "[%zu] = %u, not %u", i, got, first[i]);
    }
    for (size_t i = 10; i < 9999; i++) {
        neuron_random_uint32(&random);
    }
    cr_expect_eq(neuron_random_uint32(&random), 4123659995U);
}

struct row {
    uint32_t seed;
    double draws[8]; /* np.random.randn(1000)[[0, 1, 2, 3, 4, 5, 500, 999]] */
};

static const size_t places[8] = {0, 1, 2, 3, 4, 5, 500, 999};
static const struct row rows[] = {
    {0U,
     {0x1.c398ef3e5cfa5p+0, 0x1.99c2cfacc8953p-2, 0x1.f51d25222c9abp-1, 0x1.1ed5969e3314ep+1,
      0x1.de1847cb13ddap+0, -0x1.f45dc42a58c82p-1, 0x1.87eb029815cfdp-2, -0x1.6eb574c9b16b2p-2}},
    {1U,
     {0x1.9fd5190657c50p+0, -0x1.393822fb7d9adp-1, -0x1.0e6c872548fd2p-1, -0x1.12ae1255cb80cp+0,
      0x1.bb16b5735117dp-1, -0x1.2698d1ecca259p+1, -0x1.b82a3c7d69f8ep+0, -0x1.7ee2458ea67ffp-3}},
    {42U,
     {0x1.fca2a28a9307cp-2, -0x1.1b2a505de052ap-3, 0x1.4b9dd50245e68p-1, 0x1.85e548e01aa2bp+0,
      -0x1.df8bcdf57a640p-3, -0x1.df8332670db3bp-3, 0x1.da33f189e0328p-1, 0x1.252992005ad6cp-1}},
    {4294967295U,
     {0x1.4bfc38c486d8ap-1, 0x1.56b192e507eeep-1, -0x1.149e836f192fdp+0, 0x1.23543dec5a0fcp-2,
      0x1.d27bf27c6aaafp-4, 0x1.bc38efd644bd1p-1, -0x1.593e305a5e407p-2, 0x1.adea44c300e5dp-1}},
};

Test(neuron_random, draws_what_numpy_draws) {
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct neuron_random random;
        neuron_random_seed(&random, rows[r].seed);
        for (size_t i = 0, next = 0; i < 1000; i++) {
            const double draw = neuron_random_normal(&random);
            if (i == places[next]) {
                const double numpy = rows[r].draws[next++];
                cr_expect(ulps_f64(draw, numpy) <= 1, "seed %u, draw %zu: %a, NumPy %a",
                          rows[r].seed, i, draw, numpy);
            }
        }
    }
}

/* Draws whose logarithm lies so near the middle of two doubles that libm, with an error of 0.51
 * ULP, takes the other one: rounded correctly, they would be 2 ULP from NumPy's. */
Test(neuron_random, stays_within_1_ulp_where_logarithms_are_rounded_either_way) {
    static const struct {
        uint32_t seed;
        int place;
        double numpy;
    } near_ties[] = {{21, 648, 0x1.f9bdebcebae3fp-2},
                     {56, 969, 0x1.e26e8ccf3645dp-1},
                     {58, 539, 0x1.6944c4555058ep+0}};
    for (size_t r = 0; r < sizeof near_ties / sizeof near_ties[0]; r++) {
        struct neuron_random random;
        double draw = 0;
        neuron_random_seed(&random, near_ties[r].seed);
        for (int i = 0; i <= near_ties[r].place; i++) {
            draw = neuron_random_normal(&random);
        }
        cr_expect(ulps_f64(draw, near_ties[r].numpy) <= 1, "seed %u, draw %d: %a, NumPy %a",
                  near_ties[r].seed, near_ties[r].place, draw, near_ties[r].numpy);
    }
}

/* The same where the draws of the two logarithms are 3 ULP apart, so that no double is next to
 * both: NumPy's with glibc 2.36, which rounded these the other way. */
Test(neuron_random, stays_within_2_ulp_where_the_two_draws_are_3_apart) {
    static const struct {
        uint32_t seed;
        int place;
        double numpy;
    } near_ties[] = {{2, 3248, 0x1.f733cd1c27df0p-3}, {2898754033U, 4597, -0x1.a45844aaeff8fp-3}};
    for (size_t r = 0; r < sizeof near_ties / sizeof near_ties[0]; r++) {
        struct neuron_random random;
        double draw = 0;
        neuron_random_seed(&random, near_ties[r].seed);
        for (int i = 0; i <= near_ties[r].place; i++) {
            draw = neuron_random_normal(&random);
        }
        cr_expect(ulps_f64(draw, near_ties[r].numpy) <= 2, "seed %u, draw %d: %a, NumPy %a",
                  near_ties[r].seed, near_ties[r].place, draw, near_ties[r].numpy);
    }
}

Test(neuron_random, begins_the_notebook_exactly) {
    struct neuron_random random;
    neuron_random_seed(&random, 42);
    cr_expect(neuron_random_normal(&random) * 0.01 == 0.004967141530112327);
    cr_expect(neuron_random_normal(&random) * 0.01 == -0.0013826430117118466);
    cr_expect(neuron_random_normal(&random) * 0.01 == 0.006476885381006925);
}

Test(neuron_random, keeps_the_second_value_of_a_pair_and_seeding_drops_it) {
    struct neuron_random random, copy;
    neuron_random_seed(&random, 7);
    const double first = neuron_random_normal(&random);
    copy = random;
    const double second = neuron_random_normal(&random);
    cr_expect(same_bits(copy.state, random.state, sizeof random.state) &&
                  copy.position == random.position,
              "the second value drew new bits");
    cr_expect(neuron_random_normal(&copy) == second, "a copy forks the stream");
    neuron_random_seed(&copy, 7);
    cr_expect(neuron_random_normal(&copy) == first);
    neuron_random_seed(&copy, 7);
    cr_expect(neuron_random_normal(&copy) == first, "seeding kept the second value");
}

/* np.random.seed(7), then np.random.get_state()[2:]: 624, 0, 0.0, whatever was drawn before. */
Test(neuron_random, is_seeded_as_numpy_is) {
    struct neuron_random random;
    memset(&random, 0x3f, sizeof random);
    neuron_random_seed(&random, 7);
    cr_expect(random.position == 624 && random.has_normal == 0 && random.normal == 0, "%u, %d, %a",
              random.position, random.has_normal, random.normal);
}

/* NumPy's draw and its place from a state that begins so, as set_state() takes it: the pairs
 * (-1, 0) and (0, -1) are on the circle, (0, 0) is its centre, and (1/2, -1/2) is taken. */
Test(neuron_random, refuses_the_circle_and_its_centre) {
    static const uint32_t begins[][8] = {
        {0, 0, 0x80102204U, 0, 0xcc11b236U, 0, 0x4c019032U, 0},
        {0x80102204U, 0, 0, 0, 0xcc11b236U, 0, 0x4c019032U, 0},
        {0x80102204U, 0, 0x80102204U, 0, 0xcc11b236U, 0, 0x4c019032U, 0},
    };
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct neuron_random random = {.position = 0};
        memcpy(random.state, begins[i], sizeof begins[i]);
        const double draw = neuron_random_normal(&random), numpy = -0x1.aa4499161cd47p-1;
        cr_expect(ulps_f64(draw, numpy) <= 1 && random.position == 8, "[%zu] = %a, NumPy %a", i,
                  draw, numpy);
    }
}

Test(neuron_random, has_the_moments_of_the_normal_distribution) {
    struct neuron_random random;
    neuron_random_seed(&random, 1);
    double sum = 0, squares = 0, fourth = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        const double a = neuron_random_normal(&random);
        sum += a;
        squares += a * a;
        fourth += a * a * a * a;
    }
    /* Five standard deviations of each estimate. */
    cr_expect(fabs(sum / N) < 0.016, "mean %g", sum / N);
    cr_expect(fabs(squares / N - 1) < 0.023, "variance %g", squares / N);
    cr_expect(fabs(fourth / N - 3) < 0.16, "fourth moment %g", fourth / N);
}
