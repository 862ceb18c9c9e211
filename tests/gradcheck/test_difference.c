// SPDX-License-Identifier: MIT
/* Estimates from levels whose series is known, so that value, bound and its parts are known too. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/difference.h"

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

/* odd = value + a h^2 + b h^4, jump = end + c h + d h^3, at h = coarsest, coarsest / 2, ... */
struct series {
    double value, a, b, end, c, d, noise;
};

static struct gc_levels levels_of(const struct series *s, size_t n, double coarsest) {
    struct gc_levels l = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        double h = ldexp(coarsest, -(int)i);
        gc_levels_add(&l, h, s->value + s->a * h * h + s->b * h * h * h * h,
                      s->end + s->c * h + s->d * h * h * h, s->noise);
    }
    return l;
}

Test(gradcheck_difference, levels_stand_in_order_of_their_steps) {
    static const double steps[] = {0.5, 4, 0.25, 2, 1, 8};
    struct gc_levels l = {.n = 0, .least_noise = 3};
    for (size_t i = 0; i < 6; i++) {
        gc_levels_add(&l, steps[i], 10 * steps[i], 20 * steps[i], steps[i]);
    }
    cr_assert_eq(l.n, 6u);
    for (size_t i = 0; i < 6; i++) {
        double h = ldexp(8, -(int)i);
        cr_expect(l.h[i] == h && l.odd[i] == 10 * h && l.jump[i] == 20 * h, "level %zu", i);
        cr_expect(l.noise[i] == fmax(h, 3), "level %zu", i);
    }
    gc_levels_raise_noise(&l, 5);
    cr_expect(l.noise[0] == 8 && l.noise[1] == 5 && l.noise[5] == 5);
    gc_levels_raise_noise(&l, 1);
    cr_expect(l.noise[5] == 5 && l.least_noise == 5);
    gc_levels_add(&l, 0, 1, 1, 1);
    gc_levels_add(&l, NAN, 1, 1, 1);
    cr_expect_eq(l.n, 6u, "a step of 0 or NaN is none");
    for (size_t i = 0; i < GC_MAX_LEVELS; i++) {
        gc_levels_add(&l, 0.01, 1, 1, 1);
    }
    cr_expect_eq(l.n, (size_t)GC_MAX_LEVELS);
}

Test(gradcheck_difference, nothing_is_said_from_no_level_or_one) {
    struct gc_levels l = {.n = 0};
    cr_expect(isnan(gc_estimate_best(&l, 6).value) && isinf(gc_estimate_best(&l, 6).bound));
    cr_expect(isinf(gc_estimate_consistent(&l, 6).bound));
    gc_levels_add(&l, 1, 5, 0, 0);
    cr_expect(isinf(gc_estimate_best(&l, 6).bound) && isinf(gc_estimate_consistent(&l, 6).bound));
    cr_expect(gc_estimate_best(&l, 6).value == 5,
              "what a level says, however little that is worth");
}

/* A function that does not move at all, and one that is a line. */
Test(gradcheck_difference, of_equal_bounds_the_best_is_the_coarsest_and_the_consistent_the_finest) {
    for (int value = 0; value <= 5; value += 5) {
        const struct series flat = {.value = value};
        struct gc_levels l = levels_of(&flat, 4, 4);
        struct gc_estimate e = gc_estimate_best(&l, 6), c = gc_estimate_consistent(&l, 6);
        cr_expect(e.value == value && e.bound == 0 && e.step == 2, "%g +- %g", e.value, e.bound);
        cr_expect(c.value == value && c.bound == 0 && c.step == 0.5, "%g +- %g", c.value, c.bound);
    }
}

/* Without truncation the noise decides: the coarsest step that has another beside it. */
Test(gradcheck_difference, noise_is_that_of_the_quotient) {
    const struct series flat = {.value = 5, .noise = 1e-3};
    struct gc_levels l = levels_of(&flat, 3, 4);
    struct gc_estimate e = gc_estimate_best(&l, 1);
    cr_expect(e.value == 5 && e.step == 2 && e.first == 1 && e.last == 1);
    cr_expect(near(e.noise, 8 * sqrt(0.5) * 1e-3 / 2), "%g", e.noise);
    cr_expect(e.truncation == 0 && e.jump == 0 && e.bound == e.noise);
    l.one_sided = true;
    e = gc_estimate_best(&l, 1);
    cr_expect(near(e.noise, 8 * sqrt(2) * 1e-3 / 2), "%g", e.noise);
}

