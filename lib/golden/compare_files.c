// SPDX-License-Identifier: MIT
/* Arrays of files, compared and summarised without ever being in memory as a whole. */
#include "compare.h"
#include "error.h"
#include "stream.h"

#include <math.h>
#include <stdlib.h>

static struct array shape_of(const struct golden_npy_header *header) {
    struct array a = {.dtype = header->dtype, .ndim = header->ndim, .count = header->count};
    for (size_t i = 0; i < header->ndim; i++) {
        a.shape[i] = header->shape[i];
    }
    return a;
}

/* ---- comparing ---- */

struct pair {
    struct stream actual, expected, bound; /* bound only if there is one */
};

static enum golden_status open_one(const struct golden_place *place, struct stream *s,
                                   struct golden_error *error) {
    if (place->file == NULL || place->array >= golden_n_arrays(place->file)) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    return stream_open(place->file, place->array, s, error);
}

static enum golden_status open_pair(const struct golden_sides *sides, struct pair *p,
                                    struct golden_error *error) {
    enum golden_status status = open_one(&sides->actual, &p->actual, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    status = open_one(&sides->expected, &p->expected, error);
    if (status == GOLDEN_OK && sides->bound.file != NULL) {
        status = open_one(&sides->bound, &p->bound, error);
        if (status != GOLDEN_OK) {
            stream_close(&p->expected);
        }
    }
    if (status != GOLDEN_OK) {
        stream_close(&p->actual);
    }
    return status;
}

static enum golden_status check_bound(const struct golden_sides *sides, const struct pair *p,
                                      struct golden_error *error) {
    if (sides->bound.file == NULL) {
        return GOLDEN_OK;
    }
    struct array expected = shape_of(&p->expected.header);
    struct array bound = shape_of(&p->bound.header);
    if (expected.dtype != bound.dtype || !array_same_shape(&expected, &bound)) {
        (void)error_set(error, GOLDEN_BOUND_SHAPE, -1, "");
        error_set_file(error, p->bound.file->path);
        return GOLDEN_BOUND_SHAPE;
    }
    return GOLDEN_OK;
}

static enum golden_status add_block(struct compare_task *t, struct pair *p, bool bounded,
                                    struct golden_error *error) {
    struct array actual;
    struct array expected;
    struct array bound;
    enum golden_status status = stream_next(&p->actual, &actual, error);
    if (status == GOLDEN_OK) {
        status = stream_next(&p->expected, &expected, error);
    }
    if (status == GOLDEN_OK && bounded) {
        status = stream_next(&p->bound, &bound, error);
    }
    if (status != GOLDEN_OK) {
        return status;
    }
    struct compare_task block = *t;
    block.actual = &actual;
    block.expected = &expected;
    block.bound = bounded ? &bound : NULL;
    status = compare_add(&block);
    t->first += expected.count;
    if (status != GOLDEN_OK) {
        (void)error_set(error, status, -1, "");
    }
    if (status != GOLDEN_OK && bounded) { /* only a bound can be malformed */
        error_set_file(error, p->bound.file->path);
    }
    return status;
}

static enum golden_status run(const struct golden_sides *sides, struct compare_task *t,
                              struct pair *p, struct golden_error *error) {
    struct array actual = shape_of(&p->actual.header);
    struct array expected = shape_of(&p->expected.header);
    bool bounded = sides->bound.file != NULL;
    enum golden_status status = check_bound(sides, p, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    struct compare_task whole = *t;
    whole.actual = &actual;
    whole.expected = &expected;
    bool same = compare_begin(&whole);
    while (same && status == GOLDEN_OK) {
        /* An empty array has one block too: without elements, but with a checksum. */
        status = add_block(t, p, bounded, error);
        if (t->first >= expected.count) {
            break;
        }
    }
    if (status == GOLDEN_OK) {
        compare_end(&whole);
    }
    return status;
}

enum golden_status golden_compare_files(const struct golden_sides *sides,
                                        const struct golden_tolerance *tolerance,
                                        struct golden_comparison *out,
                                        struct golden_profile *profile,
                                        struct golden_error *error) {
    static const struct golden_tolerance none = {0};
    error_clear(error);
    if (sides == NULL || out == NULL || profile == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_comparison){0};
    *profile = (struct golden_profile){0};
    tolerance = tolerance != NULL ? tolerance : &none;
    enum golden_status status = compare_check_tolerance(tolerance);
    if (status != GOLDEN_OK) {
        return error_set(error, status, -1, "");
    }
    struct pair *p = malloc(sizeof *p);
    if (p == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    struct compare_task t = {.out = out, .profile = profile};
    t.tolerance = sides->bound.file == NULL ? tolerance : NULL;
    status = open_pair(sides, p, error);
    if (status == GOLDEN_OK) {
        status = run(sides, &t, p, error);
        stream_close(&p->actual);
        stream_close(&p->expected);
        if (sides->bound.file != NULL) {
            stream_close(&p->bound);
        }
    }
    free(p);
    if (status != GOLDEN_OK) {
        *out = (struct golden_comparison){0};
        *profile = (struct golden_profile){0};
    }
    return status;
}

/* ---- summarising ---- */

static void add_float(struct golden_summary *s, double value) {
    if (isnan(value)) {
        s->n_nan++;
    } else if (isinf(value)) {
        s->n_plus_inf += value > 0;
        s->n_minus_inf += value < 0;
    } else {
        bool first = s->n_finite++ == 0;
        s->min = first || value < s->min ? value : s->min;
        s->max = first || value > s->max ? value : s->max;
    }
}

static void add_integer(struct golden_summary *s, int64_t value) {
    bool first = s->n_finite++ == 0;
    s->min_int = first || value < s->min_int ? value : s->min_int;
    s->max_int = first || value > s->max_int ? value : s->max_int;
}

static enum golden_status summarise(struct stream *stream, struct golden_summary *s,
                                    struct golden_error *error) {
    bool is_float = array_dtype_is_float(stream->header.dtype);
    size_t done = 0;
    do {
        struct array block;
        enum golden_status status = stream_next(stream, &block, error);
        if (status != GOLDEN_OK) {
            return status;
        }
        for (size_t i = 0; i < block.count; i++) {
            if (is_float) {
                add_float(s, array_get(&block, i));
            } else {
                add_integer(s, array_get_int(&block, i));
            }
        }
        done += block.count;
    } while (done < stream->header.count);
    return GOLDEN_OK;
}

enum golden_status golden_summarise(const struct golden_file *file, size_t i,
                                    struct golden_summary *out, struct golden_error *error) {
    error_clear(error);
    if (out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = (struct golden_summary){0};
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    const struct golden_place place = {file, i};
    enum golden_status status = open_one(&place, stream, error);
    if (status == GOLDEN_OK) {
        out->header = stream->header;
        status = summarise(stream, out, error);
        stream_close(stream);
    }
    free(stream);
    if (status != GOLDEN_OK) {
        *out = (struct golden_summary){0};
    }
    return status;
}
