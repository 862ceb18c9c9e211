// SPDX-License-Identifier: MIT
/*
 * Assertions for users of Criterion, over gradcheck and golden. Header only.
 *
 *     Test(layer, backward_is_the_derivative_of_forward) {
 *         cr_gradcheck(&kernel, NULL);
 *     }
 *     Test(layer, forward) {
 *         cr_array_close_f64(y, expected, 64, 1e-12, 0);
 *         cr_array_ulp_f32(z, wanted, 64, 2);
 *     }
 *     Test(layer, matches_the_golden_value) {
 *         cr_golden(&actual, golden_find_expected(c, "w.grad"));
 *     }
 *
 * A failure ends the test and says where the worst element is, what was expected, what came and
 * what was allowed. Link gradcheck.c for the first, lib/golden and lib/array for the others.
 */
#ifndef GRADGATE_CRITERION_H
#define GRADGATE_CRITERION_H

#include "golden/golden.h"
#include "gradcheck/gradcheck.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>

/* Runs gradcheck on a struct gradcheck_kernel * with options (NULL: defaults). Only the verdict
 * pass passes; a failure prints the whole report on stderr. */
#define cr_gradcheck(kernel, options)                                                              \
    do {                                                                                           \
        char cr_text_[GRADCHECK_TEXT_SIZE];                                                        \
        if (!criterion_gradcheck((kernel), (options), stderr, cr_text_, sizeof cr_text_)) {        \
            cr_assert_fail("%s", cr_text_);                                                        \
        }                                                                                          \
    } while (0)

/* n elements: |actual - expected| <= atol + rtol |expected|, as numpy.testing.assert_allclose. NaN
 * equals NaN, infinity the infinity of the same sign. */
#define cr_array_close_f64(actual, expected, n, rtol_, atol_)                                      \
    CRITERION_CLOSE_(ARRAY_F64, const double *, actual, expected, n, .rtol = (rtol_),              \
                     .atol = (atol_))
#define cr_array_close_f32(actual, expected, n, rtol_, atol_)                                      \
    CRITERION_CLOSE_(ARRAY_F32, const float *, actual, expected, n, .rtol = (rtol_),               \
                     .atol = (atol_))

/* n elements at most ulp_ units in the last place apart; 0: equal values. */
#define cr_array_ulp_f64(actual, expected, n, ulp_)                                                \
    CRITERION_CLOSE_(ARRAY_F64, const double *, actual, expected, n, .ulp = (ulp_))
#define cr_array_ulp_f32(actual, expected, n, ulp_)                                                \
    CRITERION_CLOSE_(ARRAY_F32, const float *, actual, expected, n, .ulp = (ulp_))

/* A struct array * against a struct golden_expected *: within its bound of the exact value. */
#define cr_golden(actual, expected)                                                                \
    do {                                                                                           \
        char cr_text_[512];                                                                        \
        if (!criterion_golden((actual), (expected), cr_text_, sizeof cr_text_)) {                  \
            cr_assert_fail("%s", cr_text_);                                                        \
        }                                                                                          \
    } while (0)

#define CRITERION_CLOSE_(dtype, pointer, actual, expected, n, ...)                                 \
    do {                                                                                           \
        const struct golden_tolerance cr_tolerance_ = {__VA_ARGS__};                               \
        pointer cr_actual_ = (actual); /* the types are checked here */                            \
        pointer cr_expected_ = (expected);                                                         \
        char cr_text_[512];                                                                        \
        if (!criterion_close((dtype), cr_actual_, cr_expected_, (n), &cr_tolerance_, cr_text_,     \
                             sizeof cr_text_)) {                                                   \
            cr_assert_fail("%s", cr_text_);                                                        \
        }                                                                                          \
    } while (0)

/* ---- the functions under the macros: false with a line of text if the assertion does not hold
 * ---- */

static inline bool criterion_gradcheck(const struct gradcheck_kernel *kernel,
                                       const struct gradcheck_options *options, FILE *stream,
                                       char text[], size_t size) {
    struct gradcheck_report report;
    enum gradcheck_status status = gradcheck_run(kernel, options, &report);
    if (status == GRADCHECK_OK && report.verdict == GRADCHECK_PASS) {
        return true;
    }
    (void)gradcheck_print(&report, stream);
    (void)snprintf(text, size, "%s",
                   status == GRADCHECK_OK ? report.summary : gradcheck_status_text(status));
    return false;
}

static inline bool criterion_judged(enum golden_status status, const struct golden_comparison *c,
                                    const char *name, char text[], size_t size) {
    if (status == GOLDEN_OK && c->verdict == GOLDEN_PASS) {
        return true;
    }
    char line[400];
    golden_comparison_text(c, line, sizeof line);
    (void)snprintf(text, size, "%s%s", name,
                   status == GOLDEN_OK ? line : golden_status_text(status));
    return false;
}

static inline bool criterion_close(enum array_dtype dtype, const void *actual, const void *expected,
                                   size_t n, const struct golden_tolerance *tolerance, char text[],
                                   size_t size) {
    struct array a = {.dtype = dtype, .ndim = 1, .shape = {n}, .count = n};
    struct array b = a;
    union { /* struct array has no const twin; nothing is written through it */
        const void *in;
        void *out;
    } data;
    data.in = actual;
    a.data = data.out;
    data.in = expected;
    b.data = data.out;
    struct golden_comparison c;
    enum golden_status status = golden_compare_close(&a, &b, tolerance, &c);
    return criterion_judged(status, &c, "", text, size);
}

static inline bool criterion_golden(const struct array *actual,
                                    const struct golden_expected *expected, char text[],
                                    size_t size) {
    if (actual == NULL || expected == NULL) {
        (void)snprintf(text, size, "%s", golden_status_text(GOLDEN_NULL));
        return false;
    }
    struct golden_comparison c;
    enum golden_status status =
        golden_compare(actual, &expected->exact, &expected->bound, &expected->value, &c);
    return criterion_judged(status, &c, expected->name, text, size);
}

#endif
