// SPDX-License-Identifier: MIT
#include "builtin.h"
#include "check.h"
#include "choose.h"
#include "command.h"
#include "known.h"
#include "port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GOLDEN,
    CASE,
    SEED,
    TIME_LIMIT,
    THOROUGH,
    MAX_EVALUATIONS,
    JSON,
    JUNIT,
    VERBOSE,
    PORT,
    PORT_COMMAND,
    ANSWERS,
    DTYPE,
    MAX_ELEMENTS,
    KNOWN
};

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
    [PORT] = {"--port", NULL, OPTION_TEXT, "FILE", "verify this shared library, a port"},
    [PORT_COMMAND] = {"--port-command", NULL, OPTION_FLAG, NULL,
                      "verify the program that follows '--', a port"},
    [ANSWERS] = {"--answers", NULL, OPTION_TEXT, "FILE",
                 "verify what a port answered to 'gradgate ask KERNEL...'"},
    [DTYPE] = {"--dtype", NULL, OPTION_TEXT, "DTYPE", "only kernels in f64, or in f32"},
    [MAX_ELEMENTS] = {"--max-elements", NULL, OPTION_NUMBER, "N",
                      "only cases whose arrays have at most N elements"},
    [KNOWN] = {"--known", NULL, OPTION_TEXT, "FILE",
               "failures to accept: lines KERNEL/CASE REASON"},
};

static const char *golden_dir(const struct option_values *values) {
    return values->of[GOLDEN].given ? values->of[GOLDEN].text : CHECK_GOLDEN_DIR;
}

/* ---- the run ---- */

/* What runs a case again, behind its kernel, id and seed. */
static void describe_options(const struct option_values *values, const char *port, char text[],
                             size_t size) {
    const struct option_value *of = values->of;
    char golden[REPORT_TEXT_SIZE];
    check_quote(golden_dir(values), golden, sizeof golden);
    (void)snprintf(text, size, "%s%s%s%s", of[THOROUGH].given ? " --thorough" : "",
                   of[GOLDEN].given ? " --golden " : "", of[GOLDEN].given ? golden : "", port);
}

static int run_known(const char *program, const struct option_values *values,
                     const struct gate_family families[], size_t n_families,
                     const struct port_setup *port, const struct known_list *known) {
    const struct option_value *of = values->of;
    char quoted[REPORT_TEXT_SIZE / 2];
    char again[REPORT_TEXT_SIZE];
    char suffix[3 * REPORT_TEXT_SIZE];
    enum array_dtype dtype;
    check_quote(program, quoted, sizeof quoted);
    (void)snprintf(again, sizeof again, "%s verify", quoted);
    describe_options(values, port != NULL ? port->again : "", suffix, sizeof suffix);
    if (of[DTYPE].given &&
        (!array_dtype_parse(of[DTYPE].text, &dtype) || !array_dtype_is_float(dtype))) {
        return command_fail("verify", "--dtype: '%s' is neither f64 nor f32", of[DTYPE].text);
    }
    struct check_run run = {
        .command = "verify",
        .families = families,
        .n_families = n_families,
        .gate = {.golden_dir = golden_dir(values),
                 .case_id = of[CASE].text,
                 .seed = of[SEED].number,
                 .time_limit = of[TIME_LIMIT].seconds,
                 .max_evaluations = (size_t)of[MAX_EVALUATIONS].number,
                 .thorough = of[THOROUGH].given,
                 /* Every case is a point; a call through a pipe costs as much as a hundred. */
                 .n_points = of[PORT_COMMAND].given ? 1 : 0,
                 .dtype = of[DTYPE].given ? &dtype : NULL,
                 .max_elements = (size_t)of[MAX_ELEMENTS].number,
                 .known = known->of,
                 .n_known = known->n,
                 .port = port != NULL ? &port->report : NULL},
        .report = {.verbose = of[VERBOSE].given || of[CASE].given,
                   .again = again,
                   .again_options = suffix},
        .json = of[JSON].text,
        .junit = of[JUNIT].text,
    };
    return check_run(&run);
}

static int run_on(const char *program, const struct option_values *values,
                  const struct gate_family families[], size_t n_families,
                  const struct port_setup *port) {
    struct known_list known = {0};
    int code = values->of[KNOWN].given
                   ? known_read(values->of[KNOWN].text, golden_dir(values), &known)
                   : 0;
    code = code != 0 ? code : run_known(program, values, families, n_families, port, &known);
    known_free(&known);
    return code;
}

/* ---- a port ---- */

static bool wants_port(const struct option_values *values) {
    return values->of[PORT].given || values->of[PORT_COMMAND].given || values->of[ANSWERS].given;
}

static int check_port_options(const struct option_values *values) {
    const struct option_value *of = values->of;
    if (of[PORT].given + of[PORT_COMMAND].given + of[ANSWERS].given > 1) {
        return command_fail("verify", "one of --port, --port-command, --answers at a time");
    }
    if (of[PORT_COMMAND].given && values->n_words == values->n_before) {
        return command_fail("verify", "--port-command: which program? (verify --port-command -- "
                                      "PROGRAM ARGUMENT...)");
    }
    return 0;
}

static int run_port(const char *program, const struct option_values *values) {
    const struct option_value *of = values->of;
    int code = check_port_options(values);
    if (code != 0) {
        return code;
    }
    size_t n_argv = of[PORT_COMMAND].given ? values->n_words - values->n_before : 0;
    char **argv = calloc(n_argv + 1, sizeof argv[0]);
    if (argv == NULL) {
        return command_fail("verify", "out of memory");
    }
    memcpy(argv, values->words + values->n_before, n_argv * sizeof argv[0]);
    const struct port_request_line line = {.command = "verify",
                                           .library = of[PORT].text,
                                           .program = of[PORT_COMMAND].given ? argv : NULL,
                                           .answers = of[ANSWERS].text,
                                           .names = values->words,
                                           .n_names = of[PORT_COMMAND].given ? values->n_before
                                                                             : values->n_words,
                                           .golden_dir = golden_dir(values),
                                           .time_limit = of[TIME_LIMIT].seconds};
    struct port_setup setup;
    code = port_setup(&line, &setup);
    code = code != 0 ? code : run_on(program, values, setup.families, setup.n_families, &setup);
    port_setup_free(&setup);
    free(argv);
    return code;
}

/* ---- the built-in kernels ---- */

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
    if (wants_port(values)) {
        return run_port(program, values);
    }
    struct gate_family *families = calloc(values->n_words + builtin_n_families, sizeof families[0]);
    if (families == NULL) {
        return command_fail("verify", "out of memory");
    }
    int code = choose(values, families, &n);
    code = code != 0 ? code : run_on(program, values, families, n, NULL);
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
