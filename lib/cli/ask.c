// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "check.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

enum { GOLDEN, EXPECTED };

static const struct option options[] = {
    [GOLDEN] = {"--golden", NULL, OPTION_TEXT, "DIR",
                "folder of golden values (default: " CHECK_GOLDEN_DIR ")"},
    [EXPECTED] = {"--expected", NULL, OPTION_FLAG, NULL,
                  "say what the answers should be, too: a vector pack"},
};

/* The golden values say what to ask: a kernel need not be built in. */
static int load(const char *dir, const char *kernel, struct golden_suite *out) {
    struct golden_error error;
    if (golden_load(dir, kernel, out, &error) == GOLDEN_OK) {
        return 0;
    }
    char text[GATE_TEXT_SIZE];
    char guess[NEAR_TEXT_SIZE] = "";
    golden_error_text(&error, text, sizeof text);
    if (error.code == GOLDEN_FILE_OPEN && builtin_find(kernel) == NULL) {
        builtin_guess(kernel, guess);
    }
    return command_fail("ask", "%s%s", text, guess);
}

static int ask(const struct option_values *values, struct golden_suite suites[]) {
    const struct option_value *of = values->of;
    const char *dir = of[GOLDEN].given ? of[GOLDEN].text : CHECK_GOLDEN_DIR;
    if (!check_golden_dir("ask", dir)) {
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < values->n_words; i++) {
        int code = load(dir, values->words[i], &suites[i]);
        if (code != 0) {
            return code;
        }
    }
    const char *name = values->n_words == 1 ? suites[0].kernel : "kernels";
    return golden_pack_write(suites, values->n_words, name, of[EXPECTED].given, stdout) == GOLDEN_OK
               ? 0
               : command_fail("ask", "standard output cannot be written");
}

static int run(const char *program, const struct option_values *values) {
    if (values->n_words == 0) {
        return command_fail("ask", "which kernel? ('%s list' lists them)", program);
    }
    struct golden_suite *suites = calloc(values->n_words, sizeof suites[0]);
    if (suites == NULL) {
        return command_fail("ask", "out of memory");
    }
    int code = ask(values, suites);
    for (size_t i = 0; i < values->n_words; i++) {
        golden_free(&suites[i]);
    }
    free(suites);
    return code;
}

const struct command command_ask = {
    .name = "ask",
    .arguments = "KERNEL... [OPTION...]",
    .summary =
        "Write the questions of the golden values as lines that a port in any language reads",
    .text = "\nThe format stands in tests/golden/README.md.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
