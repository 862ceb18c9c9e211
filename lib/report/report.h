// SPDX-License-Identifier: MIT
/*
 * What the gate found, as text for people, JSON for programs and JUnit for CI servers. A reporter
 * reads the results and writes to a stream; it decides nothing.
 *
 *     report_text(&results, &options, stdout);
 *     report_write("gate.json", report_json, &results, &options, why);
 *
 * Everything that comes from a kernel or a file may hold any bytes. All three show what is not
 * printable UTF-8 as \xNN, so a terminal, a JSON and an XML reader are all safe. Numbers have a
 * decimal point whatever the locale, as long as the program leaves LC_NUMERIC alone.
 * README.md describes the JSON.
 */
#ifndef GRADGATE_REPORT_H
#define GRADGATE_REPORT_H

#include "gate/gate.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REPORT_JSON_VERSION 1
#define REPORT_TEXT_SIZE 512

struct report_options { /* NULL or all zero: plain text without hints */
    bool colour;
    bool verbose;        /* every case, not only what is not a pass */
    const char *version; /* of the program; NULL: "" */
    /* The command that reproduces a case is: again, the kernel's name unless again_without_kernel,
     * "--case ID --seed N", again_options. again NULL: no such line. */
    const char *again;
    bool again_without_kernel;
    const char *again_options; /* " --golden DIR"; NULL: "" */
};

/* All reporters have this signature. 0, or -1 if the stream failed or memory ran out. */
typedef int report_function(const struct gate_results *results,
                            const struct report_options *options, FILE *stream);
report_function report_text, report_json, report_junit;

/* Before a long run: could a report be written there? 0, or -1 with one line in
 * why[REPORT_TEXT_SIZE]. Leaves nothing behind. */
int report_check_path(const char *path, char why[]);

/* Writes a report to path: whole or not at all, under a temporary name in the same folder that is
 * then renamed (a path that is there and no regular file, such as a pipe, is written directly).
 * 0, or -1 with one line in why[REPORT_TEXT_SIZE]. */
int report_write(const char *path, report_function *reporter, const struct gate_results *results,
                 const struct report_options *options, char why[]);

/* The same for anything that writes to a stream and returns 0, or -1 if that failed. */
typedef int report_writer(const void *ctx, FILE *stream);
int report_write_file(const char *path, report_writer *writer, const void *ctx, char why[]);

/* ---- two files of arrays: array for array the worst element by every measure, a table of the ten
 * worst, and how far the elements lie apart ---- */

#define REPORT_COMPARISON_VERSION 1

struct report_array {
    const char *name; /* "" for that of a .npy */
    const char
        *finding; /* "only in A": nothing was compared, and that is a failure; NULL: it was */
    struct golden_comparison comparison;
    struct golden_profile profile;
};

struct report_comparison {
    const char *actual, *expected; /* paths */
    const char *bound;             /* path; NULL: the tolerance decides */
    struct golden_tolerance tolerance;
    size_t n_arrays;
    const struct report_array *arrays;
};

/* 1 an array differs or stands on one side only; 3 there was nothing to compare; 0. */
int report_comparison_exit_code(const struct report_comparison *c);
/* Details for arrays that differ; for all with options->verbose, or if there is just one. 0, or -1
 * if the stream failed. */
int report_comparison_text(const struct report_comparison *c, const struct report_options *options,
                           FILE *stream);
/* A report_writer; ctx is a struct report_comparison. */
int report_comparison_json(const void *ctx, FILE *stream);

/* ---- two results of the gate, read back from their JSON: what got better or worse ---- */

#define REPORT_CHANGES_VERSION 1
#define REPORT_COARSER GATE_COARSER /* a resolution that many times coarser got worse */

#define REPORT_DIRECTIONS(X)                                                                       \
    X(REPORT_BETTER, "better")                                                                     \
    X(REPORT_WEAKER, "weaker") /* a number got worse, and nothing is lost by that */               \
    X(REPORT_WORSE, "worse")   /* a verdict got worse, something is gone, a digit was lost */

#define REPORT_DIRECTION_(code, name) code,
enum report_direction { REPORT_DIRECTIONS(REPORT_DIRECTION_) };
#undef REPORT_DIRECTION_

struct report_change {
    enum report_direction direction;
    char kernel[GOLDEN_NAME_SIZE];
    char case_id[GOLDEN_ID_SIZE]; /* "": of the kernel as a whole */
    const char *what;             /* "verdict", "share", "case": static */
    char was[40], now[40];        /* "pass"; "-" if there is none */
};

struct report_changes {
    char *actual, *expected;   /* paths: what is now, what was before */
    bool same_seed;            /* false: resolution and evaluations are not compared */
    size_t n_kernels, n_cases; /* in both */
    size_t n_changes;
    struct report_change *changes; /* in the order of the earlier results */
};

/* 0, or -1 with one line in why[REPORT_TEXT_SIZE]; then *out is all zero. */
int report_changes_read(const char *actual, const char *expected, struct report_changes *out,
                        char why[]);
void report_changes_free(struct report_changes *c); /* zeroes; NULL is fine */
/* 1 something got worse; 3 no kernel is in both; 0. */
int report_changes_exit_code(const struct report_changes *c);
/* Numbers of single cases only with options->verbose. 0, or -1 if the stream failed. */
int report_changes_text(const struct report_changes *c, const struct report_options *options,
                        FILE *stream);
/* A report_writer; ctx is a struct report_changes. */
int report_changes_json(const void *ctx, FILE *stream);
const char *report_direction_name(enum report_direction direction);

#ifdef __cplusplus
}
#endif

#endif
