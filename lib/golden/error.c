// SPDX-License-Identifier: MIT
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *golden_status_text(enum golden_status status) {
    switch (status) {
#define CASE(code, text)                                                                           \
    case code:                                                                                     \
        return text;
        GOLDEN_STATUSES(CASE)
#undef CASE
    }
    return "unknown status";
}

void error_clear(struct golden_error *error) {
    if (error != NULL) {
        *error = (struct golden_error){.offset = -1, .text = golden_status_text(GOLDEN_OK)};
    }
}

void error_write(struct golden_error *error, enum golden_status code, int64_t offset,
                 const char *field) {
    if (error != NULL) {
        error->code = code;
        error->offset = offset;
        error->system_errno = 0;
        error->text = golden_status_text(code);
        (void)snprintf(error->field, sizeof error->field, "%s", field);
    }
}

void error_write_system(struct golden_error *error, enum golden_status code) {
    int system_errno = errno;
    error_write(error, code, -1, "");
    if (error != NULL) {
        error->system_errno = system_errno;
    }
}

void error_set_file(struct golden_error *error, const char *path) {
    if (error == NULL) {
        return;
    }
    size_t length = strlen(path);
    size_t room = sizeof error->file - 1;
    if (length <= room) {
        memcpy(error->file, path, length + 1);
        return;
    }
    /* The end of a path says more than its start. */
    memcpy(error->file, "...", 3);
    memcpy(error->file + 3, path + length - (room - 3), room - 3 + 1);
}

void error_set_member(struct golden_error *error, const char *member) {
    if (error != NULL) {
        (void)snprintf(error->member, sizeof error->member, "%s", member);
    }
}

enum golden_status error_from_array(struct golden_error *error, enum array_status status) {
    switch (status) {
    case ARRAY_OK:
        return GOLDEN_OK;
    case ARRAY_NO_MEMORY:
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    case ARRAY_NULL:
        break;
    case ARRAY_TOO_LARGE:
        return error_set(error, GOLDEN_NPY_SHAPE_OVERFLOW, -1, "shape");
    case ARRAY_TOO_MANY_DIMS:
        return error_set(error, GOLDEN_NPY_SHAPE_DIMS, -1, "shape");
    case ARRAY_BAD_DTYPE:
        return error_set(error, GOLDEN_NPY_DESCR, -1, "descr");
    }
    return error_set(error, GOLDEN_NULL, -1, "");
}

/* Appends to text, which holds *used bytes and its terminator; what does not fit is cut. */
__attribute__((format(printf, 4, 5))) static void append(char text[], size_t size, size_t *used,
                                                         const char *format, ...) {
    if (*used + 1 >= size) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text + *used, size - *used, format, arguments);
    va_end(arguments);
    if (written > 0) {
        *used += (size_t)written < size - *used ? (size_t)written : size - *used - 1;
    }
}

void golden_error_text(const struct golden_error *error, char text[], size_t size) {
    if (size == 0) {
        return;
    }
    size_t used = 0;
    text[0] = '\0';
    if (error->file[0] != '\0') {
        append(text, size, &used, "%s: ", error->file);
    }
    if (error->member[0] != '\0') {
        append(text, size, &used, "%s: ", error->member);
    }
    if (error->offset >= 0) {
        append(text, size, &used, "byte %" PRId64 ": ", error->offset);
    }
    if (error->field[0] != '\0') {
        append(text, size, &used, "%s: ", error->field);
    }
    append(text, size, &used, "%s", error->text);
    if (error->system_errno != 0) {
        append(text, size, &used, ": %s", strerror(error->system_errno));
    }
}
