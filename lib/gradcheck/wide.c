// SPDX-License-Identifier: MIT
/* A wider forward is the truth for float32, if it is the same function: held against the narrow one
 * at the point and, as a derivative, along a random direction. */
#include <math.h>
#include <string.h>

#include "screen.h"

/* The narrow forward's own rounding is not known, only that it is no more than half its digits. */
static bool values_agree(const struct gc_session *s, struct gradcheck_rule_report *r) {
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        if (!out->is_float) {
            continue;
        }
        double scale = gc_rms(s->y0 + out->first, out->count);
        double share = 4 * sqrt(gc_dtype_epsilon(out->t->dtype));
        for (size_t i = out->first; i < out->first + out->count; i++) {
            double allowed = share * fmax(fabs(s->y0[i]), scale);
            if (!(fabs(s->plus[i] - s->y0[i]) <= allowed)) {
                gc_text(r->evidence, sizeof r->evidence, "%s element %zu: forward %.9g, wide %.17g",
                        out->t->name, i - out->first, s->y0[i], s->plus[i]);
                return false;
            }
        }
    }
    return true;
}

/* By how much of itself each output is off beyond what nudged inputs showed, into
 * cotangent_scratch; the largest of them. */
static double hidden_rounding(struct gc_session *s) {
    double largest = 0;
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double size = fabs(s->plus[i]);
            double off = fabs(s->plus[i] - s->y0[i]);
            double hidden = off > 2 * s->wobble[i] && size > 0 ? off / size : 0;
            s->cotangent_scratch[i] = hidden;
            largest = fmax(largest, hidden);
        }
    }
    return largest;
}

/* What the gradient changes by if every output's share of it is off by as much as the output. */
static void backward_of_hidden(struct gc_session *s, double largest, double grads[]) {
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double sign = gc_random_bits(&s->random) % 2 ? 1 : -1;
            double part = sign * s->cotangent[i] * (s->cotangent_scratch[i] / largest);
            s->minus[i] = gc_dtype_round(out->t->dtype, part);
        }
    }
    if (gc_backward(s, s->minus, NULL, grads) != GC_DONE) {
        memset(grads, 0, s->n_entries * sizeof grads[0]);
    }
}

/* Where forward itself is off by more than nudged inputs showed (all of them may share one rounding
 * of a large argument), backward, which works in the same precision from the same intermediates,
 * may be too: that counts as backward's own. */
static void share_rounding(struct gc_session *s) {
    enum { DRAWS = 8 };
    double largest = hidden_rounding(s);
    double *grads = s->scratch;
    double *most = s->scratch + s->n_entries;
    memset(most, 0, s->n_entries * sizeof most[0]);
    for (int draw = 0; draw < DRAWS && largest > 0; draw++) {
        backward_of_hidden(s, largest, grads);
        for (size_t e = 0; e < s->n_entries; e++) {
            const struct gc_input *in = gc_input_of(s, e);
            double size = in->checked ? fabs(grads[e] / in->scale) : 0;
            most[e] = isfinite(size) ? fmax(most[e], size) : most[e];
        }
    }
    for (size_t e = 0; e < s->n_entries; e++) {
        s->rounding[e] += 2 * largest * most[e];
    }
}

static struct gc_estimate derivative(struct gc_session *s) {
    struct gc_line line;
    gc_forget_noise(s);
    return gc_screen_line(s, &line, 0.1, 8);
}

/* Leaves the session wide. */
static bool derivatives_agree(struct gc_session *s, struct gradcheck_rule_report *r) {
    gc_choose_direction(s, 1000, 0, s->n_entries);
    struct gc_estimate narrow = derivative(s);
    s->wide = true;
    bool done = gc_forward(s, s->y0) == GC_DONE;
    struct gc_estimate wide = done ? derivative(s) : narrow;
    if (!done || !isfinite(narrow.bound) || !isfinite(wide.bound)) {
        return true;
    }
    if (!(fabs(narrow.value - wide.value) <= narrow.bound + wide.bound)) {
        gc_text(r->evidence, sizeof r->evidence,
                "along a direction: forward %.9g +- %.1g, wide %.17g +- %.1g", narrow.value,
                narrow.bound, wide.value, wide.bound);
        return false;
    }
    return true;
}

static bool wide_refused(const struct gc_session *s, struct gradcheck_rule_report *r) {
    if (!s->stopped) {
        gc_text(r->evidence, sizeof r->evidence, "forward_wide refused, or was not finite");
    }
    return false;
}

/* From here to the end of the point, probes call forward_wide. False: the two are not the same
 * function, and no verdict on backward is possible. */
bool gc_widen(struct gc_session *s) {
    struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES];
    if (s->k->forward_wide == NULL) {
        return true;
    }
    gc_phase(s, "wide", 1);
    s->wide = true;
    enum gc_outcome outcome = gc_forward(s, s->plus);
    s->wide = false;
    if (outcome != GC_DONE) {
        return wide_refused(s, r);
    }
    bool agree = values_agree(s, r);
    if (agree) {
        share_rounding(s);
        agree = derivatives_agree(s, r);
    }
    if (!agree) {
        r->verdict = GRADCHECK_INCONCLUSIVE;
        return false;
    }
    r->verdict = GRADCHECK_PASS;
    s->epsilon = gc_dtype_epsilon(GRADCHECK_F64);
    return gc_forward(s, s->y0) == GC_DONE || wide_refused(s, r);
}
