// SPDX-License-Identifier: MIT
/* tests/ports/misbehaves.c behind the door, each time in a worker as the gate has it. */
#include "port/door.h"
#include "port/worker.h"

#include <criterion/criterion.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>

#ifndef MISBEHAVES /* where the Makefile built it */
#define MISBEHAVES "build/debug/tests/ports/misbehaves.so"
#endif

enum { N = 5 };

struct said {
    enum port_answer answer;
    bool returned;
    int rounding; /* of the caller, after the call */
    char why[PORT_TEXT_SIZE];
    char about[PORT_TEXT_SIZE];
    double y[N], z[2];
    bool has_z;
};

struct job {
    const char *kernel;
    double seconds;
    struct said said;
    struct port_board *board;
};

static const double x[N] = {1, 2, 3, 4, 5};

static void note_last_words(void *ctx, const char *text) {
    struct job *job = ctx;
    (void)snprintf(job->said.why, sizeof job->said.why, "%s", text);
    port_publish(job->board, &job->said);
}

static void work(void *ctx, struct port_board *board) {
    struct job *job = ctx;
    const struct port_target target = {.library = MISBEHAVES};
    const struct port_door_options options = {.target = &target,
                                              .suite = "test",
                                              .seconds = job->seconds,
                                              .talk = -1,
                                              .last_words = note_last_words,
                                              .last_words_ctx = job};
    const struct array given = {
        .dtype = ARRAY_F64, .ndim = 1, .shape = {N}, .count = N, .data = (void *)x};
    const struct port_given in = {.name = "x", .array = &given};
    struct port_wanted out[] = {
        {.name = "y",
         .array = {.dtype = ARRAY_F64, .ndim = 1, .shape = {N}, .count = N, .data = job->said.y}},
        {.name = "z",
         .optional = true,
         .array = {.dtype = ARRAY_F64, .ndim = 1, .shape = {2}, .count = 2, .data = job->said.z}},
    };
    const struct port_call call = {.kernel = job->kernel,
                                   .pass = "forward",
                                   .given = &in,
                                   .n_given = 1,
                                   .wanted = out,
                                   .n_wanted = 2};
    char goodbye[PORT_TEXT_SIZE];
    job->board = board;
    struct port_door *door = port_door_open(&options, job->said.why);
    if (door == NULL) {
        port_publish(board, &job->said);
        return;
    }
    job->said.answer = port_door_call(door, &call, job->said.why);
    job->said.rounding = fegetround();
    job->said.has_z = out[1].answered;
    job->said.returned = true;
    (void)port_door_close(door, goodbye);
    port_publish(board, &job->said);
}

static struct said call_library(const char *kernel, double seconds, struct port_outcome *outcome) {
    struct job job = {.kernel = kernel, .seconds = seconds};
    struct said said = {0};
    const struct port_job run = {
        .work = work, .ctx = &job, .result = &said, .result_size = sizeof said, .seconds = 60};
    port_run(&run, outcome);
    return said;
}

#define AMPLE 50

Test(port_library, a_right_one_answers_and_may_leave_out_what_is_optional) {
    struct port_outcome outcome;
    struct said said = call_library("right", AMPLE, &outcome);
    cr_assert(said.returned && said.answer == PORT_ANSWERED, "%s", said.why);
    for (size_t i = 0; i < N; i++) {
        cr_expect(said.y[i] == 2 * x[i]);
    }
    cr_expect(!said.has_z);
}

Test(port_library, how_it_rounds_is_its_own_affair) {
    struct port_outcome outcome;
    struct said said = call_library("rounds_up", AMPLE, &outcome);
    cr_assert(said.returned && said.answer == PORT_ANSWERED, "%s", said.why);
    cr_expect(said.rounding == FE_TONEAREST);
}

Test(port_library, what_no_port_may_do_is_named_with_its_place) {
    static const struct {
        const char *kernel;
        enum port_answer answer;
        const char *why;
    } rows[] = {
        {"past_the_end", PORT_BROKEN, "wrote past the end of y[5], in forward"},
        {"before_the_start", PORT_BROKEN, "wrote before the start of y, in forward"},
        {"leaves_one", PORT_BROKEN, "left y[3] unwritten, in forward"},
        {"part_of_option", PORT_BROKEN, "left z[1] unwritten, in forward"},
        {"nonsense", PORT_BROKEN,
         "returned 9 from forward: neither done (0), skip (1) nor error (2)"},
        {"skips", PORT_SKIPPED, "not on this machine"},
        {"fails", PORT_REFUSED, "overflow"},
        {"unknown", PORT_SKIPPED, "without a reason"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct port_outcome outcome;
        struct said said = call_library(rows[i].kernel, AMPLE, &outcome);
        cr_expect(said.returned && said.answer == rows[i].answer &&
                      strcmp(said.why, rows[i].why) == 0,
                  "%s: %d, %s", rows[i].kernel, (int)said.answer, said.why);
    }
}

Test(port_library, what_kills_it_is_said_before_it_dies) {
    static const struct {
        const char *kernel;
        const char *why, *other; /* either; where the machine does not tell a write from a read */
    } rows[] = {
        {"far_past_the_end", "wrote past the end of y[5], in forward",
         "went past the end of y[5], in forward"},
        {"reads_past_the_end", "read past the end of x[5], in forward",
         "went past the end of x[5], in forward"},
        {"writes_given", "wrote to x, which is given, in forward", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct port_outcome outcome;
        struct said said = call_library(rows[i].kernel, AMPLE, &outcome);
        cr_expect(outcome.end != PORT_DONE && !said.returned, "%s", rows[i].kernel);
        cr_expect(strcmp(said.why, rows[i].why) == 0 || strcmp(said.why, rows[i].other) == 0,
                  "%s: %s", rows[i].kernel, said.why);
    }
}

Test(port_library, aborts_exits_and_hangs_end_the_worker_alone) {
    struct port_outcome outcome;
    struct said said = call_library("aborts", AMPLE, &outcome);
    cr_expect(outcome.end == PORT_CRASHED && !said.returned);
    said = call_library("exits", AMPLE, &outcome);
    cr_expect(outcome.end == PORT_EXITED && outcome.code == 3 && !said.returned);
    said = call_library("hangs", 0.4, &outcome);
    cr_expect(outcome.end == PORT_CRASHED, "%s", port_end_name(outcome.end));
    cr_expect_str_eq(said.why, "did not return from forward within 0.4 s");
}

Test(port_library, says_what_it_is_or_why_it_cannot_be_loaded) {
    struct port_target target = {.library = MISBEHAVES};
    struct port_about about;
    char why[PORT_TEXT_SIZE];
    cr_expect(port_meet(&target, AMPLE, &about, why), "%s", why);
    cr_expect_str_eq(about.text, "a library that misbehaves");
    target.library = "./no-such-library.so";
    cr_expect(!port_meet(&target, AMPLE, &about, why));
    cr_expect(strstr(why, "./no-such-library.so cannot be loaded") != NULL, "%s", why);
}
