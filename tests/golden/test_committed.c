// SPDX-License-Identifier: MIT
/* The golden values that lie in this folder: they load, NumPy's value is within the bound of every
 * element, and a value moved by two bounds is not. Runs in the project's top folder, as make does.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>

static const char dir[] = "tests/golden";

/* About two bounds away, and at the least the next value of the dtype that is further than the
 * bound; for NaN a number, for an infinity NaN. */
static double beyond(enum array_dtype dtype, double exact, double bound) {
    if (!isfinite(exact)) {
        return isnan(exact) ? 0 : NAN;
    }
    bool narrow = dtype == ARRAY_F32;
    double moved = exact + 2 * bound;
    moved = narrow ? (double)(float)moved : moved;
    while (fabs(moved - exact) <= bound) {
        moved = narrow ? (double)nextafterf((float)moved, INFINITY) : nextafter(moved, INFINITY);
    }
    return moved;
}

static void check_expected(const char *label, struct golden_expected *e) {
    struct golden_comparison c;
    char text[512];
    EXPECT_STATUS(golden_compare(&e->value, &e->exact, &e->bound, &e->value, &c), GOLDEN_OK, label);
    golden_comparison_text(&c, text, sizeof text);
    cr_expect_eq(c.verdict, GOLDEN_PASS, "%s: NumPy's %s: %s", label, e->name, text);
    cr_expect(c.max_share <= 1 && c.max_numpy_ulp == 0, "%s: %s", label, e->name);
    for (size_t i = 0; i < e->exact.count; i++) {
        double exact = array_get(&e->exact, i);
        double bound = array_get(&e->bound, i);
        double value = array_get(&e->value, i);
        double moved = beyond(e->exact.dtype, exact, bound);
        array_set(&e->value, i, moved);
        cr_assert_eq(golden_compare(&e->value, &e->exact, &e->bound, NULL, &c), GOLDEN_OK);
        cr_expect(c.verdict == GOLDEN_FAIL && c.n_mismatch == 1 && c.worst.flat == i,
                  "%s: %s[%zu] = %a moved to %a within %a", label, e->name, i, exact, moved, bound);
        array_set(&e->value, i, value);
    }
}

Test(golden_committed, hold_numpy_within_every_bound_and_nothing_beyond) {
    struct golden_names names;
    struct golden_error error;
    cr_assert_eq(golden_list(dir, &names, &error), GOLDEN_OK, "%s", error_line(&error));
    cr_assert_gt(names.n_kernels, 0u);
    size_t n_arrays = 0;
    for (size_t k = 0; k < names.n_kernels; k++) {
        struct golden_suite suite;
        cr_expect_eq(golden_load(dir, names.kernels[k], &suite, &error), GOLDEN_OK, "%s",
                     error_line(&error));
        for (size_t i = 0; i < suite.n_cases; i++) {
            for (size_t j = 0; j < suite.cases[i].n_expected; j++, n_arrays++) {
                check_expected(suite.cases[i].id, &suite.cases[i].expected[j]);
            }
        }
        golden_free(&suite);
    }
    cr_expect_gt(n_arrays, 100u);
    golden_names_free(&names);
}

Test(golden_committed, say_that_gradients_by_parameters_are_means_over_the_batch) {
    struct golden_suite suite;
    struct golden_error error;
    cr_assert_eq(golden_load(dir, "neuron_batch", &suite, &error), GOLDEN_OK, "%s",
                 error_line(&error));
    for (size_t i = 0; i < suite.n_cases; i++) {
        const struct golden_case *c = &suite.cases[i];
        double mean = 1 / (double)golden_find_input(c, "x")->array.shape[0];
        cr_expect_eq(golden_find_expected(c, "w.grad")->grad_scale, mean, "%s", c->id);
        cr_expect_eq(golden_find_expected(c, "b.grad")->grad_scale, mean, "%s", c->id);
        cr_expect_eq(golden_find_expected(c, "x.grad")->grad_scale, 1, "%s", c->id);
        cr_expect_eq(golden_find_expected(c, "y")->grad_scale, 1, "%s", c->id);
    }
    golden_free(&suite);
}
