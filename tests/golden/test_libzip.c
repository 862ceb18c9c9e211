// SPDX-License-Identifier: MIT
/* What libzip may do: give less than it is asked for, know less than is needed, fail (its functions
 * are replaced by the linker: see the Makefile). Whatever it does, each source goes back to it. */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>
#include <zip.h>

TestSuite(golden_libzip, .init = folder_create, .fini = folder_remove);

/* ---- libzip, as bad as a test wants it ---- */

enum call {
    NO_CALL,
    CREATE,
    OPEN,
    BUFFER,
    ADD,
    COMPRESSION,
    TIME,
    CLOSE,
    SIZE,
    SOURCE_OPEN,
    SOURCE_READ,
    N_CALLS
};

static enum call failing;
static unsigned n_good;      /* calls before it; it fails once */
static zip_uint64_t unknown; /* parts of a zip_stat_t that nothing is known about */
static size_t most;          /* bytes that one call reads; 0: any number */
static size_t n_read;        /* bytes read of a member ... */
static size_t n_whole;       /* ... and the size of all of it; 0: not counted */
static size_t end;           /* of every member, too early; 0: where it is */
static int n_sources;        /* references to sources that are not given back */

static bool fails(enum call call) {
    if (failing != call || n_good-- > 0) {
        return false;
    }
    failing = NO_CALL;
    return true;
}

zip_source_t *__real_zip_source_buffer_create(const void *bytes, zip_uint64_t size, int free_it,
                                              zip_error_t *error);
zip_source_t *__wrap_zip_source_buffer_create(const void *bytes, zip_uint64_t size, int free_it,
                                              zip_error_t *error);
zip_source_t *__real_zip_source_buffer(zip_t *zip, const void *bytes, zip_uint64_t size,
                                       int free_it);
zip_source_t *__wrap_zip_source_buffer(zip_t *zip, const void *bytes, zip_uint64_t size,
                                       int free_it);
void __real_zip_source_keep(zip_source_t *source);
void __wrap_zip_source_keep(zip_source_t *source);
void __real_zip_source_free(zip_source_t *source);
void __wrap_zip_source_free(zip_source_t *source);
zip_t *__real_zip_open_from_source(zip_source_t *source, int flags, zip_error_t *error);
zip_t *__wrap_zip_open_from_source(zip_source_t *source, int flags, zip_error_t *error);
int __real_zip_close(zip_t *zip);
int __wrap_zip_close(zip_t *zip);
void __real_zip_discard(zip_t *zip);
void __wrap_zip_discard(zip_t *zip);
zip_int64_t __real_zip_file_add(zip_t *zip, const char *name, zip_source_t *source, zip_flags_t f);
zip_int64_t __wrap_zip_file_add(zip_t *zip, const char *name, zip_source_t *source, zip_flags_t f);
int __real_zip_set_file_compression(zip_t *zip, zip_uint64_t i, zip_int32_t m, zip_uint32_t level);
int __wrap_zip_set_file_compression(zip_t *zip, zip_uint64_t i, zip_int32_t m, zip_uint32_t level);
int __real_zip_file_set_dostime(zip_t *zip, zip_uint64_t i, zip_uint16_t time, zip_uint16_t date,
                                zip_flags_t flags);
int __wrap_zip_file_set_dostime(zip_t *zip, zip_uint64_t i, zip_uint16_t time, zip_uint16_t date,
                                zip_flags_t flags);
int __real_zip_source_stat(zip_source_t *source, zip_stat_t *stat);
int __wrap_zip_source_stat(zip_source_t *source, zip_stat_t *stat);
int __real_zip_source_open(zip_source_t *source);
int __wrap_zip_source_open(zip_source_t *source);
zip_int64_t __real_zip_source_read(zip_source_t *source, void *bytes, zip_uint64_t size);
zip_int64_t __wrap_zip_source_read(zip_source_t *source, void *bytes, zip_uint64_t size);
int __real_zip_stat_index(zip_t *zip, zip_uint64_t i, zip_flags_t flags, zip_stat_t *stat);
int __wrap_zip_stat_index(zip_t *zip, zip_uint64_t i, zip_flags_t flags, zip_stat_t *stat);
zip_int64_t __real_zip_fread(zip_file_t *file, void *bytes, zip_uint64_t size);
zip_int64_t __wrap_zip_fread(zip_file_t *file, void *bytes, zip_uint64_t size);

static zip_source_t *counted(zip_source_t *source) {
    n_sources += source != NULL;
    return source;
}

zip_source_t *__wrap_zip_source_buffer_create(const void *bytes, zip_uint64_t size, int free_it,
                                              zip_error_t *error) {
    return fails(CREATE) ? NULL
                         : counted(__real_zip_source_buffer_create(bytes, size, free_it, error));
}

