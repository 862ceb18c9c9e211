// SPDX-License-Identifier: MIT
/* What a baseline's manifest has beyond a suite's: in the root how many cases there were, in each
 * case what was measured. */
#include "json.h"
#include "manifest.h"

#include <stdio.h>

static bool is_count(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           (uintmax_t)json_integer_value(value) <= SIZE_MAX;
}

/* The field as a number of things. */
static enum golden_status parse_count(struct json_reader *r, const json_t *object, const char *key,
                                      size_t *out) {
    json_t *value;
    TRY(json_field(r, object, key, JSON_INTEGER, &value));
    if (!is_count(value)) {
        (void)json_enter(r, key);
        return json_fail(r, GOLDEN_JSON_TYPE);
    }
    *out = (size_t)json_integer_value(value);
    return GOLDEN_OK;
}

enum golden_status manifest_parse_baseline(struct json_reader *r, const json_t *root,
                                           struct golden_suite *suite) {
    static const char *const keys[] = {"cases", NULL};
    json_t *baseline;
    suite->is_baseline = json_object_get(root, "baseline") != NULL;
    if (!suite->is_baseline) {
        return GOLDEN_OK;
    }
    TRY(json_field(r, root, "baseline", JSON_OBJECT, &baseline));
    size_t mark = json_enter(r, "baseline");
    TRY(json_only(r, baseline, keys));
    TRY(parse_count(r, baseline, "cases", &suite->n_recorded));
    json_leave(r, mark);
    return GOLDEN_OK;
}

enum golden_status manifest_parse_measured(struct json_reader *r, const json_t *object,
                                           bool is_baseline, struct golden_measured *out) {
    static const char *const keys[] = {"gradient", "resolution", "evaluations", NULL};
    const char *gradient;
    json_t *measured = json_object_get(object, "baseline");
    if ((measured != NULL) != is_baseline) {
        return json_fail(r, GOLDEN_BASELINE);
    }
    if (!is_baseline) {
        return GOLDEN_OK;
    }
    TRY(json_field(r, object, "baseline", JSON_OBJECT, &measured));
    size_t mark = json_enter(r, "baseline");
    TRY(json_only(r, measured, keys));
    TRY(json_text_field(r, measured, "gradient", &gradient));
    (void)snprintf(out->gradient, sizeof out->gradient, "%s", gradient);
    TRY(parse_count(r, measured, "evaluations", &out->evaluations));
    const json_t *resolution = json_object_get(measured, "resolution");
    out->resolution = json_number_value(resolution);
    if (!json_is_number(resolution) || !(out->resolution >= 0)) {
        (void)json_enter(r, "resolution");
        return json_fail(r, resolution == NULL ? GOLDEN_JSON_MISSING : GOLDEN_JSON_TYPE);
    }
    json_leave(r, mark);
    return GOLDEN_OK;
}
