// SPDX-License-Identifier: MIT
#include "again.h"

#include <inttypes.h>

void again_text(const struct gate_results *results, const struct report_options *options,
                const char *kernel, const char *case_id, char text[], size_t size) {
    text[0] = '\0';
    if (options == NULL || options->again == NULL) {
        return;
    }
    bool named = !options->again_without_kernel;
    (void)snprintf(text, size, "%s%s%s --case %s --seed %" PRIu64 "%s", options->again,
                   named ? " " : "", named ? kernel : "", case_id, results->seed,
                   options->again_options != NULL ? options->again_options : "");
}
