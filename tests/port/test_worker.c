// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE
#include "job.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Criterion has a thread of its own, of which a leak checker in a forked child speaks at its end.
 */
#ifdef __SANITIZE_ADDRESS__
static const bool quiet_end = false;
#else
static const bool quiet_end = true;
#endif

static bool said(const struct port_outcome *o, const char *text) {
    size_t length = strlen(text);
    return (quiet_end ? o->talk_size == length : o->talk_size >= length) &&
           memcmp(o->talk, text, length) == 0;
}

/* ---- ends ---- */

Test(port_worker, brings_back_what_was_published) {
    int stage = 7;
    struct answer a = {0};
    struct port_outcome o = run(work_well, &stage, &a, 10);
    cr_assert(o.end == PORT_DONE && o.code == 0 && o.returned);
    cr_assert(a.stage == 7 && a.value == 3.5 && strcmp(a.text, "an answer") == 0);
    cr_assert(o.seconds > 0 && (o.talk_total == 0 || !quiet_end));
}

static void publish_many(void *ctx, struct port_board *board) {
    for (int i = 0; i < *(int *)ctx; i++) {
        publish(board, i);
    }
}

Test(port_worker, the_last_of_many_is_what_counts) {
    struct answer a = {0};
    int n = 1001;
    cr_assert(run(publish_many, &n, &a, 10).end == PORT_DONE);
    cr_assert(a.stage == 1000);
}

static void publish_nothing(void *ctx, struct port_board *board) {
    (void)ctx;
    (void)board;
}

Test(port_worker, leaves_the_result_alone_if_nothing_was_published) {
    struct answer a = {.stage = 3};
    cr_assert(run(publish_nothing, NULL, &a, 10).end == PORT_DONE);
    cr_assert(a.stage == 3);
}

static void die(void *ctx, struct port_board *board) {
    publish(board, 4);
    raise(*(int *)ctx);
}

Test(port_worker, a_crash_names_its_signal_and_keeps_what_was_published) {
    static const struct {
        int number;
        const char *text;
    } signals[] = {{SIGSEGV, "crashed by SIGSEGV"}, {SIGFPE, "crashed by SIGFPE"},
                   {SIGKILL, "crashed by SIGKILL"}, {SIGTERM, "crashed by SIGTERM"},
                   {SIGINT, "crashed by SIGINT"},   {SIGPIPE, "crashed by SIGPIPE"}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct answer a = {0};
        int number = signals[i].number;
        struct port_outcome o = run(die, &number, &a, 10);
        char text[64];
        port_outcome_text(&o, text, sizeof text);
#ifdef __SANITIZE_ADDRESS__
        if (number == SIGSEGV || number == SIGFPE) {
            cr_assert(o.end != PORT_DONE && a.stage == 4); /* ASan ends it in its own way */
            continue;
        }
#endif
        cr_assert(o.end == PORT_CRASHED && o.code == number && !o.returned, "%s", text);
        cr_assert_str_eq(text, signals[i].text);
        cr_assert(a.stage == 4);
    }
}

static void abort_now(void *ctx, struct port_board *board) {
    (void)ctx;
    publish(board, 1);
    abort();
}

Test(port_worker, an_abort_is_a_crash) {
    struct answer a = {0};
    struct port_outcome o = run(abort_now, NULL, &a, 10);
    cr_assert(o.end == PORT_CRASHED && o.code == SIGABRT && a.stage == 1);
}

static void exit_early(void *ctx, struct port_board *board) {
    publish(board, 2);
    exit(*(int *)ctx);
}

Test(port_worker, exit_in_the_middle_is_no_success_even_with_0) {
    for (int code = 0; code <= 3; code += 3) {
        struct answer a = {0};
        struct port_outcome o = run(exit_early, &code, &a, 10);
        char text[64];
        char expected[64];
        port_outcome_text(&o, text, sizeof text);
        snprintf(expected, sizeof expected, "exited with code %d in the middle", code);
        cr_assert(o.end == PORT_EXITED && o.code == code && !o.returned && a.stage == 2);
        cr_assert_str_eq(text, expected);
    }
}

static void fail_at_exit(void) {
    _exit(23);
}

static void leave_a_trap(void *ctx, struct port_board *board) {
    (void)ctx;
    publish(board, 5);
    atexit(fail_at_exit);
}

