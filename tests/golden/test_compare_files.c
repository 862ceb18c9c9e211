// SPDX-License-Identifier: MIT
/* Files compared block by block: the same as the arrays in memory, which test_compare.c holds
 * against what is known; the profile and the summary are counted here the plain way. */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

TestSuite(golden_compare_files, .init = folder_create, .fini = folder_remove);

enum { BLOCK = 4096 };

static const size_t SIZES[] = {0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 100};
static const enum array_dtype DTYPES[] = {ARRAY_F64, ARRAY_F32, ARRAY_I64, ARRAY_I32, ARRAY_U8};
enum { N_SIZES = sizeof SIZES / sizeof SIZES[0], N_DTYPES = sizeof DTYPES / sizeof DTYPES[0] };

/* What the files hold, and the files. */
struct sides {
    struct array actual, expected, bound;
    struct golden_file *files[3];
    struct golden_sides places;
    struct golden_comparison c;
    struct golden_profile p;
    struct golden_error error;
};

static struct array filled(enum array_dtype dtype, size_t n, double (*value)(size_t)) {
    struct array a;
    size_t shape[2] = {n / 2, 2};
    bool two = n > 0 && n % 2 == 0;
    cr_assert_eq(array_create(dtype, two ? 2 : 1, two ? shape : &n, &a), ARRAY_OK);
    for (size_t i = 0; i < n; i++) {
        double v = value(i);
        array_set(&a, i, array_dtype_is_float(dtype) ? v : isfinite(v) ? fabs(trunc(v)) : 0);
    }
    return a;
}

static double wave(size_t i) {
    return 100 * sin((double)(i + 1));
}
/* Equal but for every 97th, and classes of its own at a few places beyond the first block. */
static double near_wave(size_t i) {
    if (i == BLOCK + 50) {
        return NAN;
    }
    if (i == 2 * BLOCK + 1) {
        return -INFINITY;
    }
    return wave(i) + (i % 97 == 5 ? (double)(i % 11) - 4 : 0);
}
static double tiny(size_t i) {
    return i % 3 == 0 ? 2.5 : 0.5;
}

static size_t open_one(struct golden_file **file, const struct array *a, const char *name,
                       bool archive) {
    struct golden_error error;
    char npy[64];
    char npz[64];
    (void)snprintf(npy, sizeof npy, "%s.npy", name);
    (void)snprintf(npz, sizeof npz, "%s.npz", name);
    if (archive) {
        struct array zero = vector_of(1, (const double[]){7});
        struct golden_member members[] = {{(char *)"first", zero}, {(char *)"second", *a}};
        cr_assert_eq(golden_npz_write(in_folder(npz), members, 2, NULL), GOLDEN_OK);
        array_free(&zero);
    } else {
        cr_assert_eq(golden_npy_write(in_folder(npy), a, NULL), GOLDEN_OK);
    }
    cr_assert_eq(golden_open(in_folder(archive ? npz : npy), file, &error), GOLDEN_OK, "%s",
                 error_line(&error));
    cr_expect_eq(golden_is_archive(*file), archive);
    cr_expect_eq(golden_n_arrays(*file), archive ? 2u : 1u);
    cr_expect_str_eq(golden_array_name(*file, archive), archive ? "second" : "");
    cr_expect_null(golden_array_name(*file, 2));
    return archive ? 1 : 0;
}

static void open_sides(struct sides *s, enum array_dtype dtype, size_t n, bool archive,
                       bool bounded) {
    memset(s, 0, sizeof *s);
    s->actual = filled(dtype, n, near_wave);
    s->expected = filled(dtype, n, wave);
    s->bound = filled(dtype, n, tiny);
    s->places.actual.array = open_one(&s->files[0], &s->actual, "actual", archive);
    s->places.expected.array = open_one(&s->files[1], &s->expected, "expected", !archive);
    s->places.bound.array = open_one(&s->files[2], &s->bound, "bound", archive);
    s->places.actual.file = s->files[0];
    s->places.expected.file = s->files[1];
    s->places.bound.file = bounded ? s->files[2] : NULL;
}

