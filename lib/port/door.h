// SPDX-License-Identifier: MIT
/*
 * Ports: somebody's implementation of a kernel, called through one of three doors, all alike from
 * here: call(kernel, pass, arrays in) -> arrays out.
 *
 *     struct port_door_options options = {.target = &target, .suite = "neuron", .seconds = 10};
 *     struct port_door *door = port_door_open(&options, why);
 *     enum port_answer answer = port_door_call(door, &call, why);   // PORT_ANSWERED: data are
 * there answer = port_door_close(door, why);
 *
 * A library is loaded into this process, so open its door in a forked worker only. A program runs
 * as a child of this process; a file holds answers that were given earlier.
 *
 * Whatever the port does comes back as an answer and a line of text: the doors print nothing, wait
 * no longer than they were told to, and keep no more than they asked for. A library that crashes
 * takes its process along; what is known is told through last_words before.
 */
#ifndef GRADGATE_PORT_DOOR_H
#define GRADGATE_PORT_DOOR_H

#include "array/array.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PORT_TEXT_SIZE 512
#define PORT_NAME_SIZE 32    /* a name, terminator included */
#define PORT_CALL_SECONDS 10 /* the time limit of a call where none is given */

/* Answers that were read from a file: port_answers_read. */
struct port_answers;

struct port_target {     /* one of the three is not NULL */
    const char *library; /* path of a shared library */
    char *const *argv;   /* a program and its arguments, ending in NULL; no shell */
    const struct port_answers *answers;
};

struct port_door_options {
    const struct port_target *target; /* must outlive the door */
    const char *suite;                /* one word that a program is greeted with */
    double seconds;                   /* of a call, wall clock; 0: PORT_CALL_SECONDS */
    int talk; /* where a program's talk is written to; -1: nowhere. What it says to stderr goes to
                 ours */
    /* What a library did wrong, when its process is about to die of it. Called in a signal handler;
     * may be NULL. */
    void (*last_words)(void *ctx, const char *text);
    void *last_words_ctx;
};

struct port_given {
    const char *name;
    const struct array *array;
};

struct port_wanted {
    const char *name;
    bool optional;      /* the port may leave it out */
    struct array array; /* the caller's memory, which the answer is written to */
    bool answered;
};

struct port_call {
    const char *kernel;
    const char *pass;
    size_t id; /* of the answer in a file: port_answers_read's; the other doors count themselves */
    const struct port_given *given;
    size_t n_given;
    struct port_wanted *wanted;
    size_t n_wanted;
};

#define PORT_ANSWERS(X)                                                                            \
    X(PORT_ANSWERED, "answered")                                                                   \
    X(PORT_SKIPPED, "skipped") /* the port said that this is not for it, and why */                \
    X(PORT_REFUSED, "refused") /* the port said that it failed, and why */                         \
    X(PORT_BROKEN, "broken")   /* it did what no port may do; every later call is broken too */    \
    X(PORT_NO_ROOM, "no room") /* out of memory, pipes, processes: nothing is known of the port */

#define PORT_ANSWER_(code, name) code,
enum port_answer { PORT_ANSWERS(PORT_ANSWER_) };
#undef PORT_ANSWER_

struct port_counts {
    size_t asked, answered; /* calls; a skip and an error are answers */
    size_t talk_lines;      /* of a program, on its standard output */
};

struct port_door;

/* NULL with a reason in why[PORT_TEXT_SIZE]. A program has been started then, not more: what it
 * says first is read with the first call. */
struct port_door *port_door_open(const struct port_door_options *options, char why[]);
/* why[PORT_TEXT_SIZE] is set unless the answer is ANSWERED. */
enum port_answer port_door_call(struct port_door *door, const struct port_call *call, char why[]);
/* Says goodbye. ANSWERED if the port then ended as it should, or was BROKEN before. Frees the door;
 * NULL is fine. */
enum port_answer port_door_close(struct port_door *door, char why[]);
struct port_counts port_door_counts(const struct port_door *door);

struct port_about {
    char text[PORT_TEXT_SIZE]; /* what the port says about itself; "" if nothing */
    bool flush_to_zero;        /* it has the word flush-to-zero in it */
};

/* Starts the port, in a process of its own, hears what it says about itself and lets it go: false
 * with a reason in why[PORT_TEXT_SIZE] if that does not work. A file has nothing to say. */
bool port_meet(const struct port_target *target, double seconds, struct port_about *about,
               char why[]);

/* Reads a file of answers in the lines of the port protocol. NULL with a reason in
 * why[PORT_TEXT_SIZE], with the line where there is one. Answers are numbered as the file numbers
 * them, which must be 1, 2, 3 ... */
struct port_answers *port_answers_read(const char *path, char why[]);
void port_answers_free(struct port_answers *answers); /* NULL is fine */
size_t port_answers_count(const struct port_answers *answers);
const struct port_about *port_answers_about(const struct port_answers *answers);

#ifdef __cplusplus
}
#endif

#endif
