// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* setenv */
/* Archives made by hand, by NumPy and by the library itself, right and damaged. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_npz, .init = folder_create, .fini = folder_remove);

static void expect_error(struct bytes zip, enum golden_status expected, const char *member,
                         const char *label) {
    struct golden_npz npz;
    struct golden_error error;
    EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), expected, label);
    cr_expect_eq(error.code, expected, "%s", label);
    cr_expect_str_eq(error.member, member, "%s: \"%s\"", label, error.member);
    cr_expect(npz.members == NULL && npz.n_members == 0, "%s: must be all zero", label);
}

/* ---- right ones ---- */

Test(golden_npz, reads_stored_and_deflated_members) {
    struct bytes three = npy_three();
    struct bytes packed = deflated(three);
    const struct zip_entry entries[] = {
        {.name = "case-1/x.npy", .content = three},
        {.name = "case-1/y.exact.npy",
         .content = packed,
         .method = 8,
         .size = three.size,
         .crc_xor = crc32_of(three.data, three.size)},
    };
    struct bytes zip = zip_bytes(entries, 2);
    struct golden_npz npz;
    struct golden_error error;
    EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), GOLDEN_OK,
                  error_line(&error));
    cr_assert_eq(npz.n_members, 2u);
    cr_expect_str_eq(npz.members[0].name, "case-1/x");
    cr_expect_str_eq(npz.members[1].name, "case-1/y.exact");
    for (size_t i = 0; i < 2; i++) {
        const struct array *a = golden_npz_find(&npz, npz.members[i].name);
        cr_assert_eq(a, &npz.members[i].array);
        cr_expect(a->count == 3 && array_get(a, 0) == 1 && array_get(a, 2) == 3);
    }
    cr_expect_null(golden_npz_find(&npz, "case-1/x.npy"));
    cr_expect_null(golden_npz_find(&npz, NULL));
    cr_expect_null(golden_npz_find(NULL, "x"));
    golden_npz_free(&npz);
    golden_npz_free(&npz);
    golden_npz_free(NULL);
    bytes_free(&zip);
    bytes_free(&packed);
    bytes_free(&three);
}

Test(golden_npz, reads_what_numpy_wrote) {
    run_python("import numpy as np\n"
               "arrays = {'a/x': np.arange(6.0).reshape(2, 3), 'a/n': np.array(7),\n"
               "          'b/y.exact': np.float32([0.1, -0.0]), 'b/e': np.zeros((0, 3), 'u1'),\n"
               "          'b/large': np.arange(20000.0)}\n"
               "np.savez('stored.npz', **arrays)\n"
               "np.savez_compressed('deflated.npz', **arrays)\n");
    static const char *const files[] = {"stored.npz", "deflated.npz"};
    for (size_t i = 0; i < 2; i++) {
        struct golden_npz npz;
        struct golden_error error;
        EXPECT_STATUS(golden_npz_read(in_folder(files[i]), &npz, &error), GOLDEN_OK,
                      error_line(&error));
        cr_assert_eq(npz.n_members, 5u);
        const struct array *x = golden_npz_find(&npz, "a/x");
        cr_expect(x->ndim == 2 && x->shape[1] == 3 && array_get(x, 5) == 5);
        cr_expect_eq(array_get_int(golden_npz_find(&npz, "a/n"), 0), 7);
        cr_expect_eq(array_get(golden_npz_find(&npz, "b/y.exact"), 0), (double)0.1F);
        cr_expect_eq(golden_npz_find(&npz, "b/e")->count, 0u);
        const struct array *large = golden_npz_find(&npz, "b/large");
        for (size_t k = 0; k < 20000; k++) {
            cr_assert_eq(array_get(large, k), (double)k);
        }
        golden_npz_free(&npz);
    }
}

static const double values[] = {1, 2, 3, 4, 5, 6};

static void write_two(const char *path) {
    const struct golden_member members[] = {
        {.name = (char *)"b/x", .array = vector_of(6, values)},
        {.name = (char *)"a", .array = array_from(ARRAY_U8, 2, (const size_t[]){2, 3}, values)},
    };
    struct golden_error error;
    EXPECT_STATUS(golden_npz_write(path, members, 2, &error), GOLDEN_OK, error_line(&error));
    for (size_t i = 0; i < 2; i++) {
        struct array a = members[i].array;
        array_free(&a);
    }
}

