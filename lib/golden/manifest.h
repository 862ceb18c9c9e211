// SPDX-License-Identifier: MIT
#ifndef GOLDEN_MANIFEST_H
#define GOLDEN_MANIFEST_H

#include "json.h"

/* What a manifest says: a suite whose arrays have dtype, shape and count but no data yet; of an
 * expected array all three. kernel is what the file's name promises. On failure *out holds
 * what was read until then, for golden_free, and the error names no file. */
enum golden_status manifest_parse(const unsigned char bytes[], size_t n_bytes, const char *kernel,
                                  struct golden_suite *out, struct golden_error *error);

/* Parts of it: the root's "baseline", and that of a case. */
enum golden_status manifest_parse_baseline(struct json_reader *r, const json_t *root,
                                           struct golden_suite *suite);
enum golden_status manifest_parse_measured(struct json_reader *r, const json_t *object,
                                           bool is_baseline, struct golden_measured *out);

/* The reverse, with this checksum: the text is the caller's, NULL without memory. */
char *manifest_text(const struct golden_suite *suite, const char *sha256);

#endif
