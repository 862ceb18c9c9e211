// SPDX-License-Identifier: MIT
/* The schema stands in README.md, with its version in report.h. */
#include "report/report.h"

#include "again.h"
#include "json_parts.h"

#include <stdlib.h>
#include <string.h>

static json_t *counts(const struct gate_counts *c) {
    json_t *o = json_object();
    for (size_t i = 0; i <= GATE_FAIL; i++) {
        part_size(o, gate_verdict_name((enum gate_verdict)i), c->of[i]);
    }
    return o;
}

static json_t *place(const struct gate_place *p) {
    if (p->case_id[0] == '\0') {
        return json_null();
    }
    json_t *o = json_object();
    part_text(o, "case", p->case_id);
    part_text(o, "array", p->tensor);
    part(o, "index", part_sizes(p->ndim, p->index));
    return o;
}

static json_t *worker(const struct gate_case *c) {
    json_t *o = json_object();
    part_text(o, "stage", gate_stage_name(c->stage));
    part_text(o, "end", port_end_name(c->end));
    part(o, "code", json_integer(c->end_code));
    part_real(o, "seconds", c->seconds);
    part_size(o, "talk_bytes", c->talk_total);
    part(o, "talk", part_bytes(c->talk, c->talk_size));
    return o;
}

static json_t *golden(const struct gate_case *c) {
    json_t *o = json_object();
    json_t *arrays = json_array();
    part_text(o, "verdict", gate_verdict_name(c->golden));
    part_size(o, "expected", c->n_expected);
    part_size(o, "left_out", c->n_left_out);
    for (size_t i = 0; i < c->n_arrays; i++) {
        json_t *a = part_comparison(&c->arrays[i].comparison);
        part_text(a, "name", c->arrays[i].name);
        part_append(arrays, a);
    }
    part(o, "arrays", arrays);
    return o;
}

static json_t *gradient(const struct gate_case *c) {
    json_t *o = json_object();
    part_text(o, "verdict", gate_verdict_name(c->gradient));
    part_text(o, "note", c->gradient_note);
    part(o, "differentiable", json_boolean(c->differentiable));
    part(o, "report", c->report != NULL ? part_gradcheck(c->report) : json_null());
    return o;
}

static json_t *recorded(const struct golden_measured *m) {
    json_t *o = json_object();
    part_text(o, "gradient", m->gradient);
    part_real(o, "resolution", m->resolution);
    part_size(o, "evaluations", m->evaluations);
    return o;
}

static json_t *baseline(const struct gate_baseline *b) {
    json_t *o = json_object();
    part_size(o, "cases", b->n_recorded);
    part_size(o, "arrays_same", b->n_same);
    part_size(o, "arrays_moved", b->n_moved);
    part_ulp(o, "moved_ulp", b->moved_ulp);
    part(o, "moved", place(&b->moved));
    part_size(o, "arrays_beyond_half", b->n_half);
    part(o, "half", place(&b->half));
    part(o, "same_seed", json_boolean(b->same_seed));
    part_size(o, "gradients_lost", b->n_lost);
    part_size(o, "gradients_coarser", b->n_coarser);
    part_size(o, "evaluations", b->evaluations);
    return o;
}

static json_t *probes(const struct gate_case *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_probes; i++) {
        json_t *o = json_object();
        part_text(o, "name", c->probes[i].name);
        part_text(o, "verdict", gate_verdict_name(c->probes[i].verdict));
        part_text(o, "note", c->probes[i].note);
        part_append(list, o);
    }
    return list;
}

static json_t *calls(const struct port_counts *c) {
    json_t *o = json_object();
    part_size(o, "asked", c->asked);
    part_size(o, "answered", c->answered);
    part_size(o, "talk_lines", c->talk_lines);
    return o;
}

static json_t *port(const struct gate_port_report *p) {
    json_t *o = json_object();
    part_text(o, "target", p->target);
    part_text(o, "text", p->text);
    part(o, "flush_to_zero", json_boolean(p->flush_to_zero));
    part_text(o, "finding", p->finding);
    return o;
}

