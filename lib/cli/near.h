// SPDX-License-Identifier: MIT
/* Names near a mistyped one. */
#ifndef GRADGATE_CLI_NEAR_H
#define GRADGATE_CLI_NEAR_H

#include <stddef.h>

enum { NEAR_MAX = 3, NEAR_WORD_SIZE = 64, NEAR_TEXT_SIZE = 256 };

struct near {
    char word[NEAR_WORD_SIZE];
    size_t n;
    struct {
        const char *name;
        size_t distance;
    } of[NEAR_MAX]; /* nearest first */
};

struct near near_start(const char *word, size_t length);
/* Keeps name, a pointer that must outlive near, if it is near enough. */
void near_consider(struct near *near, const char *name);
/* "; did you mean neuron_batch or neuron?" or "". Always terminated, cut to size. */
void near_text(const struct near *near, char text[], size_t size);

#endif
