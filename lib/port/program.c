// SPDX-License-Identifier: MIT
/* A port that is a program: lines on its standard input and output. */
#define _POSIX_C_SOURCE 200809L
#include "buffer.h"
#include "clock.h"
#include "doors.h"
#include "reply.h"
#include "request.h"
#include "spawn.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of talk within one call, beyond what the answer needs. */
#define MAX_TALK ((size_t)16 << 20)
/* That the goodbye may take: a program which has heard it has nothing left to do. */
#define GOODBYE_SECONDS 5.0

struct program {
    struct spawned child;
    struct buffer to, from;
    size_t id; /* of the last call */
    bool greeted;
    bool in_talk;    /* the line that has begun is talk, and longer than we keep */
    size_t heard;    /* bytes since the call began */
    double deadline; /* of the call */
};

/* ---- start ---- */

static bool program_open(struct port_door *door, char why[]) {
    static const char greeting[] = "gradgate 1 ";
    struct program *p = calloc(1, sizeof *p);
    const char *suite = door->options.suite != NULL ? door->options.suite : "kernels";
    bool room = p != NULL && buffer_append(&p->to, greeting, sizeof greeting - 1) &&
                buffer_append(&p->to, suite, strlen(suite)) && buffer_append(&p->to, "\n", 1);
    if (!room) {
        (void)door_say(why, PORT_NO_ROOM, "out of memory");
    }
    if (!room || !spawn(door->options.target->argv, &p->child, why)) {
        if (p != NULL) {
            buffer_free(&p->to);
        }
        free(p);
        return false;
    }
    door->self = p;
    return true;
}

/* ---- the end of a program, foreseen or not ---- */

static enum port_answer judge_end(struct port_door *door, const char *when, char why[]) {
    struct program *p = door->self;
    double deadline = clock_now() + 1;
    if (!spawn_wait(&p->child, deadline)) {
        return door_say(why, PORT_BROKEN, "closed its output %s, and runs on", when);
    }
    if (WIFSIGNALED(p->child.status)) {
        return door_say(why, PORT_BROKEN, "crashed by %s %s",
                        port_signal_name(WTERMSIG(p->child.status)), when);
    }
    return door_say(why, PORT_BROKEN, "exited with code %d %s", WEXITSTATUS(p->child.status), when);
}

static enum port_answer judge_early_end(struct port_door *door, const struct port_call *call,
                                        char why[]) {
    struct program *p = door->self;
    char when[128];
    (void)snprintf(when, sizeof when, "%s call %zu (%s)",
                   !p->greeted                   ? "before @port, which must come first, and"
                   : buffer_length(&p->from) > 0 ? "in the middle of a line of the answer to"
                                                 : "before it answered",
                   p->id, call->pass);
    return judge_end(door, when, why);
}

/* ---- lines ---- */

