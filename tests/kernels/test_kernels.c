// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "port/worker.h"
#include "trial.h"

/* A sample: `make strength` does all of it. */

static struct trial try(const struct kernel *kernel, int mistake, size_t n_seeds) {
    struct trial_plan plan = {.kernel = kernel, .mistake = mistake, .seed = 1, .seconds = 60};
    struct trial trial;
    plan.n_seeds = n_seeds;
    trial_run(&plan, &trial);
    return trial;
}

Test(kernels, right_ones_are_not_accused) {
    for (size_t i = 0; i < kernel_count(); i++) {
        const struct kernel *k = kernel_at(i);
        if (k->dtype == GRADCHECK_F32) {
            continue;
        }
        const struct trial t = try(k, 0, 2);
        cr_expect(t.n_runs > 0 && t.n_of[GRADCHECK_FAIL] == 0, "%s %s, seed %llu: %s", k->name,
                  kernel_dtype_name(k), (unsigned long long)t.seed, t.text);
    }
}

/* By rounding that no nudge showed (gates nearly shut), by noise that a sample underestimated, by a
 * step across a maximum. */
Test(kernels, right_ones_that_were_accused_once_are_not_again) {
    static const struct {
        const char *name;
        enum gradcheck_dtype dtype;
        uint64_t seed;
    } table[] = {
        {"gelu", GRADCHECK_F32, 18},        {"gelu", GRADCHECK_F32, 48},
        {"gru", GRADCHECK_F32, 91},         {"gru", GRADCHECK_F32, 115},
        {"gru", GRADCHECK_F32, 371},        {"max_pool", GRADCHECK_F32, 315},
        {"max_pool", GRADCHECK_F32, 883},   {"tanh_layer", GRADCHECK_F32, 3},
        {"layer_norm", GRADCHECK_F64, 461},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct trial_plan plan = {.kernel = kernel_find(table[i].name, table[i].dtype),
                                        .seed = table[i].seed,
                                        .n_seeds = 1};
        struct trial t;
        trial_run(&plan, &t);
        cr_expect(t.n_runs == 1 && t.n_of[GRADCHECK_FAIL] == 0, "%s, seed %llu: %s", table[i].name,
                  (unsigned long long)table[i].seed, t.text);
    }
}

/* The first mistake in the table that has the label. */
static bool find(enum label label, const struct kernel **kernel, int *mistake) {
    for (size_t i = 0; i < kernel_count(); i++) {
        *kernel = kernel_at(i);
        for (size_t j = 0; j < (*kernel)->n_mistakes; j++) {
            if ((*kernel)->mistakes[j].label == label) {
                *mistake = (int)j + 1;
                return true;
            }
        }
    }
    return false;
}

Test(kernels, one_mistake_of_every_label_is_caught) {
    for (int label = 0; label < N_LABELS; label++) {
        const struct kernel *k = NULL;
        int mistake = 0;
        cr_assert(find((enum label)label, &k, &mistake), "no mistake is labelled %s",
                  label_name((enum label)label));
        if (label == LABEL_CRASHES) {
            continue; /* below: the first one never returns */
        }
        const struct trial t = try(k, mistake, 0);
        cr_expect(t.by != BY_NOTHING, "%s %s, labelled %s, passed: %s", k->name,
                  k->mistakes[mistake - 1].name, label_name((enum label)label), t.text);
    }
}

static int mistake_of(const struct kernel *kernel, const char *name) {
    for (size_t i = 0; i < kernel->n_mistakes; i++) {
        if (strcmp(kernel->mistakes[i].name, name) == 0) {
            return (int)i + 1;
        }
    }
    cr_assert(false, "%s has no mistake %s", kernel->name, name);
    return 0;
}

