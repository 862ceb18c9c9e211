// SPDX-License-Identifier: MIT
/* A table with a line a kernel, then what is not a pass with its evidence, then one line that says
 * what it all came to. */
#include "report/report.h"

#include "paint.h"
#include "text_baseline.h"
#include "text_case.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_DETAILS = 2, MAX_LISTED = 8 }; /* cases of a kernel shown in full; named */

static bool is_verbose(const struct report_options *options) {
    return options != NULL && options->verbose;
}

/* ---- the table ---- */

static size_t name_width(const struct gate_results *results) {
    size_t width = strlen("kernel");
    for (size_t i = 0; i < results->n_suites; i++) {
        size_t length = strlen(results->suites[i].name);
        width = length > width ? length : width;
    }
    return width;
}

static void put_golden_columns(FILE *out, const struct gate_suite *s) {
    char passed[48];
    char ulp[24];
    size_t n_failed = s->by_golden.of[GATE_FAIL] + s->by_golden.of[GATE_ERROR];
    size_t n_passed = s->by_golden.of[GATE_PASS];
    if (s->n_arrays == 0) {
        (void)fprintf(out, "%9s %7s %6s", "-", "-", "-");
        return;
    }
    (void)snprintf(passed, sizeof passed, "%zu/%zu", n_passed, n_passed + n_failed);
    (void)snprintf(ulp, sizeof ulp, s->max_ulp < 100000 ? "%" PRIu64 : ">99999", s->max_ulp);
    (void)fprintf(out, "%9s %7.2g %6s", passed, s->worst_share, ulp);
}

static void put_gradient_columns(FILE *out, const struct gate_suite *s) {
    const size_t *of = s->by_gradient.of;
    size_t n = of[GATE_PASS] + of[GATE_INCONCLUSIVE] + of[GATE_FAIL] + of[GATE_ERROR];
    char passed[48] = "-";
    char resolution[32] = "-";
    char worst[32] = "-";
    char evaluations[32] = "-";
    if (n > 0) {
        (void)snprintf(passed, sizeof passed, "%zu/%zu", of[GATE_PASS], n);
        (void)snprintf(evaluations, sizeof evaluations, "%zu", s->n_evaluations);
    }
    if (of[GATE_PASS] > 0) {
        (void)snprintf(resolution, sizeof resolution, "%.1e", s->median_resolution);
        (void)snprintf(worst, sizeof worst, "%.1e", s->resolution);
    }
    (void)fprintf(out, " %9s %11s %8s %12s", passed, resolution, worst, evaluations);
}

static void put_row(FILE *out, const struct report_options *options, const struct gate_suite *s,
                    size_t width) {
    char place[GATE_TEXT_SIZE] = "";
    (void)fprintf(out, "%-*s  ", (int)width, s->name);
    paint(out, options, s->verdict, gate_verdict_name(s->verdict), strlen("inconclusive"));
    (void)fprintf(out, " %5zu", s->n_cases);
    put_golden_columns(out, s);
    put_gradient_columns(out, s);
    if (s->worst.case_id[0] != '\0') {
        gate_place_text(s->worst.tensor, s->worst.ndim, s->worst.index, place, sizeof place);
        (void)fprintf(out, "  %s of %s", place, s->worst.case_id);
    }
    (void)fputc('\n', out);
}

static void put_table(FILE *out, const struct gate_results *results,
                      const struct report_options *options) {
    size_t width = name_width(results);
    (void)fprintf(out, "%-*s  %-12s %5s%9s %7s %6s %9s %11s %8s %12s  %s\n", (int)width, "kernel",
                  "verdict", "cases", "golden", "share", "ULP", "gradient", "resolution",
                  "at worst", "evaluations", "worst place");
    for (size_t i = 0; i < results->n_suites; i++) {
        put_row(out, options, &results->suites[i], width);
    }
}

/* ---- what is not a pass ---- */

static void put_more(FILE *out, const struct gate_suite *s, size_t first, size_t n_left) {
    (void)fprintf(out, "\n%zu more of %s fail or cannot be checked:", n_left, s->name);
    size_t listed = 0;
    for (size_t i = first; i < s->n_cases && listed < MAX_LISTED; i++) {
        if (s->cases[i].verdict >= GATE_ERROR) {
            (void)fprintf(out, "%s %s", listed > 0 ? "," : "", s->cases[i].id);
            listed++;
        }
    }
    (void)fputs(n_left > MAX_LISTED ? ", ...\n" : "\n", out);
}