static void close_sides(struct sides *s) {
    array_free(&s->actual);
    array_free(&s->expected);
    array_free(&s->bound);
    for (size_t i = 0; i < 3; i++) {
        golden_close(s->files[i]);
    }
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static bool same_element(const struct golden_element *a, const struct golden_element *b) {
    return a->flat == b->flat && a->mismatch == b->mismatch && a->ulp == b->ulp &&
           a->index[0] == b->index[0] && a->index[1] == b->index[1] &&
           a->expected_int == b->expected_int && a->actual_int == b->actual_int &&
           same(a->expected, b->expected) && same(a->actual, b->actual) &&
           same(a->absolute, b->absolute) && same(a->share, b->share);
}

static void expect_same(const struct golden_comparison *a, const struct golden_comparison *b) {
    cr_expect(a->verdict == b->verdict && a->mismatch == b->mismatch);
    cr_expect(a->dtype == b->dtype && a->ndim == b->ndim && a->shape[0] == b->shape[0]);
    cr_expect(a->actual_dtype == b->actual_dtype && a->actual_ndim == b->actual_ndim);
    cr_expect(a->count == b->count && a->n_mismatch == b->n_mismatch && a->n_nan == b->n_nan);
    cr_expect(a->n_inf == b->n_inf && a->n_value == b->n_value && a->n_equal == b->n_equal);
    cr_expect(a->n_nonfinite == b->n_nonfinite && a->n_zero_sign == b->n_zero_sign);
    cr_expect(same(a->max_share, b->max_share) && same(a->max_absolute, b->max_absolute));
    cr_expect(same(a->max_relative, b->max_relative) && a->max_ulp == b->max_ulp);
    cr_expect(same_element(&a->worst, &b->worst));
}

/* One element compared alone: what the profile must say of it. */
static struct golden_element element_of(const struct sides *s, size_t i, bool bounded) {
    struct array alone[3];
    const struct array *all[3] = {&s->actual, &s->expected, &s->bound};
    for (size_t k = 0; k < 3; k++) {
        alone[k] = *all[k];
        alone[k].ndim = 0;
        alone[k].count = 1;
        alone[k].data = (char *)all[k]->data + i * array_dtype_size(all[k]->dtype);
    }
    struct golden_comparison c;
    cr_assert_eq(bounded ? golden_compare(&alone[0], &alone[1], &alone[2], NULL, &c)
                         : golden_compare_close(&alone[0], &alone[1], NULL, &c),
                 GOLDEN_OK);
    c.worst.flat = i;
    array_unravel(&s->expected, i, c.worst.index);
    return c.worst;
}

static bool at_least_as_bad(const struct golden_element *a, const struct golden_element *b) {
    return a->mismatch != b->mismatch       ? a->mismatch > b->mismatch
           : a->share != b->share           ? a->share > b->share
           : same(a->absolute, b->absolute) ? a->ulp >= b->ulp
                                            : a->absolute > b->absolute;
}

static void expect_profile(const struct sides *s, bool bounded) {
    size_t n_finite = 0, n_table = 0, bins[GOLDEN_ULP_BINS] = {0};
    double absolute = 0;
    double relative = 0;
    uint64_t ulp = 0;
    for (size_t i = 0; i < s->expected.count; i++) {
        struct golden_element e = element_of(s, i, bounded);
        bool apart = e.mismatch == GOLDEN_NAN || e.mismatch == GOLDEN_INF;
        size_t bin = 0;
        while (!apart && e.ulp > golden_ulp_bin_limit(bin)) {
            bin++;
        }
        bins[apart ? GOLDEN_ULP_BINS - 1 : bin]++;
        n_table += apart || e.absolute != 0;
        if (!apart) {
            n_finite++;
            absolute = fmax(absolute, e.absolute);
            relative = fmax(relative, e.relative);
            ulp = e.ulp > ulp ? e.ulp : ulp;
        }
    }
    cr_expect_eq(s->p.n_finite, n_finite);
    cr_expect_eq(memcmp(s->p.bins, bins, sizeof bins), 0);
    cr_expect_eq(s->p.n_table, n_table < GOLDEN_TABLE_SIZE ? n_table : GOLDEN_TABLE_SIZE);
    if (n_finite > 0) {
        cr_expect(s->p.worst_absolute.absolute == absolute);
        cr_expect(s->p.worst_relative.relative == relative && s->p.worst_ulp.ulp == ulp);
    }
    for (size_t k = 0; k < s->p.n_table; k++) {
        struct golden_element e = element_of(s, s->p.table[k].flat, bounded);
        cr_expect(same_element(&e, &s->p.table[k]), "row %zu of the table", k);
        cr_expect(k == 0 || at_least_as_bad(&s->p.table[k - 1], &s->p.table[k]), "row %zu", k);
    }
    if (s->p.n_table == GOLDEN_TABLE_SIZE) {
        size_t n_worse = 0;
        for (size_t i = 0; i < s->expected.count; i++) {
            struct golden_element e = element_of(s, i, bounded);
            n_worse += !at_least_as_bad(&s->p.table[GOLDEN_TABLE_SIZE - 1], &e);
        }
        cr_expect_lt(n_worse, (size_t)GOLDEN_TABLE_SIZE, "%zu are worse than the last", n_worse);
    }
}

Test(golden_compare_files, gives_what_the_arrays_in_memory_give_at_any_length) {
    for (size_t k = 0; k < (size_t)N_SIZES * N_DTYPES * 2; k++) {
        struct sides s;
        bool bounded = k % 2 == 0;
        enum array_dtype dtype = DTYPES[k / 2 % N_DTYPES];
        open_sides(&s, dtype, SIZES[k / 2 / N_DTYPES], k / 2 % 2 == 0, bounded);
        memset(&s.error, 0x55, sizeof s.error);
        cr_assert_eq(golden_compare_files(&s.places, NULL, &s.c, &s.p, &s.error), GOLDEN_OK, "%s",
                     error_line(&s.error));
        cr_expect(s.error.code == GOLDEN_OK && s.error.offset == -1 && s.error.file[0] == '\0');
        struct golden_comparison whole;
        cr_assert_eq(bounded ? golden_compare(&s.actual, &s.expected, &s.bound, NULL, &whole)
                             : golden_compare_close(&s.actual, &s.expected, NULL, &whole),
                     GOLDEN_OK);
        expect_same(&s.c, &whole);
        cr_expect_eq(s.c.verdict,
                     s.expected.count > 5 ? GOLDEN_FAIL : GOLDEN_PASS); /* the sixth is off by 1 */
        expect_profile(&s, bounded);
        close_sides(&s);
    }
}

Test(golden_compare_files, another_dtype_or_shape_fails_without_elements) {
    struct sides s;
    open_sides(&s, ARRAY_F64, 8, false, false);
    struct array other = filled(ARRAY_F32, 8, wave);
    struct golden_file *file;
    s.places.actual.array = open_one(&file, &other, "other", true);
    s.places.actual.file = file;
    cr_expect_eq(golden_compare_files(&s.places, NULL, &s.c, &s.p, NULL), GOLDEN_OK);
    cr_expect(s.c.verdict == GOLDEN_FAIL && s.c.mismatch == GOLDEN_DTYPE && s.c.count == 0);
    s.places.actual.array = 0; /* the first member: one float64 */
    cr_expect_eq(golden_compare_files(&s.places, NULL, &s.c, &s.p, NULL), GOLDEN_OK);
    cr_expect(s.c.verdict == GOLDEN_FAIL && s.c.mismatch == GOLDEN_SHAPE && s.c.count == 0);
    golden_close(file);
    array_free(&other);
    close_sides(&s);
}

/* An array of as many axes as there can be; of equal elements the first finite one is the worst. */
Test(golden_compare_files, the_profile_begins_with_the_first_finite_element) {
    const size_t shape[ARRAY_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 2, 2};
    struct array a = array_from(ARRAY_F64, ARRAY_MAX_DIMS, shape, (double[]){NAN, 5, 6, 7});
    struct golden_file *file;
    size_t member = open_one(&file, &a, "axes", true);
    const struct golden_sides sides = {.actual = {file, member}, .expected = {file, member}};
    struct golden_comparison c;
    struct golden_profile p;
    cr_assert_eq(golden_compare_files(&sides, NULL, &c, &p, NULL), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_PASS && c.ndim == ARRAY_MAX_DIMS && c.n_equal == 4);
    cr_expect_eq(memcmp(c.shape, shape, sizeof shape), 0);
    cr_expect(p.n_finite == 3 && p.n_table == 0);
    const struct golden_element *const worst[] = {&p.worst_absolute, &p.worst_relative,
                                                  &p.worst_ulp};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(worst[i]->flat == 1 && worst[i]->index[7] == 1 && worst[i]->expected == 5);
    }
    golden_close(file);
    array_free(&a);
}

