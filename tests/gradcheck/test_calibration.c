// SPDX-License-Identifier: MIT
/* What calibration chooses for a tensor, and what that costs. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/map.h"

enum { SAMPLING = 2 * 8 };

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static double scale;

static double one(double x) {
    (void)x;
    return 1;
}

static double half(double x) {
    return 0.5 * scale * x;
}

static void start(double (*f)(double), size_t n, double epsilon, bool thorough) {
    const struct gradcheck_options options = {.n_points = 1, .thorough = thorough};
    map_open(&m, n, f, one);
    map_start(&m, &s, &options, &r);
    for (size_t i = 0; i < n; i++) {
        s.cotangent[i] = 1;
    }
    s.epsilon = s.narrow_epsilon = epsilon;
}

/* What the examination of an only entry finds, and its calls. */
static size_t examine(double (*f)(double), double noise, double epsilon, bool thorough,
                      struct gc_finding *found) {
    start(f, 1, epsilon, thorough);
    m.noise = noise;
    gc_examine(&s, 0, false, found);
    const size_t calls = m.n_called;
    gc_session_close(&s);
    return calls;
}

/* The ladder begins so many times above what the examination settled for; its second rung is the
 * best for a straight line, a third shows that, and steps are such that the finest is that. */
Test(gradcheck_calibration, steps_end_where_noise_outweighs_truncation) {
    static const struct {
        double epsilon;
        bool thorough;
        double noise; /* of the slope */
        double above;
        size_t levels;
    } rows[] = {
        {DBL_EPSILON, false, 0, 4, 3},       {DBL_EPSILON, true, 0, 64, 6},
        {DBL_EPSILON, false, 1e-5, 4, 3},    {DBL_EPSILON, true, 1e-5, 4, 6},
        {FLT_EPSILON, false, 1e-20, 256, 6}, {FLT_EPSILON, true, 0, 256, 6},
    };
    static const double scales[] = {0x1p-40, 1, 0x1p40};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++) {
            struct gc_finding found;
            struct gc_quick quick;
            scale = scales[k];
            const size_t calls =
                examine(half, rows[i].noise * scale, rows[i].epsilon, rows[i].thorough, &found);
            start(half, 1, rows[i].epsilon, rows[i].thorough);
            m.noise = rows[i].noise * scale;
            gc_calibrate(&s, &s.inputs[0], &quick);
            const double due =
                rows[i].above * found.estimate.step / pow(0.46, rows[i].levels - 2.0);
            cr_expect_eq(quick.n_levels, rows[i].levels, "row %zu, %g: %zu", i, scale,
                         quick.n_levels);
            cr_expect(fabs(quick.step - due) <= 1e-6 * due, "row %zu, %g: %g, not %g", i, scale,
                      quick.step, due);
            cr_expect_eq(m.n_called, SAMPLING + calls + 2 * 3, "row %zu, %g: %zu", i, scale,
                         m.n_called);
            gc_session_close(&s);
        }
    }
}

static size_t refused_from;

static double half_at_first(double x) {
    m.n_refuse = m.n_called > refused_from;
    return 0.5 * x;
}

Test(gradcheck_calibration, gives_up_where_24_steps_are_refused) {
    struct gc_finding found;
    struct gc_quick quick;
    refused_from = SIZE_MAX;
    refused_from = SAMPLING + examine(half_at_first, 0, DBL_EPSILON, false, &found);
    start(half_at_first, 1, DBL_EPSILON, false);
    gc_calibrate(&s, &s.inputs[0], &quick);
    cr_expect_eq(m.n_called, refused_from + 24, "%zu and %zu", refused_from, m.n_called);
    cr_expect(quick.step == 0 && isinf(quick.bound), "%g, %g", quick.step, quick.bound);
    gc_session_close(&s);
}

/* ---- samples ---- */

static double square(double x) {
    return x * x;
}

