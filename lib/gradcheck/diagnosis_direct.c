// SPDX-License-Identifier: MIT
/* Where an output depends on its own entry directly, and on the others of its row through sums: one
 * of the two is wrong, and the other is not. */
#include <math.h>

#include "diagnosis.h"

static bool has_own_entries(const struct gc_table *t) {
    return gc_is_square(t) && t->output != NULL;
}

/* ---- the direct term: got - right is k (what is used - v) on the diagonal and nothing off it,
 * with one k for each index of the first axis ---- */

enum used { USED_ONE, USED_SQUARE, USED_NEXT, USED_BEFORE, USED_FIRST, N_USED };

static const struct {
    const char *before, *after; /* of the tensor's name */
    enum gradcheck_cause cause;
    enum gc_move move;
} USED[N_USED] = {
    [USED_ONE] = {"lacks the factor ", "", GRADCHECK_CAUSE_MISSING_FACTOR, GC_STAY},
    [USED_SQUARE] = {"has the factor ", " once too often", GRADCHECK_CAUSE_EXTRA_FACTOR, GC_STAY},
    [USED_NEXT] = {"is made with ", " read one index too far", GRADCHECK_CAUSE_SHIFTED, GC_NEXT},
    [USED_BEFORE] = {"is made with ", " read one index too early", GRADCHECK_CAUSE_SHIFTED,
                     GC_BEFORE},
    [USED_FIRST] = {"is made with ", " read always at index 0", GRADCHECK_CAUSE_BROADCAST,
                    GC_FIRST},
};

/* What is used - v at a diagonal element. */
static double misused(const struct gc_table *t, const struct gc_atom *atom, size_t i,
                      enum used used) {
    double v = 0;
    double there = 0;
    (void)gc_atom_value(t, atom, i, i, GC_STAY, 0, &v);
    (void)gc_atom_value(t, atom, i, i, USED[used].move, atom->tensor->ndim - 1, &there);
    return used == USED_ONE ? 1 - v : used == USED_SQUARE ? v * v - v : there - v;
}

static double error_of(const struct gc_table *t, size_t i) {
    return gc_got(t, i, i) - gc_right(t, i, i);
}

static bool diagonal_alone_is_wrong(const struct gc_table *t) {
    bool coupled = false;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (r != c && gc_mark_of(t, r, c) == GC_WRONG) {
                return false;
            }
            coupled = coupled || (r != c && gc_mark_of(t, r, c) == GC_SAME &&
                                  !gc_is_zero(t, r, c, gc_right(t, r, c)));
        }
    }
    return coupled;
}

/* Whether the diagonal at one index of the first axis has one k; adds to n how many elements say so
 * beside the one that gives it. */
static bool agree_on_k(const struct gc_table *t, const struct gc_atom *atom, enum used used,
                       size_t begin, size_t end, size_t *n) {
    double largest = 0;
    double k = 0;
    double least = INFINITY;
    double most = -INFINITY;
    size_t n_known = 0;
    for (size_t i = begin; i < end; i++) {
        const double by = misused(t, atom, i, used);
        if (gc_mark_of(t, i, i) != GC_IGNORED && fabs(by) > fabs(largest)) {
            largest = by;
            k = error_of(t, i) / by;
        }
    }
    for (size_t i = begin; i < end; i++) {
        const double by = k * misused(t, atom, i, used);
        const double allowed =
            4 * (t->relative * fmax(fabs(gc_got(t, i, i)), fabs(gc_right(t, i, i))) +
                 gc_slack(t, i, i));
        if (gc_mark_of(t, i, i) == GC_IGNORED) {
            continue;
        }
        if (!(fabs(error_of(t, i) - by) <= allowed)) {
            return false;
        }
        n_known += fabs(by) > 100 * allowed;
        least = fmin(least, by);
        most = fmax(most, by);
    }
    if (most - least < 0.01 * fabs(most + least)) {
        return true; /* the same everywhere: any k fits */
    }
    *n += n_known > 0 ? n_known - 1 : 0;
    return true;
}

