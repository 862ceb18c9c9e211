// SPDX-License-Identifier: MIT
/* A strict check that text is well-formed XML 1.0 as far as a JUnit file goes: a declaration, one
 * root, nested elements, quoted attributes given once, the five entities and decimal character
 * references, valid UTF-8 of allowed characters. Stricter than XML where it may be. */
#ifndef GRADGATE_TESTS_REPORT_XML_H
#define GRADGATE_TESTS_REPORT_XML_H

#include <stddef.h>

/* NULL if it is; else what is wrong, and *at is the byte. */
const char *xml_check(const char text[], size_t size, size_t *at);

#endif
