// SPDX-License-Identifier: MIT
#include "typed.h"

/* A neuron that has seen forward and backward, with all that can be read from it. */
struct SUITE(fixture) {
    struct NEURON *neuron;
    REAL x[4]; /* borrowed by the neuron */
};

static void SUITE(read)(const struct SUITE(fixture) * f, REAL state[6]) {
    cr_assert_eq(API(get_parameters)(f->neuron, state, 2, state + 2), NEURON_OK);
    cr_assert_eq(API(get_gradients)(f->neuron, state + 3, 2, state + 5), NEURON_OK);
}

static void SUITE(begin)(struct SUITE(fixture) * f) {
    const REAL x[4] = {1, 2, 3, 4};
    struct neuron_random random;
    REAL y[2];
    const REAL dy[2] = {1, 2};
    memcpy(f->x, x, sizeof x);
    neuron_random_seed(&random, 5);
    cr_assert_eq(API(create)(2, &random, &f->neuron), NEURON_OK);
    cr_assert_eq(API(forward_batch)(f->neuron, f->x, 2, 2, 2, y), NEURON_OK);
    cr_assert_eq(API(backward_batch)(f->neuron, dy, 2, NULL, 0), NEURON_OK);
}

/* Parameters and gradients are those before, and backward still finds the batch of begin(). */
static void SUITE(expect_unchanged)(const struct SUITE(fixture) * f, const REAL before[6]) {
    REAL now[6];
    const REAL dy[2] = {1, 2};
    SUITE(read)(f, now);
    cr_expect(same_bits(before, now, sizeof now), "an error changed the neuron");
    cr_expect_eq(API(backward_batch)(f->neuron, dy, 2, NULL, 0), NEURON_OK);
    SUITE(read)(f, now);
    cr_expect(same_bits(before, now, sizeof now), "an error changed what backward finds");
}

TYPED_TEST(SUITE(errors), of_create_draw_nothing_and_write_nothing) {
    struct neuron_random random, before;
    struct NEURON *none = (struct NEURON *)&random, *neuron = none;
    neuron_random_seed(&random, 5);
    before = random;
    cr_expect_eq(API(create)(3, NULL, &neuron), NEURON_E_NULL);
    cr_expect_eq(API(create)(3, &random, NULL), NEURON_E_NULL);
    cr_expect_eq(API(create)(0, &random, &neuron), NEURON_E_EMPTY);
    cr_expect_eq(API(create)(SIZE_MAX, &random, &neuron), NEURON_E_OVERFLOW);
    cr_expect_eq(API(create)(SIZE_MAX / sizeof(REAL) / 3, &random, &neuron), NEURON_E_OVERFLOW);
    cr_expect_eq(API(create)(PTRDIFF_MAX / sizeof(REAL) / 4, &random, &neuron), NEURON_E_NO_MEMORY);
    cr_expect_eq(neuron, none, "*out was written");
    cr_expect(same_bits(&random, &before, sizeof random), "something was drawn");
}

TYPED_TEST(SUITE(errors), of_forward_leave_the_state_of_the_one_before) {
    struct SUITE(fixture) f;
    SUITE(begin)(&f);
    REAL before[6], y[2] = {7, 7};
    SUITE(read)(&f, before);
    const size_t huge = (size_t)PTRDIFF_MAX / sizeof(REAL); /* bytes of it do not overflow */
    cr_expect_eq(API(forward_sample)(NULL, f.x, 2, y), NEURON_E_NULL);
    cr_expect_eq(API(forward_sample)(f.neuron, NULL, 2, y), NEURON_E_NULL);
    cr_expect_eq(API(forward_sample)(f.neuron, f.x, 2, NULL), NEURON_E_NULL);
    cr_expect_eq(API(forward_sample)(f.neuron, f.x, 0, y), NEURON_E_EMPTY);
    cr_expect_eq(API(forward_sample)(f.neuron, f.x, 1, y), NEURON_E_SHAPE);
    cr_expect_eq(API(forward_sample)(f.neuron, f.x, 3, y), NEURON_E_SHAPE);
    cr_expect_eq(API(forward_batch)(NULL, f.x, 2, 2, 2, y), NEURON_E_NULL);
    cr_expect_eq(API(forward_batch)(f.neuron, NULL, 2, 2, 2, y), NEURON_E_NULL);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 2, 2, 2, NULL), NEURON_E_NULL);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 0, 2, 2, y), NEURON_E_EMPTY);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 2, 0, 2, y), NEURON_E_EMPTY);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 1, 3, 3, y), NEURON_E_SHAPE);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, SIZE_MAX, 2, 2, y), NEURON_E_OVERFLOW);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, huge / 2 + 1, 2, 2, y), NEURON_E_OVERFLOW);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 3, 2, SIZE_MAX / 2, y), NEURON_E_OVERFLOW);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 2, 2, 1, y), NEURON_E_STRIDE);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, 2, 2, 0, y), NEURON_E_STRIDE);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, huge / 2, 2, 2, y), NEURON_E_NO_MEMORY);
    cr_expect(y[0] == 7 && y[1] == 7, "y was written");
    SUITE(expect_unchanged)(&f, before);
    API(free)(f.neuron);
    struct neuron_random random;
    neuron_random_seed(&random, 5);
    cr_assert_eq(API(create)(1, &random, &f.neuron), NEURON_OK);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, huge, 1, 1, y), NEURON_E_NO_MEMORY);
    cr_expect_eq(API(forward_batch)(f.neuron, f.x, huge + 1, 1, 1, y), NEURON_E_OVERFLOW);
    API(free)(f.neuron);
}

