// SPDX-License-Identifier: MIT
/* A value is read at the wrong index: of the neighbour, of the first row, of the transposed place;
 * or it stands where a function of it belongs. As a factor, backward f(v here) = right f(v there);
 * as an addend, backward - right = k (f(v there) - g(v here)), g being f where the index is what is
 * wrong. */
#include <math.h>

#include "diagnosis.h"

static double (*const FORMS[])(double) = {gc_identity, gc_is_positive, gc_sigmoid_slope,
                                          gc_tanh_slope};
enum { N_FORMS = sizeof FORMS / sizeof FORMS[0] };

struct misread {
    const struct gc_atom *atom;
    enum gc_move move;
    size_t axis;
    double (*form)(double), (*belongs)(double);
    double k; /* of an addend */
};

static struct gc_prediction factor_misread(const struct gc_table *t, size_t row, size_t column,
                                           const void *ctx) {
    const struct misread *m = ctx;
    struct gc_prediction p = {.row = row, .column = column};
    double here = 0;
    double there = 0;
    p.unknown = !gc_atom_value(t, m->atom, row, column, GC_STAY, 0, &here) ||
                !gc_atom_value(t, m->atom, row, column, m->move, m->axis, &there);
    p.times = m->form(there);
    p.over = m->form(here);
    p.unknown = p.unknown || p.over == 0;
    return p;
}

static double addend(const struct gc_table *t, const struct misread *m, size_t row, size_t column) {
    double here = 0;
    double there = 0;
    (void)gc_atom_value(t, m->atom, row, column, GC_STAY, 0, &here);
    (void)gc_atom_value(t, m->atom, row, column, m->move, m->axis, &there);
    return m->form(there) - m->belongs(here);
}

static struct gc_prediction addend_misread(const struct gc_table *t, size_t row, size_t column,
                                           const void *ctx) {
    const struct misread *m = ctx;
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .unknown = gc_both_zero(t, row, column),
                                  .times = 1,
                                  .over = 1,
                                  .plus = m->k * addend(t, m, row, column)};
}

static void tell(const struct gc_table *t, const struct misread *m, double confidence,
                 struct gc_guess *guess) {
    static const struct {
        enum gradcheck_cause cause;
        const char *text;
    } words[] = {
        [GC_NEXT] = {GRADCHECK_CAUSE_SHIFTED, "one index too far"},
        [GC_BEFORE] = {GRADCHECK_CAUSE_SHIFTED, "one index too early"},
        [GC_FIRST] = {GRADCHECK_CAUSE_BROADCAST, "always at index 0"},
        [GC_REVERSED] = {GRADCHECK_CAUSE_TRANSPOSED, "in reverse"},
        [GC_SWAPPED] = {GRADCHECK_CAUSE_TRANSPOSED, "transposed"},
    };
    char axis[48] = "";
    const struct gradcheck_tensor *tensor = m->atom->tensor;
    if (m->axis < tensor->ndim && tensor->dims[m->axis] != NULL) {
        gc_text(axis, sizeof axis, " along %.31s", tensor->dims[m->axis]);
    }
    gc_guess(guess, words[m->move].cause, confidence, "%.31s.grad is made with %.31s read %s%s",
             t->in->t->name, tensor->name, words[m->move].text, axis);
}

static void guess_factor(const struct gc_table *t, struct misread *m, struct gc_guess *guess) {
    for (size_t f = 0; f < N_FORMS && m->atom->values != NULL; f++) {
        m->form = FORMS[f];
        if (m->form == gc_is_positive && t->n_rows != t->n_columns) {
            continue;
        }
        if (gc_explains(t, factor_misread, m) > 0) {
            tell(t, m, (f == 0 ? 0.94 : 0.9) * gc_certainty(t, 2000), guess);
        }
    }
}

/* k from the first wrong element that the addend moves. */
static bool find_k(const struct gc_table *t, struct misread *m, size_t *n) {
    bool found = false;
    *n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (gc_mark_of(t, r, c) != GC_WRONG) {
                continue;
            }
            const double by = addend(t, m, r, c);
            if (fabs(by) > 1e-9) {
                m->k = found ? m->k : (gc_got(t, r, c) - gc_right(t, r, c)) / by;
                found = true;
                (*n)++;
            }
        }
    }
    return found;
}

