// SPDX-License-Identifier: MIT
#include "numpy_text.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 64, NUMPY_PRECISION = 8 };

/* The fewest digits after the point that give a back, but at most limit. */
static void shortest(double a, int limit, char text[TEXT_SIZE]) {
    for (int digits = 1; digits <= limit; digits++) {
        snprintf(text, TEXT_SIZE, "%.*f", digits, a);
        if (strtod(text, NULL) == a) {
            return;
        }
    }
}

void numpy_write_float(FILE *out, double a) {
    char text[TEXT_SIZE];
    shortest(a, 21, text);
    fputs(text, out);
}

/* Like Python's, but "2." for 2 and no zeros at the end. */
static void element(double a, char text[TEXT_SIZE]) {
    shortest(a, NUMPY_PRECISION, text);
    size_t length = strlen(text);
    while (text[length - 1] == '0') {
        text[--length] = '\0';
    }
}

static int digits_before(const char *text) { /* the sign is one of them */
    return (int)(strchr(text, '.') - text);
}

static int digits_after(const char *text) {
    return (int)strlen(text) - digits_before(text) - 1;
}

void numpy_write_array(FILE *out, const double v[], size_t n, const char *separator) {
    char text[TEXT_SIZE];
    int before = 0, after = 0;
    for (size_t i = 0; i < n; i++) {
        element(v[i], text);
        before = digits_before(text) > before ? digits_before(text) : before;
        after = digits_after(text) > after ? digits_after(text) : after;
    }
    fputc('[', out);
    for (size_t i = 0; i < n; i++) {
        element(v[i], text);
        fprintf(out, "%s%*s%s%*s", i == 0 ? "" : separator, before - digits_before(text), "", text,
                after - digits_after(text), "");
    }
    fputc(']', out);
}
