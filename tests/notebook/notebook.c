// SPDX-License-Identifier: MIT
#include "notebook.h"

#include "neuron/neuron.h"
#include "numpy_text.h"

enum { N = 3 };

static const double x[N] = {1.0, 2.0, 3.0};

static void write_array(FILE *out, const char *label, const double v[N]) {
    fprintf(out, "%s: ", label);
    numpy_write_array(out, v, N, " ");
    fputc('\n', out);
}

/* 1. One neuron. */
static enum neuron_status forward(FILE *out, const double w[N], double b) {
    double y;
    const enum neuron_status status = neuron_forward(x, w, N, b, NULL, &y);
    if (status == NEURON_OK) {
        write_array(out, "Input", x);
        write_array(out, "Weights", w);
        fputs("Bias: ", out);
        numpy_write_float(out, b);
        fprintf(out, "\nOutput: %.4f\n", y);
    }
    return status;
}

/* 2. Its derivatives. */
static enum neuron_status backward(FILE *out, const double w[N], double b) {
    double dw[N], db, dx[N];
    const enum neuron_status status = neuron_backward(x, w, N, b, 1.0, dw, &db, dx);
    if (status == NEURON_OK) {
        write_array(out, "Gradient w.r.t. weights", dw);
        fprintf(out, "Gradient w.r.t. bias: %.4f\n", db);
        write_array(out, "Gradient w.r.t. input", dx);
    }
    return status;
}

/* 3 and 4. The neuron that keeps its state, in use. */
static enum neuron_status use(FILE *out, struct neuron *neuron) {
    double y, dx[N], w[N], b;
    enum neuron_status status = neuron_forward_sample(neuron, x, N, &y);
    if (status == NEURON_OK) {
        fprintf(out, "Output: %.4f\n", y);
        status = neuron_backward_sample(neuron, 1.0, dx);
    }
    if (status == NEURON_OK) {
        write_array(out, "Градиент по входу", dx);
        status = neuron_update_parameters(neuron, 0.1);
    }
    if (status == NEURON_OK) {
        status = neuron_get_parameters(neuron, w, N, &b);
    }
    if (status == NEURON_OK) {
        fputs("Обновленные параметры: {'w': array(", out);
        numpy_write_array(out, w, N, ", ");
        fputs("), 'b': ", out);
        numpy_write_float(out, b);
        fputs("}\n", out);
    }
    return status;
}

int notebook_run(FILE *out) {
    const double w[N] = {0.5, -0.2, 0.1};
    const double b = 0.3;
    struct neuron_random random;
    neuron_random_seed(&random, 42);

    enum neuron_status status = forward(out, w, b);
    if (status == NEURON_OK) {
        status = backward(out, w, b);
    }
    struct neuron *neuron = NULL;
    if (status == NEURON_OK) {
        status = neuron_create(N, &random, &neuron);
    }
    if (status == NEURON_OK) {
        status = use(out, neuron);
    }
    neuron_free(neuron);
    if (status != NEURON_OK) {
        fprintf(stderr, "notebook: %s\n", neuron_status_text(status));
        return -1;
    }
    return fflush(out) != 0 || ferror(out) ? -1 : 0;
}
