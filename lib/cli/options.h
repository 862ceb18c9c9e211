// SPDX-License-Identifier: MIT
/* Command lines: a table of options in, values out. */
#ifndef GRADGATE_CLI_OPTIONS_H
#define GRADGATE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NUMBER,  /* a whole number from 0 to 2^64 - 1 */
    OPTION_SECONDS, /* a decimal number above 0 */
    OPTION_DECIMAL, /* a decimal number of 0 or above */
};

struct option {
    const char *name;   /* "--json" */
    const char *letter; /* "-v"; NULL if there is none */
    enum option_kind kind;
    const char *argument; /* "FILE"; NULL for a flag */
    const char *help;     /* one line */
};

enum { OPTIONS_MAX = 32, OPTIONS_ERROR_SIZE = 512 };

struct option_value {
    bool given;
    const char *text;
    uint64_t number;
    double seconds;
    double decimal;
};

struct option_values {
    struct option_value of[OPTIONS_MAX]; /* one for each option, in the table's order */
    bool help;                           /* --help or -h, which every command has */
    char **words;                        /* the other arguments */
    size_t n_words;
    size_t n_before; /* of these, before "--"; n_words if there is no "--" */
    bool divided;    /* there is */
};

/* Reads argv[0..n). Moves the words to its front, to which values->words points. False with one
 * line in error[OPTIONS_ERROR_SIZE]. */
bool options_parse(const struct option options[], size_t n_options, char *argv[], size_t n,
                   struct option_values *values, char error[]);

#endif
