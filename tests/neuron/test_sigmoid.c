// SPDX-License-Identifier: MIT
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>

struct row {
    double z, sigmoid, derivative;
};

static const struct row rows[] = {
    /* z, sigmoid(z), sigmoid'(z): exact values rounded to double, from 120-digit arithmetic. */
    {0x0.0p+0, 0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {0x0.0000000000001p-1022, 0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {-0x0.0000000000001p-1022, 0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {0x1.0000000000000p-60, 0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {-0x1.0000000000000p-60, 0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {0x1.0000000000000p-27, 0x1.0000001000000p-1, 0x1.0000000000000p-2},
    {0x1.5798ee2308c3ap-27, 0x1.00000015798eep-1, 0x1.0000000000000p-2},
    {-0x1.5798ee2308c3ap-27, 0x1.ffffffd50ce24p-2, 0x1.0000000000000p-2},
    {0x1.999999999999ap-4, 0x1.0cca12729afb8p-1, 0x1.feb8dd88468f1p-3},
    {-0x1.999999999999ap-4, 0x1.e66bdb1aca090p-2, 0x1.feb8dd88468f1p-3},
    {0x1.0000000000000p-2, 0x1.1fd5992bc4b83p-1, 0x1.f815255e4fc16p-3},
    {0x1.62e42fefa39efp-2, 0x1.2bec333018867p-1, 0x1.f0ed99bed9b2ep-3},
    {-0x1.62e42fefa39efp-2, 0x1.a827999fcef32p-2, 0x1.f0ed99bed9b2ep-3},
    {0x1.0000000000000p-1, 0x1.3eb2fd4d34391p-1, 0x1.e149a052c16c2p-3},
    {0x1.0000000000000p+0, 0x1.764d4f5d5a2bdp-1, 0x1.92a946fa34394p-3},
    {-0x1.0000000000000p+0, 0x1.136561454ba86p-2, 0x1.92a946fa34394p-3},
    {0x1.4cccccccccccdp+0, 0x1.9258f68070e5ep-1, 0x1.58accfd633222p-3},
    {-0x1.4cccccccccccdp+0, 0x1.b69c25fe3c688p-3, 0x1.58accfd633222p-3},
    {0x1.0000000000000p+1, 0x1.c2f7d5a8a79cap-1, 0x1.ae0dc0f990c45p-4},
    {-0x1.0000000000000p+1, 0x1.e84152bac31afp-4, 0x1.ae0dc0f990c45p-4},
    {0x1.4000000000000p+2, 0x1.fc92c130538e1p-1, 0x1.b3afe1fba5c7bp-8},
    {-0x1.4000000000000p+2, 0x1.b69f67d638f8ep-8, 0x1.b3afe1fba5c7bp-8},
    {0x1.4000000000000p+3, 0x1.fffa0cb346f89p-1, 0x1.7ccec13a9e846p-15},
    {-0x1.4000000000000p+3, 0x1.7cd32e41dd960p-15, 0x1.7ccec13a9e846p-15},
    {0x1.2b33333333333p+4, 0x1.ffffffbf08d28p-1, 0x1.03dcb5f887402p-27},
    {-0x1.2b33333333333p+4, 0x1.03dcb619804b0p-27, 0x1.03dcb5f887402p-27},
    {0x1.e000000000000p+4, 0x1.ffffffffffcb5p-1, 0x1.a56e0c2ac7a09p-44},
    {-0x1.e000000000000p+4, 0x1.a56e0c2ac7cbfp-44, 0x1.a56e0c2ac7a09p-44},
    {0x1.259999999999ap+5, 0x1.fffffffffffffp-1, 0x1.0998b04bdd18fp-53},
    {-0x1.259999999999ap+5, 0x1.0998b04bdd18fp-53, 0x1.0998b04bdd18fp-53},
    {0x1.2800000000000p+5, 0x1.fffffffffffffp-1, 0x1.898471fca6054p-54},
    {-0x1.2800000000000p+5, 0x1.898471fca6054p-54, 0x1.898471fca6054p-54},
    {0x1.4000000000000p+5, 0x1.0000000000000p+0, 0x1.39792499b1a24p-58},
    {-0x1.4000000000000p+5, 0x1.39792499b1a24p-58, 0x1.39792499b1a24p-58},
    {0x1.9000000000000p+6, 0x1.0000000000000p+0, 0x1.a8c1f14e2af5dp-145},
    {-0x1.9000000000000p+6, 0x1.a8c1f14e2af5dp-145, 0x1.a8c1f14e2af5dp-145},
    {0x1.5e00000000000p+9, 0x1.0000000000000p+0, 0x1.14f2b0fb9307fp-1010},
    {-0x1.5e00000000000p+9, 0x1.14f2b0fb9307fp-1010, 0x1.14f2b0fb9307fp-1010},
    {-0x1.6200000000000p+9, 0x1.7c8ab2288c9abp-1022, 0x1.7c8ab2288c9abp-1022},
    {0x1.6200000000000p+9, 0x1.0000000000000p+0, 0x1.7c8ab2288c9abp-1022},
    {-0x1.6232bdd7abcd2p+9, 0x1.000000000007cp-1022, 0x1.000000000007cp-1022},
    {-0x1.6260000000000p+9, 0x0.b3c15564d094bp-1022, 0x0.b3c15564d094bp-1022},
    {-0x1.62e42fefa39f0p+9, 0x0.3ffffffffff9bp-1022, 0x0.3ffffffffff9bp-1022},
    {0x1.62e42fefa39f0p+9, 0x1.0000000000000p+0, 0x0.3ffffffffff9bp-1022},
    {-0x1.6300000000000p+9, 0x0.33802fd28b3c3p-1022, 0x0.33802fd28b3c3p-1022},
    {0x1.6800000000000p+9, 0x1.0000000000000p+0, 0x0.0000993b4dc95p-1022},
    {-0x1.6800000000000p+9, 0x0.0000993b4dc95p-1022, 0x0.0000993b4dc95p-1022},
    {-0x1.7200000000000p+9, 0x0.0000000000055p-1022, 0x0.0000000000055p-1022},
    {0x1.7200000000000p+9, 0x1.0000000000000p+0, 0x0.0000000000055p-1022},
    {-0x1.74385446d71c3p+9, 0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
    {-0x1.7480000000000p+9, 0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
    {0x1.7480000000000p+9, 0x1.0000000000000p+0, 0x0.0000000000001p-1022},
    {-0x1.74910d52d3051p+9, 0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
    {-0x1.74910d52d3052p+9, 0x0.0p+0, 0x0.0p+0},
    {-0x1.7491eb851eb85p+9, 0x0.0p+0, 0x0.0p+0},
    {0x1.7500000000000p+9, 0x1.0000000000000p+0, 0x0.0p+0},
    {-0x1.7500000000000p+9, 0x0.0p+0, 0x0.0p+0},
    {-0x1.f400000000000p+9, 0x0.0p+0, 0x0.0p+0},
    {0x1.f400000000000p+9, 0x1.0000000000000p+0, 0x0.0p+0},
    {-0x1.fffffffffffffp+1023, 0x0.0p+0, 0x0.0p+0},
    {0x1.fffffffffffffp+1023, 0x1.0000000000000p+0, 0x0.0p+0},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

Test(neuron_sigmoid, is_within_1_ulp_of_the_exact_values) {
    for (size_t i = 0; i < N_ROWS; i++) {
        const double got = neuron_sigmoid(rows[i].z);
        cr_expect(ulps_f64(got, rows[i].sigmoid) <= 1, "sigmoid(%a) = %a, exact %a", rows[i].z, got,
                  rows[i].sigmoid);
    }
}

Test(neuron_sigmoid, has_a_derivative_within_4_ulp_in_both_tails) {
    for (size_t i = 0; i < N_ROWS; i++) {
        const double got = neuron_sigmoid_derivative(rows[i].z);
        cr_expect(ulps_f64(got, rows[i].derivative) <= 4, "sigmoid'(%a) = %a, exact %a", rows[i].z,
                  got, rows[i].derivative);
    }
}

/* Of a float every exact value is known to more digits than it has from the double functions. */
Test(neuron_sigmoid_f32, is_the_exact_value_rounded_or_its_neighbour) {
    for (double z = -120; z < 120; z += 0x1.3p-9) {
        const float value = neuron_sigmoid_f32((float)z);
        const float derivative = neuron_sigmoid_derivative_f32((float)z);
        const double exact = neuron_sigmoid((float)z);
        const double exact_derivative = neuron_sigmoid_derivative((float)z);
        cr_expect(ulps_f32(value, (float)exact) <= 1, "sigmoid_f32(%a) = %a, exact %a", z,
                  (double)value, exact);
        cr_expect(ulps_f32(derivative, (float)exact_derivative) <= 1,
                  "sigmoid_derivative_f32(%a) = %a, exact %a", z, (double)derivative,
                  exact_derivative);
    }
}

/* So near the middle of two numbers that a quotient from 25 bits, or a coefficient off by 0.1 %,
 * gives the other one; the exact values rounded, from 250-bit arithmetic. */
Test(neuron_sigmoid, is_rounded_to_the_nearer_of_two_doubles_at_near_ties) {
    static const double ties[][2] = {{-0x1.2bae1d4c4406cp+0, 0x1.e4d8f4cc60004p-3},
                                     {-0x1.9e2eeba8855dcp+2, 0x1.94d6d4d9148a2p-10},
                                     {-0x1.71faf4cfc0d0cp+1, 0x1.af1e092e19e61p-5}};
    for (size_t i = 0; i < sizeof ties / sizeof ties[0]; i++) {
        const double got = neuron_sigmoid(ties[i][0]);
        cr_expect(got == ties[i][1], "sigmoid(%a) = %a, exact %a", ties[i][0], got, ties[i][1]);
    }
}

Test(neuron_sigmoid_f32, is_rounded_to_the_nearer_of_two_floats_at_near_ties) {
    static const float ties[][2] = {{-0x1.a56892p+2F, 0x1.69ae32p-10F},
                                    {-0x1.a564a4p+2F, 0x1.69c46p-10F},
                                    {-0x1.4c7fb2p+2F, 0x1.693c9ep-8F}};
    for (size_t i = 0; i < sizeof ties / sizeof ties[0]; i++) {
        const float got = neuron_sigmoid_f32(ties[i][0]);
        cr_expect(got == ties[i][1], "sigmoid_f32(%a) = %a, exact %a", (double)ties[i][0],
                  (double)got, (double)ties[i][1]);
    }
}

Test(neuron_sigmoid, never_decreases_where_steps_are_visible) {
    double before = 0;
    for (double z = -746; z < 40; z += 0x1p-7) {
        const double y = neuron_sigmoid(z);
        cr_expect(y >= before, "sigmoid(%a) = %a after %a", z, y, before);
        before = y;
    }
}

Test(neuron_sigmoid, derivative_is_even_and_sigmoid_of_z_is_1_minus_sigmoid_of_minus_z) {
    for (double z = 0; z < 750; z += 0x1.17p-5) {
        const double right = neuron_sigmoid_derivative(z), left = neuron_sigmoid_derivative(-z);
        cr_expect(left == right, "sigmoid'(+-%a) = %a, %a", z, right, left);
        const double above = neuron_sigmoid(z), below = neuron_sigmoid(-z);
        cr_expect(above == 1 - below, "sigmoid(+-%a) = %a, %a", z, above, below);
    }
}

Test(neuron_sigmoid, derivative_agrees_with_y_times_1_minus_y_where_that_has_digits) {
    for (double z = -30; z < 3; z += 0x1.17p-6) {
        const double y = neuron_sigmoid(z), product = y * (1 - y);
        const double got = neuron_sigmoid_derivative(z);
        cr_expect(fabs(got - product) <= 32 * 0x1p-52 * got, "sigmoid'(%a) = %a, y (1 - y) = %a", z,
                  got, product);
    }
}

/* 0 for a zero whatever its sign: no result is -0. */
static int is_plus_zero(double a) {
    return a == 0 && !signbit(a);
}

Test(neuron_sigmoid, takes_its_limits_at_infinity) {
    cr_expect(neuron_sigmoid(INFINITY) == 1);
    cr_expect(is_plus_zero(neuron_sigmoid(-INFINITY)));
    cr_expect(is_plus_zero(neuron_sigmoid_derivative(INFINITY)));
    cr_expect(is_plus_zero(neuron_sigmoid_derivative(-INFINITY)));
    cr_expect(neuron_sigmoid_f32(INFINITY) == 1);
    cr_expect(is_plus_zero((double)neuron_sigmoid_f32(-INFINITY)));
    cr_expect(is_plus_zero((double)neuron_sigmoid_derivative_f32(INFINITY)));
    cr_expect(is_plus_zero((double)neuron_sigmoid_derivative_f32(-INFINITY)));
}

Test(neuron_sigmoid, passes_nan_on) {
    cr_expect(isnan(neuron_sigmoid(NAN)) && isnan(neuron_sigmoid(-NAN)));
    cr_expect(isnan(neuron_sigmoid_derivative(NAN)) && isnan(neuron_sigmoid_derivative(-NAN)));
    cr_expect(isnan(neuron_sigmoid_f32(NAN)) && isnan(neuron_sigmoid_f32(-NAN)));
    cr_expect(isnan(neuron_sigmoid_derivative_f32(NAN)));
}

#define TYPED 64
#include "sigmoid_template.h"
#undef TYPED
#define TYPED 32
#include "sigmoid_template.h"
