// SPDX-License-Identifier: MIT
/*
 * The evidence: experiments that measure the derivative engine, and the lines they must meet.
 *
 * An experiment is a number of independent draws. Draw i depends on i alone, so any of them can be
 * repeated by its name and number (`evidence --draw bed:17`), and workers share them freely. The
 * outcomes of all draws together give one or more lines of the table.
 */
#ifndef TESTS_EVIDENCE_H
#define TESTS_EVIDENCE_H

#include "gradcheck/gradcheck.h"

/* What one draw found. An experiment uses the fields that it needs. */
struct outcome {
    bool started, done;    /* set by the workers */
    unsigned char verdict; /* enum gradcheck_verdict on the right kernel */
    unsigned char reason;  /* enum gradcheck_reason */
    unsigned n_entries;    /* gradient entries of the kernel */
    unsigned n_judged;     /* judged pass or fail, so that the truth had to lie within the bound */
    unsigned n_violated;   /* it did not */
    unsigned n_false_fail; /* right, and judged fail */
    unsigned n_wrong,
        n_caught; /* wrong on purpose; judged fail (and at the right place, if that is asked) */
    unsigned n_forward;     /* forward calls, of the right run or of the dearest */
    unsigned n_elementwise; /* forward calls of the elementwise phase */
    double resolution, figure;
};

struct table;

struct experiment {
    const char *name;
    const char *what;
    size_t n_ci, n_full;  /* draws, */
    size_t (*unit)(void); /* times this, if given: the rows of a table */
    /* Draws that were once judged wrongly: part of every run that does not come to them anyway. */
    const size_t *missed;
    size_t n_missed;
    /* talk: reports go there; may be NULL. */
    void (*draw)(size_t i, FILE *talk, struct outcome *outcome);
    void (*judge)(const struct outcome outcomes[], size_t n, struct table *table);
};

extern const struct experiment *const experiments[];
extern const size_t n_experiments;

size_t n_draws(const struct experiment *e, bool full);

/* Adds a line. figure and limit are short texts; met says whether the line holds. */
void table_add(struct table *table, const char *line, bool met, const char *limit,
               const char *figure, ...) __attribute__((format(printf, 5, 6)));

/* gradcheck_run, talking if asked. A status other than OK is told and leaves verdict NOT_CHECKED.
 */
void check(const struct gradcheck_kernel *k, const struct gradcheck_options *options, FILE *talk,
           struct gradcheck_report *report);

/* ---- random numbers: the same on every machine ---- */

struct random {
    uint64_t state;
};
struct random random_from(uint64_t experiment, uint64_t draw);
uint64_t random_bits(struct random *r);
double random_uniform(struct random *r, double low, double high);
double random_normal(struct random *r);

/* ---- sums over outcomes ---- */

struct totals {
    size_t n, n_judged, n_violated, n_false_fail, n_wrong, n_caught, n_inconclusive, n_passed;
};
struct totals totals_of(const struct outcome outcomes[], size_t n);
double median_of(double values[], size_t n); /* sorts values; 0 if n = 0 */

#endif
