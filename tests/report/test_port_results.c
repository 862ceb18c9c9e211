// SPDX-License-Identifier: MIT
/* What the three reports say of a port: itself, its skips, its probes, what was accepted. */
#include "sample.h"
#include "xml.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gate_port_report port;

/* The sample, as a port gave it: one case skipped, one accepted, one probed. */
static struct gate_results *port_sample(const char *finding) {
    struct gate_results *r = sample("it is wrong", "", 0);
    struct gate_suite *s = &r->suites[0];
    port = (struct gate_port_report){.target = "node port.js",
                                     .text = "mine 2.0 flush-to-zero",
                                     .flush_to_zero = true,
                                     .finding = finding};
    r->port = &port;
    s->cases[2].verdict = GATE_SKIPPED;
    s->by_case.of[GATE_SKIPPED] = 1;
    (void)snprintf(s->cases[2].finding, GATE_TEXT_SIZE, "too large");
    s->cases[3].verdict = GATE_KNOWN;
    (void)snprintf(s->cases[3].finding, GATE_TEXT_SIZE, "known: to be repaired");
    s->n_left_out = 5;
    s->cases[1].n_left_out = 1;
    s->cases[1].calls = (struct port_counts){.asked = 12, .answered = 11, .talk_lines = 3};
    s->cases[1].n_probes = 2;
    s->cases[1].probes[0] =
        (struct gate_probe){"interleave", GATE_FAIL, "a.y differs when b is used in between"};
    s->cases[1].probes[1] = (struct gate_probe){"divergence", GATE_NOT_APPLICABLE, "first at z"};
    return r;
}

static void expect_in(const char *text, const char *part) {
    cr_expect(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

Test(report_port, text) {
    size_t size;
    char *text = written(report_text, port_sample(""), NULL, &size);
    expect_in(text, "\nport node port.js: mine 2.0 flush-to-zero (allowed for)\n");
    expect_in(text, "interleave   fail: a.y differs when b is used in between\n");
    expect_in(text, "divergence   first at z\n");
    expect_in(text, "; 1 left out\n");
    expect_in(text, "Not verified:\n  neuron: 1 of 4 cases skipped: too large\n");
    expect_in(text, "  neuron: 5 cases, which are larger than asked for\n");
    expect_in(text, "Failures that were accepted:\n  neuron/nan-row: known: to be repaired\n");
    free(text);
    text = written(report_text, port_sample("two calls were lost"), NULL, &size);
    expect_in(text, "\nfail  two calls were lost\n");
    free(text);
}

Test(report_port, a_reason_to_skip_is_no_finding) {
    const struct report_options options = {.verbose = true};
    size_t size;
    char *text = written(report_text, port_sample(""), &options, &size);
    expect_in(text, "its reason   too large\n");
    free(text);
}

Test(report_port, json) {
    size_t size;
    char *text = written(report_json, port_sample("two calls were lost"), NULL, &size);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const char *target;
    const char *said;
    const char *finding;
    const char *probe;
    const char *note;
    const char *verdict;
    int flushes;
    int asked;
    int answered;
    int left_out;
    int code;
    cr_assert(json_unpack(root, "{s:{s:s,s:s,s:b,s:s},s:i}", "port", "target", &target, "text",
                          &said, "flush_to_zero", &flushes, "finding", &finding, "exit_code",
                          &code) == 0);
    cr_expect(strcmp(target, "node port.js") == 0 && strcmp(said, "mine 2.0 flush-to-zero") == 0);
    cr_expect(flushes && strcmp(finding, "two calls were lost") == 0 && code == 1);
    json_t *kernel = json_array_get(json_object_get(root, "kernels"), 0);
    json_t *cases = json_object_get(kernel, "cases");
    cr_assert(json_unpack(kernel, "{s:i}", "cases_left_out", &left_out) == 0 && left_out == 5);
    cr_assert(json_unpack(json_array_get(cases, 1), "{s:[{s:s,s:s},{}],s:{s:i,s:i}}", "probes",
                          "name", &probe, "note", &note, "calls", "asked", &asked, "answered",
                          &answered) == 0);
    cr_expect(strcmp(probe, "interleave") == 0 && strncmp(note, "a.y differs", 11) == 0);
    cr_expect(asked == 12 && answered == 11);
    cr_assert(json_unpack(json_array_get(cases, 2), "{s:s}", "verdict", &verdict) == 0);
    cr_expect_str_eq(verdict, "skipped");
    json_decref(root);
    free(text);
}

Test(report_port, junit) {
    size_t size;
    size_t at = 0;
    char *xml = written(report_junit, port_sample("two calls were lost"), NULL, &size);
    cr_expect(xml_check(xml, size, &at) == NULL, "byte %zu", at);
    expect_in(xml, "<testsuite name=\"port\" tests=\"1\" failures=\"1\"");
    expect_in(xml, "<failure message=\"two calls were lost\" type=\"fail\">");
    expect_in(xml, "<skipped message=\"too large\"/>");
    expect_in(xml, "<skipped message=\"known: to be repaired\"/>");
    free(xml);
    xml = written(report_junit, port_sample(""), NULL, &size);
    cr_expect(xml_check(xml, size, &at) == NULL, "byte %zu", at);
    expect_in(xml, "<testsuite name=\"port\" tests=\"1\" failures=\"0\"");
    free(xml);
}
