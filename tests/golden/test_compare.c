// SPDX-License-Identifier: MIT
/* The comparison is a checker: most of these tests hand it wrong answers. */
#include "support.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define N 12
static const double truth[N] = {0.5, -1.25, 3.0,   1e-3, -2.75, 1e5,
                                7.0, -0.1,  1e-12, 42.0, -6.5,  1.0 / 3};

/* Two rounding errors of each value: what a derived bound is like. */
static void make_bounds(enum array_dtype dtype, double bounds[N]) {
    double epsilon = dtype == ARRAY_F64 ? DBL_EPSILON : FLT_EPSILON;
    for (size_t i = 0; i < N; i++) {
        bounds[i] = 2 * epsilon * fabs(truth[i]);
    }
}

static struct golden_comparison compare_3x4(enum array_dtype dtype, const double actual[N]) {
    const size_t shape[] = {3, 4};
    double bounds[N];
    make_bounds(dtype, bounds);
    struct array a = array_from(dtype, 2, shape, actual);
    struct array e = array_from(dtype, 2, shape, truth);
    struct array b = array_from(dtype, 2, shape, bounds);
    struct golden_comparison c;
    memset(&c, 0xff, sizeof c);
    cr_assert_eq(golden_compare(&a, &e, &b, NULL, &c), GOLDEN_OK);
    array_free(&a);
    array_free(&e);
    array_free(&b);
    return c;
}

static struct golden_comparison compare_one(enum array_dtype dtype, double actual, double exact,
                                            double bound) {
    struct array a = array_from(dtype, 0, NULL, &actual);
    struct array e = array_from(dtype, 0, NULL, &exact);
    struct array b = array_from(dtype, 0, NULL, &bound);
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&a, &e, &b, NULL, &c), GOLDEN_OK);
    array_free(&a);
    array_free(&e);
    array_free(&b);
    return c;
}

/* ---- wrong answers: each changes values into wrong ones, and says how many ---- */

static size_t negate_one(double v[N]) {
    v[7] = -v[7];
    return 1;
}
static size_t negate_all(double v[N]) {
    for (size_t i = 0; i < N; i++) {
        v[i] = -v[i];
    }
    return N;
}
static size_t double_all(double v[N]) {
    for (size_t i = 0; i < N; i++) {
        v[i] *= 2;
    }
    return N;
}
static size_t halve_one(double v[N]) {
    v[5] /= 2;
    return 1;
}
static size_t shift_by_a_millionth(double v[N]) {
    v[4] *= 1 + 1e-6;
    return 1;
}
static size_t transpose(double v[N]) {
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 4; j++) {
            v[4 * i + j] = truth[3 * j + i];
        }
    }
    return N - 2; /* the corners stay */
}
static size_t shift(double v[N]) {
    for (size_t i = 0; i < N; i++) {
        v[i] = truth[(i + 1) % N];
    }
    return N;
}
static size_t swap_two(double v[N]) {
    v[2] = truth[9];
    v[9] = truth[2];
    return 2;
}
static size_t zero_all(double v[N]) {
    memset(v, 0, N * sizeof v[0]);
    return N;
}
static size_t zero_the_last(double v[N]) {
    v[N - 1] = 0;
    return 1;
}
static size_t nan_one(double v[N]) {
    v[3] = NAN;
    return 1;
}
static size_t nan_all(double v[N]) {
    for (size_t i = 0; i < N; i++) {
        v[i] = NAN;
    }
    return N;
}
static size_t inf_one(double v[N]) {
    v[0] = INFINITY;
    return 1;
}
static size_t minus_inf_one(double v[N]) {
    v[11] = -INFINITY;
    return 1;
}

static const struct {
    const char *name;
    size_t (*damage)(double v[N]);
    enum golden_mismatch mismatch;
} wrong[] = {
    {"one sign", negate_one, GOLDEN_VALUE},
    {"all signs", negate_all, GOLDEN_VALUE},
    {"factor 2", double_all, GOLDEN_VALUE},
    {"one halved", halve_one, GOLDEN_VALUE},
    {"1e-6 off", shift_by_a_millionth, GOLDEN_VALUE},
    {"transposed", transpose, GOLDEN_VALUE},
    {"shifted by one", shift, GOLDEN_VALUE},
    {"two swapped", swap_two, GOLDEN_VALUE},
    {"all zero", zero_all, GOLDEN_VALUE},
    {"the last not written", zero_the_last, GOLDEN_VALUE},
    {"one NaN", nan_one, GOLDEN_NAN},
    {"all NaN", nan_all, GOLDEN_NAN},
    {"one infinity", inf_one, GOLDEN_INF},
    {"minus infinity", minus_inf_one, GOLDEN_INF},
};

