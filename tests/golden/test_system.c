// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
/* What the system may do: give and take less than it is asked to, be interrupted, fail (read and
 * its kin are replaced by the linker: see the Makefile). */
#include "support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(golden_system, .init = folder_create, .fini = folder_remove);

/* ---- the system, as bad as a test wants it ---- */

enum call { NO_CALL, READ, WRITE, CLOSE, LIST, MAP };

static enum call failing;
static int failure;        /* errno of the failure; 0: it moves no byte, and errno is as it was */
static unsigned n_good;    /* calls before it; it fails once */
static bool close_fails;   /* as well, with EIO */
static size_t most;        /* bytes that one call moves; 0: any number */
static size_t n_read;      /* bytes read so far ... */
static size_t n_wanted;    /* ... and the most that there is room for; 0: not counted */
static size_t stated_size; /* what every file is said to have; 0: what it has */
static size_t n_mapped;    /* bytes that are mapped */

static bool fails(enum call call) {
    if (failing != call || n_good-- > 0) {
        return false;
    }
    failing = NO_CALL;
    errno = failure != 0 ? failure : errno;
    return true;
}

static void fail_once(enum call call, unsigned after, int with) {
    failing = call;
    n_good = after;
    failure = with;
}

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_fstat64(int fd, struct stat *status);
int __wrap_fstat64(int fd, struct stat *status);
struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);
void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

ssize_t __wrap_read(int fd, void *bytes, size_t size) {
    if (fails(READ)) {
        return failure != 0 ? -1 : 0;
    }
    cr_expect(n_wanted == 0 || n_read + size <= n_wanted, "%zu bytes after %zu", size, n_read);
    ssize_t n = __real_read(fd, bytes, most > 0 && most < size ? most : size);
    n_read += n > 0 ? (size_t)n : 0;
    return n;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    if (fails(WRITE)) {
        return failure != 0 ? -1 : 0;
    }
    return __real_write(fd, bytes, most > 0 && most < size ? most : size);
}

int __wrap_close(int fd) {
    int status = __real_close(fd);
    errno = close_fails ? EIO : errno;
    return close_fails || fails(CLOSE) ? -1 : status;
}

int __wrap_fstat64(int fd, struct stat *status) {
    int result = __real_fstat64(fd, status);
    status->st_size = stated_size > 0 ? (off_t)stated_size : status->st_size;
    return result;
}

struct dirent *__wrap_readdir64(DIR *dir) {
    return fails(LIST) ? NULL : __real_readdir64(dir);
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    if (fails(MAP)) {
        return MAP_FAILED; /* NOLINT(performance-no-int-to-ptr): POSIX's own */
    }
    n_mapped += size;
    return __real_mmap64(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size) {
    n_mapped -= size;
    return __real_munmap(at, size);
}

static enum golden_status write_three(const char *name, struct golden_error *error) {
    struct array a = vector_of(3, (const double[]){1, 2, 3});
    *error = dirty_error();
    enum golden_status status = golden_npy_write(in_folder(name), &a, error);
    array_free(&a);
    return status;
}

static enum golden_status read_three(const char *name, struct golden_error *error) {
    struct array a;
    *error = dirty_error();
    enum golden_status status = golden_npy_read(in_folder(name), &a, error);
    if (status == GOLDEN_OK) {
        cr_expect_eq(a.count, 3u);
        for (size_t i = 0; i < 3; i++) {
            cr_expect_eq(array_get(&a, i), (double)i + 1);
        }
    } else {
        cr_expect_null(a.data);
    }
    array_free(&a);
    return status;
}

/* ---- less than was asked for ---- */

Test(golden_system, may_give_and_take_a_few_bytes_at_a_time) {
    struct golden_error error;
    cr_assert_eq(write_three("whole.npy", &error), GOLDEN_OK);
    struct bytes whole = read_file(in_folder("whole.npy"));
    for (most = 1; most < 70; most += 17) {
        EXPECT_STATUS(write_three("a.npy", &error), GOLDEN_OK, "write");
        struct bytes parts = read_file(in_folder("a.npy"));
        cr_expect(parts.size == whole.size && memcmp(parts.data, whole.data, whole.size) == 0,
                  "%zu bytes at a time", most);
        bytes_free(&parts);
        n_read = 0;
        n_wanted = whole.size + 1; /* one more than it has: has it grown? */
        EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_OK, "read");
        cr_expect_eq(n_read, whole.size);
        n_wanted = 0;
    }
    most = 0;
    bytes_free(&whole);
}

