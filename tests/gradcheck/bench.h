// SPDX-License-Identifier: MIT
/* A bench for single hypotheses: elements of two Jacobians put down one by one, and what a
 * hypothesis says of them. For whole Jacobians as the diagnosis sees them: tables.h. */
#ifndef TESTS_GRADCHECK_BENCH_H
#define TESTS_GRADCHECK_BENCH_H

#include "gradcheck/diagnosis.h"

enum { INPUTS = 5, ENTRIES = 80, ELEMENTS = 20 * ENTRIES };

/* Past each row lie the entries of the next input, past the last row lies more: none of it fits. */
extern struct bench {
    struct gradcheck_tensor in[INPUTS], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    double base[ENTRIES], y0[ENTRIES], right[ELEMENTS], got[ELEMENTS], error[ELEMENTS];
    unsigned char mark[ELEMENTS];
    size_t of; /* the input that the table is of */
} bench;

struct gradcheck_tensor vector(const char *name, size_t n);
struct gradcheck_tensor matrix(const char *name, size_t n, size_t m);
/* Somewhere in (-1, 1), and nowhere near where another number is. */
double wild(size_t i);
/* From bench.in and bench.out, the table being of the first input. */
void lay(size_t n_inputs);
double *values_of(size_t input);
size_t at(size_t row, size_t column);
void put(size_t row, size_t column, double right, double got);
void put_nothing(void);
struct gc_table open_table(bool by_output);
/* text NULL: nothing is guessed. */
void expect_hypothesis(gc_hypothesis *holds, bool by_output, enum gradcheck_cause cause,
                       const char *text, size_t row);
double confidence_of(gc_hypothesis *holds, bool by_output);

#endif
