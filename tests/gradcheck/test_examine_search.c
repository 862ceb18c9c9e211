// SPDX-License-Identifier: MIT
/* One entry, call by call: where the first step stands, when they end, how noise is sampled after
 * them, and what is still tried then. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/examine.h"

/* y = f(what the entry under examination is off), and every such d. */
enum { N_OF_EACH = 2, MOST_CALLS = 256, SAMPLES = 12 };

static struct {
    double (*f)(double d);
    double u[N_OF_EACH], du[N_OF_EACH], v[N_OF_EACH], dv[N_OF_EACH], y, dy;
    const double *entry;
    double at, lower, upper, accuracy, cotangent;
    double d[MOST_CALLS];
    size_t n_called;
} t;

static struct gc_session s;
static struct gradcheck_report r;
static struct gc_finding found;

static int traced_forward(void *ctx) {
    (void)ctx;
    const double d = *t.entry - t.at;
    t.y = t.f(d);
    if (t.n_called < MOST_CALLS) {
        t.d[t.n_called] = d;
    }
    t.n_called++;
    return 0;
}

static int traced_backward(void *ctx) {
    (void)ctx;
    memset(t.du, 0, sizeof t.du);
    memset(t.dv, 0, sizeof t.dv);
    return 0;
}

/* All entries are 1. */
static void begin(double (*f)(double)) {
    memset(&t, 0, sizeof t);
    t.f = f;
    t.u[0] = t.u[1] = t.v[0] = t.v[1] = 1;
    t.cotangent = 1;
}

static void examine(size_t entry, uint64_t seed, bool deep) {
    static struct gradcheck_tensor in[2], out;
    static struct gradcheck_kernel k;
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    t.entry = entry < N_OF_EACH ? t.u + entry : t.v + (entry - N_OF_EACH);
    t.at = *t.entry;
    in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("u", t.u, t.du, N_OF_EACH);
    in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("v", t.v, t.dv, N_OF_EACH);
    in[0].lower = t.lower;
    in[0].upper = t.upper;
    out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &t.y, &t.dy);
    k = (struct gradcheck_kernel){.name = "traced",
                                  .inputs = in,
                                  .n_inputs = 2,
                                  .outputs = &out,
                                  .n_outputs = 1,
                                  .accuracy = t.accuracy,
                                  .accuracy_reason = "a table",
                                  .forward = traced_forward,
                                  .backward = traced_backward};
    cr_assert_eq(gc_session_open(&s, &k, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
    s.cotangent[0] = t.cotangent;
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    t.n_called = 0;
    gc_examine(&s, entry, deep, &found);
    gc_session_close(&s);
}

/* How many pairs of calls to both sides there are from the given call on, each nearer than the last
 * by more than half. */
static size_t n_steps(size_t from) {
    size_t n = 0;
    for (size_t i = from; i + 1 < t.n_called && i + 1 < MOST_CALLS; i += 2, n++) {
        const bool nearer = n == 0 || t.d[i] < 0.4 * t.d[i - 2];
        if (!(t.d[i] > 0 && fabs(t.d[i] + t.d[i + 1]) <= 1e-6 * t.d[i] && nearer)) {
            break;
        }
    }
    return n;
}

static double line(double d) {
    return 1000 + d;
}

/* ---- the first step ---- */

/* A quarter of the entry, or of what is usual in its tensor, but not of a thousand times the entry;
 * of 1 where all are 0. */
Test(gradcheck_search, begins_at_a_quarter_of_the_entry_or_of_its_tensor) {
    static const struct {
        double x, other, scale;
    } rows[] = {
        {2, 2, 2},
        {1e-2, 1e-2, 1e-2},
        {0.5, 7, 4.962358310319802},
        {8, 1e-9, 8},
        {0, 100, 70.71067811865476},
        {0, 0, 1},
        {1e-5, 1, 1e-2},
        {1e-9, 1, 1e-6},
        {3, 1e30, 3e3},
        {-1e-5, 1, 1e-2},
        {1e3, 1e30, 1e6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int input = 0; input < 2; input++) {
            double least = INFINITY, most = 0;
            for (uint64_t seed = 0; seed < 24; seed++) {
                begin(line);
                double *x = input == 0 ? t.u : t.v;
                x[0] = rows[i].x;
                x[1] = rows[i].other;
                examine(input == 0 ? 0 : N_OF_EACH, seed, false);
                least = fmin(least, t.d[0] / (0.25 * rows[i].scale));
                most = fmax(most, t.d[0] / (0.25 * rows[i].scale));
            }
            cr_expect(least >= 0.7499 && least < 0.85 && most > 0.9 && most <= 1.0001,
                      "row %zu, input %d: %g to %g", i, input, least, most);
        }
    }
}

Test(gradcheck_search, takes_other_steps_at_each_entry) {
    double first[2 * N_OF_EACH];
    for (size_t e = 0; e < 2 * N_OF_EACH; e++) {
        begin(line);
        examine(e, 0, false);
        first[e] = t.d[0];
        for (size_t i = 0; i < e; i++) {
            cr_expect(fabs(first[i] - first[e]) > 1e-6, "entries %zu and %zu: %g", i, e, first[e]);
        }
    }
}

static double exponential(double d) {
    return exp(d);
}

Test(gradcheck_search, is_sharp_at_the_edge_of_a_domain) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (int above = 0; above < 2; above++) {
            begin(exponential);
            t.lower = above ? 1 : -8;
            t.upper = above ? 8 : 1;
            examine(0, seed, false);
            const double off = fabs(found.estimate.value - 1);
            cr_expect(off <= found.estimate.bound && found.estimate.bound < 1e-9, "%d: %g +- %g",
                      above, off, found.estimate.bound);
        }
    }
}

