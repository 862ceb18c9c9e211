// SPDX-License-Identifier: MIT
#include "command.h"

static int run(const char *program, const struct option_values *values) {
    if (values->n_words == 0) {
        command_print_overview(program);
        return 0;
    }
    const struct command *command = command_find(values->words[0]);
    if (command == NULL || values->n_words > 1) {
        return command_fail("help", "no command '%s' ('%s help' lists them)",
                            values->words[values->n_words - 1], program);
    }
    command_print_help(command, program);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Say what there is, or what a command takes",
    .text = "",
    .run = run,
};
