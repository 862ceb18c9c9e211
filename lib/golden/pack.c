// SPDX-License-Identifier: MIT
/* A suite as lines that any language reads without a library: the requests of the port protocol,
 * and beside each what the answer should be. */
#include "error.h"

#include <inttypes.h>
#include <string.h>

const char *golden_pass_name(enum golden_pass pass) {
    static const char *const names[GOLDEN_N_PASSES] = {"forward", "backward", "train"};
    return pass < GOLDEN_N_PASSES ? names[pass] : "?";
}

static bool ends_in(const char *name, const char *suffix) {
    size_t length = strlen(name);
    size_t tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* Gradients come out of a backward pass. Parameters after update steps come out of training, and so
 * does what else such a case expects (a loss curve). */
enum golden_pass golden_pass_of(const struct golden_case *c, const char *name) {
    for (size_t i = 0; i < c->n_expected; i++) {
        if (ends_in(c->expected[i].name, ".updated")) {
            return GOLDEN_TRAIN;
        }
    }
    return ends_in(name, ".grad") ? GOLDEN_BACKWARD : GOLDEN_FORWARD;
}

/* A forward pass is given no cotangents. */
bool golden_pass_is_given(enum golden_pass pass, const char *name) {
    return pass != GOLDEN_FORWARD || !ends_in(name, ".grad");
}

/* ---- lines ---- */

static void put_kind(FILE *out, const char *word, const char *name, const struct array *a) {
    char shape[ARRAY_MAX_DIMS * 21];
    array_shape_text(a->ndim, a->shape, shape, sizeof shape);
    (void)fprintf(out, "%s %s %s %s", word, name, array_dtype_name(a->dtype), shape);
}

static void put_array(FILE *out, const char *word, const char *name, const struct array *a) {
    int digits = (int)(2 * array_dtype_size(a->dtype));
    put_kind(out, word, name, a);
    for (size_t i = 0; i < a->count; i++) {
        (void)fprintf(out, " %0*" PRIx64, digits, array_bits(a, i));
    }
    (void)fputc('\n', out);
}

/* ---- calls ---- */

static void put_call(FILE *out, const char *kernel, const struct golden_case *c,
                     enum golden_pass pass, bool expected, size_t id) {
    (void)fprintf(out, "call %zu %s %s\ncase %s\n", id, kernel, golden_pass_name(pass), c->id);
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (golden_pass_is_given(pass, c->inputs[i].name)) {
            put_array(out, "in", c->inputs[i].name, &c->inputs[i].array);
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        if (golden_pass_of(c, e->name) != pass) {
            continue;
        }
        put_kind(out, "want", e->name, &e->exact);
        (void)fputc('\n', out);
        if (expected) {
            put_array(out, "expect", e->name, &e->exact);
            put_array(out, "bound", e->name, &e->bound);
        }
    }
    (void)fputs("go\n", out);
}

bool golden_has_pass(const struct golden_case *c, enum golden_pass pass) {
    for (size_t i = 0; i < c->n_expected; i++) {
        if (golden_pass_of(c, c->expected[i].name) == pass) {
            return true;
        }
    }
    return false;
}

enum golden_status golden_pack_write(const struct golden_suite suites[], size_t n_suites,
                                     const char *name, bool expected, FILE *out) {
    if ((suites == NULL && n_suites > 0) || name == NULL || out == NULL) {
        return GOLDEN_NULL;
    }
    size_t id = 0;
    (void)fprintf(out, "gradgate 1 %s\n", name);
    for (size_t i = 0; i < n_suites; i++) {
        for (size_t j = 0; j < suites[i].n_cases; j++) {
            const struct golden_case *c = &suites[i].cases[j];
            for (enum golden_pass pass = GOLDEN_FORWARD; pass < GOLDEN_N_PASSES; pass++) {
                if (golden_has_pass(c, pass)) {
                    put_call(out, suites[i].kernel, c, pass, expected, ++id);
                }
            }
        }
    }
    (void)fputs("bye\n", out);
    return fflush(out) == 0 && !ferror(out) ? GOLDEN_OK : GOLDEN_FILE_WRITE;
}
