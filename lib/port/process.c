// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "process.h"

#include "worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A handler has no other place to leave its message. */
static volatile sig_atomic_t interrupted_by;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_ENDING_SIGNALS = sizeof ending_signals / sizeof ending_signals[0] };

static void remember(int number) {
    if (interrupted_by == 0) {
        interrupted_by = number;
    }
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

/* Where a standard stream is closed the next file opened would take its place. */
static void open_standard_streams(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        (void)close(fd);
    }
}

static bool is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void port_prepare_process(void) {
    open_standard_streams();
    handle(SIGCHLD, SIG_DFL);
    handle(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < N_ENDING_SIGNALS; i++) {
        /* Whoever started us with nohup meant it. */
        if (!is_ignored(ending_signals[i])) {
            handle(ending_signals[i], remember);
        }
    }
}

int port_interrupted(void) {
    return interrupted_by;
}

void process_reset_signals(void) {
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    handle(SIGPIPE, SIG_DFL);
    handle(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < N_ENDING_SIGNALS; i++) {
        handle(ending_signals[i], SIG_DFL);
    }
}
