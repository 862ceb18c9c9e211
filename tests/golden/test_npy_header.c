// SPDX-License-Identifier: MIT
/* A corpus of damaged and exotic .npy headers. Each row says what is wrong and at which text of the
 * header the error must point. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *header;
    enum golden_status status;
    const char *at;    /* the header's text that the offset must point at */
    const char *field; /* NULL: header */
};

static const struct row damaged[] = {
    /* the literal */
    {"\n", GOLDEN_NPY_HEADER_SYNTAX, "\n", NULL},
    {" {'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_HEADER_SYNTAX, " {",
     NULL},
    {"['descr', '<f8']\n", GOLDEN_NPY_HEADER_SYNTAX, "[", NULL},
    {"{'descr': '<f8' 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_HEADER_SYNTAX,
     "'fortran_order'", NULL},
    {"{'descr' '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_HEADER_SYNTAX,
     "'<f8'", "descr"},
    {"{,'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_HEADER_SYNTAX, ",",
     NULL},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,),, }\n", GOLDEN_NPY_HEADER_SYNTAX,
     ", }", NULL},
    {"{descr: '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_HEADER_SYNTAX, "descr",
     NULL},
    {"{'descr: \"<f8\"", GOLDEN_NPY_HEADER_SYNTAX, "'descr", NULL},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), ", GOLDEN_NPY_HEADER_SYNTAX, "",
     NULL},
    {"{'descr': '<f8', 'shape': (3,), 'fortran_order': False", GOLDEN_NPY_HEADER_SYNTAX, "", NULL},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", GOLDEN_NPY_HEADER_END, "", NULL},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } x\n", GOLDEN_NPY_HEADER_END, "x",
     NULL},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n\n", GOLDEN_NPY_HEADER_END, "\n",
     NULL},
    /* keys */
    {"{}\n", GOLDEN_NPY_KEY_MISSING, "}", "descr"},
    {"{'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_KEY_MISSING, "}", "descr"},
    {"{'descr': '<f8', 'shape': (3,), }\n", GOLDEN_NPY_KEY_MISSING, "}", "fortran_order"},
    {"{'descr': '<f8', 'fortran_order': False, }\n", GOLDEN_NPY_KEY_MISSING, "}", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'x': 1, }\n", GOLDEN_NPY_KEY_UNKNOWN,
     "'x'", NULL},
    {"{'Descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_KEY_UNKNOWN,
     "'Descr'", NULL},
    {"{'de scr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_KEY_UNKNOWN,
     "'de scr'", NULL},
    {"{'shap': (3,), 'descr': '<f8', 'fortran_order': False, }\n", GOLDEN_NPY_KEY_UNKNOWN, "'shap'",
     NULL},
    {"{'descr': '<f8', 'shape': (3,), 'fortran_order': False, \"shape\": (3,), }\n",
     GOLDEN_NPY_KEY_TWICE, "\"shape\"", "shape"},
    /* descr */
    {"{'descr': '>f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR_BIG_ENDIAN,
     "'>f8'", "descr"},
    {"{'descr': '>i4', 'fortran_order': False, 'shape': (6,), }\n", GOLDEN_NPY_DESCR_BIG_ENDIAN,
     "'>i4'", "descr"},
    {"{'descr': '>', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR_BIG_ENDIAN,
     "'>'", "descr"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR_OBJECT, "'|O'",
     "descr"},
    {"{'descr': 'O', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR_OBJECT, "'O'",
     "descr"},
    {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }\n",
     GOLDEN_NPY_DESCR_STRUCTURED, "[", "descr"},
    {"{'descr': ('<f8', (3,)), 'fortran_order': False, 'shape': (), }\n",
     GOLDEN_NPY_DESCR_STRUCTURED, "('<f8'", "descr"},
    {"{'descr': '<f2', 'fortran_order': False, 'shape': (12,), }\n", GOLDEN_NPY_DESCR, "'<f2'",
     "descr"},
    {"{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'<c16'",
     "descr"},
    {"{'descr': '|b1', 'fortran_order': False, 'shape': (24,), }\n", GOLDEN_NPY_DESCR, "'|b1'",
     "descr"},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (24,), }\n", GOLDEN_NPY_DESCR, "'|i1'",
     "descr"},
    {"{'descr': '<u8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'<u8'",
     "descr"},
    {"{'descr': '=f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'=f8'",
     "descr"},
    {"{'descr': 'f8', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'f8'",
     "descr"},
    {"{'descr': '<f80', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'<f80'",
     "descr"},
    {"{'descr': '<f', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'<f'",
     "descr"},
    {"{'descr': '', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "''", "descr"},
    {"{'descr': '<\\x668', 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR,
     "'<\\x668'", "descr"},
    {"{'descr': <f8, 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "<f8", "descr"},
    {"{'descr': '<f8\", 'fortran_order': False, 'shape': (3,), }\n", GOLDEN_NPY_DESCR, "'<f8\"",
     "descr"},
    /* fortran_order */
    {"{'descr': '<f8', 'fortran_order': True, 'shape': (3, 1), }\n", GOLDEN_NPY_FORTRAN, "True",
     "fortran_order"},
    {"{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }\n", GOLDEN_NPY_FORTRAN_SYNTAX, "0,",
     "fortran_order"},
    {"{'descr': '<f8', 'fortran_order': false, 'shape': (3,), }\n", GOLDEN_NPY_FORTRAN_SYNTAX,
     "false", "fortran_order"},
    {"{'descr': '<f8', 'shape': (3, 1), 'fortran_order': True", GOLDEN_NPY_FORTRAN, "True",
     "fortran_order"},
    /* shape */
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }\n", GOLDEN_NPY_SHAPE_NEGATIVE,
     "-3", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -3), }\n", GOLDEN_NPY_SHAPE_NEGATIVE,
     "-1", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': 3, }\n", GOLDEN_NPY_SHAPE_SYNTAX, "3, }",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "), }",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': [3], }\n", GOLDEN_NPY_SHAPE_SYNTAX, "[3]",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, ",),",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3 1), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "1),",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3.0,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, ".0",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3L,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "L,",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (0x3,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "x3",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (03,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "03",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (+3,), }\n", GOLDEN_NPY_SHAPE_SYNTAX, "+3",
     "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (None,), }\n", GOLDEN_NPY_SHAPE_SYNTAX,
     "None", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,", GOLDEN_NPY_SHAPE_SYNTAX, "", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 3), }\n",
     GOLDEN_NPY_SHAPE_DIMS, "3), }", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,), }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "18446744073709551616", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999999999,), }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "99999", "shape"},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615,), }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "(18446744073709551615", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "(2305843009213693952", "shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "(4294967296", "shape"},
    {"{'descr': '<f8', 'shape': (4294967296, 0, 4294967296), 'fortran_order': False, }\n",
     GOLDEN_NPY_SHAPE_OVERFLOW, "(4294967296", "shape"},
};

