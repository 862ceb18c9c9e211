// SPDX-License-Identifier: MIT
/* Contract rules that do not apply, and memory that tensors share. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/rules.h"

/* ---- memory that tensors share ---- */

/* y = a b, with a and b, and their gradients, in each other's gaps. */
struct pairs {
    double ab[6], grads[6], y[3], dy[3];
};

static int pairs_forward(void *ctx) {
    struct pairs *t = ctx;
    for (size_t i = 0; i < 3; i++) {
        t->y[i] = t->ab[2 * i] * t->ab[2 * i + 1];
    }
    return 0;
}

static int pairs_backward(void *ctx) {
    struct pairs *t = ctx;
    for (size_t i = 0; i < 3; i++) {
        t->grads[2 * i] = t->dy[i] * t->ab[2 * i + 1];
        t->grads[2 * i + 1] = t->dy[i] * t->ab[2 * i];
    }
    return 0;
}

static struct gradcheck_kernel pairs_kernel(struct pairs *t, const struct gradcheck_tensor in[2],
                                            const struct gradcheck_tensor *out) {
    return (struct gradcheck_kernel){.name = "pairs",
                                     .inputs = in,
                                     .n_inputs = 2,
                                     .outputs = out,
                                     .n_outputs = 1,
                                     .forward = pairs_forward,
                                     .backward = pairs_backward,
                                     .ctx = t};
}

Test(gradcheck_contract_rules, take_no_elements_of_others_for_padding) {
    for (int with_a = 0; with_a < 2; with_a++) {
        struct pairs t = {.ab = {1, 2, 3, 4, 5, 6}};
        struct gradcheck_tensor inputs[] = {
            GRADCHECK_INPUT("a", t.ab, t.grads, 3),
            GRADCHECK_INPUT("b", t.ab + 1, t.grads + 1, 3),
        };
        struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.y, t.dy, 3);
        inputs[0].strides[0] = inputs[1].strides[0] = 2;
        inputs[0].grad = with_a ? inputs[0].grad : NULL;
        const struct gradcheck_kernel k = pairs_kernel(&t, inputs, &output);
        struct gradcheck_report r;
        rules_run(&k, 0, &r);
        if (with_a) {
            rules_expect(&r, RULE(PADDING_UNTOUCHED), NOT_CHECKED,
                         "no tensor has padding of its own");
        } else { /* the gaps of b.grad are nobody's, but backward writes there */
            rules_expect(&r, RULE(PADDING_UNTOUCHED), FAIL,
                         "b.grad: bytes between its elements were written");
        }
    }
}

/* The gaps of an input that is not differentiable. */
Test(gradcheck_contract_rules, watch_the_padding_of_values_that_have_no_gradient) {
    double gaps[5] = {1, 9, 3, 9, 5};
    struct pairs t = {.ab = {1, 2, 3, 4, 5, 6}};
    struct gradcheck_tensor inputs[] = {
        GRADCHECK_INPUT("ab", t.ab, t.grads, 6),
        GRADCHECK_INPUT("c", gaps, NULL, 3),
    };
    struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.y, t.dy, 3);
    inputs[1].strides[0] = 2;
    const struct gradcheck_kernel k = pairs_kernel(&t, inputs, &output);
    struct gradcheck_report r;
    rules_run(&k, 0, &r);
    rules_expect(&r, RULE(PADDING_UNTOUCHED), PASS, "");
}

/* y = the sum of scalars and its negative, one value to either side of a gap. */
enum { N_SCALARS = GRADCHECK_MAX_TENSORS - 1 };

struct scalars {
    double x[N_SCALARS], dx[N_SCALARS], y[3], dy[3];
    bool spoils_gap;
};

static int scalars_forward(void *ctx) {
    struct scalars *t = ctx;
    t->y[0] = 0;
    for (size_t i = 0; i < N_SCALARS; i++) {
        t->y[0] += t->x[i];
    }
    t->y[2] = -t->y[0];
    t->y[1] += t->spoils_gap ? 1 : 0;
    return 0;
}

static int scalars_backward(void *ctx) {
    struct scalars *t = ctx;
    for (size_t i = 0; i < N_SCALARS; i++) {
        t->dx[i] = t->dy[0] - t->dy[2];
    }
    return 0;
}

