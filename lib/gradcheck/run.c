// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "diagnosis.h"
#include "elementwise.h"
#include "screen.h"

/* Random choices of a phase depend on the seed, the point and the phase alone, so that one phase's
 * needs do not shift another's. */
enum stream {
    STREAM_COTANGENT = 1,
    STREAM_CONTRACT,
    STREAM_ROUNDING,
    STREAM_SCREEN,
    STREAM_ELEMENTWISE,
    STREAM_LOCATION,
    STREAM_JVP,
    STREAM_WIDE
};

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
    s->wide = false;
    s->epsilon = s->narrow_epsilon;
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

static void check_contract(struct gc_session *s) {
    use_stream(s, STREAM_CONTRACT);
    gc_check_contract(s);
    gc_diagnose_contract(s);
    s->report->n_forward_contract = s->report->n_forward;
}

static void screen(struct gc_session *s, struct gc_screen *screen) {
    size_t before = s->report->n_forward;
    use_stream(s, STREAM_SCREEN);
    gc_check_screen(s, screen);
    s->report->n_forward_screen += s->report->n_forward - before;
}

/* Every entry if the budget has room for it, at this point and those to come; a first point is
 * worth it even if the others then go without. */
static bool affordable(const struct gc_session *s) {
    if (s->options.screen_only || s->stopped) {
        return false;
    }
    size_t left = s->options.max_evaluations - s->report->n_forward;
    size_t points = s->point == 0 ? 1 : s->options.n_points - s->point;
    return gc_elementwise_cost(s) <= left / points;
}

static bool check_point(struct gc_session *s, bool *contract_done) {
    if (!*contract_done) {
        check_contract(s);
        *contract_done = true;
    }
    scale_grads(s);
    use_stream(s, STREAM_ROUNDING);
    gc_measure_rounding(s);
    memset(s->state, GC_UNSEEN, s->n_entries);
    if (s->k->jvp != NULL) {
        use_stream(s, STREAM_JVP);
        gc_check_jvp(s);
    }
    if (s->n_checked == 0) {
        return true;
    }
    use_stream(s, STREAM_WIDE);
    if (!gc_widen(s)) {
        s->report->points[s->point].verdict = GRADCHECK_INCONCLUSIVE;
        s->report->points[s->point].reason = s->stopped ? GRADCHECK_BUDGET : GRADCHECK_NUMERICS;
        return true;
    }
    struct gc_screen found;
    screen(s, &found);
    size_t before = s->report->n_forward;
    bool complete = true;
    if (affordable(s)) {
        use_stream(s, STREAM_ELEMENTWISE);
        complete = gc_check_elementwise(s);
        gc_check_ties(s);
        gc_look_again(s);
        s->report->n_forward_elementwise += s->report->n_forward - before;
    } else if (found.n_fail > 0) {
        use_stream(s, STREAM_LOCATION);
        gc_locate(s, &found);
        s->report->n_forward_location += s->report->n_forward - before;
    }
    gc_judge_entries(s);
    enum gradcheck_verdict entries = s->report->points[s->point].verdict;
    if (found.verdict != GRADCHECK_PASS && !s->stopped &&
        (entries == GRADCHECK_PASS || entries == GRADCHECK_INACCURATE)) {
        gc_screen_deeply(s, &found);
    }
    gc_judge_screen(s, &found);
    gc_diagnose_point(s);
    if (s->report->points[s->point].verdict == GRADCHECK_PASS) {
        gc_run_controls(s, &found);
    }
    return complete;
}

enum gradcheck_status gradcheck_run(const struct gradcheck_kernel *k,
                                    const struct gradcheck_options *options,
                                    struct gradcheck_report *report) {
    if (report == NULL) {
        return GRADCHECK_E_NULL;
    }
    struct gc_session s;
    enum gradcheck_status status = gc_session_open(&s, k, options, report, false);
    if (status == GRADCHECK_OK) {
        bool contract_done = false;
        name_tensors(&s);
        gc_note_paddings(&s);
        report->n_points = s.options.n_points;
        for (size_t point = 0; point < s.options.n_points && !s.stopped; point++) {
            if (open_point(&s, point)) {
                if (!check_point(&s, &contract_done)) {
                    status = GRADCHECK_E_NO_MEMORY;
                    break;
                }
            } else if (point == 0 && report->points[0].reason == GRADCHECK_DOMAIN_EDGE) {
                status = GRADCHECK_E_FORWARD;
                break;
            }
        }
    }
    if (status == GRADCHECK_OK) {
        gc_conclude(&s);
    } else if (report->summary[0] == '\0') {
        gc_text(report->summary, sizeof report->summary, "%s", gradcheck_status_text(status));
    }
    gc_session_close(&s);
    return status;
}