static void expect_error(const struct bytes *b, enum golden_status expected, size_t offset,
                         const char *field, const char *label) {
    static const struct golden_npy_header none;
    struct golden_error error = dirty_error();
    struct golden_npy_header header;
    struct array a;
    memset(&header, 0x55, sizeof header);
    enum golden_status status = golden_npy_parse(b->data, b->size, b->size, &header, &error);
    EXPECT_STATUS(status, expected, label);
    cr_expect_eq(error.code, status, "%s", label);
    cr_expect_eq(error.offset, (int64_t)offset, "%s: byte %lld, not %zu", label,
                 (long long)error.offset, offset);
    cr_expect_str_eq(error.field, field, "%s: %s", label, error.field);
    cr_expect(header.major == 0 && header.dtype == none.dtype && header.ndim == 0 &&
                  memcmp(header.shape, none.shape, sizeof none.shape) == 0 && header.count == 0 &&
                  header.data_offset == 0 && header.data_size == 0,
              "%s: the header must be all zero", label);
    cr_expect_eq(golden_npy_decode(b->data, b->size, &a, NULL), expected, "%s", label);
    cr_expect_null(a.data, "%s", label);
}

Test(golden_npy_header, refuses_every_damaged_header_and_points_at_the_byte) {
    static const unsigned char data[24] = {0};
    cr_assert_geq(sizeof damaged / sizeof damaged[0], 40u);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        const struct row *row = &damaged[i];
        for (unsigned major = 1; major <= 3; major++) {
            struct bytes b = npy_bytes(major, row->header, data, sizeof data);
            const char *at = row->at[0] == '\0' ? row->header + strlen(row->header)
                                                : strstr(row->header, row->at);
            cr_assert_not_null(at, "%s", row->header);
            /* of two line feeds it is the second that is too much */
            at += row->status == GOLDEN_NPY_HEADER_END && strcmp(at, "\n\n") == 0;
            size_t offset = (major == 1 ? 10 : 12) + (size_t)(at - row->header);
            expect_error(&b, row->status, offset, row->field != NULL ? row->field : "header",
                         row->header);
            bytes_free(&b);
        }
    }
}

