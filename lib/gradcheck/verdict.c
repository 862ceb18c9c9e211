// SPDX-License-Identifier: MIT
#include <math.h>

#include "diagnosis.h"
#include "screen.h"

/* Root mean square of the derivatives found, or of the gradient if none was. */
double gc_gradient_scale(const struct gc_session *s, const struct gc_input *in) {
    double largest = 0;
    size_t seen = 0;
    for (size_t e = in->first; e < in->first + in->count; e++) {
        if ((s->state[e] & GC_SEEN) != 0 && isfinite(s->numeric[e]) && isfinite(s->bound[e])) {
            largest = fmax(largest, fabs(s->numeric[e]));
            seen++;
        }
    }
    double sum = 0;
    for (size_t e = in->first; e < in->first + in->count && largest > 0; e++) {
        if ((s->state[e] & GC_SEEN) != 0 && isfinite(s->numeric[e]) && isfinite(s->bound[e])) {
            sum += (s->numeric[e] / largest) * (s->numeric[e] / largest);
        }
    }
    return seen > 0 ? largest * sqrt(sum / (double)seen) : gc_rms(s->grad + in->first, in->count);
}

struct gc_claim gc_claim_of(const struct gc_session *s, const struct gc_input *in, size_t entry,
                            double scale) {
    bool kink = (s->state[entry] & GC_AT_KINK) != 0;
    return (struct gc_claim){
        .backward = s->grad[entry],
        .numeric = s->numeric[entry],
        .bound = s->bound[entry],
        /* a nudge off a kink changes the gradient by more than rounding */
        .rounding =
            kink ? 8 * gc_dtype_epsilon(in->t->dtype) * fabs(s->grad[entry]) : s->rounding[entry],
        .scale = scale,
        .epsilon = fmax(s->epsilon, gc_dtype_epsilon(in->t->dtype)),
        .kink = kink,
        .tie_broken = (s->state[entry] & GC_TIE_BROKEN) != 0,
        .doubt = (enum gradcheck_reason)((s->state[entry] & (GC_TIE_BROKEN - 1)) / GC_DOUBT),
    };
}

static double share(const struct gradcheck_entry *e) {
    double error = fabs(e->backward - e->numeric);
    return isnan(error) ? INFINITY : error / e->bound;
}

static void keep_worst(struct gradcheck_tensor_report *report, const struct gradcheck_entry *e) {
    struct gradcheck_entry *worst = &report->worst;
    bool more_severe = e->verdict > worst->verdict;
    bool as_severe = e->verdict == worst->verdict;
    if (more_severe || (as_severe && !(share(e) <= share(worst)))) {
        *worst = *e;
    }
}

static void count_entry(struct gc_session *s, struct gradcheck_tensor_report *report,
                        const struct gradcheck_entry *e, size_t entry) {
    switch (e->verdict) {
    case GRADCHECK_PASS:
        report->n_pass++;
        report->n_subgradient += e->reason == GRADCHECK_KINK;
        break;
    case GRADCHECK_INACCURATE:
        report->n_inaccurate++;
        break;
    case GRADCHECK_FAIL:
        report->n_fail++;
        break;
    default:
        report->n_inconclusive++;
    }
    if (e->verdict == GRADCHECK_PASS || e->verdict == GRADCHECK_INACCURATE) {
        s->shown[entry] = 1;
        if (e->reason != GRADCHECK_KINK) {
            report->worst_resolution = fmax(report->worst_resolution, e->resolution);
        }
    }
    keep_worst(report, e);
    if (s->options.on_entry != NULL) {
        s->options.on_entry(s->options.on_entry_ctx, e);
    }
}

static struct gradcheck_entry entry_report(struct gc_session *s, const struct gc_input *in,
                                           size_t e, double scale) {
    struct gc_claim claim = gc_claim_of(s, in, e, scale);
    struct gc_judgement j = gc_judge(&claim);
    struct gradcheck_entry entry = {
        .verdict = j.verdict,
        .reason = j.reason,
        .point = s->point,
        .value = s->base[e],
        .backward = claim.backward,
        .numeric = claim.numeric,
        .bound = claim.bound + claim.rounding,
        .resolution = j.resolution,
        .step = s->step[e],
    };
    gc_place_of(s, e, &entry.place);
    return entry;
}

static bool vacuous(const struct gc_session *s, const struct gc_input *in) {
    for (size_t e = in->first; e < in->first + in->count; e++) {
        bool seen = (s->state[e] & GC_SEEN) != 0;
        if (!(s->grad[e] == 0) || (s->state[e] & GC_AT_KINK) != 0 ||
            (seen && !(fabs(s->numeric[e]) <= s->bound[e]))) {
            return false;
        }
    }
    return true;
}

