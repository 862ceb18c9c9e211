// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include "command.h"
#include "near.h"

#include "port/worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {&command_verify, &command_record, &command_compare,
                                                 &command_show,   &command_ask,    &command_demo,
                                                 &command_list,   &command_help};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

const struct command *command_find(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

int command_fail(const char *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "gradgate%s%s: ", command[0] != '\0' ? " " : "", command);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

void command_print_overview(const char *program) {
    (void)printf("gradgate %s: proves that a hand-written backward pass is right, or says what is "
                 "wrong with it.\n\nusage: %s COMMAND [OPTION...]\n\n",
                 GRADGATE_VERSION, program);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        (void)printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
    }
    (void)printf("\n  --version, --help; '%s COMMAND --help' for the options of a command\n\n"
                 "Exit codes: 0 everything passed; 1 something is wrong; 2 could not run; 3 not "
                 "proven; 130 interrupted.\n",
                 program);
}

void command_print_help(const struct command *command, const char *program) {
    (void)printf("usage: %s %s %s\n\n%s.\n\n", program, command->name, command->arguments,
                 command->summary);
    for (size_t i = 0; i < command->n_options; i++) {
        const struct option *o = &command->options[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s%s%s%s", o->letter != NULL ? o->letter : "",
                       o->letter != NULL ? ", " : "", o->name, o->argument != NULL ? " " : "",
                       o->argument != NULL ? o->argument : "");
        (void)printf("  %-24s %s\n", name, o->help);
    }
    (void)printf("  %-24s %s\n%s", "-h, --help", "this text", command->text);
}

static int fail_unknown(const char *program, const char *name) {
    struct near near = near_start(name, strlen(name));
    char guess[NEAR_TEXT_SIZE];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        near_consider(&near, commands[i]->name);
    }
    near_text(&near, guess, sizeof guess);
    return command_fail("", "no command '%s'%s ('%s help' lists them)", name, guess, program);
}

static int run(const struct command *command, int argc, char *argv[]) {
    struct option_values values;
    char error[OPTIONS_ERROR_SIZE];
    if (!options_parse(command->options, command->n_options, argv + 2, (size_t)argc - 2, &values,
                       error)) {
        return command_fail(command->name, "%s", error);
    }
    if (values.help) {
        command_print_help(command, argv[0]);
        return 0;
    }
    return command->run(argv[0], &values);
}

static int dispatch(int argc, char *argv[]) {
    if (argc < 2) {
        return command_fail("", "no command given ('%s help' lists them)",
                            argc > 0 ? argv[0] : "gradgate");
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("gradgate %s\n", GRADGATE_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        command_print_overview(argv[0]);
        return 0;
    }
    const struct command *command = command_find(argv[1]);
    return command != NULL ? run(command, argc, argv) : fail_unknown(argv[0], argv[1]);
}

int cli_main(int argc, char *argv[]) {
    port_prepare_process();
    int code = dispatch(argc, argv);
    /* A full disk must not look like a passed run. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0) {
        return command_fail("", "standard output cannot be written");
    }
    return code;
}
