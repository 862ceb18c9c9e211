// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
/* Whole runs: what cases amount to, exit codes, missing golden values, interrupts. */
#include "gate/case.h"
#include "gate/suite.h"
#include "kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- exit codes ---- */

static int code_of(size_t n, const enum gate_verdict verdicts[], size_t n_cases, bool interrupted) {
    struct gate_suite suites[4] = {0};
    for (size_t i = 0; i < n; i++) {
        suites[i].verdict = verdicts[i];
        suites[i].n_cases = n_cases;
    }
    const struct gate_results results = {
        .n_suites = n, .suites = suites, .interrupted = interrupted};
    return gate_exit_code(&results);
}

Test(gate_exit_code, wrong_before_could_not_run_before_not_proven) {
    static const struct {
        enum gate_verdict verdicts[3];
        int code;
    } rows[] = {
        {{GATE_PASS, GATE_PASS, GATE_PASS}, 0},
        {{GATE_PASS, GATE_FAIL, GATE_PASS}, 1},
        {{GATE_PASS, GATE_ERROR, GATE_PASS}, 2},
        {{GATE_PASS, GATE_INCONCLUSIVE, GATE_PASS}, 3},
        {{GATE_ERROR, GATE_FAIL, GATE_INCONCLUSIVE}, 1},
        {{GATE_INCONCLUSIVE, GATE_ERROR, GATE_PASS}, 2},
        {{GATE_INCONCLUSIVE, GATE_PASS, GATE_FAIL}, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect(code_of(3, rows[i].verdicts, 5, false) == rows[i].code, "row %zu", i);
        cr_expect(code_of(3, rows[i].verdicts, 5, true) == 130, "row %zu", i);
    }
}

Test(gate_exit_code, nothing_ran_is_not_proven) {
    static const enum gate_verdict passed[] = {GATE_PASS};
    cr_assert(code_of(0, passed, 0, false) == 3);
    cr_assert(code_of(1, passed, 0, false) == 3);
    cr_assert(code_of(1, passed, 1, false) == 0);
}

/* ---- what cases amount to ---- */

struct synthetic {
    struct gate_case cases[3];
    struct gradcheck_report reports[3];
    struct gate_array arrays[3];
    struct gate_suite suite;
};

static void set_tensor(struct gradcheck_report *r, size_t i, const char *name,
                       enum gradcheck_verdict verdict) {
    (void)snprintf(r->tensors[i].name, sizeof r->tensors[i].name, "%s", name);
    r->tensors[i].verdict = verdict;
    r->n_tensors = i + 1;
}

/* Three cases that pass on tensors x and w. */
static void fill(struct synthetic *s) {
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < 3; i++) {
        struct gate_case *c = &s->cases[i];
        (void)snprintf(c->id, sizeof c->id, "case-%zu", i);
        c->verdict = c->golden = c->gradient = GATE_PASS;
        c->differentiable = true;
        c->report = &s->reports[i];
        c->arrays = &s->arrays[i];
        c->n_arrays = 1;
        s->reports[i].verdict = GRADCHECK_PASS;
        s->reports[i].resolution = 1e-10 * (double)(i + 1);
        s->reports[i].n_forward = 100;
        set_tensor(&s->reports[i], 0, "x", GRADCHECK_PASS);
        set_tensor(&s->reports[i], 1, "w", GRADCHECK_PASS);
        s->arrays[i] = (struct gate_array){
            .name = "y",
            .comparison = {.verdict = GOLDEN_PASS, .count = 4, .ndim = 1, .max_ulp = i}};
        s->arrays[i].comparison.worst.share = 0.1 * (double)(i + 1);
        s->arrays[i].comparison.worst.index[0] = i;
    }
    s->suite = (struct gate_suite){.n_cases = 3, .cases = s->cases};
}

static void set_gradient(struct synthetic *s, size_t i, enum gate_verdict verdict) {
    s->cases[i].gradient = verdict;
    s->cases[i].verdict = verdict > GATE_PASS ? verdict : GATE_PASS;
    if (verdict == GATE_NOT_APPLICABLE) {
        s->cases[i].report = NULL;
    }
}

