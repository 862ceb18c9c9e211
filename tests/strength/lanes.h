// SPDX-License-Identifier: MIT
/* Independent tasks in forked processes side by side. */
#ifndef TESTS_STRENGTH_LANES_H
#define TESTS_STRENGTH_LANES_H

#include <stddef.h>

/* Zeroed memory that the lanes write to and the caller reads; NULL with errno set if there is none.
 * It is released with the program. */
void *lanes_share(size_t size);

/* Runs task(ctx, i) for i = 0..n-1, each once, in n_lanes processes that take the next number when
 * they are free; with one lane, in this process. A signal that port_prepare_process watches for
 * goes on to them. What a task leaves for the caller it writes to shared memory. Returns the number
 * of tasks that did not come to their end. */
size_t lanes_run(void (*task)(void *ctx, size_t i), void *ctx, size_t n, size_t n_lanes);

#endif
