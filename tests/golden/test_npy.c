// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

TestSuite(golden_npy, .init = folder_create, .fini = folder_remove);

static const double values[] = {0.0, -0.0, 1.5, -2.0, NAN, INFINITY};

static void expect_same(const struct array *a, const struct array *b, const char *label) {
    cr_expect_eq(a->dtype, b->dtype, "%s", label);
    cr_expect(array_same_shape(a, b), "%s", label);
    cr_expect_eq(memcmp(a->data, b->data, a->count * array_dtype_size(a->dtype)), 0, "%s", label);
}

Test(golden_npy, reads_back_every_dtype_and_shape_that_it_wrote) {
    static const struct {
        size_t ndim, shape[ARRAY_MAX_DIMS];
    } shapes[] = {{0, {0}},    {1, {6}},       {1, {0}},
                  {2, {2, 3}}, {3, {0, 2, 3}}, {8, {1, 1, 2, 1, 3, 1, 1, 1}}};
    for (int dtype = ARRAY_F64; dtype <= ARRAY_U8; dtype++) {
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            struct array a =
                array_from((enum array_dtype)dtype, shapes[i].ndim, shapes[i].shape, values);
            struct array b;
            struct golden_error error;
            EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &a, &error), GOLDEN_OK, "write");
            EXPECT_STATUS(golden_npy_read(in_folder("a.npy"), &b, &error), GOLDEN_OK,
                          error_line(&error));
            expect_same(&a, &b, array_dtype_name(a.dtype));
            array_free(&a);
            array_free(&b);
        }
    }
}

Test(golden_npy, writes_little_endian_and_aligned_to_64_bytes) {
    struct array a = vector_of(2, (const double[]){1.0, -2.0});
    cr_assert_eq(golden_npy_write(in_folder("a.npy"), &a, NULL), GOLDEN_OK);
    struct bytes b = read_file(in_folder("a.npy"));
    static const unsigned char data[16] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0};
    cr_assert_eq(b.size, 128u + 16);
    cr_expect_eq(memcmp(b.data + 128, data, 16), 0);
    cr_expect_eq(b.data[127], '\n');
    bytes_free(&b);
    array_free(&a);
}

