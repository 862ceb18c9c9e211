// SPDX-License-Identifier: MIT
/* What the ratio to the right answer depends on, where no known value explains it: on the right
 * answer itself, on the output, on the row. */
#include <math.h>

#include "diagnosis.h"

/* ---- got = k right^p ---- */

struct power {
    double k;
    int p;
};

static struct gc_prediction of_power(const struct gc_table *t, size_t row, size_t column,
                                     const void *ctx) {
    const struct power *m = ctx;
    const double right = gc_right(t, row, column);
    const double by = m->p == 2 ? m->k * right : m->k / fabs(right);
    const bool zero = gc_is_zero(t, row, column, right);
    return (struct gc_prediction){.row = row, .column = column, .times = zero ? 0 : by, .over = 1};
}

void gc_guess_power(const struct gc_table *t, struct gc_guess *guess) {
    const double ratio = gc_first_ratio(t);
    const double support = gc_certainty(t, 10);
    double largest = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            largest =
                gc_mark_of(t, r, c) == GC_WRONG ? fmax(largest, fabs(gc_right(t, r, c))) : largest;
        }
    }
    if (!isfinite(ratio) || !gc_ratio_varies(t, 3) || fabs(ratio) < 10 * t->relative) {
        return;
    }
    const struct power none = {.k = ratio * largest, .p = 0};
    if (gc_explains(t, of_power, &none) > 0) {
        gc_guess(
            guess, GRADCHECK_CAUSE_MISSING_FACTOR, 0.85 * support,
            "%.31s.grad is %.5g everywhere, with the right sign: the factor that makes it vary "
            "is missing",
            t->in->t->name, fabs(none.k));
    }
    for (int sign = 1; sign >= -1; sign -= 2) {
        const struct power twice = {.k = sign * ratio / largest, .p = 2};
        if (gc_explains(t, of_power, &twice) > 0) {
            gc_guess(guess, GRADCHECK_CAUSE_EXTRA_FACTOR, 0.85 * support,
                     "%.31s.grad is the square of the right one: a factor is there twice",
                     t->in->t->name);
        }
    }
}

/* ---- got = 1 - right: a sigmoid taken at -v ---- */

static struct gc_prediction complement_of_right(const struct gc_table *t, size_t row, size_t column,
                                                const void *ctx) {
    (void)ctx;
    const double right = gc_right(t, row, column);
    const bool inside =
        !gc_is_zero(t, row, column, right) && !gc_is_zero(t, row, column, 1 - right);
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .unknown = gc_both_zero(t, row, column),
                                  .times = -1,
                                  .over = 1,
                                  .plus = inside ? 1 : NAN};
}

/* Whether the right answers are sigmoids of one multiple of the entry, of three or more. */
static bool is_sigmoid_of_entry(const struct gc_table *t) {
    double multiple = 0;
    size_t n = 0;
    for (size_t i = t->first_wrong; i < t->n_rows * t->n_columns; i++) {
        const double right = gc_right(t, i / t->n_columns, i % t->n_columns);
        const double v = t->s->base[t->in->first + i % t->n_columns];
        if (t->mark[i] != GC_WRONG || fabs(v) < 0.1) {
            continue;
        }
        const double here = log(right / (1 - right)) / v;
        multiple = n == 0 ? here : multiple;
        if (!(fabs(here - multiple) <= 100 * t->relative * fabs(multiple) / fmin(fabs(v), 1))) {
            return false;
        }
        n++;
    }
    return n > 2;
}

void gc_guess_complement(const struct gc_table *t, struct gc_guess *guess) {
    if (t->by_output && is_sigmoid_of_entry(t) && gc_explains(t, complement_of_right, NULL) > 0) {
        gc_guess(guess, GRADCHECK_CAUSE_SIGN, 0.9 * gc_certainty(t, 10),
                 "%.31s.grad is 1 minus the right one: a sigmoid is taken at -v where v belongs",
                 t->in->t->name);
    }
}

/* ---- the ratio depends on the output alone ---- */

struct span {
    double low, high;
    size_t n_rows, n_shared; /* rows with a ratio; rows with more than one element to show it */
};

