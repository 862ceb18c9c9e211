// SPDX-License-Identifier: MIT
#include "text_baseline.h"

#include "paint.h"

#include <inttypes.h>

static void put_place(FILE *out, const struct gate_place *p) {
    char text[GATE_TEXT_SIZE];
    gate_place_text(p->tensor, p->ndim, p->index, text, sizeof text);
    (void)fprintf(out, "%s of %s", text, p->case_id);
}

static void put_distance(FILE *out, uint64_t ulp) {
    if (ulp == UINT64_MAX) {
        (void)fputs("to or from NaN", out);
    } else if (ulp == 0) {
        (void)fputs("in the sign of a zero", out);
    } else {
        (void)fprintf(out, "by %" PRIu64 " ULP", ulp);
    }
}

static void put_moved(FILE *out, const struct gate_suite *s) {
    const struct gate_baseline *b = &s->baseline;
    (void)fprintf(out, "%zu of %zu arrays have the recorded bits", b->n_same, s->n_arrays);
    if (b->n_moved > 0) {
        (void)fprintf(out, ", %zu moved within the bound, furthest ", b->n_moved);
        put_place(out, &b->moved);
        (void)fputc(' ', out);
        put_distance(out, b->moved_ulp);
    }
    size_t n_beyond = s->n_arrays - b->n_same - b->n_moved;
    if (n_beyond > 0) {
        (void)fprintf(out, ", %zu beyond the bound", n_beyond);
    }
}

static void put_suite(FILE *out, const struct gate_suite *s) {
    const struct gate_baseline *b = &s->baseline;
    (void)fprintf(out, "  %s: ", s->name);
    put_moved(out, s);
    if (!b->same_seed) {
        (void)fputs("; the seed is another one, so evaluations and resolution are not compared",
                    out);
    } else if (b->evaluations != s->n_evaluations) {
        (void)fprintf(out, "; %zu evaluations, recorded were %zu", s->n_evaluations,
                      b->evaluations);
    }
    (void)fputc('\n', out);
    if (b->n_half > 0) {
        (void)fprintf(out, "  warning: more than half of the bound is used up in %zu, first ",
                      b->n_half);
        put_place(out, &b->half);
        (void)fputc('\n', out);
    }
}

void text_baselines(FILE *out, const struct gate_results *results) {
    bool heading = false;
    for (size_t i = 0; i < results->n_suites; i++) {
        if (results->suites[i].baseline.exists) {
            (void)fputs(heading ? "" : "\nSince the baseline was recorded:\n", out);
            heading = true;
            put_suite(out, &results->suites[i]);
        }
    }
}

void text_moved(FILE *out, const struct gate_array *a) {
    const struct golden_comparison *c = &a->comparison;
    struct gate_place p = {.ndim = c->ndim};
    struct array shape = {.dtype = c->dtype, .ndim = c->ndim};
    char text[GATE_TEXT_SIZE];
    for (size_t i = 0; i < c->ndim; i++) {
        shape.shape[i] = c->shape[i];
    }
    array_unravel(&shape, c->furthest, p.index);
    gate_place_text(a->name, p.ndim, p.index, text, sizeof text);
    (void)fprintf(out, "  %-13s%s moved ", "baseline", text);
    put_distance(out, c->max_numpy_ulp);
    (void)fprintf(out, "; %zu of %zu elements have the recorded bits\n", c->n_numpy_equal,
                  c->count);
}
