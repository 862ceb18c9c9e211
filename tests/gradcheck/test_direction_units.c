// SPDX-License-Identifier: MIT
/* How far a direction moves each entry: tensors weigh alike in it, and what cannot move does not.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/screen.h"

enum { N = 8, N_TENSORS = 4 };

/* The last has no gradient. */
static struct units { double x[N_TENSORS][N], dx[N_TENSORS][N], y, dy; } u;
static struct gc_session s;
static struct gradcheck_report r;

static int sum_forward(void *ctx) {
    struct units *all = ctx;
    all->y = 0;
    for (size_t i = 0; i < N_TENSORS * N; i++) {
        all->y += all->x[i / N][i % N];
    }
    return 0;
}

static int sum_backward(void *ctx) {
    struct units *all = ctx;
    for (size_t i = 0; i < (N_TENSORS - 1) * N; i++) {
        all->dx[i / N][i % N] = all->dy;
    }
    return 0;
}

/* Every value is 1. */
static void start(double lower, double upper) {
    static struct gradcheck_tensor inputs[N_TENSORS], output;
    static struct gradcheck_kernel kernel;
    static const char *const names[] = {"a", "b", "c", "fixed"};
    for (size_t t = 0; t < N_TENSORS; t++) {
        for (size_t i = 0; i < N; i++) {
            u.x[t][i] = 1;
        }
        inputs[t] = (struct gradcheck_tensor)GRADCHECK_INPUT(names[t], u.x[t], u.dx[t], N);
        inputs[t].lower = lower;
        inputs[t].upper = upper;
    }
    inputs[N_TENSORS - 1].grad = NULL;
    output = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &u.y, &u.dy);
    kernel = (struct gradcheck_kernel){.name = "sum",
                                       .inputs = inputs,
                                       .n_inputs = N_TENSORS,
                                       .outputs = &output,
                                       .n_outputs = 1,
                                       .forward = sum_forward,
                                       .backward = sum_backward,
                                       .ctx = &u};
    const struct gradcheck_options o = {.n_points = 1};
    cr_assert_eq(gc_session_open(&s, &kernel, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
}

static void set_gradient(size_t tensor, double value) {
    for (size_t i = 0; i < N; i++) {
        s.grad[s.inputs[tensor].first + i] = value;
    }
}

/* Of values that are all 1, an entry's step is a magnitude in [0.5, 1.5) by this. */
static void expect_units(double first, double second, double third, const double units[]) {
    double even[N_TENSORS * N];
    start(0, 0);
    for (size_t t = 0; t < N_TENSORS - 1; t++) {
        set_gradient(t, 1);
    }
    gc_choose_direction(&s, 2, 0, s.n_entries);
    memcpy(even, s.direction, sizeof even);
    set_gradient(0, first);
    set_gradient(1, second);
    set_gradient(2, third);
    gc_choose_direction(&s, 2, 0, s.n_entries);
    for (size_t e = 0; e < N_TENSORS * N; e++) {
        bool moves = e < (N_TENSORS - 1) * N;
        double size = fabs(even[e]);
        cr_expect(moves ? size >= 0.5 && size < 1.5 : size == 0, "entry %zu: %a", e, even[e]);
        double expected = moves ? even[e] * units[e / N] : 0;
        cr_expect(fabs(s.direction[e] - expected) <= 1e-12 * size,
                  "%g, %g, %g: entry %zu: %g by %g", first, second, third, e, s.direction[e],
                  even[e]);
    }
    gc_session_close(&s);
}

Test(gradcheck_direction_units, tensors_weigh_alike_in_a_direction_up_to_a_factor_of_32) {
    expect_units(0.125, 0.5, 0.25, (const double[]){4, 1, 2});
    expect_units(0.5, 0.25, 0.125, (const double[]){1, 2, 4});
    expect_units(0.03125, 1, 0.001, (const double[]){32, 1, 32});
    expect_units(1e-3, 1e-4, 5e-4, (const double[]){1, 10, 2});
    expect_units(-4, 1, -2, (const double[]){1, 4, 2});
}

Test(gradcheck_direction_units, a_tensor_whose_gradient_is_zero_moves_by_its_own_size) {
    expect_units(0, 0.5, 0.25, (const double[]){1, 1, 2});
    expect_units(0.25, 0, 0, (const double[]){1, 1, 1});
    expect_units(0, 0, 0, (const double[]){1, 1, 1});
}

Test(gradcheck_direction_units, an_entry_at_either_end_of_its_domain_stays) {
    start(0.5, 2);
    const size_t b = s.inputs[1].first;
    s.base[b + 2] = 0.5;
    s.base[b + 5] = 2;
    gc_choose_direction(&s, 0, 0, s.n_entries);
    for (size_t e = 0; e < s.inputs[N_TENSORS - 1].first; e++) {
        const bool at_end = e == b + 2 || e == b + 5;
        cr_expect((s.direction[e] == 0) == at_end, "entry %zu: %g", e, s.direction[e]);
    }
    gc_session_close(&s);
}

/* Points have none in common, however many there are. */
Test(gradcheck_direction_units, no_direction_is_taken_twice) {
    enum { POINTS = 80, DIRECTIONS = 4 };
    double seen[POINTS * DIRECTIONS];
    start(0, 0);
    for (size_t n = 0; n < POINTS * DIRECTIONS; n++) {
        s.point = n / DIRECTIONS;
        gc_choose_direction(&s, n % DIRECTIONS, 0, s.n_entries);
        seen[n] = s.direction[0];
        for (size_t before = 0; before < n; before++) {
            cr_expect_neq(seen[n], seen[before], "%zu and %zu", n, before);
        }
    }
    gc_session_close(&s);
}

/* They are for what follows: how steps are spaced does not depend on the direction. */
Test(gradcheck_direction_units, random_numbers_go_on_as_if_none_was_chosen) {
    start(0, 0);
    const uint64_t before = s.random.state;
    gc_choose_direction(&s, 1, 0, s.n_entries);
    cr_expect_eq(s.random.state, before);
    gc_session_close(&s);
}