/* False if an output's elements have different ratios. */
static bool ratio_of_row(const struct gc_table *t, size_t row, double *ratio, size_t *n) {
    *n = 0;
    for (size_t c = 0; c < t->n_columns; c++) {
        const double right = gc_right(t, row, c);
        if (gc_mark_of(t, row, c) == GC_IGNORED) {
            continue;
        }
        if (gc_is_zero(t, row, c, right)) {
            if (gc_mark_of(t, row, c) == GC_WRONG) {
                return false;
            }
            continue;
        }
        const double here = gc_got(t, row, c) / right;
        const double slack = gc_slack(t, row, c) / fabs(right) + t->relative;
        if (*n > 0 && !(fabs(here - *ratio) <= 4 * slack * fmax(1, fabs(here)))) {
            return false;
        }
        *ratio = here;
        (*n)++;
    }
    return true;
}

static bool span_of_ratios(const struct gc_table *t, struct span *span) {
    for (size_t r = 0; r < t->n_rows; r++) {
        double ratio = 0;
        size_t n;
        if (!ratio_of_row(t, r, &ratio, &n)) {
            return false;
        }
        if (n > 0) {
            span->low = span->n_rows == 0 ? ratio : fmin(span->low, ratio);
            span->high = span->n_rows == 0 ? ratio : fmax(span->high, ratio);
            span->n_rows++;
            span->n_shared += n > 1;
        }
    }
    return true;
}

/* Whether neighbouring outputs along the last axis have the same ratio throughout. */
static bool same_within_row(const struct gc_table *t) {
    double last = 0;
    bool known = false;
    size_t flat = 0;
    const struct gradcheck_tensor *out = gc_row_tensor(t, 0, &flat);
    if (out == NULL || out->ndim < 2) {
        return false;
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        double ratio = 0;
        size_t n;
        known = known && r % out->shape[out->ndim - 1] != 0;
        if (!ratio_of_row(t, r, &ratio, &n) || n == 0) {
            continue;
        }
        if (known && fabs(ratio - last) > 100 * t->relative * fabs(last)) {
            return false;
        }
        last = ratio;
        known = true;
    }
    return true;
}

void gc_guess_of_output(const struct gc_table *t, struct gc_guess *guess) {
    struct span span = {.n_rows = 0};
    if (!t->by_output || !span_of_ratios(t, &span) || span.n_shared < 2 || !gc_ratio_varies(t, 2)) {
        return;
    }
    if (same_within_row(t)) {
        return; /* a statistic of the row: nothing says on which side of 1 it belongs */
    }
    const double confidence = 0.7 * gc_support(2 * span.n_shared);
    if (span.low > 1) {
        gc_guess(guess, GRADCHECK_CAUSE_MISSING_FACTOR, confidence,
                 "%.31s.grad is too large, by %.4g to %.4g, a factor that depends on the output "
                 "alone: a derivative below 1 is missing",
                 t->in->t->name, span.low, span.high);
    } else if (span.low > 0 && span.high < 1) {
        gc_guess(guess, GRADCHECK_CAUSE_EXTRA_FACTOR, confidence,
                 "%.31s.grad is too small, by %.4g to %.4g, a factor that depends on the output "
                 "alone: a derivative below 1 is there once too often",
                 t->in->t->name, span.low, span.high);
    } else {
        gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.85 * confidence,
                 "%.31s.grad is off by a factor that depends on the output alone, %.4g to %.4g: a "
                 "derivative is taken at the wrong value",
                 t->in->t->name, span.low, span.high);
    }
}

/* ---- right along index 0 alone ---- */

static bool first_alone_is_right(const struct gc_table *t, size_t coordinate) {
    const size_t length = gc_coordinate_length(t, coordinate);
    bool holds_something = false;
    size_t n_wrong[64] = {0};
    if (length < 3 || length > 64) {
        return false;
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const size_t i = gc_coordinate(t, r, c, coordinate);
            const enum gc_mark mark = gc_mark_of(t, r, c);
            if (i == 0 && mark == GC_WRONG) {
                return false;
            }
            holds_something = holds_something || (i == 0 && mark == GC_SAME &&
                                                  !gc_is_zero(t, r, c, gc_right(t, r, c)));
            n_wrong[i] += mark == GC_WRONG;
        }
    }
    for (size_t i = 1; i < length; i++) {
        if (n_wrong[i] == 0) {
            return false;
        }
    }
    return holds_something;
}

