// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* mkdtemp */
/* Baselines: what a kernel gave is stored, and what moved since is named. */
#include "gate/case.h"
#include "kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FEW = 600 }; /* evaluations: enough for the checks of small cases */

static char folder[] = "/tmp/gradgate-baseline-XXXXXX";

static void remove_file(const char *suffix) {
    char path[64];
    (void)snprintf(path, sizeof path, "%s/neuron%s", folder, suffix);
    (void)remove(path);
}

static void create(void) {
    cr_assert(mkdtemp(folder) != NULL);
}

static void clean(void) {
    remove_file(".json");
    remove_file(".npz");
    cr_expect(rmdir(folder) == 0, "something else is in the folder");
}

TestSuite(gate_baseline, .init = create, .fini = clean);

static struct gate_results run_in(const char *dir, const struct way *way,
                                  const struct gate_options *more) {
    const struct gate_family family = plain_family(way);
    struct gate_options options = *more;
    struct gate_results results;
    options.golden_dir = dir;
    cr_assert(gate_run(&family, 1, &options, &results) == GATE_OK);
    cr_assert(results.n_suites == 1);
    return results;
}

/* The committed golden values cut down to their first cases, as a baseline of the plain neuron. */
static void record_first(size_t n_cases) {
    struct golden_suite suite;
    struct golden_error error;
    char why[GATE_TEXT_SIZE];
    cr_assert(golden_load("tests/golden", "neuron", &suite, NULL) == GOLDEN_OK);
    size_t n_all = suite.n_cases;
    suite.n_cases = n_cases;
    cr_assert(golden_save(folder, &suite, NULL) == GOLDEN_OK);
    suite.n_cases = n_all;
    golden_free(&suite);
    const struct gate_options options = {.keep_values = true, .max_evaluations = FEW};
    struct gate_results r = run_in(folder, NULL, &options);
    cr_assert(gate_may_record(&r.suites[0], why), "%s", why);
    cr_assert(gate_record(&r, &r.suites[0], folder, &error) == GOLDEN_OK, "%s", error.text);
    gate_results_free(&r);
}

/* Reads the baseline, lets `change` work on it, and writes it back. */
static void edit(void (*change)(struct golden_suite *suite)) {
    struct golden_suite suite;
    cr_assert(golden_load(folder, "neuron", &suite, NULL) == GOLDEN_OK);
    size_t n_all = suite.n_cases;
    change(&suite);
    cr_assert(golden_save(folder, &suite, NULL) == GOLDEN_OK);
    suite.n_cases = n_all;
    golden_free(&suite);
}

static struct gate_results verify(const struct way *way, uint64_t seed) {
    const struct gate_options options = {.max_evaluations = FEW, .seed = seed};
    return run_in(folder, way, &options);
}

Test(gate_baseline, holds_what_the_kernel_gave_and_what_was_measured) {
    record_first(3);
    struct golden_suite suite;
    cr_assert(golden_load(folder, "neuron", &suite, NULL) == GOLDEN_OK);
    struct gate_results r = verify(NULL, 0);
    cr_expect(suite.is_baseline && suite.n_recorded == 3);
    for (size_t i = 0; i < suite.n_cases; i++) {
        const struct golden_measured *m = &suite.cases[i].measured;
        const struct gate_case *c = &r.suites[0].cases[i];
        cr_expect_str_eq(m->gradient, gate_verdict_name(c->gradient));
        cr_expect(m->evaluations == c->report->n_forward && m->evaluations > 0);
        cr_expect(m->resolution == (c->gradient == GATE_PASS ? c->report->resolution : 0));
    }
    const struct gate_baseline *b = &r.suites[0].baseline;
    cr_expect(b->exists && b->same_seed && b->n_same == r.suites[0].n_arrays && b->n_moved == 0);
    cr_expect(b->evaluations == r.suites[0].n_evaluations && b->n_lost + b->n_coarser == 0);
    cr_expect(r.suites[0].verdict == GATE_PASS, "%s", r.suites[0].finding);
    gate_results_free(&r);
    golden_free(&suite);
}

Test(gate_baseline, is_the_kernels_and_not_numpys) {
    const struct way *right = NULL;
    record_first(2);
    struct golden_suite suite;
    cr_assert(golden_load(folder, "neuron", &suite, NULL) == GOLDEN_OK);
    struct gate_case c = check_way(right, suite.cases[1].id, 30);
    for (size_t i = 0; i < c.n_arrays; i++) {
        const struct golden_expected *e = golden_find_expected(&suite.cases[1], c.arrays[i].name);
        struct golden_comparison against_exact;
        cr_assert(golden_compare(&e->value, &e->exact, &e->bound, NULL, &against_exact) ==
                  GOLDEN_OK);
        cr_expect(against_exact.max_absolute == c.arrays[i].comparison.max_absolute, "%s", e->name);
    }
    case_free(&c);
    golden_free(&suite);
}

