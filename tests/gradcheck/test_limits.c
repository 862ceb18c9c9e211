// SPDX-License-Identifier: MIT
/* What is just accepted and what is just refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/engine.h"

static int nothing(void *ctx) {
    (void)ctx;
    return 0;
}

static double memory[256];

/* Two inputs and an output of n elements each, none sharing memory. */
struct plain {
    struct gradcheck_tensor inputs[2], outputs[2];
    struct gradcheck_kernel kernel;
    struct gradcheck_options options;
    char text[GRADCHECK_TEXT_SIZE];
};

static struct gradcheck_tensor tensor(const char *name, size_t first) {
    return (struct gradcheck_tensor){.name = name,
                                     .value = memory + first,
                                     .grad = memory + first + 10,
                                     .ndim = 1,
                                     .shape = {3}};
}

static void open_plain(struct plain *p) {
    memset(p, 0, sizeof *p);
    memset(memory, 0, sizeof memory);
    p->inputs[0] = tensor("x", 0);
    p->inputs[1] = tensor("w", 20);
    p->outputs[0] = tensor("y", 40);
    p->outputs[1] = tensor("z", 60);
    p->kernel = (struct gradcheck_kernel){.name = "plain",
                                          .inputs = p->inputs,
                                          .n_inputs = 2,
                                          .outputs = p->outputs,
                                          .n_outputs = 1,
                                          .forward = nothing,
                                          .backward = nothing};
}

static enum gradcheck_status status_of(struct plain *p) {
    return gc_validate(&p->kernel, &p->options, false, p->text, sizeof p->text);
}

static bool is(struct plain *p, enum gradcheck_status expected) {
    enum gradcheck_status status = status_of(p);
    if (status != expected) {
        cr_log_info("%s (%s)", gradcheck_status_text(status), p->text);
    }
    return status == expected;
}

Test(gradcheck_limits, names_are_words_of_at_most_31_bytes) {
    static const struct {
        const char *name;
        bool good;
    } names[] = {
        {"x", true},
        {"_", true},
        {"aZ_09.b", true},
        {"Z", true},
        {"a234567890123456789012345678901", true},
        {"a2345678901234567890123456789012", false},
        {"", false},
        {NULL, false},
        {"9x", false},
        {".x", false},
        {"x y", false},
        {"x-", false},
        {"x\xc3\xa9", false},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct plain p;
        open_plain(&p);
        p.inputs[1].name = names[i].name;
        bool twice = names[i].name && strcmp(names[i].name, "x") == 0;
        cr_expect(is(&p, names[i].good && !twice ? GRADCHECK_OK : GRADCHECK_E_NAME), "row %zu", i);
        cr_expect(names[i].good || strncmp(p.text, "inputs[1].name: ", 16) == 0, "%s", p.text);
    }
    struct plain p;
    open_plain(&p);
    p.kernel.n_outputs = 2;
    cr_expect(is(&p, GRADCHECK_OK));
    p.outputs[1].name = "y";
    cr_expect(is(&p, GRADCHECK_E_NAME) && strncmp(p.text, "outputs[1].name", 15) == 0);
}

/* Whether two elements of a shape lie at one place. */
static bool collide(const size_t shape[2], const size_t strides[2]) {
    bool taken[64] = {false};
    for (size_t i = 0; i < shape[0]; i++) {
        for (size_t j = 0; j < shape[1]; j++) {
            size_t at = i * strides[0] + j * strides[1];
            if (taken[at]) {
                return true;
            }
            taken[at] = true;
        }
    }
    return false;
}

/* One axis clears all that the other reaches. */
static bool nested(const size_t shape[2], const size_t strides[2]) {
    return strides[0] > (shape[1] - 1) * strides[1] || strides[1] > (shape[0] - 1) * strides[0];
}