Test(golden_npz, reads_back_what_it_wrote_and_so_does_numpy) {
    write_two(in_folder("two.npz"));
    struct golden_npz npz;
    cr_assert_eq(golden_npz_read(in_folder("two.npz"), &npz, NULL), GOLDEN_OK);
    cr_assert_eq(npz.n_members, 2u);
    cr_expect_str_eq(npz.members[0].name, "b/x");
    cr_expect_eq(array_get(&npz.members[0].array, 5), 6);
    cr_expect_eq(array_get(golden_npz_find(&npz, "a"), 5), 6);
    golden_npz_free(&npz);
    run_python("import numpy as np, zipfile\n"
               "z = np.load('two.npz')\n"
               "assert z.files == ['b/x', 'a'], z.files\n"
               "assert (z['b/x'] == np.arange(1.0, 7)).all()\n"
               "assert z['a'].dtype == np.uint8 and z['a'].tolist() == [[1, 2, 3], [4, 5, 6]]\n"
               "for i in zipfile.ZipFile('two.npz').infolist():\n"
               "    assert i.compress_type == zipfile.ZIP_STORED\n"
               "    assert i.date_time == (1980, 1, 1, 0, 0, 0), i.date_time\n");
}

Test(golden_npz, writes_the_same_bytes_again_in_any_time_zone) {
    write_two(in_folder("one.npz"));
    struct bytes one = read_file(in_folder("one.npz"));
    static const char *const zones[] = {"UTC", "Asia/Tokyo", "America/St_Johns"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(setenv("TZ", zones[i], 1), 0);
        write_two(in_folder("two.npz"));
        struct bytes two = read_file(in_folder("two.npz"));
        cr_expect(one.size == two.size && memcmp(one.data, two.data, one.size) == 0, "%s",
                  zones[i]);
        bytes_free(&two);
    }
    cr_expect_eq(count_files(), 2u, "no temporary file is left");
    bytes_free(&one);
}

Test(golden_npz, writes_and_reads_an_empty_archive) {
    struct golden_npz npz;
    cr_assert_eq(golden_npz_write(in_folder("empty.npz"), NULL, 0, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npz_read(in_folder("empty.npz"), &npz, NULL), GOLDEN_OK);
    cr_expect_eq(npz.n_members, 0u);
    golden_npz_free(&npz);
}

/* ---- names ---- */

static const struct {
    const char *name;
    enum golden_status status;
} bad_names[] = {
    {"", GOLDEN_NPZ_NAME_UNSAFE},
    {"/x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"//x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"../x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a/../x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a/./x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a//x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"..\\x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"C:x.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a\nb.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a\033[31m.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"\xff.npy", GOLDEN_NPZ_NAME_UNSAFE},
    {"a/", GOLDEN_NPZ_NAME_UNSAFE},
    {"x", GOLDEN_NPZ_NAME_SUFFIX},
    {"x.NPY", GOLDEN_NPZ_NAME_SUFFIX},
    {"x.npy.txt", GOLDEN_NPZ_NAME_SUFFIX},
    {".npy", GOLDEN_NPZ_NAME_SUFFIX},
    {"a/.npy", GOLDEN_NPZ_NAME_SUFFIX},
};

Test(golden_npz, refuses_unsafe_names_before_it_reads_anything) {
    struct bytes garbage = bytes_of("not a npy", 9);
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        struct bytes zip =
            zip_bytes(&(struct zip_entry){.name = bad_names[i].name, .content = garbage}, 1);
        expect_error(zip, bad_names[i].status, bad_names[i].name, bad_names[i].name);
        bytes_free(&zip);
    }
    char name[301];
    memset(name, 'a', sizeof name);
    strcpy(name + 296, ".npy");
    struct bytes zip = zip_bytes(&(struct zip_entry){.name = name, .content = garbage}, 1);
    struct golden_npz npz;
    cr_expect_eq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_NPZ_NAME_UNSAFE);
    bytes_free(&zip);
    bytes_free(&garbage);
}

