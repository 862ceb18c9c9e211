// SPDX-License-Identifier: MIT
#include "kernels.h"
#include "neuron/neuron.h"

#define REAL double
#define API(name) neuron_##name
#define NEURON neuron
#define KERNELS(name) name##_f64
#define KERNELS_OF(set) ((set)->f64)
#include "neuron_template.h"
