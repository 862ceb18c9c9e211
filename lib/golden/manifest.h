// SPDX-License-Identifier: MIT
#ifndef GOLDEN_MANIFEST_H
#define GOLDEN_MANIFEST_H

#include "golden/golden.h"

/* What a manifest says: a suite whose arrays have dtype, shape and count but no data yet; of an
 * expected array all three. kernel is what the file's name promises. On failure *out is all zero
 * and the error names no file. */
enum golden_status manifest_parse(const unsigned char bytes[], size_t n_bytes, const char *kernel,
                                  struct golden_suite *out, struct golden_error *error);

#endif
