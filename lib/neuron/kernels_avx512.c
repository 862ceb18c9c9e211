// SPDX-License-Identifier: MIT
/* The kernels in AVX-512. */
#include "kernels.h"

#if defined(__x86_64__)

#define VECTOR_BYTES 64
#define VECTOR_TARGET __attribute__((target("avx512f")))
#define KERNEL_ROWS 4
#include "kernels_both.h"

const struct kernels kernels_avx512 = KERNELS_OF("avx512");

#endif
