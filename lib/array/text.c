// SPDX-License-Identifier: MIT
#include "array/array.h"

#include <stdio.h>
#include <string.h>

void array_unravel(const struct array *a, size_t flat, size_t index[]) {
    for (size_t axis = a->ndim; axis-- > 0;) {
        size_t length = a->shape[axis];
        index[axis] = length > 0 ? flat % length : 0;
        flat = length > 0 ? flat / length : 0;
    }
}

/* Appends piece at text[used], as much as fits; returns the new length. */
static size_t append(char text[], size_t size, size_t used, const char *piece) {
    for (; *piece != '\0' && used + 1 < size; piece++) {
        text[used++] = *piece;
    }
    if (size > 0) {
        text[used] = '\0';
    }
    return used;
}

static size_t append_numbers(char text[], size_t size, size_t used, size_t n,
                             const size_t numbers[], const char *separator) {
    for (size_t i = 0; i < n; i++) {
        char digits[24];
        (void)snprintf(digits, sizeof digits, "%zu", numbers[i]);
        used = append(text, size, used, i > 0 ? separator : "");
        used = append(text, size, used, digits);
    }
    return used;
}

void array_index_text(const struct array *a, size_t flat, char text[], size_t size) {
    size_t index[ARRAY_MAX_DIMS];
    array_unravel(a, flat, index);
    size_t used = append(text, size, 0, "[");
    used = append_numbers(text, size, used, a->ndim, index, ", ");
    (void)append(text, size, used, "]");
}

void array_shape_text(size_t ndim, const size_t shape[], char text[], size_t size) {
    size_t used = append(text, size, 0, ndim == 0 ? "-" : "");
    (void)append_numbers(text, size, used, ndim, shape, "x");
}

/* Digits from *text on, which is moved behind them. */
static bool parse_size(const char **text, size_t *value) {
    const char *p = *text;
    size_t number = 0;
    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9')) {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        size_t digit = (size_t)(*p - '0');
        if (number > (SIZE_MAX - digit) / 10) {
            return false;
        }
        number = 10 * number + digit;
    }
    *text = p;
    *value = number;
    return true;
}

bool array_shape_parse(const char *text, size_t *ndim, size_t shape[]) {
    size_t sizes[ARRAY_MAX_DIMS];
    size_t n = 0;
    if (strcmp(text, "-") == 0) {
        *ndim = 0;
        return true;
    }
    for (;; text++) {
        if (n == ARRAY_MAX_DIMS || !parse_size(&text, &sizes[n])) {
            return false;
        }
        n++;
        if (*text != 'x') {
            break;
        }
    }
    if (*text != '\0') {
        return false;
    }
    *ndim = n;
    memcpy(shape, sizes, n * sizeof sizes[0]);
    return true;
}
