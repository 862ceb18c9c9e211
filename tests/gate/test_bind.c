// SPDX-License-Identifier: MIT
/* Arrays of a case and tensors of a kernel that do not belong together. */
#include "gate/case.h"
#include "kernels.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CASE_ID "n5-random"

static bool no_z(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)k;
    (void)why;
    out->n_extras = 0;
    return true;
}

static bool one_more(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)k;
    (void)why;
    out->n_extras = 2;
    return true;
}

static bool no_b(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)k;
    (void)why;
    out->check.n_inputs = 2;
    return true;
}

static bool b_undifferentiated(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    k->in[2].grad = NULL;
    return true;
}

static bool renamed(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    k->in[1].name = "v";
    return true;
}

static bool no_cotangent(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    k->out[0].grad = NULL;
    return true;
}

static bool short_w(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    k->in[1].shape[0]--;
    return true;
}

static bool float_b(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    k->in[2].dtype = GRADCHECK_F32;
    return true;
}

static bool not_for_this(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    plain_free(k);
    snprintf(why, GATE_TEXT_SIZE, "only for even n");
    return false;
}

Test(gate_bind, an_array_without_a_tensor_or_the_reverse_is_an_error_with_its_name) {
    static const struct {
        struct way way;
        const char *finding;
    } rows[] = {
        {{.spoil_open = no_z}, "the case has the expected array z, the kernel has no such tensor"},
        {{.spoil_open = one_more}, "the kernel writes more, the case does not expect it"},
        {{.spoil_open = no_b}, "the case has the input b, the kernel has no such tensor"},
        {{.spoil_open = b_undifferentiated},
         "the case has the expected array b.grad, the kernel has no such tensor"},
        {{.spoil_open = renamed}, "the case has the input w, the kernel has no such tensor"},
        {{.spoil_open = no_cotangent},
         "the case has the input y.grad, the kernel has no such tensor"},
        {{.spoil_open = short_w}, "input w is f64 5 in the case and f64 4 in the kernel"},
        {{.spoil_open = float_b}, "input b is f64 scalar in the case and f32 scalar in the kernel"},
        {{.spoil_open = not_for_this}, "only for even n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_case c = check_way(&rows[i].way, CASE_ID, 30);
        cr_expect(c.verdict == GATE_ERROR && c.golden == GATE_ERROR, "%s", rows[i].finding);
        cr_expect(c.gradient == GATE_NOT_RUN && c.n_arrays == 0, "%s", rows[i].finding);
        cr_expect_str_eq(c.finding, rows[i].finding);
        case_free(&c);
    }
}

static const struct golden_case *without(const char *input, const char *expected) {
    static struct golden_case copy;
    static struct golden_input inputs[8];
    static struct golden_expected wanted[8];
    const struct golden_case *c = neuron_case(CASE_ID);
    copy = *c;
    copy.inputs = inputs;
    copy.expected = wanted;
    copy.n_inputs = copy.n_expected = 0;
    for (size_t i = 0; i < c->n_inputs; i++) {
        if (strcmp(c->inputs[i].name, input) != 0) {
            inputs[copy.n_inputs++] = c->inputs[i];
        }
    }
    for (size_t i = 0; i < c->n_expected; i++) {
        if (strcmp(c->expected[i].name, expected) != 0) {
            wanted[copy.n_expected++] = c->expected[i];
        }
    }
    return &copy;
}

Test(gate_bind, what_a_case_lacks_is_named_too) {
    static const struct {
        const char *input, *expected, *finding;
    } rows[] = {
        {"w", "", "the kernel reads w, the case does not give it"},
        {"y.grad", "", "the kernel reads y.grad, the case does not give it"},
        {"", "y", "the kernel writes y, the case does not expect it"},
        {"", "x.grad", "the kernel writes x.grad, the case does not expect it"},
    };
    const struct gate_family family = plain_family(NULL);
    const struct gate_options options = {.golden_dir = "tests/golden"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_case c;
        cr_assert(case_run(&family, without(rows[i].input, rows[i].expected), &options, &c) ==
                  GATE_OK);
        cr_expect(c.verdict == GATE_ERROR, "%s", rows[i].finding);
        cr_expect_str_eq(c.finding, rows[i].finding);
        case_free(&c);
    }
}
