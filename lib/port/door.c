// SPDX-License-Identifier: MIT
#include "doors.h"
#include "worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum port_answer door_say(char why[], enum port_answer answer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, PORT_TEXT_SIZE, format, arguments);
    va_end(arguments);
    return answer;
}

void door_prefix(char why[], const char *format, ...) {
    char whole[2 * PORT_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(whole, PORT_TEXT_SIZE, format, arguments);
    va_end(arguments);
    size_t used = strlen(whole);
    (void)snprintf(whole + used, sizeof whole - used, "%s", why);
    memcpy(why, whole, PORT_TEXT_SIZE);
    why[PORT_TEXT_SIZE - 1] = '\0';
}

static bool has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word)) {
        bool starts = p == text || p[-1] == ' ';
        if (starts && (p[length] == '\0' || p[length] == ' ')) {
            return true;
        }
    }
    return false;
}

void door_hear_about(struct port_about *about, const char *text, size_t length) {
    size_t size = length < sizeof about->text - 1 ? length : sizeof about->text - 1;
    memcpy(about->text, text, size);
    about->text[size] = '\0';
    about->flush_to_zero = has_word(about->text, "flush-to-zero");
}

static const struct door_kind *kind_of(const struct port_target *target) {
    return target->library != NULL ? &door_library
           : target->argv != NULL  ? &door_program
                                   : &door_file;
}

struct port_door *port_door_open(const struct port_door_options *options, char why[]) {
    struct port_door *door = calloc(1, sizeof *door);
    if (door == NULL) {
        (void)door_say(why, PORT_NO_ROOM, "out of memory");
        return NULL;
    }
    door->options = *options;
    door->options.seconds = options->seconds > 0 ? options->seconds : PORT_CALL_SECONDS;
    door->kind = kind_of(options->target);
    if (!door->kind->open(door, why)) {
        free(door);
        return NULL;
    }
    return door;
}

enum port_answer port_door_call(struct port_door *door, const struct port_call *call, char why[]) {
    if (door->broken) {
        return door_say(why, PORT_BROKEN, "%s", door->broken_why);
    }
    for (size_t i = 0; i < call->n_wanted; i++) {
        call->wanted[i].answered = false;
    }
    door->counts.asked++;
    enum port_answer answer = door->kind->call(door, call, why);
    if (answer == PORT_BROKEN) {
        door->broken = true;
        (void)snprintf(door->broken_why, sizeof door->broken_why, "%s", why);
    }
    bool answered = answer == PORT_ANSWERED || answer == PORT_SKIPPED || answer == PORT_REFUSED;
    door->counts.answered += answered;
    return answer;
}

enum port_answer port_door_close(struct port_door *door, char why[]) {
    if (door == NULL) {
        return PORT_ANSWERED;
    }
    enum port_answer answer = door->kind->close(door, why);
    free(door);
    return answer;
}

struct port_counts port_door_counts(const struct port_door *door) {
    return door->counts;
}

/* ---- meeting ---- */

struct meeting {
    struct port_door_options options;
    struct met {
        bool met;
        struct port_about about;
        char why[PORT_TEXT_SIZE];
    } result;
    struct port_board *board;
};

static void note_last_words(void *ctx, const char *text) {
    struct meeting *m = ctx;
    (void)snprintf(m->result.why, sizeof m->result.why, "%s", text);
    port_publish(m->board, &m->result);
}

/* A call that every port may skip: what it says first has been heard then. One that errs here errs
 * in the cases too, where it is judged. */
static void meet(void *ctx, struct port_board *board) {
    struct meeting *m = ctx;
    const struct port_call about = {.kernel = "port", .pass = "about"};
    m->board = board;
    m->options.last_words = note_last_words;
    m->options.last_words_ctx = m;
    struct port_door *door = port_door_open(&m->options, m->result.why);
    if (door == NULL) {
        port_publish(board, &m->result);
        return;
    }
    m->result.met = door->introduced;
    port_publish(board, &m->result);
    enum port_answer answer = port_door_call(door, &about, m->result.why);
    m->result.about = door->about;
    m->result.met = answer == PORT_BROKEN ? door->introduced : answer != PORT_NO_ROOM;
    port_publish(board, &m->result);
    char goodbye[PORT_TEXT_SIZE];
    (void)port_door_close(door, goodbye); /* judged with the cases */
}

bool port_meet(const struct port_target *target, double seconds, struct port_about *about,
               char why[]) {
    *about = (struct port_about){0};
    if (target->answers != NULL) {
        *about = *port_answers_about(target->answers);
        return true;
    }
    seconds = seconds > 0 ? seconds : PORT_CALL_SECONDS;
    struct meeting m = {
        .options = {.target = target, .suite = "port", .seconds = seconds, .talk = -1}};
    struct port_outcome outcome;
    struct met met = {0};
    struct port_job job = {.work = meet,
                           .ctx = &m,
                           .result = &met,
                           .result_size = sizeof met,
                           .seconds = 3 * seconds}; /* the call, the goodbye and some air */
    port_run(&job, &outcome);
    *about = met.about;
    if (!met.met && met.why[0] != '\0') {
        (void)snprintf(why, PORT_TEXT_SIZE, "%s", met.why);
    } else if (!met.met) {
        port_outcome_text(&outcome, why, PORT_TEXT_SIZE);
    }
    return met.met;
}