Test(golden_npy, writes_what_numpy_reads_as_the_same_and_the_same_bytes_for_numpy_1_24) {
    for (int dtype = ARRAY_F64; dtype <= ARRAY_U8; dtype++) {
        char name[32];
        struct array a = array_from((enum array_dtype)dtype, 2, (const size_t[]){2, 3}, values);
        (void)snprintf(name, sizeof name, "%s.npy", array_dtype_numpy(a.dtype));
        cr_assert_eq(golden_npy_write(in_folder(name), &a, NULL), GOLDEN_OK);
        array_free(&a);
    }
    struct array scalar = array_from(ARRAY_F64, 0, NULL, values + 1);
    struct array empty = array_from(ARRAY_F32, 2, (const size_t[]){0, 3}, values);
    cr_assert_eq(golden_npy_write(in_folder("scalar.npy"), &scalar, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npy_write(in_folder("empty.npy"), &empty, NULL), GOLDEN_OK);
    array_free(&scalar);
    array_free(&empty);
    run_python("import io, numpy as np\n"
               "inf, nan = np.inf, np.nan\n"
               "values = [[0.0, -0.0, 1.5], [-2.0, nan, inf]]\n"
               "big = {'int64': 2**63 - 1, 'int32': 2**31 - 1, 'uint8': 255}\n"
               "def same(name, want):\n"
               "    got = np.load(name + '.npy')\n"
               "    assert got.dtype == want.dtype and got.shape == want.shape, (name, got)\n"
               "    assert got.tobytes() == want.tobytes(), (name, got, want)\n"
               "    numpy_bytes = io.BytesIO()\n"
               "    np.save(numpy_bytes, want)\n"
               "    if np.__version__.startswith('1.24.'):\n"
               "        assert open(name + '.npy', 'rb').read() == numpy_bytes.getvalue(), name\n"
               "for name in ('float64', 'float32'):\n"
               "    same(name, np.array(values, dtype=name))\n"
               "for name, most in big.items():\n"
               "    low = 0 if name == 'uint8' else -2\n"
               "    same(name, np.array([[0, 0, 1], [low, 0, most]], dtype=name))\n"
               "same('scalar', np.array(-0.0))\n"
               "same('empty', np.zeros((0, 3), dtype='f4'))\n");
}

Test(golden_npy, reads_what_numpy_wrote) {
    run_python("import numpy as np\n"
               "np.save('f8.npy', np.array([[0.1, -0.0, np.inf], [-np.inf, 5e-324, 1e308]]))\n"
               "np.save('i8.npy', np.array([2**63 - 1, -2**63]))\n"
               "np.save('fortran.npy', np.asfortranarray(np.ones((2, 3))))\n"
               "np.save('big.npy', np.ones(3, dtype='>f8'))\n"
               "np.save('half.npy', np.ones(3, dtype='f2'))\n"
               "np.save('object.npy', np.array([None], dtype=object))\n"
               "np.save('struct.npy', np.zeros(2, dtype=[('a', 'f8'), ('b', 'i4')]))\n"
               "np.save('bool.npy', np.array([True]))\n"
               "for v in (1, 2, 3):\n"
               "    with open(f'v{v}.npy', 'wb') as f:\n"
               "        np.lib.format.write_array(f, np.arange(3.0), version=(v, 0))\n");
    struct array a;
    cr_assert_eq(golden_npy_read(in_folder("f8.npy"), &a, NULL), GOLDEN_OK);
    const double expected[] = {0.1, -0.0, INFINITY, -INFINITY, 5e-324, 1e308};
    cr_assert(a.ndim == 2 && a.shape[0] == 2 && a.shape[1] == 3);
    cr_expect_eq(memcmp(a.data, expected, sizeof expected), 0);
    array_free(&a);
    cr_assert_eq(golden_npy_read(in_folder("i8.npy"), &a, NULL), GOLDEN_OK);
    cr_expect_eq(array_get_int(&a, 0), INT64_MAX);
    cr_expect_eq(array_get_int(&a, 1), INT64_MIN);
    array_free(&a);
    static const struct {
        const char *name;
        enum golden_status status;
    } rows[] = {{"fortran.npy", GOLDEN_NPY_FORTRAN},
                {"big.npy", GOLDEN_NPY_DESCR_BIG_ENDIAN},
                {"half.npy", GOLDEN_NPY_DESCR},
                {"object.npy", GOLDEN_NPY_DESCR_OBJECT},
                {"struct.npy", GOLDEN_NPY_DESCR_STRUCTURED},
                {"bool.npy", GOLDEN_NPY_DESCR},
                {"v1.npy", GOLDEN_OK},
                {"v2.npy", GOLDEN_OK},
                {"v3.npy", GOLDEN_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_STATUS(golden_npy_read(in_folder(rows[i].name), &a, NULL), rows[i].status,
                      rows[i].name);
        array_free(&a);
    }
}

Test(golden_npy, names_the_file_in_an_error) {
    struct array a;
    struct golden_error error;
    EXPECT_STATUS(golden_npy_read(in_folder("none.npy"), &a, &error), GOLDEN_FILE_OPEN, "none");
    cr_expect_eq(error.system_errno, ENOENT);
    cr_expect_str_eq(error.file, in_folder("none.npy"));
    EXPECT_STATUS(golden_npy_read(in_folder(""), &a, &error), GOLDEN_FILE_KIND, "a folder");
    struct bytes b = npy_three();
    b.data[0] = 'x';
    write_file(in_folder("bad.npy"), b);
    bytes_free(&b);
    EXPECT_STATUS(golden_npy_read(in_folder("bad.npy"), &a, &error), GOLDEN_NPY_MAGIC, "magic");
    cr_expect_str_eq(error.file, in_folder("bad.npy"));
    cr_expect_eq(error.offset, 0);
    cr_expect_null(a.data);
}

Test(golden_npy, refuses_a_pipe_at_once) {
    char command[1100];
    (void)snprintf(command, sizeof command, "mkfifo '%s'", in_folder("pipe"));
    cr_assert_eq(system(command), 0);
    struct array a;
    EXPECT_STATUS(golden_npy_read(in_folder("pipe"), &a, NULL), GOLDEN_FILE_KIND, "pipe");
}

Test(golden_npy, leaves_nothing_behind_when_it_cannot_write) {
    struct array a = vector_of(1, values);
    struct golden_error error;
    EXPECT_STATUS(golden_npy_write(in_folder("none/a.npy"), &a, &error), GOLDEN_FILE_WRITE,
                  "folder");
    cr_expect_eq(error.system_errno, ENOENT);
    /* A folder in the way: written, but cannot be renamed. */
    cr_assert_eq(mkdir(in_folder("a.npy"), 0777), 0);
    EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &a, &error), GOLDEN_FILE_WRITE, "rename");
    cr_expect_eq(count_files(), 1u, "the temporary file must be gone");
    array_free(&a);
}

/* A limit on the size of files is the nearest to a full disk that a test can have. */
Test(golden_npy, leaves_the_old_file_when_the_disk_is_full) {
    struct bytes old = bytes_of("old", 3);
    write_file(in_folder("a.npy"), old);
    bytes_free(&old);
    size_t n = 100000;
    struct array a;
    cr_assert_eq(array_create(ARRAY_F64, 1, &n, &a), ARRAY_OK);
    struct rlimit kept;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &kept), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, kept.rlim_max}), 0);
    struct golden_error error;
    enum golden_status status = golden_npy_write(in_folder("a.npy"), &a, &error);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &kept), 0);
    EXPECT_STATUS(status, GOLDEN_FILE_WRITE, "full");
    cr_expect_eq(error.system_errno, EFBIG);
    old = read_file(in_folder("a.npy"));
    cr_expect(old.size == 3 && count_files() == 1);
    bytes_free(&old);
    array_free(&a);
}