Test(golden_npy_header, refuses_a_header_with_a_null_byte) {
    struct bytes b = npy_three();
    b.data[12] = '\0';
    expect_error(&b, GOLDEN_NPY_HEADER_SYNTAX, 11, "header", "NUL in a key");
    bytes_free(&b);
}

/* Not with the data that come after it. */
Test(golden_npy_header, ends_before_a_word_that_the_data_would_complete) {
    struct bytes b = npy_bytes(1, "{'descr': '|u1', 'shape': (2,), 'fortran_order': Fal", "se", 2);
    expect_error(&b, GOLDEN_NPY_FORTRAN_SYNTAX, b.size - 5, "fortran_order", "Fal");
    bytes_free(&b);
}

Test(golden_npy_header, refuses_another_magic_and_points_at_the_first_wrong_byte) {
    for (size_t i = 0; i < 6; i++) {
        struct bytes b = npy_three();
        b.data[i] ^= 0x20;
        expect_error(&b, GOLDEN_NPY_MAGIC, i, "magic", "magic");
        bytes_free(&b);
    }
    struct bytes zip = bytes_of("PK\3\4", 4);
    expect_error(&zip, GOLDEN_NPY_MAGIC, 0, "magic", "a zip archive");
    bytes_free(&zip);
}

Test(golden_npy_header, knows_three_versions_and_no_other) {
    for (unsigned major = 0; major < 256; major++) {
        for (unsigned minor = 0; minor < 3; minor++) {
            if (minor > 0 || major == 0 || major > 3) {
                struct bytes b = npy_three();
                b.data[6] = (unsigned char)major;
                b.data[7] = (unsigned char)minor;
                expect_error(&b, GOLDEN_NPY_VERSION, 6, "version", "version");
                bytes_free(&b);
            }
        }
    }
}

/* npy_array reads it through a signed char: 200 would be -56. */
Test(golden_npy_header, reads_its_length_as_unsigned) {
    char header[300];
    for (size_t length = 60; length < sizeof header; length++) {
        static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
        memset(header, ' ', sizeof header);
        memcpy(header, text, sizeof text - 1);
        header[length - 1] = '\n';
        header[length] = '\0';
        struct bytes b = npy_bytes(1, header, "\x2a", 1);
        struct array a;
        EXPECT_STATUS(golden_npy_decode(b.data, b.size, &a, NULL), GOLDEN_OK, "length");
        cr_expect_eq(array_get(&a, 0), 42);
        array_free(&a);
        bytes_free(&b);
    }
}

