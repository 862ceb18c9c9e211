// SPDX-License-Identifier: MIT
#include "gradcheck/bed/verdicts.h"

#include <math.h>
#include <string.h>

#define RIGHT .expected = GRADCHECK_PASS
#define WRONG .expected = GRADCHECK_FAIL
#define SUBGRADIENT .expected = GRADCHECK_PASS, .on_kink = true
#define NO_SUBGRADIENT .expected = GRADCHECK_FAIL, .on_kink = true

const struct bed_verdict bed_kink_verdicts[] = {
    {"relu at 0 gives 0", "relu", {0}, {0}, SUBGRADIENT},
    {"relu at 0 gives 1", "relu", {0}, {1}, SUBGRADIENT},
    {"relu at 0 gives 1/2", "relu", {0}, {0.5}, SUBGRADIENT},
    {"relu at 0 gives -0.1", "relu", {0}, {-0.1}, NO_SUBGRADIENT},
    {"relu at 0 gives 1.1", "relu", {0}, {1.1}, NO_SUBGRADIENT},
    {"relu at 0 gives NaN", "relu", {0}, {NAN}, NO_SUBGRADIENT},
    {"leaky relu at 0 gives 0.01", "leaky_relu", {0}, {0.01}, SUBGRADIENT},
    {"leaky relu at 0 gives 0", "leaky_relu", {0}, {0}, NO_SUBGRADIENT},
    {"|x| at 0 gives 0", "absolute", {0}, {0}, SUBGRADIENT},
    {"|x| at 0 gives 1", "absolute", {0}, {1}, SUBGRADIENT},
    {"|x| at 0 gives -1", "absolute", {0}, {-1}, SUBGRADIENT},
    {"|x| at 0 gives 1.001", "absolute", {0}, {1.001}, NO_SUBGRADIENT},
    {"|x| at 0 gives -5", "absolute", {0}, {-5}, NO_SUBGRADIENT},
    {"max of equals gives the first", "maximum", {0.4, 0.4}, {1, 0}, SUBGRADIENT},
    {"max of equals gives the second", "maximum", {0.4, 0.4}, {0, 1}, SUBGRADIENT},
    {"max of equals shares", "maximum", {0.4, 0.4}, {0.5, 0.5}, SUBGRADIENT},
    {"max of equals counts twice", "maximum", {0.4, 0.4}, {1, 1}, NO_SUBGRADIENT},
    {"max of equals counts none", "maximum", {0.4, 0.4}, {0, 0}, NO_SUBGRADIENT},
    {"max of equals counts 3/2", "maximum", {0.4, 0.4}, {1, 0.5}, NO_SUBGRADIENT},
    {"min of equals gives the first", "minimum", {0.4, 0.4}, {1, 0}, SUBGRADIENT},
    {"min of equals counts twice", "minimum", {0.4, 0.4}, {1, 1}, NO_SUBGRADIENT},
    {"max of three equals shares",
     "max_pool",
     {0.4, 0.4, 0.4, 0.1},
     {0.5, 0.25, 0.25, 0},
     SUBGRADIENT},
    {"max of three equals counts thrice",
     "max_pool",
     {0.4, 0.4, 0.4, 0.1},
     {1, 1, 1, 0},
     NO_SUBGRADIENT},
    {"max of three equals counts twice",
     "max_pool",
     {0.4, 0.4, 0.4, 0.1},
     {1, 0, 1, 0},
     NO_SUBGRADIENT},
    {"max of three equals gives the fourth",
     "max_pool",
     {0.4, 0.4, 0.4, 0.1},
     {0, 0, 0, 1},
     NO_SUBGRADIENT},
    {"clamp at 1 gives 1", "clamp", {1}, {1}, SUBGRADIENT},
    {"clamp at 1 gives 0", "clamp", {1}, {0}, SUBGRADIENT},
    {"clamp at 1 gives -1", "clamp", {1}, {-1}, NO_SUBGRADIENT},
    {"clamp at -1 gives 1", "clamp", {-1}, {1}, SUBGRADIENT},
    {"clamp at -1 gives 1.2", "clamp", {-1}, {1.2}, NO_SUBGRADIENT},
    {"hinge at 1 gives -1", "hinge", {1}, {-1}, SUBGRADIENT},
    {"hinge at 1 gives 1", "hinge", {1}, {1}, NO_SUBGRADIENT},
    {"relu at 1e-3 gives 1", "relu", {1e-3}, {1}, RIGHT},
    {"relu at 1e-3 gives 0", "relu", {1e-3}, {0}, WRONG},
    {"relu at -1e-3 gives 0",
     "relu",
     {-1e-3},
     {0},
     .expected = GRADCHECK_INCONCLUSIVE}, /* vacuous, not wrong */
    {"relu at -1e-3 gives 1", "relu", {-1e-3}, {1}, WRONG},
    {"|x| at 1e-3 gives 1", "absolute", {1e-3}, {1}, RIGHT},
    {"|x| at -1e-3 gives -1", "absolute", {-1e-3}, {-1}, RIGHT},
    {"|x| at -1e-3 gives 0", "absolute", {-1e-3}, {0}, WRONG},
    {"max, 1e-3 apart", "maximum", {0.3, 0.301}, {0, 1}, RIGHT},
    {"max, 1e-3 apart, shared", "maximum", {0.3, 0.301}, {0.5, 0.5}, WRONG},
    {"clamp 1e-3 inside", "clamp", {0.999}, {1}, RIGHT},
    {"clamp 1e-3 inside gives 0", "clamp", {0.999}, {0}, WRONG},
    {"clamp 1e-3 outside gives 1", "clamp", {1.001}, {1}, WRONG},
    {"x|x| at 1e-3", "x_absolute_x", {1e-3}, {2e-3}, RIGHT},
};
const size_t bed_n_kink_verdicts = sizeof bed_kink_verdicts / sizeof bed_kink_verdicts[0];

