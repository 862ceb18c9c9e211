// SPDX-License-Identifier: MIT
#include "port.h"

#include "builtin.h"
#include "check.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail_memory(const struct port_request_line *line) {
    return command_fail(line->command, "out of memory");
}

/* ---- what it is called ---- */

/* Words as a shell takes them, with a space before each. */
static char *join_quoted(char *const words[], size_t n, const char *first) {
    char quoted[REPORT_TEXT_SIZE];
    size_t size = strlen(first) + n * (sizeof quoted + 1) + 1;
    char *text = malloc(size);
    if (text == NULL) {
        return NULL;
    }
    (void)snprintf(text, size, "%s", first);
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(text);
        check_quote(words[i], quoted, sizeof quoted);
        (void)snprintf(text + used, size - used, " %s", quoted);
    }
    return text;
}

static size_t count_words(char *const words[]) {
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    return n;
}

static bool name_target(const struct port_request_line *line, struct port_setup *s) {
    char *one[] = {(char *)(line->library != NULL ? line->library : line->answers), NULL};
    char **words = line->program != NULL ? line->program : one;
    const char *option = line->library != NULL   ? " --port"
                         : line->program != NULL ? " --port-command --"
                                                 : " --answers";
    char *target = join_quoted(words, count_words(words), "");
    s->again = join_quoted(words, count_words(words), option);
    s->target = target != NULL ? malloc(strlen(target)) : NULL;
    if (s->target != NULL) {
        memcpy(s->target, target + 1, strlen(target));
    }
    free(target);
    return s->target != NULL && s->again != NULL;
}

/* ---- which kernels ---- */

static bool has_twice(char *const names[], size_t n, const char *name) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        found += strcmp(names[i], name) == 0;
    }
    return found > 1;
}

static int take_names(const struct port_request_line *line, struct port_setup *s,
                      char *const names[], size_t n) {
    s->names = calloc(n + 1, sizeof s->names[0]);
    for (size_t i = 0; i < n && s->names != NULL; i++) {
        size_t size = strlen(names[i]) + 1;
        s->names[i] = malloc(size);
        if (s->names[i] == NULL) {
            return fail_memory(line);
        }
        memcpy(s->names[i], names[i], size);
        s->n_families++;
        if (has_twice(names, n, names[i])) {
            return command_fail(line->command, "kernel %s is named twice", names[i]);
        }
    }
    return s->names != NULL ? 0 : fail_memory(line);
}

static int choose_names(const struct port_request_line *line, struct port_setup *s) {
    struct golden_names all;
    if (line->n_names > 0) {
        return take_names(line, s, line->names, line->n_names);
    }
    if (line->answers != NULL) {
        return command_fail(line->command,
                            "--answers: name the kernels that were asked, in the order of "
                            "'gradgate ask'");
    }
    if (!check_golden_dir(line->command, line->golden_dir) ||
        golden_list(line->golden_dir, &all, NULL) != GOLDEN_OK) {
        return EXIT_USAGE;
    }
    int code = take_names(line, s, all.kernels, all.n_kernels);
    golden_names_free(&all);
    return code;
}

/* ---- the kernels ---- */

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_kernel(const char *name, const char *wanted) {
    return starts_with(name, wanted) &&
           (name[strlen(wanted)] == '\0' || strcmp(name + strlen(wanted), "_f32") == 0);
}

static void describe_kernel(struct port_setup *s, size_t i) {
    const char *name = s->names[i];
    const struct gate_family *like = builtin_find(name);
    bool neuron = is_kernel(name, "neuron");
    s->kernels[i] = (struct gate_port_kernel){
        .port = &s->port,
        .state = &s->states[i],
        .like = like,
        .has_objects = is_kernel(name, "neuron_sample") || is_kernel(name, "neuron_batch"),
        .inner = neuron ? "z" : NULL,
        .inner_grad_like = neuron ? "b.grad" : NULL}; /* z = w.x + b */
    s->families[i] =
        gate_port_family(name, like != NULL ? like->summary : "a port", &s->kernels[i]);
}

static int make_families(const struct port_request_line *line, struct port_setup *s) {
    s->families = calloc(s->n_families, sizeof s->families[0]);
    s->kernels = calloc(s->n_families, sizeof s->kernels[0]);
    s->states = calloc(s->n_families, sizeof s->states[0]);
    if (s->families == NULL || s->kernels == NULL || s->states == NULL) {
        return fail_memory(line);
    }
    for (size_t i = 0; i < s->n_families; i++) {
        describe_kernel(s, i);
    }
    return 0;
}

/* ---- answers in a file: which is to which call ---- */

static int number_calls(const struct port_request_line *line, struct port_setup *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_families; i++) {
        struct golden_suite suite;
        struct golden_error error;
        if (golden_load(line->golden_dir, s->names[i], &suite, &error) != GOLDEN_OK) {
            char text[GATE_TEXT_SIZE];
            golden_error_text(&error, text, sizeof text);
            return command_fail(line->command, "%s", text);
        }
        s->kernels[i].first_id = n + 1;
        n += gate_port_calls(&suite);
        golden_free(&suite);
    }
    size_t answered = port_answers_count(s->answers);
    if (answered != n) {
        (void)snprintf(s->finding, sizeof s->finding, "%zu calls were asked, %zu are answered", n,
                       answered);
    }
    return 0;
}

/* ---- all of it ---- */

static int meet(const struct port_request_line *line, struct port_setup *s) {
    enum { SHARE = 2 };
    char why[PORT_TEXT_SIZE];
    if (line->answers != NULL) {
        s->answers = port_answers_read(line->answers, why);
        if (s->answers == NULL) {
            return command_fail(line->command, "%s", why);
        }
    }
    bool limited = line->time_limit > 0 && line->time_limit / SHARE < PORT_CALL_SECONDS;
    s->port.target = (struct port_target){
        .library = line->library, .argv = line->program, .answers = s->answers};
    s->port.call_seconds = limited ? line->time_limit / SHARE : PORT_CALL_SECONDS;
    if (!port_meet(&s->port.target, s->port.call_seconds, &s->port.about, why)) {
        return command_fail(line->command, "the port %s: %s", s->target, why);
    }
    return 0;
}

int port_setup(const struct port_request_line *line, struct port_setup *out) {
    *out = (struct port_setup){0};
    if (!name_target(line, out)) {
        return fail_memory(line);
    }
    int code = choose_names(line, out);
    code = code != 0 ? code : meet(line, out);
    code = code != 0 ? code : make_families(line, out);
    if (code == 0 && line->answers != NULL) {
        code = number_calls(line, out);
    }
    out->report = (struct gate_port_report){.target = out->target,
                                            .text = out->port.about.text,
                                            .flush_to_zero = out->port.about.flush_to_zero,
                                            .finding = out->finding};
    return code;
}

void port_setup_free(struct port_setup *setup) {
    for (size_t i = 0; setup->names != NULL && i < setup->n_families; i++) {
        free(setup->names[i]);
    }
    free(setup->names);
    free(setup->families);
    free(setup->kernels);
    free(setup->states);
    free(setup->target);
    free(setup->again);
    port_answers_free(setup->answers);
    *setup = (struct port_setup){0};
}
