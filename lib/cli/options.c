// SPDX-License-Identifier: MIT
#include "options.h"

#include "near.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, uint64_t *number) {
    if (text[0] < '0' || text[0] > '9') {
        return false; /* strtoull would take a sign and spaces */
    }
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool parse_decimal(const char *text, double *number) {
    if ((text[0] < '0' || text[0] > '9') && text[0] != '.') {
        return false; /* nor "inf" nor "nan" */
    }
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}

static bool parse_value(const struct option *o, struct option_value *value, char error[]) {
    const char *wanted = "a name";
    bool good = value->text[0] != '\0';
    if (o->kind == OPTION_NUMBER) {
        good = parse_number(value->text, &value->number);
        wanted = "a whole number from 0 to 18446744073709551615";
    } else if (o->kind == OPTION_SECONDS) {
        good = parse_decimal(value->text, &value->seconds) && value->seconds > 0;
        wanted = "a number of seconds above 0";
    } else if (o->kind == OPTION_DECIMAL) {
        good = parse_decimal(value->text, &value->decimal);
        wanted = "a number of 0 or above";
    }
    if (!good) {
        (void)snprintf(error, OPTIONS_ERROR_SIZE, "%s: '%s' is not %s", o->name, value->text,
                       wanted);
    }
    return good;
}

/* The option that is called `word` up to `length`, or n_options. */
static size_t find(const struct option options[], size_t n_options, const char *word,
                   size_t length) {
    for (size_t i = 0; i < n_options; i++) {
        const char *letter = options[i].letter != NULL ? options[i].letter : "";
        if ((strlen(options[i].name) == length && memcmp(options[i].name, word, length) == 0) ||
            (length == 2 && strncmp(letter, word, 3) == 0)) {
            return i;
        }
    }
    return n_options;
}

static bool fail_unknown(const struct option options[], size_t n_options, const char *word,
                         size_t length, char error[]) {
    struct near near = near_start(word, length);
    for (size_t i = 0; i < n_options; i++) {
        near_consider(&near, options[i].name);
    }
    near_consider(&near, "--help");
    char guess[NEAR_TEXT_SIZE];
    near_text(&near, guess, sizeof guess);
    (void)snprintf(error, OPTIONS_ERROR_SIZE, "unknown option '%.*s'%s", (int)length, word, guess);
    return false;
}

/* One option at argv[*at]; moves *at to its last word. */
static bool parse_option(const struct option options[], size_t n_options, char *argv[], size_t n,
                         size_t *at, struct option_values *values, char error[]) {
    const char *word = argv[*at];
    const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    size_t i = find(options, n_options, word, length);
    if (i == n_options) {
        return fail_unknown(options, n_options, word, length, error);
    }
    const struct option *o = &options[i];
    struct option_value *value = &values->of[i];
    if (value->given) {
        (void)snprintf(error, OPTIONS_ERROR_SIZE, "%s is given twice", o->name);
        return false;
    }
    value->given = true;
    if (o->kind == OPTION_FLAG) {
        if (equals != NULL) {
            (void)snprintf(error, OPTIONS_ERROR_SIZE, "%s takes no value", o->name);
        }
        return equals == NULL;
    }
    if (equals == NULL && *at + 1 >= n) {
        (void)snprintf(error, OPTIONS_ERROR_SIZE, "%s needs a value: %s %s", o->name, o->name,
                       o->argument);
        return false;
    }
    value->text = equals != NULL ? equals + 1 : argv[++*at];
    return parse_value(o, value, error);
}

bool options_parse(const struct option options[], size_t n_options, char *argv[], size_t n,
                   struct option_values *values, char error[]) {
    *values = (struct option_values){.words = argv};
    bool only_words = false;
    for (size_t at = 0; at < n; at++) {
        char *word = argv[at];
        if (only_words || word[0] != '-' || word[1] == '\0') {
            argv[values->n_words++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_words = values->divided = true;
            values->n_before = values->n_words;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            values->help = true;
        } else if (!parse_option(options, n_options, argv, n, &at, values, error)) {
            return false;
        }
    }
    if (!values->divided) {
        values->n_before = values->n_words;
    }
    return true;
}
