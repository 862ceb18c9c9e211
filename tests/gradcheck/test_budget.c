// SPDX-License-Identifier: MIT
/* What ends a run early, and what the run says of it. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "gradcheck/polynomial.h"

static struct polynomial p;

Test(gradcheck_budget, of_evaluations_is_kept_and_what_it_left_out_is_counted) {
    for (size_t most = 1; most < 60; most += 7) {
        const struct gradcheck_options options = {.max_evaluations = most};
        struct gradcheck_report r;
        polynomial_open(&p, 100);
        cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
        cr_expect_leq(r.n_forward, most);
        cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE, "%zu: %s", most, r.summary);
        cr_expect_eq(r.reason, GRADCHECK_BUDGET, "%zu", most);
        cr_expect(r.repeatable);
        cr_expect(r.screen.verdict == GRADCHECK_PASS || r.tensors[0].n_uncovered == 100, "%zu",
                  most);
    }
}

Test(gradcheck_budget, too_small_for_every_entry_leaves_the_screen) {
    const struct gradcheck_options options = {.max_evaluations = 300};
    struct gradcheck_report r;
    polynomial_open(&p, 1000);
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_assert_eq(r.n_forward_elementwise, 0);
    cr_assert_eq(r.screen.verdict, GRADCHECK_PASS);
    cr_assert_leq(r.screen.miss_probability, 0.01);
    p.factor[123] = 1.001;
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_FAIL, "%s", r.summary);
}

/* Whether entries pass or fail, all but a few calls are for what the report tells of. */
Test(gradcheck_budget, is_not_spent_on_a_screen_once_more_without_need) {
    for (int wrong = 0; wrong < 2; wrong++) {
        struct gradcheck_report r;
        polynomial_open(&p, 10);
        p.factor[3] = wrong ? 1.5 : 1;
        const struct gradcheck_options options = {.n_points = 1, .no_diagnosis = true};
        cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, wrong ? GRADCHECK_FAIL : GRADCHECK_PASS, "%s", r.summary);
        cr_expect_eq(r.screen.verdict, r.verdict);
        size_t told = r.n_forward_contract + r.n_forward_screen + r.n_forward_elementwise;
        cr_expect_leq(r.n_forward, told + 4, "%zu of %zu", told, r.n_forward);
    }
}

/* How many calls were made before the entries of each point were begun. */
struct begun {
    bool point[3];
    size_t calls[3];
};

static int note_begin(void *ctx, const struct gradcheck_progress *progress) {
    struct begun *begun = ctx;
    if (strcmp(progress->phase, "elementwise") == 0 && !begun->point[progress->point]) {
        begun->point[progress->point] = true;
        begun->calls[progress->point] = progress->evaluations;
    }
    return 0;
}

static struct begun run_within(size_t most, size_t n_points) {
    struct begun begun = {.point = {false}};
    const struct gradcheck_options options = {.max_evaluations = most,
                                              .n_points = n_points,
                                              .progress = note_begin,
                                              .progress_ctx = &begun};
    struct gradcheck_report r;
    polynomial_open(&p, 100);
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_expect(r.n_forward_screen > 0 && r.n_forward_location == 0);
    cr_expect_leq(r.n_forward_contract + r.n_forward_screen + r.n_forward_elementwise, r.n_forward);
    cr_expect_leq(r.n_forward, most);
    return begun;
}

/* 80 calls and 8 an entry are set aside. */
Test(gradcheck_budget, is_the_first_points_alone_and_shared_by_the_others) {
    enum { COST = 80 + 8 * 100, PLENTY = 100000 };
    const struct begun all = run_within(PLENTY, 3);
    cr_assert(all.point[0] && all.point[1] && all.point[2]);
    for (size_t n_points = 1; n_points <= 3; n_points++) {
        cr_expect(run_within(all.calls[0] + COST, n_points).point[0]);
        cr_expect_not(run_within(all.calls[0] + COST - 1, n_points).point[0]);
    }
    cr_expect(run_within(all.calls[1] + COST, 2).point[1], "one point is left");
    cr_expect_not(run_within(all.calls[1] + COST - 1, 2).point[1]);
    cr_expect(run_within(all.calls[1] + 2 * COST, 3).point[1], "two points are left");
    cr_expect_not(run_within(all.calls[1] + 2 * COST - 1, 3).point[1]);
}

static int wait_a_while(struct polynomial *unused) {
    (void)unused;
    struct timespec start, now;
    timespec_get(&start, TIME_UTC);
    do {
        timespec_get(&now, TIME_UTC);
    } while (now.tv_sec == start.tv_sec && now.tv_nsec == start.tv_nsec);
    volatile double busy = 0;
    for (int i = 0; i < 100000; i++) {
        busy = busy + i;
    }
    return 0;
}