/* The weights of h = 4, 2, 1 are 1/45, -20/45, 64/45 in h^2 and 1/3, -2, 8/3 in h. */
Test(gradcheck_difference, noise_of_a_window_is_weighted_as_its_levels_are) {
    const struct series s = {.value = 5, .a = 1, .b = 0.1, .noise = 1e-3};
    struct gc_levels l = levels_of(&s, 3, 4);
    struct gc_estimate e = gc_estimate_best(&l, 3);
    cr_expect(e.first == 0 && e.last == 2 && near(e.value, 5), "%zu to %zu", e.first, e.last);
    double sum = hypot(hypot(1.0 / 45 / 4, 20.0 / 45 / 2), 64.0 / 45);
    cr_expect(near(e.noise, 8 * sqrt(0.5) * 1e-3 * sum), "%g", e.noise);
    l = (struct gc_levels){.n = 0, .one_sided = true};
    for (double h = 4; h >= 1; h /= 2) {
        gc_levels_add(&l, h, 5 + h + 0.01 * h * h, 0, 1e-3);
    }
    e = gc_estimate_best(&l, 3);
    cr_expect(e.first == 0 && e.last == 2 && near(e.value, 5), "%zu to %zu", e.first, e.last);
    sum = hypot(hypot(1.0 / 3 / 4, 2.0 / 2), 8.0 / 3);
    cr_expect(near(e.noise, 8 * sqrt(2) * 1e-3 * sum), "%g", e.noise);
    cr_expect(e.jump == 0);
}

/* One level has the distance to the next coarser one as its truncation, doubled; where the jump
 * ends at step 0 is what a line through the two says. */
Test(gradcheck_difference, a_single_level_is_bounded_by_its_neighbour) {
    struct gc_levels l = {.n = 0};
    gc_levels_add(&l, 2, 7, 0.3 + 0.2, 0);
    gc_levels_add(&l, 1, 5, 0.3 + 0.1, 0);
    struct gc_estimate e = gc_estimate_best(&l, 6);
    cr_expect(e.value == 5 && e.step == 1 && e.first == 1 && e.last == 1);
    cr_expect(e.truncation == 4 && near(e.jump, 0.3) && near(e.bound, 4.3), "%g", e.bound);
    l.one_sided = true;
    e = gc_estimate_best(&l, 6);
    cr_expect(e.value == 5 && e.truncation == 8 && e.jump == 0 && e.bound == 8);
    l.h[0] = 1.3; /* so near that a series of the first order would be further off */
    e = gc_estimate_best(&l, 6);
    cr_expect(e.value == 5 && near(e.truncation, 8 / 0.3), "%.17g", e.truncation);
}

/* o(4), o(2), o(1) = 7.16, 3.56, 3.11: 3 by all, 2.96 without the coarsest, 2.36 without the
 * finest. The error bound is twice the larger of 0.04 and 0.64 / 16. */
Test(gradcheck_difference, a_window_is_exact_for_its_series_and_bounded_by_its_parts) {
    const struct series s = {.value = 3, .a = 0.1, .b = 0.01, .end = 0.001, .c = 0.5, .d = 0.2};
    struct gc_levels l = levels_of(&s, 3, 4);
    struct gc_estimate e = gc_estimate_best(&l, 6);
    cr_expect(e.first == 0 && e.last == 2 && e.step == 1);
    cr_expect(near(e.value, 3), "%.17g", e.value);
    cr_expect(near(e.truncation, 0.08), "%.17g", e.truncation);
    cr_expect(near(e.jump, 0.001), "%.17g", e.jump);
    cr_expect(near(e.bound, 0.081), "%.17g", e.bound);
    const double rounding = (e.bound - e.truncation - e.jump) / (DBL_EPSILON * e.value);
    cr_expect(fabs(rounding - 4) < 0.1, "%g units in the last place", rounding);
    struct gc_estimate narrow = gc_estimate_best(&l, 2);
    cr_expect(narrow.first == 1 && near(narrow.value, 2.96) && near(narrow.truncation, 0.3));
    cr_expect(gc_estimate_consistent(&l, 6).bound == e.bound);
}

