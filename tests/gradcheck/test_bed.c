// SPDX-License-Identifier: MIT
/* The bed measures the engine, so it is measured first: C and mpmath are two writings of each
 * formula. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bed/bed.h"

static size_t n_points_of(const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < bed_n_points(); i++) {
        n += strcmp(bed_point(i)->function, name) == 0;
    }
    return n;
}

Test(bed, has_sixty_functions_at_four_points_each_and_a_formula_for_every_point) {
    cr_assert_geq(bed_n_functions(), 60u);
    for (size_t i = 0; i < bed_n_functions(); i++) {
        const char *name = bed_function(i, NULL)->name;
        cr_expect_geq(n_points_of(name), 4u, "%s: %zu points", name, n_points_of(name));
        for (size_t k = 0; k < i; k++) {
            cr_expect_str_neq(name, bed_function(k, NULL)->name);
        }
    }
    for (size_t i = 0; i < bed_n_points(); i++) {
        const struct bed_point *p = bed_point(i);
        const struct bed_function *f = bed_case(i).function;
        cr_assert(f, "%s: in golden.inc, but not in C", p->function);
        cr_expect(f->n_inputs == p->n_inputs && f->n_outputs == p->n_outputs, "%s: shapes differ",
                  p->function);
    }
}

Test(bed, has_points_in_every_family) {
    size_t n[BED_N_FAMILIES] = {0};
    for (size_t i = 0; i < bed_n_points(); i++) {
        n[bed_case(i).family]++;
    }
    for (size_t family = 0; family < BED_N_FAMILIES; family++) {
        cr_expect_geq(n[family], 4u, "%s", bed_family_name(family));
    }
}

/* A few rounding errors of the result and of each product input x slope. */
static double value_tolerance(const struct bed_case *c, size_t output) {
    double y = c->point->y[output], magnitude = fabs(y);
    for (size_t i = 0; i < c->point->n_inputs; i++) {
        magnitude += fabs(c->point->x[i] * bed_truth(c->point, output, i));
    }
    return 8 * DBL_EPSILON * magnitude + 4 * DBL_TRUE_MIN + c->function->value_absolute +
           c->function->value_relative * fabs(y);
}

/* NaN counts as far off. */
static size_t n_values_off(const struct bed_case *c) {
    double y[BED_MAX_OUTPUTS];
    size_t n_off = 0;
    cr_assert_eq(bed_value(c->function, c->point->x, y), 0, "%s refused", c->function->name);
    for (size_t o = 0; o < c->point->n_outputs; o++) {
        if (!(fabs(y[o] - c->point->y[o]) <= value_tolerance(c, o))) {
            cr_log_info("%s(%a)[%zu]: C %a, exact %a", c->function->name, c->point->x[0], o, y[o],
                        c->point->y[o]);
            n_off++;
        }
    }
    return n_off;
}

Test(bed, computes_the_values_of_the_oracle) {
    for (size_t i = 0; i < bed_n_points(); i++) {
        struct bed_case c = bed_case(i);
        cr_expect_eq(n_values_off(&c), 0u, "%s, golden point %zu", c.function->name, i);
    }
}

/* How far Jacobian entry k moves when each input moves by an ULP: the conditioning of the formula.
 */
static double jacobian_unrest(const struct bed_function *f, const double x[], size_t k) {
    double here[BED_MAX_INPUTS * BED_MAX_OUTPUTS] = {0},
                                 there[BED_MAX_INPUTS * BED_MAX_OUTPUTS] = {0}, sum = 0;
    bed_jacobian(f, x, here);
    for (size_t i = 0; i < f->n_inputs; i++) {
        double moved[BED_MAX_INPUTS];
        memcpy(moved, x, sizeof moved);
        moved[i] = nextafter(x[i], x[i] > 0 ? 0 : 1);
        bed_jacobian(f, moved, there);
        sum += fabs(there[k] - here[k]);
    }
    return sum;
}

static size_t n_slopes_off(const struct bed_case *c) {
    double j[BED_MAX_INPUTS * BED_MAX_OUTPUTS] = {0};
    size_t n_off = 0;
    bed_jacobian(c->function, c->point->x, j);
    for (size_t k = 0; k < c->point->n_inputs * c->point->n_outputs; k++) {
        double exact = c->point->jacobian[k];
        double unrest = c->point->on_kink ? 0 : jacobian_unrest(c->function, c->point->x, k);
        if (!(fabs(j[k] - exact) <=
              16 * DBL_EPSILON * fabs(exact) + 8 * unrest + 4 * DBL_TRUE_MIN)) {
            cr_log_info("%s(%a) entry %zu: C %a, exact %a", c->function->name, c->point->x[0], k,
                        j[k], exact);
            n_off++;
        }
    }
    return n_off;
}

Test(bed, computes_the_derivatives_of_the_oracle) {
    for (size_t i = 0; i < bed_n_points(); i++) {
        struct bed_case c = bed_case(i);
        cr_expect_eq(n_slopes_off(&c), 0u, "%s, golden point %zu", c.function->name, i);
    }
}

static double shifted(double x) {
    return sin(x) * (1 + 1e-12);
}
static double negated(double x) {
    return -cos(x);
}
static double not_a_number(double x) {
    return x - x + (double)NAN;
}

Test(bed, notices_a_formula_that_differs_from_the_oracle) {
    struct bed_case c = bed_case(0);
    cr_assert_str_eq(c.function->name, "sine");
    struct bed_function wrong = *c.function;
    c.function = &wrong;
    cr_expect_eq(n_values_off(&c) + n_slopes_off(&c), 0u);
    wrong.scalar = shifted;
    cr_expect_eq(n_values_off(&c), 1u);
    wrong.scalar = not_a_number;
    cr_expect_eq(n_values_off(&c), 1u);
    wrong.slope = negated;
    cr_expect_eq(n_slopes_off(&c), 1u);
    wrong.slope = not_a_number;
    cr_expect_eq(n_slopes_off(&c), 1u);
}

Test(bed, kernels_give_the_exact_product_and_the_stated_corruption) {
    for (size_t i = 0; i < bed_n_points(); i++) {
        struct bed_case c = bed_case(i);
        struct bed_kernel bed;
        bed_open(&bed, &c);
        cr_assert_eq(bed.kernel.forward(bed.kernel.ctx), 0);
        bed.dy[0] = 2;
        cr_assert_eq(bed.kernel.backward(bed.kernel.ctx), 0);
        cr_expect(bed.dx[0] == 2 * bed_truth(c.point, 0, 0), "%s", c.function->name);
        bed.corruption = BED_TIMES;
        bed.amount = -5;
        cr_assert_eq(bed.kernel.backward(bed.kernel.ctx), 0);
        cr_expect(bed.dx[0] == 2 * (-5 * bed_truth(c.point, 0, 0)), "%s", c.function->name);
        bed.corruption = BED_ADDED;
        cr_assert_eq(bed.kernel.backward(bed.kernel.ctx), 0);
        cr_expect(bed.dx[0] == 2 * (-5 + bed_truth(c.point, 0, 0)), "%s", c.function->name);
    }
}
