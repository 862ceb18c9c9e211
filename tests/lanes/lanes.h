// SPDX-License-Identifier: MIT
/* Independent tasks in forked processes side by side. */
#ifndef TESTS_LANES_LANES_H
#define TESTS_LANES_LANES_H

#include <stddef.h>

/* Zeroed memory that the lanes write to and the caller reads; NULL with errno set if there is none.
 * It is released with the program. */
void *lanes_share(size_t size);

/* Runs task(ctx, i) for i = 0..n-1, each once, in n_lanes processes that take the next number when
 * they are free; with 0 lanes in this process, for a look or a debugger. What a task leaves for the
 * caller it writes to shared memory. A lane that dies is replaced, a few times. A signal that
 * port_prepare_process watches for goes on to the lanes, and they end with this process. Returns
 * the number of tasks that did not come to their end. */
size_t lanes_run(void (*task)(void *ctx, size_t i), void *ctx, size_t n, size_t n_lanes);

#endif
