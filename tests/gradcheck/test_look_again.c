// SPDX-License-Identifier: MIT
/* The second look by itself: y = x, and errors that are put at the point, at its neighbours and
 * around these. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"

enum { N = 2, MOST_SEEN = 6000 };

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;

static double here[N];                            /* the error at the point */
static double (*off)(size_t entry, double share); /* elsewhere, share being how far */
static size_t n_slopes;
static struct { double x, u; /* as shares of what they are at the point */ } seen[MOST_SEEN];

static double same(double x) {
    return x;
}

/* Of N for each backward; x of the first is 0.1 there, of the second 10. */
static double off_slope(double x) {
    const size_t e = x < 1 ? 0 : 1;
    const double share = x / m.at[e] - 1;
    if (n_slopes < MOST_SEEN) {
        seen[n_slopes].x = share;
        seen[n_slopes].u = m.dy[e] / s.cotangent_scratch[e] - 1;
    }
    n_slopes++;
    return 1 + off(e, share) / m.dy[e];
}

static double slope(double x) {
    (void)x;
    return 1;
}

/* As if every entry had been examined and had an error of its bound times excess[e], or 0. */
static void start(const double bound[], const double excess[], uint64_t seed) {
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    map_open(&m, N, same, slope);
    m.x[0] = 0.1;
    m.x[1] = 10;
    map_start(&m, &s, &o, &r);
    for (size_t e = 0; e < N; e++) {
        here[e] = bound[e] * excess[e];
        s.numeric[e] = s.cotangent[e];
        s.grad[e] = s.cotangent[e] + here[e];
        s.bound[e] = s.rounding[e] = bound[e] / 2;
        s.state[e] = GC_SEEN;
    }
    m.slope = off_slope;
    n_slopes = 0;
}

/* How many places were looked at. */
static size_t look(void) {
    gc_look_again(&s);
    return n_slopes / N;
}

static double as_here(size_t entry, double share) {
    (void)share;
    return here[entry];
}

static const double small[N] = {1e-4, 1e-4};

static void multiply(double magnitude) {
    for (size_t e = 0; e < N; e++) {
        s.cotangent[e] *= magnitude;
        s.numeric[e] = s.cotangent[e];
        s.grad[e] = s.cotangent[e] + here[e];
    }
}

/* 64 units, or 4096 of the derivatives, or a quarter more than the bound and the rounding; of any
 * magnitude. */
Test(gradcheck_look_again, is_for_what_is_off_by_little) {
    static const struct {
        double excess, units, of_derivatives;
    } table[] = {{1.2, 0, 0},     {1.3, 0, 0},     {2.4, 0, 0},    {9, 63.5, 4000},
                 {9, 64.5, 4000}, {9, 60, 4095.5}, {9, 60, 4096.5}};
    static const bool looked_at[] = {true, false, false, true, false, true, false};
    static const double magnitudes[] = {1, 1e-60, 1e60};
    off = as_here;
    for (size_t i = 0; i < 3 * sizeof table / sizeof table[0]; i++) {
        const size_t row = i / 3;
        const double excess[N] = {table[row].excess, 0};
        const double bound[N] = {small[0] * magnitudes[i % 3], small[1] * magnitudes[i % 3]};
        start(bound, excess, row);
        multiply(magnitudes[i % 3]);
        if (table[row].units != 0) {
            /* errors are 9e-4 */
            const double steepest = gc_gradient_scale(&s, &s.inputs[0]);
            s.narrow_epsilon = 1;
            s.narrow_epsilon = here[0] / table[row].units / gc_hidden_unit(&s, &s.inputs[0], false);
            s.epsilon = here[0] / table[row].of_derivatives / steepest;
        }
        cr_expect_eq(look() > 0, looked_at[row], "row %zu, %g", row, magnitudes[i % 3]);
        gc_session_close(&s);
    }
}

