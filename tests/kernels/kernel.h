// SPDX-License-Identifier: MIT
/*
 * What a kernel's file needs. A file is one kernel with its right forward and backward, and the
 * mistakes that people make in it. It is compiled twice: `real` is double, or float (KERNEL_F32).
 *
 * How to read one: without its lines WRONG(...) and with what stands in UNLESS(...), it is the
 * right kernel. How to add one: a file like relu.c, and a row of KERNELS in kernels.h. How to add a
 * mistake: a row of the file's MISTAKES, and a WRONG or UNLESS where it is made.
 */
#ifndef TESTS_KERNELS_KERNEL_H
#define TESTS_KERNELS_KERNEL_H

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "kernels.h"

#ifdef KERNEL_F32
typedef float real;
#define REAL_DTYPE GRADCHECK_F32
#define KERNEL_OF(name) kernel_##name##_f32
#else
typedef double real;
#define REAL_DTYPE GRADCHECK_F64
#define KERNEL_OF(name) kernel_##name##_f64
#endif

/* ---- mistakes ---- */

#define MISTAKE_NAME_(name, ...) name,
#define MISTAKE_ROW_(name_, ...) {.name = #name_, .label = LABEL_##__VA_ARGS__},
/* From the file's MISTAKES(X), rows X(name, LABEL) or X(name, LABEL, .late = true). */
#define DECLARE_MISTAKES                                                                           \
    enum { RIGHT, MISTAKES(MISTAKE_NAME_) };                                                       \
    static const struct mistake mistakes[] = {MISTAKES(MISTAKE_ROW_)}

/* Code that belongs to a mistake, */
#define WRONG(name, ...)                                                                           \
    do {                                                                                           \
        if (k->instance->mistake == (name)) {                                                      \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    } while (0)
/* and code that is right, which a mistake leaves out. */
#define UNLESS(name, ...)                                                                          \
    do {                                                                                           \
        if (k->instance->mistake != (name)) {                                                      \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    } while (0)

/* ---- tensors: in open(struct instance *instance, const struct shape *s), with the layer k ----
 *
 * INPUT(x, {"B", B}, {"n", n}) makes a tensor "x" of that shape with values from the seed, points
 * k->x at it and k->dx at its gradient; OUTPUT(y, ...) the same with a cotangent; CONSTANT is an
 * input without a gradient; LOSS an output without a cotangent. Each is the tensor's descriptor, so
 * that INPUT(...)->batch_axis = 1 sets more of it. A scalar has the axis ONE. */
#define INPUT(x, ...) TENSOR_(x, instance_input(instance, #x, REAL_DTYPE, 0, AXES_(__VA_ARGS__)))
#define OUTPUT(y, ...) TENSOR_(y, instance_output(instance, #y, REAL_DTYPE, 0, AXES_(__VA_ARGS__)))
/* Rows lie `stride` elements apart. */
#define INPUT_ROWS(x, stride, ...)                                                                 \
    TENSOR_(x, instance_input(instance, #x, REAL_DTYPE, stride, AXES_(__VA_ARGS__)))
#define CONSTANT(x, ...) VALUE_(x, instance_constant(instance, #x, REAL_DTYPE, AXES_(__VA_ARGS__)))
#define INDICES(x, ...)                                                                            \
    VALUE_(x, instance_constant(instance, #x, GRADCHECK_I32, AXES_(__VA_ARGS__)))
#define LOSS(y, ...) VALUE_(y, instance_loss(instance, #y, REAL_DTYPE, AXES_(__VA_ARGS__)))
#define ONE                                                                                        \
    { NULL, 0 }
#define AXES_(...) ((const struct axis[]){__VA_ARGS__, {NULL, 0}})
#define TENSOR_(x, make)                                                                           \
    (instance->last = make, k->x = instance->last->value, k->d##x = instance->last->grad,          \
     instance_last(instance))
#define VALUE_(x, make)                                                                            \
    (instance->last = make, k->x = instance->last->value, instance_last(instance))

/* Memory of the layer's own, with garbage in it. */
#define SCRATCH(p, n) ((p) = instance_scratch(instance, #p, (n) * sizeof *(p)))

/* ---- the file's end: one row for the table ---- */

#define KERNEL(name_, formula_, layer_, backward_)                                                 \
    const struct kernel KERNEL_OF(name_) = {                                                       \
        .name = #name_,                                                                            \
        .formula = formula_,                                                                       \
        .dtype = REAL_DTYPE,                                                                       \
        .layer_size = sizeof(layer_),                                                              \
        .shapes = shapes,                                                                          \
        .n_shapes = sizeof shapes / sizeof shapes[0],                                              \
        .mistakes = mistakes,                                                                      \
        .n_mistakes = sizeof mistakes / sizeof mistakes[0],                                        \
        .open = open,                                                                              \
        .forward = forward,                                                                        \
        .backward = backward_,                                                                     \
    }

static inline void clear(real a[], size_t n) {
    memset(a, 0, n * sizeof a[0]);
}

#endif
