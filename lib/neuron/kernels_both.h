// SPDX-License-Identifier: MIT
/* kernels_template.h for both types, for one instruction set. */
#ifndef NEURON_KERNELS_BOTH_H
#define NEURON_KERNELS_BOTH_H

#include "sigmoid.h"

#define REAL double
#define NAME(name) name##_f64
#define REAL_VECTOR vector_f64
#include "kernels_template.h"
#undef REAL
#undef NAME
#undef REAL_VECTOR

#define REAL float
#define NAME(name) name##_f32
#define REAL_VECTOR vector_f32
#include "kernels_template.h"
#undef REAL
#undef NAME
#undef REAL_VECTOR

#define KERNELS_OF_TYPE(type)                                                                      \
    {                                                                                              \
        .sigmoid = sigmoids_##type, .sigmoid_of_one = sigmoid_of_one_##type, .dot = dot_##type,    \
        .scale = scale_##type, .forward = forward_##type, .backward = backward_##type              \
    }
#define KERNELS_OF(name)                                                                           \
    { name, KERNELS_OF_TYPE(f64), KERNELS_OF_TYPE(f32) }

#endif
