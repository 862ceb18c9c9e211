// SPDX-License-Identifier: MIT
#include "json.h"

#include "error.h"

#include <stdio.h>
#include <string.h>

/* What does not fit is cut; length stays that of what is there. */
static size_t extend(struct json_reader *r, const char *text) {
    size_t mark = r->length;
    size_t room = sizeof r->path - 1 - r->length;
    size_t length = strlen(text);
    length = length < room ? length : room;
    memcpy(r->path + r->length, text, length);
    r->length += length;
    r->path[r->length] = '\0';
    return mark;
}

size_t json_enter(struct json_reader *r, const char *key) {
    size_t mark = extend(r, r->length > 0 ? "." : "");
    (void)extend(r, key);
    return mark;
}

size_t json_enter_index(struct json_reader *r, size_t index) {
    char text[24];
    (void)snprintf(text, sizeof text, "[%zu]", index);
    return extend(r, text);
}

void json_leave(struct json_reader *r, size_t mark) {
    r->length = mark;
    r->path[mark] = '\0';
}

enum golden_status json_fail(const struct json_reader *r, enum golden_status code) {
    return error_set(r->error, code, -1, r->path);
}

enum golden_status json_field(struct json_reader *r, const json_t *object, const char *key,
                              json_type type, json_t **out) {
    enum golden_status status = GOLDEN_OK;
    size_t mark = json_enter(r, key);
    *out = json_object_get(object, key);
    if (*out == NULL) {
        status = json_fail(r, GOLDEN_JSON_MISSING);
    } else if (json_typeof(*out) != type) {
        status = json_fail(r, GOLDEN_JSON_TYPE);
    }
    json_leave(r, mark);
    return status;
}

enum golden_status json_text_field(struct json_reader *r, const json_t *object, const char *key,
                                   const char **out) {
    json_t *text;
    enum golden_status status = json_field(r, object, key, JSON_STRING, &text);
    *out = status == GOLDEN_OK ? json_string_value(text) : NULL;
    return status;
}

enum golden_status json_only(struct json_reader *r, json_t *object, const char *const keys[]) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], key) != 0) {
            i++;
        }
        if (keys[i] == NULL) {
            size_t mark = json_enter(r, key);
            enum golden_status status = json_fail(r, GOLDEN_JSON_UNKNOWN);
            json_leave(r, mark);
            return status;
        }
    }
    return GOLDEN_OK;
}
