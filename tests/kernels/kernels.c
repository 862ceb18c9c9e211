// SPDX-License-Identifier: MIT
#include "kernels.h"

#include <string.h>

#define EXTERN_(name) extern const struct kernel kernel_##name##_f64, kernel_##name##_f32;
KERNELS(EXTERN_)

#define F64_(name) &kernel_##name##_f64,
#define F32_(name) &kernel_##name##_f32,
static const struct kernel *const kernels[] = {KERNELS(F64_) KERNELS(F32_)};

size_t kernel_count(void) {
    return sizeof kernels / sizeof kernels[0];
}

const struct kernel *kernel_at(size_t i) {
    return kernels[i];
}

const struct kernel *kernel_find(const char *name, enum gradcheck_dtype dtype) {
    for (size_t i = 0; i < kernel_count(); i++) {
        if (strcmp(kernels[i]->name, name) == 0 && kernels[i]->dtype == dtype) {
            return kernels[i];
        }
    }
    return NULL;
}

const char *kernel_dtype_name(const struct kernel *kernel) {
    return kernel->dtype == GRADCHECK_F64 ? "f64" : "f32";
}

bool kernel_can_make(const struct kernel *kernel, const struct mistake *mistake) {
    return !(mistake->f64_only && kernel->dtype == GRADCHECK_F32);
}

#define MEANING_(code, meaning) meaning,
const char *label_meaning(enum label label) {
    static const char *const meanings[] = {LABELS(MEANING_)};
    return meanings[label];
}

#define NAME_(code, meaning) #code,
const char *label_name(enum label label) {
    static const char *const names[] = {LABELS(NAME_)};
    return names[label];
}

#define CAUSE_(code, meaning) GRADCHECK_CAUSE_##code,
enum gradcheck_cause label_cause(enum label label) {
    static const enum gradcheck_cause causes[] = {LABELS(CAUSE_)};
    return causes[label];
}
