// SPDX-License-Identifier: MIT
/* What reading and writing .npz files share. */
#ifndef GOLDEN_NPZ_H
#define GOLDEN_NPZ_H

#include "golden/golden.h"

#include <zip.h>

/* Is "n17/x.npy" a name that means the same place, inside the archive, to everybody? */
enum golden_status npz_check_name(const char *name);

/* Indices of the members in the order of their names; the caller frees. NULL without memory. */
size_t *npz_sort(const struct golden_member members[], size_t n_members);

/* The member of that name by bisection; SIZE_MAX if there is none. */
size_t npz_locate(const struct golden_member members[], size_t n_members, const size_t by_name[],
                  const char *name);

/* NO_MEMORY, or else otherwise, from a failed libzip call. Ends *error. */
enum golden_status npz_fail(struct golden_error *error, zip_error_t *zip_error,
                            enum golden_status otherwise);

#endif
