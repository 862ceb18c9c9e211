// SPDX-License-Identifier: MIT
/* The kernels in AVX2. */
#include "kernels.h"

#if defined(__x86_64__)

#define VECTOR_BYTES 32
#define VECTOR_TARGET __attribute__((target("avx2")))
#define KERNEL_ROWS 2
#include "kernels_both.h"

const struct kernels kernels_avx2 = KERNELS_OF("avx2");

#endif