static void guess_addend(const struct gc_table *t, struct misread *m, struct gc_guess *guess) {
    size_t n;
    m->form = m->belongs = gc_identity;
    if (gc_holds_something(t) && find_k(t, m, &n) && n > 2 &&
        gc_explains(t, addend_misread, m) > 0) {
        tell(t, m, 0.92 * gc_support(n - 1), guess);
    }
}

static void each_misreading(const struct gc_table *t, struct gc_guess *guess,
                            void (*guess_one)(const struct gc_table *, struct misread *,
                                              struct gc_guess *)) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    for (size_t i = 0; i < n; i++) {
        const size_t ndim = atoms[i].tensor->ndim;
        const size_t places = ndim + (atoms[i].values == NULL) + 1;
        for (size_t axis = 0; axis < places && atoms[i].count > 1; axis++) {
            if (axis < ndim && atoms[i].tensor->shape[axis] < 2) {
                continue;
            }
            const int last = axis > ndim ? GC_BEFORE : GC_SWAPPED;
            for (int move = GC_NEXT; move <= last; move++) {
                struct misread m = {.atom = &atoms[i], .axis = axis, .move = (enum gc_move)move};
                if (move != GC_SWAPPED || (axis == ndim && ndim >= 2)) {
                    guess_one(t, &m, guess);
                }
            }
        }
    }
}

void gc_guess_wrong_element(const struct gc_table *t, struct gc_guess *guess) {
    if (!gc_holds_something(t)) {
        return;
    }
    each_misreading(t, guess, guess_factor);
}

void gc_guess_wrong_addend(const struct gc_table *t, struct gc_guess *guess) {
    each_misreading(t, guess, guess_addend);
}

/* Whether the addend takes more values than two, for of 0 and 1 everything is a line, and v goes
 * far enough for tanh(v) to differ from v by more than a cube. */
static bool addend_varies(const struct gc_table *t, const struct misread *m) {
    struct gc_distinct addends = {.n = 0};
    double furthest = 0;
    for (size_t i = t->first_wrong; i < t->n_rows * t->n_columns; i++) {
        const size_t r = i / t->n_columns;
        const size_t c = i % t->n_columns;
        if (t->mark[i] == GC_WRONG) {
            double v = 0;
            const double by = addend(t, m, r, c);
            (void)gc_atom_value(t, m->atom, r, c, GC_STAY, 0, &v);
            gc_distinct_add(&addends, by, 1e-6 * fabs(by));
            furthest = fmax(furthest, fabs(v));
        }
    }
    return addends.n > 2 && pow(furthest, 5) > 100 * t->relative;
}

/* v where f(v) belongs, or the reverse, in one term. */
void gc_guess_wrong_function(const struct gc_table *t, struct gc_guess *guess) {
    static const struct {
        double (*belongs)(double);
        const char *name;
    } rows[] = {{gc_sigmoid, "sigmoid"}, {gc_tanh, "tanh"}};
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n_atoms = gc_atoms(t, atoms);
    if (!gc_holds_something(t) || gc_distinct_ratios(t, 3) < 3) {
        return;
    }
    for (size_t i = 0; i < n_atoms; i++) {
        for (size_t f = 0; f < sizeof rows / sizeof rows[0] && atoms[i].count > 1; f++) {
            size_t n = 0;
            struct misread m = {.atom = &atoms[i],
                                .move = GC_STAY,
                                .form = gc_identity,
                                .belongs = rows[f].belongs};
            if (atoms[i].values != NULL && find_k(t, &m, &n) && addend_varies(t, &m) &&
                gc_explains(t, addend_misread, &m) > 0) {
                gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.9 * gc_support(n - 1),
                         "%.31s.grad has v where %s(v) belongs, or the reverse, v being %.31s",
                         t->in->t->name, rows[f].name, atoms[i].tensor->name);
            }
        }
    }
}
