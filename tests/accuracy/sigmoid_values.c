// SPDX-License-Identifier: MIT
/* Doubles z on stdin, sigmoid(z) and sigmoid'(z) in pairs on stdout: what scripts/accuracy judges.
 */
#include "neuron/neuron.h"

#include <stdio.h>

enum { BLOCK = 4096 };

int main(void) {
    double z[BLOCK], value[BLOCK], derivative[BLOCK];
    size_t n;
    while ((n = fread(z, sizeof z[0], BLOCK, stdin)) > 0) {
        neuron_sigmoid_array(z, value, n);
        neuron_sigmoid_derivative_array(z, derivative, n);
        for (size_t i = 0; i < n; i++) {
            const double pair[2] = {value[i], derivative[i]};
            if (fwrite(pair, sizeof pair, 1, stdout) != 1) {
                return 1;
            }
        }
    }
    return ferror(stdin) || fflush(stdout) != 0 ? 1 : 0;
}
