// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/engine.h"

static double sum_of(const double terms[], size_t n) {
    struct gc_sum sum = {0, 0};
    for (size_t i = 0; i < n; i++) {
        gc_sum_add(&sum, terms[i]);
    }
    return gc_sum_value(&sum);
}

Test(gradcheck_numbers, a_sum_keeps_what_is_small_beside_what_cancels) {
    static const struct {
        size_t n;
        double terms[4], sum;
    } table[] = {
        {0, {0}, 0},
        {1, {0.1}, 0.1},
        {3, {0x1p60, 1, -0x1p60}, 1},
        {3, {1, 0x1p60, -0x1p60}, 1},
        {3, {0x1p60, 1 + 0x1p-40, -0x1p60}, 1 + 0x1p-40},
        {4, {-1, 0x1p60, -1, -0x1p60}, -2},
        {3, {0x1p-30, 0x1p60, -0x1p60}, 0x1p-30},
        {2, {INFINITY, 1}, INFINITY},
        {3, {1, -INFINITY, 1}, -INFINITY},
        {2, {DBL_MAX, DBL_MAX}, INFINITY},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double sum = sum_of(table[i].terms, table[i].n);
        cr_expect(sum == table[i].sum, "row %zu: %a", i, sum);
    }
    const double nan[] = {1, NAN};
    cr_expect(isnan(sum_of(nan, 2)));
}

Test(gradcheck_numbers, a_norm_keeps_the_digits_of_terms_at_any_magnitude) {
    static const struct {
        size_t n;
        double terms[4], norm;
    } table[] = {
        {0, {9}, 0},
        {1, {-0.0}, 0},
        {1, {-0.1}, 0.1},
        {2, {3, -4}, 5},
        {2, {3e-320, 4e-320}, 5e-320},
        {2, {3e-200, -4e-200}, 5e-200},
        {2, {-3e200, 4e200}, 5e200},
        {2, {3e307, 4e307}, 5e307},
        {3, {1e-200, 1, 1e-200}, 1},
        {3, {3e-146, 4e-146, 1e-146}, 5.0990195135927848e-146}, /* about the limits, 2^-480 */
        {3, {3e-145, 4e-145, 1e-145}, 5.0990195135927848e-145},
        {3, {3e144, 4e144, 1e144}, 5.0990195135927848e144},
        {4, {1e-300, 3e155, 4e155, 1}, 5e155},
        {2, {-INFINITY, 1}, INFINITY},
        {2, {1e-300, INFINITY}, INFINITY},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gc_norm norm = {0, 0, 0};
        for (size_t j = 0; j < table[i].n; j++) {
            gc_norm_add(&norm, table[i].terms[j]);
        }
        double value = gc_norm_value(&norm);
        bool same = value == table[i].norm || fabs(value - table[i].norm) <= 1e-15 * value;
        cr_expect(same || fabs(value - table[i].norm) <= 0x1p-1074, "row %zu: %a", i, value);
    }
    for (int exponent = -300; exponent <= 300; exponent += 300) {
        struct gc_norm norm = {0, 0, 0};
        gc_norm_add(&norm, pow(10, exponent));
        gc_norm_add(&norm, NAN);
        gc_norm_add(&norm, pow(10, exponent));
        cr_expect(isnan(gc_norm_value(&norm)), "1e%d", exponent);
    }
}