Test(gate_suite, counts_and_worst_places_are_those_of_the_cases) {
    struct synthetic s;
    fill(&s);
    set_gradient(&s, 1, GATE_NOT_APPLICABLE);
    suite_summarise(&s.suite);
    cr_assert(s.suite.verdict == GATE_PASS && s.suite.finding[0] == '\0');
    cr_assert(s.suite.by_case.of[GATE_PASS] == 3 && s.suite.by_golden.of[GATE_PASS] == 3);
    cr_assert(s.suite.by_gradient.of[GATE_PASS] == 2);
    cr_assert(s.suite.by_gradient.of[GATE_NOT_APPLICABLE] == 1);
    cr_assert(s.suite.n_arrays == 3 && s.suite.n_elements == 12 && s.suite.max_ulp == 2);
    cr_assert(s.suite.worst_share == 0.1 * 3.0);
    cr_assert_str_eq(s.suite.worst.case_id, "case-2");
    cr_assert(s.suite.worst.index[0] == 2 && s.suite.n_evaluations == 200);
    cr_assert(s.suite.resolution == 1e-10 * 3.0);
    cr_assert(s.suite.n_tensors == 2 && s.suite.n_proven == 2);
}

Test(gate_suite, the_median_resolution_is_that_of_the_passed_in_any_order_ties_included) {
    static const double orders[][3] = {{1, 2, 3}, {3, 1, 2}, {2, 3, 1}, {2, 2, 3}, {1, 2, 2}};
    struct synthetic s;
    for (size_t k = 0; k < 5; k++) {
        fill(&s);
        for (size_t i = 0; i < 3; i++) {
            s.reports[i].resolution = orders[k][i];
        }
        suite_summarise(&s.suite);
        cr_assert(s.suite.median_resolution == 2, "row %zu: %g", k, s.suite.median_resolution);
    }
    fill(&s);
    for (size_t i = 0; i < 3; i++) {
        set_gradient(&s, i, GATE_INCONCLUSIVE);
    }
    suite_summarise(&s.suite);
    cr_assert(s.suite.median_resolution == 0 && s.suite.resolution == 0);
}

Test(gate_suite, an_inconclusive_case_does_no_harm_if_others_prove_the_kernel) {
    struct synthetic s;
    fill(&s);
    set_gradient(&s, 0, GATE_INCONCLUSIVE);
    suite_summarise(&s.suite);
    cr_assert(s.suite.verdict == GATE_PASS && s.suite.by_gradient.of[GATE_INCONCLUSIVE] == 1);
}

Test(gate_suite, no_gradient_passed_is_not_proven) {
    static const enum gate_verdict verdicts[] = {GATE_INCONCLUSIVE, GATE_NOT_APPLICABLE};
    for (size_t v = 0; v < 2; v++) {
        struct synthetic s;
        fill(&s);
        for (size_t i = 0; i < 3; i++) {
            set_gradient(&s, i, verdicts[v]);
        }
        suite_summarise(&s.suite);
        cr_assert(s.suite.verdict == GATE_INCONCLUSIVE);
        cr_assert(strstr(s.suite.finding, "no case proves its gradient") != NULL);
    }
}

Test(gate_suite, each_gradient_must_be_proven_by_some_case) {
    struct synthetic s;
    fill(&s);
    for (size_t i = 0; i < 3; i++) {
        set_tensor(&s.reports[i], 1, "w", GRADCHECK_INCONCLUSIVE);
    }
    suite_summarise(&s.suite);
    cr_assert(s.suite.verdict == GATE_INCONCLUSIVE && s.suite.n_proven == 1);
    cr_assert_str_eq(s.suite.finding, "no case proves w.grad");
    fill(&s);
    set_tensor(&s.reports[0], 1, "w", GRADCHECK_INCONCLUSIVE);
    suite_summarise(&s.suite);
    cr_assert(s.suite.verdict == GATE_PASS && s.suite.n_proven == 2);
}

Test(gate_suite, one_bad_case_makes_the_kernel_bad_wherever_it_stands) {
    for (size_t at = 0; at < 3; at++) {
        struct synthetic s;
        fill(&s);
        set_gradient(&s, (at + 1) % 3, GATE_INCONCLUSIVE);
        s.cases[at].verdict = GATE_ERROR;
        suite_summarise(&s.suite);
        cr_assert(s.suite.verdict == GATE_ERROR);
        fill(&s);
        s.cases[(at + 1) % 3].verdict = GATE_ERROR;
        s.cases[at].verdict = GATE_FAIL;
        suite_summarise(&s.suite);
        cr_assert(s.suite.verdict == GATE_FAIL);
    }
}

Test(gate_suite, a_kernel_without_gradients_passes_on_golden_values_alone) {
    struct synthetic s;
    fill(&s);
    for (size_t i = 0; i < 3; i++) {
        set_gradient(&s, i, GATE_NOT_APPLICABLE);
        s.cases[i].differentiable = false;
    }
    suite_summarise(&s.suite);
    cr_assert(s.suite.verdict == GATE_PASS && s.suite.n_tensors == 0);
}

