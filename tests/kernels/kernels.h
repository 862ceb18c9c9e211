// SPDX-License-Identifier: MIT
/* Small kernels as people write them, each a family: shapes and values from a seed, right or with
 * one of its mistakes. The list of them, and one opened on a shape. */
#ifndef TESTS_KERNELS_KERNELS_H
#define TESTS_KERNELS_KERNELS_H

#include "gradcheck/gradcheck.h"
#include "labels.h"

#define KERNELS(X)                                                                                 \
    X(neuron)                                                                                      \
    X(neuron_batch)                                                                                \
    X(dense)                                                                                       \
    X(mean_squared_error)                                                                          \
    X(bce_with_logits)                                                                             \
    X(softmax_cross_entropy)                                                                       \
    X(relu)                                                                                        \
    X(leaky_relu)                                                                                  \
    X(tanh_layer)                                                                                  \
    X(softplus)                                                                                    \
    X(gelu)                                                                                        \
    X(layer_norm)                                                                                  \
    X(rms_norm)                                                                                    \
    X(attention)                                                                                   \
    X(conv2d)                                                                                      \
    X(max_pool)                                                                                    \
    X(embedding)                                                                                   \
    X(gru)

struct mistake {
    const char *name; /* "dw_negated": unique in the kernel */
    enum label label;
    /* all fields after this point are optional */
    bool late;     /* written after the diagnosis was last changed: reported apart */
    bool f64_only; /* no mistake in float32 */
};

/* What the lengths mean is the kernel's own business. */
struct shape {
    size_t B, n, m; /* batch, features in, features out */
    size_t k, stride, pad;
    double scale; /* of the values; 0: 1 */
    bool extreme; /* values far out: only what forward and backward give is compared with the right
                     kernel's, as golden values would be; too saturated to differentiate */
};

struct instance;

struct kernel {
    const char *name, *formula;
    enum gradcheck_dtype dtype;
    size_t layer_size; /* of a struct whose first member is struct instance *instance */
    const struct shape *shapes;
    size_t n_shapes;
    const struct mistake *mistakes;
    size_t n_mistakes;
    void (*open)(struct instance *instance, const struct shape *s);
    int (*forward)(void *layer);
    int (*backward)(void *layer); /* NULL: forward writes the gradients too */
};

/* Every kernel in float64, then every kernel in float32. */
size_t kernel_count(void);
const struct kernel *kernel_at(size_t i);
const struct kernel *kernel_find(const char *name, enum gradcheck_dtype dtype); /* or NULL */
const char *kernel_dtype_name(const struct kernel *kernel);                     /* "f64" */
/* Whether that is a mistake in the kernel's dtype. */
bool kernel_can_make(const struct kernel *kernel, const struct mistake *mistake);
size_t tensor_count(const struct gradcheck_tensor *t); /* elements */

/* ---- a kernel on one shape, with values from a seed ---- */

#define INSTANCE_MAX_TENSORS 12
#define INSTANCE_MAX_BUFFERS 40

struct axis {
    const char *name;
    size_t length;
};

struct instance_buffer { /* with a guard on both sides */
    const char *name;
    unsigned char *memory;
    size_t size; /* between the guards */
};

struct instance {
    struct gradcheck_kernel check; /* ready for gradcheck_run */
    const struct kernel *kernel;
    int mistake; /* 0: right; else 1 + its index in kernel->mistakes */
    double scale;
    uint64_t random;
    void *layer;
    struct gradcheck_tensor inputs[INSTANCE_MAX_TENSORS], outputs[INSTANCE_MAX_TENSORS];
    struct gradcheck_tensor *last; /* made by the macros of kernel.h */
    struct instance_buffer buffers[INSTANCE_MAX_BUFFERS];
    size_t n_buffers;
    struct instance *wide; /* the float64 twin of a float32 kernel, its truth; NULL otherwise */
    void (*close)(void *layer); /* what the layer got elsewhere; NULL: nothing */
};

/* Out of memory ends the program: this is a test. */
struct instance *instance_open(const struct kernel *kernel, const struct shape *shape,
                               uint64_t seed, int mistake);
void instance_close(struct instance *instance);
/* The name of a buffer that was written outside its bounds, or NULL. */
const char *instance_overrun(const struct instance *instance);

/* For a kernel's open, through the macros of kernel.h. stride: elements between rows, 0: packed. */
struct gradcheck_tensor *instance_input(struct instance *instance, const char *name,
                                        enum gradcheck_dtype dtype, size_t stride,
                                        const struct axis axes[]);
struct gradcheck_tensor *instance_output(struct instance *instance, const char *name,
                                         enum gradcheck_dtype dtype, size_t stride,
                                         const struct axis axes[]);
struct gradcheck_tensor *instance_constant(struct instance *instance, const char *name,
                                           enum gradcheck_dtype dtype, const struct axis axes[]);
struct gradcheck_tensor *instance_loss(struct instance *instance, const char *name,
                                       enum gradcheck_dtype dtype, const struct axis axes[]);
struct gradcheck_tensor *instance_last(struct instance *instance);
void *instance_scratch(struct instance *instance, const char *name, size_t size);
double instance_uniform(struct instance *instance); /* [0, 1) */

#endif
