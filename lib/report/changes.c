// SPDX-License-Identifier: MIT
#include "results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

struct listing {
    struct report_changes *out;
    size_t room;
    bool failed; /* no memory */
    const char *kernel;
    const char *case_id;
};

static void add(struct listing *l, enum report_direction direction, const char *what,
                const char *was, const char *now) {
    struct report_changes *out = l->out;
    if (out->n_changes == l->room) {
        size_t room = 2 * l->room + 16;
        struct report_change *grown = realloc(out->changes, room * sizeof grown[0]);
        if (grown == NULL) {
            l->failed = true;
            return;
        }
        out->changes = grown;
        l->room = room;
    }
    struct report_change *c = &out->changes[out->n_changes++];
    *c = (struct report_change){.direction = direction, .what = what};
    (void)snprintf(c->kernel, sizeof c->kernel, "%s", l->kernel);
    (void)snprintf(c->case_id, sizeof c->case_id, "%s", l->case_id);
    (void)snprintf(c->was, sizeof c->was, "%s", was);
    (void)snprintf(c->now, sizeof c->now, "%s", now);
}

/* ---- verdicts ---- */

/* What is no longer run is worse than what is not decided. A verdict that is unknown here is the
 * worst. */
static int badness(const char *verdict) {
    static const enum gate_verdict order[] = {GATE_PASS,    GATE_NOT_APPLICABLE, GATE_INCONCLUSIVE,
                                              GATE_NOT_RUN, GATE_ERROR,          GATE_FAIL};
    enum { N = sizeof order / sizeof order[0] };
    for (int i = 0; i < N; i++) {
        if (strcmp(verdict, gate_verdict_name(order[i])) == 0) {
            return i;
        }
    }
    return N;
}

static void compare_verdict(struct listing *l, const char *what, const char *was, const char *now) {
    if (strcmp(was, now) != 0) {
        add(l, badness(now) < badness(was) ? REPORT_BETTER : REPORT_WORSE, what, was, now);
    }
}

/* ---- numbers: the smaller, the better ---- */

/* As few digits as tell the two apart. */
static void number_texts(double was, double now, char was_text[40], char now_text[40]) {
    static const int digits[] = {2, 4, 9, 17};
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        int n = was == floor(was) && now == floor(now) && fabs(was) < 1e15 ? 17 : digits[i];
        (void)snprintf(was_text, 40, "%.*g", n, was);
        (void)snprintf(now_text, 40, "%.*g", n, now);
        if (strcmp(was_text, now_text) != 0) {
            return;
        }
    }
}

/* Where there is no number on one side, a verdict says why. */
static void compare_number(struct listing *l, const char *what, double was, double now,
                           double limit) {
    char was_text[40];
    char now_text[40];
    if (isnan(was) || isnan(now) || was == now) {
        return;
    }
    enum report_direction direction = now < was            ? REPORT_BETTER
                                      : now <= limit * was ? REPORT_WEAKER
                                                           : REPORT_WORSE;
    number_texts(was, now, was_text, now_text);
    add(l, direction, what, was_text, now_text);
}

/* ---- cases and kernels ---- */

static void compare_case(struct listing *l, const struct result_case *now,
                         const struct result_case *was) {
    l->out->n_cases++;
    compare_verdict(l, "verdict", was->verdict, now->verdict);
    compare_verdict(l, "golden", was->golden, now->golden);
    compare_verdict(l, "gradient", was->gradient, now->gradient);
    compare_number(l, "share", was->share, now->share, INFINITY);
    compare_number(l, "ULP", was->ulp, now->ulp, INFINITY);
    if (l->out->same_seed) {
        compare_number(l, "resolution", was->resolution, now->resolution, REPORT_COARSER);
        compare_number(l, "evaluations", was->evaluations, now->evaluations, INFINITY);
    }
}

static const struct result_case *find_case(const struct result_kernel *k, const char *id) {
    for (size_t i = 0; i < k->n_cases; i++) {
        if (strcmp(k->cases[i].id, id) == 0) {
            return &k->cases[i];
        }
    }
    return NULL;
}

