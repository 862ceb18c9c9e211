// SPDX-License-Identifier: MIT
#define _XOPEN_SOURCE 700 /* getrusage, realpath */
/* The files that corpus.py builds, each read in the two ways there are: whole, and mapped and
 * streamed. Both must give the array, or the status, the byte and the member that the index says,
 * without taking more memory than files of that size deserve. */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

TestSuite(golden_corpus, .init = folder_create, .fini = folder_remove);

struct wanted {
    char file[64], status[64], member[64];
    long long offset;
    double sum;
    bool has_sum;
};

static size_t read_index(struct wanted rows[], size_t room) {
    FILE *index = fopen(in_folder("index.txt"), "r");
    char line[512];
    size_t n = 0;
    cr_assert_not_null(index);
    while (fgets(line, sizeof line, index) != NULL) {
        struct wanted *w = &rows[n++];
        cr_assert(n <= room);
        int fields = sscanf(line, "%63s %63s %lld %63s %lf", w->file, w->status, &w->offset,
                            w->member, &w->sum);
        cr_assert(fields >= 4, "%s", line);
        w->has_sum = fields == 5;
    }
    (void)fclose(index);
    return n;
}

static bool is_archive(const char *file) {
    return strcmp(file + strlen(file) - 4, ".npz") == 0;
}

static double sum_of(const struct array *a) {
    double sum = 0;
    for (size_t i = 0; i < a->count; i++) {
        sum += array_get(a, i);
    }
    return sum;
}

static void expect(const struct wanted *w, const char *way, const char *status,
                   enum golden_status got, const struct golden_error *error) {
    const char *member = strcmp(w->member, "-") == 0 ? "" : w->member;
    cr_expect_str_eq(status_name(got) + strlen("GOLDEN_"), status, "%s, %s: %s", w->file, way,
                     error_line(error));
    if (strcmp(status, w->status) == 0 && got != GOLDEN_OK) {
        cr_expect(error->offset == w->offset, "%s, %s: byte %lld, not %lld", w->file, way,
                  (long long)error->offset, w->offset);
        cr_expect_str_eq(error->member, member, "%s, %s", w->file, way);
    }
}

static void read_whole(const struct wanted *w) {
    struct golden_error error;
    struct golden_npz npz = {0};
    struct array a = {0};
    bool archive = is_archive(w->file);
    enum golden_status status = archive ? golden_npz_read(in_folder(w->file), &npz, &error)
                                        : golden_npy_read(in_folder(w->file), &a, &error);
    expect(w, "whole", w->status, status, &error);
    double sum = archive ? 0 : sum_of(&a);
    for (size_t i = 0; i < npz.n_members; i++) {
        sum += sum_of(&npz.members[i].array);
    }
    cr_expect(w->has_sum == (status == GOLDEN_OK), "%s", w->file);
    cr_expect(!w->has_sum || sum == w->sum || (isnan(sum) && isnan(w->sum)), "%s: %g, not %g",
              w->file, sum, w->sum);
    cr_expect(status == GOLDEN_OK || (a.data == NULL && npz.members == NULL), "%s", w->file);
    golden_npz_free(&npz);
    array_free(&a);
}

static enum golden_status stream_all(const char *path, struct golden_error *error) {
    struct golden_file *file;
    enum golden_status status = golden_open(path, &file, error);
    size_t n = status == GOLDEN_OK ? golden_n_arrays(file) : 0;
    for (size_t i = 0; i < n && status == GOLDEN_OK; i++) {
        const struct golden_sides itself = {.actual = {file, i}, .expected = {file, i}};
        struct golden_summary summary;
        struct golden_comparison c;
        struct golden_profile profile;
        status = golden_summarise(file, i, &summary, error);
        if (status == GOLDEN_OK) {
            status =
                golden_compare_files(&itself, &(struct golden_tolerance){0}, &c, &profile, error);
            cr_expect(c.n_equal == summary.header.count, "%s", path);
        }
    }
    if (n > 0 || status == GOLDEN_OK) {
        golden_close(file);
    }
    return status;
}

/* What does not start like a zip archive is taken for a .npy there. */
static void read_streamed(const struct wanted *w) {
    struct golden_error error;
    struct bytes start = read_file(in_folder(w->file));
    bool zip = start.size >= 2 && memcmp(start.data, "PK", 2) == 0;
    enum golden_status status = stream_all(in_folder(w->file), &error);
    expect(w, "streamed", is_archive(w->file) && !zip ? "NPY_MAGIC" : w->status, status, &error);
    bytes_free(&start);
}

static long peak_kilobytes(void) {
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void build(void) {
    char script[2048];
    char *path = realpath("tests/golden/corpus.py", NULL);
    cr_assert_not_null(path);
    (void)snprintf(script, sizeof script,
                   "import runpy, sys\nsys.argv = ['corpus.py', '.']\nrunpy.run_path('%s')\n",
                   path);
    free(path);
    run_python(script);
}

Test(golden_corpus, every_file_gives_the_array_or_the_error_at_its_byte) {
    static struct wanted rows[256];
    build();
    size_t n = read_index(rows, sizeof rows / sizeof rows[0]);
    cr_assert_geq(n, 100u, "%zu files", n);
    long before = peak_kilobytes();
    for (size_t i = 0; i < n; i++) {
        read_whole(&rows[i]);
        read_streamed(&rows[i]);
    }
    /* The bombs hold 200 MB and declare 4 GB; no file is larger than 300 kB. */
    cr_expect_lt(peak_kilobytes() - before, 40000, "%ld kB", peak_kilobytes() - before);
}
