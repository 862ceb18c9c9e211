// SPDX-License-Identifier: MIT
/* How the files of this module fill a struct golden_error. Each accepts a NULL error. */
#ifndef GOLDEN_ERROR_H
#define GOLDEN_ERROR_H

#include "golden/golden.h"

void error_clear(struct golden_error *error);
void error_write(struct golden_error *error, enum golden_status code, int64_t offset,
                 const char *field);
void error_write_system(struct golden_error *error, enum golden_status code);
/* Sets all but file and member; offset -1 and field "" if there is none. Returns code: inline, so
 * that static analysis sees that a failure is one. */
static inline enum golden_status error_set(struct golden_error *error, enum golden_status code,
                                           int64_t offset, const char *field) {
    error_write(error, code, offset, field);
    return code;
}
/* As error_set without offset and field, and with errno. */
static inline enum golden_status error_system(struct golden_error *error, enum golden_status code) {
    error_write_system(error, code);
    return code;
}
void error_set_file(struct golden_error *error, const char *path);
void error_set_member(struct golden_error *error, const char *member);
enum golden_status error_from_array(struct golden_error *error, enum array_status status);

#endif
