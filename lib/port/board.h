// SPDX-License-Identifier: MIT
/* Memory shared by caller and child. Two slots: a child killed while it writes one leaves the other
 * whole. */
#ifndef GRADGATE_PORT_BOARD_H
#define GRADGATE_PORT_BOARD_H

#include "worker.h"

struct port_board; /* NULL if there is no memory: errno */

struct port_board *board_create(size_t slot_size);
void board_free(struct port_board *board);
/* In the child, before it does anything else: from here on only port_publish and
 * board_mark_returned write. */
void board_protect(struct port_board *board);
void board_mark_returned(struct port_board *board);
bool board_has_returned(const struct port_board *board);
/* Copies what was published last; false, and data untouched, if nothing was. */
bool board_read(const struct port_board *board, void *data);

#endif