/* Nothing of a comparison that could not be done is left standing. */
static void expect_error(struct sides *s, enum golden_status status, const char *file,
                         const char *label) {
    memset(&s->c, 0x55, sizeof s->c);
    memset(&s->p, 0x55, sizeof s->p);
    memset(&s->error, 0x55, sizeof s->error);
    EXPECT_STATUS(golden_compare_files(&s->places, NULL, &s->c, &s->p, &s->error), status, label);
    cr_expect_eq(s->error.code, status, "%s", label);
    cr_expect_eq(s->error.offset, -1, "%s: no byte of a file is meant", label);
    cr_expect(strstr(s->error.file, file) != NULL, "%s: '%s'", label, s->error.file);
    cr_expect_eq(s->error.file[0] == '\0', file[0] == '\0', "%s: '%s'", label, s->error.file);
    cr_expect(s->c.verdict == GOLDEN_NOT_COMPARED && s->c.count == 0 && s->p.n_finite == 0, "%s",
              label);
}

Test(golden_compare_files, what_cannot_be_compared_is_an_error_that_names_the_file) {
    struct sides s;
    open_sides(&s, ARRAY_F64, BLOCK + 2, false, true);
    struct golden_place bound = s.places.bound;
    s.places.bound.array = 5;
    expect_error(&s, GOLDEN_NULL, "", "no such array");
    s.places.bound = s.places.expected;
    s.places.bound.array = 0; /* one float64, in the archive */
    expect_error(&s, GOLDEN_BOUND_SHAPE, "expected.npz", "a bound of another shape");
    s.places.bound = bound;
    const struct golden_place expected = s.places.expected;
    s.places.expected.file = NULL;
    expect_error(&s, GOLDEN_NULL, "", "no expected file");
    s.places.actual = expected; /* of an archive, and closed again */
    expect_error(&s, GOLDEN_NULL, "", "no expected file");
    s.places.expected = expected;
    s.places.actual = (struct golden_place){s.files[0], 0};
    static const double bad[] = {NAN, -1, INFINITY};
    for (size_t i = 0; i < 3; i++) {
        array_set(&s.bound, BLOCK + 1, bad[i]);
        golden_close(s.files[2]);
        s.places.bound.array = open_one(&s.files[2], &s.bound, "bound", i == 1);
        s.places.bound.file = s.files[2];
        expect_error(&s, GOLDEN_BOUND_VALUE, "bound.np", "a bound that is none");
    }
    struct golden_tolerance nan = {.atol = NAN};
    memset(&s.c, 0x55, sizeof s.c);
    EXPECT_STATUS(golden_compare_files(&s.places, &nan, &s.c, &s.p, &s.error), GOLDEN_TOLERANCE,
                  "nan");
    cr_expect(s.error.code == GOLDEN_TOLERANCE && s.error.offset == -1);
    cr_expect(s.c.verdict == GOLDEN_NOT_COMPARED && s.c.count == 0);
    memset(&s.error, 0x55, sizeof s.error);
    EXPECT_STATUS(golden_compare_files(NULL, NULL, &s.c, &s.p, &s.error), GOLDEN_NULL, "sides");
    cr_expect(s.error.code == GOLDEN_NULL && s.error.offset == -1);
    cr_expect(s.error.file[0] == '\0' && s.error.member[0] == '\0');
    EXPECT_STATUS(golden_compare_files(&s.places, NULL, NULL, &s.p, NULL), GOLDEN_NULL, "out");
    EXPECT_STATUS(golden_compare_files(&s.places, NULL, &s.c, NULL, NULL), GOLDEN_NULL, "profile");
    close_sides(&s);
}

