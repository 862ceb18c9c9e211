// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static const double doubles[] = {
    0.0,      -0.0,     0x1p-1074, -0x1p-1074,        DBL_MIN, -DBL_MIN, DBL_TRUE_MIN * 3,
    1.0,      -1.0,     1.5,       3.141592653589793, 1e300,   -1e300,   DBL_MAX,
    -DBL_MAX, INFINITY, -INFINITY};
#define N_DOUBLES (sizeof doubles / sizeof doubles[0])

Test(array_ulp, is_a_distance) {
    for (size_t i = 0; i < N_DOUBLES; i++) {
        for (size_t j = 0; j < N_DOUBLES; j++) {
            double a = doubles[i];
            double b = doubles[j];
            uint64_t d = array_ulp_distance_f64(a, b);
            cr_expect_eq(d, array_ulp_distance_f64(b, a), "%a, %a: not symmetric", a, b);
            cr_expect_eq(d, array_ulp_distance_f64(-a, -b), "%a, %a: not even", a, b);
            cr_expect_eq(d == 0, a == b, "%a, %a: %llu", a, b, (unsigned long long)d);
            for (size_t k = 0; k < N_DOUBLES; k++) {
                double c = doubles[k];
                if (a <= b && b <= c) {
                    cr_expect_eq(array_ulp_distance_f64(a, c), d + array_ulp_distance_f64(b, c),
                                 "%a, %a, %a", a, b, c);
                }
            }
        }
    }
}

Test(array_ulp, counts_single_steps) {
    for (size_t i = 0; i < N_DOUBLES; i++) {
        if (isfinite(doubles[i])) {
            double up = nextafter(doubles[i], INFINITY);
            double down = nextafter(doubles[i], -INFINITY);
            cr_expect_eq(array_ulp_distance_f64(doubles[i], up), 1u, "%a", doubles[i]);
            cr_expect_eq(array_ulp_distance_f64(down, up), 2u, "%a", doubles[i]);
        }
    }
    cr_expect_eq(array_ulp_distance_f32(1.0F, nextafterf(1.0F, 2)), 1u);
    cr_expect_eq(array_ulp_distance_f32(FLT_MAX, INFINITY), 1u);
    cr_expect_eq(array_ulp_distance_f32(-FLT_TRUE_MIN, FLT_TRUE_MIN), 2u);
}

Test(array_ulp, knows_a_few_distances_by_heart) {
    cr_expect_eq(array_ulp_distance_f64(1.0, 2.0), UINT64_C(1) << 52);
    cr_expect_eq(array_ulp_distance_f64(0.0, 1.0), UINT64_C(1023) << 52);
    cr_expect_eq(array_ulp_distance_f64(-INFINITY, INFINITY), UINT64_C(2) * (UINT64_C(2047) << 52));
    cr_expect_eq(array_ulp_distance_f32(1.0F, 2.0F), UINT64_C(1) << 23);
    cr_expect_eq(array_ulp_distance_f32(-1.0F, 1.0F), UINT64_C(254) << 23);
    cr_expect_eq(array_ulp_distance_f32(0.0F, -0.0F), 0u);
}

Test(array_ulp, is_the_largest_number_with_nan) {
    for (size_t i = 0; i < N_DOUBLES; i++) {
        cr_expect_eq(array_ulp_distance_f64(doubles[i], NAN), UINT64_MAX);
        cr_expect_eq(array_ulp_distance_f64(NAN, doubles[i]), UINT64_MAX);
        cr_expect_eq(array_ulp_distance_f32((float)doubles[i], NAN), UINT64_MAX);
    }
    cr_expect_eq(array_ulp_distance_f64(NAN, NAN), UINT64_MAX);
    cr_expect_eq(array_ulp_distance_f32(NAN, NAN), UINT64_MAX);
}
