// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS;                                                          \
                           NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "lanes.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

size_t lanes_run(void (*task)(void *ctx, size_t i), void *ctx, size_t n, size_t n_lanes) {
    struct counts *counts = lanes_share(sizeof *counts);
    if (counts == NULL) {
        return n;
    }
    pid_t *lanes = calloc(n_lanes, sizeof *lanes);
    fflush(NULL);
    for (size_t lane = 0; lanes != NULL && lane < n_lanes; lane++) {
        lanes[lane] = fork();
        if (lanes[lane] == 0) {
            work(task, ctx, n, counts);
            exit(0);
        }
    }
    while (wait(NULL) > 0 || errno == EINTR) {
        for (size_t lane = 0; port_interrupted() != 0 && lane < n_lanes; lane++) {
            if (lanes[lane] > 0) {
                kill(lanes[lane], port_interrupted());
            }
        }
    }
    free(lanes);
    const size_t n_lost = n - counts->ended;
    munmap(counts, sizeof *counts);
    return n_lost;
}
