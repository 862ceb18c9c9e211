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

/* ---- reading; each fills *error when it fails ---- */

/* bytes must outlive the archive, which zip_discard closes. NULL if it is none. */
zip_t *npz_open(const unsigned char bytes[], size_t n_bytes, struct golden_error *error);
/* The members' names, arrays left empty: checked, unique, and not more to inflate than an archive
 * of n_bytes may have. golden_npz_free; nothing to free if it fails. */
enum golden_status npz_directory(zip_t *zip, size_t n_bytes, struct golden_npz *out,
                                 struct golden_error *error);
/* Size is that of the whole member; zip_fclose ends it. */
enum golden_status npz_member_open(zip_t *zip, size_t i, zip_file_t **file, size_t *size,
                                   struct golden_error *error);
/* The next size bytes, all of them. */
enum golden_status npz_member_read(zip_file_t *file, unsigned char bytes[], size_t size,
                                   struct golden_error *error);
/* After the last byte: that it was the last, and that the checksum is right. */
enum golden_status npz_member_end(zip_file_t *file, struct golden_error *error);
/* The member as errors name it, "n17/x.npy", from "n17/x". */
void npz_error_member(struct golden_error *error, const char *name);

/* NO_MEMORY, or else otherwise, from a failed libzip call. Ends *error. */
enum golden_status npz_fail(struct golden_error *error, zip_error_t *zip_error,
                            enum golden_status otherwise);

#endif