Test(golden_system, may_be_interrupted) {
    struct golden_error error;
    most = 16;
    for (unsigned after = 0; after < 3; after++) {
        fail_once(WRITE, after, EINTR);
        EXPECT_STATUS(write_three("a.npy", &error), GOLDEN_OK, "write");
        cr_expect_eq(failing, NO_CALL, "it was interrupted");
        fail_once(READ, after, EINTR);
        EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_OK, "read");
        cr_expect_eq(failing, NO_CALL, "it was interrupted");
    }
    most = 0;
}

/* ---- failures ---- */

Test(golden_system, that_fails_to_read_is_an_error_with_its_errno) {
    struct golden_error error;
    cr_assert_eq(write_three("a.npy", &error), GOLDEN_OK);
    most = 16;
    for (unsigned after = 0; after < 3; after++) {
        fail_once(READ, after, EIO);
        EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_FILE_READ, "read");
        expect_bare_error(&error, GOLDEN_FILE_READ, EIO, in_folder("a.npy"), "");
        errno = EINTR; /* of before: there is nothing more to read, and that is no failed call */
        fail_once(READ, after, 0);
        EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_FILE_READ, "cut short meanwhile");
        expect_bare_error(&error, GOLDEN_FILE_READ, 0, in_folder("a.npy"), "");
    }
    most = 0;
    struct bytes one = bytes_of("?", 1);
    write_file(in_folder("one.npy"), one);
    fail_once(READ, 0, EIO);
    EXPECT_STATUS(read_three("one.npy", &error), GOLDEN_FILE_READ, "of one byte");
    expect_bare_error(&error, GOLDEN_FILE_READ, EIO, in_folder("one.npy"), "");
    bytes_free(&one);
}

/* Neither is half-read. */
Test(golden_system, may_let_a_file_grow_or_shrink_while_it_is_read) {
    struct golden_error error;
    cr_assert_eq(write_three("a.npy", &error), GOLDEN_OK);
    struct bytes whole = read_file(in_folder("a.npy"));
    for (stated_size = whole.size - 2; stated_size <= whole.size + 2; stated_size++) {
        if (stated_size != whole.size) {
            EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_FILE_READ, "read");
            expect_bare_error(&error, GOLDEN_FILE_READ, 0, in_folder("a.npy"), "");
        }
    }
    stated_size = 0;
    bytes_free(&whole);
}

Test(golden_system, that_fails_to_write_leaves_the_old_file) {
    struct golden_error error;
    struct bytes old = bytes_of("old", 3);
    write_file(in_folder("a.npy"), old);
    most = 16;
    const struct {
        enum call call;
        int with;
        unsigned n_after;
    } rows[] = {{WRITE, ENOSPC, 3}, {WRITE, 0, 3}, {CLOSE, EIO, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned after = 0; after < rows[i].n_after; after++) {
            errno = EINTR; /* of before */
            fail_once(rows[i].call, after, rows[i].with);
            EXPECT_STATUS(write_three("a.npy", &error), GOLDEN_FILE_WRITE, "write");
            expect_bare_error(&error, GOLDEN_FILE_WRITE, rows[i].with, in_folder("a.npy"), "");
            cr_expect_eq(count_files(), 1u);
            struct bytes now = read_file(in_folder("a.npy"));
            cr_expect(now.size == 3 && memcmp(now.data, "old", 3) == 0);
            bytes_free(&now);
        }
    }
    most = 0;
    bytes_free(&old);
}

/* A disk that was full may fail once more at the end. */
Test(golden_system, that_fails_twice_is_told_by_the_first) {
    struct golden_error error;
    fail_once(WRITE, 0, ENOSPC);
    close_fails = true;
    EXPECT_STATUS(write_three("a.npy", &error), GOLDEN_FILE_WRITE, "write");
    close_fails = false;
    expect_bare_error(&error, GOLDEN_FILE_WRITE, ENOSPC, in_folder("a.npy"), "");
    cr_expect_eq(count_files(), 0u);
}

Test(golden_system, that_fails_to_list_a_folder_gives_no_part_of_it) {
    struct golden_error error;
    struct golden_names names;
    write_file(in_folder("a.json"), (struct bytes){.data = (unsigned char *)""});
    for (unsigned after = 0; after < 3; after++) {
        error = dirty_error();
        fail_once(LIST, after, EIO);
        EXPECT_STATUS(golden_list(in_folder(""), &names, &error), GOLDEN_DIR_READ, "list");
        expect_bare_error(&error, GOLDEN_DIR_READ, EIO, in_folder(""), "");
        cr_expect(names.n_kernels == 0 && names.kernels == NULL);
    }
}

