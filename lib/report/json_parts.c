// SPDX-License-Identifier: MIT
#include "json_parts.h"

#include "scrub.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a missing value leaves behind; no other key starts like this. */
static const char lost[] = "!lost";

void part(json_t *object, const char *key, json_t *value) {
    if (value == NULL || json_object_set_new(object, key, value) != 0) {
        (void)json_object_set_new(object, lost, json_true());
    }
}

/* Our lists hold no booleans. */
void part_append(json_t *list, json_t *value) {
    if (value == NULL || json_array_append_new(list, value) != 0) {
        (void)json_array_append_new(list, json_true());
    }
}

json_t *part_bytes(const char bytes[], size_t size) {
    char *text = scrub_bytes(bytes != NULL ? bytes : "", size);
    json_t *value = text != NULL ? json_string(text) : NULL;
    free(text);
    return value;
}

void part_text(json_t *object, const char *key, const char *text) {
    part(object, key, part_bytes(text, strlen(text)));
}

void part_size(json_t *object, const char *key, size_t value) {
    part(object, key, json_integer((json_int_t)value));
}

static json_t *real(double value) {
    if (isnan(value)) {
        return json_string("NaN");
    }
    if (isinf(value)) {
        return json_string(value > 0 ? "Infinity" : "-Infinity");
    }
    return json_real(value);
}

void part_real(json_t *object, const char *key, double value) {
    part(object, key, real(value));
}

void part_seed(json_t *object, const char *key, uint64_t seed) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, seed);
    part_text(object, key, text);
}

void part_ulp(json_t *object, const char *key, uint64_t ulp) {
    part(object, key, ulp <= INT64_MAX ? json_integer((json_int_t)ulp) : json_null());
}

json_t *part_sizes(size_t n, const size_t values[]) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        part_append(list, json_integer((json_int_t)values[i]));
    }
    return list;
}

/* ---- a comparison with golden values ---- */

static json_t *element_value(enum array_dtype dtype, double value, int64_t integer) {
    return array_dtype_is_float(dtype) ? real(value) : json_integer(integer);
}

json_t *part_element(const struct golden_comparison *c, const struct golden_element *e) {
    json_t *o = json_object();
    part(o, "index", part_sizes(c->ndim, e->index));
    part_text(o, "mismatch", golden_mismatch_name(e->mismatch));
    part(o, "expected", element_value(c->dtype, e->expected, e->expected_int));
    part(o, "actual", element_value(c->dtype, e->actual, e->actual_int));
    part_real(o, "absolute", e->absolute);
    part_real(o, "relative", e->relative);
    part_ulp(o, "ulp", e->ulp);
    part_real(o, "allowed", e->allowed);
    part_real(o, "share", e->share);
    return o;
}

static json_t *numpy(const struct golden_comparison *c) {
    json_t *o = json_object();
    part_size(o, "equal", c->n_numpy_equal);
    part_ulp(o, "max_ulp", c->max_numpy_ulp);
    return o;
}

json_t *part_comparison(const struct golden_comparison *c) {
    char text[GATE_TEXT_SIZE];
    json_t *o = json_object();
    golden_comparison_text(c, text, sizeof text);
    part_text(o, "verdict", c->verdict == GOLDEN_PASS ? "pass" : "fail");
    part_text(o, "mismatch", golden_mismatch_name(c->mismatch));
    part_text(o, "text", text);
    part_text(o, "dtype", array_dtype_name(c->dtype));
    part(o, "shape", part_sizes(c->ndim, c->shape));
    part_text(o, "actual_dtype", array_dtype_name(c->actual_dtype));
    part(o, "actual_shape", part_sizes(c->actual_ndim, c->actual_shape));
    part_size(o, "elements", c->count);
    part_size(o, "mismatches", c->n_mismatch);
    part_size(o, "equal", c->n_equal);
    part_real(o, "max_share", c->max_share);
    part_real(o, "max_absolute", c->max_absolute);
    part_real(o, "max_relative", c->max_relative);
    part_ulp(o, "max_ulp", c->max_ulp);
    part(o, "worst", c->count > 0 ? part_element(c, &c->worst) : json_null());
    part(o, "numpy", c->has_numpy ? numpy(c) : json_null());
    return o;
}

/* ---- a gradient check ---- */

static json_t *rules(const struct gradcheck_report *r) {
    json_t *o = json_object();
    for (size_t i = 0; i < GRADCHECK_N_RULES; i++) {
        const struct gradcheck_rule_report *rule = &r->rules[i];
        json_t *one = json_object();
        part_text(one, "verdict", gradcheck_verdict_name(rule->verdict));
        part(one, "waived", json_boolean(rule->waived));
        part_text(one, "evidence", rule->evidence);
        part(o, gradcheck_rule_name((enum gradcheck_rule)i), one);
    }
    return o;
}

