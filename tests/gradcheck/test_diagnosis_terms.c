// SPDX-License-Identifier: MIT
/* Causes that lie in one term, one branch or one argument of a derivative. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/gradcheck.h"

static void expect_cause(const struct gradcheck_kernel *kernel, int bug, enum gradcheck_cause cause,
                         const char *text) {
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(kernel, NULL, &r), GRADCHECK_OK);
    cr_expect_eq(r.verdict,
                 cause == GRADCHECK_CAUSE_NONE && bug == 0 ? GRADCHECK_PASS : GRADCHECK_FAIL,
                 "%s, bug %d: %s", kernel->name, bug, r.summary);
    cr_expect_eq(r.cause, cause, "%s, bug %d: '%s', not '%s': %s", kernel->name, bug,
                 gradcheck_cause_name(r.cause), gradcheck_cause_name(cause), r.diagnosis);
    cr_expect(strstr(r.diagnosis, text) != NULL, "%s, bug %d: no '%s' in: %s", kernel->name, bug,
              text, r.diagnosis);
}

/* ---- y[b, i] = g[i] (x[b, i] - the mean of row b): a direct term and a sum over the row ---- */

enum { ROWS = 2, WIDTH = 5 };

enum centred_bug {
    CENTRED,
    NO_GAIN,
    GAIN_TWICE,
    GAIN_OF_NEXT,
    GAIN_BEFORE,
    FIRST_GAIN,
    GARBLED,
    DOUBLED,
    NO_GAIN_IN_SUM,
    SUM_WITHOUT_LAST,
    SUM_NOT_CLEARED,
};

struct centred {
    enum centred_bug bug;
    double x[ROWS * WIDTH], dx[ROWS * WIDTH], g[WIDTH], dg[WIDTH];
    double y[ROWS * WIDTH], dy[ROWS * WIDTH], sum;
};

static double mean_of(const double row[]) {
    double mean = 0;
    for (int i = 0; i < WIDTH; i++) {
        mean += row[i] / WIDTH;
    }
    return mean;
}

static int centred_forward(void *ctx) {
    struct centred *k = ctx;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        k->y[i] = k->g[i % WIDTH] * (k->x[i] - mean_of(k->x + i / WIDTH * WIDTH));
    }
    return 0;
}

static double direct_gain(const struct centred *k, int i) {
    static const double garbage[WIDTH] = {0.3, 1.9, -0.7, 2.2, 1.1};
    switch (k->bug) {
    case NO_GAIN:
        return 1;
    case GAIN_TWICE:
        return k->g[i] * k->g[i];
    case GAIN_OF_NEXT:
        return k->g[(i + 1) % WIDTH];
    case GAIN_BEFORE:
        return k->g[(i + WIDTH - 1) % WIDTH];
    case FIRST_GAIN:
        return k->g[0];
    case GARBLED:
        return garbage[i];
    case DOUBLED:
        return 2 * k->g[i];
    default:
        return k->g[i];
    }
}

static void centred_row(struct centred *k, int row) {
    const double *dy = k->dy + row * WIDTH;
    double sum = k->bug == SUM_NOT_CLEARED ? k->sum : 0;
    for (int i = 0; i < (k->bug == SUM_WITHOUT_LAST ? WIDTH - 1 : WIDTH); i++) {
        sum += dy[i] * (k->bug == NO_GAIN_IN_SUM ? 1 : k->g[i]) / WIDTH;
    }
    for (int i = 0; i < WIDTH; i++) {
        k->dx[row * WIDTH + i] = dy[i] * direct_gain(k, i) - sum;
    }
    k->sum = sum;
}

static int centred_backward(void *ctx) {
    struct centred *k = ctx;
    memset(k->dg, 0, sizeof k->dg);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        k->dg[i % WIDTH] += k->dy[i] * (k->x[i] - mean_of(k->x + i / WIDTH * WIDTH));
    }
    for (int row = 0; row < ROWS; row++) {
        centred_row(k, row);
    }
    return 0;
}

