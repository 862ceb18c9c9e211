// SPDX-License-Identifier: MIT
/* What reading and writing .npz files share. */
#ifndef GOLDEN_NPZ_H
#define GOLDEN_NPZ_H

#include "golden/golden.h"

#include <zip.h>

/* Is "n17/x.npy" a name that means the same place, inside the archive, to everybody? */
enum golden_status npz_check_name(const char *name);

/* Members in the order of their names. */
struct npz_index {
    size_t n_entries;
    struct npz_entry {
        const char *name; /* the member's own */
        size_t member;
    } * entries;
};

/* NAME_TWICE (with the member) or NO_MEMORY, and then nothing to free. */
enum golden_status npz_index_create(const struct golden_member members[], size_t n_members,
                                    struct npz_index *out, struct golden_error *error);
void npz_index_free(struct npz_index *index);
/* The number of the member of that name; SIZE_MAX if there is none. */
size_t npz_index_find(const struct npz_index *index, const char *name);

/* NO_MEMORY, or else otherwise, from a failed libzip call. Ends *error. */
enum golden_status npz_fail(struct golden_error *error, zip_error_t *zip_error,
                            enum golden_status otherwise);

#endif
