// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strength.h"

static json_t *by_json(const size_t n[]) {
    json_t *by = json_object();
    for (int i = BY_CRASH; i < N_CATCHERS; i++) {
        json_object_set_new(by, catcher_name((enum catcher)i), json_integer((json_int_t)n[i]));
    }
    return by;
}

static json_t *totals_json(const struct strength_totals *t) {
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "wrong", (json_int_t)t->n_wrong, "caught", (json_int_t)t->n_caught, "named",
                     (json_int_t)t->n_named, "misnamed", (json_int_t)t->n_misnamed, "caught_by",
                     by_json(t->n_by), "alone", by_json(t->n_alone), "late", (json_int_t)t->n_late,
                     "late_caught", (json_int_t)t->n_late_caught, "late_named",
                     (json_int_t)t->n_late_named, "late_misnamed", (json_int_t)t->n_late_misnamed,
                     "right_runs", (json_int_t)t->n_right, "right_pass", (json_int_t)t->n_pass,
                     "right_not_proven", (json_int_t)t->n_unproven, "false_alarms",
                     (json_int_t)t->n_false_alarms, "evaluations", (json_int_t)t->n_evaluations);
}

/* Text may have been cut in the middle of a character: then it is left out. */
static json_t *text_json(const char *text) {
    json_t *string = json_string(text);
    return string != NULL ? string : json_string("");
}

static json_t *wrong_json(const struct strength_wrong *w) {
    const struct trial *t = &w->trial;
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:I, s:I, s:o, s:o, s:s, s:f}", "mistake",
                     w->mistake->name, "label", label_name(w->mistake->label), "late",
                     (int)w->mistake->late, "caught_by", catcher_name(t->by), "rule",
                     t->by == BY_RULE ? gradcheck_rule_name(t->rule) : "", "seed",
                     (json_int_t)t->seed, "evaluations", (json_int_t)t->n_evaluations, "text",
                     text_json(t->text), "diagnosis", text_json(t->diagnosis), "cause",
                     gradcheck_cause_name(t->cause), "confidence", t->confidence);
}

static json_t *kernel_json(const struct strength_kernel *k) {
    struct strength_totals totals = {0};
    json_t *wrong = json_array();
    strength_add(&totals, k);
    for (size_t i = 0; i < k->n_wrong; i++) {
        json_array_append_new(wrong, wrong_json(&k->wrong[i]));
    }
    return json_pack("{s:s, s:s, s:f, s:o, s:o}", "kernel", k->kernel->name, "dtype",
                     kernel_dtype_name(k->kernel), "resolution", k->right.resolution, "totals",
                     totals_json(&totals), "wrong_kernels", wrong);
}

static json_t *strength_json(const struct strength *s) {
    const struct strength_totals all = strength_total(s);
    json_t *kernels = json_array();
    for (size_t i = 0; i < s->n_kernels; i++) {
        json_array_append_new(kernels, kernel_json(&s->kernels[i]));
    }
    return json_pack("{s:i, s:f, s:o, s:o}", "version", 1, "seconds", s->seconds, "totals",
                     totals_json(&all), "kernels", kernels);
}

int strength_write(const struct strength *s, const char *path) {
    const size_t size = strlen(path) + sizeof ".tmp";
    char *temporary = malloc(size);
    json_t *root = strength_json(s);
    int status = -1;
    if (temporary != NULL && root != NULL) {
        snprintf(temporary, size, "%s.tmp", path);
        if (json_dump_file(root, temporary, JSON_INDENT(1)) == 0) {
            status = rename(temporary, path);
        }
        if (status != 0) {
            const int why = errno;
            remove(temporary);
            errno = why;
        }
    }
    json_decref(root);
    free(temporary);
    return status;
}
