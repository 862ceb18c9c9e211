// SPDX-License-Identifier: MIT
/* From a direction that failed to the entries that are wrong: halves whose own derivative differs
 * from the prediction are halved again. O(k log n) evaluations for k wrong entries. */
#include <math.h>

#include "elementwise.h"
#include "screen.h"

enum { MOST_FOUND = 16, HUNT_LEVELS = 4, MORE_LEVELS = 12 };

struct hunt {
    struct gc_session *s;
    const struct gc_screen *screen;
    size_t found;
};

/* A smaller set reaches less far with the same step. */
static double step_for(const struct hunt *hunt, size_t n) {
    double growth = sqrt((double)hunt->s->n_entries / (double)n);
    return fmin(4 * hunt->screen->step * growth, fmax(0.05, 4 * hunt->screen->step));
}

/* Sharp: what the bound should be below, or it is tried once more with more levels. */
static double residual(const struct hunt *hunt, size_t first, size_t last, double sharp,
                       double *bound) {
    struct gc_line line;
    gc_choose_direction(hunt->s, hunt->screen->failed, first, last);
    struct gc_estimate e =
        gc_screen_line(hunt->s, &line, step_for(hunt, last - first), HUNT_LEVELS);
    if (!(e.bound <= sharp)) {
        e = gc_screen_line(hunt->s, &line, step_for(hunt, last - first), MORE_LEVELS);
    }
    *bound = isfinite(e.bound) ? e.bound : INFINITY;
    return e.value - line.predicted;
}

static void search_range(struct hunt *hunt, size_t first, size_t last, double whole,
                         double whole_bound) {
    struct gc_session *s = hunt->s;
    if (hunt->found >= MOST_FOUND || !gc_tick(s, hunt->found)) {
        return;
    }
    if (last - first == 1) {
        gc_forget_noise(s); /* that of lines is not the entry's */
        hunt->found += gc_examine_and_record(s, first, false);
        gc_forget_noise(s); /* nor that of the entry a line's */
        return;
    }
    size_t middle = first + (last - first) / 2;
    double left_bound = INFINITY;
    double left = residual(hunt, first, middle, 0.25 * fabs(whole), &left_bound);
    /* Where that is not sharp enough, the half with most of the whole. */
    bool left_wrong = !(fabs(left) <= fmin(left_bound, 0.5 * fabs(whole)));
    double right = whole - left;
    double right_bound = whole_bound + left_bound;
    bool right_wrong = !left_wrong || !(fabs(right) <= right_bound);
    if (left_wrong) {
        search_range(hunt, first, middle, left, left_bound);
    }
    if (right_wrong) {
        search_range(hunt, middle, last, right, right_bound);
    }
}

void gc_locate(struct gc_session *s, const struct gc_screen *screen) {
    struct hunt hunt = {.s = s, .screen = screen};
    gc_phase(s, "location", MOST_FOUND);
    search_range(&hunt, 0, s->n_entries, screen->residual, screen->bound);
}
