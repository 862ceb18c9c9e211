// SPDX-License-Identifier: MIT
/* From a direction that failed to the wrong entry: which half is followed, how sharp it has to be
 * known, and from which step on. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"
#include "gradcheck/screen.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};

/* As if no output were known to more than that accuracy, though each is. */
static void start(size_t n, size_t wrong, double accuracy, double (*f)(double),
                  double (*slope)(double)) {
    map_open(&m, n, f, slope);
    m.factor[wrong] = 1.5;
    map_start(&m, &s, &one_point, &r);
    m.kernel.accuracy = accuracy;
    gc_forget_noise(&s);
    gc_random_seed(&s.random, 1, 2);
}

/* What a direction that failed left: exact, but for what is said of its bound. */
static struct gc_screen failed_screen(double step) {
    struct gc_screen screen = {.verdict = GRADCHECK_FAIL, .n_fail = 2, .failed = 1, .step = step};
    gc_choose_direction(&s, screen.failed, 0, s.n_entries);
    for (size_t e = 0; e < s.n_entries; e++) {
        const double right = s.grad[e] / m.factor[e];
        screen.residual += (right - s.grad[e]) * s.direction[e];
    }
    return screen;
}

Test(gradcheck_locate, follows_the_wrong_half_alone_however_roughly_outputs_are_known) {
    for (int exponent = -40; exponent <= 0; exponent++) {
        for (size_t wrong = 0; wrong < 2; wrong++) {
            start(2, wrong, ldexp(1, exponent), sin, cos);
            const struct gc_screen screen = failed_screen(0.1);
            gc_locate(&s, &screen);
            cr_expect(s.state[wrong] & GC_SEEN && !(s.state[1 - wrong] & GC_SEEN),
                      "%zu at 2^%d: %d, %d", wrong, exponent, s.state[0], s.state[1]);
            cr_expect(wrong == 0 || gc_max_abs(s.sigma, 2) == 0,
                      "an entry's noise is not a line's");
            gc_session_close(&s);
        }
    }
}

static double unit;

static double sine_in_unit(double x) {
    return unit * sin(x);
}

static double slope_in_unit(double x) {
    return unit * cos(x);
}

Test(gradcheck_locate, follows_the_wrong_half_alone_in_any_unit_of_the_outputs) {
    static const double units[] = {0x1p-660, 0x1p-200, 0x1p200, 0x1p660};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (size_t wrong = 0; wrong < 2; wrong++) {
            unit = units[i];
            start(2, wrong, 0x1p-20, sine_in_unit, slope_in_unit);
            const struct gc_screen screen = failed_screen(0.1);
            gc_locate(&s, &screen);
            cr_expect(s.state[wrong] & GC_SEEN && !(s.state[1 - wrong] & GC_SEEN),
                      "%zu in %g: %d, %d", wrong, unit, s.state[0], s.state[1]);
            gc_session_close(&s);
        }
    }
}

Test(gradcheck_locate, follows_the_half_with_most_of_the_whole_where_neither_is_known_well) {
    static const double shares[] = {0.9, 0.7, 0.55, 0.45, 0.3};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        start(2, 0, 1, sin, cos);
        struct gc_screen screen = failed_screen(0.1);
        screen.residual /= shares[i];
        screen.bound = fabs(screen.residual);
        gc_locate(&s, &screen);
        const size_t most = shares[i] > 0.5 ? 0 : 1;
        cr_expect(s.state[most] & GC_SEEN && !(s.state[1 - most] & GC_SEEN), "%g", shares[i]);
        gc_session_close(&s);
    }
}

/* The calls that it takes where the whole is that many times the bound of the left half. */
static size_t calls(double times) {
    const double step = 0.1;
    struct gc_line line;
    start(2, 1, 1e-6, sin, cos);
    struct gc_screen screen = failed_screen(step);
    gc_choose_direction(&s, screen.failed, 0, 1);
    const struct gc_estimate left = gc_screen_line(&s, &line, 4 * step, 4);
    gc_session_close(&s);
    start(2, 1, 1e-6, sin, cos);
    screen.residual = times * left.bound;
    gc_locate(&s, &screen);
    cr_expect(s.state[1] & GC_SEEN);
    gc_session_close(&s);
    return m.n_called;
}

Test(gradcheck_locate, looks_twice_at_a_half_known_to_less_than_a_quarter_of_the_whole) {
    const size_t once = calls(100), twice = calls(0.1);
    cr_expect_gt(twice, once + 6);
    cr_expect_eq(calls(4.1), once);
    cr_expect_eq(calls(3.9), twice);
    cr_expect_eq(calls(2.1), twice);
}

/* Beside what it takes to look at either entry. */
Test(gradcheck_locate, gives_up_after_four_and_twelve_steps_that_forward_refuses) {
    size_t at_entries = 0;
    for (size_t e = 0; e < 2; e++) {
        start(2, 0, 0, sin, cos);
        m.reach = 0;
        (void)gc_examine_and_record(&s, e, false);
        at_entries += m.n_called;
        gc_session_close(&s);
    }
    start(2, 0, 0, sin, cos);
    const struct gc_screen screen = failed_screen(0.1);
    m.reach = 0;
    gc_locate(&s, &screen);
    cr_expect(m.n_called <= at_entries + 4 + 12, "%zu beside %zu", m.n_called, at_entries);
    gc_session_close(&s);
}

enum { MANY = 16, MOST_SEEN = 64 };

static size_t watched;
static double places[MOST_SEEN]; /* of the watched entry, each time that it was displaced */
static size_t n_values, n_places;

/* The sine of each entry in turn. */
static double watching_sine(double x) {
    if (n_values++ % MANY == watched && x != m.at[watched] && n_places < MOST_SEEN) {
        places[n_places++] = x;
    }
    return sin(x);
}

/* The last entry is wrong, so that the watched one moves first in the left of two halves. The fewer
 * move there the further they go, to 0.05 or four times the screen's step; and both times as far,
 * but for a random factor of 0.85 to 1.15. */
Test(gradcheck_locate, looks_again_from_the_same_step_on) {
    static const struct {
        size_t watched, n_moved;
        double step, first;
    } table[] = {
        {MANY - 2, 1, 0.0025, 0.04},
        {MANY - 4, 2, 0.0025, 0.028284},
        {MANY - 2, 1, 0.01, 0.05},
        {MANY - 2, 1, 0.02, 0.08},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double least = INFINITY, most = 0;
        for (uint64_t seed = 0; seed < 12; seed++) {
            watched = table[i].watched;
            start(MANY, MANY - 1, 1e-3, watching_sine, cos);
            const struct gc_screen screen = failed_screen(table[i].step);
            gc_random_seed(&s.random, seed, 3);
            n_values = n_places = 0;
            gc_locate(&s, &screen);
            cr_assert_geq(n_places, 12u, "%zu", n_places);
            gc_choose_direction(&s, screen.failed, watched, watched + table[i].n_moved);
            for (size_t k = 0; k < 12; k += 6) { /* three steps to both sides each time */
                const double h = fabs((places[k] - m.at[watched]) / s.direction[watched]);
                least = fmin(least, h / table[i].first);
                most = fmax(most, h / table[i].first);
            }
            cr_expect(s.state[MANY - 1] & GC_SEEN);
            gc_session_close(&s);
        }
        cr_expect(least > 0.849 && least < 0.95 && most > 1.05 && most < 1.151,
                  "row %zu: %g to %g of the step", i, least, most);
    }
}
