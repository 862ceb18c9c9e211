// SPDX-License-Identifier: MIT
#include "gate/tensor.h"

#include <criterion/criterion.h>
#include <string.h>

/* 2 x 3 in rows of 5 and columns of 2 elements apart: padding between. */
static struct gradcheck_tensor strided(double *buffer) {
    struct gradcheck_tensor t = GRADCHECK_INPUT("x", buffer, NULL, 2, 3);
    t.strides[0] = 7;
    t.strides[1] = 2;
    return t;
}

Test(gate_tensor, stores_and_fetches_through_strides_and_leaves_the_padding) {
    double buffer[14];
    double values[6] = {1, 2, 3, 4, 5, 6};
    double back[6] = {0};
    for (size_t i = 0; i < 14; i++) {
        buffer[i] = -1;
    }
    struct gradcheck_tensor t = strided(buffer);
    struct array a = tensor_kind(&t);
    a.data = values;
    cr_assert(a.count == 6 && a.ndim == 2 && a.dtype == ARRAY_F64);
    tensor_store(&t, buffer, &a);
    static const double expected[14] = {1, -1, 2, -1, 3, -1, -1, 4, -1, 5, -1, 6, -1, -1};
    cr_assert(memcmp(buffer, expected, sizeof expected) == 0);
    a.data = back;
    tensor_fetch(&t, buffer, &a);
    cr_assert(memcmp(back, values, sizeof values) == 0);
    tensor_fill(&t, buffer, 0);
    static const double emptied[14] = {0, -1, 0, -1, 0, -1, -1, 0, -1, 0, -1, 0, -1, -1};
    cr_assert(memcmp(buffer, emptied, sizeof emptied) == 0);
}

Test(gate_tensor, knows_each_dtype_and_refuses_another_shape) {
    static const struct {
        enum gradcheck_dtype of;
        enum array_dtype is;
    } rows[] = {{GRADCHECK_F64, ARRAY_F64},
                {GRADCHECK_F32, ARRAY_F32},
                {GRADCHECK_I64, ARRAY_I64},
                {GRADCHECK_I32, ARRAY_I32},
                {GRADCHECK_U8, ARRAY_U8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gradcheck_tensor t = {.dtype = rows[i].of, .ndim = 1, .shape = {3}};
        struct array a = {.dtype = rows[i].is, .ndim = 1, .shape = {3}, .count = 3};
        cr_assert(tensor_matches(&t, &a));
        a.shape[0] = 4;
        cr_assert(!tensor_matches(&t, &a));
        a.shape[0] = 3;
        a.dtype = rows[(i + 1) % 5].is;
        cr_assert(!tensor_matches(&t, &a));
    }
}

Test(gate_tensor, poison_is_finite_so_that_an_expected_nan_does_not_hide_it) {
    double d;
    float f;
    struct gradcheck_tensor td = GRADCHECK_INPUT("d", &d, NULL);
    struct gradcheck_tensor tf = GRADCHECK_INPUT("f", &f, NULL);
    tensor_fill(&td, &d, TENSOR_POISON);
    tensor_fill(&tf, &f, TENSOR_POISON);
    cr_assert(d > 1e100 && d < 1e300);
    cr_assert(f > 1e15F && f < 1e30F);
}
