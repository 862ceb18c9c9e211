// SPDX-License-Identifier: MIT
/* Commands on a port: which one, and its kernels as families. */
#ifndef GRADGATE_CLI_PORT_H
#define GRADGATE_CLI_PORT_H

#include "gate/ports.h"

struct port_request_line { /* what the command line says */
    const char *command;   /* "verify", for messages */
    const char *library;   /* --port FILE; NULL */
    char **program;        /* --port-command -- ARGV..., NULL-terminated; NULL */
    const char *answers;   /* --answers FILE; NULL */
    char *const *names;    /* kernels; none: all that the folder has */
    size_t n_names;
    const char *golden_dir;
    double time_limit; /* of a case; 0: the default */
};

struct port_setup {
    struct gate_port port;
    struct port_answers *answers;
    char *target; /* "./libmine.so", "node port.js" */
    char finding[GATE_TEXT_SIZE];
    struct gate_port_report report;
    size_t n_families;
    struct gate_family *families;
    struct gate_port_kernel *kernels;
    struct gate_port_state *states;
    char **names;
    char *again; /* " --port ./libmine.so" */
};

/* Meets the port. 0, or the exit code after a line on stderr; either way port_setup_free. */
int port_setup(const struct port_request_line *line, struct port_setup *out);
void port_setup_free(struct port_setup *setup);

#endif