Test(port_worker, an_exit_handler_that_fails_is_seen_as_a_leak_checkers_would) {
    struct answer a = {0};
    struct port_outcome o = run(leave_a_trap, NULL, &a, 10);
    cr_assert(o.end == PORT_EXITED && o.code == 23 && o.returned && a.stage == 5);
}

static void loop_forever(void *ctx, struct port_board *board) {
    (void)ctx;
    publish(board, 6);
    signal(SIGTERM, SIG_IGN);
    for (volatile int i = 0;;) {
        i = !i;
    }
}

Test(port_worker, a_hang_is_killed_when_its_time_is_up) {
    struct answer a = {0};
    struct port_outcome o = run(loop_forever, NULL, &a, 0.3);
    cr_assert(o.end == PORT_TIMED_OUT && a.stage == 6 && !o.returned);
    cr_assert(o.seconds >= 0.3, "%g s", o.seconds);
}

static void hang_without_streams(void *ctx, struct port_board *board) {
    (void)ctx;
    (void)board;
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    for (;;) {
        pause();
    }
}

Test(port_worker, a_hang_that_closed_its_streams_is_killed_too) {
    struct answer a = {0};
    struct port_outcome o = run(hang_without_streams, NULL, &a, 0.3);
    cr_assert(o.end == PORT_TIMED_OUT);
}

/* ---- talk ---- */

static void talk(void *ctx, struct port_board *board) {
    (void)board;
    printf("to stdout\n");
    fprintf(stderr, "to stderr\n");
    printf("%s", (const char *)ctx);
}

Test(port_worker, keeps_what_was_said_on_both_streams) {
    struct answer a = {0};
    /* Without a line feed it is written at exit, where a leak checker gets in between. */
    const char *last = quiet_end ? "unfinished line" : "a line\n";
    char expected[64];
    struct port_outcome o = run(talk, (void *)last, &a, 10);
    snprintf(expected, sizeof expected, "to stdout\nto stderr\n%s", last);
    cr_assert(o.end == PORT_DONE);
    cr_assert(said(&o, expected));
    cr_assert(o.talk_total == o.talk_size);
}

static void talk_then_crash(void *ctx, struct port_board *board) {
    (void)ctx;
    (void)board;
    printf("about to divide\n");
    raise(SIGKILL);
}

Test(port_worker, keeps_what_was_said_before_a_crash) {
    struct answer a = {0};
    struct port_outcome o = run(talk_then_crash, NULL, &a, 10);
    cr_assert(o.end == PORT_CRASHED && said(&o, "about to divide\n"));
}

static void talk_much(void *ctx, struct port_board *board) {
    char line[1000];
    memset(line, 'a', sizeof line);
    for (int i = 0; i < *(int *)ctx; i++) {
        fwrite(line, 1, sizeof line, stdout);
    }
    publish(board, 9);
}

Test(port_worker, keeps_a_bounded_part_of_endless_talk_and_counts_all) {
    struct answer a = {0};
    int thousands = 20000;
    struct port_outcome o = run(talk_much, &thousands, &a, 30);
    cr_assert(o.end == PORT_DONE && a.stage == 9);
    cr_assert(o.talk_total == 20000000 || (!quiet_end && o.talk_total > 20000000));
    cr_assert(o.talk_size == PORT_TALK_SIZE);
}

static void talk_forever(void *ctx, struct port_board *board) {
    (void)ctx;
    (void)board;
    for (;;) {
        printf("and ");
    }
}

Test(port_worker, talk_without_end_ends_with_the_time) {
    struct answer a = {0};
    struct port_outcome o = run(talk_forever, NULL, &a, 0.3);
    cr_assert(o.end == PORT_TIMED_OUT && o.talk_size == PORT_TALK_SIZE);
}

static void read_stdin(void *ctx, struct port_board *board) {
    (void)ctx;
    publish(board, getchar() == EOF ? 1 : 2);
}

Test(port_worker, its_stdin_is_empty) {
    struct answer a = {0};
    cr_assert(run(read_stdin, NULL, &a, 10).end == PORT_DONE);
    cr_assert(a.stage == 1);
}

