// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
/* How files are read and written, through the functions that do it. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(golden_file, .init = folder_create, .fini = folder_remove);

static enum golden_status write_three(const char *path, struct golden_error *error) {
    struct array a = vector_of(3, (const double[]){1, 2, 3});
    enum golden_status status = golden_npy_write(path, &a, error);
    array_free(&a);
    return status;
}

static void leave_temporary(unsigned attempt) {
    char name[64];
    (void)snprintf(name, sizeof name, "a.npy.%ld-%u.tmp", (long)getpid(), attempt);
    struct bytes nothing = bytes_of("", 0);
    write_file(in_folder(name), nothing);
    bytes_free(&nothing);
}

/* Somebody else's file of that name is left alone, and another name found. */
Test(golden_file, a_temporary_name_that_is_taken_is_passed_over) {
    struct golden_error error;
    for (unsigned taken = 0; taken < 3; taken++) {
        leave_temporary(taken);
        EXPECT_STATUS(write_three(in_folder("a.npy"), &error), GOLDEN_OK, "write");
        cr_expect_eq(count_files(), taken + 2);
    }
    for (unsigned taken = 3; taken < 200; taken++) {
        leave_temporary(taken);
    }
    EXPECT_STATUS(write_three(in_folder("a.npy"), &error), GOLDEN_FILE_WRITE, "all are taken");
    cr_expect_eq(error.system_errno, EEXIST);
    cr_expect_not_null(strstr(error.file, "a.npy"));
    cr_expect_eq(count_files(), 201u);
}

Test(golden_file, a_write_that_fails_leaves_nothing_behind) {
    struct golden_error error;
    cr_assert_eq(mkdir(in_folder("folder.npy"), 0777), 0);
    EXPECT_STATUS(write_three(in_folder("folder.npy"), &error), GOLDEN_FILE_WRITE, "a folder");
    cr_expect_eq(error.system_errno, EISDIR);
    cr_expect_eq(rmdir(in_folder("folder.npy")), 0);
    cr_expect_eq(count_files(), 0u);
    EXPECT_STATUS(write_three(in_folder("no/a.npy"), &error), GOLDEN_FILE_WRITE, "no folder");
    cr_expect_eq(error.system_errno, ENOENT);
}

/* The umask decides who may read it, as with any file. */
Test(golden_file, a_new_file_has_the_mode_of_any_other) {
    const mode_t before = umask(022);
    cr_assert_eq(write_three(in_folder("a.npy"), NULL), GOLDEN_OK);
    struct stat status;
    cr_assert_eq(stat(in_folder("a.npy"), &status), 0);
    (void)umask(before);
    cr_expect_eq(status.st_mode & 0777, 0644u);
}

Test(golden_file, an_errno_from_before_means_nothing) {
    cr_assert_eq(write_three(in_folder("a.npy"), NULL), GOLDEN_OK);
    static const int stale[] = {EINTR, EIO};
    for (size_t i = 0; i < 2; i++) {
        struct array a;
        struct golden_names names;
        struct golden_error error;
        errno = stale[i];
        EXPECT_STATUS(golden_npy_read(in_folder("a.npy"), &a, &error), GOLDEN_OK, "read");
        cr_expect(a.count == 3 && array_get(&a, 2) == 3);
        array_free(&a);
        errno = stale[i];
        EXPECT_STATUS(write_three(in_folder("b.npy"), &error), GOLDEN_OK, "write");
        errno = stale[i];
        EXPECT_STATUS(golden_list(in_folder(""), &names, &error), GOLDEN_OK, "list");
        golden_names_free(&names);
    }
}

/* Folders have an order of their own: of many pairs, made in either order, some stand reversed. */
Test(golden_file, two_kernels_are_listed_in_order_too) {
    for (int i = 0; i < 16; i++) {
        char names[2][32];
        (void)snprintf(names[0], sizeof names[0], "a%d.json", i);
        (void)snprintf(names[1], sizeof names[1], "b%d.json", i * 7 % 5);
        for (int k = 0; k < 2; k++) {
            write_file(in_folder(names[(i + k) % 2]), (struct bytes){.data = (unsigned char *)""});
        }
        struct golden_names list;
        cr_assert_eq(golden_list(in_folder(""), &list, NULL), GOLDEN_OK);
        cr_expect(list.n_kernels == 2 && list.kernels[0][0] == 'a' && list.kernels[1][0] == 'b');
        golden_names_free(&list);
        (void)remove(in_folder(names[0]));
        (void)remove(in_folder(names[1]));
    }
}

/* Its size says 0, and there are bytes all the same: as a file that grows while it is read. */
Test(golden_file, a_file_that_is_longer_than_it_said_is_not_half_read) {
    struct golden_error error;
    struct array a;
    struct golden_npz npz;
    errno = EIO;
    EXPECT_STATUS(golden_npy_read("/proc/self/status", &a, &error), GOLDEN_FILE_READ, ".npy");
    cr_expect_eq(error.system_errno, 0, "no system call failed");
    EXPECT_STATUS(golden_npz_read("/proc/self/status", &npz, &error), GOLDEN_FILE_READ, ".npz");
    cr_expect_eq(error.system_errno, 0);
}

Test(golden_file, what_is_no_file_is_refused) {
    struct golden_error error;
    struct array a;
    struct golden_file *file;
    EXPECT_STATUS(golden_npy_read(in_folder(""), &a, &error), GOLDEN_FILE_KIND, "a folder");
    EXPECT_STATUS(golden_npy_read("/dev/null", &a, &error), GOLDEN_FILE_KIND, "a device");
    EXPECT_STATUS(golden_open("/dev/null", &file, &error), GOLDEN_FILE_KIND, "a device, mapped");
    cr_assert_eq(mkfifo(in_folder("pipe"), 0666), 0);
    EXPECT_STATUS(golden_npy_read(in_folder("pipe"), &a, &error), GOLDEN_FILE_KIND, "a pipe");
    EXPECT_STATUS(golden_open(in_folder("pipe"), &file, &error), GOLDEN_FILE_KIND,
                  "a pipe, mapped");
}