/* ---- every stored number, moved by one unit in the last place ---- */

static struct { size_t array, flat; } nudged;

static void nudge(struct golden_suite *suite) {
    struct array *a = &suite->cases[0].expected[nudged.array].value;
    array_set(a, nudged.flat, nextafter(array_get(a, nudged.flat), INFINITY));
}

static void nudge_back(struct golden_suite *suite) {
    struct array *a = &suite->cases[0].expected[nudged.array].value;
    array_set(a, nudged.flat, nextafter(array_get(a, nudged.flat), -INFINITY));
}

Test(gate_baseline, one_ulp_in_any_stored_element_shows_with_its_place) {
    record_first(1);
    const struct golden_case *c = neuron_case("notebook");
    size_t n = 0;
    for (nudged.array = 0; nudged.array < c->n_expected; nudged.array++) {
        const struct golden_expected *e = &c->expected[nudged.array];
        for (nudged.flat = 0; nudged.flat < e->exact.count; nudged.flat++, n++) {
            edit(nudge);
            struct gate_results r = verify(NULL, 0);
            const struct gate_baseline *b = &r.suites[0].baseline;
            cr_expect(b->n_moved == 1 && b->n_same == c->n_expected - 1 && b->moved_ulp == 1,
                      "%s[%zu]", e->name, nudged.flat);
            cr_expect_str_eq(b->moved.tensor, e->name);
            cr_expect_str_eq(b->moved.case_id, "notebook");
            cr_expect(e->exact.ndim == 0 || b->moved.index[0] == nudged.flat, "%s[%zu]", e->name,
                      nudged.flat);
            cr_expect(r.suites[0].verdict == GATE_PASS, "within the bound");
            gate_results_free(&r);
            edit(nudge_back);
        }
    }
    cr_expect(n == 9, "%zu", n);
}

/* ---- what got worse ---- */

static int move_by_two_bounds(struct plain *k) {
    k->db += 2 * array_get(&golden_find_expected(neuron_case("notebook"), "b.grad")->bound, 0);
    return 0;
}

static int move_a_little(struct plain *k) {
    k->db = nextafter(k->db, INFINITY);
    return 0;
}

Test(gate_baseline, a_move_within_the_bound_passes_and_by_two_bounds_fails) {
    const struct way little = {.name = "an ULP", .spoil_backward = move_a_little};
    const struct way far = {.name = "two bounds", .spoil_backward = move_by_two_bounds};
    record_first(1);
    struct gate_results r = verify(&little, 0);
    cr_expect(r.suites[0].by_golden.of[GATE_PASS] == 1 && r.suites[0].baseline.n_moved == 1);
    cr_expect_str_eq(r.suites[0].baseline.moved.tensor, "b.grad");
    gate_results_free(&r);
    r = verify(&far, 0);
    cr_expect(r.suites[0].verdict == GATE_FAIL && gate_exit_code(&r) == 1);
    cr_expect(r.suites[0].baseline.n_moved == 0 && r.suites[0].baseline.n_same == 4);
    cr_expect_str_eq(r.suites[0].worst.tensor, "b.grad");
    gate_results_free(&r);
}

static void widen(struct golden_suite *suite) {
    struct golden_expected *e = &suite->cases[0].expected[0];
    double exact = array_get(&e->exact, 0);
    array_set(&e->bound, 0, 1.5 * fabs(exact));
    array_set(&e->exact, 0, 2 * exact);
}

Test(gate_baseline, half_of_a_bound_used_up_is_counted_and_placed) {
    record_first(1);
    struct gate_results r = verify(NULL, 0);
    size_t before = r.suites[0].baseline.n_half;
    gate_results_free(&r);
    edit(widen); /* off by the value itself, allowed one and a half times that */
    r = verify(NULL, 0);
    cr_expect(r.suites[0].verdict == GATE_PASS);
    cr_expect(r.suites[0].baseline.n_half == before + 1);
    cr_expect_str_eq(r.suites[0].baseline.half.tensor, r.suites[0].cases[0].arrays[0].name);
    gate_results_free(&r);
}

static void drop_a_case(struct golden_suite *suite) {
    suite->n_cases--;
}

static void claim_a_finer_resolution(struct golden_suite *suite) {
    suite->cases[0].measured.resolution /= 11;
}

static void claim_a_slightly_finer_resolution(struct golden_suite *suite) {
    suite->cases[0].measured.resolution /= 9;
}