void gc_guess_direct_term(const struct gc_table *t, struct gc_guess *guess) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    if (!has_own_entries(t) || !diagonal_alone_is_wrong(t)) {
        return;
    }
    const size_t n_atoms = gc_atoms(t, atoms);
    const size_t slice = t->output->ndim > 1 ? t->n_rows / t->output->shape[0] : t->n_rows;
    for (size_t a = 0; a < n_atoms; a++) {
        for (int used = 0; used < N_USED && atoms[a].values != NULL && atoms[a].count > 1; used++) {
            size_t n = 0;
            bool fits = true;
            for (size_t i = 0; i < t->n_rows && fits; i += slice) {
                fits = agree_on_k(t, &atoms[a], (enum used)used, i, i + slice, &n);
            }
            if (fits && n >= 2) {
                gc_guess(guess, USED[used].cause, 0.9 * gc_support(2 * n),
                         "the direct term of %.31s.grad, the one outside the sums over others, "
                         "%s%.31s%s",
                         t->in->t->name, USED[used].before, atoms[a].tensor->name,
                         USED[used].after);
            }
        }
    }
}

/* ---- the sums: off the diagonal, right times something ---- */

void gc_guess_sums(const struct gc_table *t, struct gc_guess *guess) {
    enum { MOST = 256 };
    unsigned char diagonal[MOST];
    struct gc_guess found = {.cause = GRADCHECK_CAUSE_NONE};
    struct gc_table sums = *t;
    if (!has_own_entries(t) || t->n_rows > MOST) {
        return;
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        unsigned char *mark = &t->mark[i * t->n_columns + i];
        diagonal[i] = *mark;
        sums.n_wrong -= *mark == GC_WRONG;
        sums.n_same -= *mark == GC_SAME;
        *mark = GC_IGNORED;
    }
    if (sums.n_wrong > 2) {
        gc_guess_function(&sums, &found);
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        t->mark[i * t->n_columns + i] = diagonal[i];
    }
    if (found.cause != GRADCHECK_CAUSE_NONE) {
        gc_guess(guess, found.cause, 0.9 * found.confidence,
                 "in its sums over other entries, %.200s", found.text);
    }
}

/* ---- the sums lack the last output ---- */

/* Wrong off the diagonal at one index of an output's axis alone, and nothing there. */
static bool sums_lack(const struct gc_table *t, size_t axis, size_t index) {
    size_t n = 0;
    bool holds = false; /* on the diagonal, else the output is left out altogether */
    for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
        const size_t r = i / t->n_columns;
        const size_t c = i % t->n_columns;
        const bool nothing = gc_is_zero(t, r, c, gc_got(t, r, c));
        const bool there = gc_coordinate(t, r, c, axis) == index;
        holds = holds || (there && r == c && !nothing);
        if (gc_mark_of(t, r, c) == GC_WRONG && (!there || (r != c && !nothing))) {
            return false;
        }
        n += gc_mark_of(t, r, c) == GC_WRONG && r != c;
    }
    return holds && n > 1;
}

void gc_guess_last_output(const struct gc_table *t, struct gc_guess *guess) {
    char name[96];
    for (size_t axis = GRADCHECK_MAX_DIMS; axis < GC_ENTRY_FLAT && has_own_entries(t); axis++) {
        const size_t length = gc_coordinate_length(t, axis);
        if (length > 2 && sums_lack(t, axis, length - 1)) {
            gc_coordinate_name(t, axis, name, sizeof name);
            gc_guess(guess, GRADCHECK_CAUSE_TAIL, 0.75 * gc_support(length),
                     "the sums of %.31s.grad over other entries lack the last of %zu along %s: a "
                     "loop ends one too early",
                     t->in->t->name, length, name);
        }
    }
}
