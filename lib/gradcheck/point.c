// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "engine.h"

double gc_tensor_scale(const struct gc_session *s, const struct gc_input *in) {
    double rms = gc_rms(s->base + in->first, in->count);
    return rms > 0 ? rms : 1;
}

double gc_moved(const struct gc_input *in, double value, double by, double scale) {
    double moved = value == 0 ? by * scale : value * (1 + by);
    moved = fmin(fmax(moved, in->lower), in->upper);
    moved = gc_dtype_round(in->t->dtype, moved);
    return isfinite(value) && moved >= in->lower && moved <= in->upper ? moved : value;
}

/* Point 0 is what the caller left in the buffers; the others depend on the seed and their number
 * alone: each entry by up to a quarter. Inputs without a grad are parameters of the function and
 * stay. */
void gc_choose_point(struct gc_session *s, size_t point) {
    s->point = point;
    memset(s->alive, 0, s->n_outs);
    gc_random_seed(&s->random, s->options.seed, 1000 + point);
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (in->is_float) {
            gc_tensor_restore(in->t, in->t->value, s->saved + in->raw);
            gc_tensor_read(in->t, in->t->value, s->base + in->first);
        }
    }
    for (size_t i = 0; point > 0 && i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (!in->checked && in->t->tangent == NULL) {
            continue;
        }
        double scale = in->is_float ? gc_tensor_scale(s, in) : 0;
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double by = 0.5 * gc_random_uniform(&s->random) - 0.25;
            s->base[e] = gc_moved(in, s->base[e], by, scale);
        }
    }
    gc_write_point(s, s->base);
}

/* Random sign x [0.5, 1.5]: no entry is left out, and no two cancel but by chance. A loss has 1. */
void gc_choose_cotangent(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gc_output *out = &s->outputs[i];
        for (size_t e = out->first; out->is_float && e < out->first + out->count; e++) {
            double u = gc_random_signed(&s->random);
            s->cotangent[e] = out->has_cotangent ? gc_dtype_round(out->t->dtype, u) : 1;
        }
    }
}
