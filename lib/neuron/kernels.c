// SPDX-License-Identifier: MIT
/* Chosen at each call, a load and a test: no state, and no ifunc, which does not survive
 * sanitizers and static linking everywhere. */
#include "kernels.h"

#if defined(__x86_64__)

const struct kernels *kernels_best(void) {
    if (__builtin_cpu_supports("avx512f")) {
        return &kernels_avx512;
    }
    return __builtin_cpu_supports("avx2") ? &kernels_avx2 : &kernels_base;
}

const struct kernels *kernels_supported(size_t i) {
    const struct kernels *const all[] = {
        &kernels_base,
        __builtin_cpu_supports("avx2") ? &kernels_avx2 : NULL,
        __builtin_cpu_supports("avx512f") ? &kernels_avx512 : NULL,
    };
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

#else

const struct kernels *kernels_best(void) {
    return &kernels_base;
}

const struct kernels *kernels_supported(size_t i) {
    return i == 0 ? &kernels_base : NULL;
}

#endif
