// SPDX-License-Identifier: MIT
/* The names of one type for a test template: define TYPED as 64 or 32, then include this. */
#undef REAL
#undef API
#undef SUITE
#undef NEURON
#undef EPSILON
#undef ULPS
#undef KERNELS
#undef KERNELS_OF
#if TYPED == 64
#define REAL double
#define API(name) neuron_##name
#define SUITE(name) neuron_##name
#define NEURON neuron
#define EPSILON 0x1p-52
#define ULPS ulps_f64
#define KERNELS(name) name##_f64
#define KERNELS_OF(set) ((set)->f64)
#else
#define REAL float
#define API(name) neuron_##name##_f32
#define SUITE(name) neuron_##name##_f32
#define NEURON neuron_f32
#define EPSILON 0x1p-23
#define ULPS ulps_f32
#define KERNELS(name) name##_f32
#define KERNELS_OF(set) ((set)->f32)
#endif
