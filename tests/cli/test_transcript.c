// SPDX-License-Identifier: MIT
/* Runs the commands of tests/cli/(name).txt and holds their output and exit code against what
 * stands there.
 *
 *     # a comment
 *     $ gradgate verify --seed x 2>&1
 *     gradgate verify: --seed: 'x' is not ...
 *     [2]
 *
 * Commands run in sh at the top of the source with gradgate on the PATH, an empty folder $TMP, and
 * neither NO_COLOR nor CI set. [N] is the exit code; without such a line it is 0. In an expected
 * line that ends in " (glob)" an asterisk stands for any text: that is how numbers and times that
 * may differ are written down. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_TEXT = 1 << 18 };

static char expected[MAX_TEXT];
static char actual[MAX_TEXT];

/* Does text match pattern, in which * is any run of characters? */
static bool matches(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *from = text;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

static bool line_matches(const char *wanted, size_t length, const char *got, size_t got_length) {
    static const char glob[] = " (glob)";
    size_t tail = sizeof glob - 1;
    char pattern[4096];
    char text[4096];
    if (length >= sizeof pattern || got_length >= sizeof text) {
        return false;
    }
    memcpy(pattern, wanted, length);
    pattern[length] = '\0';
    memcpy(text, got, got_length);
    text[got_length] = '\0';
    if (length >= tail && strcmp(pattern + length - tail, glob) == 0) {
        pattern[length - tail] = '\0';
        return matches(pattern, text);
    }
    return strcmp(pattern, text) == 0;
}

static void trim(char *text) {
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n') {
        text[--n] = '\0';
    }
}

static void compare(const char *file, const char *command, int code, int wanted_code) {
    const char *want = expected;
    const char *got = actual;
    trim(expected);
    trim(actual);
    while (*want != '\0' || *got != '\0') {
        size_t w = strcspn(want, "\n");
        size_t g = strcspn(got, "\n");
        if (!line_matches(want, w, got, g)) {
            cr_expect(false, "%s: %s\nexpected: %.*s\ngot:      %.*s\nin:\n%s", file, command,
                      (int)w, want, (int)g, got, actual);
            break;
        }
        want += w + (want[w] == '\n');
        got += g + (got[g] == '\n');
    }
    cr_expect(code == wanted_code, "%s: %s\nexpected exit code %d, got %d:\n%s", file, command,
              wanted_code, code, actual);
}

static int run(const char *command) {
    FILE *output = popen(command, "r");
    cr_assert(output != NULL);
    size_t n = fread(actual, 1, sizeof actual - 1, output);
    actual[n] = '\0';
    int status = pclose(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Collects the expected lines up to the next command; returns the exit code that goes with them. */
static int read_expected(FILE *file, char line[], size_t size, bool *more) {
    int code = 0;
    size_t used = 0;
    expected[0] = '\0';
    while ((*more = fgets(line, (int)size, file) != NULL) && strncmp(line, "$ ", 2) != 0) {
        if (sscanf(line, "[%d]\n", &code) == 1 || line[0] == '#') {
            continue;
        }
        size_t length = strlen(line);
        cr_assert(used + length < sizeof expected);
        memcpy(expected + used, line, length + 1);
        used += length;
    }
    return code;
}

static size_t run_file(const char *name) {
    char path[256];
    char line[4096];
    char command[4096];
    size_t n = 0;
    bool more;
    (void)snprintf(path, sizeof path, "tests/cli/%s.txt", name);
    FILE *file = fopen(path, "r");
    cr_assert(file != NULL, "%s cannot be opened", path);
    (void)read_expected(file, line, sizeof line, &more);
    cr_assert(expected[strspn(expected, "\n")] == '\0', "%s: output before a command", path);
    while (more) {
        (void)snprintf(command, sizeof command, "%s", line + 2);
        trim(command);
        int wanted = read_expected(file, line, sizeof line, &more);
        compare(path, command, run(command), wanted);
        n++;
    }
    fclose(file);
    cr_assert(n > 0, "%s has no command", path);
    return n;
}

static char temporary[] = "/tmp/gradgate-cli-XXXXXX";

static void set_up(void) {
    static char bin[4096];
    const char *program = getenv("GRADGATE");
    char *absolute = realpath(program != NULL ? program : "build/debug/gradgate", NULL);
    cr_assert(absolute != NULL, "no program %s: make MODE=debug build/debug/gradgate", program);
    *strrchr(absolute, '/') = '\0';
    (void)snprintf(bin, sizeof bin, "%s:%s", absolute, getenv("PATH"));
    free(absolute);
    cr_assert(mkdtemp(temporary) != NULL);
    setenv("PATH", bin, 1);
    setenv("TMP", temporary, 1);
    unsetenv("NO_COLOR");
    unsetenv("CI");
    unsetenv("LC_ALL");
}

static void clean_up(void) {
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", temporary);
    cr_expect(system(command) == 0);
}

TestSuite(cli_transcript, .init = set_up, .fini = clean_up);

#define TRANSCRIPT(name)                                                                           \
    Test(cli_transcript, name) {                                                                   \
        (void)run_file(#name);                                                                     \
    }

TRANSCRIPT(help)
TRANSCRIPT(bad_input)
TRANSCRIPT(list)
TRANSCRIPT(verify)
TRANSCRIPT(demo)
TRANSCRIPT(files)
TRANSCRIPT(environment)
TRANSCRIPT(compare)
TRANSCRIPT(record)
TRANSCRIPT(port)
TRANSCRIPT(answers)

Test(cli_transcript, no_transcript_is_left_out) {
    cr_assert(run("ls tests/cli/*.txt | wc -l") == 0);
    cr_assert(atoi(actual) == 11, "%s", actual);
}

Test(cli_transcript, a_wrong_line_is_seen) {
    cr_assert(line_matches("a *s (glob)", 11, "a 12 s", 6));
    cr_assert(!line_matches("a *s (glob)", 11, "b 12 s", 6));
    cr_assert(!line_matches("a *s", 4, "a 12 s", 6));
    cr_assert(matches("*b*", "abc") && !matches("*b", "abc") && matches("*", "") &&
              !matches("", "x"));
}
