// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <criterion/criterion.h>
#include <string.h>

Test(array, knows_names_and_sizes_of_its_dtypes) {
    static const struct {
        enum array_dtype dtype;
        const char *name, *numpy;
        size_t size;
        bool is_float;
    } rows[] = {{ARRAY_F64, "f64", "float64", 8, true},
                {ARRAY_F32, "f32", "float32", 4, true},
                {ARRAY_I64, "i64", "int64", 8, false},
                {ARRAY_I32, "i32", "int32", 4, false},
                {ARRAY_U8, "u8", "uint8", 1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum array_dtype parsed = ARRAY_U8;
        cr_expect_str_eq(array_dtype_name(rows[i].dtype), rows[i].name);
        cr_expect_str_eq(array_dtype_numpy(rows[i].dtype), rows[i].numpy);
        cr_expect_eq(array_dtype_size(rows[i].dtype), rows[i].size);
        cr_expect_eq(array_dtype_is_float(rows[i].dtype), rows[i].is_float);
        cr_expect(array_dtype_parse(rows[i].name, &parsed));
        cr_expect_eq(parsed, rows[i].dtype);
    }
}

Test(array, refuses_what_is_no_dtype) {
    enum array_dtype dtype = ARRAY_I32;
    static const char *const names[] = {"", "f", "f6", "f641", "F64", "float64", "f16", " f64"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_expect_not(array_dtype_parse(names[i], &dtype), "\"%s\"", names[i]);
    }
    cr_expect_not(array_dtype_parse(NULL, &dtype));
    cr_expect_eq(dtype, ARRAY_I32, "a refused name leaves the dtype alone");
    cr_expect_str_eq(array_dtype_name((enum array_dtype)99), "?");
    cr_expect_str_eq(array_dtype_numpy((enum array_dtype)99), "?");
    cr_expect_eq(array_dtype_size((enum array_dtype)99), 0u);
    cr_expect_not(array_dtype_is_float((enum array_dtype)99));
}

Test(array, counts_shapes_and_refuses_those_that_overflow) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 8 / 2);
    const size_t most = (size_t)PTRDIFF_MAX;
    const struct {
        enum array_dtype dtype;
        size_t ndim, shape[ARRAY_MAX_DIMS + 1];
        enum array_status status;
        size_t count;
    } rows[] = {
        {ARRAY_F64, 0, {0}, ARRAY_OK, 1},
        {ARRAY_F64, 1, {0}, ARRAY_OK, 0},
        {ARRAY_F64, 2, {3, 4}, ARRAY_OK, 12},
        {ARRAY_F64, 8, {1, 2, 1, 2, 1, 2, 1, 3}, ARRAY_OK, 24},
        {ARRAY_F64, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, ARRAY_TOO_MANY_DIMS, 0},
        {ARRAY_U8, 1, {most}, ARRAY_OK, most},
        {ARRAY_U8, 1, {most + 1}, ARRAY_TOO_LARGE, 0},
        {ARRAY_F32, 1, {most / 4}, ARRAY_OK, most / 4},
        {ARRAY_F32, 1, {most / 4 + 1}, ARRAY_TOO_LARGE, 0},
        {ARRAY_U8, 2, {half, half}, ARRAY_TOO_LARGE, 0},
        {ARRAY_U8, 3, {0, half, half}, ARRAY_TOO_LARGE, 0},
        {ARRAY_U8, 3, {half, half, 0}, ARRAY_TOO_LARGE, 0},
        {ARRAY_U8, 3, {half, 0, 2}, ARRAY_OK, 0},
        {(enum array_dtype)7, 1, {1}, ARRAY_BAD_DTYPE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = 77;
        enum array_status status = array_count(rows[i].dtype, rows[i].ndim, rows[i].shape, &count);
        cr_expect_eq(status, rows[i].status, "row %zu: %s", i, array_status_text(status));
        cr_expect_eq(count, rows[i].count, "row %zu: %zu", i, count);
    }
    cr_expect_eq(array_count(ARRAY_F64, 1, NULL, &(size_t){0}), ARRAY_NULL);
    cr_expect_eq(array_count(ARRAY_F64, 0, NULL, NULL), ARRAY_NULL);
}

Test(array, creates_zeroed_arrays_that_always_have_data) {
    struct array a;
    cr_assert_eq(array_create(ARRAY_I32, 2, (size_t[]){3, 5}, &a), ARRAY_OK);
    cr_expect(a.dtype == ARRAY_I32 && a.ndim == 2 && a.shape[0] == 3 && a.shape[1] == 5);
    cr_assert_eq(a.count, 15u);
    for (size_t i = 0; i < a.count; i++) {
        cr_expect_eq(((int32_t *)a.data)[i], 0);
    }
    array_free(&a);
    cr_expect_null(a.data);
    cr_expect_eq(a.count, 0u);
    cr_assert_eq(array_create(ARRAY_F64, 2, (size_t[]){0, 5}, &a), ARRAY_OK);
    cr_expect_eq(a.count, 0u);
    cr_expect_not_null(a.data);
    array_free(&a);
    cr_assert_eq(array_create(ARRAY_F64, 0, NULL, &a), ARRAY_OK);
    cr_expect_eq(a.count, 1u);
    array_free(&a);
    array_free(&a);
    array_free(NULL);
}

Test(array, is_all_zero_after_a_failed_create) {
    struct array a = {.dtype = ARRAY_U8, .ndim = 3, .count = 4, .data = &a};
    cr_expect_eq(array_create(ARRAY_F64, 1, (size_t[]){SIZE_MAX}, &a), ARRAY_TOO_LARGE);
    const struct array zero = {0};
    cr_expect_eq(memcmp(&a, &zero, sizeof a), 0);
    cr_expect_eq(array_create(ARRAY_F64, 1, NULL, &a), ARRAY_NULL);
    cr_expect_eq(array_create((enum array_dtype)9, 0, NULL, &a), ARRAY_BAD_DTYPE);
    cr_expect_eq(array_create(ARRAY_F64, 0, NULL, NULL), ARRAY_NULL);
}

#ifndef __SANITIZE_ADDRESS__ /* ASan ends a program that asks for this much */
Test(array, reports_that_memory_ran_out) {
    struct array a;
    cr_expect_eq(array_create(ARRAY_U8, 1, (size_t[]){(size_t)PTRDIFF_MAX}, &a), ARRAY_NO_MEMORY);
}
#endif

Test(array, tells_shapes_apart) {
    const struct array a = {.ndim = 2, .shape = {2, 3}};
    const struct array same = {.dtype = ARRAY_U8, .ndim = 2, .shape = {2, 3, 9}};
    const struct array transposed = {.ndim = 2, .shape = {3, 2}};
    const struct array longer = {.ndim = 3, .shape = {2, 3, 1}};
    cr_expect(array_same_shape(&a, &same), "neither dtype nor what lies beyond ndim counts");
    cr_expect_not(array_same_shape(&a, &transposed));
    cr_expect_not(array_same_shape(&a, &longer));
}

Test(array, has_a_text_for_every_status) {
    for (int status = ARRAY_OK; status <= ARRAY_BAD_DTYPE; status++) {
        cr_expect_str_neq(array_status_text((enum array_status)status), "unknown status");
    }
    cr_expect_str_eq(array_status_text((enum array_status)99), "unknown status");
}
