// SPDX-License-Identifier: MIT
/* The neuron as a port in C, a shared library; -DREAL=float for float32. */
#include "port/port.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <tgmath.h>

#ifndef REAL
#define REAL double
#endif

static REAL sigmoid(REAL z) {
    REAL e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static REAL weigh(const REAL x[], const REAL w[], size_t n, REAL b) {
    REAL z = 0;
    for (size_t j = 0; j < n; j++) {
        z += w[j] * x[j];
    }
    return z + b;
}

static void forward(const REAL x[], const REAL w[], REAL b, size_t rows, size_t n, REAL y[]) {
    for (size_t i = 0; i < rows; i++) {
        y[i] = sigmoid(weigh(x + i * n, w, n, b));
    }
}

/* dw and db are means over the rows, dx is not. */
static void backward(const REAL x[], const REAL w[], REAL b, const REAL dy[], size_t rows, size_t n,
                     REAL dx[], REAL dw[], REAL *db) {
    memset(dw, 0, n * sizeof dw[0]);
    *db = 0;
    for (size_t i = 0; i < rows; i++) {
        REAL z = weigh(x + i * n, w, n, b);
        REAL dz = dy[i] * (sigmoid(z) * sigmoid(-z));
        *db += dz / (REAL)rows;
        for (size_t j = 0; j < n; j++) {
            dx[i * n + j] = dz * w[j];
            dw[j] += dz * x[i * n + j] / (REAL)rows;
        }
    }
}

/* The data of that name, NULL if it is not there with count elements of our type. */
static REAL *find(const struct gradgate_array *a, size_t n, const char *name, uint64_t count) {
    for (; n > 0; n--, a++) {
        uint64_t size = a->ndim > 1 ? a->shape[0] * a->shape[1] : a->ndim > 0 ? a->shape[0] : 1;
        if (strcmp(a->name, name) == 0 && a->ndim <= 2 && size == count &&
            a->dtype == (sizeof(REAL) == 8 ? GRADGATE_F64 : GRADGATE_F32)) {
            return a->data;
        }
    }
    return NULL;
}
#define GIVEN(name, count) find(call->given, call->n_given, name, count)
#define WANTED(name, count) find(call->wanted, call->n_wanted, name, count)

int gradgate_port(const struct gradgate_call *call) {
    size_t rows = 1, n = 0;
    for (size_t i = 0; i < call->n_given; i++) {
        const struct gradgate_array *a = &call->given[i];
        rows = a->ndim == 2 ? a->shape[0] : rows; /* of x */
        n = a->ndim > 0 && strcmp(a->name, "w") == 0 ? a->shape[0] : n;
    }
    const REAL *x = GIVEN("x", rows * n), *w = GIVEN("w", n), *b = GIVEN("b", 1);
    const REAL *dy = GIVEN("y.grad", rows);
    REAL *y = WANTED("y", rows), *dx = WANTED("x.grad", rows * n), *dw = WANTED("w.grad", n);
    REAL *db = WANTED("b.grad", 1);
    bool known = strncmp(call->kernel, "neuron", 6) == 0 && x != NULL && w != NULL && b != NULL;
    if (known && strcmp(call->pass, "forward") == 0 && y != NULL) {
        forward(x, w, *b, rows, n, y);
    } else if (known && strcmp(call->pass, "backward") == 0 && dy && dx && dw && db) {
        backward(x, w, *b, dy, rows, n, dx, dw, db);
    } else {
        (void)snprintf(call->reason, call->reason_size, "not this kernel, pass, dtype or shape");
        return GRADGATE_SKIP;
    }
    return GRADGATE_DONE;
}
