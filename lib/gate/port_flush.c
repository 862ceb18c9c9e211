// SPDX-License-Identifier: MIT
/* A port that says flush-to-zero turns subnormal numbers into zero, at any step. Each time it does,
 * it is off by less than the smallest normal number m. In a chain of products and sums over the
 * inputs, no such error is multiplied by more than the largest input M (or 1), and no more than n
 * of them come together, n being the number of elements of the largest input: so it is allowed
 * n max(M, 1) m beyond the bound. */
#include "port_kernel.h"

#include <float.h>
#include <math.h>

static double allowance_of(const struct golden_case *c, enum array_dtype dtype) {
    double largest = 1;
    size_t count = 1;
    for (size_t i = 0; i < c->n_inputs; i++) {
        const struct array *a = &c->inputs[i].array;
        count = a->count > count ? a->count : count;
        for (size_t j = 0; j < a->count && array_dtype_is_float(a->dtype); j++) {
            double size = fabs(array_get(a, j));
            largest = isfinite(size) && size > largest ? size : largest;
        }
    }
    double smallest = dtype == ARRAY_F32 ? (double)FLT_MIN : DBL_MIN;
    double allowance = (double)count * largest * smallest;
    return isfinite(allowance) ? allowance : 0;
}

bool port_allow(const struct gate_kernel *kernel, const struct golden_expected *e,
                struct array *bound) {
    const struct port_kernel *p = kernel->self;
    if (!array_dtype_is_float(e->bound.dtype) ||
        array_create(e->bound.dtype, e->bound.ndim, e->bound.shape, bound) != ARRAY_OK) {
        return false;
    }
    double allowance = allowance_of(p->golden, e->bound.dtype);
    for (size_t i = 0; i < bound->count; i++) {
        bool finite = isfinite(array_get(&e->exact, i));
        array_set(bound, i, array_get(&e->bound, i) + (finite ? allowance : 0));
    }
    return true;
}
