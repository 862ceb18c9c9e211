// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "check.h"
#include "choose.h"
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

/* A folder that was named says itself which kernels; that of the built-in ones must have all. */
static int choose(const struct option_values *values, struct gate_family families[], size_t *n) {
    const struct option_value *golden = &values->of[GOLDEN];
    if (values->n_words > 0) {
        *n = values->n_words;
        return choose_kernels("verify", values->words, values->n_words, families);
    }
    int code =
        choose_in_folder("verify", golden->given ? golden->text : CHECK_GOLDEN_DIR, families, n);
    if (code == 0 && !golden->given) {
        memcpy(families, builtin_families, builtin_n_families * sizeof families[0]);
        *n = builtin_n_families;
    }
    return code;
}

static int run(const char *program, const struct option_values *values) {
    size_t n = 0;
    struct gate_family *families = calloc(values->n_words + builtin_n_families, sizeof families[0]);
    if (families == NULL) {
        return command_fail("verify", "out of memory");
    }
    int code = choose(values, families, &n);
    code = code != 0 ? code : run_on(program, values, families, n);
    free(families);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "[KERNEL...] [OPTION...]",
    .summary = "Hold kernels against golden values and against finite differences",
    .text =
        "\n"
        "Without a name all built-in kernels are verified, with --golden those that DIR has values "
        "for.\nIf DIR is a baseline ('gradgate record'), the report says what changed since. Each "
        "case runs in\na process of its own.\n"
        "golden: cases that agree with the exact values, of those compared. share: of the error\n"
        "bound used at the worst place. ULP: the largest distance from an exact value. gradient:\n"
        "checks passed, of those that apply. resolution: the smallest relative error in a "
        "gradient\n"
        "that a check could have seen, the median of those that passed, and at worst.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
