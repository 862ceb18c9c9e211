// SPDX-License-Identifier: MIT
#include "hand.h"

#include <criterion/criterion.h>

void hand_open(struct hand *h) {
    layer_open(&h->l);
    h->l.kernel.jvp = NULL;
    struct gradcheck_options o = {.n_points = 1};
    cr_assert_eq(gc_session_open(&h->s, &h->l.kernel, &o, &h->r, false), GRADCHECK_OK);
    h->r.n_points = 1;
    h->r.n_tensors = 2;
    for (size_t e = 0; e < h->s.n_entries; e++) {
        h->s.grad[e] = h->s.numeric[e] = (double)(e + 1);
        h->s.bound[e] = 1e-9;
        h->s.step[e] = 0.5;
        h->s.state[e] = GC_SEEN;
    }
}