static void talk(struct port_door *door, const char bytes[], size_t n) {
    while (door->options.talk >= 0 && n > 0) {
        ssize_t written = write(door->options.talk, bytes, n);
        if (written <= 0 && errno != EINTR) {
            return;
        }
        bytes += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
}

static enum port_answer take_line(struct port_door *door, const struct port_call *call,
                                  const char line[], size_t length, bool *more, char why[]) {
    struct program *p = door->self;
    *more = true;
    if (reply_word_of(line, length) == REPLY_TALK) {
        door->counts.talk_lines++;
        talk(door, line, length);
        talk(door, "\n", 1);
        return PORT_ANSWERED;
    }
    if (!p->greeted) {
        char quoted[REPLY_QUOTE_SIZE];
        if (reply_word_of(line, length) != REPLY_PORT) {
            reply_quote(line, length, quoted);
            return door_say(why, PORT_BROKEN, "said %s before @port, which must come first",
                            quoted);
        }
        p->greeted = true;
        door->introduced = reply_greeting(line, length, &door->about, why);
        return door->introduced ? PORT_ANSWERED : PORT_BROKEN;
    }
    return reply_take(call, p->id, line, length, more, why);
}

/* A line that is longer than any answer: talk is passed on, an answer is refused. */
static enum port_answer take_long(struct port_door *door, const struct port_call *call,
                                  char why[]) {
    struct program *p = door->self;
    const char *line = p->from.bytes + p->from.start;
    size_t length = buffer_length(&p->from);
    if (!p->in_talk && length < reply_longest(call)) {
        return PORT_ANSWERED;
    }
    if (!p->in_talk && line[0] == '@') {
        char quoted[REPLY_QUOTE_SIZE];
        reply_quote(line, length, quoted);
        return door_say(why, PORT_BROKEN, "the line %s is longer than any answer to this call",
                        quoted);
    }
    p->in_talk = true;
    talk(door, line, length);
    buffer_consume(&p->from, length);
    return PORT_ANSWERED;
}

/* All whole lines that are there, up to the end of the reply. */
static enum port_answer take_lines(struct port_door *door, const struct port_call *call, bool *more,
                                   char why[]) {
    struct program *p = door->self;
    enum port_answer answer = PORT_ANSWERED;
    *more = true;
    while (*more && answer == PORT_ANSWERED && buffer_length(&p->from) > 0) {
        const char *line = p->from.bytes + p->from.start;
        const char *end = memchr(line, '\n', buffer_length(&p->from));
        if (end == NULL) {
            return take_long(door, call, why);
        }
        size_t length = (size_t)(end - line);
        if (p->in_talk) {
            talk(door, line, length + 1);
            door->counts.talk_lines++;
            p->in_talk = false;
        } else {
            answer = take_line(door, call, line, length, more, why);
        }
        buffer_consume(&p->from, length + 1);
    }
    return answer;
}

/* ---- bytes ---- */

/* As much as the program takes now. One that reads no more may still answer. */
static void send_some(struct program *p) {
    while (p->child.to >= 0 && buffer_length(&p->to) > 0) {
        ssize_t n = write(p->child.to, p->to.bytes + p->to.start, buffer_length(&p->to));
        if (n > 0) {
            buffer_consume(&p->to, (size_t)n);
        } else if (errno != EINTR) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                spawn_close(&p->child.to);
            }
            return;
        }
    }
}

enum hearing { HEARD, HEARD_NOTHING, HEARD_END, NO_ROOM };

static enum hearing hear(struct program *p) {
    const size_t chunk = 65536;
    if (!buffer_reserve(&p->from, chunk)) {
        return NO_ROOM;
    }
    for (;;) {
        ssize_t n = read(p->child.from, p->from.bytes + p->from.end, chunk);
        if (n > 0) {
            p->from.end += (size_t)n;
            p->heard += (size_t)n;
            return HEARD;
        }
        if (n == 0) {
            return HEARD_END;
        }
        if (errno != EINTR) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? HEARD_NOTHING : HEARD_END;
        }
    }
}

/* Until there is something to hear, room to send, or the time is up: false. */
static bool wait_for(struct program *p) {
    struct pollfd fds[2] = {{.fd = p->child.from, .events = POLLIN},
                            {.fd = p->child.to, .events = POLLOUT}};
    nfds_t n = p->child.to >= 0 && buffer_length(&p->to) > 0 ? 2 : 1;
    double left = p->deadline - clock_now();
    if (!(left > 0)) {
        return false;
    }
    (void)poll(fds, n, (int)(left * 1000) + 1);
    return true;
}

static size_t longest_reply(const struct port_call *call) {
    size_t size = MAX_TALK + reply_longest(call);
    for (size_t i = 0; i < call->n_wanted; i++) {
        size += call->wanted[i].array.count * 17 + 256;
    }
    return size;
}

