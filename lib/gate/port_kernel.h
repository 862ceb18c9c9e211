// SPDX-License-Identifier: MIT
/* A kernel behind a door, opened for one case. */
#ifndef GRADGATE_GATE_PORT_KERNEL_H
#define GRADGATE_GATE_PORT_KERNEL_H

#include "gate/ports.h"

struct port_kernel {
    const struct gate_port_kernel *config;
    const struct gate_family *family;
    const struct golden_suite *suite;
    const struct golden_case *golden;
    const struct gate_kernel *kernel; /* that of the gate, with its last_words */
    struct port_door *door;
    struct gradcheck_tensor in[GRADCHECK_MAX_TENSORS], out[GRADCHECK_MAX_TENSORS],
        extra[GRADCHECK_MAX_TENSORS];
    size_t n_in, n_out, n_extra;
    bool differentiable;
    struct array values[GRADCHECK_MAX_TENSORS],
        grads[GRADCHECK_MAX_TENSORS]; /* owned: in, out, extra */
    size_t n_values;
    bool given[GRADCHECK_MAX_TENSORS]; /* extras: by the last forward */
    struct gate_kernel like;           /* in process; its family is config->like */
    bool has_like;
    char no_gradient[GATE_TEXT_SIZE];
    struct gate_trouble trouble;
};

/* A call in the making: arrays are added, then it is made. */
struct port_request {
    struct port_given given[GRADCHECK_MAX_TENSORS * 4];
    struct array given_arrays[GRADCHECK_MAX_TENSORS * 4];
    struct port_wanted wanted[GRADCHECK_MAX_TENSORS * 4];
    struct port_call call;
};

void port_request_begin(struct port_request *r, const struct port_kernel *p, const char *pass);
/* name and data must outlive the request. False if there are too many. */
bool port_request_give(struct port_request *r, const char *name, const struct array *a);
bool port_request_want(struct port_request *r, const char *name, const struct array *a,
                       bool optional);
enum port_answer port_request_make(struct port_request *r, struct port_kernel *p);

/* What a flushing port may be off by beyond the bound: see port_flush.c. */
bool port_allow(const struct gate_kernel *kernel, const struct golden_expected *e,
                struct array *bound);
size_t port_probe(struct gate_kernel *kernel, const struct gate_array arrays[], size_t n_arrays,
                  struct gate_probe probes[GATE_MAX_PROBES]);

/* "x" for "x.grad", in base[GOLDEN_NAME_SIZE]; false if it ends otherwise. */
bool port_base_name(const char *name, char base[]);

#endif