Test(gradcheck_limits, strides_that_collide_are_refused_and_nested_ones_are_not) {
    size_t n_refused = 0;
    for (size_t k = 0; k < (size_t)3 * 4 * 7 * 7; k++) {
        struct plain p;
        open_plain(&p);
        struct gradcheck_tensor *t = &p.inputs[0];
        t->value = memory + 100;
        t->grad = NULL;
        t->ndim = 2;
        t->shape[0] = 1 + k % 3;
        t->shape[1] = 1 + k / 3 % 4;
        t->strides[0] = k / 12 % 7;
        t->strides[1] = k / 84;
        bool given = t->strides[0] != 0 || t->strides[1] != 0;
        enum gradcheck_status status = status_of(&p);
        cr_expect(status == GRADCHECK_OK || status == GRADCHECK_E_STRIDES);
        if (given && collide(t->shape, t->strides)) {
            cr_expect_eq(status, GRADCHECK_E_STRIDES, "%zu x %zu, strides %zu, %zu", t->shape[0],
                         t->shape[1], t->strides[0], t->strides[1]);
        }
        if (!given || (nested(t->shape, t->strides) && !collide(t->shape, t->strides))) {
            cr_expect_eq(status, GRADCHECK_OK, "%zu x %zu, strides %zu, %zu", t->shape[0],
                         t->shape[1], t->strides[0], t->strides[1]);
        }
        n_refused += status != GRADCHECK_OK;
    }
    cr_expect_gt(n_refused, 100u);
}

Test(gradcheck_limits, sizes_that_overflow_are_refused) {
    static const struct {
        size_t ndim, shape[4], strides[4];
        enum gradcheck_status status;
    } table[] = {
        {2, {SIZE_MAX / 16, 1}, {0}, GRADCHECK_OK},
        {2, {SIZE_MAX / 16 + 1, 1}, {0}, GRADCHECK_E_SHAPE},
        {2, {SIZE_MAX / 32, 2}, {0}, GRADCHECK_OK},
        {2, {SIZE_MAX / 32, 3}, {0}, GRADCHECK_E_SHAPE},
        {3, {1, 0, 1}, {0}, GRADCHECK_E_SHAPE},
        {4, {1, 1, 1, 3}, {0}, GRADCHECK_OK},
        {1, {2}, {SIZE_MAX / 16}, GRADCHECK_OK},
        {1, {2}, {SIZE_MAX / 16 + 1}, GRADCHECK_E_STRIDES},
        {1, {3}, {SIZE_MAX / 16}, GRADCHECK_E_STRIDES},
        {2, {2, 2}, {SIZE_MAX / 16, 1}, GRADCHECK_E_STRIDES},
        {2, {2, 2}, {SIZE_MAX / 16 - 1, 1}, GRADCHECK_OK},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct plain p;
        open_plain(&p);
        p.outputs[0].grad = NULL; /* no other buffer within reach */
        p.outputs[0].ndim = table[i].ndim;
        memcpy(p.outputs[0].shape, table[i].shape, sizeof table[i].shape);
        memcpy(p.outputs[0].strides, table[i].strides, sizeof table[i].strides);
        p.outputs[0].flags = GRADCHECK_IN_PLACE;
        cr_expect(is(&p, table[i].status), "row %zu", i);
    }
}