static void put_details(FILE *out, const struct gate_results *results,
                        const struct report_options *options, const struct gate_suite *s) {
    size_t n_bad = s->by_case.of[GATE_FAIL] + s->by_case.of[GATE_ERROR];
    size_t shown = 0;
    size_t next = 0;
    for (size_t i = 0; i < s->n_cases; i++) {
        bool bad = s->cases[i].verdict >= GATE_ERROR;
        if (is_verbose(options) || (bad && shown < MAX_DETAILS)) {
            text_case(out, results, options, s, &s->cases[i]);
            shown += bad;
            next = i + 1;
        }
    }
    if (n_bad > shown) {
        put_more(out, s, next, n_bad - shown);
    }
    if (s->finding[0] != '\0' && s->verdict != GATE_SKIPPED) {
        (void)fputc('\n', out);
        paint(out, options, s->verdict, gate_verdict_name(s->verdict), 0);
        (void)fprintf(out, "  %s: ", s->name);
        put_scrubbed(out, s->finding);
        (void)fputc('\n', out);
    }
}

static void put_undecided_of(FILE *out, const struct gate_suite *s) {
    size_t listed = 0;
    (void)fprintf(out, "  %s: ", s->name);
    for (size_t i = 0; i < s->n_cases; i++) {
        if (s->cases[i].gradient == GATE_INCONCLUSIVE) {
            if (listed < MAX_LISTED) {
                (void)fprintf(out, "%s%s", listed > 0 ? ", " : "", s->cases[i].id);
            }
            listed++;
        }
    }
    (void)fputs(listed > MAX_LISTED ? ", ...\n" : "\n", out);
}

static void put_undecided(FILE *out, const struct gate_results *results) {
    bool heading = false;
    for (size_t i = 0; i < results->n_suites; i++) {
        if (results->suites[i].by_gradient.of[GATE_INCONCLUSIVE] > 0) {
            (void)fputs(heading ? "" : "\nGradients left undecided (--verbose says why):\n", out);
            heading = true;
            put_undecided_of(out, &results->suites[i]);
        }
    }
}

/* ---- what a port was not asked, or did not answer ---- */

static void put_heading(FILE *out, bool *said, const char *heading) {
    (void)fputs(*said ? "" : heading, out);
    *said = true;
}

/* The first reason speaks for the others. */
static void put_skipped_of(FILE *out, bool *said, const struct gate_suite *s) {
    static const char heading[] = "\nNot verified:\n";
    const struct gate_case *forward = NULL;
    const struct gate_case *backward = NULL;
    for (size_t i = s->n_cases; i-- > 0;) {
        forward = s->cases[i].verdict == GATE_SKIPPED ? &s->cases[i] : forward;
        backward = s->cases[i].gradient == GATE_SKIPPED ? &s->cases[i] : backward;
    }
    if (forward != NULL) {
        put_heading(out, said, heading);
        (void)fprintf(out, "  %s: %zu of %zu cases skipped: ", s->name, s->by_case.of[GATE_SKIPPED],
                      s->n_cases);
        put_scrubbed(out, forward->finding);
        (void)fputc('\n', out);
    }
    if (backward != NULL) {
        put_heading(out, said, heading);
        (void)fprintf(out, "  %s: gradients in %zu of %zu cases: ", s->name,
                      s->by_gradient.of[GATE_SKIPPED], s->n_cases);
        put_scrubbed(out, backward->gradient_note);
        (void)fputc('\n', out);
    }
    if (s->n_left_out > 0) {
        put_heading(out, said, heading);
        (void)fprintf(out, "  %s: %zu cases, which are larger than asked for\n", s->name,
                      s->n_left_out);
    }
}

static void put_skipped(FILE *out, const struct gate_results *results) {
    bool said = false;
    for (size_t i = 0; i < results->n_suites; i++) {
        put_skipped_of(out, &said, &results->suites[i]);
    }
}

static void put_known(FILE *out, const struct gate_results *results) {
    bool said = false;
    for (size_t i = 0; i < results->n_suites; i++) {
        const struct gate_suite *s = &results->suites[i];
        for (size_t j = 0; j < s->n_cases; j++) {
            if (s->cases[j].verdict == GATE_KNOWN) {
                put_heading(out, &said, "\nFailures that were accepted:\n");
                (void)fprintf(out, "  %s/%s: ", s->name, s->cases[j].id);
                put_scrubbed(out, s->cases[j].finding);
                (void)fputc('\n', out);
            }
        }
    }
}

static void put_port(FILE *out, const struct gate_port_report *port) {
    (void)fputs("port ", out);
    put_scrubbed(out, port->target);
    (void)fputs(port->text[0] != '\0' ? ": " : "", out);
    put_scrubbed(out, port->text);
    (void)fputs(port->flush_to_zero ? " (allowed for)\n" : "\n", out);
    if (port->finding[0] != '\0') {
        (void)fputs("fail  ", out);
        put_scrubbed(out, port->finding);
        (void)fputc('\n', out);
    }
}

