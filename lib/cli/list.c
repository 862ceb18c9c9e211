// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "check.h"
#include "command.h"

#include <stdio.h>

enum { GOLDEN };

static const struct option options[] = {
    [GOLDEN] = {"--golden", NULL, OPTION_TEXT, "DIR",
                "folder of golden values (default: " CHECK_GOLDEN_DIR ")"},
};

static int list_kernels(void) {
    for (size_t i = 0; i < builtin_n_families; i++) {
        (void)printf("%-18s %s\n", builtin_families[i].name, builtin_families[i].summary);
    }
    return 0;
}

static void list_case(const struct golden_case *c) {
    (void)printf("  %-28s", c->id);
    for (size_t i = 0; i < c->n_flags; i++) {
        (void)printf("%s%s", i > 0 ? ", " : "", c->flags[i]->name);
    }
    (void)printf("%s%s\n", c->note[0] != '\0' && c->n_flags > 0 ? ": " : "", c->note);
}

static int list_cases(const char *dir, const char *kernel) {
    struct golden_suite suite;
    struct golden_error error;
    if (golden_load(dir, kernel, &suite, &error) != GOLDEN_OK) {
        char text[GATE_TEXT_SIZE];
        golden_error_text(&error, text, sizeof text);
        return command_fail("list", "%s", text);
    }
    (void)printf("%s: %zu cases\n", kernel, suite.n_cases);
    for (size_t i = 0; i < suite.n_cases; i++) {
        list_case(&suite.cases[i]);
    }
    golden_free(&suite);
    return 0;
}

static int run(const char *program, const struct option_values *values) {
    (void)program;
    const char *dir = values->of[GOLDEN].given ? values->of[GOLDEN].text : CHECK_GOLDEN_DIR;
    if (values->n_words == 0) {
        return list_kernels();
    }
    for (size_t i = 0; i < values->n_words; i++) {
        const char *name = values->words[i];
        if (builtin_find(name) == NULL) {
            char guess[NEAR_TEXT_SIZE];
            builtin_guess(name, guess);
            return command_fail("list", "no kernel '%s'%s", name, guess);
        }
        int code = list_cases(dir, name);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

const struct command command_list = {
    .name = "list",
    .arguments = "[KERNEL...] [OPTION...]",
    .summary = "List the built-in kernels, or the cases of kernels",
    .text = "",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
