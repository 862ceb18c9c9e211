// SPDX-License-Identifier: MIT
/* Calls into a kernel: what counts as an answer, and what is put in place before each. */
#include <criterion/criterion.h>
#include <math.h>
#include <time.h>

#include "gradcheck/engine.h"
#include "gradcheck/rules.h"

enum { N = 3 };

/* ---- y = scale x, scale an integer; or their sum as a loss, whose forward writes gradients ----
 */

struct scaled {
    double x[N], dx[N], y[N], dy[N];
    int32_t scale;
    bool uses_up;      /* forward, the scale */
    size_t bad;        /* an element of y that is NaN; N: none */
    bool refuses;      /* forward */
    bool adds, leaves; /* to the gradients; the last of them */
    size_t n_backward;
    struct gradcheck_tensor in[2], out;
    struct gradcheck_kernel kernel;
};

static int forward(void *ctx) {
    struct scaled *k = ctx;
    for (size_t i = 0; i < N; i++) {
        k->y[i] = i == k->bad ? (double)NAN : k->scale * k->x[i];
    }
    k->scale = k->uses_up ? 0 : k->scale;
    return k->refuses;
}

static int backward(void *ctx) {
    struct scaled *k = ctx;
    k->n_backward++;
    for (size_t i = 0; i < N; i++) {
        k->dx[i] = 3 * k->dy[i];
    }
    return 0;
}

static int loss(void *ctx) {
    struct scaled *k = ctx;
    k->y[0] = 0;
    for (size_t i = 0; i < N; i++) {
        k->y[0] += k->scale * k->x[i];
        if (!(k->leaves && i == N - 1)) {
            k->dx[i] = (k->adds ? k->dx[i] : 0) + k->scale;
        }
    }
    return 0;
}

static void open_scaled(struct scaled *k) {
    *k = (struct scaled){.x = {0.7, -1.2, 0.4}, .scale = 3, .bad = N};
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", k->x, k->dx, N);
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("scale", &k->scale, NULL);
    k->out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, k->dy, N);
    k->kernel = (struct gradcheck_kernel){.name = "scaled",
                                          .inputs = k->in,
                                          .n_inputs = 2,
                                          .outputs = &k->out,
                                          .n_outputs = 1,
                                          .forward = forward,
                                          .backward = backward,
                                          .ctx = k};
}

/* Whatever its neighbours in memory hold. */
Test(gradcheck_evaluate, a_forward_is_finite_if_all_of_its_elements_are) {
    for (size_t bad = 0; bad <= N; bad++) {
        struct scaled k;
        struct gradcheck_report r;
        struct gc_session s;
        open_scaled(&k);
        cr_assert_eq(gc_session_open(&s, &k.kernel, NULL, &r, false), GRADCHECK_OK);
        k.bad = bad;
        s.y0[0] = s.y0[N - 1] = s.minus[0] = s.minus[N - 1] = NAN;
        cr_expect_eq(gc_forward(&s, s.plus), bad < N ? GC_NON_FINITE : GC_DONE, "%zu", bad);
        gc_session_close(&s);
    }
}

Test(gradcheck_evaluate, a_backward_follows_a_forward_that_was_not_refused) {
    for (size_t i = 0; i < 3; i++) {
        static const enum gc_outcome outcomes[] = {GC_DONE, GC_NON_FINITE, GC_REFUSED};
        struct scaled k;
        struct gradcheck_report r;
        struct gc_session s;
        open_scaled(&k);
        cr_assert_eq(gc_session_open(&s, &k.kernel, NULL, &r, false), GRADCHECK_OK);
        k.bad = outcomes[i] == GC_NON_FINITE ? 1 : N;
        k.refuses = outcomes[i] == GC_REFUSED;
        cr_expect_eq(gc_backward(&s, s.cotangent, NULL, s.grad), outcomes[i], "%zu", i);
        cr_expect_eq(k.n_backward, outcomes[i] != GC_REFUSED, "%zu", i);
        cr_expect_eq(r.n_backward, k.n_backward, "%zu", i);
        gc_session_close(&s);
    }
}

Test(gradcheck_evaluate, integers_that_a_forward_uses_up_are_there_again) {
    struct scaled k;
    struct gradcheck_report r;
    open_scaled(&k);
    k.uses_up = true;
    k.in[1].flags = GRADCHECK_CLOBBERED;
    cr_assert_eq(gradcheck_run(&k.kernel, NULL, &r), GRADCHECK_OK);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_expect_eq(k.scale, 3);
}

/* ---- a loss whose forward writes the gradients too ---- */

static void open_loss(struct scaled *k) {
    open_scaled(k);
    k->out = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, NULL);
    k->kernel.forward = loss;
    k->kernel.backward = NULL;
}

Test(gradcheck_evaluate, gradients_of_a_forward_begin_with_what_they_are_filled_with) {
    for (int adds = 0; adds < 2; adds++) {
        struct scaled k;
        struct gradcheck_report r;
        open_loss(&k);
        k.adds = k.kernel.grad_accumulates = adds;
        cr_assert_eq(gradcheck_run(&k.kernel, NULL, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_PASS, "%d: %s", adds, r.summary);
        rules_expect(&r, RULE(OVERWRITE_OR_ACCUMULATE), PASS, "");
    }
    struct scaled k;
    struct gradcheck_report r;
    open_loss(&k);
    k.leaves = true;
    rules_run(&k.kernel, 0, &r);
    rules_expect(&r, RULE(EVERY_ENTRY_WRITTEN), FAIL,
                 "x[2].grad is not written: it keeps what it held before");
}

/* ---- the clock ---- */

static double clock_now(void) {
    struct timespec now;
    cr_assert_eq(timespec_get(&now, TIME_UTC), TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Once in many tries, in case that somebody sets it. */
Test(gradcheck_evaluate, seconds_are_those_of_the_clock) {
    bool between = false;
    for (int i = 0; i < 10 && !between; i++) {
        const double before = clock_now(), now = gc_now(), after = clock_now();
        between = before <= now && now <= after;
    }
    cr_expect(between);
}
