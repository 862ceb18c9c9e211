// SPDX-License-Identifier: MIT
#include "kernels.h"

#include "gate/case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int forward(void *ctx) {
    struct plain *k = ctx;
    k->z = k->b;
    for (size_t i = 0; i < k->n; i++) {
        k->z += k->w[i] * k->x[i];
    }
    k->y = 1 / (1 + exp(-k->z));
    k->n_forward++;
    return k->way->spoil_forward != NULL ? k->way->spoil_forward(k) : 0;
}

static int backward(void *ctx) {
    struct plain *k = ctx;
    double dz = k->dy * k->y * (1 - k->y);
    for (size_t i = 0; i < k->n; i++) {
        k->dw[i] = dz * k->x[i];
        k->dx[i] = dz * k->w[i];
    }
    k->db = dz;
    return k->way->spoil_backward != NULL ? k->way->spoil_backward(k) : 0;
}

void plain_free(struct plain *k) {
    free(k->x);
    free(k->dx);
    free(k->w);
    free(k->dw);
    free(k);
}

static void close_plain(struct gate_kernel *kernel) {
    struct plain *k = kernel->self;
    if (k->way->spoil_close != NULL) {
        k->way->spoil_close(k);
    }
    plain_free(k);
}

static void describe(struct plain *k) {
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, k->dx, k->n);
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("w", k->w, k->dw, k->n);
    k->in[2] = (struct gradcheck_tensor)GRADCHECK_INPUT("b", &k->b, &k->db);
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &k->y, &k->dy);
    k->extra[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", &k->z, NULL);
    k->extra[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("more", &k->z, NULL);
}

static bool open_plain(const struct gate_family *family, const struct golden_case *c,
                       struct gate_kernel *out, char why[]) {
    struct plain *k = calloc(1, sizeof *k);
    k->n = golden_find_input(c, "x")->array.shape[0];
    k->x = calloc(k->n, sizeof k->x[0]);
    k->dx = calloc(k->n, sizeof k->dx[0]);
    k->w = calloc(k->n, sizeof k->w[0]);
    k->dw = calloc(k->n, sizeof k->dw[0]);
    k->way = family->data;
    describe(k);
    *out = (struct gate_kernel){.check = {.name = "neuron",
                                          .inputs = k->in,
                                          .n_inputs = 3,
                                          .outputs = k->out,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = k},
                                .extras = k->extra,
                                .n_extras = 1,
                                .self = k};
    return k->way->spoil_open == NULL || k->way->spoil_open(k, out, why);
}

struct gate_family plain_family(const struct way *way) {
    static const struct way right = {.name = "right"};
    return (struct gate_family){.name = "neuron",
                                .summary = "a plain neuron",
                                .open = open_plain,
                                .close = close_plain,
                                .data = way != NULL ? way : &right};
}

const struct golden_case *neuron_case(const char *id) {
    static struct golden_suite suite;
    if (suite.n_cases == 0) {
        struct golden_error error;
        char text[512];
        enum golden_status status = golden_load("tests/golden", "neuron", &suite, &error);
        golden_error_text(&error, text, sizeof text);
        cr_assert(status == GOLDEN_OK, "%s", text);
    }
    const struct golden_case *c = golden_find_case(&suite, id);
    cr_assert(c != NULL, "no case %s", id);
    return c;
}

struct gate_case check_way(const struct way *way, const char *id, double seconds) {
    const struct gate_family family = plain_family(way);
    const struct gate_options options = {.golden_dir = "tests/golden", .time_limit = seconds};
    struct gate_case c;
    cr_assert(case_run(&family, neuron_case(id), &options, &c) == GATE_OK);
    return c;
}
