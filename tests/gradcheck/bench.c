// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/bench.h"

struct tables bench;
size_t bench_of;

struct gradcheck_tensor bench_vector(const char *name, size_t n) {
    return (struct gradcheck_tensor){.name = name, .ndim = 1, .shape = {n}};
}

struct gradcheck_tensor bench_matrix(const char *name, size_t n, size_t m) {
    return (struct gradcheck_tensor){.name = name, .ndim = 2, .shape = {n, m}};
}

double bench_wild(size_t i) {
    return sin(1.0 + 2.39 * (double)i + 0.7 * (double)(i * i));
}

void bench_lay(size_t n_inputs) {
    struct gradcheck_tensor inputs[TABLES_MOST_TENSORS] = {0};
    const struct gradcheck_tensor outputs[] = {bench.out[0], {0}};
    memcpy(inputs, bench.in, n_inputs * sizeof inputs[0]);
    tables_open(&bench, inputs, outputs, true);
    for (size_t i = 0; i < TABLES_MOST + TABLES_MARGIN; i++) {
        bench.base[i] = bench_wild(i);
        bench.y0[i] = bench_wild(i + 31);
        bench.right[i] = 7e5 * bench_wild(3 * i);
        bench.got[i] = -3e5 * bench_wild(5 * i);
    }
    bench_of = 0;
}

double *bench_values(size_t input) {
    return bench.base + bench.s.inputs[input].first;
}

size_t bench_at(size_t row, size_t column) {
    return row * bench.s.n_entries + bench.s.inputs[bench_of].first + column;
}

void bench_put(size_t row, size_t column, double right, double got) {
    bench.right[bench_at(row, column)] = right;
    bench.got[bench_at(row, column)] = got;
}

void bench_put_nothing(void) {
    for (size_t r = 0; r < bench.s.n_outs; r++) {
        for (size_t c = 0; c < bench.s.inputs[bench_of].count; c++) {
            bench_put(r, c, 0, 0);
        }
    }
}

struct gc_table bench_table(bool by_output) {
    bench.j.by_output = by_output;
    bench.j.n_rows = by_output ? bench.s.n_outs : 1;
    return *tables_look(&bench, bench_of);
}

void bench_expect(gc_hypothesis *holds, bool by_output, enum gradcheck_cause cause,
                  const char *text, size_t row) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = bench_table(by_output);
    holds(&t, &guess);
    cr_expect_eq(guess.cause, text != NULL ? cause : GRADCHECK_CAUSE_NONE, "row %zu: %s", row,
                 guess.text);
    cr_expect(guess.confidence < 1, "row %zu: %g", row, guess.confidence);
    cr_expect(text == NULL || strstr(guess.text, text) != NULL, "row %zu: no '%s' in: %s", row,
              text, guess.text);
}

double bench_confidence(gc_hypothesis *holds, bool by_output) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table t = bench_table(by_output);
    holds(&t, &guess);
    return guess.confidence;
}