Test(diagnosis_terms, tells_the_direct_term_from_the_sums) {
    static const struct {
        enum centred_bug bug;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {CENTRED, GRADCHECK_CAUSE_NONE, ""},
        {NO_GAIN, GRADCHECK_CAUSE_MISSING_FACTOR, "the direct term of x.grad"},
        {GAIN_TWICE, GRADCHECK_CAUSE_EXTRA_FACTOR, "has the factor g once too often"},
        {GAIN_OF_NEXT, GRADCHECK_CAUSE_SHIFTED, "is made with g read one index too far"},
        {GAIN_BEFORE, GRADCHECK_CAUSE_SHIFTED, "is made with g read one index too early"},
        {FIRST_GAIN, GRADCHECK_CAUSE_BROADCAST, "is made with g read always at index 0"},
        {GARBLED, GRADCHECK_CAUSE_NONE, ""},
        /* where every gain is the same, its factor is lost in any other error */
        {DOUBLED, GRADCHECK_CAUSE_CONDITIONAL, "|right answer|"},
        {NO_GAIN_IN_SUM, GRADCHECK_CAUSE_MISSING_FACTOR, "in its sums over other entries"},
        {SUM_WITHOUT_LAST, GRADCHECK_CAUSE_TAIL, "lack the last of 5 along axis n of y"},
        {SUM_NOT_CLEARED, GRADCHECK_CAUSE_UNINITIALISED, "never cleared"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct centred k = {.bug = rows[r].bug};
        for (int i = 0; i < ROWS * WIDTH; i++) {
            k.x[i] = sin(1.0 + 2.3 * i);
        }
        for (int i = 0; i < WIDTH; i++) {
            k.g[i] = rows[r].bug == DOUBLED ? 2 : 1.5 + cos(0.4 + 1.7 * i);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, ROWS, WIDTH),
                                        GRADCHECK_INPUT("g", k.g, k.dg, WIDTH)};
        struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, ROWS, WIDTH)};
        in[0].dims[0] = out[0].dims[0] = "B";
        in[0].dims[1] = in[1].dims[0] = out[0].dims[1] = "n";
        const struct gradcheck_kernel kernel = {.name = "centred",
                                                .inputs = in,
                                                .n_inputs = 2,
                                                .outputs = out,
                                                .n_outputs = 1,
                                                .forward = centred_forward,
                                                .backward = centred_backward,
                                                .ctx = &k};
        expect_cause(&kernel, (int)rows[r].bug, rows[r].cause, rows[r].text);
    }
}

/* ---- elementwise curves, and what backward takes for their slope ---- */

enum { LENGTH = 9 };

struct curve {
    double (*of)(double), (*slope)(double);
    enum { HERE, AFTER, BEFORE } taken;
    double c; /* times x, and in backward as it should be */
    double x[LENGTH], dx[LENGTH], y[LENGTH], dy[LENGTH];
};

static int curve_forward(void *ctx) {
    struct curve *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        k->y[i] = k->of(k->x[i]) + k->c * k->x[i];
    }
    return 0;
}

static int curve_backward(void *ctx) {
    struct curve *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        const int at = (i + (k->taken == AFTER ? 1 : k->taken == BEFORE ? LENGTH - 1 : 0)) % LENGTH;
        k->dx[i] = k->dy[i] * (k->slope(k->x[at]) + k->c);
    }
    return 0;
}

static double softplus(double x) {
    return log1p(exp(x));
}
static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}
static double sigmoid_of_minus(double x) {
    return 1 / (1 + exp(x));
}
static double itself(double x) {
    return x;
}
static double leaky(double x) {
    return x > 0 ? x : 0.3 * x;
}
static double step(double x) {
    return x > 0;
}
static double sigmoid_above_zero(double x) {
    return x > 0 ? sigmoid(x) : 0;
}
static double relu(double x) {
    return x > 0 ? x : 0;
}
static double step_below(double x) {
    return x <= 0;
}
static double sloped_twice(double x) {
    return x * sigmoid(x) * (1 - sigmoid(x));
}
static double half_square(double x) {
    return x * x / 2;
}
static double without_tanh(double x) {
    return x - tanh(x);
}
static double tanh_slope(double x) {
    return 1 - tanh(x) * tanh(x);
}
static double quarter(double x) {
    (void)x;
    return 0.25;
}
static double log_cosh(double x) {
    return log(cosh(x));
}

