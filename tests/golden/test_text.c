// SPDX-License-Identifier: MIT
/* What a reader sees: errors and comparisons as one line, and the checksum of a manifest. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

Test(golden_text, describes_an_error_from_the_file_down_to_the_field) {
    struct golden_error e = {.code = GOLDEN_NPY_DESCR_BIG_ENDIAN,
                             .offset = 61,
                             .text = golden_status_text(GOLDEN_NPY_DESCR_BIG_ENDIAN),
                             .file = "dir/neuron.npz",
                             .member = "n17/x.npy",
                             .field = "descr"};
    cr_expect_str_eq(error_line(&e),
                     "dir/neuron.npz: n17/x.npy: byte 61: descr: the dtype is big-endian");
    e = (struct golden_error){.offset = -1, .text = "cannot be opened", .system_errno = ENOENT};
    cr_expect_str_eq(error_line(&e), "cannot be opened: No such file or directory");
    e = (struct golden_error){.text = "t", .file = "f", .member = "m", .field = "d"};
    cr_expect_str_eq(error_line(&e), "f: m: byte 0: d: t");
    e = (struct golden_error){.offset = -1, .text = "cannot be opened", .system_errno = ENOENT};
    char whole[256];
    golden_error_text(&e, whole, sizeof whole);
    for (size_t size = 1; size < 60; size++) {
        char text[64];
        memset(text, '#', sizeof text);
        golden_error_text(&e, text, size);
        cr_expect_lt(strlen(text), size);
        cr_expect_eq(strncmp(text, whole, strlen(text)), 0);
    }
    golden_error_text(&e, whole, 0);
}

Test(golden_text, keeps_the_end_of_a_long_path) {
    char path[500];
    struct golden_error e;
    struct array a;
    memset(path, 'd', sizeof path);
    strcpy(path + 480, "/neuron.npy");
    cr_expect_eq(golden_npy_read(path, &a, &e), GOLDEN_FILE_OPEN);
    cr_expect_eq(strlen(e.file), (size_t)GOLDEN_WHERE_SIZE - 1);
    cr_expect_eq(strncmp(e.file, "...ddd", 6), 0);
    cr_expect_str_eq(e.file + strlen(e.file) - 11, "/neuron.npy");
}

Test(golden_text, has_a_different_text_for_every_status) {
    for (int i = GOLDEN_OK; i <= GOLDEN_TOLERANCE; i++) {
        const char *text = golden_status_text((enum golden_status)i);
        cr_expect_str_neq(text, "unknown status");
        for (int k = GOLDEN_OK; k < i; k++) {
            cr_expect_str_neq(text, golden_status_text((enum golden_status)k));
        }
    }
    cr_expect_str_eq(golden_status_text((enum golden_status)999), "unknown status");
}

/* ---- comparisons ---- */

static const char *line_of(const struct array *actual, const struct array *exact,
                           const struct array *bound) {
    static char text[512];
    struct golden_comparison c;
    (void)golden_compare(actual, exact, bound, NULL, &c);
    golden_comparison_text(&c, text, sizeof text);
    return text;
}

