// SPDX-License-Identifier: MIT
/* A subcommand: its options and what it does. */
#ifndef GRADGATE_CLI_COMMAND_H
#define GRADGATE_CLI_COMMAND_H

#include "cli/cli.h"
#include "options.h"

enum { EXIT_USAGE = 2 };

struct command {
    const char *name;
    const char *arguments; /* "[KERNEL...] [OPTION...]" */
    const char *summary;   /* one line */
    const char *text;      /* of its help, after the options; "" if none */
    const struct option *options;
    size_t n_options;
    /* argv[0] is the program as it was called; words are the arguments that are no options. */
    int (*run)(const char *program, const struct option_values *values);
};

extern const struct command command_verify, command_record, command_compare, command_show,
    command_ask, command_demo, command_list, command_help;

/* NULL if there is none of that name. */
const struct command *command_find(const char *name);
void command_print_help(const struct command *command, const char *program);
void command_print_overview(const char *program);

/* "gradgate COMMAND: message" on stderr; returns EXIT_USAGE. */
int command_fail(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
