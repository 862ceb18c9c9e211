// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
/* Programs behind the door, right and wrong in every way: little shell scripts. */
#include "port/door.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A port that answers to every call what `go` says; $n is its number. */
#define LOOP(go, bye)                                                                              \
    "while read -r word n1 rest; do case $word in call) n=$n1;; go) " go ";; bye) " bye            \
    ";; esac; done"
#define PORT(go) "echo '@port 1 a script'; " LOOP(go, "exit 0")
#define ONE "3ff0000000000000"
#define OUT "echo '@out y f64 - " ONE "'"
#define DONE "echo \"@done $n\""

static double x = 0.5, y;

struct session {
    struct port_door *door;
    struct port_target target;
    char *argv[4];
    char why[PORT_TEXT_SIZE];
};

static bool open_script(struct session *s, const char *script, double seconds, int talk) {
    *s = (struct session){.argv = {"sh", "-c", (char *)script, NULL}};
    s->target.argv = s->argv;
    const struct port_door_options options = {
        .target = &s->target, .suite = "test", .seconds = seconds, .talk = talk};
    s->door = port_door_open(&options, s->why);
    return s->door != NULL;
}

static enum port_answer ask(struct session *s) {
    const struct array given = {.dtype = ARRAY_F64, .count = 1, .data = &x};
    const struct port_given in = {.name = "x", .array = &given};
    struct port_wanted out = {.name = "y", .array = {.dtype = ARRAY_F64, .count = 1, .data = &y}};
    const struct port_call call = {.kernel = "k",
                                   .pass = "forward",
                                   .given = &in,
                                   .n_given = 1,
                                   .wanted = &out,
                                   .n_wanted = 1};
    y = -7;
    return port_door_call(s->door, &call, s->why);
}

static enum port_answer finish(struct session *s) {
    return port_door_close(s->door, s->why);
}

/* Longer than any of these should take on a busy machine, shorter than a test's limit. */
#define AMPLE 60

Test(port_program, a_right_one_answers_call_after_call) {
    struct session s;
    cr_assert(open_script(&s, PORT(OUT "; " DONE), AMPLE, -1), "%s", s.why);
    for (size_t i = 0; i < 20; i++) {
        cr_assert(ask(&s) == PORT_ANSWERED, "%s", s.why);
        cr_assert(y == 1);
    }
    struct port_counts counts = port_door_counts(s.door);
    cr_expect(counts.asked == 20 && counts.answered == 20 && counts.talk_lines == 0);
    cr_expect(finish(&s) == PORT_ANSWERED, "%s", s.why);
}