const struct bed_verdict bed_peer_verdicts[] = {
    {"negated gradient", "square_of_tiny", {0.5}, {-1}, WRONG},
    {"ReLU backward times -5", "relu", {0.3}, {-5}, WRONG},
    {"NaN gradient", "square_of_tiny", {0.5}, {NAN}, WRONG},
    {"one NaN among right entries",
     "sum",
     {1, 2, 3, 4, 5, 6, 7, 8},
     {1, 1, 1, NAN, 1, 1, 1, 1},
     WRONG},
    {"infinite gradient", "square_of_tiny", {0.5}, {INFINITY}, WRONG},
    {"two large cancelling errors",
     "sum",
     {1, 2, 3, 4, 5, 6, 7, 8},
     {1, 1 + 1e6, 1, 1, 1, 1 - 1e6, 1, 1},
     WRONG},
    {"two large cancelling errors, screen alone",
     "sum",
     {1, 2, 3, 4, 5, 6, 7, 8},
     {1, 1 + 1e6, 1, 1, 1, 1 - 1e6, 1, 1},
     WRONG,
     .screen_only = true},
    {"an exactly linear function", "line", {0.3}, {3}, RIGHT},
    {"an exactly linear function, 1e-9 off", "line", {0.3}, {3 * (1 + 1e-9)}, WRONG},
    {"a gradient of 1e-6, doubled", "slight_line", {0.3}, {-2e-6}, WRONG},
    {"a gradient of 1e-6, zeroed", "slight_line", {0.3}, {0}, WRONG},
    {"a right gradient of 1e-6", "slight_line", {0.3}, {-1e-6}, RIGHT},
    {"a right gradient beside a kink", "absolute", {0.005}, {1}, RIGHT},
    {"all entries zero", "sum", {1, 2, 3, 4, 5, 6, 7, 8}, {0}, WRONG},
    {"two entries swapped", "dot", {0.3, -0.7, 1.1, 0.2}, {-0.25, 0.5, 1.5, 2}, WRONG},
};
const size_t bed_n_peer_verdicts = sizeof bed_peer_verdicts / sizeof bed_peer_verdicts[0];

