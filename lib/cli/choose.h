// SPDX-License-Identifier: MIT
/* The kernels that a command line asks for. Each returns 0, or the exit code after a line on
 * stderr. */
#ifndef GRADGATE_CLI_CHOOSE_H
#define GRADGATE_CLI_CHOOSE_H

#include "gate/gate.h"

/* The built-in kernels of these names; families has room for n. */
int choose_kernels(const char *command, char *const names[], size_t n,
                   struct gate_family families[]);

/* Those that have golden values in the folder, in the table's order; families has room for
 * builtin_n_families. Golden values that no kernel is held against would look like a pass: an
 * error. */
int choose_in_folder(const char *command, const char *dir, struct gate_family families[],
                     size_t *n);

#endif
