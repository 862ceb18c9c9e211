// SPDX-License-Identifier: MIT
/*
 * Private: what is likely wrong, in a sentence.
 *
 * Where a gradient failed, backward is asked again with each cotangent element alone, and
 * differences are taken per output: two Jacobians, the one that backward claims and the right one.
 * A hypothesis is a row of the table in diagnosis.c and a function that holds a relation between
 * them against every element: what fits all of them names the cause, and what fits none is not
 * guessed. A kernel whose Jacobian is too large, or whose cotangent is fixed, is one row: the
 * gradient.
 */
#ifndef GRADGATE_GRADCHECK_DIAGNOSIS_H
#define GRADGATE_GRADCHECK_DIAGNOSIS_H

#include "engine.h"

/* Elements of a Jacobian at most: three doubles and a byte each, 1.6 MB in all, while one is
 * diagnosed. */
#define GC_MAX_JACOBIAN ((size_t)1 << 16)

enum gc_mark { GC_IGNORED, GC_SAME, GC_WRONG };

/* One input's part of the two Jacobians. Element (row, column): output element `row` (the packed
 * list of outputs), entry in->first + column. */
struct gc_table {
    struct gc_session *s;
    const struct gc_input *in;
    size_t n_rows, n_columns, stride;
    bool by_output; /* false: one row, the gradient for the whole cotangent */
    const struct gradcheck_tensor *output; /* the only one, if the rows are all of one */
    const double *right, *got, *error;     /* of all entries: [row * stride + entry] */
    unsigned char *mark;                   /* enum gc_mark, [row * n_columns + column] */
    double relative, absolute;             /* what counts as equal */
    size_t n_same, n_wrong;
    size_t first_wrong; /* row * n_columns + column */
};

