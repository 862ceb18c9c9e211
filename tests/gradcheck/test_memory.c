// SPDX-License-Identifier: MIT
/* Memory: as much as the header states, given back, and missed without harm (calloc and free are
 * replaced by the linker: see the Makefile). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gradcheck/polynomial.h"

static size_t bytes, n_blocks, n_calls, failing; /* failing: number of the call that fails */
static bool counting;

struct block {
    char *start;
    size_t size;
};
static struct block kept[8];
static size_t n_kept;
static const double BEHIND = -1; /* of every block */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __real_free(void *block);
void __wrap_free(void *block);

void *__wrap_calloc(size_t n, size_t size) {
    if (counting && ++n_calls == failing) {
        return NULL;
    }
    if (!counting) {
        return __real_calloc(n, size);
    }
    bytes += n * size;
    n_blocks++;
    cr_assert_lt(n_kept, sizeof kept / sizeof kept[0]);
    kept[n_kept] = (struct block){__real_calloc(1, n * size + sizeof BEHIND), n * size};
    memcpy(kept[n_kept].start + n * size, &BEHIND, sizeof BEHIND);
    return kept[n_kept++].start;
}

static void check_behind(const void *block) {
    for (size_t i = 0; i < n_kept; i++) {
        if (kept[i].start == block) {
            cr_expect_eq(memcmp(kept[i].start + kept[i].size, &BEHIND, sizeof BEHIND), 0,
                         "something was written behind a block of %zu bytes", kept[i].size);
            kept[i] = kept[--n_kept];
            return;
        }
    }
}

void __wrap_free(void *block) {
    n_blocks -= counting && block != NULL;
    if (counting && block != NULL) {
        check_behind(block);
    }
    __real_free(block);
}

static enum gradcheck_status run(struct polynomial *p, bool rows, struct gradcheck_report *r) {
    if (rows) {
        p->inputs[0].batch_axis = p->outputs[0].batch_axis = 1;
    }
    const struct gradcheck_options options = {.n_points = 1};
    bytes = n_blocks = n_calls = n_kept = 0;
    counting = true;
    enum gradcheck_status status = gradcheck_run(&p->kernel, &options, r);
    counting = false;
    return status;
}

Test(gradcheck_memory, is_what_the_header_states_and_is_given_back) {
    static struct polynomial p;
    for (size_t n = 1; n <= 1000; n *= 10) {
        struct gradcheck_report r;
        polynomial_open(&p, n);
        cr_assert_eq(run(&p, false, &r), GRADCHECK_OK);
        cr_expect_eq(n_blocks, 0);
        cr_expect_eq(bytes, 82 * n + 162 * n + 2 * 8 * n, "%zu: %zu", n, bytes);
        polynomial_open(&p, n);
        cr_assert_eq(run(&p, true, &r), GRADCHECK_OK);
        cr_expect_eq(n_blocks, 0);
        cr_expect_leq(bytes, 82 * n + 162 * n + 2 * 8 * n + 8 * n + 1229 * n, "%zu: %zu", n, bytes);
    }
}

Test(gradcheck_memory, when_there_is_none_is_a_status_and_leaves_the_inputs) {
    static struct polynomial p;
    for (failing = 1; failing <= 4; failing++) {
        struct gradcheck_report r;
        polynomial_open(&p, 10);
        double before[10];
        memcpy(before, p.x, sizeof before);
        cr_expect_eq(run(&p, true, &r), GRADCHECK_E_NO_MEMORY, "call %zu", failing);
        cr_expect_eq(n_blocks, 0, "call %zu", failing);
        cr_expect_eq(r.verdict, GRADCHECK_NOT_CHECKED);
        cr_expect_str_eq(r.summary, gradcheck_status_text(GRADCHECK_E_NO_MEMORY));
        cr_expect_arr_eq(before, p.x, sizeof before);
    }
    struct gradcheck_report r;
    polynomial_open(&p, 10);
    cr_assert_eq(run(&p, true, &r), GRADCHECK_OK);
    cr_assert_eq(n_calls, 4);
}

Test(gradcheck_memory, when_there_is_none_for_a_diagnosis_the_verdict_stays) {
    static struct polynomial p;
    static const struct {
        size_t failing; /* 0: none */
        bool diagnosed;
    } rows[] = {{0, true}, {3, false}, {4, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gradcheck_report r;
        polynomial_open(&p, 10);
        for (size_t e = 0; e < 10; e++) {
            p.factor[e] = 2;
        }
        failing = rows[i].failing;
        cr_assert_eq(run(&p, false, &r), GRADCHECK_OK);
        cr_expect_eq(n_calls, 4, "row %zu: %zu", i, n_calls);
        cr_expect_eq(n_blocks, 0, "row %zu: %zu", i, n_blocks);
        cr_expect_eq(r.verdict, GRADCHECK_FAIL, "row %zu", i);
        cr_expect_eq(r.diagnosis[0] != '\0', rows[i].diagnosed, "row %zu: %s", i, r.diagnosis);
    }
}

Test(gradcheck_memory, of_differences_alone_is_given_back_and_missed_with_a_status) {
    static struct polynomial p;
    static double numeric[10];
    double *const asked[] = {numeric};
    for (failing = 0; failing <= 4; failing++) {
        polynomial_open(&p, 10);
        p.inputs[0].batch_axis = p.outputs[0].batch_axis = 1;
        bytes = n_blocks = n_calls = 0;
        counting = true;
        const enum gradcheck_status status = gradcheck_numeric_vjp(&p.kernel, NULL, asked, NULL);
        counting = false;
        cr_expect_eq(n_calls > 0 && n_blocks == 0, true, "call %zu: %zu", failing, n_blocks);
        cr_expect_eq(status, failing > 0 ? GRADCHECK_E_NO_MEMORY : GRADCHECK_OK, "call %zu",
                     failing);
    }
}
