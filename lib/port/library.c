// SPDX-License-Identifier: MIT
/* A port that is a shared library, loaded into this process. */
#define _POSIX_C_SOURCE 200809L
#include "arena.h"
#include "crash.h"
#include "doors.h"

#include "port/port.h"

#include <dlfcn.h>
#include <fenv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARRAYS = 64, REASON_SIZE = PORT_TEXT_SIZE };

typedef int port_function(const struct gradgate_call *call);

struct library {
    void *handle;
    port_function *port;
    bool met; /* it was asked about itself */
    /* Loading a library that was built with -ffast-math turns subnormal numbers into zero for the
     * whole thread. That is the port's affair, but its judge must see them. */
    fenv_t environment;
    size_t n_arrays;
    struct arena arenas[MAX_ARRAYS]; /* given, then wanted */
    struct crash_array watched[MAX_ARRAYS];
    uint64_t shapes[MAX_ARRAYS][ARRAY_MAX_DIMS];
    struct gradgate_array arrays[MAX_ARRAYS];
    char reason[REASON_SIZE];
    struct crash_watch watch;
};

static const uint32_t abi_dtypes[] = {
    [ARRAY_F64] = GRADGATE_F64, [ARRAY_F32] = GRADGATE_F32, [ARRAY_I64] = GRADGATE_I64,
    [ARRAY_I32] = GRADGATE_I32, [ARRAY_U8] = GRADGATE_U8,
};

/* What is poisoned with this and read back was not written: a NaN that no arithmetic makes, or for
 * integers an improbable number. Bytes are too few to tell. */
static uint64_t poison_of(enum array_dtype dtype) {
    switch (dtype) {
    case ARRAY_F64:
    case ARRAY_I64:
        return UINT64_C(0x7ff4dead5a5a5a5a);
    case ARRAY_F32:
    case ARRAY_I32:
        return UINT64_C(0x7fa45a5a);
    case ARRAY_U8:
        break;
    }
    return 0x5a;
}

/* ---- loading ---- */

static bool fail(struct library *l, char why[], const char *path, const char *reason) {
    (void)door_say(why, PORT_NO_ROOM, "%s cannot be loaded: %s", path, reason);
    if (l != NULL && l->handle != NULL) {
        (void)dlclose(l->handle);
    }
    free(l);
    return false;
}

