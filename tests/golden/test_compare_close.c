// SPDX-License-Identifier: MIT
#include "support.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(golden_compare_close, .init = folder_create, .fini = folder_remove);

static struct golden_comparison close_all(enum array_dtype dtype, size_t n, const double actual[],
                                          const double expected[],
                                          struct golden_tolerance tolerance) {
    struct array a = array_from(dtype, 1, &n, actual);
    struct array e = array_from(dtype, 1, &n, expected);
    struct golden_comparison c;
    cr_assert_eq(golden_compare_close(&a, &e, &tolerance, &c), GOLDEN_OK);
    array_free(&a);
    array_free(&e);
    return c;
}

static struct golden_comparison close_one(double actual, double expected,
                                          struct golden_tolerance tolerance) {
    return close_all(ARRAY_F64, 1, &actual, &expected, tolerance);
}

static struct golden_comparison close_f32(double actual, double expected,
                                          struct golden_tolerance tolerance) {
    return close_all(ARRAY_F32, 1, &actual, &expected, tolerance);
}

Test(golden_compare_close, allows_atol_plus_rtol_times_expected) {
    const struct golden_tolerance t = {.atol = 0.5, .rtol = 0.25};
    static const struct {
        double actual, expected;
        enum golden_verdict verdict;
    } rows[] = {
        {5.5, 4, GOLDEN_PASS},      {5.5000001, 4, GOLDEN_FAIL},   {2.5, 4, GOLDEN_PASS},
        {-5.5, -4, GOLDEN_PASS},    {-5.5000001, -4, GOLDEN_FAIL}, {0.5, 0, GOLDEN_PASS},
        {4, -4, GOLDEN_FAIL},       {NAN, NAN, GOLDEN_PASS},       {NAN, 4, GOLDEN_FAIL},
        {4, NAN, GOLDEN_FAIL},      {INFINITY, 4, GOLDEN_FAIL},    {4, INFINITY, GOLDEN_FAIL},
        {4, -INFINITY, GOLDEN_FAIL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct golden_comparison c = close_one(rows[i].actual, rows[i].expected, t);
        cr_expect_eq(c.verdict, rows[i].verdict, "%g for %g", rows[i].actual, rows[i].expected);
        cr_expect_eq(c.max_share > 1, c.verdict == GOLDEN_FAIL, "%g for %g: %g", rows[i].actual,
                     rows[i].expected, c.max_share);
        double allowed = isfinite(rows[i].expected) ? 0.5 + 0.25 * fabs(rows[i].expected) : 0;
        cr_expect_eq(c.worst.allowed, allowed, "%g", c.worst.allowed);
        c = close_f32(rows[i].actual, rows[i].expected, t);
        /* 5.5000001 is 5.5 in float32 */
        bool nearest = fabs(rows[i].actual) > 5.5 && isfinite(rows[i].actual);
        cr_expect_eq(c.verdict, nearest ? GOLDEN_PASS : rows[i].verdict, "%g for %g in float32",
                     rows[i].actual, rows[i].expected);
        cr_expect_eq(c.worst.allowed, allowed, "%g", c.worst.allowed);
    }
    cr_expect_eq(close_f32(nextafterf(5.5F, 6), 4, t).verdict, GOLDEN_FAIL);
    /* The reference is the expected value: the other way round the same pair differs. */
    cr_expect_eq(close_one(4, 5.8, t).verdict, GOLDEN_PASS);
    cr_expect_eq(close_one(5.8, 4, t).verdict, GOLDEN_FAIL);
}

/* All of it is rounded to float32, as NumPy does it. */
Test(golden_compare_close, has_a_share_of_1_where_only_float32_makes_the_difference_small_enough) {
    struct golden_comparison c = close_f32(1, -0x1p-30, (struct golden_tolerance){.atol = 1});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1, "%a", c.max_share);
    c = close_f32(FLT_MAX, -0x1p80, (struct golden_tolerance){.atol = FLT_MAX});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1, "%a: a float32 too", c.max_share);
}

