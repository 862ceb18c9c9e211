// SPDX-License-Identifier: MIT
/* The right numbers in the wrong place: shifted, reversed, transposed, repeated, in another tensor;
 * and a condition under which they are wrong at all. */
#include <math.h>

#include "diagnosis.h"

struct move {
    enum gc_move move;
    size_t coordinate, other; /* other: of a swap */
    bool circular;
};

static size_t move_axis(const struct gradcheck_tensor *t, size_t flat, size_t axis, size_t to) {
    size_t index[GRADCHECK_MAX_DIMS] = {0};
    size_t moved = 0;
    gc_tensor_index(t, flat, index);
    index[axis] = to;
    for (size_t a = 0; a < t->ndim; a++) {
        moved = moved * t->shape[a] + index[a];
    }
    return moved;
}

static size_t place_after(size_t i, size_t length, const struct move *m, bool *outside) {
    switch (m->move) {
    case GC_NEXT:
        *outside = !m->circular && i + 1 == length;
        return (i + 1) % length;
    case GC_BEFORE:
        *outside = !m->circular && i == 0;
        return (i + length - 1) % length;
    case GC_REVERSED:
        return length - 1 - i;
    case GC_FIRST:
        return 0;
    default:
        return i;
    }
}

/* got(row, column) = right(moved): the coordinate's index is changed. */
static struct gc_prediction moved(const struct gc_table *t, size_t row, size_t column,
                                  const void *ctx) {
    const struct move *m = ctx;
    struct gc_prediction p = {.row = row, .column = column, .times = 1, .over = 1};
    const size_t length = gc_coordinate_length(t, m->coordinate);
    const size_t to =
        place_after(gc_coordinate(t, row, column, m->coordinate), length, m, &p.unknown);
    if (m->coordinate == GC_ENTRY_FLAT) {
        p.column = to;
    } else if (m->coordinate == GC_OUTPUT_FLAT) {
        p.row = to;
    } else if (m->coordinate < GRADCHECK_MAX_DIMS) {
        p.column = move_axis(t->in->t, column, m->coordinate, to);
    } else {
        size_t flat = 0;
        const struct gradcheck_tensor *out = gc_row_tensor(t, row, &flat);
        p.row = row - flat + move_axis(out, flat, m->coordinate - GRADCHECK_MAX_DIMS, to);
    }
    return p;
}

/* Two axes of the entry exchanged: what belongs at [.., i, .., j, ..] of a tensor whose axes had
 * the lengths exchanged too lies at the same place in memory. */
static struct gc_prediction axes_swapped(const struct gc_table *t, size_t row, size_t column,
                                         const void *ctx) {
    const struct move *m = ctx;
    const struct gradcheck_tensor *in = t->in->t;
    struct gradcheck_tensor turned = *in;
    size_t index[GRADCHECK_MAX_DIMS] = {0};
    size_t from = 0;
    turned.shape[m->coordinate] = in->shape[m->other];
    turned.shape[m->other] = in->shape[m->coordinate];
    gc_tensor_index(&turned, column, index);
    const size_t i = index[m->coordinate];
    index[m->coordinate] = index[m->other];
    index[m->other] = i;
    for (size_t a = 0; a < in->ndim; a++) {
        from = from * in->shape[a] + index[a];
    }
    return (struct gc_prediction){.row = row, .column = from, .times = 1, .over = 1};
}

static struct gc_prediction mirrored(const struct gc_table *t, size_t row, size_t column,
                                     const void *ctx) {
    (void)t;
    (void)ctx;
    return (struct gc_prediction){.row = column, .column = row, .times = 1, .over = 1};
}

static void guess_move(const struct gc_table *t, const struct move *m, struct gc_guess *guess) {
    static const struct {
        enum gradcheck_cause cause;
        const char *text;
    } words[] = {
        [GC_NEXT] = {GRADCHECK_CAUSE_SHIFTED, "holds what belongs one place further on"},
        [GC_BEFORE] = {GRADCHECK_CAUSE_SHIFTED, "holds what belongs one place earlier"},
        [GC_FIRST] = {GRADCHECK_CAUSE_BROADCAST, "repeats what belongs at index 0"},
        [GC_REVERSED] = {GRADCHECK_CAUSE_TRANSPOSED, "is reversed"},
    };
    char axis[96];
    const size_t n = gc_explains(t, moved, m);
    if (n > 0) {
        gc_coordinate_name(t, m->coordinate, axis, sizeof axis);
        gc_guess(guess, words[m->move].cause, (m->circular ? 0.96 : 0.92) * gc_support(n),
                 "%.31s.grad %s along %s", t->in->t->name, words[m->move].text, axis);
    }
}

