// SPDX-License-Identifier: MIT
/* What the tests of this folder share: bytes of .npy and .zip files, right and wrong, made by hand
 * (no code of the library takes part), and a folder to write in. */
#ifndef TESTS_GOLDEN_SUPPORT_H
#define TESTS_GOLDEN_SUPPORT_H

#include "golden/golden.h"

/* ---- bytes ---- */

struct bytes {
    unsigned char *data;
    size_t size, capacity;
};

struct bytes bytes_of(const void *data, size_t size);
void bytes_append(struct bytes *b, const void *data, size_t size);
void bytes_append_number(struct bytes *b, uint64_t value, size_t n); /* little-endian */
void bytes_free(struct bytes *b);

/* A .npy of that version: header as given (the caller pads and ends it), then the data. */
struct bytes npy_bytes(unsigned major, const char *header, const void *data, size_t size);
/* A right .npy of three doubles 1, 2, 3. */
struct bytes npy_three(void);

/* ---- zip archives ---- */

struct zip_entry {
    const char *name;
    struct bytes content; /* as stored: deflated if method is 8 */

    /* all zero: as it must be */
    uint16_t method, flags;
    size_t size;            /* declared; 0: content.size */
    uint32_t crc_xor;       /* into the checksum: of the content if stored, else of nothing (0) */
    const char *local_name; /* in the local header, if another */
};
struct bytes zip_bytes(const struct zip_entry entries[], size_t n_entries);
/* Raw deflate streams: of anything up to 65535 bytes, uncompressed, and of n > 0 zeros in about
 * n / 159 bytes. */
struct bytes deflated(struct bytes content);
struct bytes deflated_zeros(size_t n);
uint32_t crc32_of(const unsigned char bytes[], size_t size);

/* ---- files ---- */

/* Fixtures: a new folder before a test, removed with the files in it afterwards. */
void folder_create(void);
void folder_remove(void);
/* "<folder>/<name>", or the folder itself for ""; valid until the fourth call from now. */
const char *in_folder(const char *name);
void write_file(const char *path, struct bytes b);
struct bytes read_file(const char *path);
size_t count_files(void); /* in the folder */

/* Runs a script, in the folder, with the Python that make names in PYTHON and that has NumPy; fails
 * the test if there is none or if the script does not exit 0. */
void run_python(const char *script);

/* ---- arrays and errors ---- */

struct array array_from(enum array_dtype dtype, size_t ndim, const size_t shape[],
                        const double values[]);
struct array vector_of(size_t n, const double values[]); /* float64 */

const char *status_name(enum golden_status status); /* "GOLDEN_OK" */
const char *error_line(const struct golden_error *error);
/* An error full of rubbish: who fills it has to fill all of it. */
struct golden_error dirty_error(void);
/* The whole of an error that belongs to no byte and no member. */
void expect_bare_error(const struct golden_error *error, enum golden_status code, int system_errno,
                       const char *file, const char *field);

#define EXPECT_STATUS(got, expected, label)                                                        \
    cr_expect((got) == (expected), "%s: got %s, expected %s", label, status_name(got),             \
              status_name(expected))

#endif
