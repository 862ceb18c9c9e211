// SPDX-License-Identifier: MIT
/* What a session has before anything ran: the options as stated, a stream of the seed, and memory
 * of its own for each thing. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/engine.h"
#include "layer.h"

enum { N = LAYER_ROWS * LAYER_COLUMNS };

static void open_with(struct layer *l, const struct gradcheck_options *o, struct gc_session *s,
                      struct gradcheck_report *r) {
    layer_open(l);
    l->kernel.n_inputs = 3; /* with the label */
    cr_assert_eq(gc_session_open(s, &l->kernel, o, r, false), GRADCHECK_OK, "%s", r->summary);
}

Test(gradcheck_session, has_the_defaults_of_the_header) {
    struct layer l;
    struct gc_session s;
    struct gradcheck_report r;
    open_with(&l, NULL, &s, &r);
    cr_expect_eq(s.options.n_points, 3u);
    cr_expect_eq(s.options.n_directions, 3u);
    cr_expect_eq(s.options.max_evaluations, 100000u);
    cr_expect(s.deadline == 0);
    gc_session_close(&s);
}

Test(gradcheck_session, ends_so_many_seconds_from_when_it_began) {
    static const double seconds[] = {3600, 0.5};
    for (size_t i = 0; i < 2; i++) {
        const struct gradcheck_options o = {.max_seconds = seconds[i]};
        struct layer l;
        struct gc_session s;
        struct gradcheck_report r;
        const double before = gc_now();
        open_with(&l, &o, &s, &r);
        cr_expect(s.deadline >= before + seconds[i] && s.deadline <= gc_now() + seconds[i], "%g",
                  s.deadline);
        gc_session_close(&s);
    }
}

static int first_phase(void *ctx, const struct gradcheck_progress *p) {
    struct gradcheck_progress *first = ctx;
    *first = first->n_points == 0 ? *p : *first;
    return 0;
}

Test(gradcheck_session, says_what_it_is_at_from_the_first_call_on) {
    struct gradcheck_progress first = {0};
    const struct gradcheck_options o = {
        .n_points = 2, .progress = first_phase, .progress_ctx = &first};
    struct layer l;
    layer_open(&l);
    (void)layer_run(&l, &o);
    cr_assert_not_null(first.phase);
    cr_expect_str_eq(first.phase, "contract");
    cr_expect(first.n_points == 2 && first.point == 0 && first.done == 0 && first.total == 0);
}

Test(gradcheck_session, has_another_stream_for_another_seed_and_the_same_for_the_same) {
    const struct gradcheck_options options[] = {{.seed = 1}, {.seed = 2}, {.seed = 1}};
    uint64_t bits[3];
    for (size_t i = 0; i < 3; i++) {
        struct layer l;
        struct gc_session s;
        struct gradcheck_report r;
        open_with(&l, &options[i], &s, &r);
        bits[i] = gc_random_bits(&s.random);
        gc_session_close(&s);
    }
    cr_expect(bits[0] != bits[1] && bits[0] == bits[2]);
}

/* Each is filled with a number of its own, which the others leave there. */
Test(gradcheck_session, keeps_its_bytes_apart) {
    struct layer l;
    struct gc_session s;
    struct gradcheck_report r;
    open_with(&l, NULL, &s, &r);
    const size_t raw_size = 2 * N * sizeof(double) + s.inputs[2].count * sizeof l.label[0];
    cr_assert(s.n_entries == 2 * (size_t)N && s.n_outs == N);
    const struct {
        unsigned char *at;
        size_t size;
    } areas[] = {{s.raw, raw_size},
                 {s.state, s.n_entries},
                 {s.shown, s.n_entries},
                 {s.alive, s.n_outs},
                 {s.touched, s.n_outs}};
    enum { AREAS = sizeof areas / sizeof areas[0] };
    for (size_t a = 0; a < AREAS; a++) {
        memset(areas[a].at, (int)a + 1, areas[a].size);
    }
    for (size_t a = 0; a < AREAS; a++) {
        for (size_t i = 0; i < areas[a].size; i++) {
            cr_expect_eq((size_t)areas[a].at[i], a + 1, "area %zu, byte %zu", a, i);
        }
    }
    cr_expect_eq(memcmp(s.saved, l.x, N * sizeof(double)), 0, "the values that it gives back");
    gc_session_close(&s);
    cr_expect_eq(l.label[0], 0);
}

