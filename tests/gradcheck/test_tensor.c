// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/engine.h"

enum { ROOM = 64 };

/* Shapes and strides, and where element `flat` lies, by counting axis by axis. */
static const struct layout {
    size_t ndim, shape[4], strides[4];
    bool packed;
    size_t count, last; /* last: offset of the last element */
} LAYOUTS[] = {
    {0, {0}, {0}, true, 1, 0},
    {1, {5}, {0}, true, 5, 4},
    {1, {5}, {1}, true, 5, 4},
    {1, {5}, {3}, false, 5, 12},
    {2, {3, 4}, {0}, true, 12, 11},
    {2, {3, 4}, {4, 1}, true, 12, 11},
    {2, {3, 4}, {5, 1}, false, 12, 13},
    {2, {3, 4}, {1, 3}, false, 12, 11}, /* transposed: no gap, another order */
    {2, {3, 4}, {10, 2}, false, 12, 26},
    {3, {2, 3, 2}, {20, 5, 2}, false, 12, 32},
    {4, {2, 2, 2, 2}, {30, 12, 5, 2}, false, 16, 49},
    {4, {2, 2, 2, 2}, {2, 5, 12, 30}, false, 16, 49},
    {4, {2, 2, 2, 2}, {12, 30, 2, 5}, false, 16, 49},
    {3, {2, 2, 3}, {2, 30, 5}, false, 12, 42},
};
enum { N_LAYOUTS = sizeof LAYOUTS / sizeof LAYOUTS[0] };

static struct gradcheck_tensor tensor_of(const struct layout *l, enum gradcheck_dtype dtype) {
    struct gradcheck_tensor t = {.name = "t", .dtype = dtype, .ndim = l->ndim};
    memcpy(t.shape, l->shape, sizeof t.shape);
    memcpy(t.strides, l->strides, sizeof t.strides);
    return t;
}

/* The offset of an index, the plain way. */
static size_t offset_of(const struct layout *l, const size_t index[]) {
    size_t at = 0, packed = 0;
    bool given = false;
    for (size_t axis = 0; axis < l->ndim; axis++) {
        at += index[axis] * l->strides[axis];
        packed = packed * l->shape[axis] + index[axis];
        given = given || l->strides[axis] != 0;
    }
    return given ? at : packed;
}

Test(gradcheck_tensor, places_follow_shape_and_strides) {
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        const struct layout *l = &LAYOUTS[i];
        struct gradcheck_tensor t = tensor_of(l, GRADCHECK_F64);
        cr_expect_eq(gc_tensor_count(&t), l->count, "layout %zu", i);
        cr_expect_eq(gc_tensor_packed(&t), l->packed, "layout %zu", i);
        cr_expect_eq(gc_tensor_extent(&t), 8 * (l->last + 1), "layout %zu", i);
        for (size_t flat = 0; flat < l->count; flat++) {
            size_t index[4] = {0}, again = 0;
            gc_tensor_index(&t, flat, index);
            for (size_t axis = 0; axis < l->ndim; axis++) {
                cr_assert_lt(index[axis], l->shape[axis]);
                again = again * l->shape[axis] + index[axis];
            }
            cr_expect_eq(again, flat, "layout %zu, element %zu", i, flat);
            cr_expect_eq(gc_tensor_offset(&t, flat), offset_of(l, index), "layout %zu, %zu", i,
                         flat);
        }
    }
}

static bool in_use(const struct gradcheck_tensor *t, size_t at) {
    for (size_t flat = 0; flat < gc_tensor_count(t); flat++) {
        if (gc_tensor_offset(t, flat) == at) {
            return true;
        }
    }
    return false;
}

