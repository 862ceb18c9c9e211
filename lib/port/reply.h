// SPDX-License-Identifier: MIT
/* The lines that a port answers with, one by one, strictly. */
#ifndef GRADGATE_PORT_REPLY_H
#define GRADGATE_PORT_REPLY_H

#include "door.h"

/* What a line of the port is. */
enum reply_word {
    REPLY_TALK, /* starts with no @ */
    REPLY_PORT, /* @port */
    REPLY_OUT,  /* @out */
    REPLY_DONE, /* @done, @skip, @error: the reply is complete */
    REPLY_SKIP,
    REPLY_ERROR,
    REPLY_MALFORMED, /* starts with @ */
};

/* The line is length bytes without its line feed; any bytes at all. */
enum reply_word reply_word_of(const char line[], size_t length);

/* "@port 1 TEXT"; false with a reason in why[PORT_TEXT_SIZE]. */
bool reply_greeting(const char line[], size_t length, struct port_about *about, char why[]);

/* Number of the call that a @done, @skip or @error line answers; false with a reason. */
bool reply_id(const char line[], size_t length, size_t *id, char why[]);

/* Takes a line of the reply to `call`, number id: an @out line fills a wanted array, the last line
 * completes the reply. *more says that another line is to come. The answer is BROKEN, with why, for
 * everything that is not exactly a reply to this call; ANSWERED while there is more. */
enum port_answer reply_take(const struct port_call *call, size_t id, const char line[],
                            size_t length, bool *more, char why[]);

/* The longest line that an honest reply to `call` can have. */
size_t reply_longest(const struct port_call *call);

/* "'@out y f6'", a printable start of the line for a message. */
#define REPLY_QUOTE_SIZE 64
void reply_quote(const char line[], size_t length, char text[REPLY_QUOTE_SIZE]);

#endif
