// SPDX-License-Identifier: MIT
/* Every instruction set that this processor has must give the bits of the base kernels, which the
 * other suites hold against exact values. */
#include "helpers.h"
#include "neuron/kernels.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TYPED 64
#include "kernels_template.h"
#undef TYPED
#define TYPED 32
#include "kernels_template.h"

Test(neuron_kernels, begin_with_the_base_and_end_with_the_best) {
    size_t n = 0;
    while (kernels_supported(n) != NULL) {
        n++;
    }
    cr_assert(n >= 1);
    cr_expect_eq(kernels_supported(0), &kernels_base);
    cr_expect_eq(kernels_supported(n - 1), kernels_best());
    cr_expect_null(kernels_supported(99));
}

/* With contraction the sum of the products would be 2^-60, not 0. */
Test(neuron_kernels, do_not_contract_products_and_sums) {
    const double a = 1 + 0x1p-30, square = a * a;
    const double x[17] = {[0] = a, [16] = -square}, w[17] = {[0] = a, [16] = 1};
    for (size_t k = 0; kernels_supported(k) != NULL; k++) {
        const double sum = kernels_supported(k)->f64.dot(x, w, 17);
        cr_expect(sum == 0, "%s: %a", kernels_supported(k)->name, sum);
    }
}
