// SPDX-License-Identifier: MIT
#include "typed.h"

/* A neuron of n features with given parameters. */
static struct NEURON *SUITE(with)(const REAL w[], size_t n, REAL b) {
    struct neuron_random random;
    struct NEURON *neuron = NULL;
    neuron_random_seed(&random, 1);
    cr_assert_eq(API(create)(n, &random, &neuron), NEURON_OK);
    cr_assert_eq(API(set_parameters)(neuron, w, n, b), NEURON_OK);
    return neuron;
}

static void SUITE(fill)(REAL v[], size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        v[i] = (REAL)next_value(&seed);
    }
}

TYPED_TEST(SUITE(object), draws_its_weights_one_after_the_other_from_the_generator) {
    struct neuron_random random, reference;
    struct NEURON *first, *second;
    REAL w[3], v[4], b;
    neuron_random_seed(&random, 42);
    reference = random;
    cr_assert_eq(API(create)(3, &random, &first), NEURON_OK);
    cr_assert_eq(API(create)(4, &random, &second), NEURON_OK);
    cr_assert_eq(API(get_parameters)(first, w, 3, &b), NEURON_OK);
    cr_assert_eq(API(get_parameters)(second, v, 4, &b), NEURON_OK);
    for (size_t j = 0; j < 7; j++) {
        const REAL expected = (REAL)(neuron_random_normal(&reference) * 0.01);
        const REAL got = j < 3 ? w[j] : v[j - 3];
        cr_expect(same_bits(&got, &expected, sizeof got), "draw %zu: %a, not %a", j, (double)got,
                  (double)expected);
    }
    cr_expect_eq(API(n_features)(first), 3);
    cr_expect_eq(API(n_features)(NULL), 0);
    API(free)(first);
    API(free)(second);
    API(free)(NULL);
}

TYPED_TEST(SUITE(object), does_on_one_sample_what_the_functions_do) {
    for (size_t n = 1; n <= 70; n++) {
        REAL x[70], w[70], dw[70], dx[70], dw_o[70], dx_o[70], db, db_o, y, y_o;
        SUITE(fill)(x, n, n);
        SUITE(fill)(w, n, n + 100);
        const REAL b = (REAL)0.2, dy = (REAL)-1.3;
        struct NEURON *neuron = SUITE(with)(w, n, b);
        API(forward)(x, w, n, b, NULL, &y);
        API(backward)(x, w, n, b, dy, dw, &db, dx);
        cr_assert_eq(API(forward_sample)(neuron, x, n, &y_o), NEURON_OK);
        cr_assert_eq(API(backward_sample)(neuron, dy, dx_o), NEURON_OK);
        cr_assert_eq(API(get_gradients)(neuron, dw_o, n, &db_o), NEURON_OK);
        cr_expect(same_bits(&y, &y_o, sizeof y), "n = %zu: y", n);
        cr_expect(same_bits(dw, dw_o, n * sizeof y), "n = %zu: dw", n);
        cr_expect(same_bits(&db, &db_o, sizeof y), "n = %zu: db", n);
        cr_expect(same_bits(dx, dx_o, n * sizeof y), "n = %zu: dx", n);
        API(free)(neuron);
    }
}

