// SPDX-License-Identifier: MIT
#include "check.h"

#include "bind.h"
#include "tensor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const struct check_task *task;
    struct port_board *board;
    struct gate_kernel kernel;
    struct check_record *record;
};

static void enter(struct check *c, enum gate_stage stage) {
    c->record->stage = stage;
    if (c->kernel.count != NULL && stage <= GATE_STAGE_CLOSE) {
        c->record->calls = c->kernel.count(&c->kernel);
    }
    port_publish(c->board, c->record);
}

static void find_fault(struct check *c, enum gate_verdict verdict, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(c->record->finding, sizeof c->record->finding, format, arguments);
    va_end(arguments);
    c->record->verdict = verdict;
}

/* What a kernel said when its process was about to die: called in a signal handler. */
static void note_last_words(void *ctx, const char *text) {
    struct check *c = ctx;
    find_fault(c, GATE_FAIL, "%s", text);
    port_publish(c->board, c->record);
}

/* ---- ports: what went wrong elsewhere ---- */

static enum gate_verdict verdict_of(enum port_answer answer) {
    return answer == PORT_SKIPPED ? GATE_SKIPPED : answer == PORT_NO_ROOM ? GATE_ERROR : GATE_FAIL;
}

/* A forward or backward that returned nonzero. */
static void find_nonzero(struct check *c, const char *pass, int code) {
    const struct gate_trouble *t = c->kernel.trouble;
    if (t == NULL) {
        find_fault(c, GATE_FAIL, "%s returned %d on the golden inputs", pass, code);
    } else if (t->answer == PORT_REFUSED) {
        find_fault(c, GATE_FAIL, "%s: the port failed on the golden inputs: %s", pass, t->text);
    } else if (t->answer == PORT_SKIPPED) {
        find_fault(c, GATE_SKIPPED, "%s", t->text);
    } else {
        find_fault(c, verdict_of(t->answer), "%s: %s", pass, t->text);
    }
}

static bool is_lost(const struct gate_kernel *k) {
    return k->trouble != NULL &&
           (k->trouble->answer == PORT_BROKEN || k->trouble->answer == PORT_NO_ROOM);
}

/* ---- golden values ---- */

static void fill_inputs(struct check *c) {
    const struct golden_case *g = c->task->golden;
    for (size_t i = 0; i < g->n_inputs; i++) {
        struct slot slot = bind_given(&c->kernel, g->inputs[i].name);
        tensor_store(slot.tensor, slot.buffer, &g->inputs[i].array);
    }
}

static void poison_outputs(const struct gate_kernel *k) {
    for (size_t i = 0; i < k->check.n_outputs; i++) {
        const struct gradcheck_tensor *t = &k->check.outputs[i];
        if ((t->flags & GRADCHECK_IN_PLACE) == 0) {
            tensor_fill(t, t->value, TENSOR_POISON);
        }
    }
    for (size_t i = 0; i < k->n_extras; i++) {
        tensor_fill(&k->extras[i], k->extras[i].value, TENSOR_POISON);
    }
    for (size_t i = 0; i < k->check.n_inputs && k->no_gradient == NULL; i++) {
        const struct gradcheck_tensor *t = &k->check.inputs[i];
        if (t->grad != NULL) {
            tensor_fill(t, t->grad, k->check.grad_accumulates ? 0 : TENSOR_POISON);
        }
    }
}

static bool run_forward(struct check *c) {
    const struct gradcheck_kernel *k = &c->kernel.check;
    enter(c, GATE_STAGE_FORWARD);
    poison_outputs(&c->kernel);
    fill_inputs(c); /* last: an output in place shares its memory with an input */
    if (k->reset != NULL) {
        k->reset(k->ctx);
    }
    int code = k->forward(k->ctx);
    if (code != 0) {
        find_nonzero(c, "forward", code);
    }
    return code == 0;
}

static bool run_backward(struct check *c) {
    const struct gradcheck_kernel *k = &c->kernel.check;
    if (c->kernel.no_gradient != NULL || k->backward == NULL) {
        return true; /* nothing to run, or forward wrote the gradients too */
    }
    enter(c, GATE_STAGE_BACKWARD);
    int code = k->backward(k->ctx);
    bool skipped =
        code != 0 && c->kernel.trouble != NULL && c->kernel.trouble->answer == PORT_SKIPPED;
    if (skipped) { /* a port for forward only is a port */
        c->record->gradient = GATE_SKIPPED;
        (void)snprintf(c->record->gradient_note, sizeof c->record->gradient_note,
                       "no backward pass: %.480s", c->kernel.trouble->text);
    } else if (code != 0) {
        find_nonzero(c, "backward", code);
    }
    return code == 0;
}