/* NumPy 1.24 leaves it in float64, where the allowance ends just below the difference. */
Test(golden_compare_close, does_not_round_a_tolerance_to_float32_that_is_the_largest_of_these) {
    const double expected = 0x1.c00002p-10, actual = 0x1.c00002p118;
    const double atol = 0x1.8p94;
    struct golden_comparison c =
        close_f32(actual, expected, (struct golden_tolerance){.atol = atol, .rtol = FLT_MAX});
    cr_expect_eq(c.worst.allowed, atol + (double)FLT_MAX * expected, "%a", c.worst.allowed);
    cr_expect(c.worst.absolute > c.worst.allowed && c.verdict == GOLDEN_FAIL, "%a of %a",
              c.worst.absolute, c.worst.allowed);
}

Test(golden_compare_close, wants_equal_values_by_default) {
    double one = 1;
    double next = nextafter(1, 2);
    const struct array a = {.count = 1, .data = &one};
    const struct array b = {.count = 1, .data = &next};
    struct golden_comparison c;
    cr_assert_eq(golden_compare_close(&a, &a, NULL, &c), GOLDEN_OK);
    cr_expect_eq(c.verdict, GOLDEN_PASS);
    cr_assert_eq(golden_compare_close(&b, &a, NULL, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_FAIL && c.worst.ulp == 1 && isinf(c.max_share));
}

Test(golden_compare_close, accepts_ulp_or_tolerance_whichever_suffices) {
    double off = 1;
    for (int i = 0; i < 4; i++) {
        off = nextafter(off, 2);
    }
    cr_expect_eq(close_one(off, 1, (struct golden_tolerance){.ulp = 3}).verdict, GOLDEN_FAIL);
    struct golden_comparison c = close_one(off, 1, (struct golden_tolerance){.ulp = 4});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1);
    c = close_one(off, 1, (struct golden_tolerance){.ulp = 8});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 0.5);
    c = close_one(nextafter(1, 2), 1, (struct golden_tolerance){.ulp = 3});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1.0 / 3, "%a", c.max_share);
    c = close_one(off, 1, (struct golden_tolerance){.ulp = 3, .atol = 1e-15});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share < 1);
    c = close_one(NAN, 1, (struct golden_tolerance){.ulp = UINT64_MAX});
    cr_expect_eq(c.verdict, GOLDEN_FAIL);
    c = close_one(INFINITY, DBL_MAX, (struct golden_tolerance){.ulp = 5});
    cr_expect_eq(c.verdict, GOLDEN_FAIL, "one step away, but another class");
}

Test(golden_compare_close, judges_the_sign_of_zero_only_when_asked) {
    struct golden_comparison c = close_one(-0.0, 0.0, (struct golden_tolerance){.atol = 1});
    cr_expect(c.verdict == GOLDEN_PASS && c.n_zero_sign == 1);
    c = close_one(-0.0, 0.0, (struct golden_tolerance){.atol = 1, .zero_sign_matters = true});
    cr_expect(c.verdict == GOLDEN_FAIL && c.mismatch == GOLDEN_ZERO_SIGN && c.n_mismatch == 1);
    cr_expect(isinf(c.max_share) && isinf(c.worst.share));
    c = close_one(-0.0, -0.0, (struct golden_tolerance){.zero_sign_matters = true});
    cr_expect_eq(c.verdict, GOLDEN_PASS);
}

/* Runs of equal elements are counted without a look at each: not these. */
Test(golden_compare_close, takes_nothing_for_equal_that_resembles_a_neighbour_or_zero) {
    static const double rows[][6] = {{9, 1, 2, 3, 4, 5}, {9, 2, 3, 4, 5, 6}, {9, 0, 0, 0, 0, 0}};
    static const enum array_dtype dtypes[] = {ARRAY_F64, ARRAY_F32, ARRAY_I64, ARRAY_I32, ARRAY_U8};
    for (size_t k = 0; k < 3 * 3 * 5; k++) {
        const double *a = rows[k % 3];
        const double *e = rows[k / 3 % 3];
        struct golden_comparison c =
            close_all(dtypes[k / 9], 6, a, e, (struct golden_tolerance){0});
        size_t n_mismatch = a == e ? 0 : 5;
        cr_expect_eq(c.n_mismatch, n_mismatch, "row %zu: %zu", k, c.n_mismatch);
        cr_expect_eq(c.n_equal, 6 - n_mismatch, "row %zu: %zu", k, c.n_equal);
    }
}

