// SPDX-License-Identifier: MIT
/* Directions through many relus, where every step crosses some of their kinks, and through many
 * weights, where none does. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/engine.h"

enum { N_RELUS = 20000 };

struct relus {
    double x[N_RELUS], dx[N_RELUS], y[N_RELUS], dy[N_RELUS];
    size_t n;
    double factor; /* of the first positive one's derivative */
};

static int relus_forward(void *ctx) {
    struct relus *r = ctx;
    for (size_t i = 0; i < r->n; i++) {
        r->y[i] = r->x[i] > 0 ? r->x[i] : 0;
    }
    return 0;
}

static int relus_backward(void *ctx) {
    struct relus *r = ctx;
    double factor = r->factor;
    for (size_t i = 0; i < r->n; i++) {
        r->dx[i] = r->x[i] > 0 ? factor * r->dy[i] : 0;
        factor = r->x[i] > 0 ? 1 : factor;
    }
    return 0;
}

static struct gradcheck_report check_relus(struct relus *r, size_t n, uint64_t seed) {
    r->n = n;
    const struct gradcheck_tensor x = GRADCHECK_INPUT("x", r->x, r->dx, n);
    const struct gradcheck_tensor y = GRADCHECK_OUTPUT("y", r->y, r->dy, n);
    const struct gradcheck_kernel kernel = {.name = "relus",
                                            .inputs = &x,
                                            .n_inputs = 1,
                                            .outputs = &y,
                                            .n_outputs = 1,
                                            .forward = relus_forward,
                                            .backward = relus_backward,
                                            .ctx = r};
    const struct gradcheck_options options = {
        .seed = seed, .n_points = 1, .screen_only = true, .no_diagnosis = true};
    struct gradcheck_report report;
    cr_assert_eq(gradcheck_run(&kernel, &options, &report), GRADCHECK_OK);
    return report;
}

/* Kinks at all distances, so that each step has some within; levels finer than the best tell, as
 * far as they are not lost in noise. */
Test(gradcheck_screen, sees_a_wrong_relu_among_some_that_are_nearly_at_their_kinks) {
    static struct relus r;
    struct gc_random random;
    gc_random_seed(&random, 9, 9);
    size_t n_failed = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        for (size_t i = 0; i < 400; i++) {
            r.x[i] = 2 * pow(2 * gc_random_uniform(&random) - 1, 5);
        }
        r.factor = 1.5;
        n_failed += check_relus(&r, 400, seed).verdict == GRADCHECK_FAIL;
    }
    cr_expect_geq(n_failed, 34u, "%zu", n_failed);
}

Test(gradcheck_screen, accuses_none_of_many_right_relus_and_the_one_wrong) {
    static struct relus r;
    struct gc_random random;
    gc_random_seed(&random, 7, 7);
    size_t n_pass = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        for (size_t i = 0; i < N_RELUS; i++) {
            r.x[i] = 4 * gc_random_uniform(&random) - 2;
        }
        r.factor = 1;
        struct gradcheck_report report = check_relus(&r, N_RELUS, seed);
        cr_expect_neq(report.verdict, GRADCHECK_FAIL, "seed %d", (int)seed);
        n_pass += report.verdict == GRADCHECK_PASS;
        r.factor = 1.01;
        report = check_relus(&r, N_RELUS, seed);
        cr_expect_eq(report.verdict, GRADCHECK_FAIL, "seed %d", (int)seed);
    }
    cr_expect(n_pass >= 11, "%zu", n_pass);
}

enum { N_WEIGHTS = 1000 };

struct weights {
    double w[N_WEIGHTS], dw[N_WEIGHTS], x[N_WEIGHTS], y, dy;
};

static int weights_forward(void *ctx) {
    struct weights *n = ctx;
    double z = 0;
    for (size_t i = 0; i < N_WEIGHTS; i++) {
        z += n->w[i] * n->x[i];
    }
    n->y = 1 / (1 + exp(-z));
    return 0;
}

/* The gradient of the first weight is off by little. */
static int weights_backward(void *ctx) {
    struct weights *n = ctx;
    for (size_t i = 0; i < N_WEIGHTS; i++) {
        n->dw[i] = n->dy * n->y * (1 - n->y) * n->x[i] * (i == 0 ? 1 + 4e-6 : 1);
    }
    return 0;
}

Test(gradcheck_screen, sees_one_weight_that_is_off_by_less_than_coarse_steps_truncate) {
    static struct weights n;
    struct gradcheck_tensor w = GRADCHECK_INPUT("w", n.w, n.dw, N_WEIGHTS);
    struct gradcheck_tensor y = GRADCHECK_OUTPUT("y", &n.y, &n.dy);
    const struct gradcheck_kernel kernel = {.name = "weights",
                                            .inputs = &w,
                                            .n_inputs = 1,
                                            .outputs = &y,
                                            .n_outputs = 1,
                                            .forward = weights_forward,
                                            .backward = weights_backward,
                                            .ctx = &n};
    struct gc_random random;
    gc_random_seed(&random, 8, 8);
    for (uint64_t seed = 0; seed < 200; seed++) {
        for (size_t i = 0; i < N_WEIGHTS; i++) {
            n.w[i] = 0.03 * gc_random_signed(&random);
            n.x[i] = gc_random_signed(&random);
        }
        const struct gradcheck_options options = {.seed = seed,
                                                  .n_points = 1,
                                                  .max_evaluations = 40,
                                                  .screen_only = true,
                                                  .no_diagnosis = true};
        struct gradcheck_report report;
        cr_assert_eq(gradcheck_run(&kernel, &options, &report), GRADCHECK_OK);
        cr_expect_eq(report.verdict, GRADCHECK_FAIL, "seed %d: %s", (int)seed, report.summary);
    }
}