static bool library_open(struct port_door *door, char why[]) {
    const char *path = door->options.target->library;
    struct library *l = calloc(1, sizeof *l);
    char here[PORT_TEXT_SIZE];
    /* Without a slash it would be looked for where the system keeps its libraries. */
    (void)snprintf(here, sizeof here, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    if (l == NULL) {
        return fail(l, why, path, "out of memory");
    }
    fenv_t ours;
    (void)fegetenv(&ours);
    l->handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    (void)fegetenv(&l->environment);
    (void)fesetenv(&ours);
    if (l->handle == NULL) {
        const char *reason = dlerror(); // NOLINT(concurrency-mt-unsafe)
        return fail(l, why, path, reason != NULL ? reason : "unknown error");
    }
    void *symbol = dlsym(l->handle, "gradgate_port");
    if (symbol == NULL) {
        return fail(l, why, path, "it has no symbol gradgate_port");
    }
    memcpy(&l->port, &symbol, sizeof l->port);
    door->self = l;
    door->introduced = true;
    crash_watch_begin(door->options.seconds);
    return true;
}

/* ---- arrays in and out ---- */

static bool set_array(struct library *l, size_t i, const char *name, const struct array *a,
                      bool given) {
    struct arena *arena = &l->arenas[i];
    size_t size = a->count * array_dtype_size(a->dtype);
    if (!arena_fit(arena, size, given)) {
        return false;
    }
    l->watched[i] = (struct crash_array){arena, name, a->count, given};
    for (size_t j = 0; j < a->ndim; j++) {
        l->shapes[i][j] = a->shape[j];
    }
    l->arrays[i] = (struct gradgate_array){.name = name,
                                           .data = arena->data,
                                           .shape = l->shapes[i],
                                           .ndim = (uint32_t)a->ndim,
                                           .dtype = abi_dtypes[a->dtype]};
    return true;
}

static bool give(struct library *l, const struct port_call *call) {
    for (size_t i = 0; i < call->n_given; i++) {
        const struct array *a = call->given[i].array;
        if (!set_array(l, i, call->given[i].name, a, true)) {
            return false;
        }
        memcpy(l->arenas[i].ours, a->data, l->arenas[i].size);
    }
    return true;
}

static bool want(struct library *l, const struct port_call *call) {
    for (size_t i = 0; i < call->n_wanted; i++) {
        struct array poisoned = call->wanted[i].array;
        size_t at = call->n_given + i;
        if (!set_array(l, at, call->wanted[i].name, &poisoned, false)) {
            return false;
        }
        poisoned.data = l->arenas[at].data;
        for (size_t j = 0; j < poisoned.count; j++) {
            array_set_bits(&poisoned, j, poison_of(poisoned.dtype));
        }
    }
    return true;
}

static enum port_answer check_canaries(const struct library *l, const struct port_call *call,
                                       char why[]) {
    for (size_t i = 0; i < call->n_given + call->n_wanted; i++) {
        const struct crash_array *a = &l->watched[i];
        switch (arena_damage(a->arena)) {
        case ARENA_WHOLE:
            break;
        case ARENA_BEFORE:
            return door_say(why, PORT_BROKEN, "wrote before the start of %s, in %s", a->name,
                            call->pass);
        case ARENA_BEHIND:
            return door_say(why, PORT_BROKEN, "wrote past the end of %s[%zu], in %s", a->name,
                            a->count, call->pass);
        }
    }
    return PORT_ANSWERED;
}

/* The first entry that still is poison, or count. */
static size_t find_poison(const struct array *a, bool poisoned) {
    size_t i = 0;
    while (i < a->count && a->dtype != ARRAY_U8 &&
           (array_bits(a, i) == poison_of(a->dtype)) != poisoned) {
        i++;
    }
    return a->dtype == ARRAY_U8 ? a->count : i;
}

static enum port_answer take(const struct library *l, const struct port_call *call, char why[]) {
    for (size_t i = 0; i < call->n_wanted; i++) {
        struct port_wanted *w = &call->wanted[i];
        struct array filled = w->array;
        filled.data = l->arenas[call->n_given + i].data;
        size_t unwritten = find_poison(&filled, true);
        bool untouched = find_poison(&filled, false) == filled.count && filled.count > 0 &&
                         filled.dtype != ARRAY_U8;
        if (unwritten < filled.count && untouched && w->optional) {
            continue; /* left out */
        }
        if (unwritten < filled.count) {
            char index[ARRAY_MAX_DIMS * 22 + 3] = "";
            array_index_text(&filled, unwritten, index, sizeof index);
            return door_say(why, PORT_BROKEN, "left %s%s unwritten, in %s", w->name,
                            filled.ndim > 0 ? index : "", call->pass);
        }
        memcpy(w->array.data, filled.data, l->arenas[call->n_given + i].size);
        w->answered = true;
    }
    return PORT_ANSWERED;
}

/* ---- calling ---- */

static int run(struct port_door *door, const struct port_call *call) {
    struct library *l = door->self;
    const struct gradgate_call c = {.abi = GRADGATE_PORT_ABI,
                                    .kernel = call->kernel,
                                    .pass = call->pass,
                                    .given = l->arrays,
                                    .n_given = call->n_given,
                                    .wanted = l->arrays + call->n_given,
                                    .n_wanted = call->n_wanted,
                                    .reason = l->reason,
                                    .reason_size = sizeof l->reason - 1};
    l->watch = (struct crash_watch){.arrays = l->watched,
                                    .n_arrays = call->n_given + call->n_wanted,
                                    .pass = call->pass,
                                    .seconds = door->options.seconds,
                                    .last_words = door->options.last_words,
                                    .ctx = door->options.last_words_ctx};
    l->reason[0] = '\0';
    fenv_t ours;
    (void)fegetenv(&ours);
    crash_watch_enter(&l->watch);
    (void)fesetenv(&l->environment);
    int result = l->port(&c);
    (void)fegetenv(&l->environment);
    (void)fesetenv(&ours);
    crash_watch_leave();
    l->reason[sizeof l->reason - 1] = '\0';
    return result;
}

static void meet(struct port_door *door) {
    static const struct port_call about = {.kernel = "port", .pass = "about"};
    struct library *l = door->self;
    l->met = true;
    if (run(door, &about) == GRADGATE_DONE) {
        door_hear_about(&door->about, l->reason, strcspn(l->reason, "\n"));
    }
}

static enum port_answer library_call(struct port_door *door, const struct port_call *call,
                                     char why[]) {
    struct library *l = door->self;
    if (call->n_given + call->n_wanted > MAX_ARRAYS) {
        return door_say(why, PORT_NO_ROOM, "more than %d arrays in a call", MAX_ARRAYS);
    }
    if (!l->met) {
        meet(door);
    }
    if (!give(l, call) || !want(l, call)) {
        return door_say(why, PORT_NO_ROOM, "out of memory");
    }
    l->n_arrays = call->n_given + call->n_wanted;
    int result = run(door, call);
    enum port_answer answer = check_canaries(l, call, why);
    const char *reason = l->reason[0] != '\0' ? l->reason : "without a reason";
    if (answer != PORT_ANSWERED) {
        return answer;
    }
    switch (result) {
    case GRADGATE_DONE:
        return take(l, call, why);
    case GRADGATE_SKIP:
        return door_say(why, PORT_SKIPPED, "%s", reason);
    case GRADGATE_ERROR:
        return door_say(why, PORT_REFUSED, "%s", reason);
    default:
        return door_say(why, PORT_BROKEN,
                        "returned %d from %s: neither done (0), skip (1) nor error (2)", result,
                        call->pass);
    }
}

static enum port_answer library_close(struct port_door *door, char why[]) {
    struct library *l = door->self;
    (void)why;
    crash_watch_end();
    for (size_t i = 0; i < MAX_ARRAYS; i++) {
        arena_free(&l->arenas[i]);
    }
    (void)dlclose(l->handle);
    free(l);
    return PORT_ANSWERED;
}

const struct door_kind door_library = {library_open, library_call, library_close};
