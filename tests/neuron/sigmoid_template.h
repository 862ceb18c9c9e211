// SPDX-License-Identifier: MIT
/* Sigmoid of an array: the bits of sigmoid of one. */
#include "typed.h"

TYPED_TEST(SUITE(sigmoid), gives_the_same_bits_for_arrays_and_in_place) {
    const double reach = TYPED == 64 ? 800 : 120;
    for (size_t n = 0; n <= 70; n++) {
        REAL z[70], y[71], d[71], in_place[70];
        uint64_t state = 1 + n;
        for (size_t i = 0; i < n; i++) {
            z[i] = in_place[i] = (REAL)(reach * pow(next_value(&state), 3));
        }
        y[n] = d[n] = 7;
        API(sigmoid_array)(z, y, n);
        API(sigmoid_derivative_array)(z, d, n);
        API(sigmoid_array)(in_place, in_place, n);
        for (size_t i = 0; i < n; i++) {
            const REAL value = API(sigmoid)(z[i]), slope = API(sigmoid_derivative)(z[i]);
            cr_expect(same_bits(&y[i], &value, sizeof value), "n = %zu: y[%zu]: %a, %a", n, i,
                      (double)y[i], (double)value);
            cr_expect(same_bits(&d[i], &slope, sizeof slope), "n = %zu: d[%zu]: %a, %a", n, i,
                      (double)d[i], (double)slope);
            cr_expect(same_bits(&in_place[i], &value, sizeof value), "n = %zu: in place [%zu]", n,
                      i);
        }
        cr_expect(y[n] == 7 && d[n] == 7, "n = %zu: wrote past the end", n);
    }
}

/* Blocks of values near 0 take a shorter way: one value far out anywhere must be seen. */
TYPED_TEST(SUITE(sigmoid), sees_one_value_far_out_among_near_ones) {
    static const REAL far[] = {-64,
                               64,
                               (REAL)(TYPED == 64 ? -708.5 : -87.5),
                               (REAL)(TYPED == 64 ? -744 : -103),
                               (REAL)(TYPED == 64 ? 745 : 104),
                               -INFINITY,
                               INFINITY,
                               0};
    const size_t n_far = sizeof far / sizeof far[0];
    enum { SUITE(N) = 130 };
    for (size_t k = 0; k < SUITE(N) * n_far; k++) {
        const size_t place = k % SUITE(N);
        const double value_there = (double)far[k / SUITE(N)];
        REAL z[SUITE(N)], y[SUITE(N)], d[SUITE(N)];
        uint64_t state = 1 + k;
        for (size_t i = 0; i < SUITE(N); i++) {
            z[i] = (REAL)(63 * next_value(&state));
        }
        z[place] = far[k / SUITE(N)];
        API(sigmoid_array)(z, y, SUITE(N));
        API(sigmoid_derivative_array)(z, d, SUITE(N));
        for (size_t i = 0; i < SUITE(N); i++) {
            const REAL value = API(sigmoid)(z[i]), slope = API(sigmoid_derivative)(z[i]);
            cr_expect(same_bits(&y[i], &value, sizeof value), "%a at %zu: y[%zu]", value_there,
                      place, i);
            cr_expect(same_bits(&d[i], &slope, sizeof slope), "%a at %zu: d[%zu]", value_there,
                      place, i);
        }
        z[place] = NAN;
        API(sigmoid_array)(z, y, SUITE(N));
        cr_expect(isnan(y[place]), "NaN at %zu", place);
    }
}
