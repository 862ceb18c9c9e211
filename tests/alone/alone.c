// SPDX-License-Identifier: MIT
/*
 * Runs Criterion tests in one process, without Criterion's library, and stops at the first failure:
 * for scripts/mutate, where a fork and an exec a test would cost more than the tests.
 *
 *     alone_<module> [NAME...]     tests whose "suite/name" contains a NAME come first
 *
 * Prints each test before it starts, so that the last line names the one that failed, crashed or
 * hangs. Exit: 0 all passed, 1 one failed, 2 no test, or a test that needs Criterion itself.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Criterion's Test() puts a pointer to each test into this section; the linker names its ends. */
extern struct criterion_test *__start_cr_tst[]; /* NOLINT: reserved */
extern struct criterion_test *__stop_cr_tst[];  /* NOLINT: reserved */

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

static bool runs_alone(const struct criterion_test *test) {
    const struct criterion_test_extra_data *d = test->data;
    return d->kind_ == CR_TEST_NORMAL && !d->init && !d->fini && !d->signal && !d->exit_code &&
           !d->disabled;
}

static bool is_named(const struct criterion_test *test, char *names[], int n) {
    char full[256];
    snprintf(full, sizeof full, "%s/%s", test->category, test->name);
    for (int i = 0; i < n; i++) {
        if (strstr(full, names[i])) {
            return true;
        }
    }
    return false;
}

int main(int argc, char *argv[]) {
    size_t n_run = 0;
    for (int named = 1; named >= 0; named--) {
        for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
            if (!*t || is_named(*t, argv + 1, argc - 1) != (named == 1)) {
                continue;
            }
            printf("%s/%s\n", (*t)->category, (*t)->name);
            fflush(stdout);
            if (!runs_alone(*t)) {
                fprintf(stderr, "alone: this test needs Criterion itself\n");
                return 2;
            }
            (*t)->test();
            n_run++;
        }
    }
    return n_run > 0 ? 0 : 2;
}