Test(golden_npy, replaces_a_file_as_a_whole_or_leaves_it) {
    struct array a = vector_of(1, values);
    struct bytes old = bytes_of("old", 3);
    write_file(in_folder("a.npy"), old);
    bytes_free(&old);
    struct array broken = a;
    broken.count = 7;
    EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &broken, NULL), GOLDEN_ARRAY_SHAPE_DIFFERS,
                  "count");
    old = read_file(in_folder("a.npy"));
    cr_expect(old.size == 3 && memcmp(old.data, "old", 3) == 0);
    bytes_free(&old);
    EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &a, NULL), GOLDEN_OK, "replace");
    old = read_file(in_folder("a.npy"));
    cr_expect_eq(old.size, 128u + 8);
    bytes_free(&old);
    cr_expect_eq(count_files(), 1u);
    array_free(&a);
}

Test(golden_npy, refuses_to_write_what_is_no_array) {
    double value = 1;
    const struct {
        struct array a;
        enum golden_status status;
        const char *field;
    } rows[] = {
        {{.dtype = (enum array_dtype)9, .count = 1, .data = &value}, GOLDEN_NPY_DESCR, "descr"},
        {{.ndim = 9, .count = 1, .data = &value}, GOLDEN_NPY_SHAPE_DIMS, "shape"},
        {{.ndim = 1, .shape = {SIZE_MAX}, .count = 1, .data = &value},
         GOLDEN_NPY_SHAPE_OVERFLOW,
         "shape"},
        {{.ndim = 1, .shape = {2}, .count = 1, .data = &value},
         GOLDEN_ARRAY_SHAPE_DIFFERS,
         "count"},
        {{.ndim = 2, .shape = {SIZE_MAX / 2, 3}, .count = 1, .data = &value},
         GOLDEN_NPY_SHAPE_OVERFLOW,
         "shape"},
        {{.ndim = 1, .shape = {1}, .count = 1, .data = NULL}, GOLDEN_NULL, "data"},
        {{.count = 1}, GOLDEN_NULL, "data"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct golden_error error = dirty_error();
        EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &rows[i].a, &error), rows[i].status,
                      rows[i].field);
        expect_bare_error(&error, rows[i].status, 0, in_folder("a.npy"), rows[i].field);
        EXPECT_STATUS(golden_npy_write(in_folder("a.npy"), &rows[i].a, NULL), rows[i].status,
                      rows[i].field);
    }
    cr_expect_eq(count_files(), 0u);
}

/* ---- what is not given ---- */

static enum golden_status write_nowhere(struct golden_error *error) {
    double value = 1;
    return golden_npy_write(NULL, &(struct array){.count = 1, .data = &value}, error);
}

static enum golden_status write_nothing(struct golden_error *error) {
    return golden_npy_write(in_folder("a.npy"), NULL, error);
}

static enum golden_status read_nothing(struct golden_error *error) {
    return golden_npy_read(NULL, &(struct array){0}, error);
}

static enum golden_status read_nowhere(struct golden_error *error) {
    return golden_npy_read(in_folder("a.npy"), NULL, error);
}

static enum golden_status decode_nothing(struct golden_error *error) {
    return golden_npy_decode(NULL, 64, &(struct array){0}, error);
}

static enum golden_status decode_nowhere(struct golden_error *error) {
    struct bytes b = npy_three();
    enum golden_status status = golden_npy_decode(b.data, b.size, NULL, error);
    bytes_free(&b);
    return status;
}

Test(golden_npy, misses_what_it_is_not_given) {
    enum golden_status (*const calls[])(struct golden_error *) = {
        write_nowhere, write_nothing, read_nothing, read_nowhere, decode_nothing, decode_nowhere};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct golden_error error = dirty_error();
        cr_expect_eq(calls[i](&error), GOLDEN_NULL, "call %zu", i);
        expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
        cr_expect_eq(calls[i](NULL), GOLDEN_NULL, "call %zu", i);
    }
    cr_expect_eq(count_files(), 0u);
}

static void expect_zero(const struct array *a, const char *label) {
    cr_expect(a->dtype == (enum array_dtype)0 && a->ndim == 0 && a->count == 0 && a->data == NULL,
              "%s: %s", label, array_dtype_name(a->dtype));
    for (size_t i = 0; i < ARRAY_MAX_DIMS; i++) {
        cr_expect_eq(a->shape[i], 0u, "%s: axis %zu", label, i);
    }
}

Test(golden_npy, leaves_an_array_of_zeros_when_it_cannot_read) {
    struct array a;
    struct bytes b = npy_three();
    memset(&a, 0x55, sizeof a);
    EXPECT_STATUS(golden_npy_decode(b.data, b.size - 1, &a, NULL), GOLDEN_NPY_DATA_TRUNCATED,
                  "bytes");
    expect_zero(&a, "bytes");
    memset(&a, 0x55, sizeof a);
    EXPECT_STATUS(golden_npy_read(in_folder("none.npy"), &a, NULL), GOLDEN_FILE_OPEN, "no file");
    expect_zero(&a, "no file");
    bytes_free(&b);
}