/* Of each output that moved with the entry, if only by changes whose grain is unknown. */
Test(gradcheck_look_again, hidden_values_are_those_of_outputs_that_moved) {
    static const double excess[N] = {0, 0};
    start(small, excess, 0);
    s.narrow_epsilon = 1e-3;
    s.cotangent[0] = -3;
    s.cotangent[1] = 1;
    s.y0[0] = 20;
    s.y0[1] = 30;
    const double scale = gc_tensor_scale(&s, &s.inputs[0]);
    static const struct {
        unsigned char touched[N];
        double largest;
    } table[] = {{{0, 0}, 0}, {{1, 0}, 60}, {{0, 1}, 30}, {{2, 1}, 60}};
    for (size_t i = 0; i < 4; i++) {
        memcpy(s.touched, table[i].touched, N);
        const double unit = gc_hidden_unit(&s, &s.inputs[0], true);
        const double expected = 1e-3 * table[i].largest / scale;
        cr_expect(fabs(unit - expected) <= 1e-9 * expected, "row %zu: %g, not %g", i, unit,
                  expected);
    }
    gc_session_close(&s);
}

/* Each value and each cotangent, near and far in turn. */
Test(gradcheck_look_again, moves_all_values_and_cotangents_by_about_a_share) {
    static const double distances[] = {0x1p-12, 0x1p-7, 0x1p-5, 0x1p-3, 0x1p-2};
    static const double excess[N] = {1.2, 0};
    off = as_here;
    start(small, excess, 3);
    const double cotangent[N] = {s.cotangent[0], s.cotangent[1]};
    cr_expect_eq(look(), 200u, "%zu", n_slopes / N);
    for (size_t i = 0; i < 200 * N; i++) {
        const double by = distances[i / N % 5];
        cr_expect(fabs(seen[i].x) >= 0.499 * by && fabs(seen[i].x) <= 1.501 * by,
                  "place %zu: value by %g", i / N, seen[i].x);
        cr_expect(fabs(seen[i].u) >= 0.499 * by && fabs(seen[i].u) <= 1.501 * by,
                  "place %zu: cotangent by %g", i / N, seen[i].u);
    }
    for (size_t e = 0; e < N; e++) {
        cr_expect_eq(s.cotangent[e], cotangent[e]);
    }
    cr_expect_str_eq(s.progress.phase, "second look");
    gc_session_close(&s);
}

static double ratio;

static double by_ratio(size_t entry, double share) {
    (void)share;
    return ratio * here[entry];
}

static double flat(double x) {
    (void)x;
    return 1;
}

static double off_flat(double x) {
    return off_slope(x) - 1;
}

static double falling(double x) {
    return -x;
}

static double off_falling(double x) {
    return off_slope(x) - 2;
}

/* An error with the other sign is taken for the other side of rounding if it is as large, by and
 * large, and stands if its sign stays around there: at four neighbours, with 24 places each. */
Test(gradcheck_look_again, the_other_side_is_about_as_large) {
    static const struct {
        double ratio, share; /* share: of the derivative that the error is */
        enum { AS_HERE, ZERO_HERE, ZERO_THERE, OTHER_THERE } derivative; /* of the neighbours */
        bool other;
    } table[] = {
        {-1, 1e-4, AS_HERE, true},    {1, 1e-4, AS_HERE, false},      {-7.9, 1e-4, AS_HERE, true},
        {-8.1, 1e-4, AS_HERE, false}, {-0.26, 1e-4, AS_HERE, true},   {-0.24, 1e-4, AS_HERE, false},
        {-0.1, 2, AS_HERE, true},     {-0.03, 2, AS_HERE, false},     {-1, 1e-4, ZERO_HERE, true},
        {-1, 1e-4, ZERO_THERE, true}, {-1, 1e-4, OTHER_THERE, false},
    };
    off = by_ratio;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            static const double excess[N] = {1.2, 0};
            ratio = table[i].ratio;
            start(small, excess, seed);
            const double size = fabs(s.cotangent[0]);
            s.cotangent[0] = seed % 2 ? size : -size;
            here[0] = table[i].share * size;
            s.bound[0] = s.rounding[0] = here[0] / 2.4;
            s.numeric[0] = table[i].derivative == ZERO_HERE ? 0 : s.cotangent[0];
            s.grad[0] = s.numeric[0] + here[0];
            s.state[1] = 0;
            if (table[i].derivative == ZERO_THERE) {
                m.f = flat;
                m.slope = off_flat;
            } else if (table[i].derivative == OTHER_THERE) {
                m.f = falling;
                m.slope = off_falling;
            }
            const size_t places = look();
            cr_expect_eq(places, table[i].other ? 100u : 200u, "row %zu: %zu", i, places);
            cr_expect_eq(s.rounding[0], here[0] / 2.4, "it stands");
            gc_session_close(&s);
        }
    }
}

