// SPDX-License-Identifier: MIT
/* The table of hypotheses, and what of all that they say is reported. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diagnosis.h"
#include "elementwise.h"

/* FOCUSED: without the slices in which all is right; ANYWHERE: and, where a condition tells what is
 * wrong, on that alone. */
enum view { WHOLE, CONDITION, FOCUSED, ANYWHERE, JUDGED };

enum { MOST_JACOBIANS = 2 };

static const struct {
    enum view view;
    gc_hypothesis *holds;
} HYPOTHESES[] = {
    {WHOLE, gc_guess_left_out},
    {WHOLE, gc_guess_survivor},
    {CONDITION, gc_guess_threshold},
    {ANYWHERE, gc_guess_constant},
    {ANYWHERE, gc_guess_function},
    {ANYWHERE, gc_guess_two_values},
    {ANYWHERE, gc_guess_incomplete},
    {FOCUSED, gc_guess_contributions},
    {WHOLE, gc_guess_power},
    {WHOLE, gc_guess_complement},
    {FOCUSED, gc_guess_of_output},
    {FOCUSED, gc_guess_first_row_only},
    {WHOLE, gc_guess_known_value},
    {WHOLE, gc_guess_misplaced},
    {FOCUSED, gc_guess_moved},
    {FOCUSED, gc_guess_other_gradient},
    {ANYWHERE, gc_guess_wrong_element},
    {FOCUSED, gc_guess_wrong_addend},
    {FOCUSED, gc_guess_wrong_function},
    {FOCUSED, gc_guess_direct_term},
    {FOCUSED, gc_guess_sums},
    {WHOLE, gc_guess_last_output},
    {FOCUSED, gc_guess_term},
    {FOCUSED, gc_guess_coupling},
    {FOCUSED, gc_guess_one_of_two_sums},
    {FOCUSED, gc_guess_product_rule},
    {JUDGED, gc_guess_low_precision},
    {JUDGED, gc_guess_ties},
};

static const double LEAST_CONFIDENCE = 0.5;
static const double SURE = 0.9; /* no further question is asked */

void gc_guess(struct gc_guess *guess, enum gradcheck_cause cause, double confidence,
              const char *format, ...) {
    if (confidence <= guess->confidence) {
        return;
    }
    guess->cause = cause;
    guess->confidence = confidence;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(guess->text, sizeof guess->text, format, arguments);
    va_end(arguments);
}

static bool input_failed(const struct gc_session *s, const struct gc_input *in) {
    for (size_t e = in->first; e < in->first + in->count; e++) {
        if ((s->state[e] & GC_SEEN) != 0 &&
            (gc_is_wrong(s, e) || (s->state[e] & GC_TIE_BROKEN) != 0)) {
            return true;
        }
    }
    return false;
}

static void try_hypotheses(struct gc_table *t, enum view view, struct gc_guess *best) {
    for (size_t i = 0; i < sizeof HYPOTHESES / sizeof HYPOTHESES[0]; i++) {
        if (HYPOTHESES[i].view == view) {
            HYPOTHESES[i].holds(t, best);
        }
    }
}

/* Where a condition on a value tells what is wrong, something may explain those elements alone. */
static void diagnose_table(struct gc_table *t, struct gc_guess *best) {
    try_hypotheses(t, JUDGED, best);
    if (t->n_wrong == 0) {
        return;
    }
    try_hypotheses(t, WHOLE, best);
    if (best->cause == GRADCHECK_CAUSE_NOT_WRITTEN) {
        return;
    }
    struct gc_guess condition = {.cause = GRADCHECK_CAUSE_NONE};
    try_hypotheses(t, CONDITION, &condition);
    gc_table_focus(t);
    try_hypotheses(t, FOCUSED, best);
    try_hypotheses(t, ANYWHERE, best);
    if (condition.cause != GRADCHECK_CAUSE_NONE) {
        gc_table_ignore_right(t);
        try_hypotheses(t, ANYWHERE, best);
        gc_guess(best, condition.cause, condition.confidence, "%s", condition.text);
    }
}