/* The diagonal alone moves: the slope of one element is used for another. */
static struct gc_prediction slope_moved(const struct gc_table *t, size_t row, size_t column,
                                        const void *ctx) {
    const struct move *m = ctx;
    struct gc_prediction p = {.row = row, .column = column, .times = 1, .over = 1};
    if (row == column) {
        p.row = p.column = place_after(column, t->n_columns, m, &p.unknown);
    }
    return p;
}

static void guess_slopes(const struct gc_table *t, struct gc_guess *guess) {
    for (int move = GC_NEXT; move <= GC_BEFORE; move++) {
        for (int circular = 0; circular < 2; circular++) {
            const struct move m = {.move = (enum gc_move)move, .circular = circular};
            const size_t n = gc_explains(t, slope_moved, &m);
            if (n > 1 && gc_distinct_ratios(t, 3) > 2) {
                gc_guess(guess, GRADCHECK_CAUSE_SHIFTED, 0.9 * gc_support(n),
                         "%.31s.grad is made with the derivative of the element %s", t->in->t->name,
                         move == GC_NEXT ? "after" : "before");
            }
        }
    }
}

static void guess_swaps(const struct gc_table *t, struct gc_guess *guess) {
    for (size_t a = 0; a + 1 < t->in->t->ndim; a++) {
        for (size_t b = a + 1; b < t->in->t->ndim; b++) {
            const struct move m = {.move = GC_SWAPPED, .coordinate = a, .other = b};
            const size_t n = gc_explains(t, axes_swapped, &m);
            if (n > 0) {
                gc_guess(guess, GRADCHECK_CAUSE_TRANSPOSED, 0.96 * gc_support(n),
                         "%.31s.grad is the right one with its axes %zu and %zu transposed",
                         t->in->t->name, a, b);
            }
        }
    }
    if (gc_is_square(t) && gc_coordinate_length(t, GC_OUTPUT_FLAT) > 0) {
        const size_t n = gc_explains(t, mirrored, NULL);
        if (n > 0) {
            gc_guess(guess, GRADCHECK_CAUSE_TRANSPOSED, 0.94 * gc_support(n),
                     "%.31s.grad is made with the transposed Jacobian: what output i gives to "
                     "entry j goes to entry i of output j",
                     t->in->t->name);
        }
    }
}

void gc_guess_moved(const struct gc_table *t, struct gc_guess *guess) {
    if (!gc_holds_something(t)) {
        return;
    }
    for (size_t coordinate = 0; coordinate < GC_N_COORDINATES; coordinate++) {
        const bool of_output = coordinate >= GRADCHECK_MAX_DIMS && coordinate != GC_ENTRY_FLAT;
        for (int move = GC_NEXT; move <= GC_REVERSED && gc_has_coordinate(t, coordinate); move++) {
            if (move > GC_BEFORE && of_output) {
                continue;
            }
            struct move m = {.move = (enum gc_move)move, .coordinate = coordinate};
            m.circular = move >= GC_FIRST;
            guess_move(t, &m, guess);
            if (!m.circular) {
                m.circular = true;
                guess_move(t, &m, guess);
            }
        }
    }
    guess_swaps(t, guess);
    if (gc_is_square(t)) {
        guess_slopes(t, guess);
    }
}

/* ---- the gradient of another input ---- */

static struct gc_prediction of_other(const struct gc_table *t, size_t row, size_t column,
                                     const void *ctx) {
    (void)t;
    return (struct gc_prediction){.row = row, .column = column, .in = ctx, .times = 1, .over = 1};
}