/* Places around a neighbour lie near it, and no two are reached by the same random numbers. */
Test(gradcheck_look_again, no_two_places_are_alike) {
    static const double distances[] = {0x1p-12, 0x1p-7, 0x1p-5, 0x1p-3, 0x1p-2};
    static const double around[] = {0x1p-7, 0x1p-5};
    static const double excess[N] = {1.2, 0};
    double by[100];
    ratio = -1;
    off = by_ratio;
    start(small, excess, 1);
    cr_assert_eq(look(), 100u);
    for (size_t i = 0; i < 100; i++) {
        const size_t n = i / 25;
        const double neighbour = 1 + seen[25 * n * N].x;
        by[i] = i % 25 ? ((1 + seen[i * N].x) / neighbour - 1) / around[i % 25 % 2]
                       : seen[i * N].x / distances[n];
        cr_expect(fabs(by[i]) >= 0.499 && fabs(by[i]) <= 1.501, "place %zu: %g", i, by[i]);
        for (size_t k = 0; k < i; k++) {
            cr_expect_gt(fabs(by[i] - by[k]), 1e-9, "places %zu and %zu", i, k);
        }
    }
    gc_session_close(&s);
}

/* Once it is known that the large output does not move with the entry. */
Test(gradcheck_look_again, is_over_at_once_if_only_what_the_entry_does_not_move_is_large) {
    static const double excess[N] = {9, 0};
    ratio = -1;
    off = by_ratio;
    start(small, excess, 1);
    s.state[1] = 0;
    s.cotangent[1] = 100 * s.cotangent[0];
    const double steepest = gc_gradient_scale(&s, &s.inputs[0]);
    s.narrow_epsilon = 1;
    s.narrow_epsilon = here[0] / 30 / gc_hidden_unit(&s, &s.inputs[0], false);
    s.epsilon = here[0] / 4000 / steepest;
    cr_expect_eq(look(), 1u, "%zu", n_slopes / N);
    gc_session_close(&s);
}

/* By the bits of how far, one of several. */
static size_t draw(double share, size_t n) {
    struct gc_random random;
    uint64_t bits = 0;
    memcpy(&bits, &share, sizeof bits);
    gc_random_seed(&random, bits, 5);
    return gc_random_below(&random, n);
}

static double either_sign(size_t entry, double share) {
    return draw(share, 2) ? here[entry] : -here[entry];
}

static double rarely_large(size_t entry, double share) {
    static const double sizes[] = {-0.9, 0.9, 20};
    return sizes[draw(share, 3)] * here[entry];
}

/* The largest error seen, up to eight times the one at the point. */
Test(gradcheck_look_again, what_is_let_off_is_as_inaccurate_as_it_was_seen) {
    static const double excess[N] = {1.2, 0};
    size_t n_large = 0, n_let_off = 0;
    off = rarely_large;
    for (uint64_t seed = 0; seed < 40; seed++) {
        start(small, excess, seed);
        (void)look();
        const double times = s.rounding[0] / here[0];
        if (times > 0.9) {
            n_let_off++;
            n_large += times > 2;
            cr_expect(fabs(times - 1) < 1e-6 || fabs(times - 8) < 1e-6, "seed %u: %g times",
                      (unsigned)seed, times);
        }
        gc_session_close(&s);
    }
    cr_expect(n_let_off >= 38 && n_large >= 5 && n_large < n_let_off, "%zu, %zu", n_let_off,
              n_large);
}

static size_t mistaken;

