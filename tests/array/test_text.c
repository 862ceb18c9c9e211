// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <criterion/criterion.h>
#include <string.h>

Test(array_text, unravels_every_flat_index_in_c_order) {
    const struct array a = {.ndim = 3, .shape = {2, 3, 4}, .count = 24};
    size_t flat = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 3; j++) {
            for (size_t k = 0; k < 4; k++, flat++) {
                size_t index[ARRAY_MAX_DIMS];
                array_unravel(&a, flat, index);
                cr_expect(index[0] == i && index[1] == j && index[2] == k, "flat %zu", flat);
            }
        }
    }
}

Test(array_text, writes_indices_and_shapes) {
    char text[64];
    const struct array a = {.ndim = 2, .shape = {3, 4}, .count = 12};
    array_index_text(&a, 7, text, sizeof text);
    cr_expect_str_eq(text, "[1, 3]");
    const struct array vector = {.ndim = 1, .shape = {9}, .count = 9};
    array_index_text(&vector, 8, text, sizeof text);
    cr_expect_str_eq(text, "[8]");
    const struct array scalar = {.count = 1};
    array_index_text(&scalar, 0, text, sizeof text);
    cr_expect_str_eq(text, "[]");
    const struct array empty = {.ndim = 2, .shape = {0, 3}};
    array_index_text(&empty, 0, text, sizeof text);
    cr_expect_str_eq(text, "[0, 0]");
    array_shape_text(2, a.shape, text, sizeof text);
    cr_expect_str_eq(text, "3x4");
    array_shape_text(1, vector.shape, text, sizeof text);
    cr_expect_str_eq(text, "9");
    array_shape_text(0, NULL, text, sizeof text);
    cr_expect_str_eq(text, "-");
}

Test(array_text, cuts_to_any_size_and_always_terminates) {
    const struct array a = {.ndim = 3, .shape = {12, 34, 56}, .count = 12 * 34 * 56};
    char whole_index[64];
    char whole_shape[64];
    array_index_text(&a, 12345, whole_index, sizeof whole_index);
    array_shape_text(3, a.shape, whole_shape, sizeof whole_shape);
    for (size_t size = 1; size < 20; size++) {
        char text[20];
        memset(text, '#', sizeof text);
        array_index_text(&a, 12345, text, size);
        cr_expect_lt(strlen(text), size);
        cr_expect_eq(strncmp(text, whole_index, strlen(text)), 0);
        array_shape_text(3, a.shape, text, size);
        cr_expect_lt(strlen(text), size);
        cr_expect_eq(strncmp(text, whole_shape, strlen(text)), 0);
    }
    char untouched = '#';
    array_index_text(&a, 1, &untouched, 0);
    array_shape_text(3, a.shape, &untouched, 0);
    cr_expect_eq(untouched, '#');
}