Test(gate_suite, the_worst_share_keeps_nan_and_a_wrong_shape) {
    struct synthetic s;
    fill(&s);
    s.arrays[0].comparison.worst.share = NAN;
    suite_summarise(&s.suite);
    cr_assert(isnan(s.suite.worst_share));
    cr_assert_str_eq(s.suite.worst.case_id, "case-0");
    fill(&s);
    s.arrays[1].comparison =
        (struct golden_comparison){.verdict = GOLDEN_FAIL, .mismatch = GOLDEN_SHAPE, .ndim = 2};
    suite_summarise(&s.suite);
    cr_assert(isinf(s.suite.worst_share) && s.suite.worst.ndim == 0);
    cr_assert_str_eq(s.suite.worst.case_id, "case-1");
}

/* ---- runs on the committed golden values ---- */

static struct gate_results run(const struct gate_family families[], size_t n,
                               const struct gate_options *options) {
    struct gate_results results;
    enum gate_status status = gate_run(families, n, options, &results);
    cr_assert(status == GATE_OK, "%s", gate_status_text(status));
    return results;
}

Test(gate_run, one_case_of_a_right_kernel_passes) {
    const struct gate_family family = plain_family(NULL);
    const struct gate_options options = {
        .golden_dir = "tests/golden", .case_id = "notebook", .seed = 9};
    struct gate_results r = run(&family, 1, &options);
    cr_assert(gate_exit_code(&r) == 0 && r.n_suites == 1 && r.seed == 9 && r.time_limit == 60);
    cr_assert(r.suites[0].n_cases == 1 && r.suites[0].n_total > 60);
    cr_assert(strlen(r.suites[0].sha256) == 64);
    cr_assert_str_eq(r.golden_dir, "tests/golden");
    gate_results_free(&r);
    gate_results_free(NULL);
}

static int kill_if_odd(struct plain *k) {
    return k->n % 2 == 1 ? raise(SIGKILL) : 0;
}

struct seen {
    size_t n;
    char last[GOLDEN_ID_SIZE];
};

static void see(void *ctx, const struct gate_progress *p) {
    struct seen *seen = ctx;
    cr_assert(p->done == seen->n && p->total > seen->n);
    cr_assert_str_eq(p->kernel, "neuron");
    seen->n++;
    (void)snprintf(seen->last, sizeof seen->last, "%s", p->case_id);
}

Test(gate_run, cases_that_crash_leave_the_others_alone) {
    const struct way way = {.name = "odd n", .spoil_forward = kill_if_odd};
    const struct gate_family family = plain_family(&way);
    struct seen seen = {0};
    const struct gate_options options = {.golden_dir = "tests/golden",
                                         .max_evaluations = 300,
                                         .progress = see,
                                         .progress_ctx = &seen};
    struct gate_results r = run(&family, 1, &options);
    size_t crashed = 0;
    for (size_t i = 0; i < r.suites[0].n_cases; i++) {
        const struct gate_case *c = &r.suites[0].cases[i];
        size_t n = golden_find_input(neuron_case(c->id), "x")->array.shape[0];
        bool odd = n % 2 == 1;
        cr_expect((c->end == PORT_CRASHED) == odd, "%s", c->id);
        cr_expect(odd || c->golden == GATE_PASS, "%s: %s", c->id, c->finding);
        crashed += odd;
    }
    cr_assert(crashed > 20 && crashed < r.suites[0].n_cases);
    cr_assert(r.suites[0].n_cases == r.suites[0].n_total && seen.n == r.suites[0].n_total);
    cr_assert(gate_exit_code(&r) == 1 && r.suites[0].by_golden.of[GATE_FAIL] == crashed);
    gate_results_free(&r);
}

Test(gate_run, golden_values_that_cannot_be_read_are_an_error_of_their_kernel_alone) {
    struct gate_family families[] = {plain_family(NULL), plain_family(NULL)};
    families[0].name = "no_such_kernel";
    const struct gate_options options = {.golden_dir = "tests/golden", .case_id = "notebook"};
    struct gate_results r = run(families, 2, &options);
    cr_assert(r.n_suites == 2 && gate_exit_code(&r) == 2);
    cr_assert(r.suites[0].verdict == GATE_ERROR && r.suites[0].n_cases == 0);
    cr_assert(strstr(r.suites[0].finding, "tests/golden/no_such_kernel.json: cannot be opened") !=
              NULL);
    cr_assert(r.suites[1].verdict == GATE_PASS);
    gate_results_free(&r);
}

