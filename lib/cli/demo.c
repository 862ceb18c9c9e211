// SPDX-License-Identifier: MIT
#include "check.h"
#include "command.h"
#include "mistake.h"
#include "near.h"

#include <stdio.h>
#include <string.h>

/* A shape in which B, n and B n all differ. */
#define DEMO_CASE "n5-B3-random"
#define DEMO_SECONDS 5 /* for the mistake that hangs */

enum { GOLDEN, CASE, SEED };

static const struct option options[] = {
    [GOLDEN] = {"--golden", NULL, OPTION_TEXT, "DIR",
                "folder of golden values (default: " CHECK_GOLDEN_DIR ")"},
    [CASE] = {"--case", NULL, OPTION_TEXT, "ID", "case of neuron_batch (default: " DEMO_CASE ")"},
    [SEED] = {"--seed", NULL, OPTION_NUMBER, "N", "seed of the gradient check (default: 0)"},
};

static int list_mistakes(const char *program) {
    (void)printf("Mistakes that '%s demo MISTAKE' makes in the backward pass of the neuron on a "
                 "batch:\n\n",
                 program);
    for (size_t i = 0; i < n_mistakes; i++) {
        (void)printf("  %-22s %s\n", mistakes[i].name, mistakes[i].what);
    }
    return 0;
}

static const struct mistake *find(const char *name) {
    for (size_t i = 0; i < n_mistakes; i++) {
        if (strcmp(mistakes[i].name, name) == 0) {
            return &mistakes[i];
        }
    }
    return NULL;
}

static int fail_unknown(const char *name) {
    struct near near = near_start(name, strlen(name));
    char guess[NEAR_TEXT_SIZE];
    for (size_t i = 0; i < n_mistakes; i++) {
        near_consider(&near, mistakes[i].name);
    }
    near_text(&near, guess, sizeof guess);
    return command_fail("demo", "no mistake '%s'%s ('gradgate demo' lists them)", name, guess);
}

static int run_mistake(const char *program, const struct option_values *values,
                       const struct mistake *mistake) {
    const struct option_value *of = values->of;
    const struct gate_family family = mistake_family(mistake);
    char quoted[REPORT_TEXT_SIZE / 2];
    char again[REPORT_TEXT_SIZE];
    char golden[REPORT_TEXT_SIZE];
    char suffix[REPORT_TEXT_SIZE + 16] = "";
    check_quote(program, quoted, sizeof quoted);
    (void)snprintf(again, sizeof again, "%s demo %s", quoted, mistake->name);
    if (of[GOLDEN].given) {
        check_quote(of[GOLDEN].text, golden, sizeof golden);
        (void)snprintf(suffix, sizeof suffix, " --golden %s", golden);
    }
    char heading[REPORT_TEXT_SIZE];
    (void)snprintf(heading, sizeof heading, "mistake: %s", mistake->what);
    struct check_run run = {
        .command = "demo",
        .heading = heading,
        .families = &family,
        .n_families = 1,
        .gate = {.golden_dir = of[GOLDEN].given ? of[GOLDEN].text : CHECK_GOLDEN_DIR,
                 .case_id = of[CASE].given ? of[CASE].text : DEMO_CASE,
                 .seed = of[SEED].number,
                 .time_limit = DEMO_SECONDS},
        .report = {.verbose = true,
                   .again = again,
                   .again_without_kernel = true,
                   .again_options = suffix},
    };
    return check_run(&run);
}

static int run(const char *program, const struct option_values *values) {
    if (values->n_words == 0) {
        return list_mistakes(program);
    }
    if (values->n_words > 1) {
        return command_fail("demo", "one mistake at a time, please");
    }
    const struct mistake *mistake = find(values->words[0]);
    return mistake != NULL ? run_mistake(program, values, mistake) : fail_unknown(values->words[0]);
}

const struct command command_demo = {
    .name = "demo",
    .arguments = "[MISTAKE] [OPTION...]",
    .summary =
        "Make a mistake in a backward pass on purpose and see it caught, or list the mistakes",
    .text = "\nThe mistake goes through the same gate as any kernel, so the exit code is 1.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