TYPED_TEST(SUITE(errors), of_backward_leave_the_gradients) {
    struct SUITE(fixture) f;
    SUITE(begin)(&f);
    REAL before[6], dx[4] = {7, 7, 7, 7};
    const REAL dy[2] = {5, 5};
    SUITE(read)(&f, before);
    cr_expect_eq(API(backward_batch)(NULL, dy, 2, dx, 2), NEURON_E_NULL);
    cr_expect_eq(API(backward_batch)(f.neuron, NULL, 2, dx, 2), NEURON_E_NULL);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 0, dx, 2), NEURON_E_EMPTY);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 1, dx, 2), NEURON_E_SHAPE);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 3, dx, 2), NEURON_E_SHAPE);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 2, dx, SIZE_MAX / 2), NEURON_E_OVERFLOW);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 2, dx, 1), NEURON_E_STRIDE);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 2, dx, 0), NEURON_E_STRIDE);
    cr_expect_eq(API(backward_sample)(NULL, 1, dx), NEURON_E_NULL);
    cr_expect_eq(API(backward_sample)(f.neuron, 1, dx), NEURON_E_SHAPE);
    cr_expect(dx[0] == 7 && dx[1] == 7 && dx[2] == 7 && dx[3] == 7, "dx was written");
    SUITE(expect_unchanged)(&f, before);
    REAL y;
    API(forward_sample)(f.neuron, f.x, 2, &y);
    cr_expect_eq(API(backward_batch)(f.neuron, dy, 1, dx, 2), NEURON_E_SHAPE, "it was one sample");
    API(free)(f.neuron);
}

TYPED_TEST(SUITE(errors), tell_backward_and_update_before_their_time) {
    struct neuron_random random;
    struct NEURON *neuron;
    REAL dw[2], db, y;
    const REAL dy[1] = {1}, x[2] = {1, 2}, w[2] = {1, 1};
    neuron_random_seed(&random, 5);
    cr_assert_eq(API(create)(2, &random, &neuron), NEURON_OK);
    for (int round = 0; round < 2; round++) { /* a new neuron, then one with new parameters */
        cr_expect_eq(API(backward_sample)(neuron, 1, NULL), NEURON_E_NO_FORWARD);
        cr_expect_eq(API(backward_batch)(neuron, dy, 1, NULL, 0), NEURON_E_NO_FORWARD);
        cr_expect_eq(API(get_gradients)(neuron, dw, 2, &db), NEURON_E_NO_BACKWARD);
        cr_expect_eq(API(update_parameters)(neuron, 1), NEURON_E_NO_BACKWARD);
        API(forward_sample)(neuron, x, 2, &y);
        cr_expect_eq(API(update_parameters)(neuron, 1), NEURON_E_NO_BACKWARD);
        cr_expect_eq(API(backward_sample)(neuron, 1, NULL), NEURON_OK);
        cr_expect_eq(API(update_parameters)(neuron, 1), NEURON_OK);
        cr_assert_eq(API(set_parameters)(neuron, w, 2, 0), NEURON_OK);
    }
    API(free)(neuron);
}

TYPED_TEST(SUITE(errors), of_parameters_and_gradients_change_nothing) {
    struct SUITE(fixture) f;
    SUITE(begin)(&f);
    REAL before[6], v[3] = {7, 7, 7}, scalar = 7;
    SUITE(read)(&f, before);
    cr_expect_eq(API(get_parameters)(NULL, v, 2, &scalar), NEURON_E_NULL);
    cr_expect_eq(API(get_parameters)(f.neuron, v, 3, &scalar), NEURON_E_SHAPE);
    cr_expect_eq(API(get_gradients)(NULL, v, 2, &scalar), NEURON_E_NULL);
    cr_expect_eq(API(get_gradients)(f.neuron, v, 1, &scalar), NEURON_E_SHAPE);
    cr_expect_eq(API(set_parameters)(NULL, v, 2, 0), NEURON_E_NULL);
    cr_expect_eq(API(set_parameters)(f.neuron, NULL, 2, 0), NEURON_E_NULL);
    cr_expect_eq(API(set_parameters)(f.neuron, v, 3, 0), NEURON_E_SHAPE);
    cr_expect_eq(API(update_parameters)(NULL, 1), NEURON_E_NULL);
    cr_expect(v[0] == 7 && v[1] == 7 && v[2] == 7 && scalar == 7, "a result was written");
    SUITE(expect_unchanged)(&f, before);
    API(free)(f.neuron);
}
