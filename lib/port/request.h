// SPDX-License-Identifier: MIT
#ifndef GRADGATE_PORT_REQUEST_H
#define GRADGATE_PORT_REQUEST_H

#include "buffer.h"
#include "door.h"

/* Appends the lines of call number id; false if there is no memory. */
bool request_append(struct buffer *b, const struct port_call *call, size_t id);

#endif