/* The first case on which a kernel printed something speaks for it. */
static void put_talkers(FILE *out, const struct gate_results *results) {
    for (size_t i = 0; i < results->n_suites; i++) {
        const struct gate_suite *s = &results->suites[i];
        for (size_t j = 0; j < s->n_cases; j++) {
            const struct gate_case *c = &s->cases[j];
            if (c->talk_size > 0 && c->verdict < GATE_ERROR) {
                (void)fprintf(out, "\n%s printed %zu bytes on case %s, beginning:\n", s->name,
                              c->talk_total, c->id);
                put_lines(out, "    | ", c->talk, c->talk_size < 240 ? c->talk_size : 240);
                break;
            }
        }
    }
}

/* ---- what it came to ---- */

struct total {
    struct gate_counts kernels, gradients;
    size_t n_cases, n_arrays, n_elements;
};

static struct total add_up(const struct gate_results *results) {
    struct total t = {0};
    for (size_t i = 0; i < results->n_suites; i++) {
        const struct gate_suite *s = &results->suites[i];
        t.kernels.of[s->verdict]++;
        t.n_cases += s->n_cases - s->by_case.of[GATE_SKIPPED];
        t.n_arrays += s->n_arrays;
        t.n_elements += s->n_elements;
        for (size_t v = 0; v <= GATE_FAIL; v++) {
            t.gradients.of[v] += s->by_gradient.of[v];
        }
    }
    return t;
}

static void put_counts(FILE *out, const struct gate_counts *counts) {
    const char *separator = "";
    static const enum gate_verdict order[] = {GATE_PASS,           GATE_FAIL,   GATE_ERROR,
                                              GATE_INCONCLUSIVE,   GATE_KNOWN,  GATE_SKIPPED,
                                              GATE_NOT_APPLICABLE, GATE_NOT_RUN};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (counts->of[order[i]] > 0) {
            (void)fprintf(out, "%s%zu %s", separator, counts->of[order[i]],
                          gate_verdict_name(order[i]));
            separator = ", ";
        }
    }
    (void)fputs(separator[0] == '\0' ? "none" : "", out);
}

static void put_conclusion(FILE *out, const struct gate_results *results,
                           const struct report_options *options) {
    static const struct {
        int code;
        enum gate_verdict verdict;
        const char *text;
    } conclusions[] = {
        {0, GATE_PASS, "PASSED"},
        {1, GATE_FAIL, "FAILED"},
        {2, GATE_ERROR, "COULD NOT RUN"},
        {3, GATE_INCONCLUSIVE, "NOT PROVEN"},
        {130, GATE_INCONCLUSIVE, "INTERRUPTED"},
    };
    const struct total t = add_up(results);
    int code = gate_exit_code(results);
    (void)fprintf(out,
                  "\ngolden values: %zu cases, %zu arrays, %zu numbers; gradients: ", t.n_cases,
                  t.n_arrays, t.n_elements);
    put_counts(out, &t.gradients);
    (void)fprintf(out, "; %.1f s\n", results->seconds);
    for (size_t i = 0; i < sizeof conclusions / sizeof conclusions[0]; i++) {
        if (conclusions[i].code == code) {
            paint(out, options, conclusions[i].verdict, conclusions[i].text, 0);
        }
    }
    (void)fprintf(out, ": %zu kernel%s: ", results->n_suites, results->n_suites == 1 ? "" : "s");
    put_counts(out, &t.kernels);
    (void)fputc('\n', out);
}

int report_text(const struct gate_results *results, const struct report_options *options,
                FILE *stream) {
    const char *version = options != NULL && options->version != NULL ? options->version : "";
    (void)fprintf(stream, "gradgate %s, seed %" PRIu64 ", golden values in ", version,
                  results->seed);
    put_scrubbed(stream, results->golden_dir);
    (void)fputc('\n', stream);
    if (results->port != NULL) {
        put_port(stream, results->port);
    }
    (void)fputc('\n', stream);
    put_table(stream, results, options);
    for (size_t i = 0; i < results->n_suites; i++) {
        put_details(stream, results, options, &results->suites[i]);
    }
    text_baselines(stream, results);
    put_known(stream, results);
    put_skipped(stream, results);
    if (!is_verbose(options)) {
        put_undecided(stream, results);
        put_talkers(stream, results);
    }
    put_conclusion(stream, results, options);
    return fflush(stream) == 0 && !ferror(stream) ? 0 : -1;
}
