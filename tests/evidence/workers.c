// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS;                                                          \
                           NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "workers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *shared(size_t n_bytes) {
    void *memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("evidence: mmap");
        exit(2);
    }
    return memory;
}

/* The plan that draw number `ticket` of all belongs to, NULL after the last; *i is its number
 * there. */
static struct plan *plan_of(struct plan plans[], size_t n_plans, size_t ticket, size_t *i) {
    size_t p = 0;
    for (*i = ticket; p < n_plans && *i >= plans[p].n; p++) {
        *i -= plans[p].n;
    }
    return p < n_plans ? &plans[p] : NULL;
}

/* Takes draws in turn until none is left. */
static void work(struct plan plans[], size_t n_plans, atomic_size_t *next) {
    size_t i;
    struct plan *plan;
    while ((plan = plan_of(plans, n_plans, atomic_fetch_add(next, 1), &i))) {
        plan->outcomes[i].started = true;
        plan->experiment->draw(i, NULL, &plan->outcomes[i]);
        plan->outcomes[i].done = true;
    }
}

static void start_worker(struct plan plans[], size_t n_plans, atomic_size_t *next) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        work(plans, n_plans, next);
        exit(0);
    }
    if (pid < 0) {
        perror("evidence: fork");
        exit(2);
    }
}

/* A draw that was begun and never finished has killed its worker. */
static size_t name_lost_draws(const struct plan plans[], size_t n_plans) {
    size_t n_lost = 0;
    for (size_t p = 0; p < n_plans; p++) {
        for (size_t i = 0; i < plans[p].n; i++) {
            const struct outcome *o = &plans[p].outcomes[i];
            n_lost += !o->done;
            if (o->started && !o->done) {
                fprintf(stderr, "evidence: a worker died in %s:%zu\n", plans[p].experiment->name,
                        i);
            }
        }
    }
    return n_lost;
}

size_t run_plans(struct plan plans[], size_t n_plans, size_t n_workers) {
    atomic_size_t *next = shared(sizeof *next);
    for (size_t p = 0; p < n_plans; p++) {
        plans[p].outcomes = shared((plans[p].n + 1) * sizeof *plans[p].outcomes);
    }
    for (size_t w = 0; w < n_workers; w++) {
        start_worker(plans, n_plans, next);
    }
    int n_replaced = 0, how;
    while (wait(&how) > 0) {
        bool died = !WIFEXITED(how) || WEXITSTATUS(how) != 0;
        if (died && n_replaced++ < 20) {
            start_worker(plans, n_plans, next);
        }
    }
    munmap(next, sizeof *next);
    return name_lost_draws(plans, n_plans);
}
