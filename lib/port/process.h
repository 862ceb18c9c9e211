// SPDX-License-Identifier: MIT
#ifndef GRADGATE_PORT_PROCESS_H
#define GRADGATE_PORT_PROCESS_H

/* In a child: the signals that port_prepare_process took are back to their defaults. */
void process_reset_signals(void);

#endif