static const struct bed_function *function_named(const char *name) {
    size_t i = 0;
    while (strcmp(bed_function(i, NULL)->name, name) != 0) {
        i++;
    }
    return bed_function(i, NULL);
}

static bool says_subgradient(const struct gradcheck_report *r) {
    return r->tensors[0].n_subgradient > 0;
}

bool bed_verdict_holds(const struct bed_verdict *v, uint64_t seed, FILE *talk) {
    struct bed_case c = {.function = function_named(v->function)};
    struct bed_point point = {v->function, c.function->n_inputs, 1, v->on_kink, {0}, {0}, {0}};
    memcpy(point.x, v->x, sizeof point.x);
    memcpy(point.jacobian, v->gradient, sizeof v->gradient);
    c.point = &point;
    struct bed_kernel bed;
    bed_open(&bed, &c);
    bed.everywhere = !v->on_kink;
    const struct gradcheck_options options = {
        .seed = seed, .n_points = 1, .screen_only = v->screen_only};
    struct gradcheck_report r;
    bool as_subgradient = v->on_kink && v->expected == GRADCHECK_PASS;
    enum gradcheck_status status = gradcheck_run(&bed.kernel, &options, &r);
    if (talk) {
        fprintf(talk, "%s: expected %s\n", v->name, gradcheck_verdict_name(v->expected));
        gradcheck_print(&r, talk);
    }
    return status == GRADCHECK_OK && r.verdict == v->expected &&
           (!as_subgradient || says_subgradient(&r));
}

#define N_DIAGONAL 1000

struct diagonal {
    double x[N_DIAGONAL], dx[N_DIAGONAL], y[N_DIAGONAL], dy[N_DIAGONAL];
    size_t wrong;
};

static int diagonal_forward(void *ctx) {
    struct diagonal *d = ctx;
    for (size_t i = 0; i < N_DIAGONAL; i++) {
        d->y[i] = sin(d->x[i]);
    }
    return 0;
}

static int diagonal_backward(void *ctx) {
    struct diagonal *d = ctx;
    for (size_t i = 0; i < N_DIAGONAL; i++) {
        d->dx[i] = d->dy[i] * cos(d->x[i]) * (i == d->wrong ? 15.7 : 1);
    }
    return 0;
}

bool bed_diagonal_error_is_seen(uint64_t seed, FILE *talk) {
    struct diagonal d = {.wrong = (size_t)(seed * 379 % N_DIAGONAL)};
    for (size_t i = 0; i < N_DIAGONAL; i++) {
        d.x[i] = 1.4 * sin((double)(i + 1000 * seed));
    }
    const struct gradcheck_tensor in = GRADCHECK_INPUT("x", d.x, d.dx, N_DIAGONAL);
    const struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", d.y, d.dy, N_DIAGONAL);
    const struct gradcheck_kernel k = {.name = "diagonal",
                                       .inputs = &in,
                                       .n_inputs = 1,
                                       .outputs = &out,
                                       .n_outputs = 1,
                                       .forward = diagonal_forward,
                                       .backward = diagonal_backward,
                                       .ctx = &d};
    const struct gradcheck_options options = {.seed = seed, .n_points = 1, .screen_only = true};
    struct gradcheck_report r;
    enum gradcheck_status status = gradcheck_run(&k, &options, &r);
    if (talk) {
        gradcheck_print(&r, talk);
    }
    return status == GRADCHECK_OK && r.verdict == GRADCHECK_FAIL &&
           r.screen.verdict == GRADCHECK_FAIL && r.tensors[0].worst.place.index[0] == d.wrong;
}