static enum port_answer listen_to(struct port_door *door, const struct port_call *call,
                                  char why[]) {
    struct program *p = door->self;
    size_t longest = longest_reply(call);
    bool more = true;
    enum port_answer answer = take_lines(door, call, &more, why);
    while (answer == PORT_ANSWERED && more) {
        send_some(p);
        switch (hear(p)) {
        case HEARD:
            answer = take_lines(door, call, &more, why);
            break;
        case HEARD_NOTHING:
            if (!wait_for(p)) {
                return door_say(why, PORT_BROKEN, "gave no answer to call %zu (%s) within %.3g s",
                                p->id, call->pass, door->options.seconds);
            }
            break;
        case HEARD_END:
            return judge_early_end(door, call, why);
        case NO_ROOM:
            return door_say(why, PORT_NO_ROOM, "out of memory");
        }
        if (answer == PORT_ANSWERED && more && clock_now() >= p->deadline) {
            return door_say(why, PORT_BROKEN, "gave no answer to call %zu (%s) within %.3g s",
                            p->id, call->pass, door->options.seconds);
        }
        if (answer == PORT_ANSWERED && more && p->heard > longest) {
            return door_say(why, PORT_BROKEN, "wrote %zu bytes during call %zu (%s), and no answer",
                            p->heard, p->id, call->pass);
        }
    }
    return answer;
}

static enum port_answer program_call(struct port_door *door, const struct port_call *call,
                                     char why[]) {
    struct program *p = door->self;
    p->id++;
    p->heard = 0;
    p->deadline = clock_now() + door->options.seconds;
    if (!request_append(&p->to, call, p->id)) {
        return door_say(why, PORT_NO_ROOM, "out of memory");
    }
    enum port_answer answer = listen_to(door, call, why);
    if (answer == PORT_BROKEN) {
        spawn_kill(&p->child);
    }
    return answer;
}

/* ---- goodbye ---- */

/* Whatever it still says must be talk. */
static enum port_answer hear_out(struct port_door *door, char why[]) {
    static const struct port_call nothing = {.kernel = "", .pass = "bye"};
    struct program *p = door->self;
    for (;;) {
        bool more = true;
        send_some(p);
        if (buffer_length(&p->to) == 0) {
            spawn_close(&p->child.to);
        }
        enum port_answer answer = take_lines(door, &nothing, &more, why);
        if (answer != PORT_ANSWERED) {
            door_prefix(why, "said more than it was asked for: ");
            return PORT_BROKEN;
        }
        switch (hear(p)) {
        case HEARD:
            break;
        case HEARD_NOTHING:
            if (!wait_for(p)) {
                return door_say(why, PORT_BROKEN, "did not exit within %.3g s of \"bye\"",
                                GOODBYE_SECONDS);
            }
            break;
        case HEARD_END:
            return PORT_ANSWERED;
        case NO_ROOM:
            return door_say(why, PORT_NO_ROOM, "out of memory");
        }
        if (p->heard > MAX_TALK) {
            return door_say(why, PORT_BROKEN, "wrote %zu bytes after \"bye\"", p->heard);
        }
    }
}

static enum port_answer say_goodbye(struct port_door *door, char why[]) {
    struct program *p = door->self;
    p->heard = 0;
    p->deadline = clock_now() + GOODBYE_SECONDS;
    if (!buffer_append(&p->to, "bye\n", 4)) {
        return door_say(why, PORT_NO_ROOM, "out of memory");
    }
    enum port_answer answer = hear_out(door, why);
    if (answer == PORT_ANSWERED && !spawn_wait(&p->child, p->deadline)) {
        return door_say(why, PORT_BROKEN, "did not exit within %.3g s of \"bye\"", GOODBYE_SECONDS);
    }
    bool well =
        answer == PORT_ANSWERED && WIFEXITED(p->child.status) && WEXITSTATUS(p->child.status) == 0;
    return answer != PORT_ANSWERED || well ? answer : judge_end(door, "after \"bye\"", why);
}

static enum port_answer program_close(struct port_door *door, char why[]) {
    struct program *p = door->self;
    enum port_answer answer = door->broken ? PORT_ANSWERED : say_goodbye(door, why);
    spawn_kill(&p->child);
    spawn_close(&p->child.to);
    spawn_close(&p->child.from);
    buffer_free(&p->to);
    buffer_free(&p->from);
    free(p);
    return answer;
}

const struct door_kind door_program = {program_open, program_call, program_close};
