// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "engine.h"

/* Random choices of a phase depend on the seed, the point and the phase alone, so that one phase's
 * needs do not shift another's. */
enum stream { STREAM_COTANGENT = 1, STREAM_CONTRACT, STREAM_ROUNDING, STREAM_ELEMENTWISE };

static void use_stream(struct gc_session *s, enum stream stream) {
    gc_random_seed(&s->random, s->options.seed, 64 * (s->point + 1) + (uint64_t)stream);
}

static void name_tensors(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            struct gradcheck_tensor_report *t = &s->report->tensors[s->report->n_tensors++];
            gc_text(t->name, sizeof t->name, "%s", s->inputs[i].t->name);
            t->n_entries = s->inputs[i].count;
        }
    }
}

static void scale_grads(struct gc_session *s) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            s->grad[e] /= in->scale;
        }
    }
}

/* Forward and backward at the point; false if there is nothing to compare there. */
static bool open_point(struct gc_session *s, size_t point) {
    struct gradcheck_point_report *report = &s->report->points[point];
    gc_choose_point(s, point);
    use_stream(s, STREAM_COTANGENT);
    gc_choose_cotangent(s);
    enum gc_outcome outcome = gc_forward(s, s->y0);
    if (outcome == GC_DONE && s->n_checked > 0) {
        outcome = gc_backward(s, s->cotangent, NULL, s->grad);
    }
    static const enum gradcheck_reason reasons[] = {
        [GC_REFUSED] = GRADCHECK_DOMAIN_EDGE,
        [GC_NON_FINITE] = GRADCHECK_NON_FINITE,
        [GC_STOPPED] = GRADCHECK_BUDGET,
    };
    if (outcome != GC_DONE) {
        report->verdict = GRADCHECK_INCONCLUSIVE;
        report->reason = reasons[outcome];
    }
    return outcome == GC_DONE;
}

static void check_point(struct gc_session *s, bool *contract_done) {
    if (!*contract_done) {
        use_stream(s, STREAM_CONTRACT);
        gc_check_contract(s);
        s->report->n_forward_contract = s->report->n_forward;
        *contract_done = true;
    }
    scale_grads(s);
    use_stream(s, STREAM_ROUNDING);
    gc_measure_rounding(s);
    use_stream(s, STREAM_ELEMENTWISE);
    size_t before = s->report->n_forward;
    gc_check_elementwise(s);
    s->report->n_forward_elementwise += s->report->n_forward - before;
    gc_judge_point(s);
}

enum gradcheck_status gradcheck_run(const struct gradcheck_kernel *k,
                                    const struct gradcheck_options *options,
                                    struct gradcheck_report *report) {
    if (report == NULL) {
        return GRADCHECK_E_NULL;
    }
    struct gc_session s;
    enum gradcheck_status status = gc_session_open(&s, k, options, report);
    if (status == GRADCHECK_OK) {
        bool contract_done = false;
        name_tensors(&s);
        report->n_points = s.options.n_points;
        for (size_t point = 0; point < s.options.n_points && !s.stopped; point++) {
            if (open_point(&s, point)) {
                check_point(&s, &contract_done);
            } else if (point == 0 && report->points[0].reason == GRADCHECK_DOMAIN_EDGE) {
                status = GRADCHECK_E_FORWARD;
                gc_text(report->summary, sizeof report->summary, "%s",
                        gradcheck_status_text(status));
                break;
            }
        }
    }
    if (status == GRADCHECK_OK) {
        gc_conclude(&s);
    }
    gc_session_close(&s);
    return status;
}
