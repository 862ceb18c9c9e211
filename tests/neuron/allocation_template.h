// SPDX-License-Identifier: MIT
#include "typed.h"

enum { SUITE(ROWS) = 70, SUITE(FEATURES) = 40 };

/* Forward, backward and update on a batch, then on one sample; how often that allocated. */
static size_t SUITE(allocations_of_a_step)(struct NEURON *neuron, size_t rows) {
    static REAL x[SUITE(ROWS) * SUITE(FEATURES)], dx[SUITE(ROWS) * SUITE(FEATURES)];
    static REAL y[SUITE(ROWS)], dy[SUITE(ROWS)], w[SUITE(FEATURES)];
    const size_t n = SUITE(FEATURES) - 3, stride = SUITE(FEATURES), before = allocations;
    REAL db;
    enum neuron_status status = API(forward_batch)(neuron, x, rows, n, stride, y);
    status = status ? status : API(backward_batch)(neuron, dy, rows, dx, stride);
    status = status ? status : API(update_parameters)(neuron, (REAL)0.1);
    status = status ? status : API(forward_sample)(neuron, x, n, y);
    status = status ? status : API(backward_sample)(neuron, 1, dx);
    status = status ? status : API(get_gradients)(neuron, w, n, &db);
    status = status ? status : API(get_parameters)(neuron, w, n, &db);
    status = status ? status : API(set_parameters)(neuron, w, n, db);
    status = status ? status : API(forward)(x, w, n, db, NULL, y);
    status = status ? status : API(backward)(x, w, n, db, 1, dx, &db, NULL);
    API(sigmoid_array)(x, y, rows);
    cr_expect_eq(status, NEURON_OK, "%s", neuron_status_text(status));
    return allocations - before;
}

TYPED_TEST(SUITE(allocation), happens_in_create_and_for_a_larger_batch_only) {
    static const struct {
        size_t rows, allocations;
    } steps[] = {{8, 1}, {8, 0}, {3, 0}, {8, 0}, {9, 1}, {9, 0}, {70, 1}, {1, 0}, {70, 0}};
    struct neuron_random random;
    struct NEURON *neuron = NULL;
    neuron_random_seed(&random, 1);
    allocations = 0;
    cr_assert_eq(API(create)(SUITE(FEATURES) - 3, &random, &neuron), NEURON_OK);
    cr_expect_eq(allocations, 1, "create allocated %zu times", allocations);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const size_t got = SUITE(allocations_of_a_step)(neuron, steps[i].rows);
        cr_expect_eq(got, steps[i].allocations, "step %zu, B = %zu: %zu allocations, not %zu", i,
                     steps[i].rows, got, steps[i].allocations);
    }
    API(free)(neuron);
}
