// SPDX-License-Identifier: MIT
/* Reading a JSON tree while keeping the path to where one is, for errors. */
#ifndef GOLDEN_JSON_H
#define GOLDEN_JSON_H

#include "golden/golden.h"

#include <jansson.h>

struct json_reader {
    struct golden_error *error;
    char path[GOLDEN_WHERE_SIZE]; /* "cases[3].inputs[0]" */
    size_t length;
};

/* Down to a field or an element; both return what json_leave goes back to. */
size_t json_enter(struct json_reader *r, const char *key);
size_t json_enter_index(struct json_reader *r, size_t index);
void json_leave(struct json_reader *r, size_t mark);

/* An error at the present path. Returns code. */
enum golden_status json_fail(const struct json_reader *r, enum golden_status code);

/* The field of an object, which must be there and of that type. */
enum golden_status json_field(struct json_reader *r, const json_t *object, const char *key,
                              json_type type, json_t **out);
/* A string field; the text lives as long as the tree. */
enum golden_status json_text_field(struct json_reader *r, const json_t *object, const char *key,
                                   const char **out);
/* In functions that return a status. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum golden_status try_status = (call);                                                    \
        if (try_status != GOLDEN_OK) {                                                             \
            return try_status;                                                                     \
        }                                                                                          \
    } while (0)

/* No keys but these (NULL ends the list). */
enum golden_status json_only(struct json_reader *r, json_t *object, const char *const keys[]);

#endif