Test(golden_npz, refuses_to_write_names_that_it_would_not_read) {
    struct array a = vector_of(1, values);
    static const char *const names[] = {"", "/x", "../x", "a/../x", "a//x", "a\\x", "C:x", "a/"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct golden_member member = {.name = (char *)names[i], .array = a};
        cr_expect_neq(golden_npz_write(in_folder("a.npz"), &member, 1, NULL), GOLDEN_OK, "%s",
                      names[i]);
    }
    const struct golden_member twice[] = {{(char *)"x", a}, {(char *)"y", a}, {(char *)"x", a}};
    struct golden_error error;
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), twice, 3, &error), GOLDEN_NPZ_NAME_TWICE,
                  "x");
    cr_expect_str_eq(error.member, "x");
    const struct golden_member nameless = {.array = a};
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), &nameless, 1, NULL), GOLDEN_NULL, "no name");
    const struct golden_member bad = {.name = (char *)"x", .array = {.count = 3}};
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), &bad, 1, NULL), GOLDEN_ARRAY_SHAPE_DIFFERS,
                  "no array");
    EXPECT_STATUS(golden_npz_write(in_folder("none/a.npz"), twice, 1, NULL), GOLDEN_FILE_WRITE,
                  "no folder");
    cr_expect_eq(golden_npz_write(NULL, twice, 1, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npz_write(in_folder("a.npz"), NULL, 1, NULL), GOLDEN_NULL);
    cr_expect_eq(count_files(), 0u);
    array_free(&a);
}

/* ---- damaged ones ---- */

Test(golden_npz, refuses_two_members_of_one_name) {
    struct bytes three = npy_three();
    const struct zip_entry entries[] = {{.name = "x.npy", .content = three},
                                        {.name = "y.npy", .content = three},
                                        {.name = "x.npy", .content = three}};
    struct bytes zip = zip_bytes(entries, 3);
    struct golden_npz npz;
    cr_expect_eq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_NPZ_NAME_TWICE);
    cr_expect_null(npz.members);
    bytes_free(&zip);
    bytes_free(&three);
}

Test(golden_npz, refuses_members_that_are_encrypted_or_packed_otherwise) {
    struct bytes three = npy_three();
    struct zip_entry e = {.name = "x.npy", .content = three, .flags = 1};
    struct bytes zip = zip_bytes(&e, 1);
    expect_error(zip, GOLDEN_NPZ_ENCRYPTED, "x.npy", "encrypted");
    bytes_free(&zip);
    static const uint16_t methods[] = {1, 6, 9, 12, 14, 93, 95, 99};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        e = (struct zip_entry){.name = "x.npy", .content = three, .method = methods[i]};
        zip = zip_bytes(&e, 1);
        struct golden_npz npz;
        enum golden_status status = golden_npz_decode(zip.data, zip.size, &npz, NULL);
        cr_expect(status == GOLDEN_NPZ_METHOD ||
                      (methods[i] == 99 && status == GOLDEN_NPZ_ENCRYPTED) ||
                      (methods[i] == 99 && status == GOLDEN_NPZ_ARCHIVE),
                  "method %u: %s", methods[i], status_name(status));
        bytes_free(&zip);
    }
    bytes_free(&three);
}

Test(golden_npz, refuses_a_wrong_checksum) {
    struct bytes three = npy_three();
    struct bytes packed = deflated(three);
    const struct zip_entry stored = {.name = "a/x.npy", .content = three, .crc_xor = 1};
    const struct zip_entry inflated = {.name = "a/x.npy",
                                       .content = packed,
                                       .method = 8,
                                       .size = three.size,
                                       .crc_xor = 1 ^ crc32_of(three.data, three.size)};
    struct bytes zip = zip_bytes(&stored, 1);
    expect_error(zip, GOLDEN_NPZ_CRC, "a/x.npy", "stored");
    bytes_free(&zip);
    zip = zip_bytes(&inflated, 1);
    expect_error(zip, GOLDEN_NPZ_CRC, "a/x.npy", "deflated");
    bytes_free(&zip);
    bytes_free(&packed);
    bytes_free(&three);
}