static double one_mistake(size_t entry, double share) {
    return entry == mistaken ? here[entry] : either_sign(entry, share);
}

/* The one that is furthest beyond its bound comes first, and if it stands, no other is let off. */
Test(gradcheck_look_again, begins_with_the_entry_furthest_beyond_its_bound) {
    static const double bounds[] = {1e-6, 1e-4};
    off = one_mistake;
    for (size_t i = 0; i < 8; i++) {
        const bool first = i & 4U;
        double bound[N], excess[N];
        mistaken = i % 2;
        bound[mistaken] = bounds[i / 2 % 2];
        bound[1 - mistaken] = bounds[1 - i / 2 % 2];
        excess[mistaken] = first ? 1.2 : 1.1;
        excess[1 - mistaken] = first ? 1.1 : 1.2;
        start(bound, excess, i);
        (void)look();
        cr_expect_eq(s.rounding[mistaken], bound[mistaken] / 2, "case %zu", i);
        cr_expect_eq(s.rounding[1 - mistaken] > bound[1 - mistaken], !first, "case %zu", i);
        gc_session_close(&s);
    }
}

/* Half of the calls that are left, and what is not settled then is not accused. */
Test(gradcheck_look_again, takes_half_of_what_is_left_and_forgets_its_noise) {
    static const double excess[N] = {1.2, 0};
    off = as_here;
    start(small, excess, 0);
    m.noise = 1e-12;
    s.options.max_evaluations = r.n_forward + 1000;
    const size_t before = r.n_forward;
    (void)look();
    const size_t took = r.n_forward - before;
    cr_expect(took >= 500 && took < 600, "%zu", took);
    cr_expect(isinf(s.bound[0]) && s.state[0] != GC_SEEN);
    for (size_t i = 0; i < N; i++) {
        cr_expect_eq(s.sigma[i], 0);
    }
    gc_session_close(&s);
}

/* Errors far below what a float holds beside the derivative, and derivatives far beyond it. */
Test(gradcheck_look_again, is_the_same_at_any_magnitude) {
    static const struct {
        double excess, ratio;
        size_t places;
    } table[] = {{1.2, -1, 100}, {1.2, -0.1, 200}, {1.2, 1, 200}, {2.4, -1, 0}};
    static const double magnitudes[] = {1e-200, 1e-60, 1, 1e60};
    off = by_ratio;
    for (size_t i = 0; i < 16; i++) {
        const double magnitude = magnitudes[i / 4];
        const double bound[N] = {1e-10 * magnitude, 1e-10 * magnitude};
        const double excess[N] = {table[i % 4].excess, 0};
        ratio = table[i % 4].ratio;
        start(bound, excess, i);
        multiply(magnitude);
        const size_t places = look();
        cr_expect_eq(places, table[i % 4].places, "row %zu at %g: %zu", i % 4, magnitude, places);
        gc_session_close(&s);
    }
}

Test(gradcheck_look_again, goes_other_ways_at_another_point) {
    static const double excess[N] = {1.2, 0};
    double first[2];
    off = as_here;
    for (size_t point = 0; point < 2; point++) {
        start(small, excess, 1);
        s.options.n_points = 2;
        s.point = point;
        (void)look();
        first[point] = seen[0].x;
        gc_session_close(&s);
    }
    cr_expect_neq(first[0], first[1]);
}

/* ---- whatever x is ---- */

static double slope_and_error(double x) {
    (void)x;
    const size_t e = n_slopes++ % N;
    return 1 + here[e] / m.dy[e];
}

static double magnitude;

/* x is 0 in one entry and the magnitude in the other. */
static double zero_slope(double x) {
    if (n_slopes % N == 0 && n_slopes / N < MOST_SEEN) {
        seen[n_slopes / N].x = x / (magnitude / sqrt(2));
    }
    return slope_and_error(x);
}