/* In any unit of x and of the function: two of the levels at least extrapolate. */
Test(gradcheck_difference, an_estimate_is_the_same_in_any_unit) {
    static const double units[] = {0x1p-400, 0x1p-200, 1, 0x1p200, 0x1p400};
    static const struct {
        double odd[4], jump[4], noise;
    } rows[] = {
        {{9.3, 4.7, 3.4, 3.1}, {0.9, 0.5, 0.25, 0.12}, 1e-5},  /* they shrink */
        {{3.3, 3.2, 3.1, 3}, {0.9, 0.5, 0.25, 0.12}, 1e-5},    /* they do not */
        {{4.1, 3.6, 3.5, 3.42}, {0.9, 0.5, 0.25, 0.12}, 1e-2}, /* nor these, which noise excuses */
    };
    static const double steps[] = {8.3, 4.1, 2.2, 1.1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_estimate as_is = {.value = 0};
        for (size_t u = 0; u < 25; u++) {
            const double x = units[(u + 12) % 25 / 5];
            const double y = units[(u + 12) % 25 % 5];
            struct gc_levels l = {.n = 0};
            for (size_t k = 0; k < 4; k++) {
                gc_levels_add(&l, x * steps[k], y * rows[i].odd[k], y * rows[i].jump[k],
                              x * y * rows[i].noise);
            }
            const struct gc_estimate e = gc_estimate_best(&l, 6);
            as_is = u == 0 ? e : as_is;
            cr_assert(isfinite(as_is.bound) && (as_is.first < as_is.last) == (i != 1));
            cr_expect(e.value / y == as_is.value && e.bound / y == as_is.bound &&
                          e.first == as_is.first && e.last == as_is.last &&
                          e.step / x == as_is.step,
                      "row %zu, %g, %g: %g +- %g", i, x, y, e.value / y, e.bound / y);
        }
    }
}

/* 6 levels: h^2 to h^10; and no more than six. */
Test(gradcheck_difference, windows_are_up_to_six_levels_wide) {
    struct gc_levels l = {.n = 0};
    for (int i = 0; i < 8; i++) {
        const double q = ldexp(1, -2 * i); /* h^2 */
        gc_levels_add(&l, ldexp(1, -i), 3 + q * (1 + q * (2 + q * (3 + q * (4 + q * (5 + q))))), 0,
                      0);
        l.noise[i] = i < 6 ? 1e-10 : 1; /* the finest levels say little */
    }
    const struct gc_estimate e = gc_estimate_best(&l, 6);
    cr_expect(e.first == 0 && e.last == 5, "%zu to %zu", e.first, e.last);
    cr_expect(fabs(e.value - 3) <= e.bound && e.bound < 1e-6, "%g +- %g", e.value, e.bound);
}

Test(gradcheck_difference, more_levels_are_exact_for_more_terms_and_never_claim_too_much) {
    for (size_t n = 3; n <= 8; n++) {
        for (double b = 0; b <= 1; b += 0.25) {
            const struct series s = {.value = -2, .a = 0.3, .b = b, .noise = 0};
            struct gc_levels l = levels_of(&s, n, 1);
            struct gc_estimate e = gc_estimate_best(&l, 6), c = gc_estimate_consistent(&l, 6);
            cr_expect(fabs(e.value + 2) <= e.bound, "%zu levels, b = %g: %g", n, b, e.value);
            cr_expect(fabs(c.value + 2) <= c.bound, "%zu levels, b = %g: %g", n, b, c.value);
            cr_expect(n < 4 || e.bound < 1e-13, "%zu levels, b = %g: %g", n, b, e.bound);
            cr_expect(e.bound >= 4 * DBL_EPSILON * 2, "a floor: the rounding of the sums");
        }
    }
}

