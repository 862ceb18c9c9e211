// SPDX-License-Identifier: MIT
#include "near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b, size_t c) {
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein (1966) with swaps of neighbours, on words cut to NEAR_WORD_SIZE. */
static size_t distance(const char *a, const char *b) {
    size_t rows[3][NEAR_WORD_SIZE + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];
    size_t n = strlen(b) < NEAR_WORD_SIZE ? strlen(b) : NEAR_WORD_SIZE;
    for (size_t j = 0; j <= n; j++) {
        before[j] = 0;
        last[j] = j;
        row[j] = 0;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            bool same = a[i - 1] == b[j - 1];
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[n];
}

struct near near_start(const char *word, size_t length) {
    struct near near = {0};
    size_t kept = length < sizeof near.word - 1 ? length : sizeof near.word - 1;
    memcpy(near.word, word, kept);
    return near;
}

void near_consider(struct near *near, const char *name) {
    size_t length = strlen(near->word);
    size_t d = distance(near->word, name);
    bool part = length >= 3 && strstr(name, near->word) != NULL;
    if (d > 1 + length / 5 && !part) {
        return;
    }
    size_t at = 0;
    while (at < near->n && near->of[at].distance <= d) {
        at++;
    }
    if (at == NEAR_MAX) {
        return;
    }
    near->n += near->n < NEAR_MAX;
    for (size_t i = near->n - 1; i > at; i--) {
        near->of[i] = near->of[i - 1];
    }
    near->of[at].name = name;
    near->of[at].distance = d;
}

void near_text(const struct near *near, char text[], size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < near->n && used < size; i++) {
        const char *joint = i == 0 ? "; did you mean " : i + 1 < near->n ? ", " : " or ";
        int n = snprintf(text + used, size - used, "%s%s", joint, near->of[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    if (near->n > 0 && used < size) {
        (void)snprintf(text + used, size - used, "?");
    }
}
