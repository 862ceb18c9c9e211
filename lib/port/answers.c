// SPDX-License-Identifier: MIT
/* A port that has answered already: its lines stand in a file. */
#include "doors.h"
#include "reply.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer { /* one reply: its lines from `start` on, up to and with its last */
    size_t start, end;
    size_t line; /* number of its first line */
};

struct port_answers {
    char *bytes;
    size_t size;
    struct port_about about;
    size_t n;
    struct answer *of; /* n */
};

/* ---- reading ---- */

static bool fail(struct port_answers *a, FILE *file, char why[], const char *path,
                 const char *reason) {
    (void)door_say(why, PORT_NO_ROOM, "%s: %s", path, reason);
    if (file != NULL) {
        (void)fclose(file);
    }
    port_answers_free(a);
    return false;
}

static bool read_all(FILE *file, struct port_answers *a) {
    size_t room = 0;
    for (;;) {
        if (a->size == room) {
            room = room > 0 ? 2 * room : 65536;
            char *bytes = room <= PTRDIFF_MAX / 2 ? realloc(a->bytes, room) : NULL;
            if (bytes == NULL) {
                errno = ENOMEM;
                return false;
            }
            a->bytes = bytes;
        }
        size_t n = fread(a->bytes + a->size, 1, room - a->size, file);
        a->size += n;
        if (n == 0) {
            return !ferror(file);
        }
    }
}

struct scan {
    struct port_answers *answers;
    size_t at, line; /* of the line to be read; lines count from 1 */
    size_t room;     /* in answers->of */
    bool greeted;
};

static bool add_answer(struct scan *s, size_t start, size_t first_line) {
    struct port_answers *a = s->answers;
    if (a->n == s->room) {
        size_t room = s->room > 0 ? 2 * s->room : 256;
        struct answer *of = realloc(a->of, room * sizeof of[0]);
        if (of == NULL) {
            return false;
        }
        a->of = of;
        s->room = room;
    }
    a->of[a->n++] = (struct answer){start, s->at, first_line};
    return true;
}

/* The line at s->at, which is moved behind it. */
static size_t next_line(struct scan *s) {
    const char *line = s->answers->bytes + s->at;
    const char *end = memchr(line, '\n', s->answers->size - s->at);
    size_t length = end != NULL ? (size_t)(end - line) : s->answers->size - s->at;
    s->at += length + (end != NULL ? 1 : 0);
    s->line++;
    return length;
}

static bool scan_line(struct scan *s, size_t *start, size_t *first_line, char why[]) {
    const char *line = s->answers->bytes + s->at;
    size_t at = s->at;
    size_t length = next_line(s);
    size_t id = 0;
    enum reply_word word = reply_word_of(line, length);
    if (word == REPLY_TALK) {
        return true;
    }
    if (!s->greeted) {
        s->greeted = word == REPLY_PORT && reply_greeting(line, length, &s->answers->about, why);
        if (word != REPLY_PORT) {
            (void)door_say(why, PORT_BROKEN, "@port must come first");
        }
        return s->greeted;
    }
    if (*first_line == 0) {
        *start = at;
        *first_line = s->line;
    }
    if (word != REPLY_DONE && word != REPLY_SKIP && word != REPLY_ERROR) {
        return true; /* judged with the call */
    }
    if (!reply_id(line, length, &id, why)) {
        return false;
    }
    if (id != s->answers->n + 1) {
        (void)door_say(why, PORT_BROKEN, "call %zu is answered where call %zu should be", id,
                       s->answers->n + 1);
        return false;
    }
    if (!add_answer(s, *start, *first_line)) {
        (void)door_say(why, PORT_NO_ROOM, "out of memory");
        return false;
    }
    *first_line = 0;
    return true;
}

static bool scan(struct port_answers *a, char why[]) {
    struct scan s = {.answers = a};
    size_t start = 0;
    size_t first_line = 0;
    while (s.at < a->size) {
        if (!scan_line(&s, &start, &first_line, why)) {
            door_prefix(why, "line %zu: ", s.line);
            return false;
        }
    }
    if (!s.greeted) {
        (void)door_say(why, PORT_BROKEN, "there is no line @port 1 TEXT: these are no answers");
    } else if (first_line != 0) {
        (void)door_say(why, PORT_BROKEN, "line %zu: the last answer has no end", first_line);
    }
    return s.greeted && first_line == 0;
}

struct port_answers *port_answers_read(const char *path, char why[]) {
    struct port_answers *a = calloc(1, sizeof *a);
    FILE *file = fopen(path, "rb");
    char reason[PORT_TEXT_SIZE];
    if (a == NULL || file == NULL) {
        (void)fail(a, file, why, path, a == NULL ? "out of memory" : strerror(errno));
        return NULL;
    }
    if (!read_all(file, a)) {
        (void)fail(a, file, why, path, strerror(errno));
        return NULL;
    }
    if (!scan(a, reason)) {
        (void)fail(a, file, why, path, reason);
        return NULL;
    }
    (void)fclose(file);
    return a;
}

void port_answers_free(struct port_answers *answers) {
    if (answers != NULL) {
        free(answers->bytes);
        free(answers->of);
        free(answers);
    }
}

size_t port_answers_count(const struct port_answers *answers) {
    return answers->n;
}

const struct port_about *port_answers_about(const struct port_answers *answers) {
    return &answers->about;
}

/* ---- the door ---- */

static bool file_open(struct port_door *door, char why[]) {
    (void)why;
    door->about = door->options.target->answers->about;
    return true;
}

static enum port_answer file_call(struct port_door *door, const struct port_call *call,
                                  char why[]) {
    const struct port_answers *a = door->options.target->answers;
    if (call->id == 0 || call->id > a->n) {
        return door_say(why, PORT_BROKEN, "there is no answer to call %zu", call->id);
    }
    const struct answer *found = &a->of[call->id - 1];
    enum port_answer answer = PORT_ANSWERED;
    bool more = true;
    size_t number = found->line;
    for (size_t at = found->start; at < found->end && more && answer == PORT_ANSWERED; number++) {
        const char *line = a->bytes + at;
        const char *end = memchr(line, '\n', a->size - at);
        size_t length = end != NULL ? (size_t)(end - line) : a->size - at;
        at += length + 1;
        if (reply_word_of(line, length) != REPLY_TALK) {
            answer = reply_take(call, call->id, line, length, &more, why);
        }
    }
    if (answer == PORT_BROKEN) {
        door_prefix(why, "line %zu: ", number - 1);
    }
    return answer;
}

static enum port_answer file_close(struct port_door *door, char why[]) {
    (void)door;
    (void)why;
    return PORT_ANSWERED;
}

const struct door_kind door_file = {file_open, file_call, file_close};