/* What is written is read again, whole or one by one, and nothing between is touched. */
static void check_round_trip(size_t i, enum gradcheck_dtype dtype) {
    struct gradcheck_tensor t = tensor_of(&LAYOUTS[i], dtype);
    size_t n = gc_tensor_count(&t), size = gc_dtype_size(dtype);
    double buffer[ROOM], in[ROOM], out[ROOM];
    unsigned char before[ROOM * 8], raw[ROOM * 8];
    memset(buffer, 0x5a, sizeof buffer);
    memcpy(before, buffer, sizeof before);
    for (size_t e = 0; e < n; e++) {
        in[e] = 1.5 + (double)e;
    }
    gc_tensor_write(&t, buffer, in);
    gc_tensor_read(&t, buffer, out);
    cr_expect_eq(memcmp(in, out, n * sizeof in[0]), 0, "layout %zu", i);
    for (size_t at = 0; at < ROOM * 8 / size; at++) {
        bool same = memcmp((unsigned char *)buffer + at * size, before + at * size, size) == 0;
        cr_expect_eq(same, !in_use(&t, at), "layout %zu, place %zu", i, at);
    }
    memset(raw, 0x77, sizeof raw);
    gc_tensor_save(&t, buffer, raw);
    cr_expect(raw[n * size] == 0x77, "layout %zu: saved past its end", i);
    for (size_t e = 0; e < n; e++) {
        cr_expect(gc_tensor_get(&t, buffer, e) == in[e], "layout %zu, element %zu", i, e);
        gc_tensor_put(&t, buffer, e, -in[e]);
        cr_expect(gc_tensor_get(&t, buffer, e) == -in[e], "layout %zu, element %zu", i, e);
    }
    gc_tensor_restore(&t, buffer, raw);
    gc_tensor_read(&t, buffer, out);
    cr_expect_eq(memcmp(in, out, n * sizeof in[0]), 0, "layout %zu", i);
    gc_tensor_fill(&t, buffer, 7);
    for (size_t e = 0; e < n; e++) {
        cr_expect(gc_tensor_get(&t, buffer, e) == 7, "layout %zu, element %zu", i, e);
    }
    for (size_t at = 0; at < ROOM * 8 / size; at++) {
        cr_expect(in_use(&t, at) ||
                  memcmp((unsigned char *)buffer + at * size, before + at * size, size) == 0);
    }
}

Test(gradcheck_tensor, what_is_written_is_read_and_padding_stays) {
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        check_round_trip(i, GRADCHECK_F64);
        check_round_trip(i, GRADCHECK_F32);
    }
}

Test(gradcheck_tensor, integers_are_saved_and_restored) {
    static const struct {
        enum gradcheck_dtype dtype;
        size_t size;
    } sizes[] = {{GRADCHECK_I64, 8}, {GRADCHECK_I32, 4}, {GRADCHECK_U8, 1}};
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        for (size_t d = 0; d < 3; d++) {
            struct gradcheck_tensor t = tensor_of(&LAYOUTS[i], sizes[d].dtype);
            unsigned char buffer[ROOM * 8], before[ROOM * 8], raw[ROOM * 8] = {0};
            for (size_t b = 0; b < sizeof buffer; b++) {
                before[b] = buffer[b] = (unsigned char)(b * 7);
            }
            cr_expect_eq(gc_dtype_size(t.dtype), sizes[d].size);
            cr_expect_not(gc_is_float(t.dtype));
            gc_tensor_save(&t, buffer, raw);
            for (size_t e = 0; e < gc_tensor_count(&t); e++) {
                memset(buffer + gc_tensor_offset(&t, e) * sizes[d].size, 0, sizes[d].size);
            }
            gc_tensor_restore(&t, buffer, raw);
            cr_expect_eq(memcmp(buffer, before, sizeof buffer), 0, "layout %zu", i);
        }
    }
}

/* Every byte between the elements counts, and no byte of an element or past the last. */
Test(gradcheck_tensor, the_hash_of_the_padding_sees_each_of_its_bytes_and_no_other) {
    for (size_t i = 0; i < N_LAYOUTS; i++) {
        struct gradcheck_tensor t = tensor_of(&LAYOUTS[i], i % 2 ? GRADCHECK_F32 : GRADCHECK_F64);
        size_t size = gc_dtype_size(t.dtype);
        unsigned char buffer[ROOM * 8] = {0};
        uint64_t before = gc_padding_hash(&t, buffer);
        for (size_t b = 0; b < sizeof buffer; b++) {
            buffer[b] = 1;
            bool padding = b < gc_tensor_extent(&t) && !in_use(&t, b / size);
            cr_expect_eq(gc_padding_hash(&t, buffer) != before, padding, "layout %zu, byte %zu", i,
                         b);
            buffer[b] = 0;
        }
    }
    struct gradcheck_tensor t = tensor_of(&LAYOUTS[6], GRADCHECK_F64);
    (void)gc_padding_hash(&t, NULL);
}

