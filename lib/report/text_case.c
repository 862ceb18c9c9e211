// SPDX-License-Identifier: MIT
#include "text_case.h"

#include "again.h"
#include "paint.h"
#include "text_baseline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_label(FILE *out, const char *label) {
    (void)fprintf(out, "  %-13s", label);
}

static void put_line(FILE *out, const char *label, const char *text) {
    put_label(out, label);
    put_scrubbed(out, text);
    (void)fputc('\n', out);
}

/* ---- golden values ---- */

static void put_mismatch(FILE *out, const struct gate_array *a) {
    char text[GATE_TEXT_SIZE];
    golden_comparison_text(&a->comparison, text, sizeof text);
    bool scalar = strncmp(text, "[]", 2) == 0;
    put_label(out, "golden");
    (void)fprintf(out, "%s%s%s\n", a->name, text[0] == '[' ? "" : ": ", text + (scalar ? 2 : 0));
}

static void put_golden_pass(FILE *out, const struct gate_case *c, size_t n_passed) {
    double share = 0;
    uint64_t ulp = 0;
    for (size_t i = 0; i < c->n_arrays; i++) {
        const struct golden_comparison *g = &c->arrays[i].comparison;
        if (g->verdict == GOLDEN_PASS) {
            share = g->max_share > share ? g->max_share : share;
            ulp = g->max_ulp > ulp ? g->max_ulp : ulp;
        }
    }
    put_label(out, "golden");
    (void)fprintf(out, "%zu of %zu arrays pass, at most %.2g of the bound used, %" PRIu64 " ULP",
                  n_passed, c->n_expected, share, ulp);
    if (c->n_left_out > 0) {
        (void)fprintf(out, "; %zu left out", c->n_left_out);
    }
    (void)fputc('\n', out);
}

static void put_golden(FILE *out, const struct gate_case *c) {
    size_t n_passed = 0;
    for (size_t i = 0; i < c->n_arrays; i++) {
        bool passed = c->arrays[i].comparison.verdict == GOLDEN_PASS;
        n_passed += passed;
        if (!passed) {
            put_mismatch(out, &c->arrays[i]);
        }
    }
    if (n_passed > 0) {
        put_golden_pass(out, c, n_passed);
    }
}

static void put_moved(FILE *out, const struct gate_case *c) {
    for (size_t i = 0; i < c->n_arrays; i++) {
        const struct golden_comparison *g = &c->arrays[i].comparison;
        if (g->has_numpy && g->n_numpy_equal < g->count) {
            text_moved(out, &c->arrays[i]);
        }
    }
}

/* ---- gradients ---- */

static void put_rules(FILE *out, const struct gradcheck_report *r) {
    for (size_t i = 0; i < GRADCHECK_N_RULES; i++) {
        const struct gradcheck_rule_report *rule = &r->rules[i];
        if (rule->verdict == GRADCHECK_FAIL || rule->waived) {
            put_label(out, rule->waived ? "waived" : "rule broken");
            (void)fprintf(out, "%s: ", gradcheck_rule_name((enum gradcheck_rule)i));
            put_scrubbed(out, rule->evidence);
            (void)fputc('\n', out);
        }
    }
}

static void put_tensor(FILE *out, const struct gradcheck_tensor_report *t) {
    const struct gradcheck_entry *e = &t->worst;
    char name[GRADCHECK_NAME_SIZE + 8];
    char place[GATE_TEXT_SIZE];
    (void)snprintf(name, sizeof name, "%s.grad", t->name);
    gate_place_text(name, e->place.ndim, e->place.index, place, sizeof place);
    put_label(out, gradcheck_verdict_name(t->verdict));
    (void)fprintf(out, "%s: backward %.17g, differences %.17g +- %.2g", place, e->backward,
                  e->numeric, e->bound);
    if (t->verdict == GRADCHECK_FAIL) {
        (void)fprintf(out, "; %zu entries fail, %zu pass", t->n_fail, t->n_pass + t->n_inaccurate);
    } else if (t->reason != GRADCHECK_NO_REASON) {
        (void)fprintf(out, "; %s", gradcheck_reason_name(t->reason));
    }
    (void)fputc('\n', out);
}