/* Rows far apart, NaN between them: a batch is its rows, one by one, dw and db their mean. */
TYPED_TEST(SUITE(object), takes_a_batch_as_its_rows_with_dw_and_db_as_means_and_dx_not) {
    static const size_t shapes[][2] = {{1, 3},  {2, 1},   {3, 17}, {7, 16},
                                       {64, 5}, {65, 33}, {200, 9}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const size_t B = shapes[s][0], n = shapes[s][1], stride = n + 2, dx_stride = n + 1;
        REAL *x = malloc(B * stride * sizeof *x), *dx = malloc(B * dx_stride * sizeof *x);
        REAL *y = malloc(B * sizeof *x), *dy = malloc(B * sizeof *x);
        REAL w[33], dw[33], dw_row[33], dx_row[33], db, db_row, y_row;
        long double mean[33] = {0}, magnitude[33] = {0}, mean_db = 0, magnitude_db = 0;
        SUITE(fill)(w, n, s + 1);
        SUITE(fill)(dy, B, s + 2);
        for (size_t i = 0; i < B * stride; i++) {
            x[i] = NAN;
        }
        for (size_t i = 0; i < B; i++) {
            SUITE(fill)(x + i * stride, n, 1000 * (s + 1) + i);
        }
        for (size_t i = 0; i < B * dx_stride; i++) {
            dx[i] = 7;
        }
        const REAL b = (REAL)-0.1;
        struct NEURON *neuron = SUITE(with)(w, n, b);
        cr_assert_eq(API(forward_batch)(neuron, x, B, n, stride, y), NEURON_OK);
        cr_assert_eq(API(backward_batch)(neuron, dy, B, dx, dx_stride), NEURON_OK);
        cr_assert_eq(API(get_gradients)(neuron, dw, n, &db), NEURON_OK);
        for (size_t i = 0; i < B; i++) {
            const REAL *row = x + i * stride;
            API(forward)(row, w, n, b, NULL, &y_row);
            API(backward)(row, w, n, b, dy[i], dw_row, &db_row, dx_row);
            cr_expect(same_bits(&y[i], &y_row, sizeof y_row), "B = %zu, n = %zu: y[%zu]", B, n, i);
            cr_expect(same_bits(dx + i * dx_stride, dx_row, n * sizeof y_row),
                      "B = %zu, n = %zu: dx[%zu]", B, n, i);
            cr_expect(dx[i * dx_stride + n] == 7, "padding of dx written");
            mean_db += (long double)db_row / B;
            magnitude_db += fabsl((long double)db_row) / B;
            for (size_t j = 0; j < n; j++) {
                mean[j] += (long double)db_row * row[j] / B;
                magnitude[j] += fabsl((long double)db_row * row[j]) / B;
            }
        }
        for (size_t j = 0; j < n; j++) {
            cr_expect(fabsl(dw[j] - mean[j]) <= 24 * EPSILON * magnitude[j],
                      "B = %zu, n = %zu: dw[%zu] = %a, mean %La", B, n, j, (double)dw[j], mean[j]);
        }
        cr_expect(fabsl(db - mean_db) <= 24 * EPSILON * magnitude_db, "B = %zu: db = %a, mean %La",
                  B, (double)db, mean_db);
        API(free)(neuron);
        free(x);
        free(dx);
        free(y);
        free(dy);
    }
}

