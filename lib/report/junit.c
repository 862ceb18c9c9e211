// SPDX-License-Identifier: MIT
/* One suite a kernel, two tests a case (golden, gradient) and one for the kernel as a whole.
 * Inconclusive and not applicable are skips; a kernel that they leave unproven fails as a whole. */
#include "report/report.h"

#include "again.h"
#include "scrub.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct counts {
    size_t tests, failures, errors, skipped;
};

static void put_escaped(FILE *stream, const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            (void)fputs("&amp;", stream);
            break;
        case '<':
            (void)fputs("&lt;", stream);
            break;
        case '>':
            (void)fputs("&gt;", stream);
            break;
        case '"':
            (void)fputs("&quot;", stream);
            break;
        case '\n': /* a bare one in an attribute is read as a space */
            (void)fputs("&#10;", stream);
            break;
        case '\t':
            (void)fputs("&#9;", stream);
            break;
        default:
            (void)fputc(*p, stream);
        }
    }
}

static void put_bytes(FILE *stream, const char bytes[], size_t size) {
    char *text = scrub_bytes(bytes, size);
    put_escaped(stream, text != NULL ? text : "(out of memory)");
    free(text);
}

static void put(FILE *stream, const char *text) {
    put_bytes(stream, text, strlen(text));
}

static void put_attribute(FILE *stream, const char *name, const char *value) {
    (void)fprintf(stream, " %s=\"", name);
    put(stream, value);
    (void)fputc('"', stream);
}

/* ---- counting ---- */

static void count(struct counts *c, enum gate_verdict verdict) {
    c->tests++;
    c->failures += verdict == GATE_FAIL;
    c->errors += verdict == GATE_ERROR;
    c->skipped += verdict != GATE_PASS && verdict != GATE_FAIL && verdict != GATE_ERROR;
}

/* A finding of the case as a whole weighs on its golden test. */
static enum gate_verdict golden_verdict(const struct gate_case *c) {
    return c->finding[0] != '\0' ? c->verdict : c->golden;
}

/* Nothing proved is no skip: the exit code is not 0. */
static enum gate_verdict whole_verdict(const struct gate_suite *s) {
    return s->verdict == GATE_INCONCLUSIVE ? GATE_FAIL : s->verdict;
}

static struct counts count_suite(const struct gate_suite *s) {
    struct counts c = {0};
    count(&c, whole_verdict(s));
    for (size_t i = 0; i < s->n_cases; i++) {
        count(&c, golden_verdict(&s->cases[i]));
        count(&c, s->cases[i].gradient);
    }
    return c;
}

static void put_counts(FILE *stream, const struct counts *c, double seconds) {
    (void)fprintf(stream,
                  " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
                  c->tests, c->failures, c->errors, c->skipped, seconds);
}

/* ---- tests ---- */

static void put_golden_details(FILE *stream, const struct gate_case *c) {
    for (size_t i = 0; i < c->n_arrays; i++) {
        if (c->arrays[i].comparison.verdict != GOLDEN_PASS) {
            char text[GATE_TEXT_SIZE];
            golden_comparison_text(&c->arrays[i].comparison, text, sizeof text);
            put(stream, c->arrays[i].name);
            put(stream, ": ");
            put(stream, text);
            put(stream, "\n");
        }
    }
}

static void open_test(FILE *stream, const char *kernel, const char *name, const char *what,
                      double seconds) {
    (void)fputs("  <testcase", stream);
    put_attribute(stream, "classname", kernel);
    (void)fputs(" name=\"", stream);
    put(stream, name);
    put(stream, what);
    (void)fprintf(stream, "\" time=\"%.3f\">", seconds);
}

/* The element that says what a test came to; true if there is one, left open for details. */
static bool open_verdict(FILE *stream, enum gate_verdict verdict, const char *message) {
    if (verdict == GATE_PASS) {
        return false;
    }
    const char *element = verdict == GATE_FAIL    ? "failure"
                          : verdict == GATE_ERROR ? "error"
                                                  : "skipped";
    (void)fprintf(stream, "\n   <%s", element);
    put_attribute(stream, "message", message);
    if (verdict != GATE_FAIL && verdict != GATE_ERROR) {
        (void)fputs("/>\n  ", stream);
        return false;
    }
    put_attribute(stream, "type", gate_verdict_name(verdict));
    (void)fputc('>', stream);
    return true;
}

