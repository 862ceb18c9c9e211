// SPDX-License-Identifier: MIT
/* What happens in the worker: one kernel on one case. */
#ifndef GRADGATE_GATE_CHECK_H
#define GRADGATE_GATE_CHECK_H

#include "gate/gate.h"

/* What the worker tells, at each stage anew. Plain data. */
struct check_record {
    enum gate_stage stage;     /* begun, not ended */
    enum gate_verdict verdict; /* of the finding: ERROR or FAIL; NOT_RUN if there is none */
    char finding[GATE_TEXT_SIZE];
    bool differentiable;
    size_t n_arrays;
    struct gate_array arrays[GATE_MAX_ARRAYS];
    size_t n_left_out;
    size_t n_probes;
    struct gate_probe probes[GATE_MAX_PROBES];
    struct port_counts calls;
    enum gate_verdict gradient;
    char gradient_note[GATE_TEXT_SIZE];
    enum gradcheck_status gradient_status;
    bool has_report;
    struct gradcheck_report report;
    unsigned char values[]; /* task.values_size bytes, as gate_case.values */
};

struct check_task {
    const struct gate_family *family;
    const struct golden_case *golden;
    size_t values_size; /* 0: values are not kept */
    struct gradcheck_options options;
};

/* The work of a port_job; ctx is a struct check_task, what is published a struct check_record. */
void check_work(void *ctx, struct port_board *board);

#endif
