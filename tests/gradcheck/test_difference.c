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
    struct gc_estimate narrow = gc_estimate_best(&l, 2);
    cr_expect(narrow.first == 1 && near(narrow.value, 2.96) && near(narrow.truncation, 0.3));
    cr_expect(gc_estimate_consistent(&l, 6).bound == e.bound);
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
    static const double steps[][4] = {
        {8, 4, 2, 1}, {9, 5.6, 2.1, 1.4}, {64, 9, 5, 1}, {5, 4, 3, 2}, {9, 8, 1.2, 1.1}};
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
    cr_expect(full.behind[0] == 7e-9 && full.behind[1] == 7e-9);
}
