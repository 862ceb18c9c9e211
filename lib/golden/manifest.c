// SPDX-License-Identifier: MIT
#include "manifest.h"

#include "error.h"
#include "json.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

static enum golden_status parse_shape(struct json_reader *r, const json_t *object,
                                      struct array *a) {
    json_t *shape;
    TRY(json_field(r, object, "shape", JSON_ARRAY, &shape));
    size_t mark = json_enter(r, "shape");
    a->ndim = json_array_size(shape);
    if (a->ndim > ARRAY_MAX_DIMS) {
        return json_fail(r, GOLDEN_ARRAY_SHAPE);
    }
    for (size_t i = 0; i < a->ndim; i++) {
        const json_t *length = json_array_get(shape, i);
        if (!json_is_integer(length) || json_integer_value(length) < 0 ||
            (uintmax_t)json_integer_value(length) > SIZE_MAX) {
            (void)json_enter_index(r, i);
            return json_fail(r, GOLDEN_ARRAY_SHAPE);
        }
        a->shape[i] = (size_t)json_integer_value(length);
    }
    if (array_count(a->dtype, a->ndim, a->shape, &a->count) != ARRAY_OK) {
        return json_fail(r, GOLDEN_ARRAY_SHAPE);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

static enum golden_status parse_array(struct json_reader *r, json_t *object,
                                      const char *const keys[], char name[GOLDEN_NAME_SIZE],
                                      struct array *a) {
    const char *text;
    if (!json_is_object(object)) {
        return json_fail(r, GOLDEN_JSON_TYPE);
    }
    TRY(json_only(r, object, keys));
    TRY(json_text_field(r, object, "name", &text));
    if (!text_is_name(text)) {
        (void)json_enter(r, "name");
        return json_fail(r, GOLDEN_ARRAY_NAME);
    }
    (void)snprintf(name, GOLDEN_NAME_SIZE, "%s", text);
    TRY(json_text_field(r, object, "dtype", &text));
    if (!array_dtype_parse(text, &a->dtype)) {
        (void)json_enter(r, "dtype");
        return json_fail(r, GOLDEN_ARRAY_DTYPE);
    }
    return parse_shape(r, object, a);
}

static enum golden_status parse_inputs(struct json_reader *r, const json_t *object,
                                       struct golden_case *c) {
    static const char *const keys[] = {"name", "dtype", "shape", NULL};
    json_t *list;
    TRY(json_field(r, object, "inputs", JSON_ARRAY, &list));
    c->inputs = calloc(json_array_size(list) + 1, sizeof *c->inputs);
    if (c->inputs == NULL) {
        return json_fail(r, GOLDEN_NO_MEMORY);
    }
    size_t mark = json_enter(r, "inputs");
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t inner = json_enter_index(r, i);
        struct golden_input *input = &c->inputs[i];
        TRY(parse_array(r, json_array_get(list, i), keys, input->name, &input->array));
        if (golden_find_input(c, input->name) != NULL) {
            return json_fail(r, GOLDEN_ARRAY_TWICE);
        }
        c->n_inputs = i + 1;
        json_leave(r, inner);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

static bool has_bound(const struct golden_suite *suite, const char *name) {
    for (size_t i = 0; i < suite->n_bounds; i++) {
        if (strcmp(suite->bounds[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "x.grad" in a case with the input "x". */
static bool is_gradient(const struct golden_case *c, const char *name) {
    static const char suffix[] = ".grad";
    char input[GOLDEN_NAME_SIZE];
    size_t length = strlen(name);
    if (length < sizeof suffix || strcmp(name + length - (sizeof suffix - 1), suffix) != 0) {
        return false;
    }
    (void)snprintf(input, sizeof input, "%.*s", (int)(length - (sizeof suffix - 1)), name);
    return golden_find_input(c, input) != NULL;
}

static enum golden_status parse_grad_scale(struct json_reader *r, const json_t *object,
                                           const struct golden_case *c, struct golden_expected *e) {
    const json_t *scale = json_object_get(object, "grad_scale");
    e->grad_scale = 1;
    if (scale == NULL) {
        return GOLDEN_OK;
    }
    size_t mark = json_enter(r, "grad_scale");
    if (!json_is_number(scale)) {
        return json_fail(r, GOLDEN_JSON_TYPE);
    }
    e->grad_scale = json_number_value(scale);
    if (e->grad_scale == 0 || !is_gradient(c, e->name)) {
        return json_fail(r, GOLDEN_GRAD_SCALE);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

static enum golden_status parse_expected(struct json_reader *r, const json_t *object,
                                         const struct golden_suite *suite, struct golden_case *c) {
    static const char *const keys[] = {"name", "dtype", "shape", "grad_scale", NULL};
    json_t *list;
    TRY(json_field(r, object, "expected", JSON_ARRAY, &list));
    c->expected = calloc(json_array_size(list) + 1, sizeof *c->expected);
    if (c->expected == NULL) {
        return json_fail(r, GOLDEN_NO_MEMORY);
    }
    size_t mark = json_enter(r, "expected");
    if (json_array_size(list) == 0) {
        return json_fail(r, GOLDEN_CASE_EMPTY);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t inner = json_enter_index(r, i);
        struct golden_expected *e = &c->expected[i];
        TRY(parse_array(r, json_array_get(list, i), keys, e->name, &e->value));
        if (golden_find_input(c, e->name) != NULL || golden_find_expected(c, e->name) != NULL) {
            return json_fail(r, GOLDEN_ARRAY_TWICE);
        }
        TRY(parse_grad_scale(r, json_array_get(list, i), c, e));
        if (!has_bound(suite, e->name)) {
            return json_fail(r, GOLDEN_BOUND_UNDERIVED);
        }
        e->exact = e->value;
        e->bound = e->value;
        c->n_expected = i + 1;
        json_leave(r, inner);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

/* ---- cases ---- */

static const struct golden_note *find_flag(const struct golden_suite *suite, const char *name) {
    for (size_t i = 0; i < suite->n_flags; i++) {
        if (strcmp(suite->flags[i].name, name) == 0) {
            return &suite->flags[i];
        }
    }
    return NULL;
}

static enum golden_status parse_case_flags(struct json_reader *r, const json_t *object,
                                           const struct golden_suite *suite,
                                           struct golden_case *c) {
    json_t *list;
    TRY(json_field(r, object, "flags", JSON_ARRAY, &list));
    /* An array of pointers, and meant so. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    c->flags = calloc(json_array_size(list) + 1, sizeof c->flags[0]);
    if (c->flags == NULL) {
        return json_fail(r, GOLDEN_NO_MEMORY);
    }
    size_t mark = json_enter(r, "flags");
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t inner = json_enter_index(r, i);
        const json_t *flag = json_array_get(list, i);
        if (!json_is_string(flag)) {
            return json_fail(r, GOLDEN_JSON_TYPE);
        }
        c->flags[i] = find_flag(suite, json_string_value(flag));
        if (c->flags[i] == NULL) {
            return json_fail(r, GOLDEN_FLAG_UNKNOWN);
        }
        c->n_flags = i + 1;
        json_leave(r, inner);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

static enum golden_status parse_id(struct json_reader *r, const json_t *object,
                                   const struct golden_suite *suite, struct golden_case *c) {
    const char *id;
    TRY(json_text_field(r, object, "id", &id));
    size_t mark = json_enter(r, "id");
    if (!text_is_id(id)) {
        return json_fail(r, GOLDEN_CASE_ID);
    }
    if (golden_find_case(suite, id) != NULL) {
        return json_fail(r, GOLDEN_CASE_TWICE);
    }
    (void)snprintf(c->id, sizeof c->id, "%s", id);
    json_leave(r, mark);
    return GOLDEN_OK;
}

static enum golden_status parse_note(struct json_reader *r, const json_t *object,
                                     struct golden_case *c) {
    const char *note = "";
    if (json_object_get(object, "note") != NULL) {
        TRY(json_text_field(r, object, "note", &note));
    }
    c->note = text_copy(note, strlen(note));
    return c->note != NULL ? GOLDEN_OK : json_fail(r, GOLDEN_NO_MEMORY);
}

static enum golden_status parse_case(struct json_reader *r, json_t *object,
                                     const struct golden_suite *suite, struct golden_case *c) {
    static const char *const keys[] = {"id",       "flags",    "note", "inputs",
                                       "expected", "baseline", NULL};
    if (!json_is_object(object)) {
        return json_fail(r, GOLDEN_JSON_TYPE);
    }
    TRY(json_only(r, object, keys));
    TRY(parse_id(r, object, suite, c));
    TRY(parse_note(r, object, c));
    TRY(parse_case_flags(r, object, suite, c));
    TRY(parse_inputs(r, object, c));
    TRY(parse_expected(r, object, suite, c));
    return manifest_parse_measured(r, object, suite->is_baseline, &c->measured);
}

static enum golden_status parse_cases(struct json_reader *r, const json_t *root,
                                      struct golden_suite *suite) {
    json_t *list;
    TRY(json_field(r, root, "cases", JSON_ARRAY, &list));
    suite->cases = calloc(json_array_size(list) + 1, sizeof *suite->cases);
    if (suite->cases == NULL) {
        return json_fail(r, GOLDEN_NO_MEMORY);
    }
    size_t mark = json_enter(r, "cases");
    if (json_array_size(list) == 0) {
        return json_fail(r, GOLDEN_NO_CASES);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t inner = json_enter_index(r, i);
        struct golden_case c = {0};
        enum golden_status status = parse_case(r, json_array_get(list, i), suite, &c);
        /* Counted even if it failed, so that golden_free reaches what it holds. */
        suite->cases[i] = c;
        suite->n_cases = i + 1;
        TRY(status);
        json_leave(r, inner);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

/* ---- flags and bounds: names with a sentence ---- */

/* "bounds" has the sentence itself, "flags" an object with a note. */
static enum golden_status note_text(struct json_reader *r, json_t *value, const char **text) {
    static const char *const keys[] = {"note", NULL};
    if (json_is_string(value)) {
        *text = json_string_value(value);
        return GOLDEN_OK;
    }
    TRY(json_only(r, value, keys));
    return json_text_field(r, value, "note", text);
}

static enum golden_status parse_notes(struct json_reader *r, const json_t *root, const char *field,
                                      json_type type, struct golden_note **notes, size_t *n_notes) {
    json_t *object;
    TRY(json_field(r, root, field, JSON_OBJECT, &object));
    *notes = calloc(json_object_size(object) + 1, sizeof **notes);
    if (*notes == NULL) {
        return json_fail(r, GOLDEN_NO_MEMORY);
    }
    size_t mark = json_enter(r, field);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        const char *text;
        size_t inner = json_enter(r, key);
        if (json_typeof(value) != type) {
            return json_fail(r, GOLDEN_JSON_TYPE);
        }
        TRY(note_text(r, value, &text));
        struct golden_note *note = &(*notes)[(*n_notes)++];
        note->name = text_copy(key, strlen(key));
        note->text = text_copy(text, strlen(text));
        if (note->name == NULL || note->text == NULL) {
            return json_fail(r, GOLDEN_NO_MEMORY);
        }
        json_leave(r, inner);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}

/* ---- the whole ---- */

/* A string field that can only be right when it is this. */
static enum golden_status parse_fixed(struct json_reader *r, const json_t *root, const char *field,
                                      const char *must_be, enum golden_status otherwise) {
    const char *text;
    TRY(json_text_field(r, root, field, &text));
    if (strcmp(text, must_be) != 0) {
        (void)json_enter(r, field);
        return json_fail(r, otherwise);
    }
    return GOLDEN_OK;
}

static enum golden_status parse_version(struct json_reader *r, const json_t *root) {
    json_t *version;
    TRY(json_field(r, root, "version", JSON_INTEGER, &version));
    if (json_integer_value(version) != 1) {
        (void)json_enter(r, "version");
        return json_fail(r, GOLDEN_VERSION);
    }
    return GOLDEN_OK;
}

static enum golden_status parse_sha256(struct json_reader *r, const json_t *root,
                                       struct golden_suite *suite) {
    const char *text;
    TRY(json_text_field(r, root, "sha256", &text));
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64) {
        (void)json_enter(r, "sha256");
        return json_fail(r, GOLDEN_SHA256);
    }
    (void)snprintf(suite->sha256, sizeof suite->sha256, "%s", text);
    return GOLDEN_OK;
}

static enum golden_status parse_root(struct json_reader *r, json_t *root, const char *kernel,
                                     struct golden_suite *suite) {
    static const char *const keys[] = {"format", "version",  "kernel",   "npz",
                                       "sha256", "seed",     "versions", "bounds",
                                       "flags",  "baseline", "cases",    NULL};
    json_t *seed;
    char npz[GOLDEN_NAME_SIZE + 8];
    if (!json_is_object(root)) {
        return json_fail(r, GOLDEN_JSON_TYPE);
    }
    /* Format and version first: what another version may contain is not for us to judge. */
    TRY(parse_fixed(r, root, "format", "gradgate-golden", GOLDEN_FORMAT));
    TRY(parse_version(r, root));
    TRY(json_only(r, root, keys));
    TRY(parse_fixed(r, root, "kernel", kernel, GOLDEN_KERNEL_NAME));
    (void)snprintf(npz, sizeof npz, "%s.npz", kernel);
    TRY(parse_fixed(r, root, "npz", npz, GOLDEN_NPZ_FIELD));
    TRY(parse_sha256(r, root, suite));
    TRY(json_field(r, root, "seed", JSON_INTEGER, &seed));
    suite->seed = json_integer_value(seed);
    TRY(parse_notes(r, root, "versions", JSON_STRING, &suite->versions, &suite->n_versions));
    TRY(parse_notes(r, root, "bounds", JSON_STRING, &suite->bounds, &suite->n_bounds));
    TRY(parse_notes(r, root, "flags", JSON_OBJECT, &suite->flags, &suite->n_flags));
    TRY(manifest_parse_baseline(r, root, suite));
    return parse_cases(r, root, suite);
}

enum golden_status manifest_parse(const unsigned char bytes[], size_t n_bytes, const char *kernel,
                                  struct golden_suite *out, struct golden_error *error) {
    *out = (struct golden_suite){0};
    struct json_reader r = {.error = error};
    json_error_t syntax;
    json_t *root = json_loadb((const char *)bytes, n_bytes, JSON_REJECT_DUPLICATES, &syntax);
    if (root == NULL) {
        bool memory = syntax.text[0] == '\0'; /* jansson has no words, nor a code, for it */
        return error_set(error, memory ? GOLDEN_NO_MEMORY : GOLDEN_JSON_SYNTAX,
                         memory ? -1 : syntax.position, "");
    }
    enum golden_status status = GOLDEN_OK;
    out->kernel = text_copy(kernel, strlen(kernel));
    if (out->kernel == NULL) {
        status = json_fail(&r, GOLDEN_NO_MEMORY);
    } else {
        status = parse_root(&r, root, kernel, out);
    }
    json_decref(root);
    return status;
}
