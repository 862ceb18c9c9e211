// SPDX-License-Identifier: MIT
#ifndef GOLDEN_TEXT_H
#define GOLDEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The first length bytes as a string of its own; the caller frees. NULL without memory. */
char *text_copy(const char *text, size_t length);

/* "dir/kernel.json"; the caller frees. NULL without memory. */
char *text_path(const char *dir, const char *kernel, const char *suffix);

/* [A-Za-z_][A-Za-z0-9_.]*, at most GOLDEN_NAME_SIZE - 1 bytes: an array, a kernel. */
bool text_is_name(const char *text);

/* [A-Za-z0-9_.=+-], 1 to GOLDEN_ID_SIZE - 1 bytes, neither . nor ..: a case. */
bool text_is_id(const char *text);

#endif