/* The archive first, in one piece; then it is read again for its checksum, and then the manifest.
 */
Test(golden_system, that_fails_to_save_a_suite_names_the_file_of_the_two) {
    static const struct {
        enum call call;
        unsigned after;
        int with;
        enum golden_status status;
        const char *file;
    } rows[] = {{WRITE, 0, ENOSPC, GOLDEN_FILE_WRITE, "neuron_init.npz"},
                {READ, 0, EIO, GOLDEN_FILE_READ, "neuron_init.npz"},
                {WRITE, 1, ENOSPC, GOLDEN_FILE_WRITE, "neuron_init.json"}};
    struct golden_error error;
    struct golden_suite suite;
    cr_assert_eq(golden_load("tests/golden", "neuron_init", &suite, NULL), GOLDEN_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        error = dirty_error();
        fail_once(rows[i].call, rows[i].after, rows[i].with);
        EXPECT_STATUS(golden_save(in_folder(""), &suite, &error), rows[i].status, rows[i].file);
        expect_bare_error(&error, rows[i].status, rows[i].with, in_folder(rows[i].file), "");
        cr_expect_eq(count_files(), i > 0 ? 1u : 0u,
                     "no manifest, and no file of a temporary name");
    }
    golden_free(&suite);
}

/* ---- mapped files ---- */

Test(golden_system, that_fails_to_map_a_file_is_an_error_with_its_errno) {
    struct golden_error error;
    struct golden_file *file;
    cr_assert_eq(write_three("a.npy", &error), GOLDEN_OK);
    error = dirty_error();
    fail_once(MAP, 0, ENODEV);
    EXPECT_STATUS(golden_open(in_folder("a.npy"), &file, &error), GOLDEN_FILE_READ, "open");
    expect_bare_error(&error, GOLDEN_FILE_READ, ENODEV, in_folder("a.npy"), "");
    cr_expect_null(file);
}

Test(golden_system, has_every_map_back_of_a_file_that_is_closed) {
    struct golden_error error;
    struct bytes whole = npy_three();
    for (size_t size = 0; size < 3; size++) {
        struct golden_file *file;
        struct golden_summary s;
        write_file(in_folder("a.npy"), (struct bytes){.data = whole.data, .size = size});
        cr_assert_eq(golden_open(in_folder("a.npy"), &file, &error), GOLDEN_OK);
        cr_expect_eq(n_mapped, size);
        EXPECT_STATUS(golden_summarise(file, 0, &s, &error), GOLDEN_NPY_PREAMBLE, "cut");
        cr_expect_eq(error.offset, (int64_t)size);
        golden_close(file);
        cr_expect_eq(n_mapped, 0u, "%zu bytes", size);
    }
    bytes_free(&whole);
}

/* ---- sizes and descriptors at the end of their range ---- */

Test(golden_system, may_say_that_a_file_is_larger_than_any_memory) {
    struct golden_error error;
    struct golden_file *file;
    cr_assert_eq(write_three("a.npy", &error), GOLDEN_OK);
    stated_size = PTRDIFF_MAX;
    EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_NO_MEMORY, "read");
    expect_bare_error(&error, GOLDEN_NO_MEMORY, 0, in_folder("a.npy"), "");
    error = dirty_error();
    EXPECT_STATUS(golden_open(in_folder("a.npy"), &file, &error), GOLDEN_NO_MEMORY, "mapped");
    expect_bare_error(&error, GOLDEN_NO_MEMORY, 0, in_folder("a.npy"), "");
    stated_size = 0;
}

/* Where there is no standard input the first file that is opened takes its number, 0. */
Test(golden_system, may_give_the_first_descriptor_to_a_file) {
    struct golden_error error;
    int input = dup(STDIN_FILENO);
    (void)close(STDIN_FILENO);
    errno = EEXIST; /* of before */
    EXPECT_STATUS(write_three("a.npy", &error), GOLDEN_OK, "write");
    size_t n_files = count_files();
    EXPECT_STATUS(read_three("a.npy", &error), GOLDEN_OK, "read");
    cr_expect_eq(close(STDIN_FILENO), -1, "no file is left open");
    if (input >= 0) {
        (void)dup2(input, STDIN_FILENO);
        (void)close(input);
    }
    cr_expect_eq(n_files, 1u);
}
