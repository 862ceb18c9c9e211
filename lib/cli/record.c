// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* stat, access, rmdir */
#include "builtin.h"
#include "check.h"
#include "choose.h"
#include "command.h"
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GOLDEN, SEED, TIME_LIMIT, OVERWRITE, PORT, PORT_COMMAND };

static const struct option options[] = {
    [GOLDEN] = {"--golden", NULL, OPTION_TEXT, "DIR",
                "folder of golden values to start from (default: " CHECK_GOLDEN_DIR ")"},
    [SEED] = {"--seed", NULL, OPTION_NUMBER, "N", "seed of the gradient checks (default: 0)"},
    [TIME_LIMIT] = {"--time-limit", NULL, OPTION_SECONDS, "SECONDS",
                    "wall-clock limit of a case (default: 60)"},
    [OVERWRITE] = {"--overwrite", NULL, OPTION_FLAG, NULL,
                   "replace a baseline of the same kernels"},
    [PORT] = {"--port", NULL, OPTION_TEXT, "FILE", "record this shared library, a port"},
    [PORT_COMMAND] = {"--port-command", NULL, OPTION_FLAG, NULL,
                      "record the program that follows '--', a port"},
};

struct recording {
    const char *dir, *golden_dir;
    bool overwrite;
    const struct gate_family *families;
    size_t n_families;
    const struct gate_port_report *port; /* NULL: built-in kernels */
    size_t n_points;                     /* as verify takes them, or it would find other numbers */
    bool made_dir;
};

/* ---- before the run: can it be written there, and should it be? ---- */

static int refuse_same_folder(const struct recording *r) {
    struct stat a;
    struct stat b;
    if (stat(r->dir, &a) == 0 && stat(r->golden_dir, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino) {
        return command_fail("record", "%s: the golden values to start from are in this folder",
                            r->dir);
    }
    return 0;
}

static int refuse_existing(const struct recording *r) {
    static const char *const suffixes[] = {".json", ".npz"};
    for (size_t i = 0; i < 2 * r->n_families && !r->overwrite; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s%s", r->dir, r->families[i / 2].name,
                       suffixes[i % 2]);
        if (access(path, F_OK) == 0) {
            return command_fail("record", "%s: there already (--overwrite replaces it)", path);
        }
    }
    return 0;
}

