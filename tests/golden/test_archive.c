// SPDX-License-Identifier: MIT
/* Archives at the edge of what is accepted, and the whole of the errors beyond it. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_archive, .init = folder_create, .fini = folder_remove);

static void expect_archive_error(const struct golden_error *error, enum golden_status code,
                                 const char *file, const char *member, const char *field) {
    struct golden_error bare = *error;
    cr_expect_str_eq(error->member, member, "%s: member '%s'", status_name(code), error->member);
    bare.member[0] = '\0';
    expect_bare_error(&bare, code, 0, file, field);
}

/* ---- names ---- */

static enum golden_status write_one(const char *name, struct golden_error *error) {
    struct array a = vector_of(1, (const double[]){7});
    const struct golden_member member = {.name = (char *)name, .array = a};
    *error = dirty_error();
    enum golden_status status = golden_npz_write(in_folder("a.npz"), &member, 1, error);
    array_free(&a);
    return status;
}

static void expect_name(const char *name) {
    struct golden_npz npz;
    struct golden_error error;
    EXPECT_STATUS(write_one(name, &error), GOLDEN_OK, name);
    expect_archive_error(&error, GOLDEN_OK, "", "", "");
    error = dirty_error();
    EXPECT_STATUS(golden_npz_read(in_folder("a.npz"), &npz, &error), GOLDEN_OK, name);
    expect_archive_error(&error, GOLDEN_OK, "", "", "");
    cr_expect_eq(npz.n_members, 1u, "%s", name);
    cr_expect_not_null(golden_npz_find(&npz, name), "%s", name);
    golden_npz_free(&npz);
}

static void expect_no_name(const char *name) {
    struct golden_error error;
    char member[GOLDEN_WHERE_SIZE];
    (void)remove(in_folder("a.npz"));
    (void)snprintf(member, sizeof member, "%s.npy", name);
    EXPECT_STATUS(write_one(name, &error), GOLDEN_NPZ_NAME_UNSAFE, name);
    expect_archive_error(&error, GOLDEN_NPZ_NAME_UNSAFE, in_folder("a.npz"), member, "");
    cr_expect_eq(count_files(), 0u, "%s", name);
}

Test(golden_archive, has_members_of_any_printable_name_but_of_a_place_elsewhere) {
    static const char *const names[] = {"a b", "~",   " ",     "ab/x", ".a/x", "a./x", "..a/x",
                                        "a..", "...", ".../x", "!/x",  "a/.x", "x.y"};
    static const char *const none[] = {"\x1f", "\x7f", "a\x7f", "../x", "./x", "a/../x", "~\x80"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_name(names[i]);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect_no_name(none[i]);
    }
}

/* A member's whole name, ".npy" and all, is kept in an error. */
Test(golden_archive, has_names_as_long_as_an_error_can_hold) {
    char name[256];
    memset(name, 'n', sizeof name);
    for (size_t length = GOLDEN_WHERE_SIZE + 10; length > GOLDEN_WHERE_SIZE - 10; length--) {
        name[length] = '\0';
        if (length + strlen(".npy") < GOLDEN_WHERE_SIZE) {
            expect_name(name);
        } else {
            expect_no_name(name);
        }
    }
}

Test(golden_archive, names_the_whole_of_a_damaged_member) {
    struct bytes garbage = bytes_of("not a npy", 9);
    char name[GOLDEN_WHERE_SIZE];
    memset(name, 'n', sizeof name);
    strcpy(name + sizeof name - 5, ".npy");
    struct bytes zip = zip_bytes(&(struct zip_entry){.name = name, .content = garbage}, 1);
    struct golden_npz npz;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), GOLDEN_NPY_MAGIC, "bytes");
    cr_expect_str_eq(error.member, name, "%s", error.member);
    cr_expect_str_eq(error.file, "");
    bytes_free(&zip);
    bytes_free(&garbage);
}

/* ---- all of an error ---- */

Test(golden_archive, that_is_missing_is_an_error_that_names_it) {
    struct golden_npz npz;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_npz_read(in_folder("no.npz"), &npz, &error), GOLDEN_FILE_OPEN, "none");
    expect_bare_error(&error, GOLDEN_FILE_OPEN, ENOENT, in_folder("no.npz"), "");
    error = dirty_error();
    EXPECT_STATUS(golden_npz_read(NULL, &npz, &error), GOLDEN_NULL, "read");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    error = dirty_error();
    EXPECT_STATUS(golden_npz_decode(NULL, 0, &npz, &error), GOLDEN_NULL, "decode");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    error = dirty_error();
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), NULL, 1, &error), GOLDEN_NULL, "write");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
}

Test(golden_archive, that_cannot_be_written_is_an_error_that_names_what_is_wrong) {
    struct golden_error error = dirty_error();
    struct array a = vector_of(1, (const double[]){7});
    const struct golden_member twice[] = {{(char *)"x", a}, {(char *)"y", a}, {(char *)"x", a}};
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), twice, 3, &error), GOLDEN_NPZ_NAME_TWICE,
                  "x, y, x");
    expect_archive_error(&error, GOLDEN_NPZ_NAME_TWICE, in_folder("a.npz"), "x", "");
    EXPECT_STATUS(write_one(NULL, &error), GOLDEN_NULL, "no name");
    expect_archive_error(&error, GOLDEN_NULL, in_folder("a.npz"), "", "name");
    const struct golden_member bad = {.name = (char *)"n1/x", .array = {.count = 3}};
    error = dirty_error();
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), &bad, 1, &error), GOLDEN_ARRAY_SHAPE_DIFFERS,
                  "no array");
    expect_archive_error(&error, GOLDEN_ARRAY_SHAPE_DIFFERS, in_folder("a.npz"), "n1/x.npy",
                         "count");
    error = dirty_error();
    EXPECT_STATUS(golden_npz_write(in_folder("no/a.npz"), twice, 1, &error), GOLDEN_FILE_WRITE,
                  "no folder");
    expect_bare_error(&error, GOLDEN_FILE_WRITE, ENOENT, in_folder("no/a.npz"), "");
    array_free(&a);
}

