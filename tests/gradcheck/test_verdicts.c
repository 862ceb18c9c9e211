// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bed/verdicts.h"

Test(verdicts, on_kinks_and_beside_them_are_as_the_table_says) {
    for (size_t i = 0; i < bed_n_kink_verdicts; i++) {
        cr_expect(bed_verdict_holds(&bed_kink_verdicts[i], 1, NULL), "%s",
                  bed_kink_verdicts[i].name);
    }
}

Test(verdicts, that_other_tools_get_wrong_are_right) {
    for (size_t i = 0; i < bed_n_peer_verdicts; i++) {
        cr_expect(bed_verdict_holds(&bed_peer_verdicts[i], 1, NULL), "%s",
                  bed_peer_verdicts[i].name);
    }
}

Test(verdicts, see_one_wrong_entry_of_a_large_diagonal_in_the_screen_alone) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        cr_expect(bed_diagonal_error_is_seen(seed, NULL), "seed %d", (int)seed);
    }
}

/* The table can be failed: a right kernel where a wrong one is expected, and the other way round.
 */
Test(verdicts, of_a_wrong_table_do_not_hold) {
    struct bed_verdict v = {"", "square_of_tiny", {0.5}, {1}, GRADCHECK_FAIL, false, false};
    cr_expect_not(bed_verdict_holds(&v, 1, NULL));
    v.gradient[0] = 2;
    v.expected = GRADCHECK_PASS;
    cr_expect_not(bed_verdict_holds(&v, 1, NULL));
}

/* Near pi the treads of a float, 2.4e-7 wide, are high against the sine: steps that stay on one
 * show nothing move. */
Test(verdicts, of_a_right_slope_are_no_fail_where_small_steps_stay_on_one_tread) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        const double x = 3.0 + 0.0014987 * (double)seed;
        struct bed_verdict fails = {
            .function = "float_sine", .x = {x}, .gradient = {cos(x)}, .expected = GRADCHECK_FAIL};
        cr_expect_not(bed_verdict_holds(&fails, seed, NULL), "x = %a, seed %d", x, (int)seed);
        fails.gradient[0] *= 1.01;
        cr_expect(bed_verdict_holds(&fails, seed, NULL), "x = %a, seed %d", x, (int)seed);
    }
}

/* Beside an extremum of sin(1e6 x) the sine is flat, and a step on either side steep: what rounding
 * of 1e6 x does is felt there alone. */
Test(verdicts, of_a_right_slope_are_no_fail_beside_an_extremum) {
    size_t n_pass = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const double x = ((double)seed + 1e5 + 0.5) * 3.14159265358979 * 1e-6 + 1e-10;
        struct bed_verdict v = {.function = "fast_sine",
                                .x = {x},
                                .gradient = {1e6 * cos(1e6 * x)},
                                .expected = GRADCHECK_FAIL};
        cr_expect_not(bed_verdict_holds(&v, seed, NULL), "x = %a, seed %d", x, (int)seed);
        v.gradient[0] *= 1.01;
        cr_expect(bed_verdict_holds(&v, seed, NULL), "x = %a, seed %d", x, (int)seed);
        v.gradient[0] /= 1.01;
        v.expected = GRADCHECK_PASS;
        n_pass += bed_verdict_holds(&v, seed, NULL);
    }
    cr_expect(n_pass > 150, "%zu", n_pass);
}

/* At a distance of 1e-6 from the end of its domain: extrapolated on one side, from steps that lie
 * at all ratios to each other. */
Test(verdicts, of_a_right_slope_are_no_fail_beside_a_pole) {
    for (uint64_t seed = 0; seed < 400; seed++) {
        const double x = 1 - 1e-6;
        struct bed_verdict v = {.function = "log_odds",
                                .x = {x},
                                .gradient = {1 / (x * (1 - x))},
                                .expected = GRADCHECK_PASS};
        cr_expect(bed_verdict_holds(&v, seed, NULL), "seed %d", (int)seed);
    }
}

/* x + sin(2 pi 1024 x) / (2 pi 1024) is a straight line to coarse steps, and its ripples look like
 * noise; what the first entries are found to have is no truth for the others. Besides them a tensor
 * that is noisy itself. */