void gc_guess_first_row_only(const struct gc_table *t, struct gc_guess *guess) {
    if (!gc_holds_something(t)) {
        return;
    }
    for (size_t coordinate = 0; coordinate < GC_ENTRY_FLAT; coordinate++) {
        if (first_alone_is_right(t, coordinate)) {
            char axis[96];
            gc_coordinate_name(t, coordinate, axis, sizeof axis);
            gc_guess(guess, GRADCHECK_CAUSE_BROADCAST,
                     0.75 * gc_support(gc_coordinate_length(t, coordinate)),
                     "%.31s.grad is right at index 0 along %s alone: what belongs to the first is "
                     "used for all",
                     t->in->t->name, axis);
        }
    }
}

/* ---- backward is a function of a value, and of nothing else ---- */

static double one(double v) {
    (void)v;
    return 1;
}

struct known {
    const struct gc_atom *atom;
    double (*of)(double);
    double k;
};

static struct gc_prediction known_value(const struct gc_table *t, size_t row, size_t column,
                                        const void *ctx) {
    const struct known *m = ctx;
    double v = 0;
    (void)gc_atom_value(t, m->atom, row, column, GC_STAY, 0, &v);
    const bool zero =
        m->atom->values != NULL && gc_is_zero(t, row, column, gc_right(t, row, column));
    return (struct gc_prediction){
        .row = row, .column = column, .over = 1, .plus = zero ? 0 : m->k * m->of(v)};
}

/* Of a difference such as p - one-hot, the one-hot alone is left. */
static void guess_lone_term(const struct gc_table *t, const struct gc_atom *atom,
                            struct gc_guess *guess) {
    struct known m = {.atom = atom, .of = gc_identity};
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double v = 0;
            (void)gc_atom_value(t, atom, r, c, GC_STAY, 0, &v);
            m.k = gc_mark_of(t, r, c) == GC_WRONG && v != 0 ? gc_got(t, r, c) : m.k;
        }
    }
    if (t->n_wrong > 2 && gc_explains(t, known_value, &m) > 0) {
        gc_guess(guess, GRADCHECK_CAUSE_DROPPED_TERM, 0.85 * gc_support(t->n_wrong),
                 "%.31s.grad holds the term in %.31s alone: the other one is missing",
                 t->in->t->name, atom->tensor->name);
    }
}

void gc_guess_known_value(const struct gc_table *t, struct gc_guess *guess) {
    static const struct {
        double (*of)(double);
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {one, GRADCHECK_CAUSE_MISSING_FACTOR, "1: the derivative is missing"},
        {gc_identity, GRADCHECK_CAUSE_WRONG_ARGUMENT, "v itself"},
        {gc_sigmoid, GRADCHECK_CAUSE_WRONG_ARGUMENT, "sigmoid(v)"},
        {gc_tanh, GRADCHECK_CAUSE_WRONG_ARGUMENT, "tanh(v)"},
    };
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    const double support = gc_certainty(t, 300);
    for (size_t i = 0; i < n && gc_ratio_varies(t, 2); i++) {
        if (atoms[i].values == NULL) {
            guess_lone_term(t, &atoms[i], guess);
        }
        for (size_t f = 0; f < sizeof rows / sizeof rows[0]; f++) {
            const struct known m = {.atom = &atoms[i], .of = rows[f].of, .k = 1};
            /* times a statistic of the row, it may be the right value after all */
            const bool meant = rows[f].of != gc_identity || atoms[i].is_output ||
                               (t->by_output && !same_within_row(t));
            if (meant && atoms[i].values != NULL && gc_explains(t, known_value, &m) > 0) {
                gc_guess(guess, rows[f].cause, 0.85 * support, "%.31s.grad is %s, v being %.31s",
                         t->in->t->name, rows[f].text, atoms[i].tensor->name);
            }
        }
    }
}