struct vote {
    struct gc_guess best[GRADCHECK_N_CAUSES];
    double sum[GRADCHECK_N_CAUSES];
    size_t n_wrong, n_explained;
};

/* The cause that most tensors name; those that name another, or none, weigh against it. */
static void count_votes(const struct vote *vote, struct gc_guess *guess) {
    int winner = GRADCHECK_CAUSE_NONE;
    double all = 0;
    for (int cause = 1; cause < GRADCHECK_N_CAUSES; cause++) {
        all += vote->sum[cause];
        winner = vote->sum[cause] > vote->sum[winner] ? cause : winner;
    }
    if (winner != GRADCHECK_CAUSE_NONE) {
        const double share = vote->sum[winner] / all;
        const double explained = (double)vote->n_explained / (double)vote->n_wrong;
        gc_guess(guess, (enum gradcheck_cause)winner,
                 vote->best[winner].confidence * (0.5 + 0.5 * share) * (0.8 + 0.2 * explained),
                 "%s", vote->best[winner].text);
    }
}

static void diagnose_tables(struct gc_session *s, const struct gc_jacobians *j,
                            struct gc_guess *guess) {
    struct vote vote = {.n_wrong = 0};
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (!s->inputs[i].checked || !input_failed(s, &s->inputs[i])) {
            continue;
        }
        struct gc_table table;
        struct gc_guess best = {.cause = GRADCHECK_CAUSE_NONE};
        gc_table_open(s, j, &s->inputs[i], &table);
        diagnose_table(&table, &best);
        vote.n_wrong++;
        vote.n_explained += best.cause != GRADCHECK_CAUSE_NONE;
        vote.sum[best.cause] += best.confidence;
        struct gc_guess *known = &vote.best[best.cause];
        *known = best.confidence > known->confidence ? best : *known;
    }
    count_votes(&vote, guess);
}

void gc_diagnose_point(struct gc_session *s) {
    struct gc_jacobians j;
    const struct gradcheck_point_report *point = &s->report->points[s->point];
    if (point->verdict < GRADCHECK_INACCURATE || point->verdict == GRADCHECK_INCONCLUSIVE ||
        s->options.no_diagnosis || s->guess.confidence >= SURE || s->stopped ||
        s->n_jacobians == MOST_JACOBIANS || !gc_jacobians_open(s, &j)) {
        return;
    }
    s->n_jacobians++;
    diagnose_tables(s, &j, &s->guess);
    gc_jacobians_close(&j);
}

/* Right where it was first asked and wrong everywhere else: it remembers. */
static bool right_only_at_first(const struct gc_session *s) {
    const struct gradcheck_report *r = s->report;
    bool only = r->n_points > 2 && r->points[0].verdict == GRADCHECK_PASS;
    for (size_t p = 1; p < r->n_points; p++) {
        only = only && r->points[p].verdict == GRADCHECK_FAIL;
    }
    return only;
}

void gc_conclude_diagnosis(struct gc_session *s) {
    struct gradcheck_report *r = s->report;
    struct gc_guess *guess = &s->guess;
    if (s->options.no_diagnosis ||
        (r->verdict != GRADCHECK_FAIL && r->verdict != GRADCHECK_INACCURATE)) {
        return;
    }
    if (right_only_at_first(s)) {
        gc_guess(guess, GRADCHECK_CAUSE_STALE_CACHE, 0.88,
                 "right at the first point and wrong at every later one: backward uses what the "
                 "first forward left behind");
    }
    if (guess->confidence >= LEAST_CONFIDENCE) {
        r->cause = guess->cause;
        r->diagnosis_confidence = guess->confidence;
        gc_text(r->diagnosis, sizeof r->diagnosis, "%s", guess->text);
    }
}
