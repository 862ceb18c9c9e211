// SPDX-License-Identifier: MIT
/* Entries one by one: which are looked at again with noise measured anew, what is recorded of them,
 * and what a tensor's entries cost. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/layer.h"
#include "gradcheck/map.h"

static struct map m;
static struct gc_session s;
static struct gradcheck_report r;
static const struct gradcheck_options one_point = {.n_points = 1};
static double scale;

static double wave(double x) {
    return scale * sin(x);
}
static double slope(double x) {
    return scale * cos(x);
}
static double bend(double x) {
    return fabs(x - 1);
}
static double none(double x) {
    (void)x;
    return 0;
}

/* Two entries; the first is looked at. sigma: noise as others measured it, coarsely. */
static void start(double (*f)(double), double (*df)(double), double sigma) {
    map_open(&m, 2, f, df);
    m.x[0] = 1;
    map_start(&m, &s, &one_point, &r);
    s.cotangent[0] = s.cotangent[1] = 1;
    s.grad[0] = df(m.x[0]);
    s.grad[1] = df(m.x[1]);
    s.sigma[0] = sigma;
}

/* ---- noise measured anew ---- */

Test(gradcheck_elementwise,
     noise_of_other_entries_is_measured_anew_before_one_is_accused_or_given_up) {
    enum { ONCE, TWICE };
    enum { NOTHING, BLURRED };
    static const struct {
        double sigma, noise;     /* as others measured it, and as it is; of the scale */
        double factor;           /* of the gradient: 1 is right */
        size_t accused, blurred; /* in vain, before */
        bool suspected;
        int looks, result;
        size_t accused_after, blurred_after;
    } rows[] = {
        {0, 0, 1, 0, 0, false, ONCE, NOTHING, 0, 0},
        {0, 0, 0, 0, 0, true, ONCE, NOTHING, 0, 0}, /* it was measured for this one */
        {1e-14, 0, 1, 0, 0, false, ONCE, NOTHING, 0, 0},
        {1e-14, 0, 1, 0, 0, true, TWICE, NOTHING, 0, 0},
        {1e-14, 0, 0, 0, 0, false, TWICE, NOTHING, 1, 0},
        {1e-14, 0, 0, 1, 0, true, TWICE, NOTHING, 2, 0},
        {1e-14, 0, 0, 2, 0, true, ONCE, NOTHING, 2, 0},
        {1e-14, 0, 0, 2, 0, false, ONCE, NOTHING, 2, 0},
        {1e-3, 0, 1, 0, 0, false, TWICE, NOTHING, 0, 0},
        {1e-3, 0, 1, 2, 1, false, TWICE, NOTHING, 2, 1},
        {1e-3, 0, 1, 0, 2, false, ONCE, BLURRED, 0, 2},
        {1e-3, 1e-3, 1, 0, 0, false, TWICE, BLURRED, 0, 1},
        {1e-3, 1e-3, 1, 0, 1, false, TWICE, BLURRED, 0, 2},
        {1e-3, 0, 1, 2, 0, true, TWICE, NOTHING, 2, 0},
        {1e-3, 0, 0, 2, 0, false, TWICE, NOTHING, 2, 0},
    };
    static const double scales[] = {0x1p-200, 1, 0x1p200};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++) {
            size_t calls[2];
            bool wrong = false;
            scale = scales[k];
            for (int again = 0; again < 2; again++) { /* the first is never looked at again */
                start(wave, slope, rows[i].sigma * scale);
                m.noise = rows[i].noise * scale;
                s.grad[0] *= rows[i].factor;
                s.grad[1] *= rows[i].factor;
                s.accused_in_vain = again ? rows[i].accused : 2;
                s.blurred_in_vain = again ? rows[i].blurred : 2;
                wrong = gc_examine_and_record(&s, 0, again && rows[i].suspected);
                calls[again] = m.n_called;
                if (again == 0) {
                    gc_session_close(&s);
                }
            }
            cr_expect(rows[i].looks == TWICE ? calls[1] > calls[0] : calls[1] == calls[0],
                      "row %zu, %g: %zu, %zu calls", i, scale, calls[0], calls[1]);
            cr_expect_eq(wrong, rows[i].factor != 1, "row %zu, %g", i, scale);
            cr_expect_eq(s.bound[0] > 1e-5 * scale, rows[i].result == BLURRED, "row %zu, %g: %g", i,
                         scale, s.bound[0]);
            cr_expect_eq(s.accused_in_vain, rows[i].accused_after, "row %zu, %g: %zu", i, scale,
                         s.accused_in_vain);
            cr_expect_eq(s.blurred_in_vain, rows[i].blurred_after, "row %zu, %g: %zu", i, scale,
                         s.blurred_in_vain);
            gc_session_close(&s);
        }
    }
}