zip_source_t *__wrap_zip_source_buffer(zip_t *zip, const void *bytes, zip_uint64_t size,
                                       int free_it) {
    return fails(BUFFER) ? NULL : counted(__real_zip_source_buffer(zip, bytes, size, free_it));
}

void __wrap_zip_source_keep(zip_source_t *source) {
    n_sources++;
    __real_zip_source_keep(source);
}

void __wrap_zip_source_free(zip_source_t *source) {
    n_sources -= source != NULL;
    __real_zip_source_free(source);
}

/* An archive takes over a reference to its source, until it is closed. */
zip_t *__wrap_zip_open_from_source(zip_source_t *source, int flags, zip_error_t *error) {
    return fails(OPEN) ? NULL : __real_zip_open_from_source(source, flags, error);
}

int __wrap_zip_close(zip_t *zip) {
    if (fails(CLOSE)) {
        return -1;
    }
    int status = __real_zip_close(zip);
    n_sources -= status == 0;
    return status;
}

void __wrap_zip_discard(zip_t *zip) {
    n_sources--;
    __real_zip_discard(zip);
}

/* And that of a member, if it is added. */
zip_int64_t __wrap_zip_file_add(zip_t *zip, const char *name, zip_source_t *source, zip_flags_t f) {
    if (fails(ADD)) {
        return -1;
    }
    zip_int64_t index = __real_zip_file_add(zip, name, source, f);
    n_sources -= index >= 0;
    return index;
}

int __wrap_zip_set_file_compression(zip_t *zip, zip_uint64_t i, zip_int32_t m, zip_uint32_t level) {
    return fails(COMPRESSION) ? -1 : __real_zip_set_file_compression(zip, i, m, level);
}

int __wrap_zip_file_set_dostime(zip_t *zip, zip_uint64_t i, zip_uint16_t time, zip_uint16_t date,
                                zip_flags_t flags) {
    return fails(TIME) ? -1 : __real_zip_file_set_dostime(zip, i, time, date, flags);
}

int __wrap_zip_source_stat(zip_source_t *source, zip_stat_t *stat) {
    int status = __real_zip_source_stat(source, stat);
    stat->valid &= ~unknown;
    return fails(SIZE) ? -1 : status;
}

int __wrap_zip_source_open(zip_source_t *source) {
    return fails(SOURCE_OPEN) ? -1 : __real_zip_source_open(source);
}

zip_int64_t __wrap_zip_source_read(zip_source_t *source, void *bytes, zip_uint64_t size) {
    return __real_zip_source_read(source, bytes, fails(SOURCE_READ) ? size - 1 : size);
}

int __wrap_zip_stat_index(zip_t *zip, zip_uint64_t i, zip_flags_t flags, zip_stat_t *stat) {
    int status = __real_zip_stat_index(zip, i, flags, stat);
    stat->valid &= ~unknown;
    return status;
}

zip_int64_t __wrap_zip_fread(zip_file_t *file, void *bytes, zip_uint64_t size) {
    cr_expect(n_whole == 0 || n_read + size <= n_whole + 1, "%zu bytes after %zu", (size_t)size,
              n_read);
    size = most > 0 && most < size ? most : size;
    size = end > 0 && end - n_read < size ? end - n_read : size;
    zip_int64_t n = __real_zip_fread(file, bytes, size);
    n_read += n > 0 ? (size_t)n : 0;
    return n;
}

/* ---- reading ---- */

/* An archive of one member that is longer than what is read of it to find its header. */
static struct bytes large_archive(size_t *n_member) {
    enum { N = 20000 };
    static double values[N];
    for (size_t i = 0; i < N; i++) {
        values[i] = (double)i;
    }
    struct array a = vector_of(N, values);
    const struct golden_member member = {.name = (char *)"x", .array = a};
    cr_assert_eq(golden_npz_write(in_folder("large.npz"), &member, 1, NULL), GOLDEN_OK);
    *n_member = 128 + N * sizeof(double);
    array_free(&a);
    return read_file(in_folder("large.npz"));
}

Test(golden_libzip, may_read_a_few_bytes_at_a_time) {
    static const size_t steps[] = {1, 7, 4099, 65537, 100000, 0};
    struct bytes zip = large_archive(&n_whole);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct golden_npz npz;
        struct golden_error error = dirty_error();
        most = steps[i];
        n_read = 0;
        EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), GOLDEN_OK, "decode");
        cr_expect_eq(n_read, n_whole, "%zu at a time: %zu bytes", most, n_read);
        cr_assert_eq(npz.n_members, 1u);
        for (size_t k = 0; k < npz.members[0].array.count; k++) {
            cr_assert_eq(array_get(&npz.members[0].array, k), (double)k, "%zu at a time", most);
        }
        golden_npz_free(&npz);
    }
    cr_expect_eq(n_sources, 0);
    most = n_whole = 0;
    bytes_free(&zip);
}

