// SPDX-License-Identifier: MIT
/* Files that are opened and read bit by bit: what they are, and what is said of those that are
 * none. */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(golden_open, .init = folder_create, .fini = folder_remove);

/* Two bytes tell an archive, one does not; what they begin is found to be cut either way. */
Test(golden_open, an_archive_is_one_by_its_first_two_bytes) {
    struct golden_error error = dirty_error();
    struct golden_file *file;
    struct golden_summary s;
    write_file(in_folder("two"), (struct bytes){.data = (unsigned char *)"PK", .size = 2});
    EXPECT_STATUS(golden_open(in_folder("two"), &file, &error), GOLDEN_NPZ_ARCHIVE, "PK");
    cr_expect(file == NULL && error.code == GOLDEN_NPZ_ARCHIVE && error.offset == 0);
    cr_expect_str_eq(error.file, in_folder("two"));
    cr_expect(error.system_errno == 0 && error.member[0] == '\0' && error.field[0] == '\0');
    EXPECT_STATUS(golden_open(in_folder("two"), &file, NULL), GOLDEN_NPZ_ARCHIVE, "no error");
    cr_expect_null(file);
    static const char *const others[] = {"", "P", "PX", "XK"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        write_file(in_folder("no"),
                   (struct bytes){.data = (unsigned char *)others[i], .size = strlen(others[i])});
        EXPECT_STATUS(golden_open(in_folder("no"), &file, NULL), GOLDEN_OK, others[i]);
        cr_expect(!golden_is_archive(file) && golden_n_arrays(file) == 1, "%s", others[i]);
        EXPECT_STATUS(golden_summarise(file, 0, &s, NULL),
                      i == 0 ? GOLDEN_NPY_PREAMBLE : GOLDEN_NPY_MAGIC, others[i]);
        golden_close(file);
    }
}

Test(golden_open, nothing_to_open_or_nowhere_to_put_it_is_an_error) {
    struct golden_error error = dirty_error();
    struct golden_file *file;
    EXPECT_STATUS(golden_open(NULL, &file, &error), GOLDEN_NULL, "path");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    error = dirty_error();
    EXPECT_STATUS(golden_open(in_folder("a"), NULL, &error), GOLDEN_NULL, "out");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    EXPECT_STATUS(golden_open(NULL, NULL, NULL), GOLDEN_NULL, "all");
}

Test(golden_open, a_file_has_no_array_beyond_its_last_and_no_file_has_none) {
    struct array a = vector_of(1, (const double[]){1});
    const struct golden_member one = {(char *)"one", a};
    struct golden_file *file;
    cr_assert_eq(golden_npy_write(in_folder("a.npy"), &a, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npz_write(in_folder("a.npz"), &one, 1, NULL), GOLDEN_OK);
    for (int archive = 0; archive < 2; archive++) {
        cr_assert_eq(golden_open(in_folder(archive ? "a.npz" : "a.npy"), &file, NULL), GOLDEN_OK);
        cr_expect_eq(golden_n_arrays(file), 1u);
        cr_expect_str_eq(golden_array_name(file, 0), archive ? "one" : "");
        cr_expect_null(golden_array_name(file, 1));
        cr_expect_null(golden_array_name(file, SIZE_MAX));
        golden_close(file);
    }
    cr_expect_eq(golden_n_arrays(NULL), 0u);
    cr_expect_null(golden_array_name(NULL, 0));
    cr_expect(!golden_is_archive(NULL));
    golden_close(NULL);
    array_free(&a);
}

/* A single byte of data, the least that there can be. */
Test(golden_open, an_array_of_one_byte_is_read_whole) {
    struct array a = array_from(ARRAY_U8, 0, NULL, (const double[]){7});
    const struct golden_member one = {(char *)"one", a};
    cr_assert_eq(golden_npz_write(in_folder("a.npz"), &one, 1, NULL), GOLDEN_OK);
    struct golden_file *file;
    struct golden_summary s;
    cr_assert_eq(golden_open(in_folder("a.npz"), &file, NULL), GOLDEN_OK);
    EXPECT_STATUS(golden_summarise(file, 0, &s, NULL), GOLDEN_OK, "one byte");
    cr_expect(s.n_finite == 1 && s.min_int == 7 && s.max_int == 7);
    golden_close(file);
    array_free(&a);
}

Test(golden_open, a_member_that_is_no_array_is_named_when_it_is_read) {
    struct bytes three = npy_three();
    three.data[0] = 'X';
    struct bytes zip =
        zip_bytes((const struct zip_entry[]){{.name = "a/x.npy", .content = three}}, 1);
    write_file(in_folder("a.npz"), zip);
    struct golden_error error = dirty_error();
    struct golden_file *file;
    struct golden_summary s;
    cr_assert_eq(golden_open(in_folder("a.npz"), &file, NULL), GOLDEN_OK);
    EXPECT_STATUS(golden_summarise(file, 0, &s, &error), GOLDEN_NPY_MAGIC, "magic");
    cr_expect(error.code == GOLDEN_NPY_MAGIC && error.offset == 0 && error.system_errno == 0);
    cr_expect_str_eq(error.file, in_folder("a.npz"));
    cr_expect_str_eq(error.member, "a/x.npy");
    golden_close(file);
    bytes_free(&three);
    bytes_free(&zip);
}
