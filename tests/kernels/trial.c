// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "port/worker.h"

#define CATCHER_NAME_(code, text) text,
const char *catcher_name(enum catcher by) {
    static const char *const names[] = {CATCHERS(CATCHER_NAME_)};
    return names[by];
}

static void say(struct trial *t, const char *text) {
    snprintf(t->text, sizeof t->text, "%s", text);
}

/* ---- as a golden case: the values of a wrong kernel against the right one's ---- */

static double element(const struct gradcheck_tensor *t, const void *buffer, size_t i) {
    return t->dtype == GRADCHECK_F64 ? ((const double *)buffer)[i]
                                     : (double)((const float *)buffer)[i];
}

/* In C order; only rows may be apart. */
static size_t offset_of(const struct gradcheck_tensor *t, size_t i) {
    return t->strides[0] == 0 ? i : i / t->shape[1] * t->strides[0] + i % t->shape[1];
}

/* NaN differs from everything. */
static bool same_values(const struct gradcheck_tensor *t, const void *a, const void *b,
                        bool *overflows) {
    const double epsilon = t->dtype == GRADCHECK_F64 ? 1e-12 : 1e-4;
    for (size_t i = 0; i < tensor_count(t); i++) {
        const double right = element(t, b, offset_of(t, i));
        *overflows = *overflows || (isfinite(right) && !isfinite(element(t, a, offset_of(t, i))));
        if (!(fabs(element(t, a, offset_of(t, i)) - right) <= epsilon * fmax(1, fabs(right)))) {
            return false;
        }
    }
    return true;
}

static void put(const struct gradcheck_tensor *t, void *buffer, size_t i, double value) {
    if (t->dtype == GRADCHECK_F64) {
        ((double *)buffer)[offset_of(t, i)] = value;
    } else {
        ((float *)buffer)[offset_of(t, i)] = (float)value;
    }
}

/* No two neighbours alike, and none of them 1. Gradients that add up begin at 0. */
static void set_grads(struct instance *instance) {
    for (size_t o = 0; o < instance->check.n_outputs; o++) {
        const struct gradcheck_tensor *t = &instance->outputs[o];
        for (size_t i = 0; t->grad != NULL && i < tensor_count(t); i++) {
            put(t, t->grad, i, (i % 2 == 0 ? 1 : -1) * (0.75 + 0.125 * (double)(i % 5)));
        }
    }
    for (size_t n = 0; n < instance->check.n_inputs && instance->check.grad_accumulates; n++) {
        const struct gradcheck_tensor *t = &instance->inputs[n];
        for (size_t i = 0; t->grad != NULL && i < tensor_count(t); i++) {
            put(t, t->grad, i, 0);
        }
    }
}

static void pass_once(struct instance *instance) {
    set_grads(instance);
    instance->check.forward(instance->layer);
    if (instance->check.backward != NULL) {
        instance->check.backward(instance->layer);
    }
}

/* The cause with the most votes is the kernel's; its text is of the most confident run. */
static void vote(struct trial *t, enum gradcheck_cause cause, double confidence, const char *text) {
    t->votes[cause] += confidence;
    if (cause == t->cause ? confidence > t->confidence : t->votes[cause] > t->votes[t->cause]) {
        t->cause = cause;
        t->confidence = confidence;
        snprintf(t->diagnosis, sizeof t->diagnosis, "%s", text);
    }
}

