// SPDX-License-Identifier: MIT
#include "gate/gate.h"

#include <stdio.h>
#include <string.h>

const char *gate_status_text(enum gate_status status) {
    switch (status) {
#define CASE(code, text)                                                                           \
    case code:                                                                                     \
        return text;
        GATE_STATUSES(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *gate_verdict_name(enum gate_verdict verdict) {
    switch (verdict) {
#define CASE(code, name)                                                                           \
    case code:                                                                                     \
        return name;
        GATE_VERDICTS(CASE)
#undef CASE
    }
    return "?";
}

const char *gate_stage_name(enum gate_stage stage) {
    switch (stage) {
#define CASE(code, name)                                                                           \
    case code:                                                                                     \
        return name;
        GATE_STAGES(CASE)
#undef CASE
    }
    return "?";
}

void gate_place_text(const char *tensor, size_t ndim, const size_t index[], char text[],
                     size_t size) {
    struct array shape = {.ndim = ndim < ARRAY_MAX_DIMS ? ndim : ARRAY_MAX_DIMS};
    char where[ARRAY_MAX_DIMS * 22 + 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < shape.ndim; i++) {
        int n = snprintf(where + used, sizeof where - used, "%s%zu", i == 0 ? "[" : ", ", index[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    (void)snprintf(text, size, "%s%s%s", tensor, where, shape.ndim > 0 ? "]" : "");
}
