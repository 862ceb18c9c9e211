// SPDX-License-Identifier: MIT
/* Domains that end: stated in the descriptor, told by a refusing forward, or only by a NaN. */
#include "gradcheck/bed/formulas.h"

BED_DEFINE(log_edge, log(x), 1 / x)
BED_DEFINE(sqrt_edge, sqrt(x), 0.5 / sqrt(x))
BED_DEFINE(log_refusing, log(x), 1 / x)
BED_DEFINE(sqrt_giving_nan, sqrt(x), 0.5 / sqrt(x))
BED_DEFINE(entropy, x *log(x), log(x) + 1)
BED_DEFINE(root_cubed, x *sqrt(x), 1.5 * sqrt(x))
BED_DEFINE(log_odds, log(x) - log1p(-x), 1 / (x * (1 - x)))
BED_DEFINE(edge_exponential, exp(x), exp(x))
BED_DEFINE(edge_square_root, sqrt(x + 1), 0.5 / sqrt(x + 1))

static void edge_product_value(const double x[], double y[]) {
    y[0] = exp(x[0]) * (1 + x[1]);
}
static void edge_product_jacobian(const double x[], double j[]) {
    j[0] = exp(x[0]) * (1 + x[1]);
    j[1] = exp(x[0]);
}

#define STATED(name, low, high)                                                                    \
    { BED_NAMED(name), .lower = (low), .upper = (high) }

static const struct bed_function rows[] = {
    STATED(log_edge, 0, INFINITY),
    STATED(sqrt_edge, 0, INFINITY),
    {BED_NAMED(log_refusing), .refuses = true},
    {BED_NAMED(sqrt_giving_nan)},
    STATED(entropy, 0, INFINITY),
    STATED(root_cubed, 0, INFINITY),
    STATED(log_odds, 0, 1),
    STATED(edge_exponential, 0, 1),
    STATED(edge_square_root, 0, 1),
    {BED_VECTOR(edge_product, 2, 1), .lower = 0, .upper = 1},
};
BED_GROUP(bed_edge, BED_EDGE, rows);
