// SPDX-License-Identifier: MIT
#ifndef GOLDEN_SHA256_H
#define GOLDEN_SHA256_H

#include <stddef.h>

/* The SHA-256 (FIPS 180-4) of bytes as 64 lower-case hexadecimal digits and a terminator. */
void sha256_hex(const unsigned char bytes[], size_t n_bytes, char hex[65]);

#endif
