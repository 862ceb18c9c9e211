// SPDX-License-Identifier: MIT
/* sigaltstack, and registers on Linux.
 * NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include "crash.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

/* A handler has no other way to know: the call that runs, NULL between calls; how many there were;
 * and how often the clock has ticked during the last of them. */
static const struct crash_watch *volatile watched;
static volatile sig_atomic_t serial, ticked_serial, ticks;
enum { TICKS = 4 }; /* of the clock within the limit of a call */
static unsigned char stack[65536];
static const int signals[] = {SIGSEGV, SIGBUS, SIGALRM};
enum { N_SIGNALS = sizeof signals / sizeof signals[0] };

/* "wrote" or "read", where the machine tells; "went" otherwise. */
static const char *verb_of(void *context) {
#if defined(__linux__) && defined(__x86_64__)
    const ucontext_t *c = context;
    return (c->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "wrote" : "read";
#else
    (void)context;
    return "went";
#endif
}

static bool describe_place(const struct crash_array *a, const void *address, void *context,
                           char text[], size_t size) {
    switch (arena_place(a->arena, address)) {
    case ARENA_ELSEWHERE:
        return false;
    case ARENA_GUARD_BEFORE:
        (void)snprintf(text, size, "%s before the start of %s, in %s", verb_of(context), a->name,
                       watched->pass);
        return true;
    case ARENA_GUARD_BEHIND:
        (void)snprintf(text, size, "%s past the end of %s[%zu], in %s", verb_of(context), a->name,
                       a->count, watched->pass);
        return true;
    case ARENA_INSIDE:
        (void)snprintf(text, size, "wrote to %s, which is %s, in %s", a->name,
                       a->given ? "given" : "not to be written now", watched->pass);
        return true;
    }
    return false;
}

static void say(const char *text) {
    if (watched->last_words != NULL) {
        watched->last_words(watched->ctx, text);
    }
}

/* Back to the default: the same instruction then ends the process as it would have. */
static void handle_fault(int number, siginfo_t *info, void *context) {
    char text[PORT_TEXT_SIZE];
    (void)signal(number, SIG_DFL);
    for (size_t i = 0; watched != NULL && i < watched->n_arrays; i++) {
        if (describe_place(&watched->arrays[i], info->si_addr, context, text, sizeof text)) {
            say(text);
            return;
        }
    }
}

static void handle_tick(int number) {
    char text[PORT_TEXT_SIZE];
    if (watched == NULL || serial != ticked_serial) {
        ticked_serial = serial;
        ticks = 0;
        return;
    }
    ticks = ticks + 1;
    if (ticks < TICKS) {
        return;
    }
    (void)snprintf(text, sizeof text, "did not return from %s within %.3g s", watched->pass,
                   watched->seconds);
    say(text);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void set_clock(double seconds) {
    struct timeval interval = {.tv_sec = (time_t)seconds};
    interval.tv_usec = (suseconds_t)((seconds - (double)interval.tv_sec) * 1e6);
    const struct itimerval timer = {.it_interval = interval, .it_value = interval};
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

void crash_watch_begin(double seconds) {
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    watched = NULL;
    (void)sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        struct sigaction action = {.sa_flags = SA_ONSTACK | SA_RESTART};
        (void)sigemptyset(&action.sa_mask);
        if (signals[i] == SIGALRM) {
            action.sa_handler = handle_tick;
        } else {
            action.sa_flags |= SA_SIGINFO;
            action.sa_sigaction = handle_fault;
        }
        (void)sigaction(signals[i], &action, NULL);
    }
    set_clock(seconds / TICKS);
}

void crash_watch_end(void) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    set_clock(0);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        (void)signal(signals[i], SIG_DFL);
    }
    (void)sigaltstack(&none, NULL);
    watched = NULL;
}

void crash_watch_enter(const struct crash_watch *watch) {
    serial = serial + 1;
    watched = watch;
}

void crash_watch_leave(void) {
    watched = NULL;
}