Test(golden_compare, catches_every_kind_of_wrong_answer_in_both_precisions) {
    static const enum array_dtype dtypes[] = {ARRAY_F64, ARRAY_F32};
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            double v[N];
            memcpy(v, truth, sizeof v);
            size_t n = wrong[i].damage(v);
            struct golden_comparison c = compare_3x4(dtypes[d], v);
            cr_expect_eq(c.verdict, GOLDEN_FAIL, "%s", wrong[i].name);
            cr_expect_eq(c.mismatch, wrong[i].mismatch, "%s", wrong[i].name);
            cr_expect_eq(c.n_mismatch, n, "%s: %zu", wrong[i].name, c.n_mismatch);
            cr_expect_eq(c.n_nan + c.n_inf + c.n_value, n, "%s", wrong[i].name);
            cr_expect_eq(c.n_equal, N - n, "%s", wrong[i].name);
            cr_expect(c.max_share > 1 && c.worst.share == c.max_share, "%s: %g", wrong[i].name,
                      c.max_share);
            cr_expect(c.worst.index[0] * 4 + c.worst.index[1] == c.worst.flat, "%s", wrong[i].name);
        }
    }
}

Test(golden_compare, passes_the_truth_with_nothing_of_the_bound_used) {
    struct golden_comparison c = compare_3x4(ARRAY_F64, truth);
    cr_expect(c.verdict == GOLDEN_PASS && c.mismatch == GOLDEN_MATCH);
    cr_expect(c.count == N && c.n_equal == N && c.n_mismatch == 0 && c.n_nonfinite == 0);
    cr_expect(c.max_share == 0 && c.max_absolute == 0 && c.max_relative == 0 && c.max_ulp == 0);
    cr_expect(c.ndim == 2 && c.shape[0] == 3 && c.shape[1] == 4 && c.dtype == ARRAY_F64);
    cr_expect(!c.has_numpy && c.n_numpy_equal == 0 && c.max_numpy_ulp == 0);
}

Test(golden_compare, sees_an_error_of_1e_9_and_of_one_ulp_where_the_bound_is_tighter) {
    double v[N];
    memcpy(v, truth, sizeof v);
    v[6] *= 1 + 1e-9;
    struct golden_comparison c = compare_3x4(ARRAY_F64, v);
    cr_expect(c.verdict == GOLDEN_FAIL && c.worst.flat == 6 && c.worst.index[0] == 1 &&
              c.worst.index[1] == 2);
    cr_expect(c.worst.relative > 0.9e-9 && c.worst.relative < 1.1e-9, "%g", c.worst.relative);
    c = compare_one(ARRAY_F64, nextafter(7, 8), 7, 0);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_ulp == 1 && isinf(c.max_share));
    c = compare_one(ARRAY_F32, nextafterf(7, 8), 7, 0);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_ulp == 1, "ULP of float32");
}

Test(golden_compare, reports_the_share_of_the_bound_on_a_pass_too) {
    double v[N];
    memcpy(v, truth, sizeof v);
    v[1] = nextafter(v[1], 0);                 /* half an epsilon of 1.25 x 2: 0.4 of the bound */
    v[10] = nextafter(nextafter(v[10], 0), 0); /* less of its own */
    struct golden_comparison c = compare_3x4(ARRAY_F64, v);
    cr_expect_eq(c.verdict, GOLDEN_PASS);
    cr_expect(c.worst.flat == 10 && c.worst.ulp == 2 && c.max_ulp == 2);
    cr_expect_float_eq(c.max_share, 8.0 / 13, 1e-12, "%g", c.max_share);
    cr_expect_eq(c.worst.share, c.max_share);
    cr_expect_eq(c.worst.allowed, 13 * DBL_EPSILON);
    cr_expect_eq(c.n_equal, N - 2);
}