Test(gradcheck_look_again, moves_a_zero_by_about_a_share_of_its_tensors_scale) {
    static const double distances[] = {0x1p-12, 0x1p-7, 0x1p-5, 0x1p-3, 0x1p-2};
    static const double magnitudes[] = {1e-60, 1, 1e60};
    static const double excess[N] = {1.2, 0};
    for (size_t i = 0; i < 3; i++) {
        magnitude = magnitudes[i];
        start(small, excess, i);
        m.x[0] = m.at[0] = s.base[0] = 0;
        m.x[1] = m.at[1] = s.base[1] = magnitude;
        cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
        m.slope = zero_slope;
        cr_expect_eq(look(), 200u, "%g: %zu", magnitude, n_slopes / N);
        for (size_t n = 0; n < n_slopes / N; n++) {
            const double by = fabs(seen[n].x) / distances[n % 5];
            cr_expect(by >= 0.499 && by <= 1.501, "%g, place %zu: by %g", magnitude, n, by);
        }
        gc_session_close(&s);
    }
}

/* ---- other tensors ---- */

static void open_map(void) {
    map_open(&m, N, same, slope);
    m.x[0] = 0.1;
    m.x[1] = 10;
}

/* A kernel that calls that of the map; errors are so many times the bounds. */
static void start_kernel(const struct gradcheck_kernel *kernel, const double excess[]) {
    const struct gradcheck_options o = {.n_points = 1};
    m.slope = slope;
    cr_assert_eq(gc_session_open(&s, kernel, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    cr_assert_eq(gc_backward(&s, s.cotangent, NULL, s.numeric), GC_DONE);
    for (size_t e = 0; e < N; e++) {
        here[e] = small[e] * excess[e];
        s.grad[e] = s.numeric[e] + here[e];
        s.bound[e] = s.rounding[e] = small[e] / 2;
        s.state[e] = GC_SEEN;
    }
    m.slope = slope_and_error;
    n_slopes = 0;
}

/* Units of a small tensor's are larger. */
Test(gradcheck_look_again, is_for_what_is_off_by_little_of_its_own_tensor) {
    static const double units[] = {60, 640};
    for (size_t i = 0; i < 2; i++) {
        static const double excess[N] = {0, 9};
        open_map();
        const struct gradcheck_tensor inputs[] = {GRADCHECK_INPUT("a", &m.x[0], &m.dx[0]),
                                                  GRADCHECK_INPUT("b", &m.x[1], &m.dx[1])};
        struct gradcheck_kernel kernel = m.kernel;
        kernel.inputs = inputs;
        kernel.n_inputs = 2;
        start_kernel(&kernel, excess);
        s.narrow_epsilon = 1;
        s.narrow_epsilon = here[1] / units[i] / gc_hidden_unit(&s, &s.inputs[1], false);
        s.epsilon = here[1] / 4000 / gc_gradient_scale(&s, &s.inputs[1]);
        cr_expect_eq(look() > 0, i == 0, "%g units", units[i]);
        gc_session_close(&s);
    }
}

/* A loss beside the output: 3 (x[0] + x[1]). */
static double loss;

static int forward_with_loss(void *ctx) {
    loss = 3 * (m.x[0] + m.x[1]);
    return m.kernel.forward(ctx);
}

static int backward_with_loss(void *ctx) {
    const int failed = m.kernel.backward(ctx);
    for (size_t e = 0; e < N; e++) {
        m.dx[e] += 3;
    }
    return failed;
}

/* An error that is the same all around stands. */
Test(gradcheck_look_again, the_cotangent_of_a_loss_stays_1) {
    static const double excess[N] = {1.2, 0};
    for (int at = 0; at < 2; at++) {
        struct gradcheck_tensor outputs[2];
        open_map();
        outputs[at] = m.outputs[0];
        outputs[1 - at] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("loss", &loss, NULL);
        struct gradcheck_kernel kernel = m.kernel;
        kernel.outputs = outputs;
        kernel.n_outputs = 2;
        kernel.forward = forward_with_loss;
        kernel.backward = backward_with_loss;
        start_kernel(&kernel, excess);
        cr_expect_eq(look(), 200u, "%d: %zu", at, n_slopes / N);
        cr_expect_eq(s.rounding[0], small[0] / 2, "%g", s.rounding[0]);
        gc_session_close(&s);
    }
}