Test(gradcheck_numbers, size_is_that_of_the_finite_ones_at_any_magnitude) {
    static const struct {
        size_t n;
        double values[4], largest, rms;
    } table[] = {
        {0, {9}, 0, 0},
        {1, {0}, 0, 0},
        {1, {-3}, 3, 3},
        {2, {3, -4}, 4, 0x1.c48c6001f0acp+1}, /* sqrt(12.5) */
        {4, {2, -2, 2, -2}, 2, 2},
        {2, {3e200, -4e200}, 4e200, 3.5355339059327378e200},
        {2, {3e-200, -4e-200}, 4e-200, 3.5355339059327378e-200},
        {3, {NAN, 1, INFINITY}, 1, 0.57735026918962576}, /* sqrt(1 / 3) */
        {2, {NAN, -INFINITY}, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double largest = gc_max_abs(table[i].values, table[i].n);
        double rms = gc_rms(table[i].values, table[i].n);
        cr_expect(largest == table[i].largest, "row %zu: %a", i, largest);
        cr_expect(fabs(rms - table[i].rms) <= 1e-15 * table[i].rms, "row %zu: %a", i, rms);
    }
}

Test(gradcheck_numbers, the_median_is_the_middle_one_in_any_order) {
    double none[] = {7};
    cr_expect(gc_median(none, 0) == 0);
    double one[] = {7};
    cr_expect(gc_median(one, 1) == 7);
    double three[] = {9, -1, 4};
    cr_expect(gc_median(three, 3) == 4);
    double even[] = {9, -1, 4, 5};
    cr_expect(gc_median(even, 4) == 5);
    double ties[] = {2, 1, 2, 2, 3};
    cr_expect(gc_median(ties, 5) == 2);
    double tiny[] = {3e-200, 1e-200, 2e-200};
    cr_expect(gc_median(tiny, 3) == 2e-200);
    double huge[] = {1e200, 3e200, 2e200};
    cr_expect(gc_median(huge, 3) == 2e200);
}

Test(gradcheck_numbers, text_is_cut_to_its_size) {
    char text[6];
    gc_text(text, sizeof text, "%d-%s", 12, "x");
    cr_expect_str_eq(text, "12-x");
    gc_text(text, sizeof text, "%s", "longer than it");
    cr_expect_str_eq(text, "longe");
    gc_text(text, sizeof text, "%s", "");
    cr_expect_str_eq(text, "");
    gc_text(text, sizeof text, "ab%ls", L"\u00e9"); /* which the locale of C does not have */
    cr_expect_str_eq(text, "");
}

/* The first outputs of SplitMix64 from state 0, as its authors' program gives them. */
Test(gradcheck_random, is_splitmix64) {
    struct gc_random random = {0};
    cr_expect(gc_random_bits(&random) == UINT64_C(0xe220a8397b1dcdaf));
    cr_expect(gc_random_bits(&random) == UINT64_C(0x6e789e6aa1b965f4));
    cr_expect(gc_random_bits(&random) == UINT64_C(0x06c45d188009454f));
}

Test(gradcheck_random, seeds_and_streams_give_different_numbers_and_each_the_same_again) {
    uint64_t seen[16];
    size_t n = 0;
    for (uint64_t seed = 0; seed < 4; seed++) {
        for (uint64_t stream = 0; stream < 4; stream++) {
            struct gc_random random, again;
            gc_random_seed(&random, seed, stream);
            gc_random_seed(&again, seed, stream);
            seen[n] = gc_random_bits(&random);
            cr_expect(seen[n] == gc_random_bits(&again));
            for (size_t i = 0; i < n; i++) {
                cr_expect(seen[i] != seen[n], "%zu and %zu", i, n);
            }
            n++;
        }
    }
}

Test(gradcheck_random, numbers_fill_their_ranges) {
    enum { N = 20000, PLACES = 7 };
    struct gc_random random;
    gc_random_seed(&random, 1, 2);
    double low = 1, high = 0, sum = 0, least = 9, most = 0;
    size_t negative = 0, places[PLACES] = {0};
    for (size_t i = 0; i < N; i++) {
        double u = gc_random_uniform(&random);
        low = fmin(low, u);
        high = fmax(high, u);
        sum += u;
        double v = gc_random_signed(&random);
        negative += v < 0;
        least = fmin(least, fabs(v));
        most = fmax(most, fabs(v));
        size_t below = gc_random_below(&random, PLACES);
        cr_assert(below < PLACES);
        places[below]++;
    }
    cr_expect(low >= 0 && low < 0.001 && high < 1 && high > 0.999);
    cr_expect(fabs(sum / N - 0.5) < 0.01, "%g", sum / N);
    cr_expect(least >= 0.5 && least < 0.501 && most < 1.5 && most > 1.499);
    cr_expect(fabs((double)negative / N - 0.5) < 0.02, "%zu", negative);
    for (size_t i = 0; i < PLACES; i++) {
        cr_expect(fabs((double)places[i] / N - 1.0 / PLACES) < 0.02, "%zu: %zu", i, places[i]);
    }
}

/* This one comes from a number 2^-30 below 1. */
Test(gradcheck_random, signed_numbers_stay_below_their_limit) {
    struct gc_random random = {UINT64_C(0xa9f6f9535db306de)}, again = random;
    cr_assert(gc_random_uniform(&again) > 1 - 0x1p-29);
    const double v = fabs(gc_random_signed(&random));
    cr_expect(v > 1.5 - 0x1p-29 && v < 1.5, "%a", v);
}
