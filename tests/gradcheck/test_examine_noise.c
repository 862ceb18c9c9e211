// SPDX-License-Identifier: MIT
/* One entry: what its steps show of noise, and how samples are spaced that are to show the rest. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/trace.h"

static struct trace t;
static struct gc_session s;

static void examine(uint64_t seed) {
    (void)trace_examine(&t, &s, 0, seed, true);
}

/* Of the samples that follow the steps down. */
static double sample_spacing(void) {
    const size_t from = 2 * trace_steps(&t);
    cr_assert(t.n_called >= from + TRACE_SAMPLES, "%zu", t.n_called);
    return fabs(t.d[from + 1] - t.d[from]);
}

static double unit;

static double expm1_in_unit(double d) {
    return unit * expm1(d / unit);
}

/* No step shows any noise, but a forward that rounds its input has some: the best step is one of
 * the coarse ones, and samples stand about a 64th of it apart. */
Test(gradcheck_examine_noise, allows_for_the_rounding_of_the_input_in_any_unit) {
    static const double units[] = {0x1p-200, 1, 0x1p200};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            trace_begin(&t, expm1_in_unit);
            unit = t.u[0] = t.u[1] = units[i];
            examine(seed);
            const double spacing = sample_spacing() / unit;
            cr_expect(spacing > 1e-6 && spacing < 0.25 / 32, "%g: %g", unit, spacing);
            cr_expect(fabs(s.examined_noise / unit - 0x1p-52) < 0x1p-62, "%g: %g", unit,
                      s.examined_noise / unit);
        }
    }
}

/* By step: what its calls are off a straight line by, away from the point and upwards, and how much
 * steeper they are, or that there is no line. Nothing later is. */
enum { MOST_STEPS = 16 };
static struct {
    double by, up, steeper;
    bool still;
} off[MOST_STEPS];

static double off_a_line(double d) {
    const size_t step = t.n_called / 2;
    if (d == 0 || step >= MOST_STEPS) {
        return d;
    }
    const double along = d + d * off[step].steeper + copysign(off[step].by, d);
    return (off[step].still ? 0 : along) + off[step].up;
}

/* The domain leaves room for that many steps, from x = 1 on to either side, down to 4 units of x.
 */
static void examine_off_a_line(size_t n, uint64_t seed) {
    const double room = 1.2 * ldexp(0x1p-50, 2 * ((int)n - 1));
    trace_begin(&t, off_a_line);
    t.lower = 1 - room;
    t.upper = 1 + room;
    examine(seed);
    cr_assert_eq(trace_steps(&t), n, "%zu, not %zu", trace_steps(&t), n);
}

static const double scattered = 1e-14;

/* In turn to either side. */
static void scatter_steps(size_t first, size_t last) {
    for (size_t i = first; i < last; i++) {
        off[i].by = i % 2 == 0 ? scattered : -scattered;
    }
}

static void expect_noise(double due, size_t n, uint64_t seed) {
    cr_expect(fabs(s.examined_noise - due) <= 1e-3 * due, "%zu steps, seed %d: %g, not %g", n,
              (int)seed, s.examined_noise, due);
}

/* The first two steps are exact; what samples do not show is 2.1 times what those below are off. */
Test(gradcheck_examine_noise, takes_for_noise_what_four_finer_steps_scatter_by) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (size_t n = 5; n < 10; n++) {
            memset(off, 0, sizeof off);
            scatter_steps(2, n);
            examine_off_a_line(n, seed);
            expect_noise(n - 2 >= 4 ? 2.1 * scattered : DBL_EPSILON, n, seed);
        }
    }
}

/* Three scatter and two stand still; but not if one of those has
 * moved to both sides alike. */
Test(gradcheck_examine_noise, takes_for_noise_what_three_steps_above_still_ones_scatter_by) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (int kind = 0; kind < 3; kind++) {
            memset(off, 0, sizeof off);
            scatter_steps(2, 5);
            off[5].still = off[6].still = true;
            for (size_t i = 2; i < 5; i++) {
                off[i].up = kind == 1 ? 1e-18 : 0;
            }
            off[5].up = kind == 2 ? scattered : 0;
            examine_off_a_line(7, seed);
            if (kind == 2) {
                cr_expect(s.examined_noise < 0.1 * scattered, "%g", s.examined_noise);
            } else {
                expect_noise(2.1 * scattered, 7, seed);
            }
        }
    }
}

/* The finest three agree, but by less than the input's rounding makes of them; the first two are
 * the best then, and those between scatter. */
Test(gradcheck_examine_noise,
     takes_for_noise_what_scatters_below_the_best_step_that_rounding_leaves) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        memset(off, 0, sizeof off);
        off[0].steeper = 1e-9;
        scatter_steps(2, 7);
        for (size_t i = 7; i < 10; i++) {
            off[i].steeper = 1e-3;
        }
        examine_off_a_line(10, seed);
        expect_noise(2.1 * scattered, 10, seed);
    }
}

/* Two steps agree by chance, and the finest four scatter around them by so much that the second or
 * third is the best. */
Test(gradcheck_examine_noise, spaces_samples_by_the_best_step_that_scatter_leaves) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        memset(off, 0, sizeof off);
        for (size_t i = 0; i < 7; i++) {
            off[i].steeper = i % 2 == 0 ? 0 : 1e-2;
        }
        off[7].steeper = off[8].steeper = 5e-3;
        scatter_steps(9, 13);
        examine_off_a_line(13, seed);
        const double of_64th = sample_spacing() * sqrt(TRACE_EACH) / (t.d[2] / 64);
        cr_expect(of_64th > 0.1 && of_64th < 1.51, "seed %d: %g", (int)seed, of_64th);
    }
}