Test(gradcheck_tensor, buffers_overlap_when_a_byte_is_in_both) {
    double memory[32] = {0};
    struct gradcheck_tensor four = {.dtype = GRADCHECK_F64, .ndim = 1, .shape = {4}};
    struct gradcheck_tensor wide = {
        .dtype = GRADCHECK_F64, .ndim = 1, .shape = {2}, .strides = {6}};
    cr_expect(gc_overlap(&four, memory, &four, memory));
    cr_expect(gc_overlap(&four, memory, &four, memory + 3));
    cr_expect(gc_overlap(&four, memory + 3, &four, memory));
    cr_expect_not(gc_overlap(&four, memory, &four, memory + 4));
    cr_expect_not(gc_overlap(&four, memory + 4, &four, memory));
    cr_expect(gc_overlap(&wide, memory, &four, memory + 6));
    cr_expect_not(gc_overlap(&wide, memory, &four, memory + 7));
    cr_expect_not(gc_overlap(&four, NULL, &four, memory));
    cr_expect_not(gc_overlap(&four, memory, &four, NULL));
    four.shape[0] = SIZE_MAX / 16; /* from 0 on, it would reach everything */
    cr_expect_not(gc_overlap(&four, NULL, &four, memory));
    cr_expect_not(gc_overlap(&four, memory, &four, NULL));
}

Test(gradcheck_tensor, knows_the_numbers_of_each_format) {
    cr_expect(gc_is_float(GRADCHECK_F64) && gc_is_float(GRADCHECK_F32));
    cr_expect_eq(gc_dtype_size(GRADCHECK_F64), 8u);
    cr_expect_eq(gc_dtype_size(GRADCHECK_F32), 4u);
    cr_expect_eq(gc_dtype_size((enum gradcheck_dtype)99), 0u);
    cr_expect(gc_dtype_epsilon(GRADCHECK_F64) == nextafter(1, 2) - 1);
    cr_expect(gc_dtype_epsilon(GRADCHECK_F32) == (double)(nextafterf(1, 2) - 1));
    cr_expect(gc_dtype_tiny(GRADCHECK_F64) == nextafter(0, 1));
    cr_expect(gc_dtype_tiny(GRADCHECK_F32) == (double)nextafterf(0, 1));
    static const struct {
        double value, f32;
    } rounded[] = {
        {0.1, (double)0.1F}, {1 + 0x1p-24, 1},   {1e39, FLT_MAX}, {-1e39, -FLT_MAX},
        {1e-60, 0},          {FLT_MAX, FLT_MAX}, {-0.0, 0},
    };
    for (size_t i = 0; i < sizeof rounded / sizeof rounded[0]; i++) {
        cr_expect(gc_dtype_round(GRADCHECK_F64, rounded[i].value) == rounded[i].value);
        cr_expect(gc_dtype_round(GRADCHECK_F32, rounded[i].value) == rounded[i].f32, "%g",
                  rounded[i].value);
    }
}

Test(gradcheck_tensor, same_bits_tells_zeros_apart_and_not_nans) {
    cr_expect(gc_same_bits(1, 1) && gc_same_bits(-0.0, -0.0) && gc_same_bits(NAN, NAN));
    cr_expect(gc_same_bits(NAN, -NAN) && gc_same_bits(INFINITY, INFINITY));
    cr_expect_not(gc_same_bits(0.0, -0.0) || gc_same_bits(-0.0, 0.0));
    cr_expect_not(gc_same_bits(1, nextafter(1, 2)) || gc_same_bits(NAN, 1) || gc_same_bits(1, NAN));
    cr_expect_not(gc_same_bits(1, -1) || gc_same_bits(INFINITY, -INFINITY));
}

Test(gradcheck_tensor, a_place_reads_as_in_c_and_is_cut_to_size) {
    struct gradcheck_place place = {.tensor = "w", .ndim = 3, .index = {1, 20, 3}};
    char text[32];
    gc_place_text(&place, text, sizeof text);
    cr_expect_str_eq(text, "w[1, 20, 3]");
    place.ndim = 1;
    gc_place_text(&place, text, sizeof text);
    cr_expect_str_eq(text, "w[1]");
    place.ndim = 0;
    gc_place_text(&place, text, sizeof text);
    cr_expect_str_eq(text, "w");
    place.ndim = 3;
    for (size_t size = 1; size <= sizeof "w[1, 20, 3]"; size++) {
        memset(text, 'x', sizeof text);
        gc_place_text(&place, text, size);
        cr_expect_lt(strlen(text), size);
        cr_expect(text[size] == 'x' && strncmp(text, "w[1, 20, 3]", size - 1) == 0, "%zu: %s", size,
                  text);
    }
}
