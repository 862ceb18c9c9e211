// SPDX-License-Identifier: MIT
#include "neuron/logarithm.h"

#include <criterion/criterion.h>
#include <math.h>

struct row {
    double x, high, low; /* log x to 106 bits, from 200-bit arithmetic */
};

static const struct row rows[] = {
    {0x1.0000000000000p-1, -0x1.62e42fefa39efp-1, -0x1.abc9e3b39803fp-56},
    {0x1.0000000000000p-2, -0x1.62e42fefa39efp+0, -0x1.abc9e3b39803fp-55},
    {0x1.8000000000000p-1, -0x1.269621134db92p-2, -0x1.e0efadd9db02bp-56},
    {0x1.fffffffffffffp-1, -0x1.0000000000000p-53, -0x1.0000000000000p-107},
    {0x1.ffffffffffffep-1, -0x1.0000000000001p-52, 0x1.fffffffffffffp-106},
    {0x1.6a09e667f3bccp-1, -0x1.62e42fefa39f1p-2, 0x1.8d8f957c3d43cp-57},
    {0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2, 0x1.716fdfdbc882ep-60},
    {0x1.0000000000000p-104, -0x1.205966f2b4f12p+6, -0x1.6dca0480f5c1ap-48},
    {0x1.4484bfeebc2a0p-100, -0x1.144f69ff9ffc4p+6, -0x1.49791f2b9c5cdp-49},
    {0x1.fff2e48e8a71ep-1, -0x1.a3738d2cf1cc2p-14, 0x1.3694792ff3a76p-68},
    {0x1.fae147ae147aep-1, -0x1.495453e6fd4bcp-7, 0x1.004bec099ed61p-61},
    {0x1.3eecf89059360p-1, -0x1.e4ba347bd50a3p-2, -0x1.f5609c9778e99p-56},
    {0x1.7bcb8116f23eep-1, -0x1.31dc9e373ca1bp-2, 0x1.864089f073d03p-60},
    {0x1.97239c6c3047fp-1, -0x1.d556ee825f5d8p-3, -0x1.35f3c02182f9dp-59},
    {0x1.e288d7f5db50cp-1, -0x1.e58e9ff1e0a6dp-5, 0x1.ea5c5fb442532p-59},
    {0x1.7ad3fc69bae32p-1, -0x1.3478d35ee28afp-2, 0x1.88017729e46f1p-58},
    {0x1.d83afb61ec2c4p-1, -0x1.4b315ddc633f1p-4, -0x1.78cf7c923496dp-59},
    {0x1.db38beb9086e0p-6, -0x1.c527de3f8d8aap+1, -0x1.445b306a0d268p-57},
    {0x1.dccc2f63529c2p-2, -0x1.875cc79625280p-1, -0x1.0c87ae3ea1097p-58},
    {0x1.e2ffa6cff07a8p-1, -0x1.ddae9675ea96cp-5, 0x1.79a5aba958788p-59},
    {0x1.4c46648351904p-1, -0x1.babd0b61cde5ap-2, 0x1.693d30bf1b0cap-58},
};

Test(neuron_logarithm, is_a_pair_with_its_error_far_below_an_ulp) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct neuron_pair got = neuron_logarithm(rows[i].x);
        const double ulp = fabs(rows[i].high) * 0x1p-52;
        const double error = (got.high - rows[i].high) + (got.low - rows[i].low);
        cr_expect(fabs(error) <= 0.005 * ulp, "log %a = %a + %a, exact %a + %a", rows[i].x,
                  got.high, got.low, rows[i].high, rows[i].low);
        cr_expect(got.high + got.low == got.high, "log %a: not the rounded value", rows[i].x);
    }
}

/* What the arithmetic gives without rounding: m in [sqrt 1/2, sqrt 2) and eleven terms of the
 * series, from 300-bit arithmetic. Near 1 that is log x, to which a low part computed in full is as
 * near as 2^-106; near sqrt 1/2 it is cut off by 2^-60. */
Test(neuron_logarithm, is_the_sum_of_eleven_terms) {
    static const struct {
        double x, high, low, relative;
    } sums[] = {
        {0x1.ffe008fa21596p-1, -0x1.ff80559bae28dp-13, -0x1.c09c717ac25b8p-67, 0x1p-106},
        {0x1.fff7e25e005b4p-1, -0x1.03b64ee69a2cbp-14, -0x1.dfffd83100b27p-69, 0x1p-106},
        {0x1.ffe165651bbabp-1, -0x1.e9b8514056c5dp-13, 0x1.7c0aab2e30720p-67, 0x1p-106},
        {0x1.ffe2c70d6ce53p-1, -0x1.d39c81822cb93p-13, 0x1.2f761bc815da0p-70, 0x1p-106},
        {0x1.ffe210313801bp-1, -0x1.df0aede19c27fp-13, -0x1.dbb9196f3126cp-67, 0x1p-106},
        {0x1.fff7ed8abf6fbp-1, -0x1.0250b15cca844p-14, -0x1.61bc1aa037686p-68, 0x1p-106},
        {0x1.ffe000897c1d6p-1, -0x1.0003b42fac8e7p-12, -0x1.7c388f00fc65cp-68, 0x1p-106},
        {0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2, 0x1.b289ae716a7b9p-60, 0x1p-62},
        {0x1.6a27a557a4a05p-1, -0x1.629011196b84ap-2, 0x1.aa159df110d58p-58, 0x1p-67},
        {0x1.6a15b0f66afc2p-1, -0x1.62c2d6b6484eap-2, -0x1.393affd3914aep-56, 0x1p-67},
        {0x1.6a431c9622173p-1, -0x1.62426b1010d2ap-2, 0x1.5b72313b3bedfp-61, 0x1p-67},
    };
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        const struct neuron_pair got = neuron_logarithm(sums[i].x);
        const double error = (got.high - sums[i].high) + (got.low - sums[i].low);
        cr_expect(fabs(error) <= sums[i].relative * fabs(sums[i].high),
                  "log %a = %a + %a, the series %a + %a", sums[i].x, got.high, got.low,
                  sums[i].high, sums[i].low);
    }
}

Test(neuron_logarithm, agrees_with_the_c_library) {
    for (double x = 0x1p-104; x < 1; x *= 1.0131) {
        const double got = neuron_logarithm(x).high, library = log(x);
        cr_expect(fabs(got - library) <= 0x1p-52 * fabs(library), "log %a = %a, libm %a", x, got,
                  library);
    }
}