enum { RIPPLES = 8, NOISY = 3 };
struct ripples {
    struct gradcheck_tensor inputs[2], outputs[2];
    struct gradcheck_kernel kernel;
    double x[RIPPLES], dx[RIPPLES], y[RIPPLES], dy[RIPPLES];
    double a[NOISY], da[NOISY], z[NOISY], dz[NOISY];
};
static const double RIPPLE_RATE = 6433.98175455188; /* 2 pi 1024 */
static const double NOISE = 0.3;

static int ripples_forward(void *ctx) {
    struct ripples *r = ctx;
    for (size_t i = 0; i < RIPPLES; i++) {
        r->y[i] = r->x[i] + sin(RIPPLE_RATE * r->x[i]) / RIPPLE_RATE;
    }
    for (size_t i = 0; i < NOISY; i++) { /* the same each time, and irregular */
        r->z[i] = r->a[i] + NOISE * sin(1e9 * r->a[i]);
    }
    return 0;
}

static int ripples_backward(void *ctx) {
    struct ripples *r = ctx;
    for (size_t i = 0; i < RIPPLES; i++) {
        r->dx[i] = r->dy[i] * (1 + cos(RIPPLE_RATE * r->x[i]));
    }
    for (size_t i = 0; i < NOISY; i++) {
        r->da[i] = r->dz[i];
    }
    return 0;
}

static void open_ripples(struct ripples *r, uint64_t seed, bool noisy_first) {
    const struct gradcheck_tensor x = GRADCHECK_INPUT("x", r->x, r->dx, RIPPLES);
    const struct gradcheck_tensor a = GRADCHECK_INPUT("a", r->a, r->da, NOISY);
    r->inputs[0] = noisy_first ? a : x;
    r->inputs[1] = noisy_first ? x : a;
    r->outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", r->y, r->dy, RIPPLES);
    r->outputs[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", r->z, r->dz, NOISY);
    r->kernel = (struct gradcheck_kernel){.name = "ripples",
                                          .inputs = r->inputs,
                                          .n_inputs = 1,
                                          .outputs = r->outputs,
                                          .n_outputs = 1,
                                          .forward = ripples_forward,
                                          .backward = ripples_backward,
                                          .ctx = r};
    for (size_t i = 0; i < RIPPLES; i++) {
        r->x[i] = 2 * sin(1.3 * (double)i + (double)seed);
    }
    for (size_t i = 0; i < NOISY; i++) {
        r->a[i] = sin(2.1 * (double)i + (double)seed);
    }
}

Test(verdicts, of_right_slopes_are_no_fail_where_coarse_steps_see_another_function) {
    static struct ripples r;
    size_t n_pass = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct gradcheck_report report;
        const struct gradcheck_options options = {
            .seed = seed, .n_points = 1, .thorough = seed % 2 == 1};
        open_ripples(&r, seed, false);
        cr_expect_eq(gradcheck_run(&r.kernel, &options, &report), GRADCHECK_OK);
        cr_expect_neq(report.verdict, GRADCHECK_FAIL, "seed %d: %s", (int)seed, report.summary);
        n_pass += report.verdict == GRADCHECK_PASS;
    }
    cr_expect(n_pass >= 39, "%zu", n_pass);
}

Test(verdicts, of_right_slopes_are_no_fail_beside_a_tensor_that_is_noisy) {
    static struct ripples r;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct gradcheck_report report;
        const struct gradcheck_options options = {.seed = seed, .n_points = 1};
        open_ripples(&r, seed, seed % 2 == 1);
        r.kernel.n_inputs = r.kernel.n_outputs = 2;
        cr_expect_eq(gradcheck_run(&r.kernel, &options, &report), GRADCHECK_OK);
        cr_expect_eq(report.tensors[seed % 2 == 1].n_fail, 0, "seed %d: %s", (int)seed,
                     report.summary);
    }
}

Test(verdicts, of_right_slopes_are_no_fail_wherever_the_budget_ends) {
    static struct ripples r;
    for (size_t most = 200; most < 1000; most++) {
        struct gradcheck_report report;
        const struct gradcheck_options options = {
            .seed = most % 25, .n_points = 1, .max_evaluations = most};
        open_ripples(&r, options.seed, false);
        cr_expect_eq(gradcheck_run(&r.kernel, &options, &report), GRADCHECK_OK);
        cr_expect_neq(report.verdict, GRADCHECK_FAIL, "max_evaluations %zu: %s", most,
                      report.summary);
    }
}
