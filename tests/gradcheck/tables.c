// SPDX-License-Identifier: MIT
#include "gradcheck/tables.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

double *tables_right(struct tables *b, size_t row, size_t entry) {
    return &b->right[row * b->s.n_entries + entry];
}

double *tables_got(struct tables *b, size_t row, size_t entry) {
    return &b->got[row * b->s.n_entries + entry];
}

static void lay_out(struct tables *b, const struct gradcheck_tensor inputs[],
                    const struct gradcheck_tensor outputs[]) {
    struct gc_session *s = &b->s;
    for (; inputs[b->kernel.n_inputs].name != NULL; b->kernel.n_inputs++) {
        const size_t i = b->kernel.n_inputs;
        const bool is_float = gc_is_float(inputs[i].dtype);
        b->in[i] = inputs[i];
        s->inputs[i] = (struct gc_input){.t = &b->in[i],
                                         .count = gc_tensor_count(&b->in[i]),
                                         .first = s->n_entries,
                                         .is_float = is_float,
                                         .checked = is_float,
                                         .scale = 1};
        s->n_entries += is_float ? s->inputs[i].count : 0;
    }
    for (; outputs[b->kernel.n_outputs].name != NULL; b->kernel.n_outputs++) {
        const size_t o = b->kernel.n_outputs;
        const bool is_float = gc_is_float(outputs[o].dtype);
        b->out[o] = outputs[o];
        s->outputs[o] = (struct gc_output){.t = &b->out[o],
                                           .count = gc_tensor_count(&b->out[o]),
                                           .first = s->n_outs,
                                           .is_float = is_float,
                                           .has_cotangent = is_float};
        s->n_outs += is_float ? s->outputs[o].count : 0;
    }
}

static void fill(struct tables *b) {
    const size_t n = b->j.n_rows * b->s.n_entries;
    for (size_t i = 0; i < TABLES_MOST + TABLES_MARGIN; i++) {
        const double t = (double)i;
        b->right[i] = b->got[i] = i < n ? 1.5 + sin(1 + 2.3 * t) : NAN;
        b->error[i] = 0;
        b->mark[i] = GC_WRONG;
        b->base[i] = i < b->s.n_entries ? 1.7 * sin(0.5 + 1.9 * t) : NAN;
        b->y0[i] = i < b->s.n_outs ? 1.1 + 0.9 * cos(0.3 + 1.7 * t) : NAN;
    }
}

void tables_open(struct tables *b, const struct gradcheck_tensor inputs[],
                 const struct gradcheck_tensor outputs[], bool by_output) {
    memset(b, 0, sizeof *b);
    b->kernel = (struct gradcheck_kernel){.name = "tables", .inputs = b->in, .outputs = b->out};
    b->s.k = &b->kernel;
    b->s.report = &b->report;
    b->s.base = b->base;
    b->s.y0 = b->y0;
    b->s.epsilon = b->s.narrow_epsilon = gc_dtype_epsilon(GRADCHECK_F64);
    lay_out(b, inputs, outputs);
    b->j = (struct gc_jacobians){.n_rows = by_output ? b->s.n_outs : 1,
                                 .by_output = by_output,
                                 .right = b->right,
                                 .got = b->got,
                                 .error = b->error,
                                 .mark = b->mark};
    fill(b);
}

struct gc_table *tables_look(struct tables *b, size_t input) {
    gc_table_open(&b->s, &b->j, &b->s.inputs[input], &b->table);
    return &b->table;
}

void tables_expect(const struct gc_guess *guess, const struct expected_guess *expected,
                   size_t row) {
    cr_expect_eq(guess->cause, expected->cause, "row %zu: %s", row, guess->text);
    cr_expect(fabs(guess->confidence - expected->confidence) <= 1e-12, "row %zu: %.17g: %s", row,
              guess->confidence, guess->text);
    cr_expect(strstr(guess->text, expected->text) != NULL, "row %zu: %s", row, guess->text);
}
