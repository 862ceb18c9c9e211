// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

const char *port_end_name(enum port_end end) {
    switch (end) {
#define CASE(code, name)                                                                           \
    case code:                                                                                     \
        return name;
        PORT_ENDS(CASE)
#undef CASE
    }
    return "?";
}

const char *port_signal_name(int number) {
    static const struct {
        int number;
        const char *name;
    } signals[] = {
        {SIGABRT, "SIGABRT"}, {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
        {SIGHUP, "SIGHUP"},   {SIGILL, "SIGILL"},   {SIGINT, "SIGINT"},   {SIGKILL, "SIGKILL"},
        {SIGPIPE, "SIGPIPE"}, {SIGQUIT, "SIGQUIT"}, {SIGSEGV, "SIGSEGV"}, {SIGSYS, "SIGSYS"},
        {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
        {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (signals[i].number == number) {
            return signals[i].name;
        }
    }
    return "a signal";
}

void port_outcome_text(const struct port_outcome *outcome, char text[], size_t size) {
    const char *when = outcome->returned ? "after its work" : "in the middle";
    switch (outcome->end) {
    case PORT_DONE:
        (void)snprintf(text, size, "done");
        break;
    case PORT_EXITED:
        (void)snprintf(text, size, "exited with code %d %s", outcome->code, when);
        break;
    case PORT_CRASHED:
        (void)snprintf(text, size, "crashed by %s%s", port_signal_name(outcome->code),
                       outcome->returned ? " after its work" : "");
        break;
    case PORT_TIMED_OUT:
        (void)snprintf(text, size, "timed out after %.3g s", outcome->seconds);
        break;
    case PORT_INTERRUPTED:
        (void)snprintf(text, size, "interrupted by %s", port_signal_name(outcome->code));
        break;
    case PORT_NOT_STARTED:
        (void)snprintf(text, size, "could not be started: %s", strerror(outcome->code));
        break;
    }
}