/* Whatever its neighbour is. */
Test(gradcheck_elementwise, the_subgradients_of_a_kink_are_no_blur) {
    for (int neighbour = 0; neighbour < 2; neighbour++) {
        size_t calls[2];
        for (size_t k = 0; k < 2; k++) {
            start(bend, none, 1e-14);
            s.blurred_in_vain = k == 0 ? 2 : 0;
            s.state[1] = neighbour ? GC_SEEN | GC_AT_KINK : GC_SEEN;
            cr_expect_not(gc_examine_and_record(&s, 0, false));
            cr_expect((s.state[0] & GC_AT_KINK) != 0 && fabs(s.bound[0] - 1) < 1e-6);
            calls[k] = m.n_called;
            gc_session_close(&s);
        }
        cr_expect_eq(calls[0], calls[1], "%zu, %zu", calls[0], calls[1]);
        scale = 1;
        start(wave, slope, 1e-3);
        s.state[1] = neighbour ? GC_SEEN | GC_AT_KINK : GC_SEEN;
        cr_expect_not(gc_examine_and_record(&s, 0, false));
        cr_expect(s.bound[0] < 1e-8, "%g", s.bound[0]);
        gc_session_close(&s);
    }
}

/* The second of two tensors: of sums that cancel, as much is asked as of the others beside it. */
Test(gradcheck_elementwise, an_entry_is_blurred_by_the_scale_of_its_own_tensor) {
    enum { ENTRY = LAYER_ROWS * LAYER_COLUMNS + 1 };
    size_t calls[2];
    for (size_t k = 0; k < 2; k++) {
        struct layer l;
        layer_open(&l);
        cr_assert_eq(gc_session_open(&s, &l.kernel, &one_point, &r, false), GRADCHECK_OK);
        gc_choose_point(&s, 0);
        gc_choose_cotangent(&s);
        cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
        for (size_t e = 0; e < s.n_entries; e++) {
            s.grad[e] = e < s.inputs[1].first ? 0 : 1e9;
        }
        s.grad[ENTRY] = s.cotangent[1] * sin(l.x[1]);
        s.sigma[1] = 1e-3;
        s.blurred_in_vain = k == 0 ? 2 : 0;
        cr_expect_not(gc_examine_and_record(&s, ENTRY, false));
        calls[k] = l.n_forward;
        gc_session_close(&s);
    }
    cr_expect_eq(calls[0], calls[1], "%zu, %zu", calls[0], calls[1]);
}

Test(gradcheck_elementwise, a_second_look_that_ends_early_is_no_ground_for_anything) {
    scale = 1;
    start(wave, slope, 1e-3);
    s.grad[0] = 0;
    s.options.max_evaluations = r.n_forward + 1000;
    cr_expect(gc_examine_and_record(&s, 0, false));
    const size_t both = m.n_called;
    gc_session_close(&s);
    start(wave, slope, 1e-3);
    s.grad[0] = 0;
    s.options.max_evaluations = r.n_forward + both - 1;
    cr_expect_not(gc_examine_and_record(&s, 0, false));
    cr_expect(s.stopped && isnan(s.numeric[0]) && isinf(s.bound[0]));
    cr_expect_eq(s.state[0], GC_SEEN | ((unsigned)GRADCHECK_BUDGET * GC_DOUBT));
    gc_session_close(&s);
}

/* ---- what is recorded ---- */

Test(gradcheck_elementwise, the_step_of_a_kink_is_recorded_too) {
    struct gc_finding found;
    start(bend, none, 0);
    gc_examine(&s, 0, true, &found);
    cr_assert(found.kink && found.estimate.step > 0);
    (void)gc_examine_and_record(&s, 0, false);
    cr_expect(s.step[0] == found.estimate.step, "%g, not %g", s.step[0], found.estimate.step);
    gc_session_close(&s);
}

Test(gradcheck_elementwise, an_entry_is_wrong_by_more_than_its_bound_and_its_rounding) {
    static const struct {
        double grad, rounding[2];
        bool wrong;
    } rows[] = {{3, {0.5, 1.5}, true},
                {3, {1, 0}, false},
                {-1, {0.9, 2}, true},
                {-1, {1, 0}, false},
                {NAN, {1, 1}, true}};
    scale = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(wave, slope, 0);
        s.grad[0] = rows[i].grad;
        s.numeric[0] = 1;
        s.bound[0] = 1;
        s.rounding[0] = rows[i].rounding[0];
        s.rounding[1] = rows[i].rounding[1];
        cr_expect_eq(gc_is_wrong(&s, 0), rows[i].wrong, "row %zu", i);
        gc_session_close(&s);
    }
}