Test(golden_compare_close, counts_nan_and_infinity_among_equal_elements_and_can_refuse_nan) {
    static const double values[] = {1, NAN, INFINITY, -INFINITY, NAN, 2};
    static const enum array_dtype dtypes[] = {ARRAY_F64, ARRAY_F32};
    for (size_t d = 0; d < 2; d++) {
        struct golden_comparison c =
            close_all(dtypes[d], 6, values, values, (struct golden_tolerance){0});
        cr_expect(c.verdict == GOLDEN_PASS && c.n_equal == 6 && c.n_nonfinite == 4);
        cr_expect(c.worst.flat == 0 && c.max_ulp == 0, "of equals the first is the worst");
        c = close_all(dtypes[d], 6, values, values, (struct golden_tolerance){.nan_differs = true});
        cr_expect(c.verdict == GOLDEN_FAIL && c.n_nan == 2 && c.n_mismatch == 2 && c.n_equal == 4);
        cr_expect(c.worst.flat == 1 && c.mismatch == GOLDEN_NAN);
        c = close_all(dtypes[d], 1, &values[2], &values[2], (struct golden_tolerance){0});
        cr_expect(c.verdict == GOLDEN_PASS && c.worst.ulp == 0);
    }
}

Test(golden_compare_close, survives_tolerances_and_differences_that_overflow) {
    struct golden_comparison c = close_one(DBL_MAX, -DBL_MAX, (struct golden_tolerance){.rtol = 1});
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_share == 2, "%g", c.max_share);
    c = close_one(DBL_MAX, -DBL_MAX, (struct golden_tolerance){.rtol = 4});
    cr_expect(c.verdict == GOLDEN_PASS && c.max_share <= 1, "%g", c.max_share);
}

Test(golden_compare_close, compares_integers_within_a_tolerance) {
    int64_t actual[] = {10, -10, INT64_MAX, 7};
    int64_t expected[] = {12, -13, INT64_MAX - 2, 7};
    const struct array a = {
        .dtype = ARRAY_I64, .ndim = 1, .shape = {4}, .count = 4, .data = actual};
    const struct array e = {
        .dtype = ARRAY_I64, .ndim = 1, .shape = {4}, .count = 4, .data = expected};
    struct golden_comparison c;
    cr_assert_eq(golden_compare_close(&a, &e, &(struct golden_tolerance){.atol = 2.9}, &c),
                 GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_FAIL && c.n_mismatch == 1 && c.worst.flat == 1 &&
              c.worst.ulp == 3);
    cr_assert_eq(golden_compare_close(&a, &e, &(struct golden_tolerance){.ulp = 3}, &c), GOLDEN_OK);
    cr_expect_eq(c.verdict, GOLDEN_PASS);
    cr_assert_eq(golden_compare_close(&a, &e, &(struct golden_tolerance){.rtol = 1e300}, &c),
                 GOLDEN_OK);
    cr_expect_eq(c.verdict, GOLDEN_PASS);
}

/* 2^64 is beyond what an integer of 64 bits can say. */
Test(golden_compare_close, allows_every_difference_of_integers_with_a_tolerance_of_2_to_the_64) {
    int64_t actual = INT64_MAX;
    int64_t expected = INT64_MIN;
    const struct array a = {.dtype = ARRAY_I64, .count = 1, .data = &actual};
    const struct array e = {.dtype = ARRAY_I64, .count = 1, .data = &expected};
    struct golden_comparison c;
    cr_assert_eq(golden_compare_close(&a, &e, &(struct golden_tolerance){.atol = 0x1p64}, &c),
                 GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_PASS && c.worst.ulp == UINT64_MAX && c.max_share == 1);
    cr_assert_eq(golden_compare_close(&a, &e, &(struct golden_tolerance){.atol = 0x1p63}, &c),
                 GOLDEN_OK);
    cr_expect_eq(c.verdict, GOLDEN_FAIL);
}