Test(golden_npz, refuses_declared_sizes_that_are_not_true) {
    struct bytes three = npy_three();
    struct bytes packed = deflated(three);
    uint32_t crc = crc32_of(three.data, three.size);
    struct zip_entry e = {.name = "x.npy", .content = three, .size = three.size + 8};
    struct bytes zip = zip_bytes(&e, 1);
    expect_error(zip, GOLDEN_NPZ_DATA, "x.npy", "stored, declared longer");
    bytes_free(&zip);
    e = (struct zip_entry){
        .name = "x.npy", .content = packed, .method = 8, .size = three.size - 8, .crc_xor = crc};
    zip = zip_bytes(&e, 1);
    expect_error(zip, GOLDEN_NPY_DATA_TRUNCATED, "x.npy", "deflated, declared shorter");
    bytes_free(&zip);
    e.size = three.size + 8;
    zip = zip_bytes(&e, 1);
    struct golden_npz npz;
    cr_expect_neq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_OK, "declared longer");
    bytes_free(&zip);
    bytes_free(&packed);
    bytes_free(&three);
}

/* More comes out of the stream than the directory and the array promise. */
Test(golden_npz, refuses_a_stream_longer_than_its_array) {
    struct bytes three = npy_three();
    struct bytes four = bytes_of(three.data, three.size);
    bytes_append(&four, "surplus!", 8);
    struct bytes packed = deflated(four);
    const struct zip_entry e = {.name = "x.npy",
                                .content = packed,
                                .method = 8,
                                .size = three.size,
                                .crc_xor = crc32_of(four.data, four.size)};
    struct bytes zip = zip_bytes(&e, 1);
    struct golden_npz npz;
    cr_expect_neq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_OK);
    bytes_free(&zip);
    bytes_free(&packed);
    bytes_free(&four);
    bytes_free(&three);
}

Test(golden_npz, refuses_bombs_by_what_they_declare) {
    size_t n = (size_t)200 << 20;
    struct bytes zeros = deflated_zeros(n);
    const struct zip_entry one = {.name = "x.npy", .content = zeros, .method = 8, .size = n};
    struct bytes zip = zip_bytes(&one, 1);
    cr_assert_lt(zip.size, n / 100);
    expect_error(zip, GOLDEN_NPZ_BOMB, "x.npy", "one large member");
    bytes_free(&zip);
    bytes_free(&zeros);
    /* None is large, all together are. */
    struct zip_entry many[40];
    char names[40][8];
    n = (size_t)1 << 17;
    zeros = deflated_zeros(n);
    for (size_t i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof names[i], "%zu.npy", i);
        many[i] = (struct zip_entry){.name = names[i], .content = zeros, .method = 8, .size = n};
    }
    zip = zip_bytes(many, 40);
    struct golden_npz npz;
    cr_expect_eq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_NPZ_BOMB);
    bytes_free(&zip);
    bytes_free(&zeros);
}

/* It declares little and inflates to much: reading stops at what was declared. */
Test(golden_npz, refuses_bombs_that_lie_about_their_size) {
    struct bytes zeros = deflated_zeros((size_t)64 << 20);
    const struct zip_entry e = {.name = "x.npy", .content = zeros, .method = 8, .size = 4096};
    struct bytes zip = zip_bytes(&e, 1);
    expect_error(zip, GOLDEN_NPY_MAGIC, "x.npy", "liar");
    bytes_free(&zip);
    bytes_free(&zeros);
}

Test(golden_npz, points_into_a_damaged_member) {
    static const unsigned char data[24] = {0};
    struct bytes npy = npy_bytes(1, "{'descr': '>f8', 'fortran_order': False, 'shape': (3,), }\n",
                                 data, sizeof data);
    struct bytes three = npy_three();
    const struct zip_entry entries[] = {{.name = "a/x.npy", .content = three},
                                        {.name = "a/y.npy", .content = npy}};
    struct bytes zip = zip_bytes(entries, 2);
    write_file(in_folder("bad.npz"), zip);
    struct golden_npz npz;
    struct golden_error error;
    EXPECT_STATUS(golden_npz_read(in_folder("bad.npz"), &npz, &error), GOLDEN_NPY_DESCR_BIG_ENDIAN,
                  "big-endian");
    cr_expect_str_eq(error.file, in_folder("bad.npz"));
    cr_expect_str_eq(error.member, "a/y.npy");
    cr_expect_str_eq(error.field, "descr");
    cr_expect_eq(error.offset, 20);
    cr_expect_null(npz.members);
    bytes_free(&zip);
    bytes_free(&three);
    bytes_free(&npy);
}