/* Where the manifest's order puts it. */
static void keep_values(struct check *c, const struct golden_expected *e, const struct array *a) {
    unsigned char *to = c->record->values;
    for (const struct golden_expected *i = c->task->golden->expected; i < e; i++) {
        to += i->exact.count * array_dtype_size(i->exact.dtype);
    }
    if (c->task->values_size > 0 && a->count > 0) {
        memcpy(to, a->data, a->count * array_dtype_size(a->dtype));
    }
}

static bool compare_array(struct check *c, const struct golden_expected *e) {
    struct slot slot = bind_expected(&c->kernel, e->name);
    struct gate_array *out = &c->record->arrays[c->record->n_arrays];
    struct array actual;
    if (array_create(e->exact.dtype, e->exact.ndim, e->exact.shape, &actual) != ARRAY_OK) {
        find_fault(c, GATE_ERROR, "%s: out of memory", e->name);
        return false;
    }
    tensor_fetch(slot.tensor, slot.buffer, &actual);
    keep_values(c, e, &actual);
    (void)snprintf(out->name, sizeof out->name, "%s", e->name);
    struct array bound = {0};
    bool allowed = c->kernel.allow != NULL && c->kernel.allow(&c->kernel, e, &bound);
    enum golden_status status = golden_compare(&actual, &e->exact, allowed ? &bound : &e->bound,
                                               &e->value, &out->comparison);
    array_free(&bound);
    array_free(&actual);
    if (status != GOLDEN_OK) {
        find_fault(c, GATE_ERROR, "%s: %s", e->name, golden_status_text(status));
        return false;
    }
    c->record->n_arrays++;
    return true;
}

static bool is_gradient(const struct check *c, const char *name) {
    struct slot slot = bind_expected(&c->kernel, name);
    return slot.buffer == slot.tensor->grad;
}

static bool compare_arrays(struct check *c, bool gradients) {
    const struct golden_case *g = c->task->golden;
    const struct gate_kernel *k = &c->kernel;
    for (size_t i = 0; i < g->n_expected; i++) {
        const char *name = g->expected[i].name;
        if (is_gradient(c, name) != gradients) {
            continue;
        }
        if (!gradients && k->gives != NULL && !k->gives(k, name)) {
            c->record->n_left_out++;
        } else if (!compare_array(c, &g->expected[i])) {
            return false;
        }
    }
    return true;
}

/* The outputs are compared before backward runs: a backward that spoils them must not be blamed on
 * forward, and one that crashes must not take them along. */
static bool compare_all(struct check *c) {
    return run_forward(c) && compare_arrays(c, false) && run_backward(c) && compare_arrays(c, true);
}

static bool check_golden(struct check *c) {
    bool compared = compare_all(c);
    struct check_record *r = c->record;
    if (c->kernel.probe != NULL && !is_lost(&c->kernel) && r->n_arrays > 0) {
        enter(c, GATE_STAGE_PROBE);
        r->n_probes = c->kernel.probe(&c->kernel, r->arrays, r->n_arrays, r->probes);
    }
    return compared;
}

/* ---- gradient ---- */

static bool find_non_finite(const struct golden_case *g, char note[]) {
    for (size_t i = 0; i < g->n_inputs; i++) {
        const struct array *a = &g->inputs[i].array;
        for (size_t j = 0; array_dtype_is_float(a->dtype) && j < a->count; j++) {
            double value = array_get(a, j);
            if (!isfinite(value)) {
                size_t index[ARRAY_MAX_DIMS];
                char place[GATE_TEXT_SIZE / 2];
                array_unravel(a, j, index);
                gate_place_text(g->inputs[i].name, a->ndim, index, place, sizeof place);
                (void)snprintf(note, GATE_TEXT_SIZE, "%s is %s: nothing to differentiate", place,
                               isnan(value) ? "NaN" : "infinite");
                return true;
            }
        }
    }
    return false;
}

static void judge_gradient(struct check_record *r) {
    const struct gradcheck_report *report = &r->report;
    const char *reason = gradcheck_reason_name(report->reason);
    r->gradient = GATE_PASS;
    switch (report->verdict) {
    case GRADCHECK_PASS:
        return;
    case GRADCHECK_INACCURATE:
        (void)snprintf(r->gradient_note, sizeof r->gradient_note, "inaccurate: %s",
                       report->summary);
        return;
    case GRADCHECK_FAIL:
        r->gradient = GATE_FAIL;
        (void)snprintf(r->gradient_note, sizeof r->gradient_note, "%s", report->summary);
        return;
    case GRADCHECK_INCONCLUSIVE:
    case GRADCHECK_NOT_CHECKED:
        break;
    }
    r->gradient = GATE_INCONCLUSIVE;
    (void)snprintf(r->gradient_note, sizeof r->gradient_note, "%s%s%s", reason,
                   reason[0] != '\0' ? ": " : "", report->summary);
}

