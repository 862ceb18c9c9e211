// SPDX-License-Identifier: MIT
#include "layer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static size_t at(const struct layer *l, size_t r, size_t c) {
    return r * l->row + c * l->column;
}

static int forward(void *ctx) {
    struct layer *l = ctx;
    l->n_forward++;
    for (size_t r = 0; r < LAYER_ROWS; r++) {
        for (size_t c = 0; c < LAYER_COLUMNS; c++) {
            size_t i = at(l, r, c);
            l->n_outside += !(l->x[i] >= l->low && l->x[i] <= l->high);
            l->y[i] = l->w[i] * sin(l->x[i]);
        }
    }
    if (l->fault == LAYER_VALUE_PADDING) {
        l->y[at(l, 0, 1) - 1] += 1;
    }
    if (l->fault == LAYER_ROWS_LEAK) {
        l->y[at(l, LAYER_ROWS - 1, 0)] += l->x[at(l, 0, 0)];
    }
    if (l->fault == LAYER_LABEL_CHANGED) {
        l->label[1]++;
    }
    return 0;
}

static int backward(void *ctx) {
    struct layer *l = ctx;
    l->n_backward++;
    for (size_t r = 0; r < LAYER_ROWS; r++) {
        for (size_t c = 0; c < LAYER_COLUMNS; c++) {
            size_t i = at(l, r, c);
            l->dx[i] = l->dy[i] * l->w[i] * cos(l->x[i]);
            l->dw[i] = l->dy[i] * sin(l->x[i]);
        }
    }
    if (l->fault == LAYER_GRAD_PADDING) {
        l->dx[at(l, 0, 1) - 1] += 1;
    }
    if (l->fault == LAYER_ROWS_LEAK) {
        l->dx[at(l, 0, 0)] += l->dy[at(l, LAYER_ROWS - 1, 0)];
    }
    if (l->fault == LAYER_W_CHANGED) {
        l->w[at(l, 1, 1)] = -l->w[at(l, 1, 1)];
    }
    return 0;
}

static int jvp(void *ctx) {
    struct layer *l = ctx;
    for (size_t r = 0; r < LAYER_ROWS; r++) {
        for (size_t c = 0; c < LAYER_COLUMNS; c++) {
            size_t i = at(l, r, c);
            double by_x = l->w[i] * cos(l->x[i]) * l->tx[i];
            double by_w = sin(l->x[i]) * l->tw[i];
            l->ty[i] = l->fault == LAYER_JVP_FORGETS_W ? by_x : by_x + by_w;
            l->ty[i] *= l->fault == LAYER_JVP_TWICE ? 2 : 1;
        }
    }
    return l->fault == LAYER_JVP_REFUSES;
}

static void reset(void *ctx) {
    ((struct layer *)ctx)->n_reset++;
}

void layer_stride(struct layer *l, size_t row, size_t column) {
    l->row = row;
    l->column = column;
    for (size_t t = 0; t < 2; t++) {
        l->inputs[t].strides[0] = row;
        l->inputs[t].strides[1] = column;
    }
    l->outputs[0].strides[0] = row;
    l->outputs[0].strides[1] = column;
}

void layer_open(struct layer *l) {
    memset(l, 0, sizeof *l);
    for (size_t i = 0; i < LAYER_ROOM; i++) {
        l->x[i] = 0.3 + 0.9 * sin((double)(5 * i + 1));
        l->w[i] = 1.5 + cos((double)(2 * i + 1));
    }
    l->low = -INFINITY;
    l->high = INFINITY;
    struct gradcheck_tensor inputs[] = {
        GRADCHECK_INPUT("x", l->x, l->dx, LAYER_ROWS, LAYER_COLUMNS),
        GRADCHECK_INPUT("w", l->w, l->dw, LAYER_ROWS, LAYER_COLUMNS),
        GRADCHECK_INPUT("label", l->label, NULL, 2),
    };
    struct gradcheck_tensor outputs[] = {
        GRADCHECK_OUTPUT("y", l->y, l->dy, LAYER_ROWS, LAYER_COLUMNS)};
    memcpy(l->inputs, inputs, sizeof inputs);
    memcpy(l->outputs, outputs, sizeof outputs);
    l->inputs[0].tangent = l->tx;
    l->inputs[1].tangent = l->tw;
    l->outputs[0].tangent = l->ty;
    l->kernel = (struct gradcheck_kernel){
        .name = "layer",
        .inputs = l->inputs,
        .n_inputs = 2,
        .outputs = l->outputs,
        .n_outputs = 1,
        .forward = forward,
        .backward = backward,
        .jvp = jvp,
        .reset = reset,
        .ctx = l,
    };
    layer_stride(l, LAYER_COLUMNS, 1);
}

struct gradcheck_report layer_run(struct layer *l, const struct gradcheck_options *options) {
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&l->kernel, options, &r), GRADCHECK_OK, "%s", r.summary);
    return r;
}