static bool compare_values(struct instance *wrong, struct instance *right, struct trial *t) {
    const char *what = NULL;
    bool overflows = false;
    bool ignored = false; /* of backward */
    pass_once(wrong);
    pass_once(right);
    for (size_t i = 0; i < right->check.n_inputs; i++) {
        const struct gradcheck_tensor *in = &right->inputs[i];
        if (in->grad != NULL && !same_values(in, wrong->inputs[i].grad, in->grad, &ignored)) {
            what = "backward gives another gradient";
        }
    }
    for (size_t o = 0; o < right->check.n_outputs; o++) {
        if (!same_values(&right->outputs[o], wrong->outputs[o].value, right->outputs[o].value,
                         &overflows)) {
            what = "forward gives another value";
        }
    }
    if (what != NULL) {
        t->also[BY_GOLDEN] = true;
        if (t->by == BY_NOTHING) {
            t->by = BY_GOLDEN;
            say(t, what);
        }
    }
    if (overflows) {
        vote(t, GRADCHECK_CAUSE_OVERFLOWS, 0.9, "overflows where the function does not");
    }
    return what != NULL;
}

/* ---- the gradient check ---- */

static void find_catchers(const struct gradcheck_report *r, struct trial *t) {
    t->also[BY_SCREEN] = r->screen.verdict == GRADCHECK_FAIL;
    t->also[BY_INACCURATE] = r->verdict == GRADCHECK_INACCURATE;
    for (size_t i = 0; i < r->n_tensors; i++) {
        t->also[BY_ELEMENTWISE] |= r->tensors[i].verdict == GRADCHECK_FAIL;
    }
    for (int rule = GRADCHECK_N_RULES - 1; rule >= 0; rule--) {
        if (r->rules[rule].verdict == GRADCHECK_FAIL && !r->rules[rule].waived) {
            t->also[BY_RULE] = true;
            t->rule = (enum gradcheck_rule)rule;
        }
    }
}

static void judge(const struct gradcheck_report *r, struct trial *t) {
    say(t, r->summary);
    t->verdict = r->verdict;
    if (r->verdict == GRADCHECK_FAIL || r->verdict == GRADCHECK_INACCURATE) {
        find_catchers(r, t);
        t->by = BY_NOTHING;
        for (int by = N_CATCHERS - 1; by > BY_NOTHING; by--) {
            t->by = t->also[by] ? (enum catcher)by : t->by;
        }
    }
}

static void count(const struct gradcheck_report *r, struct trial *t) {
    t->n_runs++;
    t->n_evaluations += r->n_forward;
    t->n_of[r->verdict]++;
    if (r->verdict == GRADCHECK_PASS) {
        t->resolution = fmax(t->resolution, r->resolution);
    }
}

/* True if it says something worse than what was known. */
static bool check_gradient(const struct trial_plan *plan, struct instance *instance, uint64_t seed,
                           struct trial *t) {
    static struct gradcheck_report report;
    const struct gradcheck_options options = {.seed = seed};
    const enum gradcheck_status status = gradcheck_run(&instance->check, &options, &report);
    count(&report, t);
    if (report.cause != GRADCHECK_CAUSE_NONE) {
        vote(t, report.cause, report.diagnosis_confidence, report.diagnosis);
    }
    if (plan->print && report.verdict != GRADCHECK_PASS) {
        printf("%s %s, seed %llu: %s\n", plan->kernel->name, kernel_dtype_name(plan->kernel),
               (unsigned long long)seed, gradcheck_status_text(status));
        gradcheck_print(&report, stdout);
    }
    if (report.verdict <= t->verdict && status == GRADCHECK_OK) {
        return false;
    }
    judge(&report, t);
    return true;
}

/* As a golden case would be: on instances of its own, asked once. */
static bool hold_against_right(const struct trial_plan *plan, const struct shape *shape,
                               uint64_t seed, struct trial *t) {
    struct instance *wrong = instance_open(plan->kernel, shape, seed, plan->mistake);
    struct instance *right = instance_open(plan->kernel, shape, seed, 0);
    const bool news = compare_values(wrong, right, t);
    instance_close(right);
    instance_close(wrong);
    return news;
}