Test(gradcheck_budget, of_seconds_makes_the_run_inconclusive_and_not_repeatable) {
    const struct gradcheck_options options = {.max_seconds = 1e-9};
    struct gradcheck_report r;
    char text[8192] = "";
    polynomial_open(&p, 10);
    p.before_forward = wait_a_while;
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_assert_eq(r.verdict, GRADCHECK_INCONCLUSIVE);
    cr_assert_eq(r.reason, GRADCHECK_BUDGET);
    cr_assert_not(r.repeatable);
    FILE *stream = tmpfile();
    cr_assert_eq(gradcheck_print(&r, stream), 0);
    rewind(stream);
    cr_assert_gt(fread(text, 1, sizeof text - 1, stream), 0);
    fclose(stream);
    cr_assert_not_null(strstr(text, "not repeatable"), "%s", text);
}

struct phases {
    char names[16][16];
    size_t n, stop_in, calls;
};

static int note_phase(void *ctx, const struct gradcheck_progress *progress) {
    struct phases *phases = ctx;
    phases->calls++;
    if (phases->n == 0 || strcmp(phases->names[phases->n - 1], progress->phase) != 0) {
        cr_assert_lt(phases->n, 16);
        strcpy(phases->names[phases->n++], progress->phase);
    }
    return phases->stop_in == phases->n;
}

Test(gradcheck_progress, tells_the_phases_in_order) {
    struct phases phases = {.n = 0};
    const struct gradcheck_options options = {
        .n_points = 1, .progress = note_phase, .progress_ctx = &phases};
    static const char *const expected[] = {"contract", "rounding", "screen", "elementwise",
                                           "controls"};
    struct gradcheck_report r;
    polynomial_open(&p, 10);
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_assert_eq(phases.n, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_str_eq(phases.names[i], expected[i]);
    }
}

struct beginnings {
    const char *phase;
    size_t point, n;
};

static int note_beginning(void *ctx, const struct gradcheck_progress *progress) {
    struct beginnings *b = ctx;
    if (strcmp(b->phase, progress->phase) != 0 || b->point != progress->point) {
        cr_expect_eq(progress->done, 0, "%s at point %zu", progress->phase, progress->point);
        b->n++;
    }
    b->phase = progress->phase;
    b->point = progress->point;
    return 0;
}

Test(gradcheck_progress, begins_each_phase_of_each_point_with_nothing_done) {
    struct beginnings beginnings = {.phase = ""};
    const struct gradcheck_options options = {
        .n_points = 3, .progress = note_beginning, .progress_ctx = &beginnings};
    struct gradcheck_report r;
    polynomial_open(&p, 10);
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    cr_expect_eq(beginnings.n, 1 + 3 * 4, "%zu: the contract, and four others of each point",
                 beginnings.n);
    cr_expect_eq(beginnings.point, 2);
}

Test(gradcheck_progress, tells_of_location_however_few_directions_failed) {
    for (size_t n = 1; n <= 3; n++) {
        struct phases phases = {.n = 0};
        const struct gradcheck_options options = {.n_points = 1,
                                                  .n_directions = n,
                                                  .screen_only = true,
                                                  .progress = note_phase,
                                                  .progress_ctx = &phases};
        struct gradcheck_report r;
        polynomial_open(&p, 100);
        p.factor[50] = 2;
        cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
        cr_assert_str_eq(phases.names[phases.n - 1], "location");
    }
}

Test(gradcheck_progress, ends_the_run_when_told_to_in_any_phase) {
    for (size_t phase = 1; phase <= 5; phase++) {
        struct phases phases = {.stop_in = phase};
        const struct gradcheck_options options = {
            .n_points = 1, .progress = note_phase, .progress_ctx = &phases};
        struct gradcheck_report r;
        polynomial_open(&p, 10);
        cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
        cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE, "%zu: %s", phase, r.summary);
        cr_expect_eq(r.reason, GRADCHECK_BUDGET, "%zu", phase);
        cr_expect(r.repeatable);
        cr_expect_eq(phases.n, phase);
    }
}

static void count_entry(void *ctx, const struct gradcheck_entry *entry) {
    size_t *counts = ctx;
    cr_assert_lt(entry->point, 3);
    cr_assert_lt(entry->place.index[0], 10);
    counts[entry->point * 10 + entry->place.index[0]]++;
}

Test(gradcheck_progress, hands_over_every_entry_of_every_point_once) {
    size_t counts[30] = {0};
    const struct gradcheck_options options = {.on_entry = count_entry, .on_entry_ctx = counts};
    struct gradcheck_report r;
    polynomial_open(&p, 10);
    cr_assert_eq(gradcheck_run(&p.kernel, &options, &r), GRADCHECK_OK);
    for (size_t i = 0; i < 30; i++) {
        cr_expect_eq(counts[i], 1, "%zu", i);
    }
}
