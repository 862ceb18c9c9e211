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
static void start(size_t n, size_t wrong, double accuracy, double (*f)(double)) {
    map_open(&m, n, f, cos);
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
            start(2, wrong, ldexp(1, exponent), sin);
            const struct gc_screen screen = failed_screen(0.1);
            gc_locate(&s, &screen);
            cr_expect(s.state[wrong] & GC_SEEN && !(s.state[1 - wrong] & GC_SEEN),
                      "%zu at 2^%d: %d, %d", wrong, exponent, s.state[0], s.state[1]);
            gc_session_close(&s);
        }
    }
}

/* The calls that it takes where the whole is that many times the bound of the left half. */
static size_t calls(double times) {
    const double step = 0.1;
    struct gc_line line;
    start(2, 1, 1e-6, sin);
    struct gc_screen screen = failed_screen(step);
    gc_choose_direction(&s, screen.failed, 0, 1);
    const struct gc_estimate left = gc_screen_line(&s, &line, 4 * step, 4);
    gc_session_close(&s);
    start(2, 1, 1e-6, sin);
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

enum { MANY = 16, WATCHED = MANY - 2, MOST_SEEN = 64 };

static double places[MOST_SEEN]; /* of the watched entry, each time that it was displaced */
static size_t n_values, n_places;

/* The sine of each entry in turn. */
static double watching_sine(double x) {
    if (n_values++ % MANY == WATCHED && x != m.at[WATCHED] && n_places < MOST_SEEN) {
        places[n_places++] = x;
    }
    return sin(x);
}

/* It moves alone, as the left one of the last two, and both times as far for being alone. */
Test(gradcheck_locate, looks_again_from_the_same_step_on) {
    start(MANY, MANY - 1, 1e-3, watching_sine);
    const struct gc_screen screen = failed_screen(0.003);
    n_values = n_places = 0;
    gc_locate(&s, &screen);
    cr_assert_geq(n_places, 12u, "%zu", n_places);
    gc_choose_direction(&s, screen.failed, WATCHED, MANY - 1);
    const double step = 4 * screen.step * sqrt(MANY); /* by a factor of 0.85 to 1.15 */
    for (size_t i = 0; i < 12; i += 6) {              /* three steps each time */
        const double h = fabs((places[i] - m.at[WATCHED]) / s.direction[WATCHED]);
        cr_expect(h > 0.849 * step && h < 1.151 * step, "%zu: %g, not %g", i / 6, h, step);
    }
    cr_expect(s.state[MANY - 1] & GC_SEEN);
    gc_session_close(&s);
}