/* ---- the last ---- */

/* y is 1000 and its noise a quarter of the accuracy times that: steps end when 8 times it is more
 * than a tenth of the slope, and not before there are three. */
Test(gradcheck_search, ends_where_noise_covers_a_tenth_of_the_slope) {
    for (int i = 0; i < 32; i++) {
        begin(line);
        const double noise = 0.25 * pow(4, -0.25 * i);
        t.accuracy = noise / 250;
        examine(0, 7, true);
        const size_t n = n_steps(0);
        const double finest = 8 * noise / t.d[2 * (n - 1)];
        const double before = n > 3 ? 8 * noise / t.d[2 * (n - 2)] : 0;
        cr_expect(n >= 3 && finest > 0.0999 && before < 0.1001, "%g: %zu steps, %g, %g", noise, n,
                  finest, before);
        cr_expect(t.n_called >= 2 * n + SAMPLES && t.n_called <= 2 * n + SAMPLES + 6, "%g: %zu",
                  noise, t.n_called);
    }
}

static double steep_far(double d) {
    return 1000 + (fabs(d) > 0.1 ? 100 * d : d);
}

static double steep_far_to_both_sides(double d) {
    return 1000 + (fabs(d) > 0.1 ? 100 * fabs(d) : d);
}

/* The largest quotient is that of the first step, of 0.19 to 0.25, to both sides together or as
 * their difference: 100, of which the noise of the finest has to be a tenth. */
Test(gradcheck_search, ends_where_noise_covers_the_largest_quotient_seen_however_coarse) {
    double (*const functions[])(double) = {steep_far, steep_far_to_both_sides};
    for (size_t i = 0; i < 2; i++) {
        begin(functions[i]);
        const double noise = 2e-3;
        t.accuracy = noise / 250;
        examine(0, 7, true);
        const size_t n = n_steps(0);
        const double finest = 8 * noise / t.d[2 * (n - 1)];
        const double before = n > 3 ? 8 * noise / t.d[2 * (n - 2)] : 0;
        cr_expect(n > 3 && finest > 9.99 && before < 10.1, "%zu: %zu steps, %g, %g", i, n, finest,
                  before);
    }
}

static double kink(double d) {
    return 1 + fabs(d);
}

/* At the third step noise is more than a tenth of the slopes, and the kink more than the noise. */
Test(gradcheck_search, goes_on_below_noise_until_a_kink_is_told) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        begin(kink);
        t.accuracy = 2e-3;
        examine(0, seed, true);
        cr_expect(found.kink && fabs(found.low + 1) <= 1e-6 && fabs(found.high - 1) <= 1e-6,
                  "%g to %g", found.low, found.high);
    }
}

/* Not deep: once the best, which is the second here, is known to a thousandth, or else where noise
 * covers everything. */