/* ---- what it takes ---- */

Test(gradcheck_elementwise, costs_eight_calls_an_entry_and_a_calibration_for_each_tensor) {
    for (int both = 0; both < 2; both++) {
        struct layer l;
        layer_open(&l);
        l.inputs[1].grad = both ? l.inputs[1].grad : NULL;
        cr_assert_eq(gc_session_open(&s, &l.kernel, &one_point, &r, false), GRADCHECK_OK);
        const size_t cost = 80 + 8 * LAYER_ROWS * LAYER_COLUMNS;
        cr_expect_eq(gc_elementwise_cost(&s), both ? 2 * cost : cost);
        gc_session_close(&s);
    }
}

static size_t calls_for(size_t n, bool thorough) {
    map_open(&m, n, wave, slope);
    map_start(&m, &s, &one_point, &r);
    s.options.thorough = thorough;
    cr_assert(gc_check_elementwise(&s));
    for (size_t e = 0; e < n; e++) {
        cr_expect((s.state[e] & GC_SEEN) != 0 && s.bound[e] < 1e-8 && !gc_is_wrong(&s, e),
                  "%zu: %d, %g, %g off by %g", e, s.state[e], s.bound[e], s.numeric[e],
                  s.grad[e] - s.numeric[e]);
    }
    const size_t calls = m.n_called;
    gc_session_close(&s);
    return calls;
}

/* Each with all the steps that it needs; of five the steps are those of one. */
Test(gradcheck_elementwise, four_entries_are_looked_at_one_by_one_and_five_are_not) {
    scale = 1;
    const size_t one = calls_for(1, false);
    const size_t four = calls_for(4, false);
    const size_t five = calls_for(5, false);
    cr_expect(four > 3 * one && five < 2 * one, "%zu, %zu, %zu", one, four, five);
    cr_expect_lt(calls_for(4, true), 2 * one);
}

/* Noise of the tensor before, or of the screen, is no other entry's, nor is what was in vain. */
Test(gradcheck_elementwise, each_tensor_starts_anew) {
    size_t calls[2];
    scale = 1;
    for (size_t k = 0; k < 2; k++) {
        start(wave, slope, k == 0 ? 0 : 1e-3);
        s.accused_in_vain = s.blurred_in_vain = k == 0 ? 0 : 2;
        cr_assert(gc_check_elementwise(&s));
        cr_expect_eq(s.accused_in_vain, 0);
        cr_expect_eq(s.blurred_in_vain, 0);
        calls[k] = m.n_called;
        gc_session_close(&s);
    }
    cr_expect_eq(calls[0], calls[1], "%zu, %zu", calls[0], calls[1]);
}

/* ---- whatever came before ---- */

enum { MANY = 40, MOST_TOLD = 2 * MANY };

struct told {
    size_t n;
    double numeric[MOST_TOLD], step[MOST_TOLD];
};

static void note_entry(void *ctx, const struct gradcheck_entry *entry) {
    struct told *told = ctx;
    cr_assert_lt(told->n, (size_t)MOST_TOLD);
    told->numeric[told->n] = entry->numeric;
    told->step[told->n++] = entry->step;
}

Test(gradcheck_elementwise, finds_the_same_after_however_many_directions) {
    struct told told[2] = {{.n = 0}};
    scale = 1;
    for (size_t i = 0; i < 2; i++) {
        const struct gradcheck_options options = {.n_points = 2,
                                                  .n_directions = 1 + 3 * i,
                                                  .on_entry = note_entry,
                                                  .on_entry_ctx = &told[i]};
        map_open(&m, MANY, wave, slope);
        cr_assert_eq(gradcheck_run(&m.kernel, &options, &r), GRADCHECK_OK);
        cr_expect_eq(told[i].n, (size_t)MOST_TOLD);
    }
    for (size_t i = 0; i < MOST_TOLD; i++) {
        cr_expect_eq(told[0].step[i], told[1].step[i], "%zu: %a and %a", i, told[0].step[i],
                     told[1].step[i]);
        cr_expect_eq(told[0].numeric[i], told[1].numeric[i], "%zu: %a and %a", i,
                     told[0].numeric[i], told[1].numeric[i]);
    }
}