static void try_seed(const struct trial_plan *plan, uint64_t seed, struct trial *t) {
    const struct shape *shape = &plan->kernel->shapes[seed % plan->kernel->n_shapes];
    struct instance *instance = instance_open(plan->kernel, shape, seed, plan->mistake);
    bool news = (shape->extreme || plan->mistake != 0) && hold_against_right(plan, shape, seed, t);
    if (!shape->extreme) {
        news = check_gradient(plan, instance, seed, t) || news;
    }
    const char *overrun = instance_overrun(instance);
    if (overrun != NULL) {
        t->by = BY_GUARD;
        t->also[BY_GUARD] = true;
        snprintf(t->text, sizeof t->text, "%s: written outside its bounds", overrun);
        vote(t, GRADCHECK_CAUSE_OUT_OF_BOUNDS, 1, t->text);
        news = true;
    }
    if (news) {
        t->seed = seed;
    }
    instance_close(instance);
}

/* Golden values are not enough: the gradient check, or a guard, has to catch it by itself. */
static bool wants_more(const struct trial_plan *plan, const struct trial *t, size_t i) {
    const bool by_gradient = t->also[BY_RULE] || t->also[BY_SCREEN] || t->also[BY_ELEMENTWISE] ||
                             t->also[BY_INACCURATE] || t->also[BY_GUARD];
    return !by_gradient || plan->mistake == 0 || i < plan->kernel->n_shapes;
}

static void try_seeds(const struct trial_plan *plan, struct port_board *board, struct trial *t) {
    const size_t n = plan->n_seeds > 0 ? plan->n_seeds : 3 * plan->kernel->n_shapes;
    for (size_t i = 0; i < n && wants_more(plan, t, i); i++) {
        try_seed(plan, plan->seed + i, t);
        if (board != NULL) {
            port_publish(board, t);
        }
    }
}

/* What few of the shapes that fail say is no name for the kernel. */
static void drop_lone_vote(struct trial *t) {
    static const double least = 0.2; /* of confidence, a failing run */
    const size_t n = t->n_of[GRADCHECK_FAIL] + t->n_of[GRADCHECK_INACCURATE];
    if (t->votes[t->cause] < least * (double)n) {
        t->cause = GRADCHECK_CAUSE_NONE;
        t->confidence = 0;
        t->diagnosis[0] = '\0';
    }
}

static double seconds_of(const struct trial_plan *plan) {
    return plan->seconds > 0 ? plan->seconds : 60;
}

/* What loops for ever dies of SIGXCPU, on a busy machine no sooner than on an idle one. */
static void work(void *ctx, struct port_board *board) {
    const struct trial_plan *plan = ctx;
    const rlim_t seconds = (rlim_t)ceil(seconds_of(plan));
    const struct rlimit limit = {.rlim_cur = seconds, .rlim_max = seconds + 1};
    setrlimit(RLIMIT_CPU, &limit);
    struct trial t = {.by = BY_NOTHING};
    try_seeds(plan, board, &t);
}

void trial_run(const struct trial_plan *plan, struct trial *out) {
    struct trial_plan copy = *plan;
    struct port_outcome outcome;
    const struct port_job job = {.work = work,
                                 .ctx = &copy,
                                 .result = out,
                                 .result_size = sizeof *out,
                                 .seconds = TRIAL_CLOCK * seconds_of(plan)};
    memset(out, 0, sizeof *out);
    if (plan->print) {
        try_seeds(plan, NULL, out);
        drop_lone_vote(out);
        return;
    }
    port_run(&job, &outcome);
    drop_lone_vote(out);
    if (outcome.end == PORT_NOT_STARTED || outcome.end == PORT_INTERRUPTED) {
        port_outcome_text(&outcome, out->text, sizeof out->text); /* that is no catch */
        return;
    }
    if (outcome.end != PORT_DONE) {
        out->by = BY_CRASH;
        out->also[BY_CRASH] = true;
        port_outcome_text(&outcome, out->text, sizeof out->text);
        vote(out, GRADCHECK_CAUSE_CRASHES, 10, out->text);
    }
}
