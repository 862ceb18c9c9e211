// SPDX-License-Identifier: MIT
#include <math.h>

#include "elementwise.h"

static bool asked(const struct gc_session *s, double *const numeric[]) {
    bool any = false;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        any = any || (numeric[i] != NULL && s->inputs[i].is_float);
    }
    return any;
}

static void prepare(struct gc_session *s, double *const numeric[]) {
    s->forward_only = true;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        struct gc_input *in = &s->inputs[i];
        in->checked = numeric[i] != NULL && in->is_float;
    }
    for (size_t i = 0; i < s->k->n_outputs; i++) {
        const struct gc_output *out = &s->outputs[i];
        for (size_t e = out->first; out->is_float && e < out->first + out->count; e++) {
            s->cotangent[e] =
                out->has_cotangent ? gc_tensor_get(out->t, out->t->grad, e - out->first) : 1;
        }
    }
}

static void hand_over(const struct gc_session *s, double *const numeric[], double *const bound[]) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t j = 0; in->checked && j < in->count; j++) {
            size_t e = in->first + j;
            bool seen = (s->state[e] & GC_SEEN) != 0 && isfinite(s->bound[e]);
            numeric[i][j] = seen ? s->numeric[e] : NAN;
            if (bound != NULL && bound[i] != NULL) {
                bound[i][j] = seen ? s->bound[e] : INFINITY;
            }
        }
    }
}

enum gradcheck_status gradcheck_numeric_vjp(const struct gradcheck_kernel *k,
                                            const struct gradcheck_options *options,
                                            double *const numeric[], double *const bound[]) {
    if (k == NULL || numeric == NULL) {
        return GRADCHECK_E_NULL;
    }
    struct gradcheck_report report;
    struct gradcheck_kernel forward_only = *k;
    forward_only.jvp = NULL;
    forward_only.jvp_symmetric = false;
    struct gc_session s;
    enum gradcheck_status status = gc_session_open(&s, &forward_only, options, &report, true);
    if (status == GRADCHECK_OK && !asked(&s, numeric)) {
        status = GRADCHECK_E_NO_GRADIENT;
    }
    if (status == GRADCHECK_OK) {
        prepare(&s, numeric);
        enum gc_outcome outcome = gc_forward(&s, s.y0);
        if (outcome == GC_REFUSED) {
            status = GRADCHECK_E_FORWARD;
        } else if (outcome == GC_DONE && !gc_check_elementwise(&s)) {
            status = GRADCHECK_E_NO_MEMORY;
        }
    }
    if (status == GRADCHECK_OK) {
        hand_over(&s, numeric, bound);
    }
    gc_session_close(&s);
    return status;
}
