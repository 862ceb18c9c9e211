// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "lanes/lanes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void square(void *ctx, size_t i) {
    if (i == 13) {
        abort();
    }
    ((size_t *)ctx)[i] = i * i;
}

Test(lanes, every_task_is_run_and_one_that_dies_is_counted) {
    enum { N = 40, LANES = 3 };
    size_t *results = lanes_share(N * sizeof *results);
    cr_assert_not_null(results);
    cr_expect_eq(lanes_run(square, results, 13, LANES), 0u);
    cr_expect_eq(lanes_run(square, results, N, LANES), 1u);
    for (size_t i = 0; i < N; i++) {
        cr_expect_eq(results[i], i == 13 ? 0 : i * i, "%zu", i);
    }
}

static void die_now_and_then(void *ctx, size_t i) {
    if (i % 3 == 0) {
        _exit(1);
    }
    ((size_t *)ctx)[i] = i;
}

/* One lane: without another in its place the first death would be the end. */
Test(lanes, one_that_dies_is_replaced_a_few_times) {
    enum { N = 30, MANY = 100 };
    size_t *results = lanes_share(MANY * sizeof *results);
    cr_assert_not_null(results);
    cr_expect_eq(lanes_run(die_now_and_then, results, N, 1), N / 3);
    cr_expect_eq(results[N - 1], N - 1);
    cr_expect_gt(lanes_run(die_now_and_then, results, MANY, 1), MANY / 3 + 1);
}

static void note_process(void *ctx, size_t i) {
    ((pid_t *)ctx)[i] = getpid();
}

Test(lanes, none_is_this_process) {
    pid_t who[2] = {0};
    cr_expect_eq(lanes_run(note_process, who, 2, 0), 0u);
    cr_expect(who[0] == getpid() && who[1] == getpid());
    cr_expect_eq(lanes_run(note_process, who, 0, 4), 0u);
}
