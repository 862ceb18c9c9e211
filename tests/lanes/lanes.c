// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS;                                                          \
                           NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "lanes.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "port/worker.h"

enum { MOST_REPLACED = 20 };

void *lanes_share(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct counts {
    atomic_size_t begun, ended;
};

struct job {
    void (*task)(void *ctx, size_t i);
    void *ctx;
    size_t n, n_replaced;
    struct counts *counts; /* shared */
};

static void work(const struct job *job) {
    size_t i;
    while ((i = atomic_fetch_add(&job->counts->begun, 1)) < job->n) {
        job->task(job->ctx, i);
        atomic_fetch_add(&job->counts->ended, 1);
    }
}

/* -1 if no process can be had. */
static pid_t start(const struct job *job) {
    const pid_t parent = getpid();
    fflush(NULL);
    const pid_t lane = fork();
    if (lane != 0) {
        return lane;
    }
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() == parent) {
        work(job);
    }
    exit(0);
}

/* What has ended is reaped, and replaced if it died; false if no lane is left. */
static bool attend(struct job *job, pid_t lanes[], size_t n_lanes) {
    bool any = false;
    for (size_t i = 0; i < n_lanes; i++) {
        int how = 0;
        if (lanes[i] > 0 && waitpid(lanes[i], &how, WNOHANG) == lanes[i]) {
            const bool died = !WIFEXITED(how) || WEXITSTATUS(how) != 0;
            const bool again = died && port_interrupted() == 0 && job->n_replaced++ < MOST_REPLACED;
            lanes[i] = again ? start(job) : 0;
        }
        if (lanes[i] > 0 && port_interrupted() != 0) {
            kill(lanes[i], port_interrupted());
        }
        any = any || lanes[i] > 0;
    }
    return any;
}

static void work_in_lanes(struct job *job, size_t n_lanes) {
    pid_t *lanes = calloc(n_lanes, sizeof *lanes);
    for (size_t i = 0; lanes != NULL && i < n_lanes; i++) {
        lanes[i] = start(job);
    }
    while (lanes != NULL && attend(job, lanes, n_lanes)) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    free(lanes);
}

size_t lanes_run(void (*task)(void *ctx, size_t i), void *ctx, size_t n, size_t n_lanes) {
    struct job job = {.task = task, .ctx = ctx, .n = n, .counts = lanes_share(sizeof *job.counts)};
    if (job.counts == NULL) {
        return n;
    }
    if (n_lanes == 0) {
        work(&job);
    } else {
        work_in_lanes(&job, n_lanes < n ? n_lanes : n);
    }
    const size_t n_lost = n - job.counts->ended;
    munmap(job.counts, sizeof *job.counts);
    return n_lost;
}
