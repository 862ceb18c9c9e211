// SPDX-License-Identifier: MIT
/* A program that has only gradcheck.h and gradcheck.c: it must see a right gradient pass and a
 * wrong one fail. */
#include "gradcheck.h"

#include <stdlib.h>

static double x[3] = {1, 2, 3}, dx[3], w[3] = {0.5, -0.2, 0.1}, dw[3], y, dy;

static int forward(void *ctx) {
    (void)ctx;
    y = x[0] * w[0] + x[1] * w[1] * w[1] + x[2] * w[2];
    return 0;
}

static int backward(void *ctx) {
    const double *wrong = ctx;
    dx[0] = dy * w[0];
    dx[1] = dy * w[1] * w[1];
    dx[2] = dy * w[2];
    dw[0] = dy * x[0];
    dw[1] = dy * 2 * x[1] * w[1] * (1 + *wrong);
    dw[2] = dy * x[2];
    return 0;
}

static enum gradcheck_verdict verdict(double wrong) {
    struct gradcheck_tensor in[] = {GRADCHECK_INPUT("x", x, dx, 3), GRADCHECK_INPUT("w", w, dw, 3)};
    struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &y, &dy)};
    struct gradcheck_kernel k = {.name = "dot",
                                 .inputs = in,
                                 .n_inputs = 2,
                                 .outputs = out,
                                 .n_outputs = 1,
                                 .forward = forward,
                                 .backward = backward,
                                 .ctx = &wrong};
    struct gradcheck_report report;
    enum gradcheck_status status = gradcheck_run(&k, NULL, &report);
    if (gradcheck_print(&report, stdout) != 0 || status != GRADCHECK_OK) {
        return GRADCHECK_NOT_CHECKED;
    }
    return report.verdict;
}

int main(void) {
    return verdict(0) == GRADCHECK_PASS && verdict(1e-9) == GRADCHECK_FAIL ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
