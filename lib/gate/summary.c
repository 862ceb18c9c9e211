// SPDX-License-Identifier: MIT
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- golden values ---- */

static bool is_worse_share(double share, double than) {
    return isnan(share) || share > than;
}

static void add_array(struct gate_suite *s, const char *case_id, const struct gate_array *a) {
    const struct golden_comparison *c = &a->comparison;
    s->n_arrays++;
    s->n_elements += c->count;
    s->max_ulp = c->max_ulp > s->max_ulp ? c->max_ulp : s->max_ulp;
    /* A wrong dtype or shape has no element to point at, and is worse than any element. */
    bool whole = c->mismatch == GOLDEN_DTYPE || c->mismatch == GOLDEN_SHAPE;
    double share = whole ? INFINITY : c->count > 0 ? c->worst.share : 0;
    bool first = s->worst.case_id[0] == '\0' && c->count > 0;
    if (first || is_worse_share(share, s->worst_share)) {
        s->worst_share = share;
        memcpy(s->worst.case_id, case_id, sizeof s->worst.case_id);
        memcpy(s->worst.tensor, a->name, sizeof s->worst.tensor);
        s->worst.ndim = whole ? 0 : c->ndim;
        memcpy(s->worst.index, c->worst.index, sizeof s->worst.index);
    }
}

/* ---- gradients ---- */

struct tensors {
    size_t n;
    struct {
        char name[GRADCHECK_NAME_SIZE];
        bool proven;
    } of[GRADCHECK_MAX_TENSORS];
};

static size_t find_or_add(struct tensors *tensors, const char *name) {
    size_t i = 0;
    while (i < tensors->n && strcmp(tensors->of[i].name, name) != 0) {
        i++;
    }
    if (i == tensors->n && i < GRADCHECK_MAX_TENSORS) {
        (void)snprintf(tensors->of[i].name, sizeof tensors->of[i].name, "%s", name);
        tensors->n++;
    }
    return i;
}

static void add_report(struct gate_suite *s, struct tensors *tensors, const struct gate_case *c) {
    const struct gradcheck_report *r = c->report;
    s->n_evaluations += r->n_forward;
    if (c->gradient == GATE_PASS && r->resolution > s->resolution) {
        s->resolution = r->resolution;
    }
    for (size_t i = 0; i < r->n_tensors; i++) {
        const struct gradcheck_tensor_report *t = &r->tensors[i];
        size_t at = find_or_add(tensors, t->name);
        bool passed = t->verdict == GRADCHECK_PASS || t->verdict == GRADCHECK_INACCURATE;
        if (at < tensors->n && passed && c->gradient == GATE_PASS) {
            tensors->of[at].proven = true;
        }
    }
}

static bool has_resolution(const struct gate_case *c) {
    return c->report != NULL && c->gradient == GATE_PASS;
}

/* The one with as many below it as its rank says; quadratic, and without memory that may lack. */
static double median_resolution(const struct gate_suite *s) {
    size_t rank = s->by_gradient.of[GATE_PASS] / 2;
    for (size_t i = 0; i < s->n_cases; i++) {
        size_t below = 0;
        size_t equal = 0;
        for (size_t j = 0; has_resolution(&s->cases[i]) && j < s->n_cases; j++) {
            if (has_resolution(&s->cases[j])) {
                double r = s->cases[j].report->resolution;
                below += r < s->cases[i].report->resolution;
                equal += r == s->cases[i].report->resolution;
            }
        }
        if (equal > 0 && below <= rank && rank < below + equal) {
            return s->cases[i].report->resolution;
        }
    }
    return 0;
}

/* ---- the verdict ---- */

static const char *first_unproven(const struct tensors *tensors) {
    for (size_t i = 0; i < tensors->n; i++) {
        if (!tensors->of[i].proven) {
            return tensors->of[i].name;
        }
    }
    return NULL;
}

/* Single cases may be inconclusive (saturated, say) as long as others prove every gradient. */
static void judge_gradients(struct gate_suite *s, const struct tensors *tensors) {
    const char *unproven = first_unproven(tensors);
    const size_t *of = s->by_gradient.of;
    /* of a port without a backward pass, that much is verified */
    bool skipped = of[GATE_SKIPPED] > 0 && of[GATE_PASS] + of[GATE_INCONCLUSIVE] == 0;
    if (skipped || (of[GATE_PASS] > 0 && unproven == NULL)) {
        s->verdict = GATE_PASS;
        return;
    }
    s->verdict = GATE_INCONCLUSIVE;
    if (of[GATE_PASS] == 0) {
        (void)snprintf(s->finding, sizeof s->finding,
                       "no case proves its gradient: %zu inconclusive, %zu not applicable",
                       of[GATE_INCONCLUSIVE], of[GATE_NOT_APPLICABLE]);
    } else {
        (void)snprintf(s->finding, sizeof s->finding, "no case proves %s.grad", unproven);
    }
}

static void judge(struct gate_suite *s, const struct tensors *tensors, bool differentiable) {
    if (s->n_cases == 0 && s->n_left_out > 0) {
        s->verdict = GATE_SKIPPED;
        (void)snprintf(s->finding, sizeof s->finding, "every case is larger than asked for");
    } else if (s->n_cases == 0) {
        s->verdict = GATE_INCONCLUSIVE; /* nothing ran */
    } else if (s->by_case.of[GATE_FAIL] > 0) {
        s->verdict = GATE_FAIL;
    } else if (s->by_case.of[GATE_ERROR] > 0) {
        s->verdict = GATE_ERROR;
    } else if (s->by_case.of[GATE_SKIPPED] == s->n_cases) {
        s->verdict = GATE_SKIPPED;
        memcpy(s->finding, s->cases[0].finding, sizeof s->finding);
    } else if (s->by_case.of[GATE_PASS] + s->by_case.of[GATE_INCONCLUSIVE] == 0) {
        s->verdict = GATE_INCONCLUSIVE;
        (void)snprintf(s->finding, sizeof s->finding, "no case passes");
    } else if (differentiable) {
        judge_gradients(s, tensors);
    } else {
        s->verdict = GATE_PASS;
    }
}

void suite_summarise(struct gate_suite *s) {
    struct tensors tensors = {0};
    bool differentiable = false;
    for (size_t i = 0; i < s->n_cases; i++) {
        const struct gate_case *c = &s->cases[i];
        s->by_case.of[c->verdict]++;
        s->by_golden.of[c->golden]++;
        s->by_gradient.of[c->gradient]++;
        differentiable = differentiable || c->differentiable;
        for (size_t j = 0; j < c->n_arrays; j++) {
            add_array(s, c->id, &c->arrays[j]);
        }
        if (c->report != NULL) {
            add_report(s, &tensors, c);
        }
    }
    s->median_resolution = median_resolution(s);
    s->n_tensors = tensors.n;
    for (size_t i = 0; i < tensors.n; i++) {
        s->n_proven += tensors.of[i].proven;
    }
    judge(s, &tensors, differentiable);
}
