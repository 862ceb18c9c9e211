// SPDX-License-Identifier: MIT
/* A million inputs: the directional screen sees one wrong entry, and bisection finds it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

#define N_LARGE 1000000

enum layer {
    ONE_NEURON, /* y = sigmoid(w . x + b) over a million weights */
    SIGMOIDS,   /* y[i] = sigmoid(x[i]) */
    RELUS,      /* y[i] = max(x[i], 0) */
};

struct large {
    enum layer layer;
    struct gradcheck_kernel kernel;
    struct gradcheck_tensor input, output;
    double *in, *din, *out, *dout, *features;
    double bias;
    size_t wrong; /* N_LARGE: none */
    double factor;
};

static int forward_neuron(void *ctx) {
    struct large *l = ctx;
    double z = l->bias;
    for (size_t i = 0; i < N_LARGE; i++) {
        z += l->in[i] * l->features[i];
    }
    l->out[0] = 1 / (1 + exp(-z));
    return 0;
}
static int backward_neuron(void *ctx) {
    struct large *l = ctx;
    double dz = l->dout[0] * l->out[0] * (1 - l->out[0]);
    for (size_t i = 0; i < N_LARGE; i++) {
        l->din[i] = dz * l->features[i] * (i == l->wrong ? l->factor : 1);
    }
    return 0;
}

static int forward_sigmoids(void *ctx) {
    struct large *l = ctx;
    for (size_t i = 0; i < N_LARGE; i++) {
        l->out[i] = 1 / (1 + exp(-l->in[i]));
    }
    return 0;
}
static int backward_sigmoids(void *ctx) {
    struct large *l = ctx;
    for (size_t i = 0; i < N_LARGE; i++) {
        l->din[i] = l->dout[i] * l->out[i] * (1 - l->out[i]) * (i == l->wrong ? l->factor : 1);
    }
    return 0;
}

static int forward_relus(void *ctx) {
    struct large *l = ctx;
    for (size_t i = 0; i < N_LARGE; i++) {
        l->out[i] = l->in[i] > 0 ? l->in[i] : 0;
    }
    return 0;
}
static int backward_relus(void *ctx) {
    struct large *l = ctx;
    for (size_t i = 0; i < N_LARGE; i++) {
        l->din[i] = l->in[i] > 0 ? l->dout[i] * (i == l->wrong ? l->factor : 1) : 0;
    }
    return 0;
}

/* Reused from draw to draw: a worker is one process. */
static double *buffer(size_t which) {
    static double *buffers[5];
    if (!buffers[which]) {
        buffers[which] = calloc(N_LARGE, sizeof(double));
    }
    if (!buffers[which]) {
        perror("evidence: memory");
        exit(2);
    }
    return buffers[which];
}

static void large_open(struct large *l, enum layer layer, struct random *random) {
    static int (*const forwards[])(void *) = {forward_neuron, forward_sigmoids, forward_relus};
    static int (*const backwards[])(void *) = {backward_neuron, backward_sigmoids, backward_relus};
    *l = (struct large){.layer = layer, .wrong = N_LARGE};
    l->in = buffer(0), l->din = buffer(1), l->out = buffer(2), l->dout = buffer(3),
    l->features = buffer(4);
    double z = 0;
    for (size_t i = 0; i < N_LARGE; i++) {
        l->in[i] = random_uniform(random, -2, 2);
        l->features[i] = random_uniform(random, -2, 2) / 1000;
        z += l->in[i] * l->features[i];
    }
    l->bias = random_uniform(random, -2, 2) - z;
    l->input = (struct gradcheck_tensor)GRADCHECK_INPUT("x", l->in, l->din, N_LARGE);
    l->output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", l->out, l->dout,
                                                          layer == ONE_NEURON ? 1 : N_LARGE);
    l->kernel = (struct gradcheck_kernel){.name = "large",
                                          .inputs = &l->input,
                                          .n_inputs = 1,
                                          .outputs = &l->output,
                                          .n_outputs = 1,
                                          .forward = forwards[layer],
                                          .backward = backwards[layer],
                                          .ctx = l};
}

/* `relative` off at one random entry, within max_calls. Found: judged fail, and if `located` at the
 * entry. */
static void draw_large(enum layer layer, size_t i, double relative, size_t max_calls, bool located,
                       FILE *talk, struct outcome *o) {
    struct random random = random_from(6 + layer, i);
    struct large l;
    large_open(&l, layer, &random);
    l.wrong = random_bits(&random) % N_LARGE;
    while (layer == RELUS && l.in[l.wrong] <= 0) { /* times anything, 0 is not wrong */
        l.wrong = random_bits(&random) % N_LARGE;
    }
    l.factor = 1 + relative;
    const struct gradcheck_options options = {.seed = random_bits(&random),
                                              .n_points = 1,
                                              .max_evaluations = max_calls,
                                              .screen_only = true};
    struct gradcheck_report r;
    check(&l.kernel, &options, talk, &r);
    const struct gradcheck_entry *worst = &r.tensors[0].worst;
    bool found = r.verdict == GRADCHECK_FAIL && r.n_forward <= max_calls;
    if (located) {
        found = found && worst->verdict == GRADCHECK_FAIL && worst->place.index[0] == l.wrong;
    }
    o->n_wrong = 1;
    o->n_caught = found;
    o->n_forward = (unsigned)r.n_forward;
    o->resolution = r.screen.resolution;
}

