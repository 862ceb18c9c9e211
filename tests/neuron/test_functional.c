// SPDX-License-Identifier: MIT
#include "helpers.h"
#include "neuron/neuron.h"

#include <criterion/criterion.h>

#define TYPED 64
#include "functional_template.h"
#undef TYPED
#define TYPED 32
#include "functional_template.h"

/* Sections 1 and 2 of the notebook, as NumPy computes them. */
Test(neuron_functional, gives_the_notebooks_numbers) {
    const double x[] = {1, 2, 3}, w[] = {0.5, -0.2, 0.1};
    double z, y, dw[3], db, dx[3];
    cr_assert_eq(neuron_forward(x, w, 3, 0.3, &z, &y), NEURON_OK);
    cr_expect(ulps_f64(z, 0.7) <= 1 && ulps_f64(y, 0.6681877721681662) <= 1, "z = %.17g, y = %.17g",
              z, y);
    cr_assert_eq(neuron_backward(x, w, 3, 0.3, 1, dw, &db, dx), NEURON_OK);
    const double expected[] = {0.22171287329310904, 0.4434257465862181,  0.6651386198793271,
                               0.22171287329310904, 0.11085643664655452, -0.044342574658621815,
                               0.022171287329310907};
    const double got[] = {dw[0], dw[1], dw[2], db, dx[0], dx[1], dx[2]};
    for (size_t i = 0; i < 7; i++) {
        cr_expect(ulps_f64(got[i], expected[i]) <= 4, "[%zu] = %.17g, not %.17g", i, got[i],
                  expected[i]);
    }
}