Test(gate_run, a_case_that_no_kernel_has_leaves_nothing) {
    const struct gate_family family = plain_family(NULL);
    const struct gate_options options = {.golden_dir = "tests/golden", .case_id = "nowhere"};
    struct gate_results r = run(&family, 1, &options);
    cr_assert(r.n_suites == 0 && gate_exit_code(&r) == 3);
    gate_results_free(&r);
}

Test(gate_run, verdicts_do_not_depend_on_the_order_of_kernels) {
    static const struct way wrong = {.name = "odd n", .spoil_forward = kill_if_odd};
    const struct gate_family forth[] = {plain_family(NULL), plain_family(&wrong)};
    const struct gate_family back[] = {plain_family(&wrong), plain_family(NULL)};
    const struct gate_options options = {.golden_dir = "tests/golden", .case_id = "n5-random"};
    struct gate_results a = run(forth, 2, &options);
    struct gate_results b = run(back, 2, &options);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(a.suites[i].verdict == b.suites[1 - i].verdict);
        cr_assert(a.suites[i].cases[0].seed == b.suites[1 - i].cases[0].seed);
    }
    cr_assert(a.suites[0].resolution == b.suites[1].resolution && a.suites[0].resolution > 0);
    cr_assert(gate_exit_code(&a) == 1 && gate_exit_code(&b) == 1);
    gate_results_free(&a);
    gate_results_free(&b);
}

static int interrupt_parent(struct plain *k) {
    kill(getppid(), SIGINT);
    return k->n > 0 ? 0 : 1;
}

Test(gate_run, an_interrupt_keeps_what_is_known_and_gives_130) {
    static const struct way way = {.name = "interrupts", .spoil_forward = interrupt_parent};
    const struct gate_family families[] = {plain_family(NULL), plain_family(&way),
                                           plain_family(NULL)};
    const struct gate_options options = {.golden_dir = "tests/golden", .case_id = "notebook"};
    (void)signal(SIGINT, SIG_DFL); /* a shell's background job starts with it ignored */
    port_prepare_process();
    struct gate_results r = run(families, 3, &options);
    cr_assert(r.interrupted && gate_exit_code(&r) == 130);
    cr_assert(r.n_suites >= 1 && r.n_suites <= 2 && r.suites[0].verdict == GATE_PASS);
    gate_results_free(&r);
}

Test(gate_run, refuses_bad_options) {
    const struct gate_family family = plain_family(NULL);
    static const double limits[] = {NAN, INFINITY, -1};
    struct gate_results r;
    for (size_t i = 0; i < 3; i++) {
        const struct gate_options options = {.golden_dir = "tests/golden", .time_limit = limits[i]};
        cr_assert(gate_run(&family, 1, &options, &r) == GATE_E_OPTION && r.n_suites == 0);
    }
    const struct gate_options nowhere = {0};
    cr_assert(gate_run(&family, 1, &nowhere, &r) == GATE_E_NULL);
    cr_assert(gate_run(&family, 1, NULL, &r) == GATE_E_NULL);
    cr_assert(gate_run(NULL, 1, &nowhere, &r) == GATE_E_NULL);
    cr_assert(gate_run(&family, 1, &nowhere, NULL) == GATE_E_NULL);
}

/* ---- names ---- */

Test(gate_names, every_code_has_its_name) {
#define CHECK_VERDICT(code, name) cr_assert_str_eq(gate_verdict_name(code), name);
#define CHECK_STAGE(code, name) cr_assert_str_eq(gate_stage_name(code), name);
#define CHECK_STATUS(code, text) cr_assert_str_eq(gate_status_text(code), text);
    GATE_VERDICTS(CHECK_VERDICT)
    GATE_STAGES(CHECK_STAGE)
    GATE_STATUSES(CHECK_STATUS)
    cr_assert_str_eq(gate_verdict_name((enum gate_verdict)99), "?");
    cr_assert_str_eq(gate_stage_name((enum gate_stage)99), "?");
    cr_assert_str_eq(gate_status_text((enum gate_status)99), "unknown status");
}

Test(gate_names, places_read_as_in_c_and_are_cut_to_size) {
    char text[64];
    size_t index[] = {2, 0, 17};
    gate_place_text("w.grad", 3, index, text, sizeof text);
    cr_assert_str_eq(text, "w.grad[2, 0, 17]");
    gate_place_text("b", 0, index, text, sizeof text);
    cr_assert_str_eq(text, "b");
    gate_place_text("w.grad", 3, index, text, 9);
    cr_assert_str_eq(text, "w.grad[2");
}