Test(gradcheck_limits, a_domain_holds_its_ends) {
    static const struct {
        double lower, upper, value;
        bool good;
    } table[] = {
        {0, 0, -7, true},
        {1, 2, 1, true},
        {1, 2, 2, true},
        {1, 2, 0.999, false},
        {1, 2, 2.001, false},
        {3, 3, 3, true},
        {0, INFINITY, 0, true},
        {0, INFINITY, -1e-300, false},
        {-INFINITY, 0, 1e-300, false},
        {-1, 0, -1, true},
        {2, 1, 1.5, false},
        {NAN, 1, 0, false},
        {0, NAN, 0, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (size_t at = 0; at < 3; at++) {
            struct plain p;
            open_plain(&p);
            double *x = p.inputs[0].value;
            x[0] = x[1] = x[2] = fmin(fmax(0, table[i].lower), table[i].upper);
            x[at] = table[i].value;
            p.inputs[0].lower = table[i].lower;
            p.inputs[0].upper = table[i].upper;
            cr_expect(is(&p, table[i].good ? GRADCHECK_OK : GRADCHECK_E_DOMAIN), "row %zu", i);
        }
    }
    struct plain p;
    open_plain(&p);
    p.outputs[0].lower = 5; /* outputs have none */
    p.outputs[0].upper = 6;
    cr_expect(is(&p, GRADCHECK_OK));
}

/* Each of the buffers of x, w and y moved onto each other one, by more or less than its length. */
Test(gradcheck_limits, buffers_that_share_an_element_are_refused_without_a_flag) {
    for (size_t a = 0; a < 6; a++) {
        for (size_t b = 0; b < 6; b++) {
            for (int off = -3; off <= 3 && a != b; off++) {
                struct plain p;
                open_plain(&p);
                struct gradcheck_tensor *t[3] = {&p.inputs[0], &p.inputs[1], &p.outputs[0]};
                void **moved = a % 2 ? &t[a / 2]->grad : &t[a / 2]->value;
                double *onto = b % 2 ? t[b / 2]->grad : t[b / 2]->value;
                *moved = onto + off;
                bool apart = off == -3 || off == 3;
                cr_expect(is(&p, apart ? GRADCHECK_OK : GRADCHECK_E_OVERLAP), "%zu on %zu %+d", a,
                          b, off);
                t[a / 2]->flags = off % 2 ? GRADCHECK_CLOBBERED : GRADCHECK_IN_PLACE;
                cr_expect(is(&p, GRADCHECK_OK), "%zu on %zu %+d, with a flag", a, b, off);
            }
        }
    }
    struct plain p;
    open_plain(&p);
    p.inputs[1].value = (double *)p.inputs[0].value + 1; /* interleaved */
    p.inputs[0].strides[0] = p.inputs[1].strides[0] = 2;
    cr_expect(is(&p, GRADCHECK_OK));
}

Test(gradcheck_limits, a_jvp_needs_a_tangent_to_read_and_all_to_write) {
    struct plain p;
    open_plain(&p);
    p.kernel.jvp = nothing;
    cr_expect(is(&p, GRADCHECK_E_JVP));
    p.inputs[1].tangent = memory + 200;
    cr_expect(is(&p, GRADCHECK_E_JVP), "nowhere to write");
    p.outputs[0].tangent = memory + 210;
    cr_expect(is(&p, GRADCHECK_OK));
    p.kernel.jvp_symmetric = true;
    cr_expect(is(&p, GRADCHECK_OK), "three in, three out");
    p.inputs[0].tangent = memory + 220;
    cr_expect(is(&p, GRADCHECK_E_JVP), "six in, three out");
    p.kernel.n_outputs = 2;
    cr_expect(is(&p, GRADCHECK_E_JVP), "the second output has no tangent");
    p.outputs[1].tangent = memory + 230;
    cr_expect(is(&p, GRADCHECK_OK), "six in, six out");
    p.outputs[1].dtype = GRADCHECK_I64;
    p.outputs[1].grad = p.outputs[1].tangent = NULL;
    cr_expect(is(&p, GRADCHECK_E_JVP), "integers do not count");
    p.kernel.jvp_symmetric = false;
    cr_expect(is(&p, GRADCHECK_OK));
    p.kernel.jvp_symmetric = true;
    p.kernel.jvp = NULL;
    p.inputs[0].tangent = NULL;
    cr_expect(is(&p, GRADCHECK_E_JVP), "symmetric without a jvp");
}

Test(gradcheck_limits, without_a_backward_there_is_one_loss) {
    struct plain p;
    open_plain(&p);
    p.kernel.backward = NULL;
    cr_expect(is(&p, GRADCHECK_E_LOSS));
    p.outputs[0].grad = NULL;
    cr_expect(is(&p, GRADCHECK_E_LOSS), "three elements");
    p.outputs[0].shape[0] = 1;
    cr_expect(is(&p, GRADCHECK_OK));
    p.kernel.n_outputs = 2;
    p.outputs[1].grad = NULL;
    cr_expect(is(&p, GRADCHECK_E_LOSS), "two outputs");
    p.kernel.n_outputs = 1;
    p.inputs[0].grad = NULL;
    cr_expect(is(&p, GRADCHECK_OK));
    p.outputs[0].shape[0] = 3;
    cr_expect(is(&p, GRADCHECK_E_LOSS), "one input with a grad is enough to need it");
    p.outputs[0].shape[0] = 1;
    p.inputs[1].grad = NULL;
    cr_expect(is(&p, GRADCHECK_E_NO_GRADIENT));
    cr_expect_eq(gc_validate(&p.kernel, NULL, true, p.text, sizeof p.text), GRADCHECK_OK);
    p.outputs[0].dtype = GRADCHECK_I64;
    cr_expect_eq(gc_validate(&p.kernel, NULL, true, p.text, sizeof p.text), GRADCHECK_E_NO_GRADIENT,
                 "nothing to observe");
}

Test(gradcheck_limits, numbers_are_accepted_up_to_their_limits) {
    static const struct {
        double accuracy;
        const char *reason;
        bool good;
    } accuracies[] = {{0, NULL, true},       {1e-3, "table", true},   {1e-3, "", false},
                      {1e-3, NULL, false},   {-1e-3, "table", false}, {INFINITY, "table", false},
                      {NAN, "table", false}, {1e-300, NULL, false}};
    struct plain p;
    for (size_t i = 0; i < sizeof accuracies / sizeof accuracies[0]; i++) {
        open_plain(&p);
        p.kernel.accuracy = accuracies[i].accuracy;
        p.kernel.accuracy_reason = accuracies[i].reason;
        cr_expect(is(&p, accuracies[i].good ? GRADCHECK_OK : GRADCHECK_E_ACCURACY), "row %zu", i);
    }
    static const struct {
        size_t n_points, n_directions;
        double seconds;
        bool good;
    } options[] = {
        {GRADCHECK_MAX_POINTS, 0, 0, true},
        {GRADCHECK_MAX_POINTS + 1, 0, 0, false},
        {0, GRADCHECK_MAX_DIRECTIONS, 0, true},
        {0, GRADCHECK_MAX_DIRECTIONS + 1, 0, false},
        {1, 1, 1e300, true},
        {1, 1, INFINITY, false},
        {1, 1, -1e-300, false},
        {1, 1, NAN, false},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        open_plain(&p);
        p.options.n_points = options[i].n_points;
        p.options.n_directions = options[i].n_directions;
        p.options.max_seconds = options[i].seconds;
        cr_expect(is(&p, options[i].good ? GRADCHECK_OK : GRADCHECK_E_OPTION), "row %zu", i);
    }
    open_plain(&p);
    p.inputs[1].batch_axis = 1;
    cr_expect(is(&p, GRADCHECK_OK));
    p.inputs[1].batch_axis = 2;
    cr_expect(is(&p, GRADCHECK_E_BATCH_AXIS));
}

Test(gradcheck_limits, pointers_that_are_needed_are_named) {
    struct plain p;
    open_plain(&p);
    p.kernel.name = NULL;
    cr_expect(is(&p, GRADCHECK_E_NULL) && strncmp(p.text, "name: ", 6) == 0, "%s", p.text);
    open_plain(&p);
    p.kernel.inputs = NULL;
    cr_expect(is(&p, GRADCHECK_E_NULL) && strncmp(p.text, "inputs: ", 8) == 0, "%s", p.text);
    open_plain(&p);
    p.kernel.outputs = NULL;
    cr_expect(is(&p, GRADCHECK_E_NULL) && strncmp(p.text, "outputs: ", 9) == 0, "%s", p.text);
    open_plain(&p);
    p.kernel.n_waivers = 1;
    cr_expect(is(&p, GRADCHECK_E_NULL) && strncmp(p.text, "waivers: ", 9) == 0, "%s", p.text);
}

Test(gradcheck_limits, every_rule_can_be_waived_with_a_reason) {
    for (int rule = 0; rule <= GRADCHECK_N_RULES; rule++) {
        struct gradcheck_waiver waivers[2] = {
            {.rule = gradcheck_rule_name(GRADCHECK_RULE_ADDITIVE), .reason = "clips"},
            {.rule = gradcheck_rule_name((enum gradcheck_rule)rule), .reason = "so be it"}};
        struct plain p;
        open_plain(&p);
        p.kernel.waivers = waivers;
        p.kernel.n_waivers = 2;
        cr_expect(is(&p, rule < GRADCHECK_N_RULES ? GRADCHECK_OK : GRADCHECK_E_WAIVER), "%s",
                  waivers[1].rule);
        cr_expect(rule < GRADCHECK_N_RULES || strncmp(p.text, "waivers[1].rule", 15) == 0);
        waivers[1].reason = "";
        cr_expect(is(&p, GRADCHECK_E_WAIVER));
        waivers[1].rule = NULL;
        cr_expect(is(&p, GRADCHECK_E_WAIVER));
    }
}

/* ---- as many tensors as there may be ---- */

static double many[2][GRADCHECK_MAX_TENSORS], many_grads[2][GRADCHECK_MAX_TENSORS];
static size_t n_in, n_out;
static double many_factor; /* of every gradient: 1 is right */

/* Every output is the sum of the squares of all inputs, times its number. */
static int sum_squares(void *ctx) {
    (void)ctx;
    for (size_t o = 0; o < n_out; o++) {
        many[1][o] = 0;
        for (size_t i = 0; i < n_in; i++) {
            many[1][o] += (double)(o + 1) * many[0][i] * many[0][i];
        }
    }
    return 0;
}

static int sum_squares_backward(void *ctx) {
    (void)ctx;
    for (size_t i = 0; i < n_in; i++) {
        many_grads[0][i] = 0;
        for (size_t o = 0; o < n_out; o++) {
            many_grads[0][i] += many_factor * (double)(o + 1) * 2 * many[0][i] * many_grads[1][o];
        }
    }
    return 0;
}

static enum gradcheck_status run_many(size_t in, size_t out, double factor,
                                      struct gradcheck_report *r) {
    struct gradcheck_tensor t[2][GRADCHECK_MAX_TENSORS];
    char names[2][GRADCHECK_MAX_TENSORS][24];
    n_in = in;
    n_out = out;
    many_factor = factor;
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < (s ? out : in); i++) {
            snprintf(names[s][i], sizeof names[s][i], "%c%zu", s ? 'y' : 'x', i);
            t[s][i] = (struct gradcheck_tensor){
                .name = names[s][i], .value = &many[s][i], .grad = &many_grads[s][i]};
            many[s][i] = 1.03 + 0.1 * (double)i;
        }
    }
    const struct gradcheck_kernel k = {.name = "many",
                                       .inputs = t[0],
                                       .n_inputs = in,
                                       .outputs = t[1],
                                       .n_outputs = out,
                                       .forward = sum_squares,
                                       .backward = sum_squares_backward};
    return gradcheck_run(&k, &(struct gradcheck_options){.n_points = 1}, r);
}

