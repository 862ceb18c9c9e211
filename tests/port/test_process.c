// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE
/* Signals and standard streams of the process that runs jobs. */
#include "job.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void signal_parent_and_wait(void *ctx, struct port_board *board) {
    publish(board, 1);
    kill(getppid(), *(int *)ctx);
    for (;;) {
        pause();
    }
}

Test(port_process, an_interrupt_ends_the_job_and_is_remembered) {
    struct answer a = {0};
    int number = SIGTERM;
    port_prepare_process();
    cr_assert(port_interrupted() == 0);
    struct port_outcome o = run(signal_parent_and_wait, &number, &a, 30);
    char text[64];
    port_outcome_text(&o, text, sizeof text);
    cr_assert(o.end == PORT_INTERRUPTED && o.code == SIGTERM && a.stage == 1);
    cr_assert_str_eq(text, "interrupted by SIGTERM");
    cr_assert(port_interrupted() == SIGTERM);
}

static void spin_until_alarm(int number) {
    (void)number;
}

static void sleep_a_little(void *ctx, struct port_board *board) {
    (void)ctx;
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    publish(board, 1);
}

Test(port_process, other_signals_in_between_do_no_harm) {
    struct sigaction action = {.sa_handler = spin_until_alarm};
    sigaction(SIGALRM, &action, NULL);
    ualarm(5000, 5000);
    struct answer a = {0};
    struct port_outcome o = run(sleep_a_little, NULL, &a, 10);
    ualarm(0, 0);
    cr_assert(o.end == PORT_DONE && a.stage == 1);
}

static void write_to_closed_pipe(void *ctx, struct port_board *board) {
    (void)ctx;
    int ends[2];
    (void)!pipe(ends);
    close(ends[0]);
    publish(board, 1);
    (void)!write(ends[1], "x", 1);
    publish(board, 2);
}

Test(port_process, the_child_has_the_default_signals_back) {
    struct answer a = {0};
    port_prepare_process();
    struct port_outcome o = run(write_to_closed_pipe, NULL, &a, 10);
    cr_assert(o.end == PORT_CRASHED && o.code == SIGPIPE && a.stage == 1);
}

Test(port_process, works_where_ended_children_are_ignored) {
    signal(SIGCHLD, SIG_IGN); /* inherited from a careless parent */
    port_prepare_process();
    struct answer a = {0};
    int stage = 1;
    cr_assert(run(work_well, &stage, &a, 10).end == PORT_DONE);
}

Test(port_process, opens_the_standard_streams_that_are_closed) {
    close(STDIN_FILENO);
    port_prepare_process();
    cr_assert(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}
