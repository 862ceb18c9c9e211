// SPDX-License-Identifier: MIT
/* y = max(a, b) / 3 + c at a = b, or the least of the two: which gradients the directions of a tie
 * refute. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/elementwise.h"

struct ties {
    double x[2], dx[2], y, dy;
    float f[2], df[2];
    double c, dc; /* an input only if asked for */
    bool has_c, c_is_checked;
    bool least, in_float, alone; /* alone: of the two the first is on a kink */
    bool refuses;                /* forward, but at the point */
    double low, high;            /* values that forward saw */
    size_t n_forward;
    struct gradcheck_tensor input[2], output;
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct ties *t = ctx;
    double a = t->in_float ? (double)t->f[0] : t->x[0];
    double b = t->in_float ? (double)t->f[1] : t->x[1];
    t->y = (t->least ? fmin(a, b) : fmax(a, b)) / 3 + t->c;
    t->low = fmin(t->low, fmin(a, b));
    t->high = fmax(t->high, fmax(a, b));
    return t->refuses && t->n_forward++ > 0;
}

static int backward(void *ctx) {
    (void)ctx;
    return 0;
}

static bool refuted(struct ties *t, const double grad[2], uint64_t seed) {
    t->input[0] = t->in_float ? (struct gradcheck_tensor)GRADCHECK_INPUT("f", t->f, t->df, 2)
                              : (struct gradcheck_tensor)GRADCHECK_INPUT("x", t->x, t->dx, 2);
    t->input[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("c", &t->c, &t->dc);
    t->input[1].grad = t->c_is_checked ? t->input[1].grad : NULL;
    t->output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &t->y, &t->dy);
    t->input[0].lower = t->low;
    t->input[0].upper = t->high;
    t->kernel = (struct gradcheck_kernel){.name = "ties",
                                          .inputs = t->input,
                                          .n_inputs = t->has_c ? 2 : 1,
                                          .outputs = &t->output,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = t};
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    struct gradcheck_report r;
    struct gc_session s;
    cr_assert_eq(gc_session_open(&s, &t->kernel, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    s.cotangent[0] = 1;
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    for (size_t e = 0; e < (t->alone ? 1 : 2); e++) {
        s.grad[e] = grad[e];
        s.state[e] = (unsigned char)(GC_SEEN | GC_AT_KINK | (t->least ? 0 : GC_CONVEX));
    }
    gc_check_ties(&s);
    bool broken[2] = {(s.state[0] & GC_TIE_BROKEN) != 0, (s.state[1] & GC_TIE_BROKEN) != 0};
    cr_expect(!t->has_c || s.state[2] == GC_UNSEEN, "what is no tie is left as it was");
    t->n_forward = r.n_forward;
    gc_session_close(&s);
    cr_expect(t->alone || broken[0] == broken[1]);
    return broken[0];
}

static const double THIRD = 1.0 / 3;

static const struct {
    double grad[2];
    bool refuted;
} GRADIENTS[] = {
    {{THIRD, 0}, false},    {{0, THIRD}, false},    {{THIRD / 2, THIRD / 2}, false},
    {{THIRD, THIRD}, true}, {{0, 0}, true},         {{THIRD, 1e-3}, true},
    {{THIRD, -1e-3}, true}, {{-1e-3, THIRD}, true}, {{1.01 * THIRD, 0}, true},
};

enum { N_GRADIENTS = sizeof GRADIENTS / sizeof GRADIENTS[0] };

Test(gradcheck_ties, are_refuted_by_what_is_no_subgradient_at_any_magnitude) {
    static const double values[] = {1e-200, 1, 1e200};
    for (size_t i = 0; i < 6 * N_GRADIENTS; i++) {
        const size_t k = i / 6;
        struct ties t = {.least = i % 2 == 1, .low = -INFINITY, .high = INFINITY};
        t.x[0] = t.x[1] = values[i % 6 / 2];
        cr_expect_eq(refuted(&t, GRADIENTS[k].grad, 0), GRADIENTS[k].refuted, "%g, %g at %g",
                     GRADIENTS[k].grad[0], GRADIENTS[k].grad[1], t.x[0]);
    }
}

/* A third is rounded in a float, and the directions are sharper than that. */
Test(gradcheck_ties, are_not_refuted_by_the_rounding_of_the_gradient) {
    const double third = (double)(float)THIRD;
    const double grads[][2] = {{third, 0}, {0, third}, {third / 2, third / 2}};
    for (size_t i = 0; i < 24; i++) {
        struct ties t = {.in_float = true, .least = i % 2 == 1, .low = -INFINITY, .high = INFINITY};
        t.f[0] = t.f[1] = 1.5F;
        cr_expect(!refuted(&t, grads[i % 3], i), "case %zu", i);
    }
}

Test(gradcheck_ties, are_looked_at_within_the_domain) {
    for (size_t i = 0; i < 60; i++) {
        const double room = pow(10, -1.0 - (double)(i % 5));
        struct ties t = {.low = 1 - room, .high = 1 + room};
        t.x[0] = t.x[1] = 1;
        cr_expect(!refuted(&t, GRADIENTS[0].grad, i));
        cr_expect(t.low == 1 - room && t.high == 1 + room, "%g to %g of %g", t.low - 1, t.high - 1,
                  room);
        cr_expect(refuted(&t, GRADIENTS[3].grad, i));
    }
}

Test(gradcheck_ties, are_refuted_in_a_domain_of_any_size) {
    static const double rooms[] = {1e-200, 1e-40, 1e200};
    for (size_t i = 0; i < 3 * N_GRADIENTS; i++) {
        const size_t k = i / 3;
        struct ties t = {.low = -rooms[i % 3], .high = rooms[i % 3]};
        cr_expect_eq(refuted(&t, GRADIENTS[k].grad, 0), GRADIENTS[k].refuted, "%g, %g within %g",
                     GRADIENTS[k].grad[0], GRADIENTS[k].grad[1], rooms[i % 3]);
    }
}

/* Along ties only these move: the others need not be right, nor have a gradient. */
Test(gradcheck_ties, are_judged_by_themselves) {
    for (size_t i = 0; i < 4 * N_GRADIENTS; i++) {
        const size_t k = i / 4;
        struct ties t = {.x = {1, 1}, .c = 1, .has_c = true, .low = -INFINITY, .high = INFINITY};
        t.c_is_checked = i % 2 == 1;
        t.least = i % 4 / 2 == 1;
        cr_expect_eq(refuted(&t, GRADIENTS[k].grad, 0), GRADIENTS[k].refuted, "%g, %g, case %zu",
                     GRADIENTS[k].grad[0], GRADIENTS[k].grad[1], i);
    }
}

/* At 0, where differences are sharpest: eight units of the gradient's own rounding, and about as
 * many that differences may be off by; a quarter of epsilon is three quarters of a unit of a third.
 */
Test(gradcheck_ties, are_allowed_a_few_units_in_the_gradient) {
    for (uint64_t seed = 0; seed < 6; seed++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            struct ties t = {.low = -INFINITY, .high = INFINITY};
            const double near[] = {THIRD + sign * 18 * DBL_EPSILON / 4, 0};
            const double far[] = {THIRD + sign * 21 * DBL_EPSILON / 4, 0};
            cr_expect(!refuted(&t, near, seed), "%d", sign);
            cr_expect(refuted(&t, far, seed), "%d", sign);
        }
    }
}

/* Fourteen steps to both sides along six directions, if nothing is refuted. */
Test(gradcheck_ties, take_evaluations_only_where_there_are_two) {
    struct ties t = {.x = {1, 1}, .low = -INFINITY, .high = INFINITY};
    cr_expect(!refuted(&t, GRADIENTS[0].grad, 0));
    cr_expect_eq(t.n_forward, 1 + 6 * 14 * 2, "%zu", t.n_forward);
    t.alone = true;
    cr_expect(!refuted(&t, GRADIENTS[3].grad, 0));
    cr_expect_eq(t.n_forward, 1, "%zu", t.n_forward);
}

Test(gradcheck_ties, are_not_refuted_where_forward_refuses) {
    struct ties t = {.x = {1, 1}, .refuses = true, .low = -INFINITY, .high = INFINITY};
    cr_expect(!refuted(&t, GRADIENTS[3].grad, 0));
}

/* Steps that vanish in a float32 show what backward claims, and not the function. */
Test(gradcheck_ties, are_refuted_in_float32_whose_function_is_known_in_float64) {
    for (size_t i = 0; i < 4 * N_GRADIENTS; i++) {
        const size_t k = i / 4;
        struct ties t = {.f = {1.5F, 1.5F}, .in_float = true, .low = -INFINITY, .high = INFINITY};
        t.least = i % 2 == 1;
        cr_expect_eq(refuted(&t, GRADIENTS[k].grad, i), GRADIENTS[k].refuted, "%g, %g",
                     GRADIENTS[k].grad[0], GRADIENTS[k].grad[1]);
    }
}
