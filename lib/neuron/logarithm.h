// SPDX-License-Identifier: MIT
#ifndef NEURON_LOGARITHM_H
#define NEURON_LOGARITHM_H

/* The unevaluated sum of high and low, which is much smaller than high. */
struct neuron_pair {
    double high, low;
};

/* The natural logarithm of a normal number 0 < x < 1, high being the sum rounded to double: 0.503
 * ULP. From IEEE operations alone, so the same bits on every machine, which the C library's is not.
 */
struct neuron_pair neuron_logarithm(double x);

#endif
