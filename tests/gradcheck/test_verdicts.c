// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bed/verdicts.h"
#include "gradcheck/gradcheck.h"

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

/* ---- a float inside, on a double that lies between floats: a staircase of treads 2.4e-7 wide ----
 */

struct staircase {
    double x, dx, y, dy, factor;
};

static int climb(void *ctx) {
    struct staircase *s = ctx;
    s->y = (double)sinf((float)s->x);
    return 0;
}

static int slope(void *ctx) {
    struct staircase *s = ctx;
    s->dx = s->dy * s->factor * cos(s->x);
    return 0;
}

static enum gradcheck_verdict climbed(double x, double factor, uint64_t seed) {
    struct staircase s = {.x = x, .factor = factor};
    const struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", &s.x, &s.dx, 1)};
    const struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &s.y, &s.dy, 1)};
    const struct gradcheck_kernel kernel = {.name = "staircase",
                                            .inputs = in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 1,
                                            .forward = climb,
                                            .backward = slope,
                                            .ctx = &s};
    const struct gradcheck_options options = {.seed = seed, .n_points = 1};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&kernel, &options, &r), GRADCHECK_OK);
    return r.verdict;
}

/* Near pi the treads are high against the value: steps that stay on one show nothing move. */
Test(verdicts, of_a_right_slope_are_no_fail_where_small_steps_stay_on_one_tread) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        const double x = 3.0 + 0.0014987 * (double)seed;
        cr_expect_neq(climbed(x, 1, seed), GRADCHECK_FAIL, "x = %a, seed %d", x, (int)seed);
        cr_expect_eq(climbed(x, 1.01, seed), GRADCHECK_FAIL, "x = %a, seed %d", x, (int)seed);
    }
}