static void expect_refused(struct bytes zip, enum golden_status status) {
    struct golden_npz npz;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), status, "bytes");
    expect_archive_error(&error, status, "", "x.npy", "");
    cr_expect(npz.members == NULL && npz.n_members == 0);
}

Test(golden_archive, that_holds_more_than_it_says_is_an_error_of_that_member) {
    struct bytes three = npy_three();
    struct bytes four = bytes_of(three.data, three.size);
    bytes_append(&four, "surplus!", 8);
    struct bytes packed = deflated(four);
    struct zip_entry e = {.name = "x.npy",
                          .content = packed,
                          .method = 8,
                          .size = three.size,
                          .crc_xor = crc32_of(four.data, four.size)};
    struct bytes zip = zip_bytes(&e, 1);
    expect_refused(zip, GOLDEN_NPZ_DATA);
    bytes_free(&zip);
    bytes_free(&packed);
    bytes_free(&four);
    bytes_free(&three);
}

/* ---- what is seen as soon as it is opened ---- */

static enum golden_status open_bytes(struct bytes zip, const char *member) {
    struct golden_file *file;
    struct golden_error error = dirty_error();
    write_file(in_folder("a.npz"), zip);
    enum golden_status status = golden_open(in_folder("a.npz"), &file, &error);
    expect_archive_error(&error, status, status == GOLDEN_OK ? "" : in_folder("a.npz"),
                         status == GOLDEN_OK ? "" : member, "");
    golden_close(file);
    return status;
}

Test(golden_archive, of_stored_members_has_as_many_bytes_as_it_says) {
    struct bytes three = npy_three();
    for (size_t size = three.size - 1; size <= three.size + 1; size++) {
        const struct zip_entry e = {.name = "x.npy", .content = three, .size = size};
        struct bytes zip = zip_bytes(&e, 1);
        EXPECT_STATUS(open_bytes(zip, "x.npy"), size == three.size ? GOLDEN_OK : GOLDEN_NPZ_DATA,
                      "open");
        bytes_free(&zip);
    }
    bytes_free(&three);
}

static void expect_limit(struct bytes content, size_t first, size_t limit) {
    for (size_t more = 0; more < 2; more++) {
        const struct zip_entry entries[] = {
            {.name = "a.npy", .content = content, .method = 8, .size = first},
            {.name = "b.npy", .content = content, .method = 8, .size = limit - first + more}};
        struct bytes zip = zip_bytes(entries, 2);
        EXPECT_STATUS(open_bytes(zip, "b.npy"), more == 0 ? GOLDEN_OK : GOLDEN_NPZ_BOMB, "open");
        bytes_free(&zip);
    }
}

Test(golden_archive, may_inflate_to_exactly_what_is_allowed) {
    struct bytes small = deflated_zeros(1000);
    expect_limit(small, 1, GOLDEN_FREE_INFLATION);
    expect_limit(small, GOLDEN_FREE_INFLATION / 2, GOLDEN_FREE_INFLATION);
    bytes_free(&small);
    struct bytes large = {.data = calloc(20000, 1), .size = 20000};
    const struct zip_entry entries[] = {{.name = "a.npy", .content = large, .method = 8},
                                        {.name = "b.npy", .content = large, .method = 8}};
    struct bytes zip = zip_bytes(entries, 2);
    cr_assert_gt(zip.size * GOLDEN_MAX_INFLATION, GOLDEN_FREE_INFLATION);
    expect_limit(large, 1000000, zip.size * GOLDEN_MAX_INFLATION);
    bytes_free(&zip);
    bytes_free(&large);
}

/* ---- nothing ---- */

Test(golden_archive, of_nothing_is_an_end_record_alone) {
    struct golden_npz npz;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), NULL, 0, &error), GOLDEN_OK, "write");
    expect_bare_error(&error, GOLDEN_OK, 0, "", "");
    struct bytes b = read_file(in_folder("a.npz"));
    cr_expect_eq(b.size, 22u);
    error = dirty_error();
    EXPECT_STATUS(golden_npz_decode(b.data, b.size, &npz, &error), GOLDEN_OK, "decode");
    expect_bare_error(&error, GOLDEN_OK, 0, "", "");
    golden_npz_free(&npz);
    bytes_free(&b);
}

Test(golden_archive, may_hold_an_array_of_nothing) {
    const struct golden_member member = {.name = (char *)"x",
                                         .array = {.ndim = 2, .shape = {0, 3}}};
    struct golden_npz npz;
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), &member, 1, NULL), GOLDEN_OK, "write");
    EXPECT_STATUS(golden_npz_read(in_folder("a.npz"), &npz, NULL), GOLDEN_OK, "read");
    cr_assert_eq(npz.n_members, 1u);
    cr_expect(npz.members[0].array.ndim == 2 && npz.members[0].array.shape[1] == 3);
    golden_npz_free(&npz);
}