Test(golden_compare, allows_the_bound_itself_and_not_one_ulp_more) {
    const double bounds[] = {1e-300, 3e-9, 0.1, 1, 1e300, DBL_MIN, DBL_TRUE_MIN};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        double more = nextafter(bounds[i], INFINITY);
        struct golden_comparison c = compare_one(ARRAY_F64, bounds[i], 0, bounds[i]);
        cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1, "%a", bounds[i]);
        c = compare_one(ARRAY_F64, -bounds[i], 0, bounds[i]);
        cr_expect(c.verdict == GOLDEN_PASS && c.max_share == 1, "%a", -bounds[i]);
        c = compare_one(ARRAY_F64, more, 0, bounds[i]);
        cr_expect(c.verdict == GOLDEN_FAIL && c.max_share > 1, "%a", more);
        c = compare_one(ARRAY_F64, -more, 0, bounds[i]);
        cr_expect(c.verdict == GOLDEN_FAIL && c.max_share > 1, "%a", -more);
    }
}

Test(golden_compare,
     has_an_infinite_share_where_nothing_is_allowed_whatever_the_sign_of_that_zero) {
    const double none[] = {0.0, -0.0};
    for (size_t i = 0; i < 2; i++) {
        struct golden_comparison c = compare_one(ARRAY_F64, 1, 2, none[i]);
        cr_expect(c.verdict == GOLDEN_FAIL && c.max_share == (double)INFINITY, "%g", c.max_share);
    }
}

/* ---- classes ---- */

/* Every value against every other: NaN only for NaN, an infinity only for the same. */
Test(golden_compare, keeps_the_classes_apart) {
    const double values[] = {NAN, INFINITY, -INFINITY, 0.0, 1.0, -DBL_MAX};
    const size_t n = sizeof values / sizeof values[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            double a = values[i];
            double e = values[k];
            struct golden_comparison c =
                compare_one(ARRAY_F64, a, e, isfinite(e) ? DBL_MAX / 4 : 0);
            bool same = (isnan(a) && isnan(e)) || a == e || (fabs(a) <= 1 && fabs(e) <= 1);
            cr_expect_eq(c.verdict, same ? GOLDEN_PASS : GOLDEN_FAIL, "%g for %g", a, e);
            enum golden_mismatch expected = GOLDEN_VALUE;
            expected = isinf(a) || isinf(e) ? GOLDEN_INF : expected;
            expected = isnan(a) || isnan(e) ? GOLDEN_NAN : expected;
            cr_expect_eq(c.mismatch, same ? GOLDEN_MATCH : expected, "%g for %g", a, e);
            cr_expect_eq(c.n_nonfinite, isfinite(e) ? 0u : 1u);
            cr_expect_eq(c.n_nan, c.mismatch == GOLDEN_NAN);
            cr_expect_eq(c.n_inf, c.mismatch == GOLDEN_INF);
            cr_expect(!isnan(c.max_share) && (same || c.max_share > 1), "%g for %g: %g", a, e,
                      c.max_share);
            if (c.mismatch == GOLDEN_NAN) {
                cr_expect(isnan(c.worst.absolute) && isnan(c.worst.relative));
                cr_expect(c.worst.ulp == UINT64_MAX);
            }
            if (c.mismatch == GOLDEN_INF) {
                cr_expect(isinf(c.worst.absolute) && isinf(c.worst.relative));
                cr_expect(isinf(c.max_share));
            }
            if (!isfinite(a) || !isfinite(e)) {
                cr_expect(c.max_absolute == 0 && c.max_relative == 0 && c.max_ulp == 0, "%g for %g",
                          a, e);
            }
        }
    }
}

/* `max(worst, NaN)` would lose it. */
Test(golden_compare, finds_a_nan_wherever_it_stands) {
    for (size_t i = 0; i < N; i++) {
        double v[N];
        memcpy(v, truth, sizeof v);
        v[(i + 5) % N] *= 1e30; /* a huge error must not hide it */
        v[i] = NAN;
        struct golden_comparison c = compare_3x4(ARRAY_F64, v);
        cr_expect(c.verdict == GOLDEN_FAIL && c.mismatch == GOLDEN_NAN && c.worst.flat == i);
        cr_expect(c.n_mismatch == 2 && c.n_nan == 1 && isinf(c.max_share));
        cr_expect(isfinite(c.max_absolute) && c.max_absolute > 0);
    }
}

