// SPDX-License-Identifier: MIT
/* What can still be said about a library when the process is about to die of it. */
#ifndef GRADGATE_PORT_CRASH_H
#define GRADGATE_PORT_CRASH_H

#include "arena.h"
#include "door.h"

struct crash_array { /* what lies in an arena */
    const struct arena *arena;
    const char *name;
    size_t count;
    bool given;
};

/* What the handlers need to know of a call. */
struct crash_watch {
    const struct crash_array *arrays;
    size_t n_arrays;
    const char *pass;
    double seconds; /* limit of a call */
    void (*last_words)(void *ctx, const char *text);
    void *ctx;
};

/* From here on SIGSEGV, SIGBUS and SIGALRM are looked at before the process dies of them. A call
 * that takes longer than `seconds`, within a quarter, ends the process. One watch at a time. */
void crash_watch_begin(double seconds);
void crash_watch_end(void);
/* Around each call, without a system call. */
void crash_watch_enter(const struct crash_watch *watch);
void crash_watch_leave(void);

#endif
