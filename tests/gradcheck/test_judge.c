// SPDX-License-Identifier: MIT
/* One entry's verdict, from what is known about it. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/engine.h"

#define F64 DBL_EPSILON
#define F32 FLT_EPSILON

static const struct {
    const char *what;
    struct gc_claim claim;
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
    double resolution;
} TABLE[] = {
    {"equal", {1, 1, 1e-10, 0, 1, F64, .doubt = 0}, GRADCHECK_PASS, 0, 1e-10},
    {"on the bound", {1.5, 1, 0.5, 0, 1e4, F64, .doubt = 0}, GRADCHECK_PASS, 0, 5e-5},
    {"past the bound", {1.5000001, 1, 0.5, 0, 1e4, F64, .doubt = 0}, GRADCHECK_FAIL, 0, 5e-5},
    {"below it", {0.4999999, 1, 0.5, 0, 1e4, F64, .doubt = 0}, GRADCHECK_FAIL, 0, 5e-5},
    {"negated", {-1, 1, 1e-10, 1e-12, 1, F64, .doubt = 0}, GRADCHECK_FAIL, 0, 1.01e-10},
    {"NaN", {NAN, 1, 1e-10, 0, 1, F64, .doubt = 0}, GRADCHECK_FAIL, 0, 1e-10},
    {"NaN on a kink",
     {NAN, 1, 1e-10, 0, 1, F64, .kink = true},
     GRADCHECK_FAIL,
     GRADCHECK_KINK,
     1e-10},
    {"within its own rounding alone",
     {1 + 1e-5, 1, 1e-10, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1.000001e-4},
    {"within ordinary rounding",
     {1 + 100 * F64, 1, 0, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_PASS,
     0,
     1e-4},
    {"beyond ordinary rounding",
     {1 + 300 * F64, 1, 0, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-4},
    {"ordinary rounding itself",
     {1 + 256 * F64, 1, 0, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_PASS,
     0,
     1e-4},
    {"a unit beyond ordinary rounding",
     {1 + 257 * F64, 1, 0, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-4},
    {"ordinary rounding is that of the scale",
     {1 + 300 * F64, 1, 0, 1e-4, 2, F64, .doubt = 0},
     GRADCHECK_PASS,
     0,
     5e-5},
    {"ordinary rounding is that of the entry, if larger",
     {4 + 800 * F64, 4, 0, 1e-4, 1, F64, .doubt = 0},
     GRADCHECK_PASS,
     0,
     2.5e-5},
    {"below the last place of the tensor's size",
     {1e-6 + 0.9 * F32, 1e-6, 1e-12, 0, 1, F32, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-12},
    {"the last place of the tensor's size itself",
     {9 * F32, 8 * F32, 1e-12, 0, 1, F32, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-12},
    {"beyond it", {1e-6 + 1.1 * F32, 1e-6, 1e-12, 0, 1, F32, .doubt = 0}, GRADCHECK_FAIL, 0, 1e-12},
    {"all digits lost",
     {0, 3.9 * F32, 1e-12, 0, 1, F32, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-12},
    {"all digits just lost",
     {0, 4 * F32, 1e-12, 0, 1, F32, .doubt = 0},
     GRADCHECK_INACCURATE,
     0,
     1e-12},
    {"a small entry lost", {0, 4.1 * F32, 1e-12, 0, 1, F32, .doubt = 0}, GRADCHECK_FAIL, 0, 1e-12},
    {"a small entry made up",
     {4.1 * F32, 0, 1e-12, 0, 1, F32, .doubt = 0},
     GRADCHECK_FAIL,
     0,
     1e-12},
    {"ties counted twice are no rounding",
     {1e-6 + 0.9 * F32, 1e-6, 1e-12, 0, 1, F32, .tie_broken = true},
     GRADCHECK_FAIL,
     0,
     1e-12},
    {"three digits", {1, 1, 1e-3, 0, 1, F64, .doubt = 0}, GRADCHECK_PASS, 0, 1e-3},
    {"fewer",
     {1, 1, 1.1e-3, 0, 1, F64, .doubt = 0},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NOISE,
     1.1e-3},
    {"fewer, for a known reason",
     {1, 1, 1.1e-3, 0, 1, F64, .doubt = GRADCHECK_DOMAIN_EDGE},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_DOMAIN_EDGE,
     1.1e-3},
    {"two digits in float32", {1, 1, 2e-2, 0, 1, F32, .doubt = 0}, GRADCHECK_PASS, 0, 2e-2},
    {"fewer in float32",
     {1, 1, 2.1e-2, 0, 1, F32, .doubt = 0},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NOISE,
     2.1e-2},
    {"beside a tensor of zeros",
     {0, 0, 1e-9, 0, 0, F64, .doubt = 0},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NOISE,
     INFINITY},
    {"beside a tensor of zeros that is exact",
     {0, 0, 0, 0, 0, F64, .doubt = 0},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NOISE,
     INFINITY},
    {"no numeric value",
     {1, NAN, 1, 0, 1, F64, .doubt = 0},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NON_FINITE,
     INFINITY},
    {"no bound",
     {1, 1, INFINITY, 0, 1, F64, .doubt = GRADCHECK_NOISE},
     GRADCHECK_INCONCLUSIVE,
     GRADCHECK_NOISE,
     INFINITY},
    {"a subgradient",
     {0.7, 0.5, 0.5, 0, 1, F64, .kink = true},
     GRADCHECK_PASS,
     GRADCHECK_KINK,
     0.5},
    {"no subgradient",
     {1.1, 0.5, 0.5, 0, 1, F64, .kink = true},
     GRADCHECK_FAIL,
     GRADCHECK_KINK,
     0.5},
    {"a subgradient that others contradict",
     {0.7, 0.5, 0.5, 0, 1, F64, .kink = true, .tie_broken = true},
     GRADCHECK_FAIL,
     GRADCHECK_KINK,
     0.5},
};

Test(gradcheck_judge, gives_verdict_reason_and_resolution_of_the_table) {
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct gc_judgement j = gc_judge(&TABLE[i].claim);
        cr_expect_eq(j.verdict, TABLE[i].verdict, "%s: %s", TABLE[i].what,
                     gradcheck_verdict_name(j.verdict));
        cr_expect_eq(j.reason, TABLE[i].reason, "%s: %s", TABLE[i].what,
                     gradcheck_reason_name(j.reason));
        cr_expect(j.resolution == TABLE[i].resolution ||
                      fabs(j.resolution - TABLE[i].resolution) <= 1e-12 * TABLE[i].resolution,
                  "%s: %.17g", TABLE[i].what, j.resolution);
    }
}

Test(gradcheck_judge, a_direction_agrees_up_to_what_is_allowed) {
    cr_expect(gc_agrees(1.5, 1, 0.5) && gc_agrees(0.5, 1, 0.5) && gc_agrees(2, 2, 0));
    cr_expect(!gc_agrees(1.5000001, 1, 0.5) && !gc_agrees(0.4999999, 1, 0.5));
    cr_expect(!gc_agrees(NAN, 1, 9) && !gc_agrees(1, NAN, 9) && !gc_agrees(1, 1, NAN));
}