Test(golden_compare, counts_signs_of_zero_and_does_not_judge_them) {
    struct golden_comparison c = compare_one(ARRAY_F64, -0.0, 0.0, 0);
    cr_expect(c.verdict == GOLDEN_PASS && c.n_zero_sign == 1 && c.n_equal == 1 && c.max_share == 0);
    c = compare_one(ARRAY_F32, 0.0, -0.0, 1);
    cr_expect(c.verdict == GOLDEN_PASS && c.n_zero_sign == 1);
    c = compare_one(ARRAY_F64, -0.0, -0.0, 0);
    cr_expect(c.verdict == GOLDEN_PASS && c.n_zero_sign == 0);
    c = compare_one(ARRAY_F64, -DBL_TRUE_MIN, 0.0, 0);
    cr_expect(c.verdict == GOLDEN_FAIL && c.n_zero_sign == 0, "a subnormal is no zero");
}

/* ---- the ends of the range ---- */

Test(golden_compare, survives_differences_that_overflow) {
    struct golden_comparison c = compare_one(ARRAY_F64, DBL_MAX, -DBL_MAX, DBL_MAX);
    cr_expect(c.verdict == GOLDEN_FAIL && c.mismatch == GOLDEN_VALUE);
    cr_expect(isinf(c.worst.absolute) && c.worst.relative == 2);
    cr_expect(c.max_share > 1 && isfinite(c.max_share), "%g", c.max_share);
    c = compare_one(ARRAY_F64, DBL_MAX, nextafter(DBL_MAX, 0), 0x1p971);
    cr_expect(c.verdict == GOLDEN_PASS && c.max_ulp == 1 && c.max_share == 1);
    c = compare_one(ARRAY_F32, FLT_MAX, -(double)FLT_MAX, FLT_MAX);
    cr_expect(c.verdict == GOLDEN_FAIL && c.worst.absolute == 2 * (double)FLT_MAX);
    c = compare_one(ARRAY_F64, DBL_TRUE_MIN, -DBL_TRUE_MIN, DBL_TRUE_MIN);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_ulp == 2 && c.max_share == 2);
}

Test(golden_compare, has_an_infinite_relative_error_at_zero) {
    struct golden_comparison c = compare_one(ARRAY_F64, 1e-20, 0, 1e-10);
    cr_expect(c.verdict == GOLDEN_PASS && isinf(c.max_relative) && c.max_absolute == 1e-20);
}

/* ---- integers ---- */

Test(golden_compare, compares_integers_exactly) {
    static const struct {
        int64_t actual, expected, bound;
        enum golden_verdict verdict;
        uint64_t distance;
    } rows[] = {
        {5, 5, 0, GOLDEN_PASS, 0},
        {5, 6, 0, GOLDEN_FAIL, 1},
        {5, 6, 1, GOLDEN_PASS, 1},
        {-5, 5, 9, GOLDEN_FAIL, 10},
        {INT64_MAX, INT64_MAX - 1, 0, GOLDEN_FAIL, 1}, /* equal as doubles */
        {INT64_MAX, INT64_MIN, INT64_MAX, GOLDEN_FAIL, UINT64_MAX},
        {INT64_MIN, 0, INT64_MAX, GOLDEN_FAIL, UINT64_C(1) << 63},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t actual = rows[i].actual;
        int64_t expected = rows[i].expected;
        int64_t bound = rows[i].bound;
        const struct array a = {.dtype = ARRAY_I64, .count = 1, .data = &actual};
        const struct array e = {.dtype = ARRAY_I64, .count = 1, .data = &expected};
        const struct array b = {.dtype = ARRAY_I64, .count = 1, .data = &bound};
        struct golden_comparison c;
        cr_assert_eq(golden_compare(&a, &e, &b, &e, &c), GOLDEN_OK);
        cr_expect_eq(c.verdict, rows[i].verdict, "row %zu", i);
        cr_expect_eq(c.max_ulp, rows[i].distance, "row %zu", i);
        cr_expect_eq(c.max_numpy_ulp, rows[i].distance, "row %zu", i);
        cr_expect(c.worst.actual_int == actual && c.worst.expected_int == expected);
        cr_expect(c.worst.actual == (double)actual && c.worst.expected == (double)expected);
        double distance = (double)rows[i].distance;
        cr_expect_eq(c.max_relative, distance == 0 ? 0 : distance / fabs((double)expected),
                     "row %zu: %g", i, c.max_relative);
        cr_expect_eq(c.max_share > 1, c.verdict == GOLDEN_FAIL, "row %zu: %g", i, c.max_share);
    }
    struct golden_comparison c = compare_one(ARRAY_U8, 255, 254, 0);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_ulp == 1);
    c = compare_one(ARRAY_I32, -7, -7, 0);
    cr_expect(c.verdict == GOLDEN_PASS);
}

