// SPDX-License-Identifier: MIT
#include "bed_runs.h"

#include <math.h>

double largest(const double values[], size_t n) {
    double top = 0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, fabs(values[i]));
    }
    return top;
}

double root_mean_square(const double values[], size_t n) {
    double top = largest(values, n), sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += top > 0 ? (values[i] / top) * (values[i] / top) : 0;
    }
    return top * sqrt(sum / (double)n);
}

/* Holds every judged entry's bound against the truth, which backward returned `factor` times. */
struct witness {
    struct outcome *outcome;
    double factor;
    size_t unknown; /* an entry whose truth is not known; SIZE_MAX: none */
};

static void see_entry(void *ctx, const struct gradcheck_entry *entry) {
    const struct witness *w = ctx;
    bool judged = entry->verdict == GRADCHECK_PASS || entry->verdict == GRADCHECK_INACCURATE ||
                  entry->verdict == GRADCHECK_FAIL;
    bool overflown = w->factor != 1 && !isfinite(entry->backward); /* 2 x 1e308 */
    if (judged && !overflown && entry->place.index[0] != w->unknown) {
        w->outcome->n_judged++;
        w->outcome->n_violated +=
            !(fabs(entry->backward / w->factor - entry->numeric) <= entry->bound);
    }
}

void run_right(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
               struct outcome *o) {
    struct witness witness = {o, 1, SIZE_MAX};
    struct gradcheck_options watched = *options;
    if (!bed->point->on_kink) { /* a subgradient is no truth for a difference */
        watched.on_entry = see_entry;
        watched.on_entry_ctx = &witness;
    }
    struct gradcheck_report r;
    check(&bed->kernel, &watched, talk, &r);
    o->verdict = (unsigned char)r.verdict;
    o->reason = (unsigned char)r.reason;
    o->resolution = r.resolution;
    o->n_forward = (unsigned)r.n_forward;
    o->n_false_fail += r.verdict == GRADCHECK_FAIL;
}

void run_wrong(struct bed_kernel *bed, const struct gradcheck_options *options, FILE *talk,
               struct outcome *o) {
    struct witness witness = {o, 1, bed->entry};
    if (bed->corruption == BED_ALL_TIMES) {
        witness = (struct witness){o, bed->amount, SIZE_MAX};
    }
    struct gradcheck_options watched = *options;
    if (bed->amount != 0) {
        watched.on_entry = see_entry;
        watched.on_entry_ctx = &witness;
    }
    struct gradcheck_report r;
    check(&bed->kernel, &watched, talk, &r);
    o->n_wrong++;
    o->n_caught += r.verdict == GRADCHECK_FAIL;
}
