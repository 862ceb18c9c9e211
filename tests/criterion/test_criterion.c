// SPDX-License-Identifier: MIT
/* The assertions hold for right answers; the functions under them object to wrong ones and say
 * where. */
#include "criterion/criterion.h"

#include <math.h>
#include <string.h>

static double x[3] = {1, 2, 3}, dx[3], y, dy;

static int forward(void *ctx) {
    (void)ctx;
    y = x[0] * x[1] + sin(x[2]);
    return 0;
}

static int backward(void *ctx) {
    const double *wrong = ctx;
    dx[0] = dy * x[1];
    dx[1] = dy * x[0] * *wrong;
    dx[2] = dy * cos(x[2]);
    return 0;
}

static bool gradcheck_holds(double wrong, char text[], size_t size) {
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", x, dx, 3)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &y, &dy)};
    const struct gradcheck_kernel k = {.name = "layer",
                                       .inputs = in,
                                       .n_inputs = 1,
                                       .outputs = out,
                                       .n_outputs = 1,
                                       .forward = forward,
                                       .backward = backward,
                                       .ctx = &wrong};
    if (wrong == 1) {
        cr_gradcheck(&k, NULL);
    }
    FILE *nowhere = tmpfile();
    bool holds = criterion_gradcheck(&k, NULL, nowhere, text, size);
    fclose(nowhere);
    return holds;
}

Test(criterion_gradcheck, holds_for_a_right_backward) {
    char text[256] = "";
    cr_expect(gradcheck_holds(1, text, sizeof text));
    cr_expect_str_empty(text);
}

Test(criterion_gradcheck, names_the_entry_of_a_wrong_backward) {
    static const double wrongs[] = {-1, 2, 0, 1 + 1e-8, NAN};
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char text[256] = "";
        cr_expect_not(gradcheck_holds(wrongs[i], text, sizeof text), "factor %a", wrongs[i]);
        cr_expect_not_null(strstr(text, "x["), "factor %a: '%s'", wrongs[i], text);
    }
}

Test(criterion_gradcheck, a_kernel_that_cannot_be_checked_does_not_hold) {
    char text[256] = "";
    FILE *nowhere = tmpfile();
    cr_expect_not(criterion_gradcheck(NULL, NULL, nowhere, text, sizeof text));
    cr_expect_str_eq(text, gradcheck_status_text(GRADCHECK_E_NULL));
    fclose(nowhere);
}

Test(criterion_arrays, close_arrays_hold) {
    const double a[] = {1, -0.0, INFINITY, NAN, 1e-300},
                 b[] = {1 + 1e-13, 0.0, INFINITY, NAN, 1e-300};
    cr_array_close_f64(a, b, 5, 1e-12, 0);
    cr_array_ulp_f64(a, a, 5, 0);
    const float c[] = {1, 2}, d[] = {nextafterf(1, 2), 2};
    cr_array_ulp_f32(c, d, 2, 1);
    cr_array_close_f32(c, d, 2, 2e-7, 0);
}

Test(criterion_arrays, the_worst_element_is_named) {
    const double a[] = {1, 2, 3, 4};
    static const struct {
        double b[4];
        const char *where;
    } rows[] = {
        {{1, 2, -3, 4}, "[2]"},         {{1, 4, 3, 4}, "[1]"},   {{1, 2, 3, 4 * (1 + 1e-9)}, "[3]"},
        {{2, 1, 3, 4}, "[0]"},          {{1, NAN, 3, 4}, "[1]"}, {{1, 2, 3, INFINITY}, "[3]"},
        {{1, 2 + 1e-9, 300, 4}, "[2]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct golden_tolerance tolerance = {.rtol = 1e-10};
        char text[512] = "";
        cr_expect_not(criterion_close(ARRAY_F64, rows[i].b, a, 4, &tolerance, text, sizeof text),
                      "row %zu", i);
        cr_expect_not_null(strstr(text, rows[i].where), "row %zu: '%s'", i, text);
    }
}

Test(criterion_arrays, a_tolerance_of_nan_does_not_hold) {
    const double a[] = {1};
    const struct golden_tolerance tolerance = {.rtol = NAN};
    char text[512] = "";
    cr_expect_not(criterion_close(ARRAY_F64, a, a, 1, &tolerance, text, sizeof text));
    cr_expect_str_eq(text, golden_status_text(GOLDEN_TOLERANCE));
}

Test(criterion_golden, holds_within_the_bound_and_names_the_array_beyond_it) {
    double exact[] = {1, 2}, bound[] = {1e-15, 1e-15}, actual[] = {1, 2 + 4e-16};
    struct golden_expected e = {.name = "w.grad"};
    struct array got = {.dtype = ARRAY_F64, .ndim = 1, .shape = {2}, .count = 2, .data = actual};
    e.exact = e.value = e.bound = got;
    e.exact.data = e.value.data = exact;
    e.bound.data = bound;
    cr_golden(&got, &e);
    actual[1] = 2 + 2e-15;
    char text[512] = "";
    cr_expect_not(criterion_golden(&got, &e, text, sizeof text));
    cr_expect_not_null(strstr(text, "w.grad[1]"), "'%s'", text);
    cr_expect_not(criterion_golden(&got, NULL, text, sizeof text));
}
