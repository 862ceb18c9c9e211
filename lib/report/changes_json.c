// SPDX-License-Identifier: MIT
#include "report/report.h"

#include "json_parts.h"

int report_changes_json(const void *ctx, FILE *stream) {
    const struct report_changes *c = ctx;
    json_t *o = json_object();
    json_t *changes = json_array();
    part_text(o, "format", "gradgate-changes");
    part(o, "version", json_integer(REPORT_CHANGES_VERSION));
    part_text(o, "actual", c->actual);
    part_text(o, "expected", c->expected);
    part(o, "same_seed", json_boolean(c->same_seed));
    part(o, "exit_code", json_integer(report_changes_exit_code(c)));
    part_size(o, "kernels", c->n_kernels);
    part_size(o, "cases", c->n_cases);
    for (size_t i = 0; i < c->n_changes; i++) {
        const struct report_change *change = &c->changes[i];
        json_t *one = json_object();
        part_text(one, "direction", report_direction_name(change->direction));
        part_text(one, "kernel", change->kernel);
        part_text(one, "case", change->case_id);
        part_text(one, "what", change->what);
        part_text(one, "was", change->was);
        part_text(one, "now", change->now);
        part_append(changes, one);
    }
    part(o, "changes", changes);
    return part_dump(o, stream);
}