static void close_verdict(FILE *stream, enum gate_verdict verdict) {
    (void)fprintf(stream, "</%s>\n  ", verdict == GATE_FAIL ? "failure" : "error");
}

static void put_case(FILE *stream, const struct gate_results *results,
                     const struct report_options *options, const struct gate_suite *s,
                     const struct gate_case *c) {
    char again[REPORT_TEXT_SIZE];
    again_text(results, options, s->name, c->id, again, sizeof again);
    open_test(stream, s->name, c->id, " golden", c->seconds);
    enum gate_verdict verdict = golden_verdict(c);
    const char *message = c->finding[0] != '\0'     ? c->finding
                          : verdict == GATE_NOT_RUN ? "nothing compared"
                                                    : "differs from the golden values";
    if (open_verdict(stream, verdict, message)) {
        put_golden_details(stream, c);
        put(stream, again);
        close_verdict(stream, verdict);
    }
    if (c->talk_size > 0) {
        (void)fputs("<system-out>", stream);
        put_bytes(stream, c->talk, c->talk_size);
        (void)fputs("</system-out>", stream);
    }
    (void)fputs("</testcase>\n", stream);
    open_test(stream, s->name, c->id, " gradient", 0);
    if (open_verdict(stream, c->gradient, c->gradient_note)) {
        if (c->report != NULL && c->report->diagnosis[0] != '\0') {
            put(stream, c->report->diagnosis);
            put(stream, "\n");
        }
        put(stream, again);
        close_verdict(stream, c->gradient);
    }
    (void)fputs("</testcase>\n", stream);
}

static void put_suite(FILE *stream, const struct gate_results *results,
                      const struct report_options *options, const struct gate_suite *s) {
    struct counts counts = count_suite(s);
    (void)fputs(" <testsuite", stream);
    put_attribute(stream, "name", s->name);
    put_counts(stream, &counts, s->seconds);
    (void)fputs(">\n", stream);
    open_test(stream, s->name, "as a whole", "", 0);
    if (open_verdict(stream, whole_verdict(s),
                     s->finding[0] != '\0' ? s->finding : "see its cases")) {
        close_verdict(stream, whole_verdict(s));
    }
    (void)fputs("</testcase>\n", stream);
    for (size_t i = 0; i < s->n_cases; i++) {
        put_case(stream, results, options, s, &s->cases[i]);
    }
    (void)fputs(" </testsuite>\n", stream);
}

/* What a port did beyond its cases. */
static void put_port(FILE *stream, const struct gate_port_report *port) {
    bool fails = port->finding[0] != '\0';
    const struct counts counts = {.tests = 1, .failures = fails};
    (void)fputs(" <testsuite name=\"port\"", stream);
    put_counts(stream, &counts, 0);
    (void)fputs(">\n", stream);
    open_test(stream, "port", port->target, "", 0);
    if (open_verdict(stream, fails ? GATE_FAIL : GATE_PASS, port->finding)) {
        close_verdict(stream, GATE_FAIL);
    }
    (void)fputs("</testcase>\n </testsuite>\n", stream);
}

int report_junit(const struct gate_results *results, const struct report_options *options,
                 FILE *stream) {
    struct counts total = {0};
    for (size_t i = 0; i < results->n_suites; i++) {
        struct counts c = count_suite(&results->suites[i]);
        total.tests += c.tests;
        total.failures += c.failures;
        total.errors += c.errors;
        total.skipped += c.skipped;
    }
    if (results->port != NULL) {
        total.tests++;
        total.failures += results->port->finding[0] != '\0';
    }
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gradgate\"",
                stream);
    put_counts(stream, &total, results->seconds);
    (void)fputs(">\n", stream);
    if (results->port != NULL) {
        put_port(stream, results->port);
    }
    for (size_t i = 0; i < results->n_suites; i++) {
        put_suite(stream, results, options, &results->suites[i]);
    }
    (void)fputs("</testsuites>\n", stream);
    return fflush(stream) == 0 && !ferror(stream) ? 0 : -1;
}