static void judge_tensor(struct gc_session *s, const struct gc_input *in,
                         struct gradcheck_tensor_report *report,
                         struct gradcheck_point_report *point) {
    double scale = gc_gradient_scale(s, in);
    bool empty = vacuous(s, in);
    size_t seen = 0;
    enum gradcheck_verdict worst = GRADCHECK_NOT_CHECKED;
    enum gradcheck_reason why = GRADCHECK_NO_REASON;
    for (size_t e = in->first; e < in->first + in->count; e++) {
        if ((s->state[e] & GC_SEEN) == 0) {
            continue;
        }
        struct gradcheck_entry entry = entry_report(s, in, e, scale);
        if (empty && entry.verdict != GRADCHECK_FAIL) {
            entry.verdict = GRADCHECK_INCONCLUSIVE;
            entry.reason = GRADCHECK_VACUOUS;
        }
        count_entry(s, report, &entry, e);
        if (entry.verdict > worst) {
            worst = entry.verdict;
            why = entry.reason;
        }
        if (entry.verdict == GRADCHECK_PASS || entry.verdict == GRADCHECK_INACCURATE) {
            s->scratch[seen++] = entry.resolution;
        }
    }
    report->median_resolution = fmax(report->median_resolution, gc_median(s->scratch, seen));
    if (worst > point->verdict) {
        point->verdict = worst;
        point->reason = why;
    }
}

void gc_judge_entries(struct gc_session *s) {
    struct gradcheck_point_report *point = &s->report->points[s->point];
    size_t t = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            judge_tensor(s, &s->inputs[i], &s->report->tensors[t++], point);
        }
    }
}

/* A screen that fails although every entry passed: two numeric truths disagree. Where not every
 * entry was looked at, the gradient is wrong all the same. */
void gc_judge_screen(struct gc_session *s, const struct gc_screen *screen) {
    struct gradcheck_point_report *point = &s->report->points[s->point];
    bool all_seen = true;
    for (size_t e = 0; e < s->n_entries; e++) {
        all_seen = all_seen && (!gc_input_of(s, e)->checked || (s->state[e] & GC_SEEN) != 0);
    }
    s->n_screened += screen->verdict == GRADCHECK_PASS;
    if (point->verdict == GRADCHECK_FAIL || screen->verdict == GRADCHECK_NOT_CHECKED) {
        return;
    }
    if (point->reason == GRADCHECK_BUDGET && all_seen) {
        return; /* not every entry was judged */
    }
    if (screen->verdict == GRADCHECK_FAIL) {
        point->verdict = all_seen ? GRADCHECK_INCONCLUSIVE : GRADCHECK_FAIL;
        point->reason = all_seen ? GRADCHECK_NUMERICS : GRADCHECK_NO_REASON;
    } else if (!all_seen && screen->verdict > point->verdict) {
        point->verdict = screen->verdict;
        point->reason =
            screen->verdict == GRADCHECK_INCONCLUSIVE ? GRADCHECK_NOISE : GRADCHECK_NO_REASON;
    }
}

/* Fails if an entry does at any point; passes if every entry passed at some point, or nothing but
 * the screen looked at it, and that passed. */
static void conclude_tensor(const struct gc_session *s, const struct gc_input *in,
                            struct gradcheck_tensor_report *report) {
    size_t shown = 0;
    for (size_t e = in->first; e < in->first + in->count; e++) {
        shown += s->shown[e] != 0;
    }
    size_t judged = report->n_pass + report->n_inaccurate + report->n_inconclusive + report->n_fail;
    bool screened = s->n_screened > 0 && judged == 0;
    report->n_uncovered =
        shown < in->count && s->n_screened == 0 && judged < in->count ? in->count - shown : 0;
    report->verdict = report->n_fail > 0               ? GRADCHECK_FAIL
                      : shown < in->count && !screened ? GRADCHECK_INCONCLUSIVE
                      : report->n_inaccurate > 0       ? GRADCHECK_INACCURATE
                                                       : GRADCHECK_PASS;
    if (screened && report->verdict == GRADCHECK_PASS) {
        report->worst_resolution = s->report->screen.resolution;
    }
    report->reason = report->verdict == GRADCHECK_PASS ? GRADCHECK_NO_REASON : report->worst.reason;
    if (report->verdict == GRADCHECK_INCONCLUSIVE && report->reason == GRADCHECK_NO_REASON) {
        report->reason = GRADCHECK_BUDGET;
    }
}

