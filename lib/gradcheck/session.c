// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { DEFAULT_POINTS = 3, DEFAULT_DIRECTIONS = 3, DEFAULT_EVALUATIONS = 100000 };
enum { NOISE_COLUMNS = 12 }; /* of noise_table, an output element */

static void set_options(struct gc_session *s, const struct gradcheck_options *options) {
    if (options != NULL) {
        s->options = *options;
    }
    struct gradcheck_options *o = &s->options;
    o->n_points = o->n_points ? o->n_points : DEFAULT_POINTS;
    o->n_directions = o->n_directions ? o->n_directions : DEFAULT_DIRECTIONS;
    o->max_evaluations = o->max_evaluations ? o->max_evaluations : DEFAULT_EVALUATIONS;
    s->deadline = o->max_seconds > 0 ? gc_now() + o->max_seconds : 0;
    s->report->seed = o->seed;
    gc_random_seed(&s->random, o->seed, 0);
    gc_phase(s, "contract", 0);
}

static size_t sum_or_most(size_t a, size_t b) {
    return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

static void lay_out_inputs(struct gc_session *s, size_t *raw_size) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gradcheck_tensor *t = &s->k->inputs[i];
        struct gc_input *in = &s->inputs[i];
        bool bounded = t->lower != 0 || t->upper != 0;
        in->t = t;
        in->count = gc_tensor_count(t);
        in->is_float = gc_is_float(t->dtype);
        in->checked = t->grad != NULL;
        in->scale = t->grad_scale == 0 ? 1 : t->grad_scale;
        in->lower = bounded ? t->lower : -INFINITY;
        in->upper = bounded ? t->upper : INFINITY;
        in->first = s->n_entries;
        in->raw = *raw_size;
        *raw_size = sum_or_most(*raw_size, in->count * gc_dtype_size(t->dtype));
        s->n_entries = sum_or_most(s->n_entries, in->is_float ? in->count : 0);
        s->n_checked += in->checked ? in->count : 0;
        s->rewrite = s->rewrite || (t->flags & GRADCHECK_CLOBBERED) != 0;
    }
}

static void lay_out_outputs(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gradcheck_tensor *t = &s->k->outputs[i];
        struct gc_output *out = &s->outputs[i];
        out->t = t;
        out->count = gc_tensor_count(t);
        out->is_float = gc_is_float(t->dtype);
        out->has_cotangent = out->is_float && t->grad != NULL;
        out->first = s->n_outs;
        s->n_outs = sum_or_most(s->n_outs, out->is_float ? out->count : 0);
        s->rewrite = s->rewrite || (t->flags & GRADCHECK_IN_PLACE) != 0;
        s->fixed_cotangent = s->fixed_cotangent || (out->is_float && !out->has_cotangent);
        if (out->is_float) {
            s->epsilon = fmax(s->epsilon, gc_dtype_epsilon(t->dtype));
        }
    }
}

static double *take(double **from, size_t n) {
    double *taken = *from;
    *from += n;
    return taken;
}

