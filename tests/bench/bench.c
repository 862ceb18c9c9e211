// SPDX-License-Identifier: MIT
/* The C side of scripts/bench: reads lines "OPERATION ROWS N SECONDS" and answers each with
 * nanoseconds of processor time a call, the mean over as many calls as fit in SECONDS. It keeps its
 * buffers between lines, so that two programs can be timed in alternation. Operations: see the
 * table below; for those on vectors ROWS is 1. */
#define _POSIX_C_SOURCE 200809L
#include "neuron/neuron.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
    size_t rows, n;
    double *x, *dx; /* rows x n */
    double *y, *dy; /* rows */
    double *w, *dw; /* n */
    struct neuron *neuron;
    double sink; /* keeps results alive */
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void forward_sample(struct bench *b) {
    neuron_forward_sample(b->neuron, b->x, b->n, b->y);
    b->sink += b->y[0];
}

static void backward_sample(struct bench *b) {
    neuron_backward_sample(b->neuron, b->dy[0], b->dx);
    b->sink += b->dx[0];
}

static void forward_batch(struct bench *b) {
    neuron_forward_batch(b->neuron, b->x, b->rows, b->n, b->n, b->y);
    b->sink += b->y[0];
}

static void backward_batch(struct bench *b) {
    neuron_backward_batch(b->neuron, b->dy, b->rows, b->dx, b->n);
    b->sink += b->dx[0];
}

static void sigmoid(struct bench *b) {
    neuron_sigmoid_array(b->x, b->dx, b->n);
    b->sink += b->dx[0];
}

static void derivative(struct bench *b) {
    neuron_sigmoid_derivative_array(b->x, b->dx, b->n);
    b->sink += b->dx[0];
}

static void libm_sigmoid(struct bench *b) {
    for (size_t i = 0; i < b->n; i++) {
        b->dx[i] = 1 / (1 + exp(-b->x[i]));
    }
    b->sink += b->dx[0];
}

/* Memory bandwidth: reading rows x n doubles, and reading one array while writing another. */
static void read_memory(struct bench *b) {
    size_t count = b->rows * b->n;
    double sums[32] = {0};
    for (size_t i = 0; i + 32 <= count; i += 32) {
        for (size_t j = 0; j < 32; j++) {
            sums[j] += b->x[i + j];
        }
    }
    for (size_t j = 0; j < 32; j++) {
        b->sink += sums[j];
    }
}

static void copy_memory(struct bench *b) {
    memcpy(b->dx, b->x, b->rows * b->n * sizeof *b->x);
    b->sink += b->dx[0];
}

static const struct operation {
    const char *name;
    void (*run)(struct bench *b);
    int batch; /* needs neuron_forward_batch before it, and not neuron_forward_sample */
} operations[] = {
    {"forward_sample", forward_sample, 0},
    {"backward_sample", backward_sample, 0},
    {"forward_batch", forward_batch, 1},
    {"backward_batch", backward_batch, 1},
    {"sigmoid", sigmoid, 0},
    {"derivative", derivative, 0},
    {"libm_sigmoid", libm_sigmoid, 0},
    {"read_memory", read_memory, 0},
    {"copy_memory", copy_memory, 0},
};

static void bench_free(struct bench *b) {
    free(b->x);
    free(b->dx);
    free(b->y);
    free(b->dy);
    free(b->w);
    free(b->dw);
    neuron_free(b->neuron);
    *b = (struct bench){0};
}

static int bench_resize(struct bench *b, size_t rows, size_t n) {
    if (b->rows == rows && b->n == n) {
        return 0;
    }
    bench_free(b);
    struct neuron_random random;
    neuron_random_seed(&random, 42);
    b->x = malloc(rows * n * sizeof *b->x);
    b->dx = malloc(rows * n * sizeof *b->dx);
    b->y = calloc(rows, sizeof *b->y);
    b->dy = calloc(rows, sizeof *b->dy);
    b->w = calloc(n, sizeof *b->w);
    b->dw = calloc(n, sizeof *b->dw);
    if (!b->x || !b->dx || !b->y || !b->dy || !b->w || !b->dw ||
        neuron_create(n, &random, &b->neuron)) {
        bench_free(b);
        return -1;
    }
    for (size_t i = 0; i < rows * n; i++) {
        b->x[i] = neuron_random_normal(&random);
        b->dx[i] = 0;
    }
    for (size_t i = 0; i < rows; i++) {
        b->dy[i] = neuron_random_normal(&random);
    }
    b->rows = rows;
    b->n = n;
    return 0;
}

static double measure(struct bench *b, const struct operation *operation, double seconds) {
    if (operation->batch) {
        forward_batch(b);
    } else {
        forward_sample(b);
    }
    operation->run(b);
    size_t calls = 0, chunk = 1;
    double start = now(), elapsed = 0;
    while (elapsed < seconds) {
        for (size_t i = 0; i < chunk; i++) {
            operation->run(b);
        }
        calls += chunk;
        elapsed = now() - start;
        chunk *= elapsed < seconds / 4 ? 2 : 1;
    }
    return elapsed / (double)calls * 1e9;
}

int main(void) {
    struct bench b = {0};
    char name[64];
    size_t rows, n;
    double seconds;
    int status = EXIT_SUCCESS;
    while (status == EXIT_SUCCESS && scanf("%63s %zu %zu %lf", name, &rows, &n, &seconds) == 4) {
        const struct operation *found = NULL;
        for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
            if (strcmp(operations[i].name, name) == 0) {
                found = &operations[i];
            }
        }
        if (!found || rows == 0 || n == 0 || bench_resize(&b, rows, n)) {
            fprintf(stderr, "bench: cannot run '%s' on %zu x %zu\n", name, rows, n);
            status = EXIT_FAILURE;
        } else {
            printf("%.6g\n", measure(&b, found, seconds));
            fflush(stdout);
        }
    }
    fprintf(stderr, b.sink == 0.123 ? "!" : "");
    bench_free(&b);
    return status;
}
