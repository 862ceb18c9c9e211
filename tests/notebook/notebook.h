// SPDX-License-Identifier: MIT
#ifndef TESTS_NOTEBOOK_NOTEBOOK_H
#define TESTS_NOTEBOOK_NOTEBOOK_H

#include <stdio.h>

/* Walks through the notebook with the neuron library and writes what its cells print. Returns 0, or
 * -1 if the library or the stream failed. */
int notebook_run(FILE *out);

#endif
