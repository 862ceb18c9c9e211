// SPDX-License-Identifier: MIT
/* Any bytes -> text that every reader takes. */
#ifndef GRADGATE_REPORT_SCRUB_H
#define GRADGATE_REPORT_SCRUB_H

#include <stddef.h>

/* Valid UTF-8 of printable characters, line feeds and tabs is kept; every other byte becomes \xNN.
 * On the heap, or NULL if there is no memory. */
char *scrub_bytes(const char bytes[], size_t size);
char *scrub_text(const char *text);

#endif
