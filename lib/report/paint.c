// SPDX-License-Identifier: MIT
#include "paint.h"

#include "scrub.h"

#include <stdlib.h>
#include <string.h>

static const char *colour_of(enum gate_verdict verdict) {
    switch (verdict) {
    case GATE_PASS:
        return "\033[32m";
    case GATE_FAIL:
        return "\033[1;31m";
    case GATE_ERROR:
        return "\033[35m";
    case GATE_INCONCLUSIVE:
    case GATE_KNOWN:
        return "\033[33m";
    case GATE_SKIPPED:
    case GATE_NOT_APPLICABLE:
    case GATE_NOT_RUN:
        break;
    }
    return "\033[2m";
}

void paint(FILE *out, const struct report_options *options, enum gate_verdict verdict,
           const char *text, size_t width) {
    bool colour = options != NULL && options->colour;
    size_t length = strlen(text);
    (void)fprintf(out, "%s%s%s", colour ? colour_of(verdict) : "", text, colour ? "\033[0m" : "");
    (void)fprintf(out, "%*s", (int)(length < width ? width - length : 0), "");
}

void put_lines(FILE *out, const char *prefix, const char bytes[], size_t size) {
    char *text = scrub_bytes(bytes, size);
    const char *line = text != NULL ? text : "(out of memory)";
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        (void)fprintf(out, "%s%.*s\n", prefix, (int)length, line);
        line += length + (line[length] == '\n');
    }
    free(text);
}

void put_scrubbed(FILE *out, const char *text) {
    char *clean = scrub_text(text);
    (void)fputs(clean != NULL ? clean : "(out of memory)", out);
    free(clean);
}
