// SPDX-License-Identifier: MIT
/* Command lines and names near mistyped ones. */
#include "cli/near.h"
#include "cli/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { FLAG, TEXT, NUMBER, SECONDS };

static const struct option table[] = {
    [FLAG] = {"--verbose", "-v", OPTION_FLAG, NULL, ""},
    [TEXT] = {"--json", NULL, OPTION_TEXT, "FILE", ""},
    [NUMBER] = {"--seed", NULL, OPTION_NUMBER, "N", ""},
    [SECONDS] = {"--time-limit", NULL, OPTION_SECONDS, "SECONDS", ""},
};

static char error[OPTIONS_ERROR_SIZE];
static char *words[16];

/* Splits line at spaces; an empty word is written "''". */
static bool parse(const char *line, struct option_values *values) {
    static char copy[256];
    size_t n = 0;
    (void)snprintf(copy, sizeof copy, "%s", line);
    error[0] = '\0';
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        words[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    return options_parse(table, 4, words, n, values, error);
}

Test(cli_options, reads_options_and_words_in_any_order) {
    static const char *const lines[] = {
        "neuron --json out.json -v other --seed 18446744073709551615 --time-limit 2.5",
        "--verbose --seed=18446744073709551615 neuron other --json=out.json --time-limit=2.5",
        "--json out.json --verbose --seed 18446744073709551615 --time-limit 2.5e0 -- neuron other",
    };
    for (size_t i = 0; i < 3; i++) {
        struct option_values v;
        cr_assert(parse(lines[i], &v), "%s", error);
        cr_assert(v.n_words == 2 && !v.help);
        cr_assert_str_eq(v.words[0], "neuron");
        cr_assert_str_eq(v.words[1], "other");
        cr_assert(v.of[FLAG].given && v.of[NUMBER].number == UINT64_MAX);
        cr_assert(v.of[SECONDS].seconds == 2.5);
        cr_assert_str_eq(v.of[TEXT].text, "out.json");
    }
}

Test(cli_options, what_is_not_given_is_not_given) {
    struct option_values v;
    cr_assert(parse("", &v) && v.n_words == 0 && !v.of[FLAG].given && v.of[TEXT].text == NULL);
    cr_assert(parse("--help", &v) && v.help);
    cr_assert(parse("x -h", &v) && v.help && v.n_words == 1);
    cr_assert(parse("-- --help", &v) && !v.help && v.n_words == 1);
    cr_assert(parse("-", &v) && v.n_words == 1);
}

Test(cli_options, says_in_one_line_what_is_wrong) {
    static const struct {
        const char *line, *error;
    } rows[] = {
        {"--jsn x", "unknown option '--jsn'; did you mean --json?"},
        {"--jsn=x", "unknown option '--jsn'; did you mean --json?"},
        {"--halp", "unknown option '--halp'; did you mean --help?"},
        {"-x", "unknown option '-x'"},
        {"--xyzzyx", "unknown option '--xyzzyx'"},
        {"--json", "--json needs a value: --json FILE"},
        {"--json ''", "--json: '' is not a name"},
        {"--json=", "--json: '' is not a name"},
        {"--verbose=yes", "--verbose takes no value"},
        {"--seed 1 --seed 2", "--seed is given twice"},
        {"-v --verbose", "--verbose is given twice"},
        {"--time-limit 0", "--time-limit: '0' is not a number of seconds above 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct option_values v;
        cr_expect(!parse(rows[i].line, &v), "%s", rows[i].line);
        cr_expect_str_eq(error, rows[i].error);
    }
}

Test(cli_options, numbers_are_read_to_the_last_byte_or_not_at_all) {
    static const char *const bad_numbers[] = {
        "x", "-1", "+1", "1x", "1.5", "1e3", "0x10", "18446744073709551616", "''"};
    static const char *const bad_seconds[] = {"x",  "-1",  "0",     "0.0", "nan", "inf",
                                              "1s", "1,5", "1e999", "+1",  "''"};
    char line[64];
    struct option_values v;
    for (size_t i = 0; i < sizeof bad_numbers / sizeof bad_numbers[0]; i++) {
        (void)snprintf(line, sizeof line, "--seed %s", bad_numbers[i]);
        cr_expect(!parse(line, &v), "%s", line);
    }
    for (size_t i = 0; i < sizeof bad_seconds / sizeof bad_seconds[0]; i++) {
        (void)snprintf(line, sizeof line, "--time-limit %s", bad_seconds[i]);
        cr_expect(!parse(line, &v), "%s", line);
    }
}

/* ---- near names ---- */

static const char *near_of(const char *word) {
    static char text[NEAR_TEXT_SIZE];
    static const char *const names[] = {"sigmoid",      "neuron",       "neuron_sample",
                                        "neuron_batch", "neuron_train", "neuron_init"};
    struct near near = near_start(word, strlen(word));
    for (size_t i = 0; i < 6; i++) {
        near_consider(&near, names[i]);
    }
    near_text(&near, text, sizeof text);
    return text;
}

Test(cli_near, finds_letters_lost_added_changed_and_swapped_and_parts) {
    cr_expect_str_eq(near_of("sigmod"), "; did you mean sigmoid?");
    cr_expect_str_eq(near_of("sigmoidd"), "; did you mean sigmoid?");
    cr_expect_str_eq(near_of("sigmiod"), "; did you mean sigmoid?");
    cr_expect_str_eq(near_of("newron"), "; did you mean neuron?");
    cr_expect_str_eq(near_of("neuronbatch"), "; did you mean neuron_batch?");
    cr_expect_str_eq(near_of("batch"), "; did you mean neuron_batch?");
}

Test(cli_near, keeps_the_three_nearest_in_order) {
    cr_expect_str_eq(near_of("neuron_"), "; did you mean neuron, neuron_init or neuron_batch?");
}

Test(cli_near, is_silent_where_nothing_is_near) {
    cr_expect_str_eq(near_of("convolution"), "");
    cr_expect_str_eq(near_of(""), "");
    cr_expect_str_eq(near_of("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
                             "zzzzzzzzzzzzzz"),
                     "");
}
