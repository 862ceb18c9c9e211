// SPDX-License-Identifier: MIT
/* Mistakes that people make in a backward pass, made on purpose in the neuron on a batch. */
#ifndef GRADGATE_CLI_MISTAKE_H
#define GRADGATE_CLI_MISTAKE_H

#include "gate/gate.h"

/* What backward has to work with; w.grad and b.grad as before it ran are in old_dw, old_db. */
struct broken {
    struct gate_kernel right; /* the kernel that ships */
    const struct mistake *mistake;
    size_t B, n;
    double *x, *dx, *w, *dw, *b, *db, *y, *dy; /* its buffers */
    double *first_x;                           /* of the first forward pass */
    double *old_dw, old_db;
    double *keep_x, *keep_y;
    bool has_first;
};

struct mistake {
    const char *name;                /* "dx-divided-by-B" */
    const char *what;                /* one line */
    void (*spoil)(struct broken *k); /* after the right backward; may be NULL */
    bool stale;                      /* backward uses the x of the first forward */
};

extern const struct mistake mistakes[];
extern const size_t n_mistakes;

/* The neuron on a batch with the mistake; its name is that of the right kernel. */
struct gate_family mistake_family(const struct mistake *mistake);

#endif
