// SPDX-License-Identifier: MIT
/* A library port that does whatever the kernel's name says, for tests of the gate itself. */
#include "port/port.h"

#include <fenv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int past_the_end(const struct gradgate_call *call) {
    double *y = call->wanted[0].data;
    for (size_t i = 0; i <= call->wanted[0].shape[0]; i++) {
        y[i] = 1;
    }
    return GRADGATE_DONE;
}

static int far_past_the_end(const struct gradgate_call *call) {
    double *y = call->wanted[0].data;
    y[call->wanted[0].shape[0] + 100] = 1;
    return GRADGATE_DONE;
}

static int before_the_start(const struct gradgate_call *call) {
    double *y = call->wanted[0].data;
    memset(y, 0, call->wanted[0].shape[0] * sizeof y[0]);
    y[-1] = 1;
    return GRADGATE_DONE;
}

static int reads_past_the_end(const struct gradgate_call *call) {
    const double *x = call->given[0].data;
    double *y = call->wanted[0].data;
    for (size_t i = 0; i < call->wanted[0].shape[0]; i++) {
        y[i] = x[i + 100];
    }
    return GRADGATE_DONE;
}

static int writes_given(const struct gradgate_call *call) {
    double *x = call->given[0].data;
    x[0] = 1;
    return GRADGATE_DONE;
}

static int right(const struct gradgate_call *call) {
    const double *x = call->given[0].data;
    double *y = call->wanted[0].data;
    for (size_t i = 0; i < call->wanted[0].shape[0]; i++) {
        y[i] = 2 * x[i];
    }
    return GRADGATE_DONE;
}

static int rounds_up(const struct gradgate_call *call) {
    (void)fesetround(FE_UPWARD);
    return right(call);
}

static int leaves_one(const struct gradgate_call *call) {
    double *y = call->wanted[0].data;
    double kept;
    memcpy(&kept, &y[3], sizeof kept);
    int result = right(call);
    memcpy(&y[3], &kept, sizeof kept);
    return result;
}

static int fills_a_part_of_an_option(const struct gradgate_call *call) {
    double *z = call->wanted[1].data;
    z[0] = 1;
    return right(call);
}

static int skips(const struct gradgate_call *call) {
    (void)snprintf(call->reason, call->reason_size, "not on this machine");
    return GRADGATE_SKIP;
}

static int fails(const struct gradgate_call *call) {
    (void)snprintf(call->reason, call->reason_size, "overflow");
    return GRADGATE_ERROR;
}

static int aborts(const struct gradgate_call *call) {
    (void)call;
    abort();
}

static int exits(const struct gradgate_call *call) {
    (void)call;
    exit(3);
}

static int hangs(const struct gradgate_call *call) {
    volatile bool waiting = call != NULL;
    while (waiting) {
    }
    return GRADGATE_DONE;
}

static int returns_nonsense(const struct gradgate_call *call) {
    (void)right(call);
    return 9;
}

int gradgate_port(const struct gradgate_call *call) {
    static const struct {
        const char *name;
        int (*run)(const struct gradgate_call *call);
    } ways[] = {
        {"right", right},
        {"rounds_up", rounds_up},
        {"past_the_end", past_the_end},
        {"far_past_the_end", far_past_the_end},
        {"before_the_start", before_the_start},
        {"reads_past_the_end", reads_past_the_end},
        {"writes_given", writes_given},
        {"leaves_one", leaves_one},
        {"part_of_option", fills_a_part_of_an_option},
        {"skips", skips},
        {"fails", fails},
        {"aborts", aborts},
        {"exits", exits},
        {"hangs", hangs},
        {"nonsense", returns_nonsense},
    };
    if (strcmp(call->kernel, "port") == 0) {
        (void)snprintf(call->reason, call->reason_size, "a library that misbehaves");
        return GRADGATE_DONE;
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(call->kernel, ways[i].name) == 0) {
            return ways[i].run(call);
        }
    }
    return GRADGATE_SKIP;
}
