// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "board.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

struct worker {
    const struct port_job *job;
    struct port_outcome *outcome;
    struct port_board *board;
    pid_t child;
    int talk; /* read end; -1 once it has ended */
    double started, deadline;
};

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- in the child ---- */

/* Both of the child's streams go to us: its talk must neither mix with our table nor be lost. */
static void redirect_streams(int talk) {
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(talk, STDOUT_FILENO) < 0 ||
        dup2(talk, STDERR_FILENO) < 0) {
        _exit(127);
    }
    if (null > STDERR_FILENO) {
        (void)close(null);
    }
    if (talk > STDERR_FILENO) {
        (void)close(talk);
    }
    /* By lines, so that what it said before a crash is seen. */
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

/* No core file for a crash that we report, and no orphan spinning on if we are killed. */
static void limit_child(pid_t parent) {
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) {
        _exit(127);
    }
}

/* Ends through exit, so that coverage is written and leak checkers speak. */
static void run_child(const struct worker *w, pid_t parent, int talk) {
    (void)setpgid(0, 0);
    process_reset_signals();
    limit_child(parent);
    redirect_streams(talk);
    board_protect(w->board);
    w->job->work(w->job->ctx, w->board);
    board_mark_returned(w->board);
    exit(EXIT_SUCCESS); // NOLINT(concurrency-mt-unsafe)
}

/* ---- in the caller ---- */

static bool make_pipe(int ends[2]) {
    if (pipe(ends) != 0) {
        return false;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

static bool start(struct worker *w) {
    int ends[2] = {-1, -1};
    w->board = board_create(w->job->result_size);
    if (w->board == NULL || !make_pipe(ends)) {
        w->outcome->code = errno;
        return false;
    }
    (void)fflush(NULL); /* or the child would write our buffers again */
    pid_t parent = getpid();
    w->child = fork();
    if (w->child == 0) {
        (void)close(ends[0]);
        run_child(w, parent, ends[1]);
    }
    w->outcome->code = errno;
    (void)close(ends[1]);
    w->talk = ends[0];
    if (w->child > 0) {
        (void)setpgid(w->child, w->child); /* whichever of the two comes first */
    }
    return w->child > 0;
}

/* Reads all that is there. */
static void hear(struct worker *w) {
    struct port_outcome *o = w->outcome;
    char bytes[8192];
    for (;;) {
        ssize_t n = read(w->talk, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (n <= 0) {
            (void)close(w->talk);
            w->talk = -1;
            return;
        }
        size_t room = sizeof o->talk - o->talk_size;
        size_t kept = (size_t)n < room ? (size_t)n : room;
        memcpy(o->talk + o->talk_size, bytes, kept);
        o->talk_size += kept;
        o->talk_total += (size_t)n;
        if (now() >= w->deadline || port_interrupted() != 0) {
            return; /* one that never stops talking must not keep us */
        }
    }
}

/* Has the child ended? It is left a zombie, so that its process group is still its own. */
static bool has_ended(const struct worker *w) {
    siginfo_t info = {0};
    int status;
    do {
        status = waitid(P_PID, (id_t)w->child, &info, WEXITED | WNOHANG | WNOWAIT);
    } while (status != 0 && errno == EINTR);
    return status != 0 || info.si_pid == w->child;
}

/* Waits for talk, or if there can be none any more for the end, at most `seconds`. A child that a
 * grandchild survives keeps the pipe open, so this never waits long. */
static void wait_a_little(const struct worker *w, double seconds) {
    struct pollfd poll_talk = {.fd = w->talk, .events = POLLIN};
    int milliseconds = (int)(seconds * 1000) + 1;
    if (w->talk >= 0) {
        (void)poll(&poll_talk, 1, milliseconds);
        return;
    }
    struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};
    (void)nanosleep(&t, NULL);
}

/* Until the child has ended, its time is up or we are interrupted; says which. */
static enum port_end attend(struct worker *w) {
    const double longest = 0.02;
    double pause = 50e-6;
    for (;;) {
        if (w->talk >= 0) {
            hear(w);
        }
        if (has_ended(w)) {
            return PORT_DONE;
        }
        if (port_interrupted() != 0) {
            return PORT_INTERRUPTED;
        }
        double left = w->deadline - now();
        if (!(left > 0)) {
            return PORT_TIMED_OUT;
        }
        wait_a_little(w, w->talk >= 0 ? longest : pause < left ? pause : left);
        pause = pause < longest ? 2 * pause : longest;
    }
}

/* Kills what is left of the group and reaps the child. */
static int finish(struct worker *w) {
    int status = 0;
    (void)kill(-w->child, SIGKILL);
    (void)kill(w->child, SIGKILL); /* should it have left the group */
    while (waitpid(w->child, &status, 0) < 0 && errno == EINTR) {
    }
    if (w->talk >= 0) {
        hear(w);
    }
    return status;
}

static void judge(struct worker *w, enum port_end end, int status) {
    struct port_outcome *o = w->outcome;
    o->returned = board_has_returned(w->board);
    o->end = end;
    o->code = 0;
    if (end == PORT_INTERRUPTED) {
        o->code = port_interrupted();
    } else if (end == PORT_DONE && WIFSIGNALED(status)) {
        o->end = PORT_CRASHED;
        o->code = WTERMSIG(status);
    } else if (end == PORT_DONE && (WEXITSTATUS(status) != 0 || !o->returned)) {
        o->end = PORT_EXITED;
        o->code = WEXITSTATUS(status);
    }
}

void port_run(const struct port_job *job, struct port_outcome *outcome) {
    *outcome = (struct port_outcome){.end = PORT_NOT_STARTED};
    struct worker w = {.job = job, .outcome = outcome, .talk = -1, .started = now()};
    w.deadline = w.started + (job->seconds > 0 ? job->seconds : PORT_SECONDS);
    if (start(&w)) {
        enum port_end end = attend(&w);
        judge(&w, end, finish(&w));
        (void)board_read(w.board, job->result);
    }
    outcome->seconds = now() - w.started;
    if (w.talk >= 0) {
        (void)close(w.talk);
    }
    board_free(w.board);
}