/* On both sides: those of a parabola are exact. Where none is to be had, nothing is known. */
Test(gradcheck_calibration, samples_are_a_hundredth_of_the_tensors_scale_away) {
    for (int near = 0; near < 2; near++) {
        struct gc_quick quick;
        start(square, 1, DBL_EPSILON, false);
        m.reach = (near ? 0.009 : 0.011) * m.x[0];
        gc_calibrate(&s, &s.inputs[0], &quick);
        const double due = near ? 0 : 2 * m.x[0];
        cr_expect(fabs(quick.scale - due) <= 1e-9, "%g, not %g", quick.scale, due);
        cr_expect(quick.step > 0 && quick.step < m.reach, "%g of %g", quick.step, m.reach);
        gc_session_close(&s);
    }
}

static double flat_or_rippled(double x) {
    return x < 1 ? 1e-3 * x : sin(1000 * x);
}

/* Whichever entry of the tensor that is. */
Test(gradcheck_calibration, steps_suit_the_entry_that_reacts_most) {
    for (int swapped = 0; swapped < 2; swapped++) {
        struct gc_quick quick;
        start(flat_or_rippled, 2, DBL_EPSILON, false);
        s.base[0] = swapped ? 1.5 : 0.5;
        s.base[1] = swapped ? 0.5 : 1.5;
        gc_write_point(&s, s.base);
        (void)gc_forward(&s, s.y0);
        gc_calibrate(&s, &s.inputs[0], &quick);
        cr_expect(quick.step > 0 && quick.step < 0.02, "%d: %g", swapped, quick.step);
        gc_session_close(&s);
    }
}

/* Every sampled entry of a straight line reacts by its slope, and a step is found. */
Test(gradcheck_calibration, feels_all_it_samples_at_any_magnitude) {
    static const double magnitudes[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < sizeof magnitudes / sizeof magnitudes[0]; i++) {
        struct gc_quick quick;
        scale = 1;
        map_open(&m, 4, half, one);
        for (size_t e = 0; e < 4; e++) {
            m.x[e] *= magnitudes[i];
        }
        m.inputs[0].lower = 0.1 * magnitudes[i];
        m.inputs[0].upper = 3 * magnitudes[i];
        map_start(&m, &s, &(struct gradcheck_options){.n_points = 1}, &r);
        for (size_t e = 0; e < 4; e++) {
            s.cotangent[e] = 1;
        }
        gc_calibrate(&s, &s.inputs[0], &quick);
        cr_expect(fabs(quick.scale - 0.5) <= 1e-9, "%g: %g", magnitudes[i], quick.scale);
        cr_expect(quick.step > 0 && quick.step < 3 * magnitudes[i], "%g: %g", magnitudes[i],
                  quick.step);
        cr_expect(quick.bound < 1e-9, "%g: %g", magnitudes[i], quick.bound);
        gc_session_close(&s);
    }
}

/* ---- where there is no step ---- */

static double bent(double x) {
    return fabs(x - 0.5);
}

static double stairs(double x) {
    return floor(1000 * x);
}

Test(gradcheck_calibration, ends_at_a_kink_and_where_the_examination_gave_up) {
    double (*const maps[])(double) = {bent, stairs};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        struct gc_finding found;
        struct gc_quick quick;
        const size_t calls = examine(maps[i], 0, DBL_EPSILON, false, &found);
        cr_expect_eq(found.kink, i == 0);
        cr_expect_eq(isfinite(found.estimate.bound) != 0, i == 0);
        start(maps[i], 1, DBL_EPSILON, false);
        gc_calibrate(&s, &s.inputs[0], &quick);
        cr_expect(quick.step == 0 && isinf(quick.bound), "%zu: %g, %g", i, quick.step, quick.bound);
        cr_expect_eq(m.n_called, SAMPLING + calls, "%zu: %zu, %zu", i, m.n_called, calls);
        gc_session_close(&s);
    }
}

static double bent_beside(double x) {
    return x + 0.1 * fmax(0, x - 0.5 - 1e-3);
}

Test(gradcheck_calibration, goes_on_below_a_kink_that_is_near) {
    struct gc_finding found;
    struct gc_quick quick;
    (void)examine(bent_beside, 0, DBL_EPSILON, true, &found);
    start(bent_beside, 1, DBL_EPSILON, true);
    gc_calibrate(&s, &s.inputs[0], &quick);
    cr_expect(quick.bound < 1e-9, "%g", quick.bound);
    gc_session_close(&s);
}