Test(gradcheck_contract_rules, watch_the_padding_of_the_last_of_as_many_tensors_as_there_may_be) {
    for (int spoils = 0; spoils < 2; spoils++) {
        struct scalars t = {.spoils_gap = spoils};
        struct gradcheck_tensor inputs[N_SCALARS];
        char names[N_SCALARS][8];
        for (size_t i = 0; i < N_SCALARS; i++) {
            const struct gradcheck_tensor x = GRADCHECK_INPUT(names[i], &t.x[i], &t.dx[i]);
            (void)snprintf(names[i], sizeof names[i], "x%zu", i % 100);
            inputs[i] = x;
            t.x[i] = 1 + (double)i;
        }
        struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.y, t.dy, 2);
        output.strides[0] = 2;
        const struct gradcheck_kernel k = {.name = "scalars",
                                           .inputs = inputs,
                                           .n_inputs = N_SCALARS,
                                           .outputs = &output,
                                           .n_outputs = 1,
                                           .forward = scalars_forward,
                                           .backward = scalars_backward,
                                           .ctx = &t};
        struct gradcheck_report r;
        rules_run(&k, 0, &r);
        rules_expect(&r, RULE(PADDING_UNTOUCHED), spoils ? FAIL : PASS,
                     spoils ? "y: bytes between its elements were written" : "");
    }
}

/* y = x w in the memory of x. */
struct in_place {
    double x[3], dx[3], kept[3], w[3], dw[3], dy[3];
    bool spoils_w;
};

static int in_place_forward(void *ctx) {
    struct in_place *t = ctx;
    memcpy(t->kept, t->x, sizeof t->x);
    for (size_t i = 0; i < 3; i++) {
        t->x[i] *= t->w[i];
    }
    t->w[0] += t->spoils_w ? 1 : 0;
    return 0;
}

static int in_place_backward(void *ctx) {
    struct in_place *t = ctx;
    for (size_t i = 0; i < 3; i++) {
        t->dx[i] = t->dy[i] * t->w[i];
        t->dw[i] = t->dy[i] * t->kept[i];
    }
    return 0;
}

Test(gradcheck_contract_rules, let_an_input_change_in_the_place_of_an_output_alone) {
    for (int spoils = 0; spoils < 2; spoils++) {
        struct in_place t = {.x = {1, 2, 3}, .w = {0.5, -2, 3}, .spoils_w = spoils};
        const struct gradcheck_tensor inputs[] = {
            GRADCHECK_INPUT("x", t.x, t.dx, 3),
            GRADCHECK_INPUT("w", t.w, t.dw, 3),
        };
        struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.x, t.dy, 3);
        output.flags = GRADCHECK_IN_PLACE;
        const struct gradcheck_kernel k = {.name = "in_place",
                                           .inputs = inputs,
                                           .n_inputs = 2,
                                           .outputs = &output,
                                           .n_outputs = 1,
                                           .forward = in_place_forward,
                                           .backward = in_place_backward,
                                           .ctx = &t};
        struct gradcheck_report r;
        rules_run(&k, 0, &r);
        rules_expect(&r, RULE(INPUTS_UNTOUCHED), spoils ? FAIL : PASS,
                     spoils ? "w was changed by forward" : "");
    }
}

/* ---- products that underflow ---- */

struct faint {
    float x[4], dx[4], y[4], dy[4], u, most;
};

static int faint_forward(void *ctx) {
    struct faint *t = ctx;
    for (size_t i = 0; i < 4; i++) {
        t->y[i] = 3e-22F * (7e-22F * t->x[i]);
    }
    return 0;
}

static int faint_backward(void *ctx) {
    struct faint *t = ctx;
    t->u = t->u == 0 ? t->dy[0] : t->u;
    t->most = fmaxf(t->most, t->dy[0] / t->u);
    for (size_t i = 0; i < 4; i++) {
        t->dx[i] = 3e-22F * (7e-22F * t->dy[i]);
    }
    return 0;
}

Test(gradcheck_contract_rules, look_2_to_the_40_higher_where_products_underflow_in_float32) {
    struct faint t = {.x = {1, 2, 3, 4}};
    const struct gradcheck_tensor input = GRADCHECK_INPUT("x", t.x, t.dx, 4);
    const struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.y, t.dy, 4);
    const struct gradcheck_kernel k = {.name = "faint",
                                       .inputs = &input,
                                       .n_inputs = 1,
                                       .outputs = &output,
                                       .n_outputs = 1,
                                       .forward = faint_forward,
                                       .backward = faint_backward,
                                       .ctx = &t};
    struct gradcheck_report r;
    rules_run(&k, 0, &r);
    rules_expect(&r, RULE(HOMOGENEOUS), PASS,
                 "exact only for large cotangents: products underflow");
    cr_expect(t.most == 0x1p41F, "%a", (double)t.most);
}

/* y = scale x, whose backward forgets the sign of the cotangent. */
struct unsigned_scale {
    double x[8], dx[8], y[8], dy[8], scale;
};

static int unsigned_scale_forward(void *ctx) {
    struct unsigned_scale *t = ctx;
    for (size_t i = 0; i < 8; i++) {
        t->y[i] = t->scale * t->x[i];
    }
    return 0;
}

