// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "layer.h"
#include "neuron.h"

/* One spoilt descriptor for each status, and the text that must name the place. */
static struct gradcheck_options options;
static struct gradcheck_waiver waiver;

static void null_value(struct neuron_test *t) {
    t->inputs[1].value = NULL;
}
static void null_forward(struct neuron_test *t) {
    t->kernel.forward = NULL;
}
static void no_input(struct neuron_test *t) {
    t->kernel.n_inputs = 0;
}
static void no_output(struct neuron_test *t) {
    t->kernel.n_outputs = 0;
}
static void too_many(struct neuron_test *t) {
    t->kernel.n_inputs = GRADCHECK_MAX_TENSORS;
}
static void no_name(struct neuron_test *t) {
    t->inputs[0].name = "";
}
static void bad_name(struct neuron_test *t) {
    t->inputs[0].name = "x y";
}
static void name_twice(struct neuron_test *t) {
    t->outputs[0].name = "w";
}
static void long_name(struct neuron_test *t) {
    t->inputs[0].name = "a_name_of_more_than_thirty_one_bytes";
}
static void unknown_dtype(struct neuron_test *t) {
    t->inputs[0].dtype = (enum gradcheck_dtype)99;
}
static void integer_grad(struct neuron_test *t) {
    t->inputs[0].dtype = GRADCHECK_I64;
}
static void five_axes(struct neuron_test *t) {
    t->inputs[0].ndim = 5;
}
static void empty_axis(struct neuron_test *t) {
    t->inputs[0].shape[1] = 0;
}
static void huge_shape(struct neuron_test *t) {
    t->inputs[0].shape[0] = SIZE_MAX / 2;
}
static void overlapping_strides(struct neuron_test *t) {
    t->inputs[0].strides[0] = 2;
    t->inputs[0].strides[1] = 1;
}
static void huge_strides(struct neuron_test *t) {
    t->inputs[0].strides[0] = SIZE_MAX / 2;
    t->inputs[0].strides[1] = 1;
}
static void nan_domain(struct neuron_test *t) {
    t->inputs[1].lower = NAN;
}
static void crossed_domain(struct neuron_test *t) {
    t->inputs[1].lower = 2;
    t->inputs[1].upper = 1;
}
static void value_outside(struct neuron_test *t) {
    t->inputs[1].lower = 5;
    t->inputs[1].upper = 6;
}
static void nan_scale(struct neuron_test *t) {
    t->inputs[1].grad_scale = NAN;
}
static void infinite_scale(struct neuron_test *t) {
    t->inputs[1].grad_scale = INFINITY;
}
static void batch_axis(struct neuron_test *t) {
    t->inputs[1].batch_axis = 2;
}
static void no_backward(struct neuron_test *t) {
    t->kernel.backward = NULL;
}
static void nan_accuracy(struct neuron_test *t) {
    t->kernel.accuracy = NAN;
    t->kernel.accuracy_reason = "table";
}
static void accuracy_alone(struct neuron_test *t) {
    t->kernel.accuracy = 1e-3;
}
static void unknown_rule(struct neuron_test *t) {
    waiver = (struct gradcheck_waiver){.rule = "tidy", .reason = "because"};
    t->kernel.waivers = &waiver;
    t->kernel.n_waivers = 1;
}
static void no_reason(struct neuron_test *t) {
    waiver = (struct gradcheck_waiver){.rule = "additive"};
    t->kernel.waivers = &waiver;
    t->kernel.n_waivers = 1;
}
static void no_gradient(struct neuron_test *t) {
    t->inputs[0].grad = t->inputs[1].grad = t->inputs[2].grad = NULL;
}
static void shared_memory(struct neuron_test *t) {
    t->inputs[1].grad = t->inputs[0].grad;
}
static int some_jvp(void *ctx) {
    (void)ctx;
    return 0;
}
static void jvp_without_tangents(struct neuron_test *t) {
    t->kernel.jvp = some_jvp;
}
static void symmetric_without_jvp(struct neuron_test *t) {
    t->kernel.jvp_symmetric = true;
}
static void many_points(struct neuron_test *t) {
    (void)t;
    options.n_points = GRADCHECK_MAX_POINTS + 1;
}
static void many_directions(struct neuron_test *t) {
    (void)t;
    options.n_directions = GRADCHECK_MAX_DIRECTIONS + 1;
}
static void nan_seconds(struct neuron_test *t) {
    (void)t;
    options.max_seconds = NAN;
}
static void negative_seconds(struct neuron_test *t) {
    (void)t;
    options.max_seconds = -1;
}
static int refuse(void *ctx) {
    (void)ctx;
    return 1;
}
static void refusing_forward(struct neuron_test *t) {
    t->kernel.forward = refuse;
}