static json_t *entry(const struct gradcheck_entry *e) {
    json_t *o = json_object();
    part(o, "index", part_sizes(e->place.ndim, e->place.index));
    part_text(o, "verdict", gradcheck_verdict_name(e->verdict));
    part_text(o, "reason", gradcheck_reason_name(e->reason));
    part_size(o, "point", e->point);
    part_real(o, "value", e->value);
    part_real(o, "backward", e->backward);
    part_real(o, "numeric", e->numeric);
    part_real(o, "bound", e->bound);
    part_real(o, "resolution", e->resolution);
    part_real(o, "step", e->step);
    return o;
}

static json_t *tensor(const struct gradcheck_tensor_report *t) {
    json_t *o = json_object();
    part_text(o, "name", t->name);
    part_text(o, "verdict", gradcheck_verdict_name(t->verdict));
    part_text(o, "reason", gradcheck_reason_name(t->reason));
    part_size(o, "entries", t->n_entries);
    part_size(o, "pass", t->n_pass);
    part_size(o, "inaccurate", t->n_inaccurate);
    part_size(o, "inconclusive", t->n_inconclusive);
    part_size(o, "fail", t->n_fail);
    part_size(o, "uncovered", t->n_uncovered);
    part_real(o, "worst_resolution", t->worst_resolution);
    part_real(o, "median_resolution", t->median_resolution);
    part(o, "worst", entry(&t->worst));
    return o;
}

static json_t *screen(const struct gradcheck_screen_report *s) {
    json_t *o = json_object();
    part_text(o, "verdict", gradcheck_verdict_name(s->verdict));
    part_size(o, "directions", s->n_directions);
    part_real(o, "resolution", s->resolution);
    part_real(o, "miss_probability", s->miss_probability);
    return o;
}

static json_t *controls(const struct gradcheck_controls_report *c) {
    json_t *o = json_object();
    part_size(o, "applied", c->n_applied);
    part_size(o, "caught", c->n_caught);
    part_size(o, "not_applicable", c->n_not_applicable);
    part_text(o, "missed", c->missed);
    return o;
}

static json_t *points(const struct gradcheck_report *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_points && i < GRADCHECK_MAX_POINTS; i++) {
        json_t *o = json_object();
        part_text(o, "verdict", gradcheck_verdict_name(r->points[i].verdict));
        part_text(o, "reason", gradcheck_reason_name(r->points[i].reason));
        part_append(list, o);
    }
    return list;
}

json_t *part_gradcheck(const struct gradcheck_report *r) {
    json_t *o = json_object();
    json_t *tensors = json_array();
    part_text(o, "verdict", gradcheck_verdict_name(r->verdict));
    part_text(o, "reason", gradcheck_reason_name(r->reason));
    part_text(o, "summary", r->summary);
    part_text(o, "cause", gradcheck_cause_name(r->cause));
    part_text(o, "diagnosis", r->diagnosis);
    part_real(o, "diagnosis_confidence", r->diagnosis_confidence);
    part(o, "repeatable", json_boolean(r->repeatable));
    part_size(o, "forward_calls", r->n_forward);
    part_size(o, "backward_calls", r->n_backward);
    part_real(o, "resolution", r->resolution);
    part(o, "rules", rules(r));
    part(o, "screen", screen(&r->screen));
    for (size_t i = 0; i < r->n_tensors && i < GRADCHECK_MAX_TENSORS; i++) {
        part_append(tensors, tensor(&r->tensors[i]));
    }
    part(o, "tensors", tensors);
    part(o, "points", points(r));
    part(o, "controls", controls(&r->controls));
    return o;
}

/* ---- nothing is missing ---- */

bool part_is_complete(const json_t *root) {
    if (root == NULL || json_object_get(root, lost) != NULL) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *value = json_array_get(root, i);
        if (json_is_true(value) || !part_is_complete(value)) {
            return false;
        }
    }
    for (void *at = json_object_iter((json_t *)root); at != NULL;
         at = json_object_iter_next((json_t *)root, at)) {
        if (!part_is_complete(json_object_iter_value(at))) {
            return false;
        }
    }
    return true;
}

int part_dump(json_t *root, FILE *stream) {
    bool complete = part_is_complete(root);
    int status = complete ? json_dumpf(root, stream, JSON_INDENT(1)) : -1;
    json_decref(root);
    (void)fputc('\n', stream);
    return status == 0 && fflush(stream) == 0 && !ferror(stream) ? 0 : -1;
}
