// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* isatty */
#include "check.h"

#include "command.h"
#include "near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the surroundings ---- */

static bool is_set(const char *name) {
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value != NULL && value[0] != '\0';
}

static bool is_dumb(void) {
    const char *terminal = getenv("TERM"); // NOLINT(concurrency-mt-unsafe)
    return terminal == NULL || strcmp(terminal, "dumb") == 0;
}

/* https://no-color.org */
bool check_wants_colour(void) {
    return isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && !is_dumb();
}

static bool wants_progress(void) {
    return isatty(STDERR_FILENO) && !is_set("CI") && !is_dumb();
}

static void show_progress(void *ctx, const struct gate_progress *p) {
    (void)ctx;
    (void)fprintf(stderr, "\r\033[K%s %zu/%zu %s", p->kernel, p->done + 1, p->total, p->case_id);
}

static void clear_progress(void) {
    (void)fputs("\r\033[K", stderr);
}

void check_quote(const char *argument, char text[], size_t size) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./+-=:,@%";
    if (argument[0] != '\0' && strspn(argument, plain) == strlen(argument)) {
        (void)snprintf(text, size, "%s", argument);
        return;
    }
    size_t used = 0;
    text[used++] = '\'';
    for (const char *p = argument; *p != '\0' && used + 6 < size; p++) {
        if (*p == '\'') {
            memcpy(text + used, "'\\''", 4);
            used += 4;
        } else {
            text[used++] = *p;
        }
    }
    text[used++] = '\'';
    text[used] = '\0';
}

/* ---- before the run ---- */

bool check_golden_dir(const char *command, const char *dir) {
    struct golden_names names;
    struct golden_error error;
    if (golden_list(dir, &names, &error) != GOLDEN_OK) {
        char text[GATE_TEXT_SIZE];
        golden_error_text(&error, text, sizeof text);
        (void)command_fail(command,
                           "%s: run it at the top of the source, or name the folder of "
                           "golden values with --golden DIR",
                           text);
        return false;
    }
    size_t n = names.n_kernels;
    golden_names_free(&names);
    if (n == 0) {
        (void)command_fail(command, "%s: no golden values in this folder", dir);
    }
    return n > 0;
}

static bool check_paths(const struct check_run *run) {
    const char *paths[] = {run->json, run->junit};
    char why[REPORT_TEXT_SIZE];
    if (run->json != NULL && run->junit != NULL && strcmp(run->json, run->junit) == 0) {
        (void)command_fail(run->command, "--json and --junit name the same file %s", run->json);
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (paths[i] != NULL && report_check_path(paths[i], why) != 0) {
            (void)command_fail(run->command, "%s", why);
            return false;
        }
    }
    return true;
}

/* ---- after the run ---- */

static void consider_cases(const struct check_run *run, struct near *near,
                           struct golden_suite suites[]) {
    for (size_t i = 0; i < run->n_families; i++) {
        if (golden_load(run->gate.golden_dir, run->families[i].name, &suites[i], NULL) ==
            GOLDEN_OK) {
            for (size_t j = 0; j < suites[i].n_cases; j++) {
                near_consider(near, suites[i].cases[j].id);
            }
        }
    }
}

static int fail_unknown_case(const struct check_run *run) {
    struct near near = near_start(run->gate.case_id, strlen(run->gate.case_id));
    char guess[NEAR_TEXT_SIZE] = "";
    struct golden_suite *suites = calloc(run->n_families, sizeof suites[0]);
    if (suites != NULL) {
        consider_cases(run, &near, suites);
        near_text(&near, guess, sizeof guess);
        for (size_t i = 0; i < run->n_families; i++) {
            golden_free(&suites[i]);
        }
        free(suites);
    }
    return command_fail(run->command, "no case '%s'%s ('gradgate list KERNEL' lists them)",
                        run->gate.case_id, guess);
}

static int write_files(const struct check_run *run, const struct gate_results *results) {
    char why[REPORT_TEXT_SIZE];
    int code = 0;
    if (run->json != NULL && report_write(run->json, report_json, results, &run->report, why)) {
        code = command_fail(run->command, "%s", why);
    }
    if (run->junit != NULL && report_write(run->junit, report_junit, results, &run->report, why)) {
        code = command_fail(run->command, "%s", why);
    }
    return code;
}

/* Something wrong (1) and interrupted (130) say more than a file that could not be written. */
static int combine(int verdict, int files) {
    return verdict == 1 || verdict == 130 || files == 0 ? verdict : files;
}

static int report_all(const struct check_run *run, const struct gate_results *results) {
    bool unknown = run->gate.case_id != NULL && results->n_suites == 0 && !results->interrupted;
    if (unknown) {
        return fail_unknown_case(run);
    }
    if (run->heading != NULL) {
        (void)printf("%s\n\n", run->heading);
    }
    int printed = report_text(results, &run->report, stdout);
    if (printed != 0) {
        (void)command_fail(run->command, "standard output cannot be written");
    }
    int files = write_files(run, results);
    return combine(gate_exit_code(results), printed != 0 ? EXIT_USAGE : files);
}

int check_run(struct check_run *run) {
    struct gate_results results;
    if (!check_golden_dir(run->command, run->gate.golden_dir) || !check_paths(run)) {
        return EXIT_USAGE;
    }
    bool progress = wants_progress();
    run->gate.progress = progress ? show_progress : NULL;
    run->report.version = GRADGATE_VERSION;
    run->report.colour = check_wants_colour();
    enum gate_status status = gate_run(run->families, run->n_families, &run->gate, &results);
    if (progress) {
        clear_progress();
    }
    if (status != GATE_OK) {
        return command_fail(run->command, "%s", gate_status_text(status));
    }
    int code = report_all(run, &results);
    code = run->after != NULL ? run->after(run->after_ctx, &results, code) : code;
    gate_results_free(&results);
    return code;
}