static void put_report(FILE *out, const struct report_options *options,
                       const struct gradcheck_report *r) {
    bool verbose = options != NULL && options->verbose;
    put_rules(out, r);
    for (size_t i = 0; i < r->n_tensors && i < GRADCHECK_MAX_TENSORS; i++) {
        if (verbose || r->tensors[i].verdict == GRADCHECK_FAIL) {
            put_tensor(out, &r->tensors[i]);
        }
    }
    if (r->diagnosis[0] != '\0') {
        put_label(out, "likely cause");
        put_scrubbed(out, r->diagnosis);
        (void)fprintf(out, " (confidence %.2g)\n", r->diagnosis_confidence);
    }
    if (r->controls.missed[0] != '\0') {
        put_line(out, "not caught", r->controls.missed);
    }
}

static void put_gradient(FILE *out, const struct report_options *options,
                         const struct gate_case *c) {
    put_label(out, "gradient");
    (void)fputs(gate_verdict_name(c->gradient), out);
    if (c->gradient == GATE_PASS && c->report != NULL) {
        (void)fprintf(out, ", resolution %.2g, %zu evaluations", c->report->resolution,
                      c->report->n_forward);
    }
    if (c->gradient_note[0] != '\0') {
        (void)fputs(": ", out);
        put_scrubbed(out, c->gradient_note);
    }
    (void)fputc('\n', out);
    if (c->report != NULL) {
        put_report(out, options, c->report);
    }
}

/* ---- the case ---- */

static void put_probes(FILE *out, const struct gate_case *c) {
    for (size_t i = 0; i < c->n_probes; i++) {
        const struct gate_probe *p = &c->probes[i];
        put_label(out, p->name);
        if (p->verdict != GATE_NOT_APPLICABLE) {
            (void)fprintf(out, "%s: ", gate_verdict_name(p->verdict));
        }
        put_scrubbed(out, p->note);
        (void)fputc('\n', out);
    }
}

enum { TALK_LINES = 10 };

/* The size of the first lines, n of them at most. */
static size_t first_lines(const char bytes[], size_t size, size_t n) {
    size_t end = 0;
    while (n > 0 && end < size) {
        n -= bytes[end++] == '\n';
    }
    return end;
}

static void put_talk(FILE *out, const struct gate_case *c) {
    if (c->talk_size == 0) {
        return;
    }
    put_label(out, "it said");
    const size_t shown = c->verdict >= GATE_ERROR
                             ? c->talk_size /* the reason may stand at the end */
                             : first_lines(c->talk, c->talk_size, TALK_LINES);
    (void)fprintf(out, "%zu bytes%s\n", c->talk_total,
                  c->talk_total > shown ? ", the first of them:" : ":");
    put_lines(out, "    | ", c->talk, shown);
}

void text_case(FILE *out, const struct gate_results *results, const struct report_options *options,
               const struct gate_suite *s, const struct gate_case *c) {
    char again[REPORT_TEXT_SIZE];
    (void)fputc('\n', out);
    paint(out, options, c->verdict, gate_verdict_name(c->verdict), 0);
    (void)fprintf(out, "  %s, case %s", s->name, c->id);
    if (c->flags[0] != '\0') {
        (void)fputs(" (", out);
        put_scrubbed(out, c->flags);
        (void)fputc(')', out);
    }
    (void)fputc('\n', out);
    if (c->finding[0] != '\0') {
        put_line(out, c->verdict == GATE_SKIPPED ? "its reason" : "finding", c->finding);
    }
    put_golden(out, c);
    if (s->baseline.exists) {
        put_moved(out, c);
    }
    put_probes(out, c);
    put_gradient(out, options, c);
    put_talk(out, c);
    again_text(results, options, s->name, c->id, again, sizeof again);
    if (again[0] != '\0') {
        put_line(out, "again with", again);
    }
}
