// SPDX-License-Identifier: MIT
/* A bench for single hypotheses: elements of the two Jacobians are put down one by one, on tables
 * of which nothing else fits, and what a hypothesis says of them is read off. */
#ifndef TESTS_GRADCHECK_BENCH_H
#define TESTS_GRADCHECK_BENCH_H

#include "gradcheck/tables.h"

/* The tensors are put in bench.in and bench.out[0]; bench_lay does the rest. */
extern struct tables bench;
extern size_t bench_of; /* the input that elements are put for; bench_lay: the first */

struct gradcheck_tensor bench_vector(const char *name, size_t n);
struct gradcheck_tensor bench_matrix(const char *name, size_t n, size_t m);
/* Somewhere in (-1, 1), and nowhere near where another number is. */
double bench_wild(size_t i);
/* Past each row lie the entries of the next input, past the last row lies more: none of it fits. */
void bench_lay(size_t n_inputs);
double *bench_values(size_t input);
size_t bench_at(size_t row, size_t column); /* index into right, got, error and mark */
void bench_put(size_t row, size_t column, double right, double got);
void bench_put_nothing(void);
struct gc_table bench_table(bool by_output);
/* text NULL: nothing is guessed. */
void bench_expect(gc_hypothesis *holds, bool by_output, enum gradcheck_cause cause,
                  const char *text, size_t row);
double bench_confidence(gc_hypothesis *holds, bool by_output);

#endif
