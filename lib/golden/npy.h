// SPDX-License-Identifier: MIT
/* What .npy and .npz files share. */
#ifndef GOLDEN_NPY_H
#define GOLDEN_NPY_H

#include "golden/golden.h"

/* Room for any header that npy_header_write makes: 8 axes of 20 digits fit twice. */
#define NPY_HEADER_ROOM 512

/* A header that may be read lies within this many bytes. */
#define NPY_START_SIZE (12 + (size_t)GOLDEN_MAX_HEADER)

/* Writes preamble and header, as NumPy 1.24 does; returns their length, a multiple of 64. */
size_t npy_header_write(const struct array *a, unsigned char out[NPY_HEADER_ROOM]);

/* Turns size bytes of little-endian elements into the host's order, or back. */
void npy_swap_if_big_endian(enum array_dtype dtype, unsigned char bytes[], size_t size);

/* Whether the host stores numbers as the file does. */
bool npy_host_is_little_endian(void);

/* Is a something that can be written? */
enum golden_status npy_check_array(const struct array *a, struct golden_error *error);

#endif
