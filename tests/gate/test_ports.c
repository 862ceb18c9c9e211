// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
/* Ports as families: tests/ports/stages.c, right and wrong in every way, through the gate. */
#include "gate/ports.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef STAGES /* where the Makefile built it */
#define STAGES "build/debug/tests/ports/stages.so"
#endif

static struct gate_results run_way(const char *way, const char *kernel,
                                   struct gate_options options) {
    static struct gate_port port = {.target = {.library = STAGES}, .call_seconds = 30};
    static struct gate_port_state state;
    static struct gate_port_kernel config;
    bool neuron = strcmp(kernel, "neuron") == 0;
    config = (struct gate_port_kernel){.port = &port,
                                       .state = &state,
                                       .has_objects = !neuron,
                                       .inner = neuron ? "z" : NULL,
                                       .inner_grad_like = neuron ? "b.grad" : NULL};
    const struct gate_family family = gate_port_family(kernel, "stages", &config);
    struct gate_results results;
    (void)setenv("GRADGATE_TEST_WAY", way, 1);
    options.golden_dir = "tests/golden";
    cr_assert(gate_run(&family, 1, &options, &results) == GATE_OK);
    cr_assert(results.n_suites == 1);
    return results;
}

static struct gate_results run_notebook(const char *way, const char *kernel) {
    return run_way(way, kernel, (struct gate_options){.case_id = "notebook"});
}

static const struct gate_probe *find_probe(const struct gate_case *c, const char *name) {
    for (size_t i = 0; i < c->n_probes; i++) {
        if (strcmp(c->probes[i].name, name) == 0) {
            return &c->probes[i];
        }
    }
    return NULL;
}

Test(gate_ports, a_right_one_passes_with_its_gradient_proven_and_every_call_answered) {
    struct gate_results results = run_notebook("right", "neuron");
    const struct gate_case *c = &results.suites[0].cases[0];
    cr_expect(results.suites[0].verdict == GATE_PASS && c->gradient == GATE_PASS, "%s", c->finding);
    cr_expect(c->n_arrays == 5 && c->n_left_out == 0 && c->n_probes == 0);
    cr_expect(c->calls.asked > 100 && c->calls.asked == c->calls.answered);
    cr_expect(gate_exit_code(&results) == 0);
    gate_results_free(&results);
}