Test(port_program, what_no_port_may_do_is_broken_and_says_what) {
    static const struct {
        const char *script;
        const char *why;
    } rows[] = {
        /* killed or gone, at each step */
        {"kill -9 $$", "crashed by SIGKILL before @port"},
        {"exit 3", "exited with code 3 before @port"},
        {"exit 0", "exited with code 0 before @port"},
        {"printf '@po'; kill -9 $$", "crashed by SIGKILL before @port"},
        {"echo '@port 1 x'; kill -9 $$", "crashed by SIGKILL before it answered call 1 (forward)"},
        {"echo '@port 1 x'; read -r line; kill -9 $$", "SIGKILL before it answered call 1"},
        {"echo '@port 1 x'; read -r a; read -r b; kill -9 $$", "SIGKILL before it answered call 1"},
        {"echo '@port 1 x'; read -r a; read -r b; read -r c; read -r d; kill -9 $$",
         "SIGKILL before it answered call 1"},
        {PORT("kill -9 $$"), "SIGKILL before it answered call 1"},
        {PORT("kill -11 $$"), "SIGSEGV before it answered call 1"},
        {PORT("exit 0"), "exited with code 0 before it answered call 1"},
        {PORT("printf '@out y f64 - 3ff0'; kill -9 $$"), "SIGKILL in the middle of a line"},
        {PORT(OUT "; kill -9 $$"), "SIGKILL before it answered call 1"},
        {PORT(OUT "; printf '@done'; exit 5"), "code 5 in the middle of a line"},
        {PORT("exec 1>&-; sleep 60"), "closed its output before it answered call 1"},
        /* no greeting, or another one */
        {LOOP(OUT "; " DONE, "exit 0"), "said '@out y f64 - 3ff0000000000000' before @port"},
        {"echo '@port 2 x'; " LOOP(DONE, ""), "version 1 of the protocol"},
        /* garbage, and answers to something else */
        {PORT("echo '@out y f64 - 1.0'; " DONE), "number 0 is '1.0', not 16"},
        {PORT("echo '@nonsense'"), "none of @out, @done"},
        {PORT("echo '@out y f32 - 3f800000'; " DONE), "'f32 -', wanted is 'f64 -'"},
        {PORT("echo '@out y f64 1 " ONE "'; " DONE), "'f64 1', wanted is 'f64 -'"},
        {PORT(DONE), "the answer lacks y"},
        {PORT(OUT "; " OUT "; " DONE), "@out y comes twice"},
        {PORT(OUT "; echo '@done 2'"), "another call than number 1"},
        {PORT("echo '@out w f64 - " ONE "'; " DONE), "'w' was not asked for"},
        /* without end */
        {PORT("printf '@out y f64 - '; while :; do printf 3ff00000000000003ff0000000000000; done"),
         "longer than any answer"},
        {PORT("yes"), "bytes during call 1 (forward), and no answer"},
        {PORT("yes | tr -d '\\n'"), "bytes during call 1 (forward), and no answer"},
        {PORT("yes '@out y f64 - " ONE "'"), "@out y comes twice"},
        {"yes", "bytes during call 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session s;
        cr_assert(open_script(&s, rows[i].script, AMPLE, -1), "%s", s.why);
        enum port_answer answer = ask(&s);
        cr_expect(answer == PORT_BROKEN && strstr(s.why, rows[i].why) != NULL, "%s: %d, %s",
                  rows[i].script, (int)answer, s.why);
        struct port_counts counts = port_door_counts(s.door);
        cr_expect(counts.asked == 1 && counts.answered == 0);
        cr_expect(ask(&s) == PORT_BROKEN && strstr(s.why, rows[i].why) != NULL, "%s: again: %s",
                  rows[i].script, s.why);
        cr_expect(finish(&s) == PORT_ANSWERED, "it is known by now: %s", s.why);
    }
    cr_expect(waitpid(-1, NULL, WNOHANG) == -1, "no child is left");
}

Test(port_program, one_that_hangs_is_given_up_in_time) {
    static const char *const scripts[] = {
        "sleep 60",
        PORT("sleep 60"),
        PORT(OUT "; sleep 60"),
        PORT("printf '@out y'; sleep 60"),
        PORT("while :; do echo still busy; sleep 0.01; done"),
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct session s;
        cr_assert(open_script(&s, scripts[i], 0.3, -1), "%s", s.why);
        enum port_answer answer = ask(&s);
        cr_expect(answer == PORT_BROKEN && strstr(s.why, "no answer to call 1 (forward) within"),
                  "%s: %s", scripts[i], s.why);
        (void)finish(&s);
    }
}

Test(port_program, skips_and_errors_are_answers) {
    struct session s;
    cr_assert(open_script(&s, PORT("echo \"@skip $n not today\""), AMPLE, -1), "%s", s.why);
    cr_expect(ask(&s) == PORT_SKIPPED);
    cr_expect_str_eq(s.why, "not today");
    cr_expect(ask(&s) == PORT_SKIPPED, "and again: %s", s.why);
    cr_expect(port_door_counts(s.door).answered == 2);
    cr_expect(finish(&s) == PORT_ANSWERED, "%s", s.why);
    cr_assert(open_script(&s, PORT("echo \"@error $n overflow\""), AMPLE, -1), "%s", s.why);
    cr_expect(ask(&s) == PORT_REFUSED);
    cr_expect_str_eq(s.why, "overflow");
    cr_expect(finish(&s) == PORT_ANSWERED, "%s", s.why);
}

Test(port_program, the_end_is_judged_too) {
    static const struct {
        const char *script;
        const char *why; /* NULL: it ends well */
    } rows[] = {
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "exit 0"), NULL},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "echo bye too; exit 0"), NULL},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, ""), NULL}, /* at the end of input */
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "exit 4"), "exited with code 4 after \"bye\""},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "kill -6 $$"), "crashed by SIGABRT after"},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "echo '@done 2'; exit 0"), "said more than"},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE "; " OUT "; " DONE, "exit 0"), "said more than"},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE,
                                   "yes \"$(printf %04000d 0)\""), /* long lines: soon */
         "bytes after \"bye\""},
        {"echo '@port 1 x'; " LOOP(OUT "; " DONE, "sleep 60"), "did not exit within 5 s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session s;
        cr_assert(open_script(&s, rows[i].script, AMPLE, -1), "%s", s.why);
        cr_assert(ask(&s) == PORT_ANSWERED, "%s: %s", rows[i].script, s.why);
        enum port_answer answer = finish(&s);
        bool good = rows[i].why == NULL ? answer == PORT_ANSWERED
                                        : answer == PORT_BROKEN && strstr(s.why, rows[i].why);
        cr_expect(good, "%s: %d, %s", rows[i].script, (int)answer, s.why);
    }
    cr_expect(waitpid(-1, NULL, WNOHANG) == -1, "no child is left");
}

