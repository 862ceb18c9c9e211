// SPDX-License-Identifier: MIT
/* Every hypothesis names its mistake, and none names anything in a right gradient or in garbage. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

/* ---- a layer with everything that goes wrong in one: y = tanh(x w + b), B = 3 ---- */

enum { B = 3, N = 5, M = 4 };

enum bug {
    RIGHT,
    NEGATED,
    DOUBLED,
    AVERAGED,
    NO_SLOPE,
    SLOPE_TWICE,
    PLUS_FOR_MINUS,
    SIGMOID_SLOPE,
    SLOPE_AT_TANH,
    W_FOR_X,
    W_TRANSPOSED,
    DW_TRANSPOSED,
    DX_REVERSED,
    DW_SHIFTED,
    X_OF_NEXT_ROW,
    LAST_ROW,
    LAST_COLUMN,
    FIRST_BIAS_FOR_ALL,
    SLOPE_OF_FIRST_ROW,
    BIAS_FORGOTTEN,
    ADDS,
    LAST_ROW_ALONE,
    FIRST_X,
    NO_COTANGENT,
    COTANGENT_TWICE,
    IN_FLOAT,
    GARBAGE_IN,
    CHANGES_X,
    FLICKERS,
    WRONG_FAR_OUT,
    DOUBLED_FAR_OUT,
    GARBAGE,
};

struct layer {
    enum bug bug;
    double x[B * N], dx[B * N], w[N * M], dw[N * M], b[M], db[M], y[B * M], dy[B * M];
    double first_x[B * N];
    unsigned calls;
    bool called;
};

static int forward(void *ctx) {
    struct layer *k = ctx;
    for (int i = 0; i < B * M; i++) {
        double z = k->b[i % M];
        for (int a = 0; a < N; a++) {
            z += k->x[i / M * N + a] * k->w[a * M + i % M];
        }
        k->y[i] = tanh(z);
    }
    if (!k->called) {
        memcpy(k->first_x, k->x, sizeof k->x);
        k->called = true;
    }
    return 0;
}

static double slope(const struct layer *k, int i) {
    const double y = k->y[k->bug == SLOPE_OF_FIRST_ROW ? i % M : i];
    switch (k->bug) {
    case NO_SLOPE:
        return 1;
    case SLOPE_TWICE:
        return (1 - y * y) * (1 - y * y);
    case PLUS_FOR_MINUS:
        return 1 + y * y;
    case SIGMOID_SLOPE:
        return y * (1 - y);
    case SLOPE_AT_TANH:
        return 1 - tanh(y) * tanh(y);
    case WRONG_FAR_OUT:
        return fabs(y) > 0.6 ? 0 : 1 - y * y;
    case DOUBLED_FAR_OUT:
        return fabs(y) > 0.6 ? 2 * (1 - y * y) : 1 - y * y;
    case IN_FLOAT:
        return (double)(float)(1 - y * y);
    default:
        return 1 - y * y;
    }
}

static double output_gradient(struct layer *k, int i) {
    const double dy = k->dy[i];
    double dz = slope(k, i) * (k->bug == NO_COTANGENT ? 1 : dy);
    dz *= k->bug == NEGATED ? -1 : k->bug == DOUBLED ? 2 : k->bug == COTANGENT_TWICE ? dy : 1;
    if ((k->bug == LAST_ROW && i / M == B - 1) || (k->bug == LAST_COLUMN && i % M == M - 1)) {
        dz = 0;
    }
    return dz;
}

static void add_row(struct layer *k, int i, double dz) {
    const int row = i / M;
    const int j = i % M;
    for (int a = 0; a < N; a++) {
        const int from = k->bug == X_OF_NEXT_ROW ? (row + 1) % B : row;
        const double x = k->bug == FIRST_X ? k->first_x[row * N + a] : k->x[from * N + a];
        int at = a * M + j;
        double g = dz * (k->bug == W_FOR_X ? k->w[at] : x);
        g *= k->bug == AVERAGED ? 1.0 / B : 1;
        at = k->bug == DW_TRANSPOSED ? j * N + a : at;
        at = k->bug == DW_SHIFTED ? a * M + (j + 1) % M : at;
        k->dw[at] = (k->bug == LAST_ROW_ALONE ? 0 : k->dw[at]) + g;
        const int out = k->bug == DX_REVERSED ? N - 1 - a : a;
        k->dx[row * N + out] += dz * k->w[k->bug == W_TRANSPOSED ? j * N + a : a * M + j];
    }
    k->db[k->bug == BIAS_FORGOTTEN ? 0 : j] += k->bug == BIAS_FORGOTTEN ? 0 : dz;
}