Test(golden_npz, refuses_a_local_header_with_another_name) {
    struct bytes three = npy_three();
    const struct zip_entry e = {.name = "x.npy", .local_name = "y.npy", .content = three};
    struct bytes zip = zip_bytes(&e, 1);
    struct golden_npz npz;
    cr_expect_neq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_OK);
    bytes_free(&zip);
    bytes_free(&three);
}

Test(golden_npz, refuses_what_is_no_archive) {
    struct bytes three = npy_three();
    expect_error(three, GOLDEN_NPZ_ARCHIVE, "", "a .npy");
    bytes_free(&three);
    unsigned char nothing = 0;
    expect_error((struct bytes){.data = &nothing}, GOLDEN_NPZ_ARCHIVE, "", "nothing");
    struct golden_npz npz;
    cr_expect_eq(golden_npz_decode(NULL, 0, &npz, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npz_decode((const unsigned char *)"", 0, NULL, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npz_read(NULL, &npz, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_npz_read(in_folder("x"), NULL, NULL), GOLDEN_NULL);
    EXPECT_STATUS(golden_npz_read(in_folder("x"), &npz, NULL), GOLDEN_FILE_OPEN, "no file");
}

/* ---- every cut, every bit ---- */

static struct bytes small_archive(void);

Test(golden_npz, refuses_bytes_before_and_after_the_archive) {
    struct bytes zip = small_archive();
    struct golden_npz npz;
    bytes_append(&zip, "junk", 4);
    cr_expect_neq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_OK, "after");
    zip.size -= 4;
    struct bytes late = bytes_of("junk", 4);
    bytes_append(&late, zip.data, zip.size);
    cr_expect_neq(golden_npz_decode(late.data, late.size, &npz, NULL), GOLDEN_OK, "before");
    bytes_free(&late);
    bytes_free(&zip);
}

static struct bytes small_archive(void) {
    struct bytes three = npy_three();
    struct bytes packed = deflated(three);
    const struct zip_entry entries[] = {
        {.name = "a/x.npy", .content = three},
        {.name = "b.npy",
         .content = packed,
         .method = 8,
         .size = three.size,
         .crc_xor = crc32_of(three.data, three.size)},
    };
    struct bytes zip = zip_bytes(entries, 2);
    bytes_free(&packed);
    bytes_free(&three);
    return zip;
}

Test(golden_npz, refuses_an_archive_cut_at_any_byte) {
    struct bytes zip = small_archive();
    for (size_t size = 0; size < zip.size; size++) {
        struct golden_npz npz;
        unsigned char *cut = malloc(size > 0 ? size : 1);
        memcpy(cut, zip.data, size);
        enum golden_status status = golden_npz_decode(cut, size, &npz, NULL);
        cr_expect(status != GOLDEN_OK && npz.members == NULL, "cut to %zu bytes", size);
        free(cut);
    }
    bytes_free(&zip);
}

Test(golden_npz, never_reads_other_values_from_an_archive_with_a_changed_byte) {
    struct bytes zip = small_archive();
    size_t n_read = 0;
    for (size_t i = 0; i < zip.size; i++) {
        unsigned char kept = zip.data[i];
        for (unsigned change = 1; change < 256; change = change < 128 ? change * 2 : change + 127) {
            struct golden_npz npz;
            zip.data[i] = (unsigned char)(kept ^ change);
            if (golden_npz_decode(zip.data, zip.size, &npz, NULL) == GOLDEN_OK) {
                n_read++;
                for (size_t m = 0; m < npz.n_members; m++) {
                    const struct array *a = &npz.members[m].array;
                    cr_expect(a->count == 3 && array_get(a, 0) == 1 && array_get(a, 1) == 2 &&
                                  array_get(a, 2) == 3,
                              "byte %zu xor %u", i, change);
                }
            }
            golden_npz_free(&npz);
        }
        zip.data[i] = kept;
    }
    /* Times, versions and attributes mean nothing to the values. */
    cr_expect_lt(n_read, zip.size * 9 / 3, "%zu of %zu", n_read, zip.size * 9);
    bytes_free(&zip);
}
