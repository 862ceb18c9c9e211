// SPDX-License-Identifier: MIT
/* The neuron over REAL: included once for each type, with the type's names in API(), NEURON and
 * KERNELS(). The loops are in kernels_template.h; here are the checks and the state.
 * One float operation to a statement, as there. */
#include <stdlib.h>
#include <string.h>

enum {
    SMALL = 32, /* values up to which the choice of a kernel costs more than it gains */
};

static const struct KERNELS(kernels) * kernels_for(size_t n) {
    return &KERNELS_OF(n <= SMALL ? &kernels_base : kernels_best());
}

/* ---- sigmoid ---- */

REAL API(sigmoid)(REAL z) {
    REAL value, derivative;
    kernels_for(1)->sigmoid_of_one(z, &value, &derivative);
    return value;
}

REAL API(sigmoid_derivative)(REAL z) {
    REAL value, derivative;
    kernels_for(1)->sigmoid_of_one(z, &value, &derivative);
    return derivative;
}

void API(sigmoid_array)(const REAL z[], REAL y[], size_t n) {
    kernels_for(n)->sigmoid(z, y, NULL, n);
}

void API(sigmoid_derivative_array)(const REAL z[], REAL dy_dz[], size_t n) {
    kernels_for(n)->sigmoid(z, NULL, dy_dz, n);
}

/* ---- without state ---- */

static REAL pre_activation(const REAL x[], const REAL w[], size_t n, REAL b) {
    const REAL dot = kernels_for(n)->dot(x, w, n);
    return dot + b;
}

static void scale(REAL factor, const REAL v[], size_t n, REAL out[]) {
    kernels_for(n)->scale(factor, v, n, out);
}

enum neuron_status API(forward)(const REAL x[], const REAL w[], size_t n, REAL b, REAL *z,
                                REAL *y) {
    if (x == NULL || w == NULL || y == NULL) {
        return NEURON_E_NULL;
    }
    if (n == 0) {
        return NEURON_E_EMPTY;
    }
    const REAL sum = pre_activation(x, w, n, b);
    if (z != NULL) {
        *z = sum;
    }
    *y = API(sigmoid)(sum);
    return NEURON_OK;
}

enum neuron_status API(backward)(const REAL x[], const REAL w[], size_t n, REAL b, REAL dy,
                                 REAL dw[], REAL *db, REAL dx[]) {
    if (x == NULL || w == NULL) {
        return NEURON_E_NULL;
    }
    if (n == 0) {
        return NEURON_E_EMPTY;
    }
    const REAL dz = dy * API(sigmoid_derivative)(pre_activation(x, w, n, b));
    if (dw != NULL) {
        scale(dz, x, n, dw);
    }
    if (db != NULL) {
        *db = dz;
    }
    if (dx != NULL) {
        scale(dz, w, n, dx);
    }
    return NEURON_OK;
}

/* ---- the neuron with state ---- */

struct NEURON {
    size_t n;
    REAL b, db;
    int has_gradients;
    /* What the last forward left: x as borrowed, and sigmoid'(z) of each row, which comes almost
     * free with sigmoid(z) and leaves backward nothing but products. */
    const REAL *x;
    size_t rows;      /* 0: no forward yet */
    size_t stride;    /* 0: it was one sample */
    REAL *derivative; /* rows elements: own, or batch */
    REAL own;
    REAL *batch; /* kept from batch to batch */
    size_t batch_capacity;
    REAL *dw, *part; /* n elements each, as values is: w */
    REAL w[];
};

static enum neuron_status check_rows(size_t rows, size_t n, size_t stride) {
    if (stride > 0 && rows > PTRDIFF_MAX / sizeof(REAL) / stride) {
        return NEURON_E_OVERFLOW;
    }
    return stride < n ? NEURON_E_STRIDE : NEURON_OK;
}

enum neuron_status API(create)(size_t n_features, struct neuron_random *random,
                               struct NEURON **out) {
    if (random == NULL || out == NULL) {
        return NEURON_E_NULL;
    }
    if (n_features == 0) {
        return NEURON_E_EMPTY;
    }
    if (n_features > (PTRDIFF_MAX - sizeof(struct NEURON)) / sizeof(REAL) / 3) {
        return NEURON_E_OVERFLOW;
    }
    struct NEURON *neuron = calloc(1, sizeof *neuron + 3 * n_features * sizeof(REAL));
    if (neuron == NULL) {
        return NEURON_E_NO_MEMORY;
    }
    neuron->n = n_features;
    neuron->dw = neuron->w + n_features;
    neuron->part = neuron->dw + n_features;
    for (size_t j = 0; j < n_features; j++) {
        neuron->w[j] = (REAL)(neuron_random_normal(random) * 0.01);
    }
    *out = neuron;
    return NEURON_OK;
}

void API(free)(struct NEURON *neuron) {
    if (neuron != NULL) {
        free(neuron->batch);
        free(neuron);
    }
}

size_t API(n_features)(const struct NEURON *neuron) {
    return neuron == NULL ? 0 : neuron->n;
}

static void remember(struct NEURON *neuron, const REAL x[], size_t rows, size_t stride,
                     REAL *derivative) {
    neuron->x = x;
    neuron->rows = rows;
    neuron->stride = stride;
    neuron->derivative = derivative;
}

enum neuron_status API(forward_sample)(struct NEURON *neuron, const REAL x[], size_t n, REAL *y) {
    if (neuron == NULL || x == NULL || y == NULL) {
        return NEURON_E_NULL;
    }
    if (n == 0) {
        return NEURON_E_EMPTY;
    }
    if (n != neuron->n) {
        return NEURON_E_SHAPE;
    }
    const REAL z = pre_activation(x, neuron->w, n, neuron->b);
    kernels_for(1)->sigmoid_of_one(z, y, &neuron->own);
    remember(neuron, x, 1, 0, &neuron->own);
    return NEURON_OK;
}

