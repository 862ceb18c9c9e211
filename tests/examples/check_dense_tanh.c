// SPDX-License-Identifier: MIT
/* check_dense_tanh DIR: the C port against the recorded NumPy values and against finite
 * differences. Exit 0 right, 1 wrong, 2 could not run. */
#include "dense_tanh.h"
#include "golden/golden.h"
#include "gradcheck/gradcheck.h"

#include <stdio.h>

static int forward(void *layer) {
    dense_tanh_forward(layer);
    return 0;
}

static int backward(void *layer) {
    dense_tanh_backward(layer);
    return 0;
}

static double *input(const struct golden_case *c, const char *name) {
    return golden_find_input(c, name)->array.data;
}

/* The arrays that the port writes stand in for NumPy's: they have their shapes already. */
static double *output(const struct golden_case *c, const char *name) {
    return golden_find_expected(c, name)->value.data;
}

static struct dense_tanh layer_of(const struct golden_case *c) {
    const struct array *w = &golden_find_input(c, "w")->array;
    return (struct dense_tanh){
        .rows = golden_find_input(c, "x")->array.shape[0],
        .n = w->shape[0],
        .m = w->shape[1],
        .x = input(c, "x"),
        .w = input(c, "w"),
        .b = input(c, "b"),
        .dy = input(c, "y.grad"),
        .y = output(c, "y"),
        .dx = output(c, "x.grad"),
        .dw = output(c, "w.grad"),
        .db = output(c, "b.grad"),
    };
}

static int golden_values_agree(const struct golden_case *c, struct dense_tanh *l) {
    int right = 1;
    dense_tanh_forward(l);
    dense_tanh_backward(l);
    for (size_t i = 0; i < c->n_expected; i++) {
        const struct golden_expected *e = &c->expected[i];
        struct golden_comparison result;
        char text[256];
        (void)golden_compare(&e->value, &e->exact, &e->bound, NULL, &result);
        golden_comparison_text(&result, text, sizeof text);
        right &= result.verdict == GOLDEN_PASS;
        printf("%-16s %-7s %s %.2f of its bound%s%s\n", c->id, e->name,
               result.verdict == GOLDEN_PASS ? "pass" : "FAIL", result.max_share,
               result.verdict == GOLDEN_PASS ? "" : ": ",
               result.verdict == GOLDEN_PASS ? "" : text);
    }
    return right;
}

static int finite_differences_agree(const struct golden_case *c, struct dense_tanh *l) {
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", l->x, l->dx, l->rows, l->n),
                                    GRADCHECK_INPUT("w", l->w, l->dw, l->n, l->m),
                                    GRADCHECK_INPUT("b", l->b, l->db, l->m)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", l->y, l->dy, l->rows, l->m)};
    in[1].grad_scale = golden_find_expected(c, "w.grad")->grad_scale;
    in[2].grad_scale = golden_find_expected(c, "b.grad")->grad_scale;
    struct gradcheck_kernel kernel = {.name = "dense_tanh",
                                      .inputs = in,
                                      .n_inputs = 3,
                                      .outputs = out,
                                      .n_outputs = 1,
                                      .forward = forward,
                                      .backward = backward,
                                      .ctx = l};
    struct gradcheck_report report;
    enum gradcheck_status status = gradcheck_run(&kernel, NULL, &report);
    printf("%-16s finite differences: %s\n", c->id, report.summary);
    return status == GRADCHECK_OK && report.verdict == GRADCHECK_PASS;
}

int main(int argc, char *argv[]) {
    struct golden_suite suite;
    struct golden_error error;
    if (argc != 2 || golden_load(argv[1], "dense_tanh", &suite, &error) != GOLDEN_OK) {
        char text[512] = "usage: check_dense_tanh DIR";
        if (argc == 2) {
            golden_error_text(&error, text, sizeof text);
        }
        fprintf(stderr, "%s\n", text);
        return 2;
    }
    int right = 1;
    for (size_t i = 0; i < suite.n_cases; i++) {
        struct dense_tanh layer = layer_of(&suite.cases[i]);
        right &= golden_values_agree(&suite.cases[i], &layer);
        right &= finite_differences_agree(&suite.cases[i], &layer);
    }
    golden_free(&suite);
    return right ? 0 : 1;
}