static void claim_a_proof(struct golden_suite *suite) {
    for (size_t i = 0; i < suite->n_cases; i++) {
        struct golden_measured *m = &suite->cases[i].measured;
        (void)snprintf(m->gradient, sizeof m->gradient, "pass");
        m->resolution = 1;
    }
}

static void claim_fewer_evaluations(struct golden_suite *suite) {
    suite->cases[0].measured.evaluations -= 10;
}

static void leave_alone(struct golden_suite *suite) {
    (void)suite;
}

Test(gate_baseline, what_got_worse_since_it_was_recorded_is_a_finding) {
    static const struct {
        const char *name;
        void (*change)(struct golden_suite *suite);
        enum gate_verdict verdict;
        const char *finding;
        uint64_t seed;
        size_t n_evaluations; /* more than recorded */
    } rows[] = {
        {"nothing", leave_alone, GATE_PASS, "", 0, 0},
        {"fewer cases", drop_a_case, GATE_FAIL,
         "the baseline has 1 cases, and had 2 when it was recorded", 0, 0},
        {"a digit of resolution", claim_a_finer_resolution, GATE_INCONCLUSIVE,
         "the resolution of 1 gradient checks is more than 10 times what it was when the baseline "
         "was recorded, first on case notebook",
         0, 0},
        {"less than a digit", claim_a_slightly_finer_resolution, GATE_PASS, "", 0, 0},
        {"with another seed", claim_a_finer_resolution, GATE_PASS, "", 1, 0},
        {"evaluations", claim_fewer_evaluations, GATE_PASS, "", 0, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        record_first(2);
        edit(rows[i].change);
        struct gate_results r = verify(NULL, rows[i].seed);
        const struct gate_suite *s = &r.suites[0];
        cr_expect(s->verdict == rows[i].verdict, "%s: %s", rows[i].name, s->finding);
        cr_expect_str_eq(s->finding, rows[i].finding, "%s: %s", rows[i].name, s->finding);
        cr_expect(s->baseline.same_seed == (rows[i].seed == 0), "%s", rows[i].name);
        cr_expect(rows[i].seed != 0 || s->n_cases < 2 ||
                      s->n_evaluations == s->baseline.evaluations + rows[i].n_evaluations,
                  "%s", rows[i].name);
        gate_results_free(&r);
    }
}

Test(gate_baseline, a_gradient_that_is_no_longer_proven_is_not_proven) {
    record_first(69);
    edit(claim_a_proof);
    struct gate_results r = verify(NULL, 0);
    const struct gate_suite *s = &r.suites[0];
    size_t n_not = s->n_cases - s->by_gradient.of[GATE_PASS];
    cr_expect(n_not > 5 && s->baseline.n_lost == n_not, "%zu, %zu", n_not, s->baseline.n_lost);
    cr_expect(s->verdict == GATE_INCONCLUSIVE && gate_exit_code(&r) == 3);
    cr_expect(strstr(s->finding, "gradient checks that passed when the baseline was recorded do "
                                 "not now, first on case ") != NULL,
              "%s", s->finding);
    gate_results_free(&r);
}

/* ---- what makes no baseline ---- */

static int give_nothing(struct plain *k) {
    (void)k;
    return 1;
}

Test(gate_baseline, a_wrong_or_unfinished_kernel_makes_no_baseline) {
    static const struct way ways[] = {
        {.name = "wrong", .spoil_backward = move_by_two_bounds},
        {.name = "refuses", .spoil_forward = give_nothing},
    };
    char why[GATE_TEXT_SIZE];
    const struct gate_options options = {
        .keep_values = true, .max_evaluations = FEW, .case_id = "notebook"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct gate_results r = run_in("tests/golden", &ways[i], &options);
        cr_expect(!gate_may_record(&r.suites[0], why), "%s", ways[i].name);
        cr_expect_str_eq(why, "neuron: it fails, which makes no baseline");
        gate_results_free(&r);
    }
    struct gate_results r = run_in("tests/golden", NULL, &options);
    cr_expect(!gate_may_record(&r.suites[0], why));
    cr_expect_str_eq(why, "neuron: 1 of 69 cases ran to their end");
    cr_expect(gate_record(&r, &r.suites[0], folder, NULL) == GOLDEN_SHA256, "not all cases");
    gate_results_free(&r);
    const struct gate_options forgetful = {.max_evaluations = FEW};
    record_first(1);
    r = run_in(folder, NULL, &forgetful);
    cr_expect(!gate_may_record(&r.suites[0], why), "the values were not kept");
    gate_results_free(&r);
}