Test(golden_npy_header, rejects_a_header_longer_than_the_file) {
    struct bytes b = npy_three();
    size_t length = b.size - 10;
    const size_t lengths[] = {length + 1, length + 200, 0x7fff, 0x8000, 0xffff};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        b.data[8] = (unsigned char)(lengths[i] & 0xff);
        b.data[9] = (unsigned char)(lengths[i] >> 8);
        expect_error(&b, GOLDEN_NPY_HEADER_BEYOND_FILE, 8, "header length", "too long");
    }
    bytes_free(&b);
    b = npy_bytes(2, "{}\n", "", 0);
    memset(b.data + 8, 0xff, 4);
    expect_error(&b, GOLDEN_NPY_HEADER_BEYOND_FILE, 8, "header length", "2^32 - 1");
    bytes_free(&b);
}

Test(golden_npy_header, rejects_a_header_longer_than_any_that_makes_sense) {
    static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }";
    static char header[GOLDEN_MAX_HEADER + 2];
    struct golden_npy_header h;
    memset(header, ' ', sizeof header - 1);
    memcpy(header, text, sizeof text - 1);
    header[GOLDEN_MAX_HEADER] = '\n';
    struct bytes b = npy_bytes(2, header, "", 0);
    expect_error(&b, GOLDEN_NPY_HEADER_TOO_LONG, 8, "header length", "one byte too long");
    bytes_free(&b);
    header[GOLDEN_MAX_HEADER - 1] = '\n';
    header[GOLDEN_MAX_HEADER] = '\0';
    b = npy_bytes(2, header, "", 0);
    EXPECT_STATUS(golden_npy_parse(b.data, b.size, b.size, &h, NULL), GOLDEN_OK, "the longest");
    cr_expect_eq(h.data_offset, 12u + GOLDEN_MAX_HEADER);
    bytes_free(&b);
}

Test(golden_npy_header, counts_the_data_exactly) {
    struct bytes b = npy_three();
    b.size--;
    expect_error(&b, GOLDEN_NPY_DATA_TRUNCATED, b.size, "data", "one byte short");
    b.size++;
    bytes_append(&b, "", 1);
    expect_error(&b, GOLDEN_NPY_TRAILING_BYTES, b.size - 1, "data", "one byte too many");
    bytes_free(&b);
    b = npy_bytes(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }\n", "x", 1);
    expect_error(&b, GOLDEN_NPY_TRAILING_BYTES, b.size - 1, "data", "data in an empty array");
    bytes_free(&b);
}

static const struct {
    const char *header;
    enum array_dtype dtype;
    size_t ndim, shape[ARRAY_MAX_DIMS], count;
} right[] = {
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", ARRAY_F64, 0, {0}, 1},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", ARRAY_F32, 1, {3}, 3},
    {"{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }\n", ARRAY_I64, 2, {2, 3}, 6},
    {"{'descr': '<i4', 'fortran_order': False, 'shape': (0, 3), }\n", ARRAY_I32, 2, {0, 3}, 0},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }\n", ARRAY_U8, 1, {0}, 0},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 2, 1, 1, 1, 1), }\n",
     ARRAY_F64,
     8,
     {1, 1, 1, 2, 1, 1, 1, 1},
     2},
    /* what the format allows though NumPy does not write it */
    {"{'shape': (3,), 'fortran_order': False, 'descr': '<f8'}\n", ARRAY_F64, 1, {3}, 3},
    {"{\"descr\":\"<f8\",\"fortran_order\":False,\"shape\":(3,)}\n", ARRAY_F64, 1, {3}, 3},
    {"{ 'descr' : '<f8' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , }   \n",
     ARRAY_F64,
     2,
     {2, 3},
     6},
};

Test(golden_npy_header, reads_every_right_header_in_every_version) {
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        for (unsigned major = 1; major <= 3; major++) {
            unsigned char data[64] = {0};
            struct golden_npy_header h;
            struct golden_error error;
            size_t size = right[i].count * array_dtype_size(right[i].dtype);
            struct bytes b = npy_bytes(major, right[i].header, data, size);
            EXPECT_STATUS(golden_npy_parse(b.data, b.size, b.size, &h, &error), GOLDEN_OK,
                          right[i].header);
            cr_expect(error.code == GOLDEN_OK && error.offset == -1 && error.text != NULL);
            cr_expect(h.major == major && h.dtype == right[i].dtype && h.ndim == right[i].ndim &&
                          h.count == right[i].count && h.data_size == size &&
                          h.data_offset == b.size - size &&
                          memcmp(h.shape, right[i].shape, sizeof h.shape) == 0,
                      "%s", right[i].header);
            bytes_free(&b);
        }
    }
}

