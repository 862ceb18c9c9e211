// SPDX-License-Identifier: MIT
/* What the three kinds of door have in common, and what each must do. */
#ifndef GRADGATE_PORT_DOORS_H
#define GRADGATE_PORT_DOORS_H

#include "door.h"

struct port_door;

struct door_kind {
    bool (*open)(struct port_door *door, char why[]);
    enum port_answer (*call)(struct port_door *door, const struct port_call *call, char why[]);
    enum port_answer (*close)(struct port_door *door, char why[]); /* frees self */
};

struct port_door {
    const struct door_kind *kind;
    struct port_door_options options;
    struct port_counts counts;
    struct port_about about; /* as far as it has been heard */
    bool introduced;         /* it runs, and is a port: loaded, or @port was heard */
    bool broken;
    char broken_why[PORT_TEXT_SIZE];
    void *self; /* of the kind */
};

extern const struct door_kind door_library, door_program, door_file;

/* Says why in why[PORT_TEXT_SIZE], cut to size; returns answer. */
enum port_answer door_say(char why[], enum port_answer answer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts something before what why says already. */
void door_prefix(char why[], const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Keeps a printable start of what the port says about itself. */
void door_hear_about(struct port_about *about, const char *text, size_t length);

#endif