/* Sets *guess if it is better than what is there. */
void gc_guess(struct gc_guess *guess, enum gradcheck_cause cause, double confidence,
              const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

typedef void gc_hypothesis(const struct gc_table *t, struct gc_guess *guess);

/* ---- diagnosis.c ---- */

void gc_diagnose_point(struct gc_session *s);     /* after its entries were judged */
void gc_conclude_diagnosis(struct gc_session *s); /* after the last point */

/* ---- diagnosis_rules.c: from the contract rules alone ---- */

void gc_diagnose_contract(struct gc_session *s); /* after the contract was checked */

/* ---- diagnosis_jacobian.c ---- */

struct gc_jacobians {
    size_t n_rows;
    bool by_output;
    double *right, *got, *error; /* one block */
    unsigned char *mark;
};

bool gc_jacobians_open(struct gc_session *s, struct gc_jacobians *j); /* false: nothing to say */
void gc_jacobians_close(struct gc_jacobians *j);
/* ---- diagnosis_table.c ---- */

void gc_table_open(struct gc_session *s, const struct gc_jacobians *j, const struct gc_input *in,
                   struct gc_table *t);
/* Leaves out the slices along an axis in which nothing is wrong. */
void gc_table_focus(struct gc_table *t);
/* Leaves out what is right: where a condition says which elements are wrong. */
void gc_table_ignore_right(struct gc_table *t);
bool gc_holds_something(const struct gc_table *t);
/* As many entries as output elements, whatever they are: then the diagonal is an entry's own. */
bool gc_is_square(const struct gc_table *t);

double gc_right(const struct gc_table *t, size_t row, size_t column);
double gc_got(const struct gc_table *t, size_t row, size_t column);
enum gc_mark gc_mark_of(const struct gc_table *t, size_t row, size_t column);
double gc_slack(const struct gc_table *t, size_t row, size_t column); /* of `right`, absolute */
/* Neither holds anything: the entry does not reach the output. */
bool gc_both_zero(const struct gc_table *t, size_t row, size_t column);
bool gc_is_zero(const struct gc_table *t, size_t row, size_t column, double value);

/* What a relation predicts: got x over = right(row, column) x times + plus. */
struct gc_prediction {
    size_t row, column;        /* where the right value is taken from */
    const struct gc_input *in; /* of which input; NULL: the table's own */
    double times, over, plus;
    bool unknown; /* nothing is predicted here */
};
typedef struct gc_prediction gc_relation(const struct gc_table *t, size_t row, size_t column,
                                         const void *ctx);

/* How many wrong elements it explains; 0 if it contradicts an element, right or wrong. */
size_t gc_explains(const struct gc_table *t, gc_relation *relation, const void *ctx);
/* How sure a relation without a free number is that holds for so many different ratios. */
double gc_certainty(const struct gc_table *t, size_t n_relations);
/* How many different ratios got / right there are among the wrong ones, up to `most`. */
size_t gc_distinct_ratios(const struct gc_table *t, size_t most);
/* So many at least. */
bool gc_ratio_varies(const struct gc_table *t, size_t n);
/* Different values, as they come. */
#define GC_MOST_DISTINCT 8
struct gc_distinct {
    double seen[GC_MOST_DISTINCT];
    size_t n; /* GC_MOST_DISTINCT + 1: more than are kept */
};
void gc_distinct_add(struct gc_distinct *d, double value, double tolerance);
/* A limit, a zero: the wrong elements all hold the same magnitude. */
bool gc_one_value_held(const struct gc_table *t);
double gc_support(size_t n); /* of n elements explained: 0.5 for 1, towards 1 */

/* ---- diagnosis_atoms.c: the values that a relation may be made of ---- */

/* A coordinate of a table: an axis of the entry or of the output, or its place in the whole. */
enum { GC_ENTRY_FLAT = 2 * GRADCHECK_MAX_DIMS, GC_OUTPUT_FLAT, GC_N_COORDINATES };
bool gc_has_coordinate(const struct gc_table *t, size_t coordinate);
size_t gc_coordinate_length(const struct gc_table *t, size_t coordinate);
size_t gc_coordinate(const struct gc_table *t, size_t row, size_t column, size_t coordinate);
const struct gradcheck_tensor *gc_row_tensor(const struct gc_table *t, size_t row, size_t *flat);
/* Whether the entry itself runs along this coordinate of the output. */
bool gc_shares_axis(const struct gc_table *t, size_t coordinate);
void gc_coordinate_name(const struct gc_table *t, size_t coordinate, char out[], size_t size);

enum gc_move { GC_STAY, GC_NEXT, GC_BEFORE, GC_FIRST, GC_REVERSED, GC_SWAPPED };

/* A tensor's value as a function of (row, column): each of its axes runs with a coordinate. */
struct gc_atom {
    const struct gradcheck_tensor *tensor;
    const double *values; /* NULL: integers, 1 where the hot axis has that index, else 0 */
    size_t count;
    bool is_output;
    size_t along[GRADCHECK_MAX_DIMS];
    size_t hot; /* coordinate */
};

#define GC_MAX_ATOMS 64
size_t gc_atoms(const struct gc_table *t, struct gc_atom out[GC_MAX_ATOMS]);
/* The value at an element; with a move, that of its neighbour along `axis` of the tensor. false: no
 * such neighbour. */
bool gc_atom_value(const struct gc_table *t, const struct gc_atom *atom, size_t row, size_t column,
                   enum gc_move move, size_t axis, double *value);

/* Functions of a value; the slopes are those of y = sigmoid(z) and tanh(z), by y. */
double gc_identity(double v);
double gc_is_positive(double v);
double gc_sigmoid(double v);
double gc_tanh(double v);
double gc_sigmoid_slope(double y);
double gc_tanh_slope(double y);

/* ---- diagnosis_size.c ---- */

#define GC_MAX_LENGTHS 8
/* Whether a number is a length, its inverse, a ratio of two ...; then text says which. */
bool gc_is_size(const struct gc_session *s, double value, double relative, char text[],
                size_t size);
/* A length or its inverse, and nothing else. */
bool gc_is_length(const struct gc_session *s, double value, double relative);
bool gc_is_root_of_size(const struct gc_session *s, double value, double relative, char text[],
                        size_t size);

/* ---- the hypotheses ---- */

/* diagnosis_factor.c */
double gc_first_ratio(const struct gc_table *t);
/* What it means that `what` (a gradient, a term of it) is `factor` times the right one. */
void gc_name_factor(const struct gc_table *t, double factor, double confidence, const char *what,
                    struct gc_guess *guess);
gc_hypothesis gc_guess_constant, gc_guess_function, gc_guess_two_values, gc_guess_incomplete,
    gc_guess_contributions;
/* diagnosis_ratio.c */
gc_hypothesis gc_guess_power, gc_guess_complement, gc_guess_of_output, gc_guess_first_row_only,
    gc_guess_known_value;
/* diagnosis_left_out.c */
gc_hypothesis gc_guess_left_out, gc_guess_survivor;
/* diagnosis_moved.c */
gc_hypothesis gc_guess_moved, gc_guess_other_gradient, gc_guess_threshold;
/* diagnosis_rows.c */
gc_hypothesis gc_guess_misplaced;
/* diagnosis_element.c */
gc_hypothesis gc_guess_wrong_element, gc_guess_wrong_addend, gc_guess_wrong_function;
/* diagnosis_direct.c */
gc_hypothesis gc_guess_direct_term, gc_guess_sums, gc_guess_last_output;
/* diagnosis_term.c */
gc_hypothesis gc_guess_term, gc_guess_coupling, gc_guess_one_of_two_sums, gc_guess_product_rule;
/* diagnosis_fine.c */
gc_hypothesis gc_guess_low_precision, gc_guess_ties;

#endif
