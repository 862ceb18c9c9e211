// SPDX-License-Identifier: MIT
#include "logarithm.h"

#include <math.h>
#include <stddef.h>

/* a + b exactly, |a| >= |b| (Dekker 1971). */
static struct neuron_pair sum(double a, double b) {
    const double s = a + b;
    return (struct neuron_pair){s, (a - s) + b};
}

/* a in two parts of 26 bits (Veltkamp 1968). */
static struct neuron_pair split(double a) {
    const double t = 0x1.0000002p27 * a, high = t - (t - a);
    return (struct neuron_pair){high, a - high};
}

/* a * b exactly (Dekker 1971). */
static struct neuron_pair product(double a, double b) {
    const struct neuron_pair s = split(a), t = split(b);
    const double p = a * b;
    return (struct neuron_pair){p, ((s.high * t.high - p) + s.high * t.low + s.low * t.high) +
                                       s.low * t.low};
}

/* 2/5 + 2/7 q + 2/9 q^2 + ...: what 2 atanh(s) has after 2 s + 2/3 s^3, over s^5; q = s^2 < 0.0295.
 */
static double atanh_tail(double q) {
    static const double coefficients[] = {
        0x1.999999999999ap-2, 0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3,
        0x1.745d1745d1746p-3, 0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3,
        0x1.e1e1e1e1e1e1ep-4, 0x1.af286bca1af28p-4, 0x1.8618618618618p-4,
    };
    double tail = 0;
    for (size_t i = sizeof coefficients / sizeof coefficients[0]; i > 0; i--) {
        tail = tail * q + coefficients[i - 1];
    }
    return tail;
}

/* 2 atanh(s) for a pair s: the first two terms in pairs, the rest is at most 2e-4 of the whole. */
static struct neuron_pair twice_atanh(struct neuron_pair s) {
    const struct neuron_pair square = product(s.high, s.high);
    const double square_low = square.low + 2 * s.high * s.low;
    const struct neuron_pair cube = product(square.high, s.high);
    const double cube_low = cube.low + (square_low * s.high + square.high * s.low);
    const struct neuron_pair second = product(cube.high, 0x1.5555555555555p-1);
    const double second_low =
        second.low + (cube_low * 0x1.5555555555555p-1 + cube.high * 0x1.5555555555555p-55);
    const double rest = cube.high * square.high * atanh_tail(square.high);
    const struct neuron_pair total = sum(2 * s.high, second.high);
    return sum(total.high, total.low + (2 * s.low + (second_low + rest)));
}

/* log x = k log 2 + 2 atanh((m - 1) / (m + 1)), x = 2^k m, m within a factor sqrt 2 of 1. */
struct neuron_pair neuron_logarithm(double x) {
    int k;
    double m = frexp(x, &k);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        k--;
    }
    const double f = m - 1;                 /* exact */
    const struct neuron_pair d = sum(2, f); /* m + 1 */
    const double s = f / d.high;
    const struct neuron_pair back = product(s, d.high);
    const double s_low = (((f - back.high) - back.low) - s * d.low) / d.high;
    const struct neuron_pair series = twice_atanh((struct neuron_pair){s, s_low});
    /* ln 2 in a part of 42 bits, whose product with k is exact, and the rest. */
    const struct neuron_pair total = sum(k * 0x1.62e42fefa38p-1, series.high);
    return sum(total.high, total.low + (series.low + k * 0x1.ef35793c7673p-45));
}