static const struct {
    void (*spoil)(struct neuron_test *t);
    enum gradcheck_status status;
    const char *named;
} CASES[] = {
    {null_value, GRADCHECK_E_NULL, "inputs[1].value"},
    {null_forward, GRADCHECK_E_NULL, "forward"},
    {no_input, GRADCHECK_E_NO_INPUT, "n_inputs"},
    {no_output, GRADCHECK_E_NO_OUTPUT, "n_outputs"},
    {too_many, GRADCHECK_E_TOO_MANY_TENSORS, "n_inputs"},
    {no_name, GRADCHECK_E_NAME, "inputs[0].name"},
    {bad_name, GRADCHECK_E_NAME, "inputs[0].name"},
    {name_twice, GRADCHECK_E_NAME, "outputs[0].name"},
    {long_name, GRADCHECK_E_NAME, "inputs[0].name"},
    {unknown_dtype, GRADCHECK_E_DTYPE, "inputs[0].dtype"},
    {integer_grad, GRADCHECK_E_DTYPE, "inputs[0].dtype"},
    {five_axes, GRADCHECK_E_SHAPE, "inputs[0].shape"},
    {empty_axis, GRADCHECK_E_SHAPE, "inputs[0].shape"},
    {huge_shape, GRADCHECK_E_SHAPE, "inputs[0].shape"},
    {overlapping_strides, GRADCHECK_E_STRIDES, "inputs[0].strides"},
    {huge_strides, GRADCHECK_E_STRIDES, "inputs[0].strides"},
    {nan_domain, GRADCHECK_E_DOMAIN, "inputs[1].lower"},
    {crossed_domain, GRADCHECK_E_DOMAIN, "inputs[1].lower"},
    {value_outside, GRADCHECK_E_DOMAIN, "inputs[1].lower"},
    {nan_scale, GRADCHECK_E_SCALE, "inputs[1].grad_scale"},
    {infinite_scale, GRADCHECK_E_SCALE, "inputs[1].grad_scale"},
    {batch_axis, GRADCHECK_E_BATCH_AXIS, "inputs[1].batch_axis"},
    {no_backward, GRADCHECK_E_LOSS, "backward"},
    {nan_accuracy, GRADCHECK_E_ACCURACY, "accuracy"},
    {accuracy_alone, GRADCHECK_E_ACCURACY, "accuracy"},
    {unknown_rule, GRADCHECK_E_WAIVER, "waivers[0].rule"},
    {no_reason, GRADCHECK_E_WAIVER, "waivers[0].reason"},
    {no_gradient, GRADCHECK_E_NO_GRADIENT, "grad"},
    {shared_memory, GRADCHECK_E_OVERLAP, "w"},
    {jvp_without_tangents, GRADCHECK_E_JVP, "jvp"},
    {symmetric_without_jvp, GRADCHECK_E_JVP, "jvp_symmetric"},
    {many_points, GRADCHECK_E_OPTION, "n_points"},
    {many_directions, GRADCHECK_E_OPTION, "n_directions"},
    {nan_seconds, GRADCHECK_E_OPTION, "max_seconds"},
    {negative_seconds, GRADCHECK_E_OPTION, "max_seconds"},
    {refusing_forward, GRADCHECK_E_FORWARD, ""},
};

Test(gradcheck_validate, names_what_is_wrong) {
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct neuron_test t;
        neuron_test_open(&t);
        memset(&options, 0, sizeof options);
        CASES[i].spoil(&t);
        struct gradcheck_report r;
        memset(&r, 0xff, sizeof r);
        enum gradcheck_status status = gradcheck_run(&t.kernel, &options, &r);
        cr_assert_eq(status, CASES[i].status, "case %zu: %s", i, gradcheck_status_text(status));
        cr_assert_eq(r.verdict, GRADCHECK_NOT_CHECKED, "case %zu", i);
        cr_assert_not_null(strstr(r.summary, CASES[i].named), "case %zu: %s", i, r.summary);
        cr_assert_not_null(strstr(r.summary, gradcheck_status_text(CASES[i].status)), "case %zu",
                           i);
    }
}

Test(gradcheck_validate, covers_every_status_but_memory) {
    static const enum gradcheck_status all[] = {
#define CODE(code, text) code,
        GRADCHECK_STATUSES(CODE)
#undef CODE
    };
    for (size_t s = 0; s < sizeof all / sizeof all[0]; s++) {
        bool covered = all[s] == GRADCHECK_OK || all[s] == GRADCHECK_E_NO_MEMORY;
        for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
            covered = covered || CASES[i].status == all[s];
        }
        cr_assert(covered, "%s", gradcheck_status_text(all[s]));
    }
}

Test(gradcheck_validate, accepts_null_options_and_refuses_null_kernel_and_report) {
    struct neuron_test t;
    neuron_test_open(&t);
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, &r), GRADCHECK_OK);
    cr_assert_eq(gradcheck_run(NULL, NULL, &r), GRADCHECK_E_NULL);
    cr_assert_eq(gradcheck_run(&t.kernel, NULL, NULL), GRADCHECK_E_NULL);
}

Test(gradcheck_validate, takes_as_many_named_axes_as_there_may_be) {
    struct layer l;
    layer_open(&l);
    struct gradcheck_tensor *const tensors[] = {&l.inputs[0], &l.inputs[1], &l.outputs[0]};
    for (size_t t = 0; t < 3; t++) {
        for (size_t axis = tensors[t]->ndim; axis < GRADCHECK_MAX_DIMS; axis++) {
            tensors[t]->shape[axis] = 1;
        }
        tensors[t]->ndim = GRADCHECK_MAX_DIMS;
        tensors[t]->dims[0] = "B";
        memset(tensors[t]->strides, 0, sizeof tensors[t]->strides); /* packed, as they are */
    }
    const struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}

Test(gradcheck_validate, has_a_text_for_every_code) {
    cr_assert_str_eq(gradcheck_status_text((enum gradcheck_status)999), "unknown status");
    cr_assert_str_eq(gradcheck_verdict_name((enum gradcheck_verdict)999), "unknown verdict");
    cr_assert_str_eq(gradcheck_reason_name((enum gradcheck_reason)999), "unknown reason");
    cr_assert_str_eq(gradcheck_rule_name(GRADCHECK_N_RULES), "unknown rule");
    for (int v = GRADCHECK_NOT_CHECKED; v <= GRADCHECK_FAIL; v++) {
        cr_assert_str_neq(gradcheck_verdict_name((enum gradcheck_verdict)v), "unknown verdict");
    }
    for (int v = GRADCHECK_NO_REASON; v <= GRADCHECK_NUMERICS; v++) {
        cr_assert_str_neq(gradcheck_reason_name((enum gradcheck_reason)v), "unknown reason");
    }
}
