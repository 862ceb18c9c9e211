// SPDX-License-Identifier: MIT
/* Laid out by hand, an array a line, so that a difference between two manifests can be read; the
 * strings are escaped by jansson. Names and ids need no escape: they were checked. */
#include "manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    char *text;
    size_t size, room;
    bool failed; /* no memory */
};

static void put_bytes(struct writer *w, const char *bytes, size_t size) {
    if (w->size + size + 1 > w->room && !w->failed) {
        size_t room = 2 * (w->size + size + 1);
        char *text = realloc(w->text, room);
        if (text == NULL) {
            w->failed = true;
        } else {
            w->text = text;
            w->room = room;
        }
    }
    if (!w->failed) {
        memcpy(w->text + w->size, bytes, size);
        w->size += size;
        w->text[w->size] = '\0';
    }
}

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_bytes(w, text, n > 0 ? (size_t)n : 0);
}

static void put_string(struct writer *w, const char *text) {
    json_t *string = json_string(text);
    char *escaped = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    if (escaped != NULL) {
        put_bytes(w, escaped, strlen(escaped));
    }
    w->failed = w->failed || escaped == NULL;
    free(escaped);
    json_decref(string);
}

/* With a point, in as few digits, from 15 on, as read back as the same number: as Python writes it
 * but for subnormal numbers and from 1e15 on. */
static void put_real(struct writer *w, double value) {
    char text[40];
    int digits = 15;
    do {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
    } while (strtod(text, NULL) != value && digits++ < 17);
    put(w, "%s%s", text, strpbrk(text, ".e") != NULL ? "" : ".0");
}

/* ---- names with a sentence ---- */

static void put_notes(struct writer *w, const char *field, const struct golden_note notes[],
                      size_t n, bool nested) {
    put(w, " \"%s\": {", field);
    for (size_t i = 0; i < n; i++) {
        put(w, "%s\n  ", i > 0 ? "," : "");
        put_string(w, notes[i].name);
        put(w, nested ? ": {\n   \"note\": " : ": ");
        put_string(w, notes[i].text);
        put(w, nested ? "\n  }" : "");
    }
    put(w, n > 0 ? "\n },\n" : "},\n");
}

/* ---- cases ---- */

static void put_array(struct writer *w, const char *name, const struct array *a, double grad_scale,
                      bool first) {
    put(w, "%s\n    {\"name\": \"%s\", \"dtype\": \"%s\", \"shape\": [", first ? "" : ",", name,
        array_dtype_name(a->dtype));
    for (size_t i = 0; i < a->ndim; i++) {
        put(w, "%s%zu", i > 0 ? ", " : "", a->shape[i]);
    }
    put(w, "]");
    if (grad_scale != 1) {
        put(w, ", \"grad_scale\": ");
        put_real(w, grad_scale);
    }
    put(w, "}");
}

static void put_head(struct writer *w, const struct golden_case *c) {
    put(w, "\n  {\n   \"id\": \"%s\",\n   \"flags\": [", c->id);
    for (size_t i = 0; i < c->n_flags; i++) {
        put(w, "%s", i > 0 ? ", " : "");
        put_string(w, c->flags[i]->name);
    }
    put(w, "],\n");
    if (c->note[0] != '\0') {
        put(w, "   \"note\": ");
        put_string(w, c->note);
        put(w, ",\n");
    }
}

static void put_measured(struct writer *w, const struct golden_measured *m) {
    put(w, ",\n   \"baseline\": {\n    \"gradient\": ");
    put_string(w, m->gradient);
    put(w, ",\n    \"resolution\": ");
    put_real(w, isfinite(m->resolution) ? m->resolution : 0);
    put(w, ",\n    \"evaluations\": %zu\n   }", m->evaluations);
}

static void put_case(struct writer *w, const struct golden_suite *suite,
                     const struct golden_case *c) {
    put_head(w, c);
    put(w, "   \"inputs\": [");
    for (size_t i = 0; i < c->n_inputs; i++) {
        put_array(w, c->inputs[i].name, &c->inputs[i].array, 1, i == 0);
    }
    put(w, c->n_inputs > 0 ? "\n   ],\n" : "],\n");
    put(w, "   \"expected\": [");
    for (size_t i = 0; i < c->n_expected; i++) {
        put_array(w, c->expected[i].name, &c->expected[i].exact, c->expected[i].grad_scale, i == 0);
    }
    put(w, "\n   ]");
    if (suite->is_baseline) {
        put_measured(w, &c->measured);
    }
    put(w, "\n  }");
}

/* ---- the whole ---- */

char *manifest_text(const struct golden_suite *suite, const char *sha256) {
    struct writer w = {0};
    put(&w, "{\n \"format\": \"gradgate-golden\",\n \"version\": 1,\n \"kernel\": \"%s\",\n",
        suite->kernel);
    put(&w, " \"npz\": \"%s.npz\",\n \"sha256\": \"%s\",\n \"seed\": %" PRId64 ",\n", suite->kernel,
        sha256, suite->seed);
    put_notes(&w, "versions", suite->versions, suite->n_versions, false);
    put_notes(&w, "bounds", suite->bounds, suite->n_bounds, false);
    put_notes(&w, "flags", suite->flags, suite->n_flags, true);
    if (suite->is_baseline) {
        put(&w, " \"baseline\": {\n  \"cases\": %zu\n },\n", suite->n_recorded);
    }
    put(&w, " \"cases\": [");
    for (size_t i = 0; i < suite->n_cases; i++) {
        put(&w, "%s", i > 0 ? "," : "");
        put_case(&w, suite, &suite->cases[i]);
    }
    put(&w, "\n ]\n}\n");
    if (w.failed) {
        free(w.text);
        return NULL;
    }
    return w.text;
}