/* The quotient of the two as doubles is 1. */
Test(golden_compare, has_the_least_share_above_1_where_only_rounding_makes_them_equal) {
    int64_t actual = (INT64_C(1) << 53) + 1;
    int64_t expected = 0;
    int64_t bound = INT64_C(1) << 53;
    const struct array a = {.dtype = ARRAY_I64, .count = 1, .data = &actual};
    const struct array e = {.dtype = ARRAY_I64, .count = 1, .data = &expected};
    const struct array b = {.dtype = ARRAY_I64, .count = 1, .data = &bound};
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&a, &e, &b, NULL, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_share == 1 + DBL_EPSILON, "%a", c.max_share);
}

/* ---- dtypes and shapes ---- */

Test(golden_compare, names_a_wrong_dtype_or_shape_and_compares_nothing) {
    const double zeros[6] = {0};
    struct array exact = array_from(ARRAY_F64, 2, (const size_t[]){2, 3}, zeros);
    struct array rows[] = {array_from(ARRAY_F32, 2, (const size_t[]){2, 3}, zeros),
                           array_from(ARRAY_F64, 2, (const size_t[]){3, 2}, zeros),
                           array_from(ARRAY_F64, 1, (const size_t[]){6}, zeros),
                           array_from(ARRAY_F64, 3, (const size_t[]){2, 3, 1}, zeros),
                           array_from(ARRAY_F64, 0, NULL, zeros)};
    for (size_t i = 0; i < 5; i++) {
        struct golden_comparison c;
        cr_assert_eq(golden_compare(&rows[i], &exact, &exact, NULL, &c), GOLDEN_OK);
        cr_expect_eq(c.verdict, GOLDEN_FAIL);
        cr_expect_eq(c.mismatch, i == 0 ? GOLDEN_DTYPE : GOLDEN_SHAPE, "row %zu", i);
        cr_expect(c.count == 0 && c.n_mismatch == 0);
        cr_expect(c.actual_dtype == rows[i].dtype && c.actual_ndim == rows[i].ndim);
        cr_expect(c.dtype == ARRAY_F64 && c.ndim == 2 && c.shape[1] == 3);
        cr_expect_eq(memcmp(c.actual_shape, rows[i].shape, sizeof c.actual_shape), 0, "row %zu", i);
        array_free(&rows[i]);
    }
    array_free(&exact);
}

Test(golden_compare, passes_an_empty_array_and_says_that_it_compared_nothing) {
    struct array empty = array_from(ARRAY_F64, 2, (const size_t[]){0, 3}, NULL);
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&empty, &empty, &empty, &empty, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_PASS && c.count == 0 && c.max_share == 0);
    array_free(&empty);
}

/* ---- what could not be compared is never a pass ---- */

Test(golden_compare, has_no_verdict_without_a_usable_bound) {
    const double bad[][2] = {{NAN, 0}, {0, NAN},      {-1e-300, 0},
                             {0, -1},  {INFINITY, 0}, {0, 1} /* where inf is expected */};
    struct array exact = vector_of(2, (const double[]){1, INFINITY});
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct array bound = vector_of(2, bad[i]);
        struct golden_comparison c;
        EXPECT_STATUS(golden_compare(&exact, &exact, &bound, NULL, &c), GOLDEN_BOUND_VALUE,
                      "bound");
        cr_expect(c.verdict == GOLDEN_NOT_COMPARED && c.count == 0);
        array_free(&bound);
    }
    array_free(&exact);
}