/* Room for sigmoid'(z) of a batch; the old content need not survive, but a failure changes
 * nothing. */
static enum neuron_status reserve(struct NEURON *neuron, size_t rows) {
    if (rows > neuron->batch_capacity) {
        REAL *larger = malloc(rows * sizeof(REAL));
        if (larger == NULL) {
            return NEURON_E_NO_MEMORY;
        }
        free(neuron->batch);
        neuron->batch = larger;
        neuron->batch_capacity = rows;
    }
    return NEURON_OK;
}

enum neuron_status API(forward_batch)(struct NEURON *neuron, const REAL x[], size_t B, size_t n,
                                      size_t stride, REAL y[]) {
    if (neuron == NULL || x == NULL || y == NULL) {
        return NEURON_E_NULL;
    }
    if (B == 0 || n == 0) {
        return NEURON_E_EMPTY;
    }
    if (n != neuron->n) {
        return NEURON_E_SHAPE;
    }
    enum neuron_status status = check_rows(B, n, stride);
    if (status == NEURON_OK) {
        status = reserve(neuron, B);
    }
    if (status != NEURON_OK) {
        return status;
    }
    const struct KERNELS(kernels_batch) batch = {.x = x, .rows = B, .n = n, .stride = stride};
    KERNELS_OF(kernels_best()).forward(&batch, neuron->w, neuron->b, y, neuron->batch);
    remember(neuron, x, B, stride, neuron->batch);
    return NEURON_OK;
}

enum neuron_status API(backward_sample)(struct NEURON *neuron, REAL dy, REAL dx[]) {
    if (neuron == NULL) {
        return NEURON_E_NULL;
    }
    if (neuron->rows == 0) {
        return NEURON_E_NO_FORWARD;
    }
    if (neuron->stride != 0) {
        return NEURON_E_SHAPE;
    }
    const REAL dz = dy * *neuron->derivative;
    scale(dz, neuron->x, neuron->n, neuron->dw);
    neuron->db = dz;
    neuron->has_gradients = 1;
    if (dx != NULL) {
        scale(dz, neuron->w, neuron->n, dx);
    }
    return NEURON_OK;
}

enum neuron_status API(backward_batch)(struct NEURON *neuron, const REAL dy[], size_t B, REAL dx[],
                                       size_t dx_stride) {
    if (neuron == NULL || dy == NULL) {
        return NEURON_E_NULL;
    }
    if (B == 0) {
        return NEURON_E_EMPTY;
    }
    if (neuron->rows == 0) {
        return NEURON_E_NO_FORWARD;
    }
    if (neuron->stride == 0 || B != neuron->rows) {
        return NEURON_E_SHAPE;
    }
    const enum neuron_status status = dx == NULL ? NEURON_OK : check_rows(B, neuron->n, dx_stride);
    if (status != NEURON_OK) {
        return status;
    }
    const struct KERNELS(kernels_batch)
        batch = {.x = neuron->x, .rows = B, .n = neuron->n, .stride = neuron->stride};
    const struct KERNELS(kernels_gradients) to = {
        .dw = neuron->dw,
        .db = &neuron->db,
        .part = neuron->part,
        .dx = dx,
        .dx_stride = dx_stride,
    };
    KERNELS_OF(kernels_best()).backward(&batch, neuron->w, dy, neuron->derivative, &to);
    neuron->has_gradients = 1;
    return NEURON_OK;
}

/* ---- parameters ---- */

static void copy(const REAL from[], size_t n, REAL to[]) {
    if (to != NULL) {
        memcpy(to, from, n * sizeof(REAL));
    }
}

enum neuron_status API(get_gradients)(const struct NEURON *neuron, REAL dw[], size_t n, REAL *db) {
    if (neuron == NULL) {
        return NEURON_E_NULL;
    }
    if (n != neuron->n) {
        return NEURON_E_SHAPE;
    }
    if (!neuron->has_gradients) {
        return NEURON_E_NO_BACKWARD;
    }
    copy(neuron->dw, n, dw);
    copy(&neuron->db, 1, db);
    return NEURON_OK;
}

enum neuron_status API(update_parameters)(struct NEURON *neuron, REAL learning_rate) {
    if (neuron == NULL) {
        return NEURON_E_NULL;
    }
    if (!neuron->has_gradients) {
        return NEURON_E_NO_BACKWARD;
    }
    for (size_t j = 0; j < neuron->n; j++) {
        const REAL step = learning_rate * neuron->dw[j];
        neuron->w[j] -= step;
    }
    const REAL step = learning_rate * neuron->db;
    neuron->b -= step;
    return NEURON_OK;
}

enum neuron_status API(get_parameters)(const struct NEURON *neuron, REAL w[], size_t n, REAL *b) {
    if (neuron == NULL) {
        return NEURON_E_NULL;
    }
    if (n != neuron->n) {
        return NEURON_E_SHAPE;
    }
    copy(neuron->w, n, w);
    copy(&neuron->b, 1, b);
    return NEURON_OK;
}

enum neuron_status API(set_parameters)(struct NEURON *neuron, const REAL w[], size_t n, REAL b) {
    if (neuron == NULL || w == NULL) {
        return NEURON_E_NULL;
    }
    if (n != neuron->n) {
        return NEURON_E_SHAPE;
    }
    copy(w, n, neuron->w);
    neuron->b = b;
    neuron->has_gradients = 0;
    remember(neuron, NULL, 0, 0, NULL);
    return NEURON_OK;
}