/* The right kernel, once in a while. */
static void draw_right(enum layer layer, size_t i, size_t max_calls, FILE *talk,
                       struct outcome *o) {
    struct random random = random_from(10 + layer, i);
    struct large l;
    large_open(&l, layer, &random);
    const struct gradcheck_options options = {
        .seed = i, .n_points = 1, .max_evaluations = max_calls, .screen_only = true};
    struct gradcheck_report r;
    check(&l.kernel, &options, talk, &r);
    o->n_judged = r.verdict == GRADCHECK_PASS;
    o->n_false_fail = r.verdict == GRADCHECK_FAIL;
    o->verdict = (unsigned char)r.verdict;
    o->n_forward = (unsigned)r.n_forward;
    o->resolution = r.screen.resolution;
}

static void draw_weights(size_t i, FILE *talk, struct outcome *o) {
    if (i % 5 == 4) {
        draw_right(ONE_NEURON, i, 40, talk, o);
    } else {
        draw_large(ONE_NEURON, i, 1e-4, 40, false, talk, o);
    }
}
static void draw_sigmoids(size_t i, FILE *talk, struct outcome *o) {
    if (i % 5 == 4) {
        draw_right(SIGMOIDS, i, 40, talk, o);
    } else {
        draw_large(SIGMOIDS, i, 1e-4, 40, false, talk, o);
    }
}
/* In an order that has seed 11, once a miss, among the few of CI. */
static void draw_location(size_t i, FILE *talk, struct outcome *o) {
    i = i * 11 % 1000;
    draw_large(i % 2 ? ONE_NEURON : SIGMOIDS, i, 1e-4, 800, true, talk, o);
}
static void draw_relus(size_t i, FILE *talk, struct outcome *o) {
    if (i % 5 == 4) {
        draw_right(RELUS, i, 200, talk, o);
    } else {
        draw_large(RELUS, i, 1e-2, 200, false, talk, o);
    }
}

static void judge_share(const char *line, double share, const struct outcome outcomes[], size_t n,
                        struct table *table) {
    struct totals t = totals_of(outcomes, n);
    unsigned most_calls = 0;
    for (size_t i = 0; i < n; i++) {
        most_calls = outcomes[i].n_forward > most_calls ? outcomes[i].n_forward : most_calls;
    }
    char limit[32];
    snprintf(limit, sizeof limit, ">= %g %%", 100 * share);
    table_add(table, line, t.n_wrong > 0 && (double)t.n_caught >= share * (double)t.n_wrong, limit,
              "%zu of %zu (<= %u calls)", t.n_caught, t.n_wrong, most_calls);
    if (n > t.n_wrong) {
        table_add(table, "    right ones judged fail", t.n_false_fail == 0, "0", "%zu of %zu",
                  t.n_false_fail, n - t.n_wrong);
    }
}

static void judge_weights(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_share("10^6 weights, one gradient 1e-4 off: seen within 40 calls", 0.999, outcomes, n,
                table);
}
static void judge_sigmoids(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_share("10^6 sigmoids, one derivative 1e-4 off: seen within 40 calls", 0.999, outcomes, n,
                table);
}
static void judge_location(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_share("10^6 inputs, one 1e-4 off: located exactly within 800 calls", 0.999, outcomes, n,
                table);
}
static void judge_relus(const struct outcome outcomes[], size_t n, struct table *table) {
    judge_share("10^6 relus, one derivative 1e-2 off: seen", 0.99, outcomes, n, table);
}

const struct experiment weights_experiment = {
    .name = "weights",
    .what = "one neuron of 10^6 weights, z in [-2, 2]",
    .n_ci = 10,
    .n_full = 1250,
    .draw = draw_weights,
    .judge = judge_weights,
};
const struct experiment sigmoids_experiment = {
    .name = "sigmoids",
    .what = "10^6 sigmoids, z in [-2, 2]",
    .n_ci = 5,
    .n_full = 1250,
    .draw = draw_sigmoids,
    .judge = judge_sigmoids,
};
static const size_t location_missed[] = {11};
const struct experiment location_experiment = {
    .name = "location",
    .what = "where the wrong one of 10^6 is",
    .n_ci = 4,
    .n_full = 1000,
    .missed = location_missed,
    .n_missed = 1,
    .draw = draw_location,
    .judge = judge_location,
};
const struct experiment relus_experiment = {
    .name = "relus",
    .what = "10^6 relus",
    .n_ci = 4,
    .n_full = 125,
    .draw = draw_relus,
    .judge = judge_relus,
};
