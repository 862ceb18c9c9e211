// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "spawn.h"

#include "clock.h"
#include "doors.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void spawn_close(int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static bool make_pipe(int ends[2]) {
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

struct pipes {
    int to[2], from[2], failure[2];
};

static void close_pipes(struct pipes *p) {
    for (size_t i = 0; i < 2; i++) {
        spawn_close(&p->to[i]);
        spawn_close(&p->from[i]);
        spawn_close(&p->failure[i]);
    }
}

static bool make_pipes(struct pipes *p) {
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    return make_pipe(p->to) && make_pipe(p->from) && make_pipe(p->failure);
}

/* Tells the errno through a pipe that a successful exec closes. */
static void run_program(char *const argv[], const struct pipes *p) {
    process_reset_signals();
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (dup2(p->to[0], STDIN_FILENO) >= 0 && dup2(p->from[1], STDOUT_FILENO) >= 0) {
        (void)execvp(argv[0], argv);
    }
    int code = errno;
    (void)write(p->failure[1], &code, sizeof code);
    _exit(127);
}

static int read_failure(int fd) {
    int code = 0;
    ssize_t n;
    do {
        n = read(fd, &code, sizeof code);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof code ? code : 0;
}

static bool fail(const char *program, int code, char why[]) {
    (void)door_say(why, PORT_NO_ROOM, "%s cannot be started: %s", program, strerror(code));
    return false;
}

bool spawn(char *const argv[], struct spawned *child, char why[]) {
    struct pipes p;
    *child = (struct spawned){.to = -1, .from = -1};
    if (!make_pipes(&p)) {
        int code = errno;
        close_pipes(&p);
        return fail(argv[0], code, why);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)fflush(NULL);
    child->pid = fork();
    if (child->pid == 0) {
        run_program(argv, &p);
    }
    int code = child->pid < 0 ? errno : 0;
    spawn_close(&p.failure[1]);
    code = code != 0 ? code : read_failure(p.failure[0]);
    if (code != 0) {
        child->pid = child->pid < 0 ? 0 : child->pid;
        close_pipes(&p);
        spawn_kill(child);
        return fail(argv[0], code, why);
    }
    child->to = p.to[1];
    child->from = p.from[0];
    p.to[1] = p.from[0] = -1;
    (void)fcntl(child->to, F_SETFL, O_NONBLOCK);
    (void)fcntl(child->from, F_SETFL, O_NONBLOCK);
    close_pipes(&p);
    return true;
}

static bool has_ended(struct spawned *child, int options) {
    pid_t ended;
    if (child->pid == 0) {
        return true;
    }
    do {
        ended = waitpid(child->pid, &child->status, options);
    } while (ended < 0 && errno == EINTR);
    if (ended != 0) {
        child->pid = 0;
    }
    return ended != 0;
}

bool spawn_wait(struct spawned *child, double deadline) {
    double pause = 20e-6;
    while (!has_ended(child, WNOHANG)) {
        if (clock_now() >= deadline) {
            return false;
        }
        clock_sleep(pause);
        pause = pause < 0.01 ? 2 * pause : pause;
    }
    return true;
}

void spawn_kill(struct spawned *child) {
    if (child->pid > 0) {
        (void)kill(child->pid, SIGKILL);
        (void)has_ended(child, 0);
    }
}