Test(port_program, talk_is_counted_and_passed_on) {
    static const char script[] = "echo hello; echo '@port 1 x'; " LOOP(
        "echo thinking; " OUT "; echo '  @done 9'; " DONE, "exit 0");
    int ends[2];
    char heard[256] = "";
    struct session s;
    cr_assert(pipe(ends) == 0);
    cr_assert(open_script(&s, script, AMPLE, ends[1]), "%s", s.why);
    cr_expect(ask(&s) == PORT_ANSWERED, "%s", s.why);
    cr_expect(y == 1);
    cr_expect(port_door_counts(s.door).talk_lines == 3);
    cr_expect(finish(&s) == PORT_ANSWERED, "%s", s.why);
    (void)close(ends[1]);
    cr_assert(read(ends[0], heard, sizeof heard - 1) > 0);
    cr_expect_str_eq(heard, "hello\nthinking\n  @done 9\n");
    (void)close(ends[0]);
}

/* More than a pipe holds, both ways: neither side waits for the other to read first. */
Test(port_program, large_arrays_do_not_block_either_side) {
    enum { N = 40000 };
    static double large[N];
    static double back[N];
    /* Answers before it reads what it is given, with what it was written with. */
    static const char script[] =
        "echo '@port 1 x'; { printf '@out y f64 40000'; "
        "awk 'BEGIN { for (i = 0; i < 40000; i++) printf \" 3ff0000000000000\"; print \"\" }'; "
        "echo '@done 1'; }; cat >/dev/null";
    const struct array given = {
        .dtype = ARRAY_F64, .ndim = 1, .shape = {N}, .count = N, .data = large};
    const struct port_given in = {.name = "x", .array = &given};
    struct array room = given;
    room.data = back;
    struct port_wanted out = {.name = "y", .array = room};
    const struct port_call call = {.kernel = "k",
                                   .pass = "forward",
                                   .given = &in,
                                   .n_given = 1,
                                   .wanted = &out,
                                   .n_wanted = 1};
    struct session s;
    cr_assert(open_script(&s, script, AMPLE, -1), "%s", s.why);
    cr_assert(port_door_call(s.door, &call, s.why) == PORT_ANSWERED, "%s", s.why);
    cr_expect(back[0] == 1 && back[N - 1] == 1);
    cr_expect(finish(&s) == PORT_ANSWERED, "%s", s.why);
}

Test(port_program, what_cannot_be_started_says_why) {
    char *argv[] = {"/nonexistent/port", NULL};
    const struct port_target target = {.argv = argv};
    struct port_about about;
    char why[PORT_TEXT_SIZE];
    cr_expect(!port_meet(&target, 1, &about, why));
    cr_expect(strstr(why, "/nonexistent/port cannot be started: No such file") != NULL, "%s", why);
}

Test(port_program, meeting_hears_what_it_says_about_itself) {
    char *argv[] = {"sh", "-c", PORT("echo \"@skip $n what\""), NULL};
    char *silent[] = {"sh", "-c", "exit 1", NULL};
    struct port_target target = {.argv = argv};
    struct port_about about;
    char why[PORT_TEXT_SIZE];
    cr_expect(port_meet(&target, AMPLE, &about, why), "%s", why);
    cr_expect_str_eq(about.text, "a script");
    argv[2] = PORT("echo @nonsense");
    cr_expect(port_meet(&target, AMPLE, &about, why), "what it does wrong later is for the cases");
    target.argv = silent;
    cr_expect(!port_meet(&target, AMPLE, &about, why));
    cr_expect(strstr(why, "exited with code 1 before @port") != NULL, "%s", why);
}
