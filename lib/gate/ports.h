// SPDX-License-Identifier: MIT
/*
 * Ports as kernel families: any golden kernel, implemented by somebody else behind a door of
 * lib/port. The gate then does everything with it that it does with a kernel in process.
 *
 *     const struct gate_port port = {.target = {.library = "./libmine.so"}, .about = about};
 *     struct gate_port_state state;
 *     const struct gate_port_kernel kernel = {.port = &port, .state = &state, .like = &builtin};
 *     struct gate_family family = gate_port_family("neuron", "a port", &kernel);
 *
 * Each case meets the port in a worker of its own: a program is started for it, a library loaded,
 * so that no case sees what another left behind.
 */
#ifndef GRADGATE_GATE_PORTS_H
#define GRADGATE_GATE_PORTS_H

#include "gate/gate.h"

#include "port/door.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gate_port {
    struct port_target target;
    struct port_about about; /* from port_meet */
    double call_seconds;     /* limit of a call; 0: PORT_CALL_SECONDS */
};

struct gate_port_state { /* filled by the gate */
    const struct golden_suite *suite;
};

/* All pointers must outlive the family. */
struct gate_port_kernel {
    const struct gate_port *port;
    struct gate_port_state *state;
    /* all fields after this point are optional */
    const struct gate_family *like; /* the same kernel in process: tells which axes are independent
                                       rows, and is the wide forward of a float32 port */
    bool has_objects;               /* its forward keeps what backward uses: pass interleave */
    const char *inner;              /* the intermediate that backward goes through: z */
    const char *inner_grad_like;    /* the expected array that its gradient equals: b.grad */
    size_t first_id;                /* of its calls, if the answers stand in a file */
};

struct gate_family gate_port_family(const char *name, const char *summary,
                                    const struct gate_port_kernel *kernel);

/* Calls that `gradgate ask` writes for a suite. */
size_t gate_port_calls(const struct golden_suite *suite);

#ifdef __cplusplus
}
#endif

#endif