/* At a kink the quotients approach their end no faster than they like: nothing is extrapolated. */
Test(gradcheck_difference, differences_that_do_not_shrink_are_not_extrapolated) {
    struct gc_levels l = {.n = 0};
    gc_levels_add(&l, 4, 1, 0, 0);
    gc_levels_add(&l, 2, 1.5, 0, 0);
    gc_levels_add(&l, 1, 2, 0, 0);
    struct gc_estimate e = gc_estimate_best(&l, 6);
    cr_expect(e.first == e.last && e.truncation == 1, "%zu to %zu, %g", e.first, e.last, e.bound);
    /* A series in h, where one in h^2 was promised: half of it at each step. */
    l.n = 0;
    for (double h = 4; h > 0.1; h /= 2) {
        gc_levels_add(&l, h, 1 + h, 0, 0);
    }
    e = gc_estimate_best(&l, 6);
    cr_expect(e.first == e.last && fabs(e.value - 1) <= e.bound);
    l.one_sided = true;
    e = gc_estimate_best(&l, 6);
    cr_expect(e.first < e.last && near(e.value, 1));
}

/* Steps close together: what is exactly of the first order shrinks by little, or not at all. */
Test(gradcheck_difference, differences_of_the_order_promised_shrink_however_the_steps_lie) {
    static const double steps[][4] = {{8, 4, 2, 1},         {9, 5.6, 2.1, 1.4}, {64, 9, 5, 1},
                                      {5, 4, 3, 2},         {9, 8, 1.2, 1.1},   {1e42, 1e41, 2, 1},
                                      {1e44, 1e42, 1e41, 1}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        for (int one_sided = 0; one_sided < 2; one_sided++) {
            struct gc_levels l = {.n = 0, .one_sided = one_sided == 1};
            for (size_t k = 0; k < 4; k++) {
                double h = steps[i][k];
                gc_levels_add(&l, h, 3 + 0.1 * (one_sided ? h : h * h), 0, 1e-9);
            }
            struct gc_estimate e = gc_estimate_best(&l, 6);
            cr_expect(e.first < e.last && e.bound < 1e-7, "row %zu: %zu to %zu, bound %g", i,
                      e.first, e.last, e.bound);
        }
    }
}

/* Steps 4, 2, 1: differences of the order 1.5 would shrink by 0.3535. What is more may be noise, of
 * both levels; it is then in doubt, and added to the bound. */
Test(gradcheck_difference, what_shrinks_too_little_is_excused_by_the_noise_of_its_two_levels) {
    static const double noises[][2] = {{1, 0.01}, {0.01, 1}, {0.7, 0.7}}; /* bounds, finest last */
    const double due = (pow(2, 1.5) - 1) / (pow(4, 1.5) - pow(2, 1.5));
    for (size_t i = 0; i < sizeof noises / sizeof noises[0]; i++) {
        for (int excused = 0; excused < 2; excused++) {
            const double noise = noises[i][0] + noises[i][1];
            const double fine = 1 + (excused ? 0.98 : 1.02) * noise;
            struct gc_levels l = {.n = 0};
            gc_levels_add(&l, 4, 3 + fine + 1 / due, 0, 1e-3);
            gc_levels_add(&l, 2, 3 + fine, 0, noises[i][0] * 2 / 8 / sqrt(0.5));
            gc_levels_add(&l, 1, 3, 0, noises[i][1] / 8 / sqrt(0.5));
            const struct gc_estimate e = gc_estimate_best(&l, 2);
            cr_expect_eq(e.first < e.last, excused != 0, "row %zu: %zu to %zu", i, e.first, e.last);
            cr_expect(near(e.truncation, (excused ? 5.0 / 3 : 2) * fine), "row %zu: %g", i,
                      e.truncation);
        }
    }
}

