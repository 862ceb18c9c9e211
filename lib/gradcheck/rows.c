// SPDX-License-Identifier: MIT
/* Rows that are stated to be independent of each other: verified, then used to check one entry of
 * each row in one evaluation. */
#include <math.h>
#include <stdlib.h>

#include "elementwise.h"

static size_t row_of(const struct gradcheck_tensor *t, size_t flat) {
    size_t index[GRADCHECK_MAX_DIMS] = {0};
    gc_tensor_index(t, flat, index);
    return index[t->batch_axis - 1];
}

/* The number of rows, if at least one differentiable input and every output have as many. */
static size_t stated_rows(const struct gc_session *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gradcheck_tensor *t = s->inputs[i].t;
        if (t->batch_axis > 0 && s->inputs[i].checked) {
            size_t rows = t->shape[t->batch_axis - 1];
            if (n != 0 && rows != n) {
                return 0;
            }
            n = rows;
        }
    }
    for (size_t i = 0; i < s->k->n_outputs && n > 0; i++) {
        const struct gradcheck_tensor *t = s->outputs[i].t;
        if (s->outputs[i].is_float && (t->batch_axis == 0 || t->shape[t->batch_axis - 1] != n)) {
            return 0;
        }
    }
    return n > 1 ? n : 0;
}

/* Moves the rows whose number has (or has not) the given bit. */
static void move_rows(struct gc_session *s, unsigned bit, bool set) {
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (!in->checked || in->t->batch_axis == 0) {
            continue;
        }
        double scale = 0.01 * gc_tensor_scale(s, in);
        for (size_t e = in->first; e < in->first + in->count; e++) {
            double x = s->base[e] + scale * gc_random_signed(&s->random);
            bool moves = ((row_of(in->t, e - in->first) >> bit) & 1U) == set;
            bool inside = x > in->lower && x < in->upper;
            if (moves && inside) {
                gc_put(s, e, gc_dtype_round(in->t->dtype, x));
            }
        }
    }
}

/* Any two rows differ in a bit of their number, so moving those with it, then those without, shows
 * whether one reaches into the other. */
static bool verify(struct gc_session *s, const struct gc_rows *rows,
                   struct gradcheck_rule_report *r) {
    for (unsigned bit = 0; (rows->n - 1) >> bit > 0; bit++) {
        for (int set = 0; set < 2; set++) {
            move_rows(s, bit, set == 1);
            enum gc_outcome outcome = gc_forward(s, s->plus);
            gc_write_point(s, s->base);
            if (outcome != GC_DONE) {
                gc_text(r->evidence, sizeof r->evidence, "could not be verified here");
                return false;
            }
            for (size_t i = 0; i < s->n_outs; i++) {
                bool moved = ((rows->lane_of_output[i] >> bit) & 1U) == (unsigned)set;
                if (!moved && s->plus[i] != s->y0[i]) {
                    r->verdict = GRADCHECK_FAIL;
                    gc_text(r->evidence, sizeof r->evidence,
                            "the output of row %zu changes with other rows",
                            rows->lane_of_output[i]);
                    return false;
                }
            }
        }
    }
    return true;
}

bool gc_rows_open(struct gc_session *s, struct gc_rows *rows) {
    struct gradcheck_rule_report *r = &s->report->rules[GRADCHECK_RULE_ROW_INDEPENDENCE];
    *rows = (struct gc_rows){.n = stated_rows(s)};
    if (rows->n == 0 || r->verdict == GRADCHECK_FAIL || s->stopped) {
        rows->n = 0;
        return true;
    }
    rows->lane_of_output = calloc(s->n_outs, sizeof rows->lane_of_output[0]);
    rows->lanes = calloc(rows->n, sizeof rows->lanes[0]);
    if (rows->lane_of_output == NULL || rows->lanes == NULL) {
        gc_rows_close(rows);
        return false;
    }
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = 0; out->is_float && i < out->count; i++) {
            rows->lane_of_output[out->first + i] = row_of(out->t, i);
        }
    }
    if (verify(s, rows, r)) {
        r->verdict = GRADCHECK_PASS;
    } else {
        gc_rows_close(rows);
    }
    return true;
}

void gc_rows_close(struct gc_rows *rows) {
    free(rows->lane_of_output);
    free(rows->lanes);
    *rows = (struct gc_rows){.n = 0};
}