static double mixed(size_t i) {
    return i % 5 == 3 ? NAN : i % 7 == 6 ? INFINITY : i % 11 == 9 ? -INFINITY : wave(i) - 300;
}

Test(golden_compare_files, a_summary_counts_every_element) {
    for (size_t k = 0; k < (size_t)N_SIZES * N_DTYPES; k++) {
        struct array a = filled(DTYPES[k % N_DTYPES], SIZES[k / N_DTYPES], mixed);
        struct golden_summary s, plain = {.n_finite = 0};
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < a.count; i++) {
            double v = array_get(&a, i);
            plain.n_nan += isnan(v);
            plain.n_plus_inf += v == (double)INFINITY;
            plain.n_minus_inf += v == -(double)INFINITY;
            plain.n_finite += isfinite(v);
            low = isfinite(v) ? fmin(low, v) : low;
            high = isfinite(v) ? fmax(high, v) : high;
        }
        struct golden_file *file;
        size_t member = open_one(&file, &a, "mixed", k % 2 == 0);
        cr_assert_eq(golden_summarise(file, member, &s, NULL), GOLDEN_OK);
        cr_expect(s.n_nan == plain.n_nan && s.n_finite == plain.n_finite, "row %zu", k);
        cr_expect(s.n_plus_inf == plain.n_plus_inf && s.n_minus_inf == plain.n_minus_inf);
        cr_expect(s.header.count == a.count && s.header.dtype == a.dtype);
        if (s.n_finite > 0 && array_dtype_is_float(a.dtype)) {
            cr_expect(s.min == low && s.max == high, "row %zu: %g to %g", k, s.min, s.max);
        } else if (s.n_finite > 0) {
            cr_expect(s.min_int == (int64_t)low && s.max_int == (int64_t)high, "row %zu", k);
        }
        cr_expect_eq(golden_summarise(file, 2, &s, NULL), GOLDEN_NULL);
        cr_expect(s.header.major == 0 && s.header.count == 0 && s.n_finite == 0, "all zero");
        struct golden_error error;
        memset(&error, 0x55, sizeof error);
        cr_expect_eq(golden_summarise(file, member, NULL, &error), GOLDEN_NULL);
        cr_expect(error.code == GOLDEN_NULL && error.offset == -1 && error.file[0] == '\0');
        cr_expect_eq(golden_summarise(file, member, &s, &error), GOLDEN_OK);
        cr_expect(error.code == GOLDEN_OK && error.offset == -1);
        golden_close(file);
        array_free(&a);
    }
}