Test(gradcheck_search, settles_at_a_thousandth_with_finer_steps_below) {
    size_t n_settled = 0;
    for (int i = 0; i < 16; i++) {
        begin(line);
        const double noise = 2e-5 * pow(2, -0.25 * i);
        t.accuracy = noise / 250;
        examine(0, 7, false);
        const size_t n = n_steps(0);
        const double bound = 8 * sqrt(0.5) * noise / t.d[2];
        cr_expect(bound < 0.999e-3 ? n == 4 : n > 4, "%g: %zu steps", bound, n);
        n_settled += n == 4;
    }
    cr_expect(n_settled >= 4 && n_settled <= 12, "%zu", n_settled);
}

static double output_unit;

static double in_unit(double d) {
    return output_unit * (1 + exp(d));
}

Test(gradcheck_search, takes_as_many_steps_in_any_unit_of_the_output) {
    for (int deep = 0; deep < 2; deep++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            size_t n = 0;
            for (int exponent = -30; exponent <= 30; exponent += 15) {
                begin(in_unit);
                output_unit = ldexp(1, exponent);
                examine(0, seed, deep == 1);
                n = n == 0 ? n_steps(0) : n;
                cr_expect_eq(n_steps(0), n, "2^%d: %zu, not %zu", exponent, n_steps(0), n);
            }
        }
    }
}

static double nothing(double d) {
    (void)d;
    return 0;
}

/* Its noise is 0 as well, by a cotangent that makes 0 of the smallest number. */
Test(gradcheck_search, settles_soon_where_nothing_moves) {
    begin(nothing);
    t.cotangent = 0.25;
    examine(0, 0, false);
    cr_expect(n_steps(0) == 4, "%zu", n_steps(0));
    cr_expect(found.estimate.value == 0 && found.estimate.bound < 1e-300);
}

static double sine(double d) {
    return sin(d);
}

/* 32 levels less the six that may be refined. */
Test(gradcheck_search, takes_26_steps_down_where_the_format_would_allow_more) {
    begin(sine);
    t.u[0] = 0;
    examine(0, 0, true);
    cr_expect_eq(n_steps(0), 26u, "%zu", n_steps(0));
    cr_expect(t.n_called <= 2 * 32 + SAMPLES, "%zu", t.n_called);
    cr_expect(fabs(found.estimate.value - 1) <= found.estimate.bound &&
                  found.estimate.bound < 1e-12,
              "%g", found.estimate.bound);
}

/* ---- noise ---- */

/* Of the samples that follow the steps down. */
static double sample_spacing(void) {
    const size_t from = 2 * n_steps(0);
    cr_assert(t.n_called >= from + SAMPLES, "%zu", t.n_called);
    return fabs(t.d[from + 1] - t.d[from]);
}

static double unit;

static double expm1_in_unit(double d) {
    return unit * expm1(d / unit);
}

/* No step shows any noise, but a forward that rounds its input has some: the best step is one of
 * the coarse ones, and samples stand about a 64th of it apart. */
Test(gradcheck_search, allows_for_the_rounding_of_the_input_in_any_unit) {
    static const double units[] = {0x1p-200, 1, 0x1p200};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            begin(expm1_in_unit);
            unit = t.u[0] = t.u[1] = units[i];
            examine(0, seed, true);
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
    begin(off_a_line);
    t.lower = 1 - room;
    t.upper = 1 + room;
    examine(0, seed, true);
    cr_assert_eq(n_steps(0), n, "%zu, not %zu", n_steps(0), n);
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
Test(gradcheck_search, takes_for_noise_what_four_finer_steps_scatter_by) {
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
Test(gradcheck_search, takes_for_noise_what_three_steps_above_still_ones_scatter_by) {
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
Test(gradcheck_search, takes_for_noise_what_scatters_below_the_best_step_that_rounding_leaves) {
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
Test(gradcheck_search, spaces_samples_by_the_best_step_that_scatter_leaves) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        memset(off, 0, sizeof off);
        for (size_t i = 0; i < 7; i++) {
            off[i].steeper = i % 2 == 0 ? 0 : 1e-2;
        }
        off[7].steeper = off[8].steeper = 5e-3;
        scatter_steps(9, 13);
        examine_off_a_line(13, seed);
        const double of_64th = sample_spacing() * sqrt(N_OF_EACH) / (t.d[2] / 64);
        cr_expect(of_64th > 0.1 && of_64th < 1.51, "seed %d: %g", (int)seed, of_64th);
    }
}
