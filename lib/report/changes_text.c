// SPDX-License-Identifier: MIT
#include "report/report.h"

#include "paint.h"

#include <string.h>

enum { MAX_LINES = 60 };

static bool is_number_of_case(const struct report_change *c) {
    static const char *const numbers[] = {"share", "ULP", "resolution", "evaluations"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(c->what, numbers[i]) == 0) {
            return c->case_id[0] != '\0';
        }
    }
    return false;
}

static void put_change(FILE *out, const struct report_options *options,
                       const struct report_change *c, int width) {
    static const enum gate_verdict colours[] = {[REPORT_BETTER] = GATE_PASS,
                                                [REPORT_WEAKER] = GATE_INCONCLUSIVE,
                                                [REPORT_WORSE] = GATE_FAIL};
    paint(out, options, colours[c->direction], report_direction_name(c->direction), 8);
    (void)fprintf(out, "%-*s  ", width, c->kernel);
    if (c->case_id[0] != '\0') {
        (void)fputs("case ", out);
        put_scrubbed(out, c->case_id);
        (void)fputs(": ", out);
    }
    (void)fprintf(out, "%s: ", c->what);
    put_scrubbed(out, c->was);
    (void)fputs(" -> ", out);
    put_scrubbed(out, c->now);
    (void)fputc('\n', out);
}

static int name_width(const struct report_changes *c) {
    size_t width = 0;
    for (size_t i = 0; i < c->n_changes; i++) {
        size_t length = strlen(c->changes[i].kernel);
        width = length > width ? length : width;
    }
    return (int)width;
}

static void put_changes(FILE *out, const struct report_options *options,
                        const struct report_changes *c) {
    bool verbose = options != NULL && options->verbose;
    size_t n_shown = 0;
    for (size_t i = 0; i < c->n_changes; i++) {
        const struct report_change *change = &c->changes[i];
        bool minor = change->direction != REPORT_WORSE && is_number_of_case(change);
        if (verbose || (!minor && n_shown < MAX_LINES)) {
            put_change(out, options, change, name_width(c));
            n_shown++;
        }
    }
    if (n_shown < c->n_changes) {
        (void)fprintf(out, "%zu more, in single cases (--verbose lists them)\n",
                      c->n_changes - n_shown);
    }
}

static void put_conclusion(FILE *out, const struct report_options *options,
                           const struct report_changes *c) {
    size_t n[REPORT_WORSE + 1] = {0};
    int code = report_changes_exit_code(c);
    for (size_t i = 0; i < c->n_changes; i++) {
        n[c->changes[i].direction]++;
    }
    (void)fputc('\n', out);
    if (code == 3) {
        paint(out, options, GATE_INCONCLUSIVE, "NOT PROVEN", 0);
        (void)fputs(": no kernel is in both\n", out);
        return;
    }
    paint(out, options, code == 1 ? GATE_FAIL : GATE_PASS, code == 1 ? "FAILED" : "PASSED", 0);
    (void)fprintf(out, ": %zu kernel%s, %zu cases in both: %zu worse, %zu weaker, %zu better\n",
                  c->n_kernels, c->n_kernels == 1 ? "" : "s", c->n_cases, n[REPORT_WORSE],
                  n[REPORT_WEAKER], n[REPORT_BETTER]);
}

int report_changes_text(const struct report_changes *c, const struct report_options *options,
                        FILE *stream) {
    (void)fputs("A ", stream);
    put_scrubbed(stream, c->actual);
    (void)fputs(", the results now; B ", stream);
    put_scrubbed(stream, c->expected);
    (void)fprintf(
        stream, ", those before%s\n\n",
        c->same_seed ? "" : "; their seeds differ: resolution and evaluations are not compared");
    put_changes(stream, options, c);
    if (c->n_changes == 0) {
        (void)fputs("nothing changed\n", stream);
    }
    put_conclusion(stream, options, c);
    return fflush(stream) == 0 && !ferror(stream) ? 0 : -1;
}