Test(gradcheck_limits, as_many_tensors_as_there_may_be_are_checked) {
    static const size_t counts[][2] = {{31, 1}, {1, 31}, {16, 16}, {32, 1}, {1, 32}, {17, 16}};
    for (size_t c = 0; c < 6; c++) {
        const size_t in = counts[c][0], out = counts[c][1];
        struct gradcheck_report r;
        bool good = in + out <= GRADCHECK_MAX_TENSORS;
        cr_expect_eq(run_many(in, out, 1, &r), good ? GRADCHECK_OK : GRADCHECK_E_TOO_MANY_TENSORS,
                     "%zu + %zu", in, out);
        cr_expect_eq(r.verdict, good ? GRADCHECK_PASS : GRADCHECK_NOT_CHECKED, "%s", r.summary);
        cr_expect_eq(r.n_tensors, good ? in : 0);
    }
}

Test(gradcheck_limits, of_as_many_tensors_as_there_may_be_the_fault_is_named) {
    static const size_t counts[][2] = {{31, 1}, {1, 31}, {16, 16}};
    for (size_t c = 0; c < 3; c++) {
        struct gradcheck_report r;
        cr_expect_eq(run_many(counts[c][0], counts[c][1], -1, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_FAIL, "%zu: %s", c, r.summary);
        cr_expect_eq(r.cause, GRADCHECK_CAUSE_SIGN, "%zu: %s", c, r.diagnosis);
    }
}
