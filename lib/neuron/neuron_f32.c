// SPDX-License-Identifier: MIT
#include "kernels.h"
#include "neuron/neuron.h"

#define REAL float
#define API(name) neuron_##name##_f32
#define NEURON neuron_f32
#define KERNELS(name) name##_f32
#define KERNELS_OF(set) ((set)->f32)
#include "neuron_template.h"
