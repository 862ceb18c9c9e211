// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "check.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN, CASE, SEED, TIME_LIMIT, THOROUGH, MAX_EVALUATIONS, JSON, JUNIT, VERBOSE };

static const struct option options[] = {
    [GOLDEN] = {"--golden", NULL, OPTION_TEXT, "DIR",
                "folder of golden values (default: " CHECK_GOLDEN_DIR ")"},
    [CASE] = {"--case", NULL, OPTION_TEXT, "ID", "only this case"},
    [SEED] = {"--seed", NULL, OPTION_NUMBER, "N", "seed of the gradient checks (default: 0)"},
    [TIME_LIMIT] = {"--time-limit", NULL, OPTION_SECONDS, "SECONDS",
                    "wall-clock limit of a case (default: 60)"},
    [THOROUGH] = {"--thorough", NULL, OPTION_FLAG, NULL, "more evaluations, smaller error bounds"},
    [MAX_EVALUATIONS] = {"--max-evaluations", NULL, OPTION_NUMBER, "N",
                         "forward calls of a gradient check (default: 100000)"},
    [JSON] = {"--json", NULL, OPTION_TEXT, "FILE", "write the results as JSON"},
    [JUNIT] = {"--junit", NULL, OPTION_TEXT, "FILE", "write the results as JUnit XML"},
    [VERBOSE] = {"--verbose", "-v", OPTION_FLAG, NULL, "show every case"},
};

/* ---- which kernels ---- */

static bool is_named(const struct gate_family families[], size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(families[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* families has room for n_words. 0, or the exit code. */
static int choose(const struct option_values *values, struct gate_family families[]) {
    for (size_t i = 0; i < values->n_words; i++) {
        const char *name = values->words[i];
        const struct gate_family *family = builtin_find(name);
        if (family == NULL) {
            char guess[NEAR_TEXT_SIZE];
            builtin_guess(name, guess);
            return command_fail("verify", "no kernel '%s'%s ('gradgate list' lists them)", name,
                                guess);
        }
        if (is_named(families, i, family->name)) {
            return command_fail("verify", "kernel %s is named twice", family->name);
        }
        families[i] = *family;
    }
    return 0;
}

/* Golden values that nothing is held against would look like a pass. */
static int refuse_strangers(const char *dir) {
    struct golden_names names;
    if (golden_list(dir, &names, NULL) != GOLDEN_OK) {
        return 0; /* the run itself says so */
    }
    int code = 0;
    for (size_t i = 0; i < names.n_kernels && code == 0; i++) {
        if (builtin_find(names.kernels[i]) == NULL) {
            code = command_fail("verify",
                                "%s/%s.json: there is no kernel of this name; name those to verify",
                                dir, names.kernels[i]);
        }
    }
    golden_names_free(&names);
    return code;
}

/* ---- the run ---- */

static int run_on(const char *program, const struct option_values *values,
                  const struct gate_family families[], size_t n_families) {
    const struct option_value *of = values->of;
    const char *dir = of[GOLDEN].given ? of[GOLDEN].text : CHECK_GOLDEN_DIR;
    char quoted[REPORT_TEXT_SIZE / 2];
    char again[REPORT_TEXT_SIZE];
    char golden[REPORT_TEXT_SIZE];
    char suffix[REPORT_TEXT_SIZE + 64];
    check_quote(program, quoted, sizeof quoted);
    (void)snprintf(again, sizeof again, "%s verify", quoted);
    check_quote(dir, golden, sizeof golden);
    (void)snprintf(suffix, sizeof suffix, "%s%s%s", of[THOROUGH].given ? " --thorough" : "",
                   of[GOLDEN].given ? " --golden " : "", of[GOLDEN].given ? golden : "");
    struct check_run run = {
        .command = "verify",
        .families = families,
        .n_families = n_families,
        .gate = {.golden_dir = dir,
                 .case_id = of[CASE].text,
                 .seed = of[SEED].number,
                 .time_limit = of[TIME_LIMIT].seconds,
                 .max_evaluations = (size_t)of[MAX_EVALUATIONS].number,
                 .thorough = of[THOROUGH].given},
        .report = {.verbose = of[VERBOSE].given || of[CASE].given,
                   .again = again,
                   .again_options = suffix},
        .json = of[JSON].text,
        .junit = of[JUNIT].text,
    };
    return check_run(&run);
}

static int run(const char *program, const struct option_values *values) {
    if (values->n_words == 0) {
        const char *dir = values->of[GOLDEN].given ? values->of[GOLDEN].text : CHECK_GOLDEN_DIR;
        int code = refuse_strangers(dir);
        return code != 0 ? code : run_on(program, values, builtin_families, builtin_n_families);
    }
    struct gate_family *families = calloc(values->n_words, sizeof families[0]);
    if (families == NULL) {
        return command_fail("verify", "out of memory");
    }
    int code = choose(values, families);
    if (code == 0) {
        code = run_on(program, values, families, values->n_words);
    }
    free(families);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "[KERNEL...] [OPTION...]",
    .summary = "Hold kernels against golden values and against finite differences",
    .text =
        "\n"
        "Without a name all built-in kernels are verified. Each case runs in a process of its "
        "own.\n"
        "golden: cases that agree with the exact values, of those compared. share: of the error\n"
        "bound used at the worst place. ULP: the largest distance from an exact value. gradient:\n"
        "checks passed, of those that apply. resolution: the smallest relative error in a "
        "gradient\n"
        "that a check could have seen, the median of those that passed, and at worst.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
