// SPDX-License-Identifier: MIT
/* What verify and demo share: run the gate, print, write the files, give the exit code. */
#ifndef GRADGATE_CLI_CHECK_H
#define GRADGATE_CLI_CHECK_H

#include "gate/gate.h"
#include "report/report.h"

struct check_run {
    const char *command; /* "verify", for messages */
    const struct gate_family *families;
    size_t n_families;
    struct gate_options gate;
    struct report_options report;
    const char *json, *junit; /* NULL: none */
    const char *heading;      /* a line above the report; NULL: none */
    /* After everything is reported; code is the exit code so far. Returns it, or another. */
    int (*after)(void *ctx, const struct gate_results *results, int code); /* NULL: nothing */
    void *after_ctx;
};

/* Returns the exit code. */
int check_run(struct check_run *run);

/* One line on stderr if the folder cannot be read or holds no golden values: false. */
bool check_golden_dir(const char *command, const char *dir);

/* Is standard output a terminal that takes colours, and does nobody mind? */
bool check_wants_colour(void);

/* The argument as a shell takes it; cut to size. */
void check_quote(const char *argument, char text[], size_t size);

#define CHECK_GOLDEN_DIR "tests/golden"

#endif
