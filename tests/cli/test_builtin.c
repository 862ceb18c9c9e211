// SPDX-License-Identifier: MIT
/* The built-in kernels fit their golden values; each deliberate mistake is caught. */
#include "cli/builtin.h"
#include "cli/check.h"
#include "cli/mistake.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(cli_builtin, every_kernel_has_golden_values_and_the_reverse) {
    struct golden_names names;
    cr_assert(golden_list(CHECK_GOLDEN_DIR, &names, NULL) == GOLDEN_OK);
    cr_expect(names.n_kernels == builtin_n_families);
    for (size_t i = 0; i < names.n_kernels; i++) {
        cr_expect(builtin_find(names.kernels[i]) != NULL, "%s", names.kernels[i]);
    }
    golden_names_free(&names);
    cr_expect(builtin_find("no_such") == NULL);
}

Test(cli_builtin, every_float32_kernel_has_its_twin) {
    for (size_t i = 0; i < builtin_n_families; i += 2) {
        char twin[64];
        (void)snprintf(twin, sizeof twin, "%s_f32", builtin_families[i].name);
        cr_expect_str_eq(builtin_families[i + 1].name, twin);
        cr_expect(builtin_families[i].open != builtin_families[i + 1].open);
    }
}

/* What open makes of a case of another kernel is a reason, not a crash. */
Test(cli_builtin, a_case_of_another_kernel_is_refused_with_a_reason) {
    struct golden_suite sigmoid;
    struct golden_suite batch;
    cr_assert(golden_load(CHECK_GOLDEN_DIR, "sigmoid", &sigmoid, NULL) == GOLDEN_OK);
    cr_assert(golden_load(CHECK_GOLDEN_DIR, "neuron_batch", &batch, NULL) == GOLDEN_OK);
    for (size_t i = 0; i < builtin_n_families; i++) {
        const struct gate_family *family = &builtin_families[i];
        bool is_sigmoid = strncmp(family->name, "sigmoid", 7) == 0;
        const struct golden_case *c = is_sigmoid ? &batch.cases[0] : &sigmoid.cases[0];
        struct gate_kernel kernel;
        char why[GATE_TEXT_SIZE] = "";
        cr_expect(!family->open(family, c, &kernel, why), "%s", family->name);
        cr_expect(strncmp(why, "the case ", 9) == 0, "%s: %s", family->name, why);
    }
    golden_free(&sigmoid);
    golden_free(&batch);
}

static struct gate_results run(const struct mistake *mistake) {
    const struct gate_family family = mistake_family(mistake);
    const struct gate_options options = {
        .golden_dir = CHECK_GOLDEN_DIR, .case_id = "n5-B3-random", .time_limit = 2};
    struct gate_results results;
    cr_assert(gate_run(&family, 1, &options, &results) == GATE_OK);
    cr_assert(results.n_suites == 1 && results.suites[0].n_cases == 1);
    return results;
}

/* Whatever still answers is caught by differences alone too, without golden values. */
Test(cli_mistake, only_the_kernel_without_a_mistake_passes) {
    for (size_t i = 0; i < n_mistakes; i++) {
        struct gate_results r = run(&mistakes[i]);
        const struct gate_case *c = &r.suites[0].cases[0];
        bool right = strcmp(mistakes[i].name, "none") == 0;
        bool answers = c->end == PORT_DONE;
        cr_expect(gate_exit_code(&r) == (right ? 0 : 1), "%s", mistakes[i].name);
        cr_expect(!answers || (c->gradient == GATE_FAIL) == !right, "%s", mistakes[i].name);
        cr_expect(answers || c->finding[0] != '\0', "%s", mistakes[i].name);
        gate_results_free(&r);
    }
}

Test(cli_check, quotes_what_a_shell_would_take_apart) {
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"build/gradgate", "build/gradgate"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"", "''"},
        {"$(x)", "'$(x)'"},
        {"~/x", "'~/x'"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_quote(rows[i].in, text, sizeof text);
        cr_expect_str_eq(text, rows[i].out);
    }
    check_quote("a path that is longer than the room for it", text, sizeof text);
    cr_expect(strlen(text) < sizeof text && text[strlen(text) - 1] == '\'');
}
