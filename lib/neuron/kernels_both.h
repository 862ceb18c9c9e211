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

#define KERNELS_F64                                                                                \
    { sigmoids_f64, dot_f64, forward_f64, backward_f64 }
#define KERNELS_F32                                                                                \
    { sigmoids_f32, dot_f32, forward_f32, backward_f32 }

#endif
