// SPDX-License-Identifier: MIT
#define VECTOR_BYTES 16
#define VECTOR_TARGET
#include "neuron/vector.h"

#include "helpers.h"

#include <criterion/criterion.h>

Test(neuron_vector, holds_one_number_in_all_elements_with_its_sign) {
    const double numbers[] = {1.5, -0.0, 0, -INFINITY};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const vector_f64 all = vector_all(numbers[i]);
        for (size_t j = 0; j < VECTOR_F64; j++) {
            const double element = all[j];
            cr_expect(same_bits(&element, &numbers[i], sizeof element), "%a, not %a", element,
                      numbers[i]);
        }
    }
}