static int unsigned_scale_backward(void *ctx) {
    struct unsigned_scale *t = ctx;
    for (size_t i = 0; i < 8; i++) {
        t->dx[i] = t->scale * fabs(t->dy[i]);
    }
    return 0;
}

Test(gradcheck_contract_rules, find_what_is_not_additive_at_any_magnitude) {
    static const double scales[] = {1, 0x1p-300, 0x1p300};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        struct unsigned_scale t = {.x = {1, 2, 3, 4, 5, 6, 7, 8}, .scale = scales[i]};
        struct gradcheck_tensor input = GRADCHECK_INPUT("x", t.x, t.dx, 8);
        struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", t.y, t.dy, 8);
        const struct gradcheck_kernel k = {.name = "unsigned_scale",
                                           .inputs = &input,
                                           .n_inputs = 1,
                                           .outputs = &output,
                                           .n_outputs = 1,
                                           .forward = unsigned_scale_forward,
                                           .backward = unsigned_scale_backward,
                                           .ctx = &t};
        struct gradcheck_report r;
        rules_run(&k, 0, &r);
        cr_expect_eq(r.rules[RULE(ADDITIVE)].verdict, FAIL, "%zu: %s", i,
                     r.rules[RULE(ADDITIVE)].evidence);
    }
}

/* ---- rules that do not apply ---- */

/* y = x, of which nothing is asked but the rules. */
struct echo {
    double x, dx, tx, y, dy, ty;
};

static int echo_forward(void *ctx) {
    struct echo *t = ctx;
    t->y = t->x;
    return 0;
}

static int echo_backward(void *ctx) {
    struct echo *t = ctx;
    t->dx = t->dy;
    return 0;
}

static int echo_loss_backward(void *ctx) {
    struct echo *t = ctx;
    t->dx = 1;
    return 0;
}

static int echo_both(void *ctx) {
    (void)echo_loss_backward(ctx);
    return echo_forward(ctx);
}

static int echo_jvp(void *ctx) {
    struct echo *t = ctx;
    t->ty = t->tx;
    return 0;
}

Test(gradcheck_contract_rules, say_why_they_do_not_apply) {
    static const char fixed[] = "the cotangent is fixed: an output is a loss";
    static const char not_deterministic[] = "needs a deterministic backward";
    static const char own[] = "no backward of its own";
    enum { LOSS, BOTH, TANGENTS };
    static const struct {
        int kind;
        enum gradcheck_rule rule;
        const char *evidence;
    } rows[] = {
        {LOSS, RULE(ZERO_COTANGENT), fixed},
        {LOSS, RULE(HOMOGENEOUS), fixed},
        {LOSS, RULE(ADDITIVE), fixed},
        {LOSS, RULE(COTANGENTS_UNTOUCHED), "the output is a loss"},
        {BOTH, RULE(ZERO_COTANGENT), fixed},
        {BOTH, RULE(HOMOGENEOUS), fixed},
        {BOTH, RULE(ADDITIVE), fixed},
        {BOTH, RULE(OUTPUTS_UNTOUCHED), own},
        {BOTH, RULE(COTANGENTS_UNTOUCHED), own},
        {TANGENTS, RULE(OUTPUTS_UNTOUCHED), own},
        {TANGENTS, RULE(COTANGENTS_UNTOUCHED), own},
        {TANGENTS, RULE(BACKWARD_DETERMINISTIC), "no backward"},
        {TANGENTS, RULE(NO_STALE_CACHE), not_deterministic},
        {TANGENTS, RULE(VALUE_INDEPENDENT_OF_BACKWARD), "no backward"},
        {TANGENTS, RULE(EVERY_ENTRY_WRITTEN), not_deterministic},
        {TANGENTS, RULE(OVERWRITE_OR_ACCUMULATE), not_deterministic},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct echo t = {.x = 2};
        struct gradcheck_tensor input = GRADCHECK_INPUT("x", &t.x, &t.dx);
        struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", &t.y, NULL);
        struct gradcheck_kernel k = {.name = "echo",
                                     .inputs = &input,
                                     .n_inputs = 1,
                                     .outputs = &output,
                                     .n_outputs = 1,
                                     .forward = echo_forward,
                                     .backward = echo_loss_backward,
                                     .ctx = &t};
        if (rows[i].kind == BOTH) {
            k.forward = echo_both;
            k.backward = NULL;
        } else if (rows[i].kind == TANGENTS) {
            input.grad = NULL;
            input.tangent = &t.tx;
            output.grad = &t.dy;
            output.tangent = &t.ty;
            k.backward = echo_backward;
            k.jvp = echo_jvp;
        }
        struct gradcheck_report r;
        rules_run(&k, 0, &r);
        rules_expect(&r, rows[i].rule, NOT_CHECKED, rows[i].evidence);
    }
}