Test(golden_compare, has_no_verdict_with_arrays_that_do_not_belong_together) {
    struct array two = vector_of(2, truth);
    struct array three = vector_of(3, truth);
    struct array narrow = array_from(ARRAY_F32, 1, (const size_t[]){2}, truth);
    struct golden_comparison c;
    EXPECT_STATUS(golden_compare(&two, &two, &three, NULL, &c), GOLDEN_BOUND_SHAPE, "shape");
    EXPECT_STATUS(golden_compare(&two, &two, &narrow, NULL, &c), GOLDEN_BOUND_SHAPE, "dtype");
    EXPECT_STATUS(golden_compare(&two, &two, &two, &three, &c), GOLDEN_BOUND_SHAPE, "numpy");
    EXPECT_STATUS(golden_compare(NULL, &two, &two, NULL, &c), GOLDEN_NULL, "actual");
    EXPECT_STATUS(golden_compare(&two, NULL, &two, NULL, &c), GOLDEN_NULL, "exact");
    EXPECT_STATUS(golden_compare(&two, &two, NULL, NULL, &c), GOLDEN_NULL, "bound");
    EXPECT_STATUS(golden_compare(&two, &two, &two, NULL, NULL), GOLDEN_NULL, "out");
    cr_expect_eq(c.verdict, GOLDEN_NOT_COMPARED);
    array_free(&two);
    array_free(&three);
    array_free(&narrow);
}

/* ---- NumPy's own value ---- */

Test(golden_compare, reports_the_distance_to_numpy_and_judges_by_exact_alone) {
    struct array exact = vector_of(4, (const double[]){1, 2, NAN, 4});
    struct array bound = vector_of(4, (const double[]){1e-9, 1e-9, 0, 1e-9});
    struct array numpy = vector_of(4, (const double[]){1, nextafter(2, 3), NAN, 100});
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&exact, &exact, &bound, &numpy, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_PASS && c.has_numpy && c.n_numpy_equal == 2);
    cr_expect_eq(c.max_numpy_ulp, array_ulp_distance_f64(4, 100));
    cr_assert_eq(golden_compare(&numpy, &exact, &bound, &numpy, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_FAIL && c.max_numpy_ulp == 0 && c.n_numpy_equal == 4);
    array_set(&numpy, 2, 3);
    cr_assert_eq(golden_compare(&exact, &exact, &bound, &numpy, &c), GOLDEN_OK);
    cr_expect(c.verdict == GOLDEN_PASS && c.max_numpy_ulp == UINT64_MAX);
    array_free(&exact);
    array_free(&bound);
    array_free(&numpy);
}

Test(golden_compare, counts_a_zero_of_the_other_sign_as_another_than_numpys) {
    struct array zeros = vector_of(3, (const double[]){0.0, -0.0, 0.0});
    struct array numpy = vector_of(3, (const double[]){-0.0, -0.0, 0.0});
    struct array bound = vector_of(3, (const double[]){0, 0, 0});
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&zeros, &zeros, &bound, &numpy, &c), GOLDEN_OK);
    cr_expect(c.n_numpy_equal == 2 && c.max_numpy_ulp == 0 && c.furthest == 0);
    array_free(&zeros);
    array_free(&numpy);
    array_free(&bound);
}

Test(golden_compare, names_the_first_of_the_elements_furthest_from_numpy) {
    struct array exact = vector_of(5, (const double[]){1, 1, 1, 1, 1});
    struct array bound = vector_of(5, (const double[]){0, 0, 0, 0, 0});
    struct array numpy = vector_of(5, (const double[]){1, 1.25, 1.5, 1.5, 1});
    struct golden_comparison c;
    cr_assert_eq(golden_compare(&exact, &exact, &bound, &numpy, &c), GOLDEN_OK);
    cr_expect(c.furthest == 2 && c.n_numpy_equal == 2, "%zu", c.furthest);
    cr_assert_eq(golden_compare(&exact, &exact, &bound, &exact, &c), GOLDEN_OK);
    cr_expect(c.furthest == 0 && c.n_numpy_equal == 5);
    array_free(&exact);
    array_free(&bound);
    array_free(&numpy);
}

/* It is sent through shared memory from a worker that may then be gone. */
Test(golden_compare, gives_a_result_that_outlives_its_arrays) {
    double v[N];
    memcpy(v, truth, sizeof v);
    (void)negate_one(v);
    struct golden_comparison c = compare_3x4(ARRAY_F64, v);
    struct golden_comparison copy;
    memcpy(&copy, &c, sizeof c);
    char text[256];
    golden_comparison_text(&copy, text, sizeof text);
    cr_expect(strncmp(text, "[1, 3]: expected -0.1", 21) == 0, "%s", text);
}