static void compare_cases(struct listing *l, const struct result_kernel *now,
                          const struct result_kernel *was) {
    for (size_t i = 0; i < was->n_cases; i++) {
        const struct result_case *same = find_case(now, was->cases[i].id);
        l->case_id = was->cases[i].id;
        if (same != NULL) {
            compare_case(l, same, &was->cases[i]);
        } else {
            add(l, REPORT_WORSE, "case", was->cases[i].verdict, "-");
        }
    }
    for (size_t i = 0; i < now->n_cases; i++) {
        l->case_id = now->cases[i].id;
        if (find_case(was, l->case_id) == NULL) {
            add(l, REPORT_BETTER, "case", "-", now->cases[i].verdict);
        }
    }
}

/* The kernel's resolutions are over the cases that pass, which may be others now: those of the
 * cases decide. */
static void compare_kernel(struct listing *l, const struct result_kernel *now,
                           const struct result_kernel *was) {
    l->out->n_kernels++;
    l->case_id = "";
    compare_verdict(l, "verdict", was->verdict, now->verdict);
    compare_number(l, "share", was->share, now->share, INFINITY);
    compare_number(l, "ULP", was->ulp, now->ulp, INFINITY);
    if (l->out->same_seed) {
        compare_number(l, "median resolution", was->median_resolution, now->median_resolution,
                       INFINITY);
        compare_number(l, "worst resolution", was->resolution, now->resolution, INFINITY);
        compare_number(l, "evaluations", was->evaluations, now->evaluations, INFINITY);
    }
    compare_cases(l, now, was);
}

static const struct result_kernel *find_kernel(const struct results *r, const char *name) {
    for (size_t i = 0; i < r->n_kernels; i++) {
        if (strcmp(r->kernels[i].name, name) == 0) {
            return &r->kernels[i];
        }
    }
    return NULL;
}

static bool compare_all(struct report_changes *out, const struct results *now,
                        const struct results *was) {
    struct listing l = {.out = out, .case_id = ""};
    out->same_seed = strcmp(now->seed, was->seed) == 0;
    for (size_t i = 0; i < was->n_kernels; i++) {
        const struct result_kernel *same = find_kernel(now, was->kernels[i].name);
        l.kernel = was->kernels[i].name;
        l.case_id = "";
        if (same != NULL) {
            compare_kernel(&l, same, &was->kernels[i]);
        } else {
            add(&l, REPORT_WORSE, "kernel", was->kernels[i].verdict, "-");
        }
    }
    for (size_t i = 0; i < now->n_kernels; i++) {
        l.kernel = now->kernels[i].name;
        l.case_id = "";
        if (find_kernel(was, l.kernel) == NULL) {
            add(&l, REPORT_BETTER, "kernel", "-", now->kernels[i].verdict);
        }
    }
    return !l.failed;
}

/* ---- from the files ---- */

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *to = malloc(size);
    return to != NULL ? memcpy(to, text, size) : NULL;
}

int report_changes_read(const char *actual, const char *expected, struct report_changes *out,
                        char why[]) {
    struct results now = {0};
    struct results was = {0};
    *out = (struct report_changes){0};
    int status = results_read(actual, &now, why);
    status = status == 0 ? results_read(expected, &was, why) : status;
    if (status == 0) {
        out->actual = copy(actual);
        out->expected = copy(expected);
        if (out->actual == NULL || out->expected == NULL || !compare_all(out, &now, &was)) {
            (void)snprintf(why, REPORT_TEXT_SIZE, "out of memory");
            report_changes_free(out);
            status = -1;
        }
    }
    results_free(&now);
    results_free(&was);
    return status;
}

void report_changes_free(struct report_changes *c) {
    if (c != NULL) {
        free(c->actual);
        free(c->expected);
        free(c->changes);
        *c = (struct report_changes){0};
    }
}

int report_changes_exit_code(const struct report_changes *c) {
    for (size_t i = 0; i < c->n_changes; i++) {
        if (c->changes[i].direction == REPORT_WORSE) {
            return 1;
        }
    }
    return c->n_kernels > 0 ? 0 : 3;
}

const char *report_direction_name(enum report_direction direction) {
#define REPORT_DIRECTION_(code, name) name,
    static const char *const names[] = {REPORT_DIRECTIONS(REPORT_DIRECTION_)};
#undef REPORT_DIRECTION_
    size_t i = (size_t)direction;
    return i < sizeof names / sizeof names[0] ? names[i] : "?";
}