static int backward(void *ctx) {
    struct layer *k = ctx;
    memset(k->dx, 0, sizeof k->dx);
    memset(k->db, 0, k->bug == BIAS_FORGOTTEN ? 0 : sizeof k->db);
    for (int i = 0; i < N * M; i++) {
        k->dw[i] = k->bug == ADDS ? k->dw[i] : k->bug == GARBAGE_IN ? k->dw[i] / 3 : 0;
    }
    for (int i = 0; i < B * M; i++) {
        add_row(k, i, output_gradient(k, i));
    }
    for (int j = 1; j < M && k->bug == FIRST_BIAS_FOR_ALL; j++) {
        k->db[j] = k->db[0];
    }
    for (int i = 0; i < N * M && k->bug == GARBAGE; i++) {
        k->dw[i] = k->dy[i % (B * M)] * sin(37.0 * i) + k->dy[i % 5] * cos(11.0 * i);
    }
    k->dw[1] += k->bug == FLICKERS && ++k->calls % 3 == 0 ? k->dy[0] : 0;
    k->x[2] += k->bug == CHANGES_X ? 1 : 0;
    return 0;
}

static struct gradcheck_report check_layer_with(enum bug bug,
                                                const struct gradcheck_options *options) {
    struct layer k = {.bug = bug};
    for (int i = 0; i < B * N; i++) {
        k.x[i] = sin(1.0 + 2.3 * i);
    }
    for (int i = 0; i < N * M; i++) {
        k.w[i] = 0.7 * cos(0.4 + 1.7 * i);
    }
    for (int i = 0; i < M; i++) {
        k.b[i] = 0.3 * sin(5.0 + i);
    }
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, B, N),
                                    GRADCHECK_INPUT("w", k.w, k.dw, N, M),
                                    GRADCHECK_INPUT("b", k.b, k.db, M)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, B, M)};
    const char *names[] = {"B", "n", "m"};
    in[0].dims[0] = out[0].dims[0] = names[0];
    in[0].dims[1] = in[1].dims[0] = names[1];
    in[1].dims[1] = in[2].dims[0] = out[0].dims[1] = names[2];
    const struct gradcheck_kernel kernel = {.name = "layer",
                                            .inputs = in,
                                            .n_inputs = 3,
                                            .outputs = out,
                                            .n_outputs = 1,
                                            .forward = forward,
                                            .backward = backward,
                                            .ctx = &k};
    struct gradcheck_report report;
    cr_assert_eq(gradcheck_run(&kernel, options, &report), GRADCHECK_OK);
    return report;
}

static struct gradcheck_report check_layer(enum bug bug) {
    return check_layer_with(bug, NULL);
}