TYPED_TEST(SUITE(object), backward_may_leave_dx_out_and_be_called_again) {
    const REAL x[] = {1, 2, 3, 4}, w[] = {1, -1}, dy[] = {1, 2}, twice[] = {2, 4};
    REAL y[2], dw[2], again[2], db, db_again;
    struct NEURON *neuron = SUITE(with)(w, 2, 0);
    API(forward_batch)(neuron, x, 2, 2, 2, y);
    cr_assert_eq(API(backward_batch)(neuron, dy, 2, NULL, 0), NEURON_OK);
    API(get_gradients)(neuron, dw, 2, &db);
    cr_assert_eq(API(backward_batch)(neuron, twice, 2, NULL, 0), NEURON_OK);
    API(get_gradients)(neuron, again, 2, &db_again);
    cr_expect(again[0] == 2 * dw[0] && again[1] == 2 * dw[1] && db_again == 2 * db,
              "gradients are replaced, not added to");
    API(forward_sample)(neuron, x, 2, y);
    cr_assert_eq(API(backward_sample)(neuron, 1, NULL), NEURON_OK);
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), has_gradients_of_exactly_zero_for_cotangents_of_zero) {
    enum { B = 9, N = 19 };
    REAL x[B * N], w[N], y[B], dw[N], db;
    const REAL dy[B] = {0};
    SUITE(fill)(x, B * N, 9);
    SUITE(fill)(w, N, 10);
    struct NEURON *neuron = SUITE(with)(w, N, 0);
    API(forward_batch)(neuron, x, B, N, N, y);
    cr_assert_eq(API(backward_batch)(neuron, dy, B, NULL, 0), NEURON_OK);
    API(get_gradients)(neuron, dw, N, &db);
    for (size_t j = 0; j < N; j++) {
        cr_expect(dw[j] == 0, "dw[%zu] = %a", j, (double)dw[j]);
    }
    cr_expect(db == 0, "db = %a", (double)db);
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), borrows_x_until_backward) {
    REAL x[] = {1, 2}, y, dw[2], db;
    const REAL w[] = {1, -1};
    struct NEURON *neuron = SUITE(with)(w, 2, 0);
    API(forward_sample)(neuron, x, 2, &y);
    x[1] = 5; /* what the header warns of: dw is that of the changed x, dz of the old */
    API(backward_sample)(neuron, 1, NULL);
    API(get_gradients)(neuron, dw, 2, &db);
    cr_expect(dw[0] == db && dw[1] == 5 * db && db == API(sigmoid_derivative)(-1));
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), shares_nothing_with_another) {
    const REAL x[] = {1, 2, 3, 4}, w[] = {1, -1}, v[] = {-2, 1};
    REAL y, dw[2], db;
    struct NEURON *a = SUITE(with)(w, 2, 0), *b = SUITE(with)(v, 2, 1);
    API(forward_sample)(a, x, 2, &y);
    API(forward_sample)(b, x + 2, 2, &y);
    API(backward_sample)(a, 1, NULL);
    API(backward_sample)(b, 3, NULL);
    API(update_parameters)(b, 1);
    API(get_gradients)(a, dw, 2, &db);
    cr_expect(db == API(sigmoid_derivative)(-1) && dw[1] == 2 * db, "a has b's state");
    API(free)(b);
    REAL w_now[2], b_now;
    API(get_parameters)(a, w_now, 2, &b_now);
    cr_expect(w_now[0] == 1 && w_now[1] == -1 && b_now == 0, "a has b's parameters");
    API(free)(a);
}

