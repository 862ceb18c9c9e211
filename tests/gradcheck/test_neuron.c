// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "neuron.h"

static struct gradcheck_report run(struct neuron_test *t, const struct gradcheck_options *o) {
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t->kernel, o, &r), GRADCHECK_OK, "%s", r.summary);
    return r;
}

Test(gradcheck_neuron, passes_when_it_is_right) {
    struct neuron_test t;
    neuron_test_open(&t);
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct gradcheck_options o = {.seed = seed};
        struct gradcheck_report r = run(&t, &o);
        cr_assert_eq(r.verdict, GRADCHECK_PASS, "seed %d: %s", (int)seed, r.summary);
        cr_assert(r.resolution < 1e-9, "seed %d: %g", (int)seed, r.resolution);
        cr_assert(r.resolution > 0);
    }
}

Test(gradcheck_neuron, fails_on_every_bug_and_names_the_tensor) {
    static const char *const wrong[NEURON_N_BUGS] = {
        [NEURON_SIGN] = "xwb",    [NEURON_TWICE] = "xwb",    [NEURON_TINY] = "xwb",
        [NEURON_ONE_ENTRY] = "x", [NEURON_NAN] = "w",        [NEURON_ZERO] = "x",
        [NEURON_SWAPPED] = "w",   [NEURON_TRANSPOSED] = "x", [NEURON_NOT_THE_MEAN] = "w",
        [NEURON_DX_MEAN] = "x",
    };
    for (int bug = NEURON_SIGN; bug < NEURON_N_BUGS; bug++) {
        struct neuron_test t;
        neuron_test_open(&t);
        t.bug = (enum neuron_bug)bug;
        struct gradcheck_report r = run(&t, NULL);
        cr_assert_eq(r.verdict, GRADCHECK_FAIL, "bug %d", bug);
        for (size_t i = 0; i < r.n_tensors; i++) {
            bool expected = strchr(wrong[bug], r.tensors[i].name[0]) != NULL;
            cr_assert_eq(r.tensors[i].verdict == GRADCHECK_FAIL, expected, "bug %d, tensor %s", bug,
                         r.tensors[i].name);
        }
    }
}

Test(gradcheck_neuron, names_the_one_wrong_entry) {
    struct neuron_test t;
    neuron_test_open(&t);
    t.bug = NEURON_ONE_ENTRY;
    struct gradcheck_report r = run(&t, NULL);
    cr_assert_eq(r.tensors[0].n_fail, 3, "once a point, not %zu times", r.tensors[0].n_fail);
    cr_assert_eq(r.tensors[0].worst.place.index[0], 1);
    cr_assert_eq(r.tensors[0].worst.place.index[1], 2);
}

Test(gradcheck_neuron, restores_the_inputs_bit_for_bit) {
    struct neuron_test t;
    neuron_test_open(&t);
    t.x[0] = -0.0;
    struct neuron_test before = t;
    (void)run(&t, NULL);
    cr_assert_eq(memcmp(t.x, before.x, sizeof t.x), 0);
    cr_assert_eq(memcmp(t.w, before.w, sizeof t.w), 0);
    cr_assert_eq(memcmp(&t.b, &before.b, sizeof t.b), 0);
}

Test(gradcheck_neuron, repeats_itself_from_the_seed) {
    struct neuron_test t;
    neuron_test_open(&t);
    struct gradcheck_options o = {.seed = 12345};
    static struct gradcheck_report a;
    static struct gradcheck_report b;
    cr_assert_eq(gradcheck_run(&t.kernel, &o, &a), GRADCHECK_OK);
    cr_assert_eq(gradcheck_run(&t.kernel, &o, &b), GRADCHECK_OK);
    cr_assert_eq(memcmp(&a, &b, sizeof a), 0);
    cr_assert_eq(a.seed, 12345);
}