static size_t count_entries(const struct gradcheck_kernel *k) {
    size_t entries = 0;
    for (size_t i = 0; i < k->n_inputs; i++) {
        entries += k->inputs[i].grad != NULL ? tensor_kind(&k->inputs[i]).count : 0;
    }
    return entries;
}

/* Every case is a point of its own, so large ones need no further points around theirs. */
static size_t choose_points(const struct gradcheck_kernel *k) {
    enum { SMALL = 16, LARGE = 64 };
    size_t entries = count_entries(k);
    return entries <= SMALL ? 3 : entries <= LARGE ? 2 : 1;
}

static int stop_if_lost(void *ctx, const struct gradcheck_progress *progress) {
    (void)progress;
    return is_lost(ctx);
}

static void check_gradient(struct check *c) {
    struct check_record *r = c->record;
    struct gradcheck_options options = c->task->options;
    enter(c, GATE_STAGE_GRADIENT);
    r->gradient = GATE_NOT_APPLICABLE;
    if (c->kernel.no_gradient != NULL) {
        (void)snprintf(r->gradient_note, sizeof r->gradient_note, "%s", c->kernel.no_gradient);
        return;
    }
    if (c->kernel.gradient_skipped != NULL) {
        r->gradient = GATE_SKIPPED;
        (void)snprintf(r->gradient_note, sizeof r->gradient_note, "%s", c->kernel.gradient_skipped);
        return;
    }
    if (find_non_finite(c->task->golden, r->gradient_note)) {
        return;
    }
    fill_inputs(c);
    if (c->kernel.trouble != NULL) {
        options.progress = stop_if_lost;
        options.progress_ctx = &c->kernel;
    }
    options.n_points = options.n_points > 0 ? options.n_points : choose_points(&c->kernel.check);
    r->gradient_status = gradcheck_run(&c->kernel.check, &options, &r->report);
    if (is_lost(&c->kernel)) {
        r->gradient = verdict_of(c->kernel.trouble->answer);
        (void)snprintf(r->gradient_note, sizeof r->gradient_note, "it did not run to its end");
        find_fault(c, r->gradient, "gradient check: %s", c->kernel.trouble->text);
        return;
    }
    r->has_report = r->gradient_status == GRADCHECK_OK;
    if (r->has_report) {
        judge_gradient(r);
        return;
    }
    r->gradient = r->gradient_status == GRADCHECK_E_FORWARD ? GATE_FAIL : GATE_ERROR;
    (void)snprintf(r->gradient_note, sizeof r->gradient_note, "%s: %s",
                   gradcheck_status_text(r->gradient_status), r->report.summary);
}

/* ---- one case ---- */

static bool open_kernel(struct check *c) {
    const struct gate_family *family = c->task->family;
    char why[GATE_TEXT_SIZE] = "";
    enter(c, GATE_STAGE_OPEN);
    if (!family->open(family, c->task->golden, &c->kernel, why)) {
        find_fault(c, GATE_ERROR, "%s", why);
        return false;
    }
    c->record->differentiable = c->kernel.no_gradient == NULL;
    c->kernel.last_words = note_last_words;
    c->kernel.last_words_ctx = c;
    return true;
}

static void check_open_kernel(struct check *c) {
    char why[GATE_TEXT_SIZE];
    if (!bind_check(&c->kernel, c->task->golden, why)) {
        find_fault(c, GATE_ERROR, "%s", why);
    } else if (check_golden(c)) {
        check_gradient(c);
    }
    enter(c, GATE_STAGE_CLOSE);
    if (c->kernel.end != NULL && !c->kernel.end(&c->kernel, why) && c->record->finding[0] == '\0') {
        find_fault(c, GATE_FAIL, "at the end: %s", why);
    }
    if (c->task->family->close != NULL) {
        c->task->family->close(&c->kernel);
    }
}

void check_work(void *ctx, struct port_board *board) {
    struct check c = {.task = ctx, .board = board};
    c.record = calloc(1, sizeof *c.record + c.task->values_size);
    if (c.record == NULL) {
        return; /* nothing published: the caller says so */
    }
    if (c.task->golden->n_expected > GATE_MAX_ARRAYS) {
        find_fault(&c, GATE_ERROR, "the case expects more than %d arrays", GATE_MAX_ARRAYS);
    } else if (open_kernel(&c)) {
        check_open_kernel(&c);
    }
    enter(&c, GATE_STAGE_END);
    free(c.record);
}
