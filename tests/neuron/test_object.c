// SPDX-License-Identifier: MIT
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TYPED 64
#include "object_template.h"
#undef TYPED
#define TYPED 32
#include "object_template.h"

/* Section 4 of the notebook: the values that NumPy prints there, to the last digit. */
Test(neuron_object, gives_the_notebooks_numbers) {
    const double x[] = {1, 2, 3};
    struct neuron_random random;
    struct neuron *neuron;
    double y, dx[3], w[3], b;
    neuron_random_seed(&random, 42);
    cr_assert_eq(neuron_create(3, &random, &neuron), NEURON_OK);
    cr_assert_eq(neuron_get_parameters(neuron, w, 3, &b), NEURON_OK);
    cr_expect(w[0] == 0.004967141530112327 && w[1] == -0.0013826430117118466 &&
              w[2] == 0.006476885381006925 && b == 0);
    cr_assert_eq(neuron_forward_sample(neuron, x, 3, &y), NEURON_OK);
    cr_expect(fabs(y - 0.5054) < 5e-5, "%.17g", y);
    cr_assert_eq(neuron_backward_sample(neuron, 1, dx), NEURON_OK);
    for (size_t j = 0; j < 3; j++) {
        cr_expect(fabs(dx[j] / w[j] - y * (1 - y)) < 1e-15);
    }
    cr_assert_eq(neuron_update_parameters(neuron, 0.1), NEURON_OK);
    double updated[3];
    cr_assert_eq(neuron_get_parameters(neuron, updated, 3, &b), NEURON_OK);
    for (size_t j = 0; j < 3; j++) {
        cr_expect(fabs(updated[j] - (w[j] - 0.1 * y * (1 - y) * x[j])) < 1e-16);
    }
    cr_expect(fabs(b + 0.1 * y * (1 - y)) < 1e-17);
    neuron_free(neuron);
}

Test(neuron_object_f32, begins_with_the_float64_weights_rounded) {
    struct neuron_random random, same;
    struct neuron *wide;
    struct neuron_f32 *narrow;
    double w[9], b;
    float w_f32[9], b_f32;
    neuron_random_seed(&random, 3);
    same = random;
    cr_assert_eq(neuron_create(9, &random, &wide), NEURON_OK);
    cr_assert_eq(neuron_create_f32(9, &same, &narrow), NEURON_OK);
    neuron_get_parameters(wide, w, 9, &b);
    neuron_get_parameters_f32(narrow, w_f32, 9, &b_f32);
    for (size_t j = 0; j < 9; j++) {
        cr_expect(w_f32[j] == (float)w[j], "[%zu]", j);
    }
    cr_expect(b == 0 && b_f32 == 0);
    cr_expect(neuron_random_normal(&random) == neuron_random_normal(&same),
              "the second value of a pair is kept from one neuron to the next draw");
    neuron_free(wide);
    neuron_free_f32(narrow);
}
