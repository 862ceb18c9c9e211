// SPDX-License-Identifier: MIT
/*
 * Runs Criterion tests in one process, without Criterion's library, and stops at the first failure:
 * for scripts/mutate and under sanitizers, where a process a test would cost more than the tests.
 *
 *     alone_<module> [--times | --only | --list] [NAME...] [-NAME...]
 *
 * Tests whose "suite/name" contains a NAME come first, those that contain a -NAME last. --times
 * prints the seconds of processor time that each and its children took behind its name, --only runs
 * no test without a NAME or -NAME, --list prints the names and runs nothing.
 *
 * A test that leaves a file open fails, too. Prints each test before it starts, so that the last
 * line names the one that failed, crashed or hangs; at the end "N passed". Exit: 0 all passed, 1
 * one failed, 2 no test, or a test that needs Criterion itself.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/times.h>
#include <unistd.h>

/* Criterion's Test() and TestSuite() put pointers into these sections; the linker names their ends.
 * There may be no suite. */
extern struct criterion_test *__start_cr_tst[];                        /* NOLINT: reserved */
extern struct criterion_test *__stop_cr_tst[];                         /* NOLINT: reserved */
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak)); /* NOLINT: reserved */
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));  /* NOLINT: reserved */

/* ---- what the test objects want from Criterion ---- */

struct criterion_options criterion_options;

void cri_asserts_passed_incr(void) {
}

void cr_log(enum criterion_severity severity, const char *msg, ...) {
    (void)severity;
    (void)msg;
}

int cr_asprintf(char **strp, const char *fmt, ...) {
    static char text[4096];
    va_list arguments;
    va_start(arguments, fmt);
    int length = vsnprintf(text, sizeof text, fmt, arguments);
    va_end(arguments);
    *strp = text;
    return length;
}

void cr_asprintf_free(char *buf) {
    (void)buf;
}

char *cr_translate_assert_msg(int msg_index, ...) {
    static char text[] = "the assertion does not hold";
    (void)msg_index;
    return text;
}

void criterion_abort_test(void) {
    exit(1);
}

void criterion_continue_test(void) {
    exit(1);
}

void criterion_send_assert(struct criterion_assert_stats *stats) {
    fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void criterion_internal_test_setup(void) {
}

void criterion_internal_test_main(void (*fn)(void)) {
    fn();
}

void criterion_internal_test_teardown(void) {
}

/* ---- the runner ---- */

/* The fixture of a test's suite; NULL if it has none. */
static const struct criterion_test_extra_data *suite_of(const struct criterion_test *test) {
    for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++) {
        if (*s && strcmp((*s)->name, test->category) == 0) {
            return (*s)->data;
        }
    }
    return NULL;
}

static bool plain(const struct criterion_test_extra_data *d) {
    return d->kind_ == CR_TEST_NORMAL && !d->signal && !d->exit_code && !d->disabled;
}

static int n_open_files(void) {
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static void call(void (*function)(void)) {
    if (function) {
        function();
    }
}

static void run(const struct criterion_test *test) {
    const struct criterion_test_extra_data *suite = suite_of(test);
    printf("%s/%s\n", test->category, test->name);
    fflush(stdout);
    if (!plain(test->data) || (suite && !plain(suite))) {
        fprintf(stderr, "alone: this test needs Criterion itself\n");
        exit(2);
    }
    int n_open = n_open_files();
    call(suite ? suite->init : NULL);
    call(test->data->init);
    test->test();
    call(test->data->fini);
    call(suite ? suite->fini : NULL);
    if (n_open_files() != n_open) {
        fprintf(stderr, "alone: %d files were open before the test, %d after\n", n_open,
                n_open_files());
        exit(1);
    }
}

enum place { FIRST, BETWEEN, LAST };

static enum place place_of(const struct criterion_test *test, char *names[], int n) {
    char full[256];
    snprintf(full, sizeof full, "%s/%s", test->category, test->name);
    enum place place = BETWEEN;
    for (int i = 0; i < n && place != FIRST; i++) {
        bool last = names[i][0] == '-';
        if (strstr(full, names[i] + last)) {
            place = last ? LAST : FIRST;
        }
    }
    return place;
}

static double seconds(void) {
    struct tms used;
    (void)times(&used);
    clock_t ticks = used.tms_utime + used.tms_stime + used.tms_cutime + used.tms_cstime;
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char *argv[]) {
    const char *option = argc > 1 && strncmp(argv[1], "--", 2) == 0 ? argv[1] : "";
    bool times = strcmp(option, "--times") == 0;
    bool only = strcmp(option, "--only") == 0;
    bool list = strcmp(option, "--list") == 0;
    int n_options = times || only || list;
    size_t n_run = 0;
    for (int place = FIRST; place <= LAST; place++) {
        for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
            if (!*t || (int)place_of(*t, argv + 1 + n_options, argc - 1 - n_options) != place ||
                (only && place == BETWEEN)) {
                continue;
            }
            if (list) {
                printf("%s/%s\n", (*t)->category, (*t)->name);
                continue;
            }
            double start = seconds();
            run(*t);
            n_run++;
            if (times) {
                printf("%.2f\n", seconds() - start);
            }
        }
    }
    if (list) {
        return 0;
    }
    printf("%zu passed\n", n_run);
    return n_run > 0 ? 0 : 2;
}
