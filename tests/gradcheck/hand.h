// SPDX-License-Identifier: MIT
/* A session whose results are written by hand. */
#ifndef TESTS_GRADCHECK_HAND_H
#define TESTS_GRADCHECK_HAND_H

#include "gradcheck/engine.h"
#include "layer.h"

struct hand { /* a layer's session in which x.grad and w.grad are 1, 2, ... and right */
    struct layer l;
    struct gc_session s;
    struct gradcheck_report r;
};

void hand_open(struct hand *h);

#endif
