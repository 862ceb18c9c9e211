// SPDX-License-Identifier: MIT
/* A file of failures to accept: lines KERNEL/CASE REASON, and comments that begin with #. */
#ifndef GRADGATE_CLI_KNOWN_H
#define GRADGATE_CLI_KNOWN_H

#include "gate/gate.h"

struct known_list {
    char *bytes; /* that the entries point to */
    size_t n;
    struct gate_known *of;
};

/* Every line must name a case of the golden values in dir. 0, or the exit code after a line on
 * stderr; either way known_free. */
int known_read(const char *path, const char *dir, struct known_list *out);
void known_free(struct known_list *list);

#endif
