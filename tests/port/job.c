// SPDX-License-Identifier: MIT
#include "job.h"

struct port_outcome run(void (*work)(void *, struct port_board *), void *ctx, struct answer *answer,
                        double seconds) {
    struct port_outcome outcome;
    struct port_job job = {.work = work,
                           .ctx = ctx,
                           .result = answer,
                           .result_size = sizeof *answer,
                           .seconds = seconds};
    port_run(&job, &outcome);
    return outcome;
}

void publish(struct port_board *board, int stage) {
    struct answer a = {.stage = stage, .value = 0.5 * stage, .text = "an answer"};
    port_publish(board, &a);
}

void work_well(void *ctx, struct port_board *board) {
    publish(board, *(int *)ctx);
}