Test(golden_libzip, may_end_a_member_too_early) {
    size_t n_member;
    struct bytes zip = large_archive(&n_member);
    const size_t ends[] = {1, 128, n_member - 1};
    n_sources = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct golden_npz npz;
        struct golden_error error = dirty_error();
        n_read = 0;
        end = ends[i];
        EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), GOLDEN_NPZ_DATA, "cut");
        cr_expect_str_eq(error.member, "x.npy");
        error.member[0] = '\0';
        expect_bare_error(&error, GOLDEN_NPZ_DATA, 0, "", "");
        cr_expect_null(npz.members);
    }
    cr_expect_eq(n_sources, 0);
    end = 0;
    bytes_free(&zip);
}

static int refused(struct bytes zip, enum golden_status expected) {
    struct golden_npz npz;
    struct golden_error error = dirty_error();
    n_sources = 0;
    EXPECT_STATUS(golden_npz_decode(zip.data, zip.size, &npz, &error), expected, "decode");
    expect_bare_error(&error, expected, 0, "", "");
    cr_expect(npz.members == NULL && npz.n_members == 0);
    return n_sources;
}

Test(golden_libzip, has_to_know_all_that_is_checked_of_a_member) {
    static const zip_uint64_t parts[] = {ZIP_STAT_NAME, ZIP_STAT_SIZE, ZIP_STAT_COMP_SIZE,
                                         ZIP_STAT_COMP_METHOD, ZIP_STAT_ENCRYPTION_METHOD};
    size_t n_member;
    struct bytes zip = large_archive(&n_member);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        unknown = parts[i];
        cr_expect_eq(refused(zip, GOLDEN_NPZ_ARCHIVE), 0);
    }
    unknown = 0;
    bytes_free(&zip);
}

Test(golden_libzip, has_its_source_back_of_what_is_no_archive) {
    struct bytes three = npy_three();
    cr_expect_eq(refused(three, GOLDEN_NPZ_ARCHIVE), 0);
    bytes_free(&three);
}

/* ---- writing ---- */

static void expect_not_written(enum golden_status expected, const char *label) {
    struct array a = vector_of(3, (const double[]){1, 2, 3});
    const struct golden_member members[] = {{(char *)"x", a}, {(char *)"y", a}};
    struct bytes old = bytes_of("old", 3);
    struct golden_error error = dirty_error();
    write_file(in_folder("a.npz"), old);
    n_sources = 0;
    EXPECT_STATUS(golden_npz_write(in_folder("a.npz"), members, 2, &error), expected, label);
    cr_expect_eq(failing, NO_CALL, "%s: it failed", label);
    expect_bare_error(&error, expected, 0, in_folder("a.npz"), "");
    cr_expect_eq(n_sources, 0, "%s: %d sources", label, n_sources);
    cr_expect_eq(count_files(), 1u, "%s", label);
    struct bytes now = read_file(in_folder("a.npz"));
    cr_expect(now.size == 3 && memcmp(now.data, "old", 3) == 0, "%s", label);
    bytes_free(&now);
    bytes_free(&old);
    array_free(&a);
}

Test(golden_libzip, that_fails_to_write_leaves_the_old_archive) {
    static const char *const labels[N_CALLS] = {
        [CREATE] = "create",   [OPEN] = "open",         [BUFFER] = "buffer",
        [ADD] = "add",         [COMPRESSION] = "store", [TIME] = "time",
        [CLOSE] = "close",     [SIZE] = "size",         [SOURCE_OPEN] = "open what was built",
        [SOURCE_READ] = "read"};
    for (enum call call = CREATE; call < N_CALLS; call++) {
        const bool each = call >= BUFFER && call <= TIME; /* once for each member */
        for (unsigned after = 0; after < (each ? 2 : 1); after++) {
            failing = call;
            n_good = after;
            expect_not_written(call == CREATE ? GOLDEN_NO_MEMORY : GOLDEN_NPZ_WRITE, labels[call]);
        }
    }
    unknown = ZIP_STAT_SIZE;
    expect_not_written(GOLDEN_NPZ_WRITE, "unknown size");
    unknown = 0;
}

Test(golden_libzip, has_every_source_back_of_what_was_written_and_read) {
    size_t n_member;
    n_sources = 0;
    struct bytes zip = large_archive(&n_member);
    cr_expect_eq(n_sources, 0, "written");
    struct golden_npz npz;
    cr_assert_eq(golden_npz_decode(zip.data, zip.size, &npz, NULL), GOLDEN_OK);
    cr_expect_eq(n_sources, 0, "read");
    golden_npz_free(&npz);
    bytes_free(&zip);
}