Test(diagnosis_terms, names_what_a_slope_was_taken_for) {
    static const struct {
        struct curve curve;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {{.of = softplus, .slope = sigmoid_of_minus}, GRADCHECK_CAUSE_SIGN, "1 minus the right"},
        {{.of = softplus, .slope = sigmoid, .taken = AFTER}, GRADCHECK_CAUSE_SHIFTED, "after"},
        {{.of = softplus, .slope = sigmoid, .taken = BEFORE}, GRADCHECK_CAUSE_SHIFTED, "before"},
        {{.of = softplus, .slope = itself, .c = -0.7},
         GRADCHECK_CAUSE_WRONG_ARGUMENT,
         "v where sigmoid(v) belongs"},
        {{.of = log_cosh, .slope = itself, .c = -0.7},
         GRADCHECK_CAUSE_WRONG_ARGUMENT,
         "v where tanh(v) belongs"},
        {{.of = half_square, .slope = sigmoid, .c = -0.7},
         GRADCHECK_CAUSE_WRONG_ARGUMENT,
         "v where sigmoid(v) belongs, or the reverse"},
        {{.of = half_square, .slope = tanh, .c = -0.7},
         GRADCHECK_CAUSE_WRONG_ARGUMENT,
         "v where tanh(v) belongs, or the reverse"},
        {{.of = leaky, .slope = step}, GRADCHECK_CAUSE_DROPPED_TERM, "a branch is left out"},
        {{.of = relu, .slope = step_below}, GRADCHECK_CAUSE_SIGN, "v <= 0 where v > 0 belongs"},
        {{.of = half_square, .slope = sloped_twice},
         GRADCHECK_CAUSE_EXTRA_FACTOR,
         "sigmoid'(v) once too often"},
        {{.of = sigmoid, .slope = quarter}, GRADCHECK_CAUSE_MISSING_FACTOR, ""},
        /* 1 minus the right one, and no sigmoid far and wide */
        {{.of = without_tanh, .slope = tanh_slope}, GRADCHECK_CAUSE_NONE, ""},
        /* a curve that is no line there has lost no branch */
        {{.of = softplus, .slope = sigmoid_above_zero}, GRADCHECK_CAUSE_CONDITIONAL, "below"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct curve k = rows[r].curve;
        for (int i = 0; i < LENGTH; i++) {
            k.x[i] = 1.3 * sin(1.0 + 1.9 * i);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, LENGTH)};
        struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, LENGTH)};
        const struct gradcheck_kernel kernel = {.name = "curve",
                                                .inputs = in,
                                                .n_inputs = 1,
                                                .outputs = out,
                                                .n_outputs = 1,
                                                .forward = curve_forward,
                                                .backward = curve_backward,
                                                .ctx = &k};
        expect_cause(&kernel, (int)r + 1, rows[r].cause, rows[r].text);
    }
}

/* ---- y = f(x w + b), whose slope is taken at x w ---- */

struct line {
    bool is_tanh;
    double x[LENGTH], dx[LENGTH], w, dw, b, db, y[LENGTH], dy[LENGTH];
};

static double squash(const struct line *k, double z) {
    return k->is_tanh ? tanh(z) : sigmoid(z);
}

static int line_forward(void *ctx) {
    struct line *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        k->y[i] = squash(k, k->x[i] * k->w + k->b);
    }
    return 0;
}

static int line_backward(void *ctx) {
    struct line *k = ctx;
    k->dw = k->db = 0;
    for (int i = 0; i < LENGTH; i++) {
        const double y = squash(k, k->x[i] * k->w);
        const double dz = k->dy[i] * (k->is_tanh ? 1 - y * y : y * (1 - y));
        k->dx[i] = dz * k->w;
        k->dw += dz * k->x[i];
        k->db += dz;
    }
    return 0;
}

Test(diagnosis_terms, names_the_term_that_is_left_out_of_a_sum_within) {
    for (int is_tanh = 0; is_tanh < 2; is_tanh++) {
        struct line k = {.is_tanh = is_tanh != 0, .w = 0.8, .b = 0.45};
        for (int i = 0; i < LENGTH; i++) {
            k.x[i] = sin(1.0 + 1.9 * i);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, LENGTH),
                                        GRADCHECK_INPUT("w", &k.w, &k.dw, 1),
                                        GRADCHECK_INPUT("b", &k.b, &k.db, 1)};
        struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, LENGTH)};
        const struct gradcheck_kernel kernel = {.name = is_tanh ? "tanh line" : "sigmoid line",
                                                .inputs = in,
                                                .n_inputs = 3,
                                                .outputs = out,
                                                .n_outputs = 1,
                                                .forward = line_forward,
                                                .backward = line_backward,
                                                .ctx = &k};
        expect_cause(&kernel, 1, GRADCHECK_CAUSE_WRONG_ARGUMENT, "from which b is left out");
    }
}

/* ---- self attention without queries: y[t] = the mean of v[0 .. t] ---- */

enum { STEPS = 4, FEATURES = 3 };

struct running {
    double v[STEPS * FEATURES], dv[STEPS * FEATURES], y[STEPS * FEATURES], dy[STEPS * FEATURES];
};

/* y[t, c] = the sum over u <= t and d of (1 + u + d) v[u, d] / (1 + c + t) */
static double weight(int t, int c, int u, int d) {
    return (1.0 + u + d) / (1.0 + c + t);
}

