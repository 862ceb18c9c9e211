// SPDX-License-Identifier: MIT
/*
 * Other people's code, kept at arm's length: a piece of work runs in a forked child with a time
 * limit, and whatever it does (crash, hang, exit, talk without end) comes back as plain data.
 *
 *     struct answer answer = {0};
 *     struct port_job job = {.work = compute, .ctx = &question, .result = &answer,
 *                            .result_size = sizeof answer, .seconds = 10};
 *     struct port_outcome outcome;
 *     port_run(&job, &outcome);          // outcome.end: how did it go?  answer: what is known
 *
 * The child is forked from the caller as it is: what the caller has read and allocated is there,
 * what the child changes is not seen by the caller. Fork before a library that keeps threads
 * (OpenMP) is first used: in a child forked later it hangs. One job at a time in a process.
 */
#ifndef GRADGATE_PORT_WORKER_H
#define GRADGATE_PORT_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PORT_TALK_SIZE 4096
#define PORT_SECONDS 60 /* the time limit where none is given */

/* What the child tells the caller, on a page that it can write only through port_publish: a kernel
 * that scribbles over memory cannot forge its own result. */
struct port_board;

/* Copies result_size bytes of data to the board; the last whole copy is what the caller gets, even
 * if the child dies later. Only in the child, plain data without pointers. */
void port_publish(struct port_board *board, const void *data);

struct port_job {
    void (*work)(void *ctx, struct port_board *board);
    void *ctx;
    void *result; /* result_size bytes: what was published last; untouched if nothing was */
    size_t result_size;
    double seconds; /* wall-clock limit; 0: PORT_SECONDS */
};

#define PORT_ENDS(X)                                                                               \
    X(PORT_DONE, "done")               /* work returned, and the process then ended with 0 */      \
    X(PORT_EXITED, "exited")           /* code: its exit code */                                   \
    X(PORT_CRASHED, "crashed")         /* code: the signal */                                      \
    X(PORT_TIMED_OUT, "timed out")     /* and was killed */                                        \
    X(PORT_INTERRUPTED, "interrupted") /* we were; it was killed. code: the signal we got */       \
    X(PORT_NOT_STARTED, "not started") /* code: errno */

#define PORT_END_(code, name) code,
enum port_end { PORT_ENDS(PORT_END_) };
#undef PORT_END_

struct port_outcome {
    enum port_end end;
    int code;
    bool returned;     /* work returned; an end other than DONE then came from an exit handler, such
                          as a leak checker's */
    double seconds;    /* wall clock */
    size_t talk_total; /* bytes that the child wrote to stdout and stderr */
    size_t talk_size;  /* of these kept: the first ones */
    char talk[PORT_TALK_SIZE]; /* any bytes at all; not terminated */
};

/* Runs the job to its end, one of the above. The child is in a process group of its own, which is
 * killed and reaped when the child ends; its stdin is empty. Flushes the caller's stdio first.
 * Before a job the process should have been prepared. */
void port_run(const struct port_job *job, struct port_outcome *outcome);

const char *port_end_name(enum port_end end);
/* "SIGSEGV"; "signal 77" is "a signal" if it has no name here. */
const char *port_signal_name(int number);
/* "crashed by SIGSEGV", "exited with code 3 in the middle": always terminated, cut to size. */
void port_outcome_text(const struct port_outcome *outcome, char text[], size_t size);

/* Once, at the start of a program: standard streams exist, children can be waited for, a closed
 * pipe is an error and not death, and SIGINT, SIGTERM and SIGHUP end the running job as
 * INTERRUPTED and are remembered. */
void port_prepare_process(void);
/* The first such signal since, or 0. */
int port_interrupted(void);

#ifdef __cplusplus
}
#endif

#endif