/* The start of a file is enough for its header: what a member of an archive or a mapped file needs.
 */
Test(golden_npy_header, needs_only_the_start_of_the_file) {
    struct bytes b = npy_three();
    struct golden_npy_header h;
    cr_expect_eq(golden_npy_parse(b.data, b.size - 24, b.size, &h, NULL), GOLDEN_OK);
    cr_expect_eq(h.data_offset, b.size - 24);
    cr_expect_eq(golden_npy_parse(b.data, b.size - 25, b.size, &h, NULL),
                 GOLDEN_NPY_HEADER_TOO_LONG);
    cr_expect_eq(golden_npy_parse(b.data, b.size, 9, &h, NULL), GOLDEN_NPY_PREAMBLE);
    bytes_free(&b);
}

Test(golden_npy_header, names_what_is_cut_before_it_begins) {
    for (unsigned major = 1; major <= 3; major++) {
        struct bytes b = npy_bytes(major, "{}\n", "", 0);
        const size_t start = major == 1 ? 10 : 12;
        for (b.size = 0; b.size < start; b.size++) {
            const char *field = b.size < 6 ? "magic" : b.size < 8 ? "version" : "header length";
            expect_error(&b, GOLDEN_NPY_PREAMBLE, b.size, field, field);
        }
        bytes_free(&b);
    }
}

/* Each copy has a block of its own, so that ASan sees a single byte read too far. */
Test(golden_npy_header, refuses_a_file_cut_at_any_byte) {
    for (unsigned major = 1; major <= 3; major++) {
        static const unsigned char data[24] = {0};
        struct bytes whole = npy_bytes(
            major, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", data, 24);
        for (size_t size = 0; size < whole.size; size++) {
            struct golden_error error;
            unsigned char *exact = malloc(size > 0 ? size : 1);
            cr_assert_not_null(exact);
            memcpy(exact, whole.data, size);
            struct array a;
            enum golden_status status = golden_npy_decode(exact, size, &a, &error);
            cr_expect(status != GOLDEN_OK && a.data == NULL, "cut to %zu bytes", size);
            cr_expect(error.offset >= 0 && error.offset <= (int64_t)size, "cut to %zu: byte %lld",
                      size, (long long)error.offset);
            free(exact);
        }
        bytes_free(&whole);
    }
}

Test(golden_npy_header, survives_every_byte_changed_to_every_value) {
    struct bytes b = npy_three();
    size_t n_read = 0;
    for (size_t i = 0; i < b.size; i++) {
        unsigned char kept = b.data[i];
        for (unsigned value = 0; value < 256; value++) {
            struct array a;
            b.data[i] = (unsigned char)value;
            if (golden_npy_decode(b.data, b.size, &a, NULL) == GOLDEN_OK) {
                cr_expect_eq(a.count * array_dtype_size(a.dtype), 24u);
                n_read++;
            }
            array_free(&a);
        }
        b.data[i] = kept;
    }
    /* All of the data's values are right, and few of the header's. */
    cr_expect(n_read >= 24u * 256 && n_read < 24u * 256 + 256, "%zu", n_read);
    bytes_free(&b);
}

Test(golden_npy_header, refuses_null) {
    struct golden_npy_header h;
    struct array a;
    struct golden_error error = dirty_error();
    cr_expect_eq(golden_npy_parse(NULL, 0, 0, &h, &error), GOLDEN_NULL);
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    cr_expect_eq(golden_npy_parse((const unsigned char *)"", 0, 0, NULL, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npy_decode(NULL, 0, &a, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npy_decode((const unsigned char *)"", 0, NULL, NULL), GOLDEN_NULL);
}
