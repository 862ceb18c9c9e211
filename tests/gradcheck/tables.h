// SPDX-License-Identifier: MIT
/* Two Jacobians put together by hand, right and claimed, as the diagnosis sees them. */
#ifndef TESTS_GRADCHECK_TABLES_H
#define TESTS_GRADCHECK_TABLES_H

#include "gradcheck/diagnosis.h"

enum { TABLES_MOST_TENSORS = 21, TABLES_MOST = 2048, TABLES_MARGIN = 64 };

struct tables {
    struct gradcheck_tensor in[TABLES_MOST_TENSORS], out[TABLES_MOST_TENSORS];
    struct gradcheck_kernel kernel;
    struct gradcheck_report report;
    struct gc_session s;
    struct gc_jacobians j;
    struct gc_table table;
    double right[TABLES_MOST + TABLES_MARGIN], got[TABLES_MOST + TABLES_MARGIN];
    double error[TABLES_MOST + TABLES_MARGIN];
    unsigned char mark[TABLES_MOST + TABLES_MARGIN];
    double base[TABLES_MOST + TABLES_MARGIN], y0[TABLES_MOST + TABLES_MARGIN];
};

/* Irregular values and a right Jacobian of irregular numbers in [0.5, 2.5], which is what backward
 * claims; behind them lies what contradicts any relation. Inputs and outputs end with one that has
 * no name. by_output: a row for each output element, else one. */
void tables_open(struct tables *b, const struct gradcheck_tensor inputs[],
                 const struct gradcheck_tensor outputs[], bool by_output);
/* Of the input with that index, once `got` holds what backward claims. */
struct gc_table *tables_look(struct tables *b, size_t input);
double *tables_right(struct tables *b, size_t row, size_t entry);
double *tables_got(struct tables *b, size_t row, size_t entry);

struct expected_guess {
    enum gradcheck_cause cause;
    double confidence;
    const char *text; /* part of the sentence */
};
void tables_expect(const struct gc_guess *guess, const struct expected_guess *expected, size_t row);

#endif
