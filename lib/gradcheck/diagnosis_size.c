// SPDX-License-Identifier: MIT
/* Which length of which axis a number is: 1/B, n/B, B/(B - 1). */
#include <math.h>

#include "diagnosis.h"

struct length {
    const char *name;
    char tensor[GRADCHECK_NAME_SIZE];
    size_t axis;
    double n;
};

static void add_lengths(const struct gradcheck_tensor *t, struct length out[], size_t *n) {
    for (size_t axis = 0; axis < t->ndim; axis++) {
        bool known = t->shape[axis] < 2;
        for (size_t i = 0; i < *n; i++) {
            known = known || out[i].n == (double)t->shape[axis];
        }
        if (!known && *n < GC_MAX_LENGTHS) {
            struct length *l = &out[(*n)++];
            *l = (struct length){.name = t->dims[axis], .axis = axis, .n = (double)t->shape[axis]};
            gc_text(l->tensor, sizeof l->tensor, "%s", t->name);
        }
    }
}

static size_t lengths_of(const struct gc_session *s, struct length out[]) {
    size_t n = 0;
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        add_lengths(&s->k->outputs[o], out, &n);
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        add_lengths(&s->k->inputs[i], out, &n);
    }
    return n;
}

static void name_length(const struct length *l, char out[], size_t size) {
    if (l->name != NULL) {
        gc_text(out, size, "%.24s", l->name);
    } else {
        gc_text(out, size, "(length of axis %zu of %s)", l->axis, l->tensor);
    }
}

static bool near(double a, double b, double relative) {
    return fabs(a - b) <= relative * fabs(b);
}

/* One length by itself, in the ways that it goes wrong. */
static bool one_length(const struct length *l, double value, double relative, char text[],
                       size_t size) {
    char name[80];
    name_length(l, name, sizeof name);
    if (near(value, l->n, relative)) {
        gc_text(text, size, "%s", name);
    } else if (near(value, 1 / l->n, relative)) {
        gc_text(text, size, "1/%s", name);
    } else if (near(value, l->n * l->n, relative)) {
        gc_text(text, size, "%s^2", name);
    } else if (near(value, 1 / (l->n * l->n), relative)) {
        gc_text(text, size, "1/%s^2", name);
    } else if (l->n > 2 && near(value, l->n / (l->n - 1), relative)) {
        gc_text(text, size, "%s/(%s - 1)", name, name);
    } else if (l->n > 2 && near(value, (l->n - 1) / l->n, relative)) {
        gc_text(text, size, "(%s - 1)/%s", name, name);
    } else {
        return false;
    }
    return true;
}

static bool two_lengths(const struct length *a, const struct length *b, double value,
                        double relative, char text[], size_t size) {
    char first[80];
    char second[80];
    name_length(a, first, sizeof first);
    name_length(b, second, sizeof second);
    if (near(value, a->n * b->n, relative)) {
        gc_text(text, size, "%s %s", first, second);
    } else if (near(value, 1 / (a->n * b->n), relative)) {
        gc_text(text, size, "1/(%s %s)", first, second);
    } else if (near(value, a->n / b->n, relative)) {
        gc_text(text, size, "%s/%s", first, second);
    } else {
        return false;
    }
    return true;
}

bool gc_is_size(const struct gc_session *s, double value, double relative, char text[],
                size_t size) {
    struct length lengths[GC_MAX_LENGTHS];
    size_t n = lengths_of(s, lengths);
    for (size_t i = 0; i < n; i++) {
        if (one_length(&lengths[i], value, relative, text, size)) {
            return true;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            if (i != j && two_lengths(&lengths[i], &lengths[j], value, relative, text, size)) {
                return true;
            }
        }
    }
    return false;
}

bool gc_is_length(const struct gc_session *s, double value, double relative) {
    struct length lengths[GC_MAX_LENGTHS];
    size_t n = lengths_of(s, lengths);
    bool is = false;
    for (size_t i = 0; i < n; i++) {
        is = is || near(value, lengths[i].n, relative) || near(value, 1 / lengths[i].n, relative);
    }
    return is;
}

bool gc_is_root_of_size(const struct gc_session *s, double value, double relative, char text[],
                        size_t size) {
    struct length lengths[GC_MAX_LENGTHS];
    size_t n = lengths_of(s, lengths);
    for (size_t i = 0; i < n; i++) {
        if (near(value, sqrt(lengths[i].n), relative)) {
            name_length(&lengths[i], text, size);
            return true;
        }
    }
    return false;
}