static void worsen(struct gradcheck_report *r, enum gradcheck_verdict verdict,
                   enum gradcheck_reason reason) {
    if (verdict > r->verdict) {
        r->verdict = verdict;
        r->reason = reason;
    }
}

/* The rules of the forward-mode product decide alone where there is no backward. */
static void conclude_jvp(struct gradcheck_report *r) {
    static const enum gradcheck_rule rules[] = {
        GRADCHECK_RULE_JVP_IS_DERIVATIVE,
        GRADCHECK_RULE_JVP_IS_ADJOINT,
        GRADCHECK_RULE_JVP_SYMMETRIC,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        worsen(r, r->rules[rules[i]].waived ? GRADCHECK_NOT_CHECKED : r->rules[rules[i]].verdict,
               r->rules[rules[i]].verdict == GRADCHECK_INCONCLUSIVE ? GRADCHECK_NOISE
                                                                    : GRADCHECK_NO_REASON);
    }
}

static void conclude_rules(struct gradcheck_report *r) {
    for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
        if (r->rules[rule].verdict == GRADCHECK_FAIL && !r->rules[rule].waived) {
            worsen(r, GRADCHECK_FAIL, GRADCHECK_NO_REASON);
        }
    }
}

/* Why nothing was proved, where no entry shows it. */
static void summarise_unproved(struct gradcheck_report *r) {
    const char *wide = r->rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence;
    const char *why = "";
    if (r->reason == GRADCHECK_NUMERICS && wide[0] != '\0') {
        gc_text(r->summary, sizeof r->summary, "no verdict with forward_wide: %.200s", wide);
        return;
    }
    if (r->reason == GRADCHECK_NUMERICS) {
        why = "every entry agrees with its difference, but random directions do not";
    } else if (r->reason == GRADCHECK_CONTROL_MISSED) {
        why = "errors that were put in on purpose were not noticed";
    } else if (r->reason == GRADCHECK_BUDGET) {
        why = "the run was ended before everything was looked at";
    }
    gc_text(r->summary, sizeof r->summary, "%s", why);
}

/* One sentence: the first broken rule, else the tensor that decided. */
static void summarise(struct gradcheck_report *r) {
    char *out = r->summary;
    size_t size = sizeof r->summary;
    for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
        if (r->rules[rule].verdict == GRADCHECK_FAIL && !r->rules[rule].waived) {
            gc_text(out, size, "%s: %.200s", gradcheck_rule_name((enum gradcheck_rule)rule),
                    r->rules[rule].evidence);
            return;
        }
    }
    for (size_t t = 0; t < r->n_tensors; t++) {
        const struct gradcheck_entry *e = &r->tensors[t].worst;
        if (r->tensors[t].verdict == r->verdict && r->verdict > GRADCHECK_INACCURATE &&
            e->verdict == r->verdict) {
            char place[128];
            gc_place_text(&e->place, place, sizeof place);
            gc_text(out, size, "%.100s.grad is %.17g, and by differences %.17g +- %.1g", place,
                    e->backward, e->numeric, e->bound);
            return;
        }
    }
    if (r->verdict == GRADCHECK_FAIL) {
        gc_text(out, size, "the gradient is not the derivative along random directions");
        return;
    }
    if (r->verdict == GRADCHECK_PASS || r->verdict == GRADCHECK_INACCURATE) {
        gc_text(out, size, "the gradient is the derivative, to %.1e", r->resolution);
        return;
    }
    summarise_unproved(r);
}

void gc_conclude(struct gc_session *s) {
    struct gradcheck_report *r = s->report;
    gc_apply_waivers(s);
    for (size_t p = 0; p < r->n_points; p++) {
        if (r->points[p].verdict == GRADCHECK_FAIL || r->points[p].reason == GRADCHECK_NUMERICS) {
            worsen(r, r->points[p].verdict, r->points[p].reason);
        }
    }
    size_t t = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            struct gradcheck_tensor_report *tensor = &r->tensors[t++];
            conclude_tensor(s, &s->inputs[i], tensor);
            worsen(r, tensor->verdict, tensor->reason);
            r->resolution = fmax(r->resolution, tensor->worst_resolution);
        }
    }
    conclude_rules(r);
    if (s->k->jvp != NULL) {
        conclude_jvp(r);
    }
    if (r->controls.n_caught < r->controls.n_applied) {
        worsen(r, GRADCHECK_INCONCLUSIVE, GRADCHECK_CONTROL_MISSED);
    }
    if (s->stopped) {
        worsen(r, GRADCHECK_INCONCLUSIVE, GRADCHECK_BUDGET);
    }
    summarise(r);
    gc_conclude_diagnosis(s);
}