/* Those of the last three levels do, those of the three before them do not. */
Test(gradcheck_difference, a_window_needs_the_order_of_all_its_levels_and_of_one_more) {
    struct gc_levels l = {.n = 0};
    static const double odd[] = {5.1, 4.1, 3.1, 3};
    for (int i = 0; i < 4; i++) {
        gc_levels_add(&l, ldexp(8, -i), odd[i], 0, 1e-9);
    }
    for (size_t width = 2; width <= 4; width++) {
        const struct gc_estimate e = gc_estimate_best(&l, width);
        cr_expect(e.first == 3 && e.last == 3, "%zu: %zu to %zu", width, e.first, e.last);
    }
    /* Only those before them, two levels further up, do not: that is no matter. */
    for (size_t width = 2; width <= 4; width++) {
        const struct series s = {.value = 3, .a = 0.1, .b = 0.01, .noise = 1e-9};
        l = levels_of(&s, 6, 8);
        l.odd[0] = 1 + (l.odd[1] = 40);
        const struct gc_estimate e = gc_estimate_best(&l, width);
        cr_expect(e.first == 6 - width && e.last == 5, "%zu: %zu to %zu", width, e.first, e.last);
    }
    const struct series s = {.value = 3, .a = 0.1, .b = 0.01, .noise = 0};
    l = levels_of(&s, 4, 8);
    const struct gc_estimate e = gc_estimate_best(&l, 3);
    cr_expect(e.first == 1 && e.last == 3, "%zu to %zu", e.first, e.last);
}

/* Where the curvature jumps, odd is a series in h. Extrapolated in h^2 it is wrong by as much as
 * the finest steps differ, which noise of that size must not excuse. */
Test(gradcheck_difference, noise_is_no_excuse_for_the_wrong_order) {
    struct gc_random random;
    gc_random_seed(&random, 1, 1);
    for (size_t i = 0; i < 20000; i++) {
        struct gc_levels l = {.n = 0};
        double noise = pow(10, -6 + 4 * gc_random_uniform(&random));
        for (double h = 1; h > 0.05; h *= 0.3 + 0.4 * gc_random_uniform(&random)) {
            gc_levels_add(&l, h, 3 + h, h, noise);
        }
        struct gc_estimate e = gc_estimate_best(&l, 6);
        cr_assert(fabs(e.value - 3) <= e.bound, "draw %zu: %g +- %g", i, e.value, e.bound);
    }
}

/* odd +- 2 jump is the slope at the ends of the step. */
Test(gradcheck_difference, noise_of_the_input_is_felt_by_the_steepest_slope_of_the_step) {
    struct gc_levels l = {.n = 0};
    gc_levels_add(&l, 4, -3, 40, 1e-3);
    gc_levels_feel_input(&l, 1e-2);
    gc_levels_add(&l, 2, 3, -20, 1e-3);
    gc_levels_add(&l, 1, 3, 0.001, 0.5);
    gc_levels_add(&l, 0.5, 3, INFINITY, 1e-3);
    const double expected[] = {0.83, 0.43, 0.5, 1e-3};
    for (size_t i = 0; i < 4; i++) {
        cr_expect(near(l.noise[i], expected[i]), "level %zu: %g", i, l.noise[i]);
    }
    gc_levels_raise_noise(&l, 0.45);
    cr_expect(near(l.noise[0], 0.83) && l.noise[1] == 0.45 && l.noise[2] == 0.5);
}

/* Three coarse levels that alias agree with each other to the last bit, and not with the finer. */
Test(gradcheck_difference, coarse_levels_that_finer_ones_contradict_do_not_count) {
    struct gc_levels l = {.n = 0};
    for (int i = 0; i < 4; i++) {
        gc_levels_add(&l, ldexp(64, -i), 10, 0, 1e-9);
        gc_levels_add(&l, ldexp(0.5, -i), 3 + ldexp(1e-3, -2 * i), 0, 1e-9);
    }
    struct gc_estimate e = gc_estimate_consistent(&l, 6);
    cr_expect(fabs(e.value - 3) <= e.bound && e.bound < 1e-3, "%g +- %g", e.value, e.bound);
    cr_expect(fabs(gc_estimate_best(&l, 6).value - 10) < 1e-6);
}

