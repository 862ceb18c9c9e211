// SPDX-License-Identifier: MIT
/* A suite as lines that any language reads without a library: the requests of the port protocol,
 * and beside each what the answer should be. */
#include "error.h"

#include <inttypes.h>
#include <string.h>

enum pass { PASS_FORWARD, PASS_BACKWARD, PASS_TRAIN, N_PASSES };
static const char *const pass_names[N_PASSES] = {"forward", "backward", "train"};

static bool ends_in(const char *name, const char *suffix) {
    size_t length = strlen(name);
    size_t tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* Gradients come out of a backward pass. Parameters after update steps come out of training, and so
 * does what else such a case expects (a loss curve). */
static enum pass pass_of(const struct golden_case *c, const char *name) {
    for (size_t i = 0; i < c->n_expected; i++) {
        if (ends_in(c->expected[i].name, ".updated")) {
            return PASS_TRAIN;
        }
    }
    return ends_in(name, ".grad") ? PASS_BACKWARD : PASS_FORWARD;
}

/* A forward pass is given no cotangents. */
static bool is_given(enum pass pass, const char *name) {
    return pass != PASS_FORWARD || !ends_in(name, ".grad");
}

/* ---- lines ---- */

static void put_kind(FILE *out, const char *word, const char *name, const struct array *a) {
    char shape[ARRAY_MAX_DIMS * 21];
    array_shape_text(a->ndim, a->shape, shape, sizeof shape);
    (void)fprintf(out, "%s %s %s %s", word, name, array_dtype_name(a->dtype), shape);
}

static uint64_t bits_of(const struct array *a, size_t i) {
    size_t size = array_dtype_size(a->dtype);
    const unsigned char *at = (const unsigned char *)a->data + i * size;
    uint64_t bits = 0;
    uint32_t half = 0;
    switch (size) {
    case sizeof bits:
        memcpy(&bits, at, sizeof bits);
        return bits;
    case sizeof half:
        memcpy(&half, at, sizeof half);
        return half;
    default:
        return *at;
    }
}

static void put_array(FILE *out, const char *word, const char *name, const struct array *a) {
    int digits = (int)(2 * array_dtype_size(a->dtype));
    put_kind(out, word, name, a);
    for (size_t i = 0; i < a->count; i++) {
        (void)fprintf(out, " %0*" PRIx64, digits, bits_of(a, i));
    }
    (void)fputc('\n', out);
}

/* ---- calls ---- */

static void put_call(FILE *out, const char *kernel, const struct golden_case *c, enum pass pass,
                     bool expected, size_t id) {
    (void)fprintf(out, "call %zu %s %s\ncase %s\n", id, kernel, pass_names[pass], c->id);
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (is_given(pass, c->inputs[i].name)) {
            put_array(out, "in", c->inputs[i].name, &c->inputs[i].array);
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        if (pass_of(c, e->name) != pass) {
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

static bool has_pass(const struct golden_case *c, enum pass pass) {
    for (size_t i = 0; i < c->n_expected; i++) {
        if (pass_of(c, c->expected[i].name) == pass) {
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
            for (enum pass pass = PASS_FORWARD; pass < N_PASSES; pass++) {
                if (has_pass(c, pass)) {
                    put_call(out, suites[i].kernel, c, pass, expected, ++id);
                }
            }
        }
    }
    (void)fputs("bye\n", out);
    return fflush(out) == 0 && !ferror(out) ? GOLDEN_OK : GOLDEN_FILE_WRITE;
}