TYPED_TEST(SUITE(object), updates_by_the_learning_rate_times_the_gradients) {
    const REAL x[] = {1, 2}, w[] = {(REAL)0.5, (REAL)-0.25};
    REAL y, dw[2], db, w_now[2], b_now, dx[2];
    struct NEURON *neuron = SUITE(with)(w, 2, (REAL)0.125);
    API(forward_sample)(neuron, x, 2, &y);
    API(backward_sample)(neuron, 1, NULL);
    API(get_gradients)(neuron, dw, 2, &db);
    REAL expected[] = {w[0], w[1], (REAL)0.125};
    const REAL rate = (REAL)0.1, gradients[] = {dw[0], dw[1], db};
    for (int step = 0; step < 2; step++) { /* the second takes the same step again */
        cr_assert_eq(API(update_parameters)(neuron, rate), NEURON_OK);
        cr_assert_eq(API(get_parameters)(neuron, w_now, 2, &b_now), NEURON_OK);
        const REAL got[] = {w_now[0], w_now[1], b_now};
        for (size_t j = 0; j < 3; j++) {
            const REAL move = rate * gradients[j];
            expected[j] -= move;
            cr_expect(same_bits(&got[j], &expected[j], sizeof move), "step %d, [%zu]: %a, not %a",
                      step, j, (double)got[j], (double)expected[j]);
        }
    }
    API(backward_sample)(neuron, 1, dx);
    cr_expect(dx[0] == db * w_now[0], "dx: the old sigmoid'(z), the new w");
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), updates_leave_the_gradients_of_a_batch) {
    enum { B = 9, N = 3 };
    REAL x[B * N], dy[B], y[B], dw[N], again[N], db, db_again;
    const REAL w[N] = {1, -1, 2};
    SUITE(fill)(x, B * N, 7);
    SUITE(fill)(dy, B, 8);
    struct NEURON *neuron = SUITE(with)(w, N, 0);
    API(forward_batch)(neuron, x, B, N, N, y);
    API(backward_batch)(neuron, dy, B, NULL, 0);
    API(get_gradients)(neuron, dw, N, &db);
    cr_assert_eq(API(update_parameters)(neuron, (REAL)0.5), NEURON_OK);
    API(get_gradients)(neuron, again, N, &db_again);
    cr_expect(same_bits(dw, again, sizeof dw) && same_bits(&db, &db_again, sizeof db));
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), takes_nan_and_infinite_learning_rates_as_arithmetic) {
    const REAL x[] = {1, 0}, w[] = {1, 2};
    REAL y, w_now[2], b_now;
    struct NEURON *neuron = SUITE(with)(w, 2, 0);
    API(forward_sample)(neuron, x, 2, &y);
    API(backward_sample)(neuron, 1, NULL);
    cr_expect_eq(API(update_parameters)(neuron, INFINITY), NEURON_OK);
    API(get_parameters)(neuron, w_now, 2, &b_now);
    cr_expect(w_now[0] == -INFINITY && isnan(w_now[1]) && b_now == -INFINITY, "inf * 0 is NaN");
    cr_expect_eq(API(update_parameters)(neuron, NAN), NEURON_OK);
    API(get_parameters)(neuron, w_now, 2, &b_now);
    cr_expect(isnan(w_now[0]) && isnan(w_now[1]) && isnan(b_now));
    API(free)(neuron);
}

TYPED_TEST(SUITE(object), gives_copies_of_its_parameters) {
    const REAL w[] = {1, 2};
    REAL copy[2], b;
    struct NEURON *neuron = SUITE(with)(w, 2, 3);
    API(get_parameters)(neuron, copy, 2, NULL);
    copy[0] = 9;
    API(get_parameters)(neuron, NULL, 2, &b);
    API(get_parameters)(neuron, copy, 2, &b);
    cr_expect(copy[0] == 1 && copy[1] == 2 && b == 3);
    API(free)(neuron);
}

/* A large batch, then a smaller, then the large again: the cache of the first serves them all. */
TYPED_TEST(SUITE(object), follows_the_last_forward_from_shape_to_shape) {
    REAL x[40], y[20], dy[20], dw[2], db;
    const REAL w[] = {1, -1};
    SUITE(fill)(x, 40, 5);
    SUITE(fill)(dy, 20, 6);
    struct NEURON *neuron = SUITE(with)(w, 2, 0);
    const size_t sizes[] = {20, 3, 20, 1};
    for (size_t s = 0; s < 4; s++) {
        cr_assert_eq(API(forward_batch)(neuron, x, sizes[s], 2, 2, y), NEURON_OK);
        cr_expect_eq(API(backward_sample)(neuron, 1, NULL), NEURON_E_SHAPE);
        cr_assert_eq(API(backward_batch)(neuron, dy, sizes[s], NULL, 0), NEURON_OK);
        struct NEURON *fresh = SUITE(with)(w, 2, 0);
        REAL dw_fresh[2], db_fresh;
        API(forward_batch)(fresh, x, sizes[s], 2, 2, y);
        API(backward_batch)(fresh, dy, sizes[s], NULL, 0);
        API(get_gradients)(neuron, dw, 2, &db);
        API(get_gradients)(fresh, dw_fresh, 2, &db_fresh);
        cr_expect(same_bits(dw, dw_fresh, sizeof dw) && same_bits(&db, &db_fresh, sizeof db),
                  "B = %zu", sizes[s]);
        API(free)(fresh);
    }
    API(free)(neuron);
}