/* One block of doubles and one of bytes: 10 doubles an entry, 20 an output element. */
static bool allocate(struct gc_session *s, size_t raw_size) {
    enum { PER_ENTRY = 10, PER_OUTPUT = 8 + NOISE_COLUMNS };
    if (s->n_entries > SIZE_MAX / 64 / PER_ENTRY || s->n_outs > SIZE_MAX / 64 / PER_OUTPUT ||
        raw_size > SIZE_MAX / 64) {
        return false;
    }
    size_t doubles = PER_ENTRY * s->n_entries + PER_OUTPUT * s->n_outs;
    s->base = calloc(doubles ? doubles : 1, sizeof(double));
    s->saved = calloc(2 * raw_size + 2 * s->n_entries + 2 * s->n_outs, 1);
    if (s->base == NULL || s->saved == NULL) {
        return false;
    }
    double *next = s->base + s->n_entries;
    s->here = take(&next, s->n_entries);
    s->grad = take(&next, s->n_entries);
    s->rounding = take(&next, s->n_entries);
    s->numeric = take(&next, s->n_entries);
    s->bound = take(&next, s->n_entries);
    s->step = take(&next, s->n_entries);
    s->direction = take(&next, s->n_entries);
    s->scratch = take(&next, 2 * s->n_entries);
    s->y0 = take(&next, s->n_outs);
    s->plus = take(&next, s->n_outs);
    s->minus = take(&next, s->n_outs);
    s->cotangent = take(&next, s->n_outs);
    s->sigma = take(&next, s->n_outs);
    s->noise_table = take(&next, NOISE_COLUMNS * s->n_outs);
    s->cotangent_scratch = take(&next, s->n_outs);
    s->grain = take(&next, s->n_outs);
    s->wobble = take(&next, s->n_outs);
    s->raw = s->saved + raw_size;
    s->state = s->raw + raw_size;
    s->shown = s->state + s->n_entries;
    s->alive = s->shown + s->n_entries;
    s->touched = s->alive + s->n_outs;
    return true;
}

enum gradcheck_status gc_session_open(struct gc_session *s, const struct gradcheck_kernel *k,
                                      const struct gradcheck_options *options,
                                      struct gradcheck_report *report, bool forward_only) {
    memset(s, 0, sizeof *s);
    memset(report, 0, sizeof *report);
    s->report = report;
    enum gradcheck_status status =
        gc_validate(k, options, forward_only, report->summary, sizeof report->summary);
    if (status != GRADCHECK_OK) {
        return status;
    }
    s->k = k;
    gc_text(report->kernel, sizeof report->kernel, "%s", k->name);
    report->repeatable = true;
    set_options(s, options);
    size_t raw_size = 0;
    lay_out_inputs(s, &raw_size);
    lay_out_outputs(s);
    s->narrow_epsilon = s->epsilon;
    if (!allocate(s, raw_size)) {
        return GRADCHECK_E_NO_MEMORY;
    }
    for (size_t i = 0; i < k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        gc_tensor_save(in->t, in->t->value, s->saved + in->raw);
        if (in->is_float) {
            gc_tensor_read(in->t, in->t->value, s->base + in->first);
        }
    }
    memcpy(s->here, s->base, s->n_entries * sizeof s->here[0]);
    return GRADCHECK_OK;
}

void gc_session_close(struct gc_session *s) {
    if (s->k != NULL && s->saved != NULL && s->base != NULL) {
        for (size_t i = 0; i < s->k->n_inputs; i++) {
            gc_tensor_restore(s->inputs[i].t, s->inputs[i].t->value, s->saved + s->inputs[i].raw);
        }
    }
    free(s->base);
    free(s->saved);
    s->base = NULL;
    s->saved = NULL;
}

const struct gc_input *gc_input_of(const struct gc_session *s, size_t entry) {
    size_t i = 0;
    while (!s->inputs[i].is_float || entry >= s->inputs[i].first + s->inputs[i].count) {
        i++;
    }
    return &s->inputs[i];
}

void gc_place_of(const struct gc_session *s, size_t entry, struct gradcheck_place *place) {
    const struct gc_input *in = gc_input_of(s, entry);
    gc_text(place->tensor, sizeof place->tensor, "%s", in->t->name);
    place->ndim = in->t->ndim;
    gc_tensor_index(in->t, entry - in->first, place->index);
}

void gc_place_text(const struct gradcheck_place *place, char out[], size_t size) {
    gc_text(out, size, "%s", place->tensor);
    for (size_t axis = 0; axis < place->ndim; axis++) {
        size_t used = strlen(out);
        gc_text(out + used, size - used, axis == 0 ? "[%zu" : ", %zu", place->index[axis]);
    }
    if (place->ndim > 0) {
        size_t used = strlen(out);
        gc_text(out + used, size - used, "]");
    }
}
