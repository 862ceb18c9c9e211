// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static double stored(enum array_dtype dtype, double value) {
    uint64_t room[1] = {0};
    struct array a = {.dtype = dtype, .count = 1, .data = room};
    array_set(&a, 0, value);
    return array_get(&a, 0);
}

Test(array_element, stores_and_reads_every_dtype_without_touching_its_neighbours) {
    for (int dtype = ARRAY_F64; dtype <= ARRAY_U8; dtype++) {
        struct array a;
        cr_assert_eq(array_create((enum array_dtype)dtype, 1, (size_t[]){5}, &a), ARRAY_OK);
        for (size_t i = 0; i < 5; i++) {
            array_set(&a, i, (double)(i + 1));
        }
        array_set(&a, 2, 100);
        const double expected[] = {1, 2, 100, 4, 5};
        for (size_t i = 0; i < 5; i++) {
            cr_expect_eq(array_get(&a, i), expected[i], "dtype %d, [%zu]", dtype, i);
            int64_t integer = array_dtype_is_float(a.dtype) ? 0 : (int64_t)expected[i];
            cr_expect_eq(array_get_int(&a, i), integer, "dtype %d, [%zu]", dtype, i);
        }
        array_free(&a);
    }
}

Test(array_element, rounds_to_the_dtype) {
    cr_expect_eq(stored(ARRAY_F64, 0.1), 0.1);
    cr_expect_eq(stored(ARRAY_F32, 0.1), (double)0.1f);
    cr_expect(isinf(stored(ARRAY_F32, DBL_MAX)));
    cr_expect(isnan(stored(ARRAY_F32, NAN)));
    cr_expect(signbit(stored(ARRAY_F32, -0.0)) && signbit(stored(ARRAY_F64, -0.0)));
    cr_expect_eq(stored(ARRAY_I64, 2.9), 2);
    cr_expect_eq(stored(ARRAY_I64, -2.9), -2);
}

Test(array_element, saturates_integers_and_makes_nan_zero) {
    static const struct {
        enum array_dtype dtype;
        double value, expected;
    } rows[] = {
        {ARRAY_U8, -1, 0},
        {ARRAY_U8, 255, 255},
        {ARRAY_U8, 256, 255},
        {ARRAY_U8, 255.9, 255},
        {ARRAY_U8, INFINITY, 255},
        {ARRAY_I32, 2147483647, 2147483647},
        {ARRAY_I32, 2147483648.0, 2147483647},
        {ARRAY_I32, -2147483649.0, -2147483648.0},
        {ARRAY_I32, -INFINITY, -2147483648.0},
        {ARRAY_I64, 0x1p63, 0x1p63},
        {ARRAY_I64, -0x1p63, -0x1p63},
        {ARRAY_I64, 1e300, 0x1p63},
        {ARRAY_I64, NAN, 0},
        {ARRAY_U8, NAN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double got = stored(rows[i].dtype, rows[i].value);
        cr_expect_eq(got, rows[i].expected, "row %zu: %a gave %a", i, rows[i].value, got);
    }
}

Test(array_element, keeps_64_bit_integers_exactly) {
    int64_t values[] = {INT64_MAX, INT64_MIN, (INT64_C(1) << 53) + 1};
    const struct array a = {
        .dtype = ARRAY_I64, .ndim = 1, .shape = {3}, .count = 3, .data = values};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(array_get_int(&a, i), values[i]);
    }
}

Test(array_element, is_zero_for_what_is_no_dtype) {
    double value = 3;
    struct array a = {.dtype = (enum array_dtype)42, .count = 1, .data = &value};
    array_set(&a, 0, 5);
    cr_expect_eq(array_get(&a, 0), 0);
    cr_expect_eq(array_get_int(&a, 0), 0);
    cr_expect_eq(value, 3, "nothing was stored");
}
