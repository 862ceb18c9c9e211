// SPDX-License-Identifier: MIT
/* Zero where the right answer is not: forgotten, a tail left out, only the last of a sum kept. */
#include <math.h>

#include "diagnosis.h"

static bool only_zeros_are_wrong(const struct gc_table *t, size_t *n_right) {
    *n_right = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const enum gc_mark mark = gc_mark_of(t, r, c);
            if (mark == GC_WRONG && !(gc_got(t, r, c) == 0)) {
                return false;
            }
            *n_right += mark == GC_SAME && !gc_is_zero(t, r, c, gc_right(t, r, c));
        }
    }
    return true;
}

/* Smallest and largest index of the wrong elements along a coordinate, and of the right ones that
 * are not 0. */
struct extent {
    size_t wrong_first, wrong_last, right_first, right_last;
};

static struct extent extent_along(const struct gc_table *t, size_t coordinate) {
    struct extent e = {.wrong_first = SIZE_MAX, .right_first = SIZE_MAX};
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const enum gc_mark mark = gc_mark_of(t, r, c);
            const size_t i = gc_coordinate(t, r, c, coordinate);
            if (mark == GC_WRONG) {
                e.wrong_first = i < e.wrong_first ? i : e.wrong_first;
                e.wrong_last = i > e.wrong_last ? i : e.wrong_last;
            } else if (mark == GC_SAME && !gc_is_zero(t, r, c, gc_right(t, r, c))) {
                e.right_first = i < e.right_first ? i : e.right_first;
                e.right_last = i > e.right_last ? i : e.right_last;
            }
        }
    }
    return e;
}

/* The entry itself does not run along this coordinate: what it gets from there is summed. */
static bool is_summed(const struct gc_table *t, size_t coordinate) {
    return coordinate >= GRADCHECK_MAX_DIMS && coordinate < GC_ENTRY_FLAT &&
           !gc_shares_axis(t, coordinate);
}

static void guess_tail(const struct gc_table *t, size_t coordinate, size_t first,
                       struct gc_guess *guess) {
    char axis[96];
    const size_t length = gc_coordinate_length(t, coordinate);
    const size_t left = length - first;
    const char *tensor = t->in->t->name;
    size_t unrolled = 0;
    for (size_t by = 16; by > left && by > 1; by /= 2) {
        unrolled = length % by == left && length > by ? by : unrolled;
    }
    gc_coordinate_name(t, coordinate, axis, sizeof axis);
    const double confidence = (coordinate >= GC_ENTRY_FLAT ? 0.7 : 0.93) * gc_support(2 * first);
    if (left == 1) {
        gc_guess(guess, GRADCHECK_CAUSE_TAIL, confidence,
                 "%.31s.grad misses the last of %zu along %s: a loop ends one too early", tensor,
                 length, axis);
    } else if (unrolled > 0) {
        gc_guess(guess, GRADCHECK_CAUSE_TAIL, confidence,
                 "%.31s.grad misses %zu..%zu of %zu along %s: the tail of a loop unrolled by %zu",
                 tensor, first, length - 1, length, axis, unrolled);
    } else if (left <= first) {
        gc_guess(guess, GRADCHECK_CAUSE_TAIL, 0.8 * confidence,
                 "%.31s.grad misses %zu..%zu of %zu along %s: a loop ends too early", tensor, first,
                 length - 1, length, axis);
    }
}

static void guess_along(const struct gc_table *t, size_t coordinate, struct gc_guess *guess) {
    char axis[96];
    const struct extent e = extent_along(t, coordinate);
    const size_t length = gc_coordinate_length(t, coordinate);
    const double support = gc_support(length);
    const char *tensor = t->in->t->name;
    gc_coordinate_name(t, coordinate, axis, sizeof axis);
    if (e.right_first == SIZE_MAX) {
        return;
    }
    if (e.wrong_last < e.right_first && e.right_first + 1 == length && is_summed(t, coordinate)) {
        gc_guess(guess, GRADCHECK_CAUSE_OVERWRITES, support,
                 "%.31s.grad holds the last contribution along %s alone: it overwrites where it "
                 "should add up",
                 tensor, axis);
    } else if (e.right_last == 0 && e.wrong_first == 1 && length > 2) {
        gc_guess(guess, GRADCHECK_CAUSE_BROADCAST, 0.9 * support,
                 "%.31s.grad holds the first contribution along %s alone: the sum over it is "
                 "missing",
                 tensor, axis);
    } else if (e.wrong_first > e.right_last) {
        guess_tail(t, coordinate, e.wrong_first, guess);
    } else if (e.wrong_last < e.right_first && e.wrong_last == 0) {
        gc_guess(guess, GRADCHECK_CAUSE_SHIFTED, 0.45 * support,
                 "%.31s.grad misses the first along %s: a loop begins at 1", tensor, axis);
    }
}

void gc_guess_left_out(const struct gc_table *t, struct gc_guess *guess) {
    size_t n_right;
    if (!only_zeros_are_wrong(t, &n_right)) {
        return;
    }
    if (n_right == 0) {
        const bool untouched =
            t->s->k->grad_accumulates ||
            t->s->report->rules[GRADCHECK_RULE_EVERY_ENTRY_WRITTEN].verdict == GRADCHECK_FAIL;
        gc_guess(guess, GRADCHECK_CAUSE_NOT_WRITTEN,
                 !untouched       ? 0.45
                 : t->n_wrong > 1 ? 0.9
                                  : 0.5,
                 "%.31s.grad is 0 throughout: it was forgotten", t->in->t->name);
        return;
    }
    for (size_t coordinate = 0; coordinate < GC_N_COORDINATES; coordinate++) {
        if (gc_has_coordinate(t, coordinate)) {
            guess_along(t, coordinate, guess);
        }
    }
}

/* Rows of the Jacobian that are one contribution: an output's elements at one index of its first
 * axis. */
static size_t contribution_of(const struct gc_table *t, size_t row) {
    return t->output != NULL && t->output->ndim > 1 ? row / (t->n_rows / t->output->shape[0]) : row;
}

/* Of the outputs that reach an entry, the last one alone is there. */
void gc_guess_survivor(const struct gc_table *t, struct gc_guess *guess) {
    size_t n_right;
    size_t n = 0;
    if (!t->by_output || !only_zeros_are_wrong(t, &n_right) || n_right == 0) {
        return;
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        bool wrong_before = false;
        size_t left_out = SIZE_MAX;
        size_t last = SIZE_MAX; /* the contribution that is there */
        for (size_t r = 0; r < t->n_rows; r++) {
            const bool wrong = gc_mark_of(t, r, c) == GC_WRONG;
            const bool there = !wrong && gc_mark_of(t, r, c) == GC_SAME && gc_got(t, r, c) != 0;
            if (last != SIZE_MAX && (wrong || (there && contribution_of(t, r) != last))) {
                return;
            }
            left_out = wrong ? contribution_of(t, r) : left_out;
            if (there && contribution_of(t, r) == left_out) {
                return; /* a part of one is there */
            }
            wrong_before = wrong_before || wrong;
            last = there ? contribution_of(t, r) : last;
        }
        if (wrong_before && last == SIZE_MAX) {
            return;
        }
        n += wrong_before;
    }
    gc_guess(guess, GRADCHECK_CAUSE_OVERWRITES, 0.8 * gc_support(2 * n),
             "%.31s.grad holds the last contribution to an entry alone: it overwrites where it "
             "should add up",
             t->in->t->name);
}