Test(golden_text, describes_what_was_compared) {
    struct array exact =
        array_from(ARRAY_F64, 2, (const size_t[]){2, 2}, (const double[]){1, 2, 3, 4});
    struct array bound =
        array_from(ARRAY_F64, 2, (const size_t[]){2, 2}, (const double[]){0, 0.5, 0.5, 0.5});
    struct array actual =
        array_from(ARRAY_F64, 2, (const size_t[]){2, 2}, (const double[]){1, 2, 5, 4});
    cr_expect_str_eq(line_of(&actual, &exact, &bound),
                     "[1, 0]: expected 3, got 5: off by 2 (0.667 relative, 3377699720527872 ULP), "
                     "allowed 0.5 (4 of it used); 1 of 4 elements differ");
    for (int sign = -1; sign <= 1; sign += 2) {
        array_set(&actual, 1, copysign(NAN, sign));
        cr_expect_str_eq(
            line_of(&actual, &exact, &bound),
            "[0, 1]: expected 2, got nan: no bound allows that; 2 of 4 elements differ");
    }
    cr_expect_str_eq(line_of(&exact, &exact, &bound),
                     "[0, 0]: expected 1, got 1: equal; 0 of 4 elements differ");
    struct array other = array_from(ARRAY_F32, 0, NULL, (const double[]){1});
    cr_expect_str_eq(line_of(&other, &exact, &bound), "expected f64 2x2, got f32 -");
    struct array empty = array_from(ARRAY_F64, 1, (const size_t[]){0}, NULL);
    cr_expect_str_eq(line_of(&empty, &empty, &empty), "no element");
    cr_expect_str_eq(line_of(&exact, &exact, &empty), "not compared");
    struct array large = array_from(ARRAY_I64, 0, NULL, (const double[]){0});
    struct array none = array_from(ARRAY_I64, 0, NULL, (const double[]){0});
    *(int64_t *)large.data = INT64_MAX;
    cr_expect_eq(
        strncmp(line_of(&large, &none, &none), "[]: expected 0, got 9223372036854775807:", 40), 0);
    struct golden_comparison c;
    struct array minus = array_from(ARRAY_F64, 0, NULL, (const double[]){-0.0});
    struct array plus = array_from(ARRAY_F64, 0, NULL, (const double[]){0.0});
    char text[256];
    (void)golden_compare_close(&minus, &plus, &(struct golden_tolerance){.zero_sign_matters = true},
                               &c);
    golden_comparison_text(&c, text, sizeof text);
    cr_expect_str_eq(text,
                     "[]: expected 0, got -0: the sign of zero differs; 1 of 1 elements differ");
    struct array *all[] = {&exact, &bound, &actual, &other, &empty, &large, &none, &minus, &plus};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        array_free(all[i]);
    }
}

/* Shown with fewer digits, two neighbours would look the same. */
Test(golden_text, tells_neighbours_apart) {
    struct array exact = array_from(ARRAY_F64, 0, NULL, (const double[]){0.1});
    struct array actual = array_from(ARRAY_F64, 0, NULL, (const double[]){nextafter(0.1, 1)});
    struct array bound = array_from(ARRAY_F64, 0, NULL, (const double[]){0});
    const char *line = line_of(&actual, &exact, &bound);
    cr_expect_not_null(strstr(line, "expected 0.10000000000000001, got 0.10000000000000002"), "%s",
                       line);
    array_free(&exact);
    array_free(&actual);
    array_free(&bound);
    exact = array_from(ARRAY_F32, 0, NULL, (const double[]){0.1F});
    actual = array_from(ARRAY_F32, 0, NULL, (const double[]){nextafterf(0.1F, 1)});
    bound = array_from(ARRAY_F32, 0, NULL, (const double[]){0});
    line = line_of(&actual, &exact, &bound);
    cr_expect_not_null(strstr(line, "expected 0.100000001, got 0.100000009: "), "%s", line);
    array_free(&exact);
    array_free(&actual);
    array_free(&bound);
}

Test(golden_text, gives_the_place_along_every_axis) {
    const size_t shape[ARRAY_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 2};
    struct array exact = array_from(ARRAY_U8, ARRAY_MAX_DIMS, shape, (const double[]){1, 2});
    struct array actual = array_from(ARRAY_U8, ARRAY_MAX_DIMS, shape, (const double[]){1, 3});
    struct array bound = array_from(ARRAY_U8, ARRAY_MAX_DIMS, shape, (const double[]){0, 0});
    const char *line = line_of(&actual, &exact, &bound);
    cr_expect_eq(strncmp(line, "[0, 0, 0, 0, 0, 0, 0, 1]: expected 2, got 3: ", 45), 0, "%s", line);
    array_free(&exact);
    array_free(&actual);
    array_free(&bound);
}

Test(golden_text, names_every_mismatch) {
    cr_expect_str_eq(golden_mismatch_name(GOLDEN_MATCH), "none");
    cr_expect_str_eq(golden_mismatch_name(GOLDEN_NAN), "nan");
    cr_expect_str_eq(golden_mismatch_name(GOLDEN_DTYPE), "dtype");
    cr_expect_str_eq(golden_mismatch_name((enum golden_mismatch)77), "?");
}