/* Two that agree to the last bit are an accident if all finer ones agree with each other. */
Test(gradcheck_difference, a_coarse_level_has_to_agree_by_its_own_value) {
    static const double h[] = {64e6, 32e6, 0.5, 0.25, 0.125, 0.0625};
    struct gc_levels l = {.n = 0};
    for (size_t i = 0; i < 6; i++) {
        gc_levels_add(&l, h[i], i < 2 ? 10 : 3 + 1e-12 * h[i] * h[i], 0, 1e-9);
    }
    struct gc_estimate e = gc_estimate_consistent(&l, 6);
    cr_expect(fabs(e.value - 3) <= e.bound && e.bound < 1e-3, "%g +- %g", e.value, e.bound);
    cr_expect(fabs(gc_estimate_best(&l, 6).value - 10) < 1e-6);
}

/* The others end at 10, and sharply. */
Test(gradcheck_difference, the_finest_has_to_agree_with_no_coarser_one) {
    struct gc_levels l = {.n = 0};
    for (int i = 0; i < 4; i++) {
        const double h = ldexp(64, -i);
        gc_levels_add(&l, h, 10 + h * h, 0, 1e-9);
    }
    gc_levels_add(&l, 4, 73, 0, 1e-9);
    const struct gc_estimate e = gc_estimate_consistent(&l, 6);
    cr_expect(e.last == 4 && e.value > 70, "%g +- %g", e.value, e.bound);
    cr_expect(fabs(gc_estimate_best(&l, 6).value - 10) < 1e-6);
}

/* The finer level is worth 2 and the coarser 1.5: they are 1 apart. */
Test(gradcheck_difference, two_agree_if_their_bounds_together_reach) {
    struct gc_levels l = {.n = 0};
    gc_levels_add(&l, 4, 4, 0, 0);
    gc_levels_add(&l, 2, 4, 0, 1.5 * 2 / 8 / sqrt(0.5));
    gc_levels_add(&l, 1, 3, 0, 0);
    const struct gc_estimate e = gc_estimate_consistent(&l, 1);
    cr_expect(e.value == 4 && near(e.bound, 1.5), "%g +- %g", e.value, e.bound);
}

/* Whether what is coarser is contradicted or not. */
Test(gradcheck_difference, a_level_without_a_bound_says_nothing_of_coarser_ones) {
    static const double other[] = {10, 3};
    for (size_t i = 0; i < 2; i++) {
        struct gc_levels l = {.n = 0};
        for (int k = 0; k < 3; k++) {
            gc_levels_add(&l, ldexp(64, -k), 10, 0, 1e-9);
        }
        gc_levels_add(&l, 0.5, other[i], 0, 1e-9);
        gc_levels_add(&l, 0.25, other[i], 0, 1e-9);
        gc_levels_add(&l, 0.125, other[i], 0, INFINITY);
        const struct gc_estimate e = gc_estimate_consistent(&l, 6);
        cr_expect(fabs(e.value - other[i]) < 1e-6 && e.bound < 1e-6, "%g +- %g", e.value, e.bound);
        cr_expect_eq(e.last == 4, i == 1, "row %zu: %zu", i, e.last);
    }
    const struct series s = {.value = 3, .a = 0.1, .b = 0.01};
    struct gc_levels l = levels_of(&s, 4, 4);
    l.noise[3] = INFINITY;
    const struct gc_estimate e = gc_estimate_consistent(&l, 6);
    cr_expect(e.first == 0 && e.last == 2, "%zu to %zu", e.first, e.last);
}

Test(gradcheck_difference, as_many_levels_as_there_is_room_for_are_all_that_is_written) {
    struct {
        struct gc_levels l;
        double behind[2];
    } full = {.behind = {7e-9, 7e-9}};
    for (size_t i = 0; i < GC_MAX_LEVELS; i++) {
        gc_levels_add(&full.l, ldexp(1, -(int)i), 1, 1, 1e-9);
    }
    gc_levels_raise_noise(&full.l, 1e-3);
    gc_levels_feel_input(&full.l, 1);
    cr_expect(full.l.noise[GC_MAX_LEVELS - 1] == 3);
    cr_expect(gc_estimate_best(&full.l, 6).value == 1);
    cr_expect(gc_estimate_consistent(&full.l, 6).value == 1);
    cr_expect(full.behind[0] == 7e-9 && full.behind[1] == 7e-9);
}