static int prepare_folder(struct recording *r) {
    struct stat status;
    r->made_dir = mkdir(r->dir, 0777) == 0;
    if (!r->made_dir && errno != EEXIST) {
        return command_fail("record", "%s: the folder cannot be made: %s", r->dir,
                            strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    }
    if (stat(r->dir, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return command_fail("record", "%s: is not a folder", r->dir);
    }
    if (access(r->dir, W_OK | X_OK) != 0) {
        return command_fail("record", "%s: the folder cannot be written to: %s", r->dir,
                            strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    }
    return 0;
}

/* ---- after the run: all kernels or none ---- */

static int refuse_unfit(const struct gate_results *results, int code) {
    for (size_t i = 0; i < results->n_suites; i++) {
        char why[GATE_TEXT_SIZE];
        if (!gate_may_record(&results->suites[i], why)) {
            (void)command_fail("record", "%s; nothing was recorded", why);
            return code != 0 ? code : EXIT_USAGE;
        }
    }
    return 0;
}

static int save_all(const struct recording *r, const struct gate_results *results) {
    size_t n_cases = 0;
    for (size_t i = 0; i < results->n_suites; i++) {
        struct golden_error error;
        if (gate_record(results, &results->suites[i], r->dir, &error) != GOLDEN_OK) {
            char text[GATE_TEXT_SIZE];
            golden_error_text(&error, text, sizeof text);
            return command_fail("record", "%s", text);
        }
        n_cases += results->suites[i].n_cases;
    }
    (void)printf("recorded in %s: %zu kernel%s, %zu cases\n", r->dir, results->n_suites,
                 results->n_suites == 1 ? "" : "s", n_cases);
    return 0;
}

static int save(void *ctx, const struct gate_results *results, int code) {
    if (results->interrupted || results->n_suites == 0) {
        (void)command_fail("record", "nothing was recorded");
        return code;
    }
    int failed = refuse_unfit(results, code);
    failed = failed != 0 ? failed : save_all(ctx, results);
    return failed != 0 ? failed : code;
}

/* ---- the command ---- */

static int record(struct recording *r, const struct option_values *values) {
    struct check_run run = {.command = "record",
                            .families = r->families,
                            .n_families = r->n_families,
                            .gate = {.golden_dir = r->golden_dir,
                                     .seed = values->of[SEED].number,
                                     .time_limit = values->of[TIME_LIMIT].seconds,
                                     .n_points = r->n_points,
                                     .port = r->port,
                                     .keep_values = true},
                            .after = save,
                            .after_ctx = r};
    int code = refuse_same_folder(r);
    code = code != 0 ? code : refuse_existing(r);
    code = code != 0 ? code : prepare_folder(r);
    code = code != 0 ? code : check_run(&run);
    if (r->made_dir) {
        (void)rmdir(r->dir); /* which does nothing to a folder that holds a baseline */
    }
    return code;
}

static int record_builtin(struct recording r, const struct option_values *values) {
    size_t n = values->n_words - 1;
    struct gate_family *chosen = calloc(n + 1, sizeof chosen[0]);
    if (chosen == NULL) {
        return command_fail("record", "out of memory");
    }
    int code = choose_kernels("record", values->words + 1, n, chosen);
    r.families = n > 0 ? chosen : builtin_families;
    r.n_families = n > 0 ? n : builtin_n_families;
    code = code != 0 ? code : record(&r, values);
    free(chosen);
    return code;
}

static int record_port(struct recording r, const struct option_values *values) {
    bool is_program = values->of[PORT_COMMAND].given;
    size_t n_argv = is_program ? values->n_words - values->n_before : 0;
    if (is_program && (n_argv == 0 || values->of[PORT].given)) {
        return command_fail("record", n_argv == 0 ? "--port-command: which program? ('--', then it)"
                                                  : "--port or --port-command, not both");
    }
    char **argv = calloc(n_argv + 1, sizeof argv[0]);
    if (argv == NULL) {
        return command_fail("record", "out of memory");
    }
    memcpy(argv, values->words + values->n_before, n_argv * sizeof argv[0]);
    const struct port_request_line line = {.command = "record",
                                           .library = values->of[PORT].text,
                                           .program = is_program ? argv : NULL,
                                           .names = values->words + 1,
                                           .n_names = values->n_words - n_argv - 1,
                                           .golden_dir = r.golden_dir,
                                           .time_limit = values->of[TIME_LIMIT].seconds};
    struct port_setup setup;
    int code = port_setup(&line, &setup);
    r.families = setup.families;
    r.n_families = setup.n_families;
    r.port = &setup.report;
    r.n_points = is_program ? 1 : 0;
    code = code != 0 ? code : record(&r, values);
    port_setup_free(&setup);
    free(argv);
    return code;
}

static int run(const char *program, const struct option_values *values) {
    (void)program;
    const struct option_value *of = values->of;
    struct recording r = {.golden_dir = of[GOLDEN].given ? of[GOLDEN].text : CHECK_GOLDEN_DIR,
                          .overwrite = of[OVERWRITE].given};
    size_t n_before = of[PORT_COMMAND].given ? values->n_before : values->n_words;
    if (n_before == 0) {
        return command_fail("record", "in which folder?");
    }
    r.dir = values->words[0];
    return of[PORT].given || of[PORT_COMMAND].given ? record_port(r, values)
                                                    : record_builtin(r, values);
}

const struct command command_record = {
    .name = "record",
    .arguments = "DIR [KERNEL...] [OPTION...]",
    .summary = "Store what kernels give today as a baseline, for 'verify --golden DIR' later",
    .text = "\nDIR is made if it is not there. A baseline is a folder of golden values: the values "
            "are the kernel's\nown, exact values and bounds those that it was held against. "
            "Resolution and evaluations of each\ngradient check stand beside them. A kernel that "
            "is wrong makes no baseline.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
