// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>
#include <time.h>

#include "engine.h"

double gc_now(void) {
#ifdef TIME_UTC
    struct timespec now;
    if (timespec_get(&now, TIME_UTC) == TIME_UTC) {
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    }
#endif
    return (double)clock() / (double)CLOCKS_PER_SEC;
}

void gc_phase(struct gc_session *s, const char *name, size_t total) {
    s->progress.phase = name;
    s->progress.point = s->point;
    s->progress.n_points = s->options.n_points;
    s->progress.done = 0;
    s->progress.total = total;
}

bool gc_tick(struct gc_session *s, size_t done) {
    s->progress.done = done;
    s->progress.evaluations = s->report->n_forward;
    if (!s->stopped && s->options.progress != NULL &&
        s->options.progress(s->options.progress_ctx, &s->progress) != 0) {
        s->stopped = true;
    }
    return !s->stopped;
}

static bool within_budget(struct gc_session *s) {
    if (s->report->n_forward >= s->options.max_evaluations) {
        s->stopped = true;
    } else if (s->deadline > 0 && gc_now() > s->deadline) {
        s->stopped = true;
        s->report->repeatable = false;
    }
    return !s->stopped;
}

void gc_write_point(struct gc_session *s, const double values[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (in->is_float) {
            gc_tensor_write(in->t, in->t->value, values + in->first);
        } else {
            gc_tensor_restore(in->t, in->t->value, s->saved + in->raw);
        }
    }
    if (values != s->here) {
        memcpy(s->here, values, s->n_entries * sizeof values[0]);
    }
}

void gc_put(struct gc_session *s, size_t entry, double value) {
    const struct gc_input *in = gc_input_of(s, entry);
    gc_tensor_put(in->t, in->t->value, entry - in->first, value);
    s->here[entry] = value;
}

static void read_outputs(const struct gc_session *s, double y[]) {
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        if (s->outputs[i].is_float) {
            gc_tensor_read(s->outputs[i].t, s->outputs[i].t->value, y + s->outputs[i].first);
        }
    }
}

static int call_forward(struct gc_session *s, double y[]) {
    if (s->rewrite) {
        gc_write_point(s, s->here);
    }
    if (s->k->reset != NULL) {
        s->k->reset(s->k->ctx);
    }
    s->report->n_forward++;
    if (!s->wide) {
        return s->k->forward(s->k->ctx);
    }
    double *outputs[GRADCHECK_MAX_TENSORS] = {NULL};
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        outputs[i] = s->outputs[i].is_float ? y + s->outputs[i].first : NULL;
    }
    return s->k->forward_wide(s->k->ctx, outputs);
}

enum gc_outcome gc_forward(struct gc_session *s, double y[]) {
    if (!within_budget(s) || !gc_tick(s, s->progress.done)) {
        return GC_STOPPED;
    }
    if (call_forward(s, y) != 0) {
        return GC_REFUSED;
    }
    if (!s->wide) {
        read_outputs(s, y);
    }
    for (size_t i = 0; i < s->n_outs; i++) {
        if (!isfinite(y[i])) {
            return GC_NON_FINITE;
        }
    }
    return GC_DONE;
}

/* fill: what the gradients hold before backward, as stored; NULL: zeros. */
static void fill_grads(const struct gc_session *s, const double fill[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (in->checked && fill != NULL) {
            gc_tensor_write(in->t, in->t->grad, fill + in->first);
        } else if (in->checked) {
            gc_tensor_fill(in->t, in->t->grad, 0);
        }
    }
}

static void write_cotangents(const struct gc_session *s, const double cotangent[]) {
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gc_output *out = &s->outputs[i];
        if (out->has_cotangent) {
            gc_tensor_write(out->t, out->t->grad, cotangent + out->first);
        }
    }
}

static void read_grads(const struct gc_session *s, double grads[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (in->checked) {
            gc_tensor_read(in->t, in->t->grad, grads + in->first);
        }
    }
}

/* Directly after a forward. Grads as stored, not yet over grad_scale; a backward that fails leaves
 * NaN everywhere, so that whoever compares it sees it fail. */
void gc_backward_only(struct gc_session *s, const double cotangent[], const double fill[],
                      double grads[]) {
    int failed = 0;
    s->report->n_backward++;
    if (s->k->backward != NULL) {
        fill_grads(s, fill);
        write_cotangents(s, cotangent);
        failed = s->k->backward(s->k->ctx);
    }
    if (failed == 0) {
        read_grads(s, grads);
        return;
    }
    for (size_t i = 0; i < s->n_entries; i++) {
        grads[i] = NAN;
    }
}

enum gc_outcome gc_backward(struct gc_session *s, const double cotangent[], const double fill[],
                            double grads[]) {
    bool wide = s->wide;
    s->wide = false;
    if (s->k->backward == NULL) {
        fill_grads(s, fill);
    }
    enum gc_outcome outcome = gc_forward(s, s->plus);
    s->wide = wide;
    if (outcome == GC_DONE || outcome == GC_NON_FINITE) {
        gc_backward_only(s, cotangent, fill, grads);
    }
    return outcome;
}
