// SPDX-License-Identifier: MIT
/* A program as a child, with a pipe to its standard input and one from its standard output. */
#ifndef GRADGATE_PORT_SPAWN_H
#define GRADGATE_PORT_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawned {
    pid_t pid;    /* 0 once it has been waited for */
    int to, from; /* ours, not blocking; -1 once closed */
    int status;   /* as waitpid gave it; valid once pid is 0 */
};

/* argv[0] is looked for in PATH. False with a reason in why[PORT_TEXT_SIZE]. SIGPIPE is ignored
 * from here on. */
bool spawn(char *const argv[], struct spawned *child, char why[]);
/* Has it ended by then? */
bool spawn_wait(struct spawned *child, double deadline);
/* Kills it if it is still there, and waits for it. */
void spawn_kill(struct spawned *child);
void spawn_close(int *fd);

#endif
