// SPDX-License-Identifier: MIT
#include "typed.h"

enum { SUITE(max) = 300 };

/* The shapes at which a lane, a vector or a block begins or ends. */
TYPED_TEST(SUITE(forward), is_the_sigmoid_of_the_weighted_sum) {
    for (size_t n = 1; n <= SUITE(max); n++) {
        REAL x[SUITE(max)], w[SUITE(max)], z, y, y_alone;
        uint64_t state = n;
        long double sum = 0, magnitude = 0;
        for (size_t j = 0; j < n; j++) {
            x[j] = (REAL)next_value(&state);
            w[j] = (REAL)next_value(&state);
            sum += (long double)x[j] * w[j];
            magnitude += fabsl((long double)x[j] * w[j]);
        }
        const REAL b = (REAL)0.3;
        sum += b;
        cr_assert_eq(API(forward)(x, w, n, b, &z, &y), NEURON_OK);
        cr_assert_eq(API(forward)(x, w, n, b, NULL, &y_alone), NEURON_OK);
        /* Longest path: a product, the lane's share of the sum, the tree, b. */
        const long double allowed = (long double)(n / 16 + 8) * (EPSILON / 2) * (magnitude + 1);
        cr_expect(fabsl(z - sum) <= allowed, "n = %zu: z = %a, exact %La", n, (double)z, sum);
        const REAL expected = API(sigmoid)(z);
        cr_expect(same_bits(&y, &expected, sizeof y), "n = %zu: y is not sigmoid(z)", n);
        cr_expect(same_bits(&y, &y_alone, sizeof y), "n = %zu: y depends on z being wanted", n);
    }
}

TYPED_TEST(SUITE(backward), is_dz_times_x_and_dz_times_w) {
    for (size_t n = 1; n <= SUITE(max); n += n < 40 ? 1 : 37) {
        REAL x[SUITE(max)], w[SUITE(max)], dw[SUITE(max)], dx[SUITE(max)], db, z, y;
        uint64_t state = n;
        for (size_t j = 0; j < n; j++) {
            x[j] = (REAL)next_value(&state);
            w[j] = (REAL)next_value(&state);
        }
        const REAL b = (REAL)-0.3, dy = (REAL)1.7;
        cr_assert_eq(API(forward)(x, w, n, b, &z, &y), NEURON_OK);
        cr_assert_eq(API(backward)(x, w, n, b, dy, dw, &db, dx), NEURON_OK);
        const REAL dz = dy * API(sigmoid_derivative)(z);
        cr_expect(same_bits(&db, &dz, sizeof dz), "n = %zu: db = %a, dz = %a", n, (double)db,
                  (double)dz);
        for (size_t j = 0; j < n; j++) {
            const REAL w_grad = dz * x[j], x_grad = dz * w[j];
            cr_expect(same_bits(&dw[j], &w_grad, sizeof dz), "n = %zu: dw[%zu]", n, j);
            cr_expect(same_bits(&dx[j], &x_grad, sizeof dz), "n = %zu: dx[%zu]", n, j);
        }
    }
}

TYPED_TEST(SUITE(backward), writes_each_result_alone) {
    const REAL x[] = {1, 2}, w[] = {3, -1};
    REAL dw[2], db, dx[2], dw_all[2], db_all, dx_all[2];
    cr_assert_eq(API(backward)(x, w, 2, 0, 2, dw_all, &db_all, dx_all), NEURON_OK);
    cr_assert_eq(API(backward)(x, w, 2, 0, 2, dw, NULL, NULL), NEURON_OK);
    cr_assert_eq(API(backward)(x, w, 2, 0, 2, NULL, &db, NULL), NEURON_OK);
    cr_assert_eq(API(backward)(x, w, 2, 0, 2, NULL, NULL, dx), NEURON_OK);
    cr_assert_eq(API(backward)(x, w, 2, 0, 2, NULL, NULL, NULL), NEURON_OK);
    cr_expect(same_bits(dw, dw_all, sizeof dw) && same_bits(&db, &db_all, sizeof db) &&
              same_bits(dx, dx_all, sizeof dx));
}

TYPED_TEST(SUITE(backward), of_a_zero_cotangent_is_zero) {
    const REAL x[] = {1, -2}, w[] = {3, -1};
    REAL dw[2] = {7, 7}, db = 7, dx[2] = {7, 7};
    cr_assert_eq(API(backward)(x, w, 2, 0, 0, dw, &db, dx), NEURON_OK);
    cr_expect(dw[0] == 0 && dw[1] == 0 && db == 0 && dx[0] == 0 && dx[1] == 0);
}

TYPED_TEST(SUITE(functional), lets_nan_and_infinities_through) {
    const REAL x[] = {1, NAN}, w[] = {1, 1};
    REAL z, y, dw[2];
    cr_assert_eq(API(forward)(x, w, 2, 0, &z, &y), NEURON_OK);
    cr_expect(isnan(z) && isnan(y));
    const REAL large[] = {1, INFINITY};
    cr_assert_eq(API(forward)(large, w, 2, 0, &z, &y), NEURON_OK);
    cr_expect(isinf(z) && y == 1);
    cr_assert_eq(API(backward)(large, w, 2, 0, 1, dw, NULL, NULL), NEURON_OK);
    cr_expect(dw[0] == 0 && isnan(dw[1]), "0 * 1 and 0 * inf");
    cr_assert_eq(API(forward)(w, w, 2, -INFINITY, &z, &y), NEURON_OK);
    cr_expect(z == -INFINITY && y == 0);
}

TYPED_TEST(SUITE(functional), refuses_null_and_no_features_and_writes_nothing) {
    const REAL x[] = {1}, w[] = {1};
    REAL z = 7, y = 7, dw[] = {7}, db = 7, dx[] = {7};
    cr_expect_eq(API(forward)(NULL, w, 1, 0, &z, &y), NEURON_E_NULL);
    cr_expect_eq(API(forward)(x, NULL, 1, 0, &z, &y), NEURON_E_NULL);
    cr_expect_eq(API(forward)(x, w, 1, 0, &z, NULL), NEURON_E_NULL);
    cr_expect_eq(API(forward)(x, w, 0, 0, &z, &y), NEURON_E_EMPTY);
    cr_expect_eq(API(backward)(NULL, w, 1, 0, 1, dw, &db, dx), NEURON_E_NULL);
    cr_expect_eq(API(backward)(x, NULL, 1, 0, 1, dw, &db, dx), NEURON_E_NULL);
    cr_expect_eq(API(backward)(x, w, 0, 0, 1, dw, &db, dx), NEURON_E_EMPTY);
    cr_expect(z == 7 && y == 7 && dw[0] == 7 && db == 7 && dx[0] == 7);
}

/* A sum of products that are all -0 is +0, whatever the length: lanes start at +0. */
TYPED_TEST(SUITE(forward), of_negative_zeros_is_plus_zero) {
    REAL x[40] = {0}, w[40], z, y;
    for (size_t j = 0; j < 40; j++) {
        x[j] = (REAL)-0.0;
        w[j] = 1;
    }
    for (size_t n = 1; n <= 40; n++) {
        cr_assert_eq(API(forward)(x, w, n, (REAL)-0.0, &z, &y), NEURON_OK);
        cr_expect(z == 0 && !signbit(z) && y == (REAL)0.5, "n = %zu: %a", n, (double)z);
    }
}