/* Which stage first leaves the bound, and who errs himself. */
Test(gate_ports, the_first_divergence_is_told_from_what_it_entails) {
    static const struct {
        const char *way;
        const char *says[4];
    } rows[] = {
        {"wrong-z",
         {"it first leaves the bound at z; given the right z, y is right: its error is inherited",
          "at z.grad", "w.grad is right: its error is inherited"}},
        {"wrong-y",
         {"z is right, it first leaves the bound after it", "y is wrong still: it errs"}},
        {"no-z", {"the port gives no z"}},
        {"wrong-dz",
         {"it first leaves the bound at z.grad", "given the right z and z.grad,",
          "x.grad is right: its error is inherited", "b.grad is right"}},
        {"wrong-dw",
         {"z.grad is right, it first leaves the bound after it",
          "w.grad is wrong still: it errs itself"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_results results = run_notebook(rows[i].way, "neuron");
        const struct gate_case *c = &results.suites[0].cases[0];
        const struct gate_probe *p = find_probe(c, "divergence");
        cr_expect(c->verdict == GATE_FAIL, "%s", rows[i].way);
        for (size_t j = 0; j < 4 && rows[i].says[j] != NULL; j++) {
            cr_expect(p != NULL && strstr(p->note, rows[i].says[j]) != NULL, "%s: %s", rows[i].way,
                      p != NULL ? p->note : "no probe");
        }
        gate_results_free(&results);
    }
}

Test(gate_ports, an_intermediate_may_be_left_out) {
    struct gate_results results = run_notebook("no-z", "neuron");
    const struct gate_case *c = &results.suites[0].cases[0];
    cr_expect(c->n_left_out == 1 && c->n_arrays == 4);
    gate_results_free(&results);
}

Test(gate_ports, objects_that_share_a_cache_are_found_by_using_them_in_turns) {
    static const struct {
        const char *way;
        enum gate_verdict verdict, whole;
    } rows[] = {{"right", GATE_PASS, GATE_PASS},
                {"shared-cache", GATE_FAIL, GATE_FAIL},
                {"no-interleave", GATE_SKIPPED, GATE_PASS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_results results = run_notebook(rows[i].way, "neuron_sample");
        const struct gate_case *c = &results.suites[0].cases[0];
        const struct gate_probe *p = find_probe(c, "interleave");
        cr_expect(p != NULL && p->verdict == rows[i].verdict, "%s: %s", rows[i].way,
                  p != NULL ? p->note : "no probe");
        cr_expect(c->verdict == rows[i].whole && c->golden == GATE_PASS, "%s", rows[i].way);
        cr_expect(rows[i].verdict != GATE_FAIL || strncmp(p->note, "a.", 2) == 0, "%s", p->note);
        gate_results_free(&results);
    }
}

/* Small cases only, and few evaluations: there are enough of n = 3 and of others. */
static const struct gate_options small = {.max_elements = 5, .n_points = 1};

static size_t size_of_x(const struct golden_suite *suite, const char *id) {
    const struct golden_case *c = golden_find_case(suite, id);
    return golden_find_input(c, "x")->array.count;
}

Test(gate_ports, one_that_is_killed_on_some_cases_loses_no_other) {
    struct golden_suite golden;
    cr_assert(golden_load("tests/golden", "neuron", &golden, NULL) == GOLDEN_OK);
    struct gate_results results = run_way("dies-at-3", "neuron", small);
    const struct gate_suite *s = &results.suites[0];
    size_t n_dead = 0;
    cr_assert(s->n_cases + s->n_left_out == s->n_total && s->n_left_out > 0);
    for (size_t i = 0; i < s->n_cases; i++) {
        const struct gate_case *c = &s->cases[i];
        bool dies = size_of_x(&golden, c->id) == 3;
        n_dead += dies;
        cr_expect((c->verdict == GATE_FAIL) == dies, "%s: %s", c->id, c->finding);
        cr_expect(!dies || strstr(c->finding, "crashed by SIGKILL, during forward") != NULL,
                  "%s: %s", c->id, c->finding);
    }
    cr_expect(n_dead > 3 && s->n_cases > n_dead + 3, "%zu of %zu", n_dead, s->n_cases);
    cr_expect(gate_exit_code(&results) == 1);
    gate_results_free(&results);
    golden_free(&golden);
}

Test(gate_ports, what_is_skipped_is_neither_passed_nor_failed) {
    struct gate_results results = run_way("skips-3", "neuron", small);
    const struct gate_suite *s = &results.suites[0];
    cr_expect(s->by_case.of[GATE_SKIPPED] > 3 && s->by_case.of[GATE_FAIL] == 0);
    cr_expect(s->verdict == GATE_PASS && gate_exit_code(&results) == 0, "%s", s->finding);
    for (size_t i = 0; i < s->n_cases; i++) {
        cr_expect(s->cases[i].verdict != GATE_SKIPPED ||
                  strcmp(s->cases[i].finding, "3 is not my size") == 0);
    }
    gate_results_free(&results);
    results = run_notebook("skips-3", "neuron");
    cr_expect(results.suites[0].verdict == GATE_SKIPPED);
    cr_expect(gate_exit_code(&results) == 3, "a run that skips everything proves nothing");
    gate_results_free(&results);
}

Test(gate_ports, a_port_for_forward_only_is_verified_that_far) {
    struct gate_results results = run_notebook("forward-only", "neuron");
    const struct gate_suite *s = &results.suites[0];
    cr_expect(s->verdict == GATE_PASS && s->by_gradient.of[GATE_SKIPPED] == 1);
    cr_expect(s->cases[0].n_arrays == 2, "z and y");
    cr_expect_str_eq(s->cases[0].gradient_note, "no backward pass: no backward here");
    gate_results_free(&results);
}

Test(gate_ports, a_known_failure_is_accepted_and_one_that_passes_must_be_struck) {
    static const struct gate_known known[] = {{"neuron", "notebook", "to be repaired"}};
    struct gate_options options = {.case_id = "notebook", .known = known, .n_known = 1};
    struct gate_results results = run_way("wrong-y", "neuron", options);
    cr_expect(results.suites[0].cases[0].verdict == GATE_KNOWN);
    cr_expect(gate_exit_code(&results) == 3, "nothing else was proven");
    gate_results_free(&results);
    results = run_way("right", "neuron", options);
    cr_expect(results.suites[0].cases[0].verdict == GATE_FAIL);
    cr_expect(strstr(results.suites[0].cases[0].finding, "strike it") != NULL);
    cr_expect(gate_exit_code(&results) == 1);
    gate_results_free(&results);
}

/* Of "tiny-dy" and the like nothing may be lost, unless the port has said that it flushes. */
Test(gate_ports, zeros_for_subnormal_numbers_are_allowed_to_those_who_declare_them) {
    static struct gate_port port = {.target = {.library = STAGES}, .call_seconds = 30};
    static struct gate_port_state state;
    const struct gate_port_kernel config = {.port = &port, .state = &state};
    const struct gate_family family = gate_port_family("neuron", "stages", &config);
    const struct gate_options options = {.golden_dir = "tests/golden", .case_id = "tiny-dy"};
    (void)setenv("GRADGATE_TEST_WAY", "flushes", 1);
    for (size_t declared = 0; declared < 2; declared++) {
        struct gate_results results;
        port.about.flush_to_zero = declared == 1;
        cr_assert(gate_run(&family, 1, &options, &results) == GATE_OK);
        cr_assert(results.n_suites == 1 && results.suites[0].n_cases == 1);
        cr_expect(results.suites[0].cases[0].golden == (declared ? GATE_PASS : GATE_FAIL));
        gate_results_free(&results);
    }
}

Test(gate_ports, another_dtype_is_not_asked_for) {
    static const enum array_dtype f32 = ARRAY_F32;
    static const enum array_dtype f64 = ARRAY_F64;
    struct gate_options options = {.case_id = "notebook", .dtype = &f64};
    struct gate_results results = run_way("right", "neuron", options);
    cr_expect(results.suites[0].n_cases == 1);
    gate_results_free(&results);
    static struct gate_port port = {.target = {.library = STAGES}};
    static struct gate_port_state state;
    const struct gate_port_kernel config = {.port = &port, .state = &state};
    const struct gate_family family = gate_port_family("neuron", "stages", &config);
    options = (struct gate_options){.golden_dir = "tests/golden", .dtype = &f32};
    cr_assert(gate_run(&family, 1, &options, &results) == GATE_OK);
    cr_expect(results.n_suites == 0 && gate_exit_code(&results) == 3);
    gate_results_free(&results);
}