void gc_guess_other_gradient(const struct gc_table *t, struct gc_guess *guess) {
    for (size_t i = 0; i < t->s->k->n_inputs; i++) {
        const struct gc_input *other = &t->s->inputs[i];
        if (other->checked && other != t->in && other->count == t->n_columns) {
            const size_t n = gc_explains(t, of_other, other);
            if (n > 0) {
                gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.95 * gc_support(n),
                         "%.31s.grad holds what belongs in %.31s.grad", t->in->t->name,
                         other->t->name);
            }
        }
    }
}

/* ---- wrong under a condition on a value ---- */

struct range {
    double low, high;
    size_t n;
};

static void widen_range(struct range *range, double v) {
    range->low = range->n == 0 ? v : fmin(range->low, v);
    range->high = range->n == 0 ? v : fmax(range->high, v);
    range->n++;
}

/* Some of the right answers there are the same, as those of a branch that is a straight line. */
static bool straight_where_wrong(const struct gc_table *t, size_t n_wrong) {
    struct gc_distinct rights = {.n = 0};
    for (size_t i = t->first_wrong; i < t->n_rows * t->n_columns; i++) {
        const size_t r = i / t->n_columns;
        const size_t c = i % t->n_columns;
        const double right = gc_right(t, r, c);
        if (t->mark[i] == GC_WRONG) {
            gc_distinct_add(&rights, right, 10 * t->relative * fabs(right) + 2 * gc_slack(t, r, c));
        }
    }
    return rights.n <= GC_MOST_DISTINCT && rights.n + 2 <= n_wrong;
}

static bool parted_by_zero(const struct range *low, const struct range *high) {
    return low->high <= 0 && high->low >= 0;
}

/* atom NULL: the right answer itself. */
static void separate(const struct gc_table *t, const struct gc_atom *atom, bool magnitude,
                     struct gc_guess *guess) {
    const char *name = atom != NULL ? atom->tensor->name : "right answer";
    enum { FEWEST = 3 };
    struct range wrong = {.n = 0};
    struct range right = {.n = 0};
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double v = 0;
            const enum gc_mark mark = gc_mark_of(t, r, c);
            const bool zero = gc_is_zero(t, r, c, gc_right(t, r, c));
            if (mark == GC_IGNORED || (zero && (mark == GC_SAME || atom == NULL))) {
                continue;
            }
            if (atom != NULL) {
                (void)gc_atom_value(t, atom, r, c, GC_STAY, 0, &v);
            } else {
                v = gc_right(t, r, c);
            }
            widen_range(mark == GC_WRONG ? &wrong : &right, magnitude ? fabs(v) : v);
        }
    }
    if (wrong.n < FEWEST || right.n < FEWEST ||
        !(wrong.low > right.high || wrong.high < right.low)) {
        return;
    }
    const bool above = wrong.low > right.high;
    const bool one_value = gc_one_value_held(t);
    const double support = gc_support(2 * (wrong.n < right.n ? wrong.n : right.n));
    if (one_value && gc_first_ratio(t) == 0 && atom != NULL && !magnitude &&
        straight_where_wrong(t, wrong.n) &&
        parted_by_zero(above ? &right : &wrong, above ? &wrong : &right)) {
        gc_guess(guess, GRADCHECK_CAUSE_DROPPED_TERM, 0.75 * support,
                 "%.31s.grad is 0 where %.31s is %s %.4g, and right %s %.4g: a branch is left out",
                 t->in->t->name, name, above ? "above" : "below", above ? right.high : wrong.high,
                 above ? "below" : "above", above ? wrong.low : right.low);
        return;
    }
    gc_guess(guess, GRADCHECK_CAUSE_CONDITIONAL, (one_value ? 0.7 : 0.4) * support,
             "%.31s.grad is wrong only where %s%.31s%s is %s %.4g", t->in->t->name,
             magnitude ? "|" : "", name, magnitude ? "|" : "", above ? "above" : "below",
             above ? right.high : right.low);
}

void gc_guess_threshold(const struct gc_table *t, struct gc_guess *guess) {
    if (gc_one_value_held(t)) {
        separate(t, NULL, true, guess);
    }
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    for (size_t i = 0; i < n; i++) {
        if (atoms[i].values != NULL && atoms[i].count > 1 && (i == 0 || atoms[i].is_output)) {
            separate(t, &atoms[i], false, guess);
            separate(t, &atoms[i], true, guess);
        }
    }
}
