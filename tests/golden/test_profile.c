// SPDX-License-Identifier: MIT
/* Which elements a comparison of files calls its worst, and how it sorts them by distance. */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(golden_profile, .init = folder_create, .fini = folder_remove);

static const uint64_t LIMITS[GOLDEN_ULP_BINS] = {
    0, 1, 2, 4, 8, 16, 32, 64, 256, 1024, 65536, 4294967296, UINT64_MAX - 1, UINT64_MAX};

static void compare(const struct array *actual, const struct array *expected,
                    const struct golden_tolerance *tolerance, struct golden_profile *p) {
    struct golden_sides sides = {.actual = {NULL, 0}};
    struct golden_file *files[2];
    const struct array *const arrays[2] = {actual, expected};
    for (size_t i = 0; i < 2; i++) {
        const char *path = in_folder(i == 0 ? "actual.npy" : "expected.npy");
        cr_assert_eq(golden_npy_write(path, arrays[i], NULL), GOLDEN_OK);
        cr_assert_eq(golden_open(path, &files[i], NULL), GOLDEN_OK);
    }
    sides.actual.file = files[0];
    sides.expected.file = files[1];
    struct golden_comparison c;
    struct golden_error error;
    EXPECT_STATUS(golden_compare_files(&sides, tolerance, &c, p, &error), GOLDEN_OK,
                  error_line(&error));
    golden_close(files[0]);
    golden_close(files[1]);
}

Test(golden_profile, says_where_each_bin_ends) {
    for (size_t bin = 0; bin < GOLDEN_ULP_BINS; bin++) {
        cr_expect_eq(golden_ulp_bin_limit(bin), LIMITS[bin], "bin %zu", bin);
    }
    cr_expect_eq(golden_ulp_bin_limit(GOLDEN_ULP_BINS), UINT64_MAX);
    cr_expect_eq(golden_ulp_bin_limit(SIZE_MAX), UINT64_MAX);
}

/* From the least integer on: to the end of every bin, and one further. */
Test(golden_profile, has_a_distance_at_the_end_of_a_bin_in_it_and_one_more_in_the_next) {
    for (size_t bin = 0; bin < GOLDEN_ULP_BINS; bin++) {
        for (uint64_t more = 0; more < 2 && LIMITS[bin] <= UINT64_MAX - more; more++) {
            const size_t one = 1;
            struct golden_profile p;
            struct array from = array_from(ARRAY_I64, 1, &one, (const double[]){0});
            struct array to = array_from(ARRAY_I64, 1, &one, (const double[]){0});
            const uint64_t least = UINT64_C(1) << 63;
            const uint64_t most = least + LIMITS[bin] + more;
            memcpy(from.data, &least, sizeof least);
            memcpy(to.data, &most, sizeof most);
            compare(&to, &from, NULL, &p);
            for (size_t i = 0; i < GOLDEN_ULP_BINS; i++) {
                cr_expect_eq(p.bins[i], i == bin + more, "%llu: bin %zu has %zu",
                             (unsigned long long)(LIMITS[bin] + more), i, p.bins[i]);
            }
            array_free(&from);
            array_free(&to);
        }
    }
}

Test(golden_profile, has_zeros_of_two_signs_where_the_distance_is_0) {
    const struct golden_tolerance strict = {.zero_sign_matters = true};
    struct array zeros = vector_of(2, (const double[]){0.0, -0.0});
    struct array turned = vector_of(2, (const double[]){-0.0, 0.0});
    struct golden_profile p;
    compare(&zeros, &turned, &strict, &p);
    cr_expect_eq(p.bins[0], 2u);
    cr_expect_eq(p.n_table, 2u);
    cr_expect_eq(p.table[0].mismatch, GOLDEN_ZERO_SIGN);
    array_free(&zeros);
    array_free(&turned);
}

Test(golden_profile, calls_the_first_of_equally_bad_elements_the_worst) {
    struct array expected = vector_of(4, (const double[]){1, 2, 2, 2});
    struct array actual = vector_of(4, (const double[]){1, 2.5, 2.5, 2.5});
    struct golden_profile p;
    compare(&actual, &expected, NULL, &p);
    cr_expect_eq(p.worst_absolute.flat, 1u);
    cr_expect_eq(p.worst_relative.flat, 1u);
    cr_expect_eq(p.worst_ulp.flat, 1u);
    cr_expect_eq(p.n_table, 3u);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(p.table[i].flat, i + 1, "row %zu", i);
    }
    array_free(&expected);
    array_free(&actual);
}