Test(port_worker, what_the_caller_has_buffered_is_written_once) {
    FILE *f = tmpfile();
    int stage = 1;
    struct answer a = {0};
    fprintf(f, "once");
    cr_assert(run(work_well, &stage, &a, 10).end == PORT_DONE);
    fflush(f);
    cr_assert(ftell(f) == 4);
    fseek(f, 0, SEEK_END);
    cr_assert(ftell(f) == 4);
    fclose(f);
}

/* ---- isolation ---- */

static void scribble(void *ctx, struct port_board *board) {
    (void)ctx;
    publish(board, 8);
    memset((void *)board, 0xFF, 64);
    publish(board, 9);
}

Test(port_worker, work_that_writes_over_the_board_crashes_instead_of_forging_a_result) {
    struct answer a = {0};
    struct port_outcome o = run(scribble, NULL, &a, 10);
    cr_assert(o.end != PORT_DONE && a.stage == 8);
}

static int counter;

static void count_up(void *ctx, struct port_board *board) {
    (void)ctx;
    counter++;
    publish(board, counter);
}

Test(port_worker, what_work_changes_in_memory_stays_in_its_process) {
    struct answer a = {0};
    for (int i = 0; i < 3; i++) {
        cr_assert(run(count_up, NULL, &a, 10).end == PORT_DONE);
        cr_assert(a.stage == 1);
    }
    cr_assert(counter == 0);
}

static pid_t *shared_pid(void) {
    return mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void leave_a_child(void *ctx, struct port_board *board) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    *(pid_t *)ctx = child;
    publish(board, 1);
}

static bool is_gone(pid_t pid) {
    for (int i = 0; i < 200; i++) {
        if (kill(pid, 0) != 0 && errno == ESRCH) {
            return true;
        }
        char path[64];
        char state[256] = "";
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
        FILE *f = fopen(path, "r");
        if (f != NULL) {
            (void)!fgets(state, sizeof state, f);
            fclose(f);
        }
        if (strstr(state, ") Z ") != NULL) {
            return true; /* dead; whoever inherited it has not looked yet */
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

Test(port_worker, a_grandchild_that_keeps_the_pipe_open_is_killed_and_does_not_delay) {
    struct answer a = {0};
    pid_t *grandchild = shared_pid();
    struct port_outcome o = run(leave_a_child, grandchild, &a, 30);
    cr_assert(o.end == PORT_DONE);
    cr_assert(*grandchild > 0 && is_gone(*grandchild));
}

static int count_descriptors(void) {
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

Test(port_worker, leaves_no_descriptor_and_no_zombie_behind) {
    int before = count_descriptors();
    for (int i = 0; i < 50; i++) {
        struct answer a = {0};
        int number = SIGKILL;
        (void)run(i % 2 == 0 ? die : work_well, &number, &a, 10);
    }
    cr_assert(count_descriptors() == before);
    cr_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

Test(port_worker, says_why_it_could_not_start) {
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)count_descriptors(); /* too few for two more */
    cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
    struct answer a = {.stage = 3};
    int stage = 1;
    struct port_outcome o = run(work_well, &stage, &a, 10);
    char text[128];
    port_outcome_text(&o, text, sizeof text);
    cr_assert(o.end == PORT_NOT_STARTED && o.code == EMFILE && a.stage == 3);
    cr_assert(strstr(text, "could not be started: Too many open files") != NULL, "%s", text);
}

Test(port_worker, a_result_too_large_to_exist_is_not_started) {
    struct port_outcome o;
    struct port_job job = {.work = publish_nothing, .result_size = (size_t)-1 / 2};
    port_run(&job, &o);
    cr_assert(o.end == PORT_NOT_STARTED && o.code == ENOMEM);
}

#ifdef __SANITIZE_ADDRESS__
static void leak(void *ctx, struct port_board *board) {
    (void)ctx;
    char *volatile lost = malloc(77);
    lost = NULL;
    publish(board, lost == NULL);
}

Test(port_worker, a_leak_found_by_the_sanitizer_is_no_success) {
    struct answer a = {0};
    struct port_outcome o = run(leak, NULL, &a, 10);
    cr_assert(o.end == PORT_CRASHED || o.end == PORT_EXITED, "%s", port_end_name(o.end));
    cr_assert(o.returned && a.stage == 1 && o.talk_size > 0);
}
#endif