/* ---- sizes that no memory has ---- */

static int nothing(void *ctx) {
    (void)ctx;
    return 0;
}

/* Of one tensor, and of many that share a buffer, so that their sum has no size_t. */
Test(gradcheck_session, of_more_than_any_memory_says_so) {
    static double x[1], dx[1], y[1], dy[1];
    static int64_t label[1];
    static char names[GRADCHECK_MAX_TENSORS][8];
    const struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", y, dy, 1);
    for (size_t n = 1; n <= GRADCHECK_MAX_TENSORS - 2; n++) {
        for (int floats = 0; floats < 2; floats++) {
            struct gradcheck_tensor in[GRADCHECK_MAX_TENSORS];
            in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", x, dx, 1);
            for (size_t i = 1; i <= n; i++) {
                (void)snprintf(names[i], sizeof names[i], "n%zu", i);
                in[i] = (struct gradcheck_tensor){.name = names[i],
                                                  .value = floats ? (void *)x : label,
                                                  .dtype = floats ? GRADCHECK_F64 : GRADCHECK_I64,
                                                  .ndim = 1,
                                                  .shape = {SIZE_MAX / 16},
                                                  .flags = GRADCHECK_CLOBBERED};
            }
            const struct gradcheck_kernel kernel = {.name = "huge",
                                                    .inputs = in,
                                                    .n_inputs = n + 1,
                                                    .outputs = &out,
                                                    .n_outputs = 1,
                                                    .forward = nothing,
                                                    .backward = nothing};
            struct gradcheck_report r;
            const enum gradcheck_status status = gradcheck_run(&kernel, NULL, &r);
            cr_expect_eq(status, GRADCHECK_E_NO_MEMORY, "%zu: %s", n, r.summary);
        }
    }
}

/* y is the sum of as many scalars as there may be. */
enum { MOST = GRADCHECK_MAX_TENSORS - 1 };

struct many {
    double x[MOST], dx[MOST], y, dy;
};

static int many_forward(void *ctx) {
    struct many *k = ctx;
    k->y = 0;
    for (size_t i = 0; i < MOST; i++) {
        k->y += sin(k->x[i]);
    }
    return 0;
}

static int many_backward(void *ctx) {
    struct many *k = ctx;
    for (size_t i = 0; i < MOST; i++) {
        k->dx[i] = k->dy * cos(k->x[i]);
    }
    return 0;
}

Test(gradcheck_session, has_room_for_as_many_inputs_as_there_may_be) {
    static struct many k;
    static char names[MOST][8];
    struct gradcheck_tensor in[MOST];
    const struct gradcheck_tensor out = GRADCHECK_OUTPUT("y", &k.y, &k.dy);
    for (size_t i = 0; i < MOST; i++) {
        k.x[i] = 0.1 * (double)i;
        (void)snprintf(names[i], sizeof names[i], "x%zu", i);
        in[i] = (struct gradcheck_tensor)GRADCHECK_INPUT(names[i], &k.x[i], &k.dx[i]);
    }
    const struct gradcheck_kernel kernel = {.name = "many",
                                            .inputs = in,
                                            .n_inputs = MOST,
                                            .outputs = &out,
                                            .n_outputs = 1,
                                            .forward = many_forward,
                                            .backward = many_backward,
                                            .ctx = &k};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&kernel, NULL, &r), GRADCHECK_OK);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}
