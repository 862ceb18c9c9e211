// SPDX-License-Identifier: MIT
/* What neuron.h says about memory: create and a larger batch allocate, nothing else. The linker
 * sends this program's calls of malloc, calloc and realloc here (-Wl,--wrap in the Makefile). */
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static size_t allocations;

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    allocations++;
    return __real_realloc(old, size);
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

#define TYPED 64
#include "allocation_template.h"
#undef TYPED
#define TYPED 32
#include "allocation_template.h"
