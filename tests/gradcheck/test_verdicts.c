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
