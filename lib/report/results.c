// SPDX-License-Identifier: MIT
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where a reader is, and what it met there. */
struct reader {
    const char *path;
    char where[128]; /* "kernels[3].cases[2]." */
    char *why;
    bool failed; /* the first failure stands */
};

static void fail(struct reader *r, const char *key, const char *what) {
    if (!r->failed) {
        (void)snprintf(r->why, REPORT_TEXT_SIZE, "%s: %s%s: %s", r->path, r->where, key, what);
    }
    r->failed = true;
}

/* ---- fields ---- */

static const char *text(struct reader *r, const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    if (value == NULL) {
        fail(r, key, "is no text");
        return "";
    }
    return value;
}

/* NaN for null and for the string of that name. */
static double number(struct reader *r, const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    const char *word = json_string_value(value);
    if (json_is_number(value)) {
        return json_number_value(value);
    }
    if (word != NULL && (strcmp(word, "Infinity") == 0 || strcmp(word, "-Infinity") == 0)) {
        return word[0] == '-' ? -INFINITY : INFINITY;
    }
    if (!json_is_null(value) && (word == NULL || strcmp(word, "NaN") != 0)) {
        fail(r, key, "is no number");
    }
    return NAN;
}

static const json_t *list(struct reader *r, const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_array(value)) {
        fail(r, key, "is no list");
    }
    return value;
}

static const json_t *object_of(struct reader *r, const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_object(value)) {
        fail(r, key, "is no object");
    }
    return value;
}

/* ---- cases and kernels ---- */

static bool is_pass(const char *verdict) {
    return strcmp(verdict, gate_verdict_name(GATE_PASS)) == 0;
}

/* NaN is the largest of all, and null, no distance at all, is infinitely far. */
static void raise_to(double *largest, double value) {
    if (isnan(*largest) || value > *largest) {
        *largest = value;
    }
}

static void read_arrays(struct reader *r, const json_t *golden, struct result_case *out) {
    const json_t *arrays = list(r, golden, "arrays");
    for (size_t i = 0; i < json_array_size(arrays); i++) {
        const json_t *array = json_array_get(arrays, i);
        double share = number(r, array, "max_share");
        double ulp = number(r, array, "max_ulp");
        raise_to(&out->share, isnan(share) ? INFINITY : share);
        raise_to(&out->ulp, isnan(ulp) ? INFINITY : ulp);
    }
}

static void read_gradient(struct reader *r, const json_t *gradient, struct result_case *out) {
    const json_t *report = json_object_get(gradient, "report");
    out->gradient = text(r, gradient, "verdict");
    if (json_is_object(report)) {
        out->evaluations = number(r, report, "forward_calls");
        out->resolution = is_pass(out->gradient) ? number(r, report, "resolution") : NAN;
    }
}

static void read_case(struct reader *r, const json_t *tree, struct result_case *out) {
    *out = (struct result_case){.share = NAN, .ulp = NAN, .resolution = NAN, .evaluations = NAN};
    out->id = text(r, tree, "id");
    out->verdict = text(r, tree, "verdict");
    const json_t *golden = object_of(r, tree, "golden");
    const json_t *gradient = object_of(r, tree, "gradient");
    if (!r->failed) {
        out->golden = text(r, golden, "verdict");
        read_arrays(r, golden, out);
        read_gradient(r, gradient, out);
    }
}

static void read_numbers(struct reader *r, const json_t *tree, struct result_kernel *out) {
    const json_t *by_gradient = object_of(r, tree, "by_gradient");
    bool proven = number(r, by_gradient, gate_verdict_name(GATE_PASS)) > 0;
    bool compared = number(r, tree, "arrays") > 0;
    double resolution = number(r, tree, "resolution");
    double median = number(r, tree, "median_resolution");
    double share = number(r, tree, "worst_share");
    double ulp = number(r, tree, "max_ulp");
    out->resolution = proven ? resolution : NAN;
    out->median_resolution = proven ? median : NAN;
    out->share = !compared ? NAN : isnan(share) ? INFINITY : share;
    out->ulp = !compared ? NAN : isnan(ulp) ? INFINITY : ulp;
    out->evaluations = number(r, tree, "evaluations");
}

static void read_kernel(struct reader *r, const json_t *tree, struct result_kernel *out) {
    size_t used = strlen(r->where);
    out->name = text(r, tree, "name");
    out->verdict = text(r, tree, "verdict");
    read_numbers(r, tree, out);
    const json_t *cases = list(r, tree, "cases");
    size_t n = json_array_size(cases);
    out->cases = calloc(n + 1, sizeof out->cases[0]);
    if (out->cases == NULL) {
        fail(r, "", "out of memory");
        return;
    }
    for (; out->n_cases < n && !r->failed; out->n_cases++) {
        (void)snprintf(r->where + used, sizeof r->where - used, "cases[%zu].", out->n_cases);
        read_case(r, json_array_get(cases, out->n_cases), &out->cases[out->n_cases]);
    }
    r->where[used] = '\0';
}

/* ---- the whole ---- */

static void read_root(struct reader *r, struct results *out) {
    if (strcmp(text(r, out->tree, "format"), "gradgate-results") != 0) {
        fail(r, "format", "is not gradgate-results");
    }
    if (number(r, out->tree, "version") != REPORT_JSON_VERSION) {
        fail(r, "version", "is not 1");
    }
    out->seed = text(r, out->tree, "seed");
    const json_t *kernels = list(r, out->tree, "kernels");
    size_t n = json_array_size(kernels);
    out->kernels = calloc(n + 1, sizeof out->kernels[0]);
    if (out->kernels == NULL) {
        fail(r, "", "out of memory");
        return;
    }
    for (; out->n_kernels < n && !r->failed; out->n_kernels++) {
        (void)snprintf(r->where, sizeof r->where, "kernels[%zu].", out->n_kernels);
        read_kernel(r, json_array_get(kernels, out->n_kernels), &out->kernels[out->n_kernels]);
    }
    r->where[0] = '\0';
}

int results_read(const char *path, struct results *out, char why[]) {
    struct reader r = {.path = path, .why = why};
    json_error_t error;
    *out = (struct results){0};
    errno = 0;
    out->tree = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (out->tree == NULL && error.line < 0) {
        (void)snprintf(why, REPORT_TEXT_SIZE, "%s: cannot be opened: %s", path,
                       strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        return -1;
    }
    if (out->tree == NULL) {
        (void)snprintf(why, REPORT_TEXT_SIZE, "%s: line %d: is not JSON: %s", path, error.line,
                       error.text);
        return -1;
    }
    read_root(&r, out);
    if (r.failed) {
        results_free(out);
        return -1;
    }
    return 0;
}

void results_free(struct results *r) {
    for (size_t i = 0; i < r->n_kernels; i++) {
        free(r->kernels[i].cases);
    }
    free(r->kernels);
    json_decref(r->tree);
    *r = (struct results){0};
}
