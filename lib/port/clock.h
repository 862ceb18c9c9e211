// SPDX-License-Identifier: MIT
#ifndef GRADGATE_PORT_CLOCK_H
#define GRADGATE_PORT_CLOCK_H

/* Seconds of a clock that nobody sets. */
double clock_now(void);
void clock_sleep(double seconds);

#endif