Test(diagnosis, names_what_is_wrong_with_a_layer) {
    static const struct {
        enum bug bug;
        enum gradcheck_cause cause;
        const char *text; /* part of the sentence */
    } rows[] = {
        {NEGATED, GRADCHECK_CAUSE_SIGN, "wrong sign"},
        {PLUS_FOR_MINUS, GRADCHECK_CAUSE_SIGN, "1 + v^2 where 1 - v^2 belongs"},
        {DOUBLED, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
        {AVERAGED, GRADCHECK_CAUSE_SIZE_FACTOR, "1/B"},
        {NO_SLOPE, GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the factor 1 - v^2, where v is y"},
        {NO_COTANGENT, GRADCHECK_CAUSE_MISSING_FACTOR, "does not change with the cotangent"},
        {SLOPE_TWICE, GRADCHECK_CAUSE_EXTRA_FACTOR, "1 - v^2 once too often"},
        {COTANGENT_TWICE, GRADCHECK_CAUSE_EXTRA_FACTOR, "square of the cotangent"},
        {SIGMOID_SLOPE, GRADCHECK_CAUSE_WRONG_ARGUMENT, "v (1 - v) where 1 - v^2 belongs"},
        {SLOPE_AT_TANH, GRADCHECK_CAUSE_WRONG_ARGUMENT, "tanh'(v)"},
        {W_FOR_X, GRADCHECK_CAUSE_WRONG_ARGUMENT, "made with w where x belongs"},
        {W_TRANSPOSED, GRADCHECK_CAUSE_TRANSPOSED, "w read transposed"},
        {DW_TRANSPOSED, GRADCHECK_CAUSE_TRANSPOSED, "w.grad"},
        {DX_REVERSED, GRADCHECK_CAUSE_TRANSPOSED, "reversed along axis n"},
        {DW_SHIFTED, GRADCHECK_CAUSE_SHIFTED, "along axis m"},
        {X_OF_NEXT_ROW, GRADCHECK_CAUSE_SHIFTED, "x read one index too far along B"},
        {LAST_ROW, GRADCHECK_CAUSE_TAIL, "the last of 3 along axis B"},
        {LAST_COLUMN, GRADCHECK_CAUSE_TAIL, "the last of 4 along axis m"},
        {FIRST_BIAS_FOR_ALL, GRADCHECK_CAUSE_BROADCAST, "b.grad repeats"},
        {SLOPE_OF_FIRST_ROW, GRADCHECK_CAUSE_BROADCAST, "always at index 0 along B"},
        {BIAS_FORGOTTEN, GRADCHECK_CAUSE_NOT_WRITTEN, "b.grad"},
        {ADDS, GRADCHECK_CAUSE_ACCUMULATES, "w[0, 0].grad is added to"},
        {LAST_ROW_ALONE, GRADCHECK_CAUSE_OVERWRITES, "w.grad holds the last contribution"},
        {FIRST_X, GRADCHECK_CAUSE_STALE_CACHE, "first"},
        {IN_FLOAT, GRADCHECK_CAUSE_LOW_PRECISION, "seven digits"},
        {GARBAGE_IN, GRADCHECK_CAUSE_UNINITIALISED, "before"},
        {CHANGES_X, GRADCHECK_CAUSE_WRITES_INPUT, "x was changed"},
        {FLICKERS, GRADCHECK_CAUSE_NONDETERMINISTIC, "other answers"},
        {WRONG_FAR_OUT, GRADCHECK_CAUSE_CONDITIONAL, "|y|"},
        {DOUBLED_FAR_OUT, GRADCHECK_CAUSE_CONSTANT_FACTOR, "is 2 times"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gradcheck_report r = check_layer(rows[i].bug);
        cr_expect(r.verdict == GRADCHECK_FAIL || r.verdict == GRADCHECK_INACCURATE, "bug %d: %s",
                  rows[i].bug, r.summary);
        cr_expect_eq(r.cause, rows[i].cause, "bug %d: '%s', not '%s': %s", rows[i].bug,
                     gradcheck_cause_name(r.cause), gradcheck_cause_name(rows[i].cause),
                     r.diagnosis);
        cr_expect(strstr(r.diagnosis, rows[i].text) != NULL, "bug %d: no '%s' in: %s", rows[i].bug,
                  rows[i].text, r.diagnosis);
        cr_expect(r.diagnosis_confidence >= 0.5 && r.diagnosis_confidence <= 1);
    }
}

Test(diagnosis, is_left_out_on_request_and_the_verdict_stays) {
    static const enum bug bugs[] = {NEGATED, CHANGES_X, FIRST_X};
    for (size_t i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
        const struct gradcheck_report with = check_layer(bugs[i]);
        const struct gradcheck_report without =
            check_layer_with(bugs[i], &(struct gradcheck_options){.no_diagnosis = true});
        cr_expect_eq(without.verdict, GRADCHECK_FAIL);
        cr_expect_eq(without.cause, GRADCHECK_CAUSE_NONE, "%s", without.diagnosis);
        cr_expect_str_eq(without.diagnosis, "");
        cr_expect_str_eq(without.summary, with.summary);
        cr_expect(bugs[i] == NEGATED ? without.n_forward < with.n_forward
                                     : without.n_forward <= with.n_forward);
    }
}

Test(diagnosis, is_silent_about_a_right_gradient_and_about_garbage) {
    static const enum bug bugs[] = {RIGHT, GARBAGE};
    for (size_t i = 0; i < 2; i++) {
        const struct gradcheck_report r = check_layer(bugs[i]);
        cr_expect_eq(r.verdict, bugs[i] == RIGHT ? GRADCHECK_PASS : GRADCHECK_FAIL, "%s",
                     r.summary);
        cr_expect_eq(r.cause, GRADCHECK_CAUSE_NONE, "%s", r.diagnosis);
        cr_expect_str_eq(r.diagnosis, "");
        cr_expect(r.diagnosis_confidence == 0);
    }
}

/* ---- elementwise, where a term of the product rule goes wrong: y = x sigmoid(x) ---- */

enum { LENGTH = 9 };

struct silu {
    double first, second; /* how often each term is taken */
    bool no_factor;       /* the second term without x */
    bool noise;
    double x[LENGTH], dx[LENGTH], y[LENGTH], dy[LENGTH];
};

static int silu_forward(void *ctx) {
    struct silu *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        k->y[i] = k->x[i] / (1 + exp(-k->x[i]));
    }
    return 0;
}

static int silu_backward(void *ctx) {
    struct silu *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        const double p = 1 / (1 + exp(-k->x[i]));
        const double x = k->no_factor ? 1 : k->x[i];
        k->dx[i] = k->dy[i] * (k->first * p + k->second * x * p * (1 - p));
        k->dx[i] *= k->noise ? 1.5 + sin(29.0 * i) : 1;
    }
    return 0;
}

Test(diagnosis, names_what_is_wrong_with_a_term) {
    static const struct {
        struct silu silu;
        enum gradcheck_cause cause;
    } rows[] = {
        {{.first = 1, .second = 0}, GRADCHECK_CAUSE_DROPPED_TERM},
        {{.first = 0, .second = 1}, GRADCHECK_CAUSE_DROPPED_TERM},
        {{.first = 1, .second = -1}, GRADCHECK_CAUSE_SIGN},
        {{.first = 1, .second = 2}, GRADCHECK_CAUSE_CONSTANT_FACTOR},
        {{.first = 1, .second = 1, .no_factor = true}, GRADCHECK_CAUSE_MISSING_FACTOR},
        {{.first = 1, .second = 1, .noise = true}, GRADCHECK_CAUSE_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct silu k = rows[i].silu;
        for (int j = 0; j < LENGTH; j++) {
            k.x[j] = 2.5 * sin(1.0 + 1.9 * j);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, LENGTH)};
        struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, LENGTH)};
        const struct gradcheck_kernel kernel = {.name = "silu",
                                                .inputs = in,
                                                .n_inputs = 1,
                                                .outputs = out,
                                                .n_outputs = 1,
                                                .forward = silu_forward,
                                                .backward = silu_backward,
                                                .ctx = &k};
        struct gradcheck_report r;
        cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_FAIL);
        cr_expect_eq(r.cause, rows[i].cause, "row %zu: %s", i, r.diagnosis);
    }
}

Test(diagnosis, every_cause_has_a_name_of_its_own) {
    for (int a = 0; a < GRADCHECK_N_CAUSES; a++) {
        for (int b = 0; b < a; b++) {
            cr_expect_str_neq(gradcheck_cause_name((enum gradcheck_cause)a),
                              gradcheck_cause_name((enum gradcheck_cause)b));
        }
    }
    cr_expect_str_eq(gradcheck_cause_name(GRADCHECK_CAUSE_NONE), "");
    cr_expect_str_eq(gradcheck_cause_name(GRADCHECK_N_CAUSES), "unknown cause");
}
