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

void *lanes_share(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct counts {
    atomic_size_t begun, ended;
};

static void work(void (*task)(void *ctx, size_t i), void *ctx, size_t n, struct counts *counts) {
    size_t i;
    while ((i = atomic_fetch_add(&counts->begun, 1)) < n) {
        task(ctx, i);
        atomic_fetch_add(&counts->ended, 1);
    }
}

/* A lane ends with its parent. */
static pid_t start(void (*task)(void *ctx, size_t i), void *ctx, size_t n, struct counts *counts) {
    const pid_t parent = getpid();
    const pid_t lane = fork();
    if (lane != 0) {
        return lane;
    }
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() == parent) {
        work(task, ctx, n, counts);
    }
    exit(0);
}

/* Reaps those that have ended and tells the others of a signal; false if none is left. */
static bool attend(pid_t lanes[], size_t n_lanes) {
    bool any = false;
    for (size_t lane = 0; lane < n_lanes; lane++) {
        if (lanes[lane] <= 0 || waitpid(lanes[lane], NULL, WNOHANG) != 0) {
            lanes[lane] = 0;
            continue;
        }
        any = true;
        if (port_interrupted() != 0) {
            kill(lanes[lane], port_interrupted());
        }
    }
    return any;
}

size_t lanes_run(void (*task)(void *ctx, size_t i), void *ctx, size_t n, size_t n_lanes) {
    struct counts *counts = lanes_share(sizeof *counts);
    if (counts == NULL) {
        return n;
    }
    n_lanes = n_lanes < n ? n_lanes : n;
    if (n_lanes <= 1) {
        work(task, ctx, n, counts); /* here, for a look or a debugger */
    } else {
        pid_t *lanes = calloc(n_lanes, sizeof *lanes);
        fflush(NULL);
        for (size_t lane = 0; lanes != NULL && lane < n_lanes; lane++) {
            lanes[lane] = start(task, ctx, n, counts);
        }
        while (lanes != NULL && attend(lanes, n_lanes)) {
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
        free(lanes);
    }
    const size_t n_lost = n - counts->ended;
    munmap(counts, sizeof *counts);
    return n_lost;
}
