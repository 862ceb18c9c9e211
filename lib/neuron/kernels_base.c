// SPDX-License-Identifier: MIT
/* The kernels in the compiler's own target: SSE2 on x86-64, NEON on aarch64, whatever it has. */
#include "kernels.h"

#define VECTOR_BYTES 16
#define VECTOR_TARGET
#define KERNEL_ROWS 1 /* rows of a batch at once: as many as the registers hold lanes for */
#include "kernels_both.h"

const struct kernels kernels_base = KERNELS_OF("base");
