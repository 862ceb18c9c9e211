// SPDX-License-Identifier: MIT
/* A job with an answer, for the tests of what runs jobs. */
#ifndef TESTS_PORT_JOB_H
#define TESTS_PORT_JOB_H

#include "port/worker.h"

struct answer {
    int stage;
    double value;
    char text[1000];
};

struct port_outcome run(void (*work)(void *, struct port_board *), void *ctx, struct answer *answer,
                        double seconds);

void publish(struct port_board *board, int stage);

/* Publishes the stage, an int, that ctx points at. */
void work_well(void *ctx, struct port_board *board);

#endif