/* As the sign of zero shows. */
Test(golden_compare_files, a_summary_has_the_first_of_equal_values) {
    for (int sign = -1; sign <= 1; sign += 2) {
        struct array a = vector_of(2, (const double[]){copysign(0, sign), copysign(0, -sign)});
        struct golden_file *file;
        struct golden_summary s;
        size_t member = open_one(&file, &a, "zeros", false);
        cr_assert_eq(golden_summarise(file, member, &s, NULL), GOLDEN_OK);
        cr_expect(s.min == 0 && (signbit(s.min) != 0) == (sign < 0), "%g", s.min);
        cr_expect(s.max == 0 && (signbit(s.max) != 0) == (sign < 0), "%g", s.max);
        golden_close(file);
        array_free(&a);
    }
}

Test(golden_compare_files, damage_behind_the_header_is_found_while_reading) {
    struct array a = filled(ARRAY_F64, 2 * BLOCK, wave);
    struct golden_file *file;
    golden_close((open_one(&file, &a, "whole", true), file));
    struct bytes b = read_file(in_folder("whole.npz"));
    b.data[b.size - 2000] ^= 1; /* in the data of the second member */
    write_file(in_folder("damaged.npz"), b);
    struct golden_error error;
    struct golden_summary s;
    cr_assert_eq(golden_open(in_folder("damaged.npz"), &file, &error), GOLDEN_OK);
    EXPECT_STATUS(golden_summarise(file, 1, &s, &error), GOLDEN_NPZ_CRC, "a summary");
    cr_expect(strstr(error.file, "damaged.npz") && strstr(error.member, "second"));
    cr_expect(s.n_finite == 0 && s.header.count == 0);
    struct golden_sides sides = {.actual = {file, 1}, .expected = {file, 1}};
    struct golden_comparison c;
    struct golden_profile p;
    EXPECT_STATUS(golden_compare_files(&sides, NULL, &c, &p, &error), GOLDEN_NPZ_CRC, "compared");
    cr_expect(c.verdict == GOLDEN_NOT_COMPARED && p.n_finite == 0);
    golden_close(file);
    bytes_free(&b);
    array_free(&a);
}