Test(golden_compare_close, refuses_tolerances_that_make_no_sense) {
    const double bad[] = {NAN, -1e-300, INFINITY, -INFINITY};
    double one = 1;
    const struct array a = {.count = 1, .data = &one};
    struct golden_comparison c;
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(golden_compare_close(&a, &a, &(struct golden_tolerance){.atol = bad[i]}, &c),
                     GOLDEN_TOLERANCE);
        cr_expect_eq(golden_compare_close(&a, &a, &(struct golden_tolerance){.rtol = bad[i]}, &c),
                     GOLDEN_TOLERANCE);
        cr_expect_eq(c.verdict, GOLDEN_NOT_COMPARED);
    }
    cr_expect_eq(golden_compare_close(NULL, &a, NULL, &c), GOLDEN_NULL);
    cr_expect_eq(golden_compare_close(&a, NULL, NULL, &c), GOLDEN_NULL);
    cr_expect_eq(golden_compare_close(&a, &a, NULL, NULL), GOLDEN_NULL);
}

/* NumPy writes pairs with edge values and its own verdict on each; ours must be the same. */
Test(golden_compare_close, agrees_with_assert_allclose_on_2000_pairs) {
    run_python(
        "import numpy as np\n"
        "r = np.random.default_rng(1)\n"
        "edge = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, -5e-324, 1e-300, 1.0, -1.0,\n"
        "                 1e300, 1.7976931348623157e308, -1.7976931348623157e308])\n"
        "a, b, t, v = [], [], [], []\n"
        "for k in range(2000):\n"
        "    e = r.choice(edge) if r.random() < 0.3 else r.normal() * 10.0 ** r.integers(-9, 9)\n"
        "    rtol, atol = (r.choice([0, 1e-12, 1e-7, 1e-3, 0.5, 2]) for _ in range(2))\n"
        "    x = (r.choice(edge) if r.random() < 0.2 else\n"
        "         e * (1 + rtol * r.choice([0, .5, 1, 1.5]) * r.choice([-1, 1]))\n"
        "         + atol * r.choice([0, .5, 1, 1.5]))\n"
        "    with np.errstate(all='ignore'):\n"
        "        try:\n"
        "            np.testing.assert_allclose(np.array(x), np.array(e), rtol=rtol, atol=atol)\n"
        "            same = 1\n"
        "        except AssertionError:\n"
        "            same = 0\n"
        "    a.append(x), b.append(e), t.append((atol, rtol)), v.append(same)\n"
        "np.savez('pairs.npz', a=np.array(a), b=np.array(b), t=np.array(t, dtype=float),\n"
        "         v=np.array(v, dtype='u1'))\n");
    struct golden_npz npz;
    struct golden_error error;
    cr_assert_eq(golden_npz_read(in_folder("pairs.npz"), &npz, &error), GOLDEN_OK, "%s",
                 error_line(&error));
    const struct array *a = golden_npz_find(&npz, "a");
    const struct array *b = golden_npz_find(&npz, "b");
    size_t n_passed = 0;
    for (size_t i = 0; i < a->count; i++) {
        struct golden_tolerance t = {.atol = array_get(golden_npz_find(&npz, "t"), 2 * i),
                                     .rtol = array_get(golden_npz_find(&npz, "t"), 2 * i + 1)};
        struct golden_comparison c = close_one(array_get(a, i), array_get(b, i), t);
        bool numpy_passes = array_get(golden_npz_find(&npz, "v"), i) == 1;
        n_passed += numpy_passes;
        cr_expect_eq(c.verdict, numpy_passes ? GOLDEN_PASS : GOLDEN_FAIL,
                     "%a for %a, atol %a, rtol %a", array_get(a, i), array_get(b, i), t.atol,
                     t.rtol);
    }
    cr_expect(a->count == 2000 && n_passed > 300 && n_passed < 1700, "%zu pass", n_passed);
    golden_npz_free(&npz);
}
