// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

struct bench bench;

struct gradcheck_tensor vector(const char *name, size_t n) {
    return (struct gradcheck_tensor){.name = name, .ndim = 1, .shape = {n}};
}

struct gradcheck_tensor matrix(const char *name, size_t n, size_t m) {
    return (struct gradcheck_tensor){.name = name, .ndim = 2, .shape = {n, m}};
}

double wild(size_t i) {
    return sin(1.0 + 2.39 * (double)i + 0.7 * (double)(i * i));
}

void lay(size_t n_inputs) {
    struct gc_session *s = &bench.s;
    *s = (struct gc_session){.k = &bench.kernel, .base = bench.base, .y0 = bench.y0};
    bench.kernel = (struct gradcheck_kernel){
        .inputs = bench.in, .n_inputs = n_inputs, .outputs = bench.out, .n_outputs = 1};
    for (size_t i = 0; i < n_inputs; i++) {
        s->inputs[i] = (struct gc_input){.t = &bench.in[i],
                                         .count = gc_tensor_count(&bench.in[i]),
                                         .first = s->n_entries,
                                         .is_float = gc_is_float(bench.in[i].dtype)};
        s->n_entries += s->inputs[i].is_float ? s->inputs[i].count : 0;
    }
    s->outputs[0] = (struct gc_output){
        .t = &bench.out[0], .count = gc_tensor_count(&bench.out[0]), .is_float = true};
    s->n_outs = s->outputs[0].count;
    for (size_t i = 0; i < ENTRIES; i++) {
        bench.base[i] = wild(i);
        bench.y0[i] = wild(i + 31);
    }
    for (size_t i = 0; i < ELEMENTS; i++) {
        bench.right[i] = 7e5 * wild(3 * i);
        bench.got[i] = -3e5 * wild(5 * i);
        bench.error[i] = 0;
        bench.mark[i] = GC_WRONG;
    }
    bench.of = 0;
}

double *values_of(size_t input) {
    return bench.base + bench.s.inputs[input].first;
}

size_t at(size_t row, size_t column) {
    return row * bench.s.n_entries + bench.s.inputs[bench.of].first + column;
}

void put(size_t row, size_t column, double right, double got) {
    bench.right[at(row, column)] = right;
    bench.got[at(row, column)] = got;
}

void put_nothing(void) {
    for (size_t r = 0; r < bench.s.n_outs; r++) {
        for (size_t c = 0; c < bench.s.inputs[bench.of].count; c++) {
            put(r, c, 0, 0);
        }
    }
}

struct gc_table open_table(bool by_output) {
    struct gc_table t;
    const struct gc_jacobians j = {.n_rows = by_output ? bench.s.n_outs : 1,
                                   .by_output = by_output,
                                   .right = bench.right,
                                   .got = bench.got,
                                   .error = bench.error,
                                   .mark = bench.mark};
    gc_table_open(&bench.s, &j, &bench.s.inputs[bench.of], &t);
    return t;
}

void expect_hypothesis(gc_hypothesis *holds, bool by_output, enum gradcheck_cause cause,
                       const char *text, size_t row) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = open_table(by_output);
    holds(&t, &guess);
    cr_expect_eq(guess.cause, text != NULL ? cause : GRADCHECK_CAUSE_NONE, "row %zu: %s", row,
                 guess.text);
    cr_expect(guess.confidence < 1, "row %zu: %g", row, guess.confidence);
    cr_expect(text == NULL || strstr(guess.text, text) != NULL, "row %zu: no '%s' in: %s", row,
              text, guess.text);
}

double confidence_of(gc_hypothesis *holds, bool by_output) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = open_table(by_output);
    holds(&t, &guess);
    return guess.confidence;
}
