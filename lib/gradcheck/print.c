// SPDX-License-Identifier: MIT
#include <math.h>

#include "engine.h"

static void print_reason(FILE *stream, enum gradcheck_reason reason) {
    if (reason != GRADCHECK_NO_REASON) {
        (void)fprintf(stream, " (%s)", gradcheck_reason_name(reason));
    }
}

/* Decimal for the eye, hexadecimal to reproduce. */
static void print_entry(const struct gradcheck_entry *e, FILE *stream) {
    char place[128];
    gc_place_text(&e->place, place, sizeof place);
    (void)fprintf(stream, "    %s: %s", place, gradcheck_verdict_name(e->verdict));
    print_reason(stream, e->reason);
    (void)fprintf(stream, " at point %zu: backward %.17g, numeric %.17g, bound %.2g\n", e->point,
                  e->backward, e->numeric, e->bound);
    (void)fprintf(stream, "      value %a, step %a, backward %a, numeric %a\n", e->value, e->step,
                  e->backward, e->numeric);
}

static void print_tensor(const struct gradcheck_tensor_report *t, FILE *stream) {
    (void)fprintf(stream, "  %-12s %s", t->name, gradcheck_verdict_name(t->verdict));
    print_reason(stream, t->reason);
    (void)fprintf(stream, ": %zu entries", t->n_entries);
    if (t->n_pass > 0) {
        (void)fprintf(stream, ", %zu pass (resolution %.1e, median %.1e)", t->n_pass,
                      t->worst_resolution, t->median_resolution);
    }
    if (t->n_subgradient > 0) {
        (void)fprintf(stream, ", %zu of them as subgradients", t->n_subgradient);
    }
    if (t->n_inaccurate > 0) {
        (void)fprintf(stream, ", %zu inaccurate", t->n_inaccurate);
    }
    if (t->n_inconclusive > 0) {
        (void)fprintf(stream, ", %zu inconclusive", t->n_inconclusive);
    }
    if (t->n_fail > 0) {
        (void)fprintf(stream, ", %zu fail", t->n_fail);
    }
    if (t->n_uncovered > 0) {
        (void)fprintf(stream, ", %zu not looked at", t->n_uncovered);
    }
    (void)fputc('\n', stream);
    if (t->verdict != GRADCHECK_PASS && t->worst.verdict != GRADCHECK_NOT_CHECKED) {
        print_entry(&t->worst, stream);
    }
}

static void print_rules(const struct gradcheck_report *r, FILE *stream) {
    size_t passed = 0;
    for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
        const struct gradcheck_rule_report *report = &r->rules[rule];
        passed += report->verdict == GRADCHECK_PASS;
        if (report->verdict == GRADCHECK_FAIL) {
            (void)fprintf(stream, "  rule %s %s: %s\n",
                          gradcheck_rule_name((enum gradcheck_rule)rule),
                          report->waived ? "waived" : "broken", report->evidence);
        }
    }
    (void)fprintf(stream, "  %zu contract rules kept\n", passed);
}

static void print_screen(const struct gradcheck_screen_report *screen, FILE *stream) {
    if (screen->verdict == GRADCHECK_NOT_CHECKED) {
        return;
    }
    (void)fprintf(stream, "  screen %s: %zu directions", gradcheck_verdict_name(screen->verdict),
                  screen->n_directions);
    if (screen->resolution > 0) {
        (void)fprintf(stream, ", resolution %.1e, chance of missing ten times that %.1e",
                      screen->resolution, screen->miss_probability);
    }
    (void)fputc('\n', stream);
    if (screen->evidence[0] != '\0') {
        (void)fprintf(stream, "    %s\n", screen->evidence);
    }
}

int gradcheck_print(const struct gradcheck_report *r, FILE *stream) {
    (void)fprintf(stream, "%s: %s", r->kernel, gradcheck_verdict_name(r->verdict));
    print_reason(stream, r->reason);
    (void)fprintf(stream, "%s%s\n", r->summary[0] ? ": " : "", r->summary);
    for (size_t t = 0; t < r->n_tensors; t++) {
        print_tensor(&r->tensors[t], stream);
    }
    print_rules(r, stream);
    print_screen(&r->screen, stream);
    if (r->diagnosis[0] != '\0') {
        (void)fprintf(stream, "  likely cause: %s (confidence %.0f %%)\n", r->diagnosis,
                      100 * r->diagnosis_confidence);
    }
    if (r->controls.missed[0] != '\0') {
        (void)fprintf(stream, "  controls missed: %s\n", r->controls.missed);
    }
    (void)fprintf(stream, "  %zu forward and %zu backward calls at %zu points, seed %llu%s\n",
                  r->n_forward, r->n_backward, r->n_points, (unsigned long long)r->seed,
                  r->repeatable ? "" : ", ended by the clock: not repeatable");
    return ferror(stream) ? -1 : 0;
}
