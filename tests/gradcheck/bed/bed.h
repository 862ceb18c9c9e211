// SPDX-License-Identifier: MIT
/*
 * The test bed: functions whose derivatives are known exactly, to measure a derivative engine with.
 *
 * Formulas and derivatives are written here in C; values and Jacobians at the points of golden.inc
 * come from oracle/bed.py in 6,000-bit arithmetic, from formulas of its own. test_bed.c holds the
 * two against each other.
 *
 * To add a function: a row in its family's file, the same formula in oracle/bed_functions.py with
 * at least four points, then oracle/bed.py and make regression REGRESSION=--write.
 */
#ifndef TESTS_GRADCHECK_BED_H
#define TESTS_GRADCHECK_BED_H

#include "gradcheck/gradcheck.h"

#define BED_MAX_INPUTS 8
#define BED_MAX_OUTPUTS 4

enum bed_family {
    BED_SMOOTH, /* and well scaled: nothing excuses the engine here */
    BED_STEEP,
    BED_FLAT,
    BED_SCALED_UP,
    BED_SCALED_DOWN,
    BED_OFFSET, /* 1e8 + f(x), f(x - 1e8) */
    BED_OSCILLATING,
    BED_PEAK,
    BED_SATURATED,
    BED_EDGE, /* log and sqrt near 0, edges of the domain */
    BED_KINK,
    BED_ON_KINK, /* points of BED_KINK functions that sit on one */
    BED_JUMP,
    BED_FLOAT32,
    BED_NOISE,
    BED_LINEAR,
    BED_CONSTANT,
    BED_SUBNORMAL,
    BED_HUGE,
    BED_N_FAMILIES,
};

const char *bed_family_name(enum bed_family family);

struct bed_function {
    const char *name;
    /* Either these two (one input, one output), */
    double (*scalar)(double x);
    double (*slope)(double x);
    /* or these. jacobian: a row of n_inputs for each output. */
    size_t n_inputs, n_outputs;
    void (*vector)(const double x[], double y[]);
    void (*jacobian)(const double x[], double j[]);
    /* Optional: the domain that the descriptor states, and a forward that refuses (nonzero) outside
     * x > 0. */
    double lower, upper;
    bool refuses;
    /* How far the value may be off the exact one, relative and absolute; 0: a few rounding errors.
     */
    double value_relative, value_absolute;
};

struct bed_group {
    enum bed_family family;
    const struct bed_function *functions;
    size_t n;
};

struct bed_point {
    const char *function;
    size_t n_inputs, n_outputs;
    bool on_kink; /* the Jacobian is the subgradient that the C code returns */
    double x[BED_MAX_INPUTS], y[BED_MAX_OUTPUTS], jacobian[BED_MAX_OUTPUTS * BED_MAX_INPUTS];
};

size_t bed_n_functions(void);
const struct bed_function *bed_function(size_t i, enum bed_family *family); /* family may be NULL */
size_t bed_n_points(void);
const struct bed_point *bed_point(size_t i);

/* One function at one golden point, with the family that the point counts for. */
struct bed_case {
    const struct bed_function *function;
    const struct bed_point *point;
    enum bed_family family;
};
struct bed_case bed_case(size_t i_point);

/* Nonzero where the forward refuses. */
int bed_value(const struct bed_function *f, const double x[], double y[]);
/* The C formula. */
void bed_jacobian(const struct bed_function *f, const double x[], double j[]);

/* ---- a bed function as a kernel: input x[n_inputs], output y[n_outputs] ----
 * Its backward is exact at its golden point, and follows the C formula elsewhere. */

enum bed_corruption {
    BED_RIGHT,
    BED_ADDED,     /* entry + amount */
    BED_TIMES,     /* entry * amount */
    BED_ALL_TIMES, /* every entry * amount */
};

struct bed_kernel {
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor input, output;
    const struct bed_function *function;
    const struct bed_point *point;
    double x[BED_MAX_INPUTS], dx[BED_MAX_INPUTS], y[BED_MAX_OUTPUTS], dy[BED_MAX_OUTPUTS];
    /* What backward does to Jacobian entry [output][entry]. BED_ADDED is per unit of cotangent. */
    enum bed_corruption corruption;
    size_t entry, output_index;
    double amount;
    bool everywhere; /* the point's Jacobian at every x: a bug has no respect for the point it is
                        met at */
    size_t n_forward;
};

/* Fills *bed; it must not be moved afterwards. */
void bed_open(struct bed_kernel *bed, const struct bed_case *c);

/* A golden Jacobian entry. */
double bed_truth(const struct bed_point *p, size_t output, size_t input);

#endif
