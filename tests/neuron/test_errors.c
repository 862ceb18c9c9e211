// SPDX-License-Identifier: MIT
/* Every error, and that it leaves everything as it was. */
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>

/* The sanitizer would rather abort than let an allocation fail. */
const char *
__asan_default_options(void); // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
const char *
__asan_default_options(void) { // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
    return "allocator_may_return_null=1";
}

#define TYPED 64
#include "errors_template.h"
#undef TYPED
#define TYPED 32
#include "errors_template.h"
