// SPDX-License-Identifier: MIT
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64, CANARY = 0xa5, GARBAGE = 0x41 }; /* GUARD bytes: a multiple of every alignment */

static size_t dtype_size(enum gradcheck_dtype dtype) {
    return dtype == GRADCHECK_F64 || dtype == GRADCHECK_I64 ? 8 : dtype == GRADCHECK_U8 ? 1 : 4;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_bits(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double instance_uniform(struct instance *instance) {
    return (double)(next_bits(&instance->random) >> 11) * 0x1p-53;
}

/* Nearly N(0, 1): a sum of uniforms has the right variance and no libm. */
static double next_normal(struct instance *instance) {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += instance_uniform(instance);
    }
    return sum;
}

static void *must(void *memory) {
    if (memory == NULL) {
        fputs("kernels: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *instance_scratch(struct instance *instance, const char *name, size_t size) {
    struct instance_buffer *b = &instance->buffers[instance->n_buffers++];
    b->name = name;
    b->size = size;
    b->memory = must(malloc(size + 2 * GUARD));
    memset(b->memory, CANARY, size + 2 * GUARD);
    memset(b->memory + GUARD, GARBAGE, size);
    return b->memory + GUARD;
}

static bool intact(const unsigned char guard[]) {
    for (size_t i = 0; i < GUARD; i++) {
        if (guard[i] != CANARY) {
            return false;
        }
    }
    return true;
}

const char *instance_overrun(const struct instance *instance) {
    for (size_t i = 0; i < instance->n_buffers; i++) {
        const struct instance_buffer *b = &instance->buffers[i];
        if (!intact(b->memory) || !intact(b->memory + GUARD + b->size)) {
            return b->name;
        }
    }
    return NULL;
}

/* Shape and strides of *t; returns the elements from the first to past the last row. */
static size_t lay_out(struct gradcheck_tensor *t, size_t stride, const struct axis axes[]) {
    size_t count = 1;
    for (; axes[t->ndim].name != NULL; t->ndim++) {
        t->dims[t->ndim] = axes[t->ndim].name;
        t->shape[t->ndim] = axes[t->ndim].length;
        count *= axes[t->ndim].length;
    }
    if (stride != 0 && stride != t->shape[1]) { /* two axes */
        t->strides[0] = stride;
        t->strides[1] = 1;
        count = t->shape[0] * stride;
    }
    return count;
}

static struct gradcheck_tensor *make(struct instance *instance, struct gradcheck_tensor *t,
                                     const char *name, enum gradcheck_dtype dtype, size_t stride,
                                     const struct axis axes[], bool has_grad) {
    t->name = name;
    t->dtype = dtype;
    const size_t size = lay_out(t, stride, axes) * dtype_size(dtype);
    t->value = instance_scratch(instance, name, size);
    t->grad = has_grad ? instance_scratch(instance, name, size) : NULL;
    return t;
}

static void draw(struct instance *instance, struct gradcheck_tensor *t) {
    const struct instance_buffer *b = &instance->buffers[instance->n_buffers - (t->grad ? 2 : 1)];
    const size_t count = b->size / dtype_size(t->dtype);
    for (size_t i = 0; i < count; i++) {
        const double value = instance->scale * next_normal(instance);
        if (t->dtype == GRADCHECK_F64) {
            ((double *)t->value)[i] = value;
        } else if (t->dtype == GRADCHECK_F32) {
            ((float *)t->value)[i] = (float)value;
        } else {
            ((int32_t *)t->value)[i] = 0; /* the kernel knows what is legal */
        }
    }
}

struct gradcheck_tensor *instance_input(struct instance *instance, const char *name,
                                        enum gradcheck_dtype dtype, size_t stride,
                                        const struct axis axes[]) {
    struct gradcheck_tensor *t = make(instance, &instance->inputs[instance->check.n_inputs++], name,
                                      dtype, stride, axes, true);
    draw(instance, t);
    return t;
}

struct gradcheck_tensor *instance_constant(struct instance *instance, const char *name,
                                           enum gradcheck_dtype dtype, const struct axis axes[]) {
    struct gradcheck_tensor *t =
        make(instance, &instance->inputs[instance->check.n_inputs++], name, dtype, 0, axes, false);
    draw(instance, t);
    return t;
}

struct gradcheck_tensor *instance_output(struct instance *instance, const char *name,
                                         enum gradcheck_dtype dtype, size_t stride,
                                         const struct axis axes[]) {
    return make(instance, &instance->outputs[instance->check.n_outputs++], name, dtype, stride,
                axes, true);
}

struct gradcheck_tensor *instance_loss(struct instance *instance, const char *name,
                                       enum gradcheck_dtype dtype, const struct axis axes[]) {
    return make(instance, &instance->outputs[instance->check.n_outputs++], name, dtype, 0, axes,
                false);
}

struct gradcheck_tensor *instance_last(struct instance *instance) {
    return instance->last;
}

/* ---- the float64 twin as the truth of a float32 kernel ---- */

size_t tensor_count(const struct gradcheck_tensor *t) {
    size_t count = 1;
    for (size_t axis = 0; axis < t->ndim; axis++) {
        count *= t->shape[axis];
    }
    return count;
}

/* Element i in C order; only rows may be apart. */
static size_t offset_of(const struct gradcheck_tensor *t, size_t i) {
    return t->strides[0] == 0 ? i : i / t->shape[1] * t->strides[0] + i % t->shape[1];
}

static void widen(const struct gradcheck_tensor *from, const struct gradcheck_tensor *to) {
    const size_t count = tensor_count(from);
    for (size_t i = 0; i < count; i++) {
        if (from->dtype == GRADCHECK_F32) {
            const size_t at = offset_of(from, i);
            ((double *)to->value)[at] = (double)((const float *)from->value)[at];
        } else {
            ((int32_t *)to->value)[i] = ((const int32_t *)from->value)[i];
        }
    }
}

static int forward_wide(void *ctx, double *const outputs[]) {
    const struct instance *narrow = *(struct instance **)ctx;
    struct instance *wide = narrow->wide;
    for (size_t i = 0; i < narrow->check.n_inputs; i++) {
        widen(&narrow->inputs[i], &wide->inputs[i]);
    }
    const int status = wide->check.forward(wide->check.ctx);
    for (size_t o = 0; o < wide->check.n_outputs; o++) {
        const size_t count = tensor_count(&wide->outputs[o]);
        for (size_t i = 0; i < count; i++) {
            outputs[o][i] =
                ((const double *)wide->outputs[o].value)[offset_of(&wide->outputs[o], i)];
        }
    }
    return status;
}

/* ---- open and close ---- */

struct instance *instance_open(const struct kernel *kernel, const struct shape *shape,
                               uint64_t seed, int mistake) {
    struct instance *it = must(calloc(1, sizeof *it));
    it->kernel = kernel;
    it->mistake = mistake;
    it->scale = shape->scale == 0 ? 1 : shape->scale;
    it->random = seed;
    it->layer = must(calloc(1, kernel->layer_size));
    *(struct instance **)it->layer = it;
    it->check = (struct gradcheck_kernel){.name = kernel->name,
                                          .inputs = it->inputs,
                                          .outputs = it->outputs,
                                          .forward = kernel->forward,
                                          .backward = kernel->backward,
                                          .ctx = it->layer};
    kernel->open(it, shape);
    if (kernel->dtype == GRADCHECK_F32) {
        it->wide = instance_open(kernel_find(kernel->name, GRADCHECK_F64), shape, seed, 0);
        it->check.forward_wide = forward_wide;
    }
    return it;
}

void instance_close(struct instance *instance) {
    if (instance == NULL) {
        return;
    }
    instance_close(instance->wide);
    if (instance->close != NULL) {
        instance->close(instance->layer);
    }
    for (size_t i = 0; i < instance->n_buffers; i++) {
        free(instance->buffers[i].memory);
    }
    free(instance->layer);
    free(instance);
}