static int running_forward(void *ctx) {
    struct running *k = ctx;
    for (int i = 0; i < STEPS * FEATURES; i++) {
        k->y[i] = 0;
        for (int j = 0; j < (i / FEATURES + 1) * FEATURES; j++) {
            k->y[i] += weight(i / FEATURES, i % FEATURES, j / FEATURES, j % FEATURES) * k->v[j];
        }
    }
    return 0;
}

/* Each step sets what it should add to. */
static int running_backward(void *ctx) {
    struct running *k = ctx;
    for (int t = 0; t < STEPS; t++) {
        for (int j = 0; j < (t + 1) * FEATURES; j++) {
            k->dv[j] = 0;
            for (int c = 0; c < FEATURES; c++) {
                k->dv[j] += weight(t, c, j / FEATURES, j % FEATURES) * k->dy[t * FEATURES + c];
            }
        }
    }
    return 0;
}

Test(diagnosis_terms, a_contribution_may_be_several_outputs_wide) {
    struct running k = {.v = {0.3}};
    for (int i = 0; i < STEPS * FEATURES; i++) {
        k.v[i] = sin(1.0 + 1.9 * i);
    }
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("v", k.v, k.dv, STEPS, FEATURES)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, STEPS, FEATURES)};
    in[0].dims[0] = out[0].dims[0] = "T";
    const struct gradcheck_kernel kernel = {.name = "running",
                                            .inputs = in,
                                            .n_inputs = 1,
                                            .outputs = out,
                                            .n_outputs = 1,
                                            .forward = running_forward,
                                            .backward = running_backward,
                                            .ctx = &k};
    expect_cause(&kernel, 1, GRADCHECK_CAUSE_OVERWRITES, "holds the last contribution");
}

/* ---- what looks like one of these and is not ---- */

enum lookalike { ANY_ORDER, TAP_LOST, LAST_SLOPE };

struct lookalikes {
    enum lookalike bug;
    unsigned calls;
    double x[LENGTH], dx[LENGTH], y[LENGTH], dy[LENGTH];
};

/* y[i] = 0.7 x[i - 1] - 1.2 x[i]^2 / 2 + 0.4 x[i + 1], around the ends */
static int lookalike_forward(void *ctx) {
    struct lookalikes *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        k->y[i] = 0.7 * k->x[(i + LENGTH - 1) % LENGTH] - 0.6 * k->x[i] * k->x[i] +
                  0.4 * k->x[(i + 1) % LENGTH];
    }
    return 0;
}

static int lookalike_backward(void *ctx) {
    struct lookalikes *k = ctx;
    for (int i = 0; i < LENGTH; i++) {
        const double slope = -1.2 * k->x[i] * (k->bug == LAST_SLOPE && i == LENGTH - 1 ? 0.5 : 1);
        const double terms[] = {0.7 * k->dy[(i + 1) % LENGTH], slope * k->dy[i],
                                0.4 * k->dy[(i + LENGTH - 1) % LENGTH] * (k->bug != TAP_LOST)};
        const unsigned from = k->bug == ANY_ORDER ? k->calls++ * 1103515245U >> 8 : 0;
        k->dx[i] = 0;
        for (unsigned t = 0; t < 3; t++) {
            k->dx[i] += terms[(from + t) % 3];
        }
    }
    return 0;
}

Test(diagnosis_terms, are_not_made_of_what_only_looks_like_them) {
    static const enum gradcheck_cause unwanted[] = {[ANY_ORDER] = GRADCHECK_CAUSE_UNINITIALISED,
                                                    [TAP_LOST] = GRADCHECK_CAUSE_OVERWRITES,
                                                    [LAST_SLOPE] = GRADCHECK_CAUSE_TAIL};
    for (int bug = ANY_ORDER; bug <= LAST_SLOPE; bug++) {
        struct lookalikes k = {.bug = (enum lookalike)bug};
        struct gradcheck_report r;
        for (int i = 0; i < LENGTH; i++) {
            k.x[i] = sin(1.0 + 1.9 * i);
        }
        struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", k.x, k.dx, LENGTH)};
        struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", k.y, k.dy, LENGTH)};
        const struct gradcheck_kernel kernel = {.name = "lookalike",
                                                .inputs = in,
                                                .n_inputs = 1,
                                                .outputs = out,
                                                .n_outputs = 1,
                                                .forward = lookalike_forward,
                                                .backward = lookalike_backward,
                                                .ctx = &k};
        cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_FAIL, "bug %d: %s", bug, r.summary);
        cr_expect_neq(r.cause, unwanted[bug], "bug %d: %s", bug, r.diagnosis);
    }
}