static json_t *flags(const char *joined) {
    json_t *list = json_array();
    for (const char *p = joined; *p != '\0';) {
        const char *end = strstr(p, ", ");
        size_t length = end != NULL ? (size_t)(end - p) : strlen(p);
        part_append(list, part_bytes(p, length));
        p += length + (end != NULL ? 2 : 0);
    }
    return list;
}

static json_t *one_case(const struct gate_results *results, const struct report_options *options,
                        const struct gate_suite *s, const struct gate_case *c) {
    char again[REPORT_TEXT_SIZE];
    json_t *o = json_object();
    again_text(results, options, s->name, c->id, again, sizeof again);
    part_text(o, "id", c->id);
    part(o, "flags", flags(c->flags));
    part_text(o, "note", c->note);
    part_seed(o, "seed", c->seed);
    part_text(o, "verdict", gate_verdict_name(c->verdict));
    part_text(o, "finding", c->finding);
    part_text(o, "again", again);
    part(o, "worker", worker(c));
    part(o, "golden", golden(c));
    part(o, "gradient", gradient(c));
    part(o, "probes", probes(c));
    part(o, "calls", calls(&c->calls));
    part(o, "recorded", s->baseline.exists ? recorded(&c->recorded) : json_null());
    return o;
}

static json_t *kernel(const struct gate_results *results, const struct report_options *options,
                      const struct gate_suite *s) {
    json_t *o = json_object();
    json_t *cases = json_array();
    part_text(o, "name", s->name);
    part_text(o, "summary", s->summary);
    part_text(o, "golden_sha256", s->sha256);
    part_text(o, "verdict", gate_verdict_name(s->verdict));
    part_text(o, "finding", s->finding);
    part_size(o, "cases_total", s->n_total);
    part_size(o, "cases_run", s->n_cases);
    part_size(o, "cases_left_out", s->n_left_out);
    part(o, "by_case", counts(&s->by_case));
    part(o, "by_golden", counts(&s->by_golden));
    part(o, "by_gradient", counts(&s->by_gradient));
    part_size(o, "arrays", s->n_arrays);
    part_size(o, "elements", s->n_elements);
    part_real(o, "worst_share", s->worst_share);
    part(o, "worst", place(&s->worst));
    part_ulp(o, "max_ulp", s->max_ulp);
    part_size(o, "tensors", s->n_tensors);
    part_size(o, "tensors_proven", s->n_proven);
    part_real(o, "resolution", s->resolution);
    part_real(o, "median_resolution", s->median_resolution);
    part_size(o, "evaluations", s->n_evaluations);
    part_real(o, "seconds", s->seconds);
    part(o, "baseline", s->baseline.exists ? baseline(&s->baseline) : json_null());
    for (size_t i = 0; i < s->n_cases; i++) {
        part_append(cases, one_case(results, options, s, &s->cases[i]));
    }
    part(o, "cases", cases);
    return o;
}

static json_t *whole(const struct gate_results *results, const struct report_options *options) {
    const char *version = options != NULL && options->version != NULL ? options->version : "";
    json_t *o = json_object();
    json_t *kernels = json_array();
    part_text(o, "format", "gradgate-results");
    part(o, "version", json_integer(REPORT_JSON_VERSION));
    part_text(o, "gradgate", version);
    part_text(o, "golden", results->golden_dir);
    part(o, "port", results->port != NULL ? port(results->port) : json_null());
    part_seed(o, "seed", results->seed);
    part_real(o, "time_limit", results->time_limit);
    part_real(o, "seconds", results->seconds);
    part(o, "interrupted", json_boolean(results->interrupted));
    part(o, "exit_code", json_integer(gate_exit_code(results)));
    for (size_t i = 0; i < results->n_suites; i++) {
        part_append(kernels, kernel(results, options, &results->suites[i]));
    }
    part(o, "kernels", kernels);
    return o;
}

int report_json(const struct gate_results *results, const struct report_options *options,
                FILE *stream) {
    return part_dump(whole(results, options), stream);
}