Test(kernels, a_kernel_that_crashes_or_never_returns_is_caught_by_its_worker) {
    const struct kernel *dense = kernel_find("dense", GRADCHECK_F64);
    const struct trial crash = try(dense, mistake_of(dense, "frees_its_cache_twice"), 0);
    cr_expect_eq(crash.by, BY_CRASH, "%s", crash.text);

    const struct kernel *neuron = kernel_find("neuron", GRADCHECK_F64);
    struct trial_plan plan = {.kernel = neuron, .seconds = 0.5};
    plan.mistake = mistake_of(neuron, "never_returns");
    struct trial hang;
    trial_run(&plan, &hang);
    cr_expect_eq(hang.by, BY_CRASH, "%s", hang.text);
}

Test(kernels, names_of_mistakes_are_unique_in_their_kernel) {
    for (size_t i = 0; i < kernel_count(); i++) {
        const struct kernel *k = kernel_at(i);
        for (size_t a = 0; a < k->n_mistakes; a++) {
            for (size_t b = 0; b < a; b++) {
                cr_expect_str_neq(k->mistakes[a].name, k->mistakes[b].name, "%s", k->name);
            }
        }
    }
}

Test(kernels, a_write_on_either_side_of_a_buffer_is_seen) {
    const struct kernel *k = kernel_find("dense", GRADCHECK_F64);
    struct instance *instance = instance_open(k, &k->shapes[0], 1, 0);
    cr_expect_null(instance_overrun(instance));
    for (size_t i = 0; i < instance->n_buffers; i++) {
        double *values = instance->inputs[0].value;
        const struct instance_buffer *b = &instance->buffers[i];
        unsigned char *guards[] = {b->memory + 63, b->memory + 64 + b->size};
        for (size_t g = 0; g < 2; g++) {
            *guards[g] ^= 1;
            cr_expect_str_eq(instance_overrun(instance), b->name);
            *guards[g] ^= 1;
        }
        values[0] = 0;
        cr_expect_null(instance_overrun(instance), "a write inside is nobody's business");
    }
    instance_close(instance);
}

/* A copy of the narrow value would be a truth that knows nothing. */
static bool is_exact_in_float(const struct kernel *k) {
    static const char *const names[] = {"relu", "max_pool", "embedding"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(k->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

Test(kernels, the_wide_forward_is_the_same_function_and_wider) {
    for (size_t i = 0; i < kernel_count(); i++) {
        const struct kernel *k = kernel_at(i);
        if (k->dtype != GRADCHECK_F32) {
            continue;
        }
        struct instance *instance = instance_open(k, &k->shapes[0], 7, 0);
        const struct gradcheck_tensor *out = &instance->outputs[0];
        size_t n = 1, n_wider = 0;
        for (size_t axis = 0; axis < out->ndim; axis++) {
            n *= out->shape[axis];
        }
        double wide[64];
        double *const outputs[] = {wide};
        cr_assert(n <= 64);
        cr_assert_eq(instance->check.forward(instance->layer), 0);
        cr_assert_eq(instance->check.forward_wide(instance->layer, outputs), 0);
        for (size_t e = 0; e < n; e++) {
            const double narrow = (double)((const float *)out->value)[e];
            cr_expect(fabs(wide[e] - narrow) <= 1e-5 * fmax(1, fabs(wide[e])),
                      "%s: %.9g in float, %.17g in double", k->name, narrow, wide[e]);
            n_wider += wide[e] != narrow;
        }
        cr_expect(n_wider > 0 || is_exact_in_float(k), "%s", k->name);
        instance_close(instance);
    }
}

Test(kernels, values_depend_on_the_seed_and_not_on_the_dtype_or_mistake) {
    for (size_t i = 0; i < kernel_count(); i++) {
        const struct kernel *k = kernel_at(i);
        struct instance *a = instance_open(k, &k->shapes[0], 3, 0);
        struct instance *b = instance_open(k, &k->shapes[0], 3, 1);
        struct instance *c = instance_open(k, &k->shapes[0], 4, 0);
        const size_t size = k->dtype == GRADCHECK_F64 ? 8 : 4;
        cr_expect_eq(memcmp(a->inputs[0].value, b->inputs[0].value, size), 0, "%s", k->name);
        cr_expect_neq(memcmp(a->inputs[0].value, c->inputs[0].value, size), 0, "%s", k->name);
        instance_close(a);
        instance_close(b);
        instance_close(c);
    }
}
