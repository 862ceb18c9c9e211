// SPDX-License-Identifier: MIT
/* Backward is the right answer times something: a number, a length, a function of the kernel's own
 * values. */
#include <math.h>

#include "diagnosis.h"

/* ---- a constant ---- */

static struct gc_prediction constant(const struct gc_table *t, size_t row, size_t column,
                                     const void *ctx) {
    (void)t;
    return (struct gc_prediction){
        .row = row, .column = column, .times = *(const double *)ctx, .over = 1};
}

/* At the wrong element with the largest right value. */
double gc_first_ratio(const struct gc_table *t) {
    double largest = 0;
    double ratio = NAN;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double right = fabs(gc_right(t, r, c));
            if (gc_mark_of(t, r, c) == GC_WRONG && right > largest && !gc_is_zero(t, r, c, right)) {
                largest = right;
                ratio = gc_got(t, r, c) / gc_right(t, r, c);
            }
        }
    }
    return ratio;
}

void gc_name_factor(const struct gc_table *t, double factor, double confidence, const char *what,
                    struct gc_guess *guess) {
    char size[160];
    const double loose = 3 * t->relative;
    const double magnitude = fabs(factor);
    if (fabs(factor + 1) <= loose) {
        gc_guess(guess, GRADCHECK_CAUSE_SIGN, confidence, "%s has the wrong sign", what);
        return;
    }
    const bool plain = fabs(magnitude - 2) <= loose || fabs(magnitude - 0.5) <= loose;
    const bool round = plain || fabs(magnitude - 3) <= loose || fabs(magnitude - 4) <= loose ||
                       fabs(3 * magnitude - 1) <= loose || fabs(4 * magnitude - 1) <= loose;
    const bool varies = gc_ratio_varies(t, 3); /* so that it is no value of one point */
    const bool is_size = gc_is_size(t->s, magnitude, loose, size, sizeof size);
    if (is_size && (!plain || (magnitude < 1 && gc_is_length(t->s, magnitude, loose)))) {
        gc_guess(guess, GRADCHECK_CAUSE_SIZE_FACTOR, plain ? 0.55 * confidence : confidence,
                 "%s is %.5g times the right one, and %.5g = %s: %s", what, factor, magnitude, size,
                 magnitude > 1 ? "a mean is missing, or a sum was taken for one"
                               : "divided once too often, or a mean was taken for a sum");
    }
    const bool root =
        gc_is_root_of_size(t->s, fmax(magnitude, 1 / magnitude), loose, size, sizeof size);
    if (plain && (is_size || (root && magnitude < 1))) {
        return; /* other sizes will tell whether it is a 2 or a length of 2 */
    }
    if (!is_size) {
        if (!plain && gc_is_root_of_size(t->s, magnitude, loose, size, sizeof size)) {
            gc_guess(guess, GRADCHECK_CAUSE_MISSING_FACTOR, confidence,
                     "%s is %.5g times the right one, the root of %s: the scale 1/sqrt is missing",
                     what, factor, size);
        } else if (!plain && gc_is_root_of_size(t->s, 1 / magnitude, loose, size, sizeof size)) {
            gc_guess(guess, GRADCHECK_CAUSE_EXTRA_FACTOR, 0.45 * confidence,
                     "%s is %.5g times the right one, 1/sqrt(%s): the scale is applied twice", what,
                     factor, size);
        } else {
            gc_guess(guess, GRADCHECK_CAUSE_CONSTANT_FACTOR,
                     (round    ? 0.95
                      : varies ? 0.85
                               : 0.4) *
                         confidence,
                     "%s is %.5g times the right one", what, factor);
        }
    }
}

void gc_guess_constant(const struct gc_table *t, struct gc_guess *guess) {
    const double ratio = gc_first_ratio(t);
    char what[96];
    if (!isfinite(ratio) || fabs(ratio) < 10 * t->relative) {
        return;
    }
    const size_t n = gc_explains(t, constant, &ratio);
    gc_text(what, sizeof what, "%.31s.grad", t->in->t->name);
    if (n > 0) {
        gc_name_factor(t, ratio, gc_support(2 * n), what, guess);
    }
}

/* ---- a function of a value ---- */

static double complement(double q) {
    return 1 - q;
}
static double plus_one(double q) {
    return 1 + q;
}
static double square(double q) {
    return q * q;
}
static double square_plus_one(double q) {
    return 1 + q * q;
}
static double complement_squared(double q) {
    return (1 - q) * (1 - q);
}
static double sigmoid_sum(double q) {
    return q * (1 + q);
}
static double not_positive(double q) {
    return q <= 0;
}
static double slope_of_sigmoid(double q) {
    return gc_sigmoid_slope(gc_sigmoid(q));
}
static double slope_of_tanh(double q) {
    return gc_tanh_slope(tanh(q));
}
static double root(double q) {
    return sqrt(q);
}

/* What chain rules are made of. `basic`: may be missing or there once too often by itself. */
static const struct function {
    const char *text; /* of v */
    double (*of)(double);
    bool basic;
} FUNCTIONS[] = {
    {"v", gc_identity, true},
    {"1 - v", complement, true},
    {"v (1 - v)", gc_sigmoid_slope, true},
    {"1 - v^2", gc_tanh_slope, true},
    {"v > 0", gc_is_positive, true},
    {"v <= 0", not_positive, true},
    {"v^2", square, true},
    {"sqrt(v)", root, true},
    {"1 + v", plus_one, false},
    {"1 + v^2", square_plus_one, false},
    {"v (1 + v)", sigmoid_sum, false},
    {"(1 - v)^2", complement_squared, false},
    {"sigmoid'(v)", slope_of_sigmoid, true},
    {"tanh'(v)", slope_of_tanh, true},
};
enum { N_FUNCTIONS = sizeof FUNCTIONS / sizeof FUNCTIONS[0] };

struct quotient { /* backward over(b) = right times(a); NULL: 1 */
    const struct gc_atom *a, *b;
    double (*times)(double), (*over)(double);
};

static struct gc_prediction times_quotient(const struct gc_table *t, size_t row, size_t column,
                                           const void *ctx) {
    const struct quotient *q = ctx;
    double a = 1;
    double b = 1;
    (void)gc_atom_value(t, q->a, row, column, GC_STAY, 0, &a);
    (void)gc_atom_value(t, q->b, row, column, GC_STAY, 0, &b);
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .times = q->times != NULL ? q->times(a) : 1,
                                  .over = q->over != NULL ? q->over(b) : 1};
}

/* A relation with a constant on one side explains anything where that side is 0. */
static bool says_something(const struct gc_table *t, const struct quotient *q) {
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (gc_mark_of(t, r, c) == GC_WRONG) {
                struct gc_prediction p = times_quotient(t, r, c, q);
                if (fabs(p.times) + fabs(p.over) > 1e-3 && fabs(p.over) > 1e-9) {
                    return true;
                }
            }
        }
    }
    return false;
}

static double explained(const struct gc_table *t, const struct quotient *q, size_t n_relations) {
    const size_t n = gc_explains(t, times_quotient, q);
    return n > 0 && says_something(t, q) ? gc_certainty(t, n_relations) : 0;
}

/* Of an elementwise kernel: wherever f is 0, backward holds something all the same. */
static bool passes_everything(const struct gc_table *t, const struct gc_atom *atom,
                              double (*f)(double)) {
    bool everything = t->n_rows == t->n_columns && t->n_same > 0;
    for (size_t i = 0; everything && i < t->n_rows; i++) {
        double v = 0;
        (void)gc_atom_value(t, atom, i, i, GC_STAY, 0, &v);
        everything = gc_mark_of(t, i, i) == GC_IGNORED || f(v) != 0 || gc_got(t, i, i) != 0;
    }
    return everything;
}

static void guess_basic(const struct gc_table *t, const struct gc_atom *atom,
                        const struct function *f, struct gc_guess *guess) {
    const char *name = atom->tensor->name;
    const struct quotient missing = {.a = atom, .b = atom, .over = f->of};
    const struct quotient extra = {.a = atom, .b = atom, .times = f->of};
    const bool steps = f->of == gc_is_positive || f->of == not_positive;
    const double usual = f->of == slope_of_sigmoid || f->of == slope_of_tanh ? 0.9 : 0.97;
    double support = explained(t, &missing, 200);
    if (steps && passes_everything(t, atom, f->of) &&
        gc_explains(t, times_quotient, &missing) > 0) {
        support = gc_support(t->n_wrong - 1); /* its zeros are what tells */
    }
    gc_guess(guess, GRADCHECK_CAUSE_MISSING_FACTOR, usual * support,
             "%.31s.grad lacks the factor %s, where v is %.31s", t->in->t->name, f->text, name);
    if (gc_first_ratio(t) != 0) { /* what a step takes away is 0 */
        gc_guess(guess, GRADCHECK_CAUSE_EXTRA_FACTOR, usual * explained(t, &extra, 200),
                 "%.31s.grad has the factor %s once too often, where v is %.31s", t->in->t->name,
                 f->text, name);
    }
}

static bool is_sign_twin(const struct function *f, const struct function *g) {
    return (f->of == complement && g->of == plus_one) ||
           (f->of == gc_tanh_slope && g->of == square_plus_one) ||
           (f->of == gc_sigmoid_slope && g->of == sigmoid_sum) ||
           (f->of == gc_is_positive && g->of == not_positive);
}

/* Something where nothing belongs. */
static bool adds_something(const struct gc_table *t) {
    bool added = false;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const bool wrong = gc_mark_of(t, r, c) == GC_WRONG;
            added = added || (wrong && gc_is_zero(t, r, c, gc_right(t, r, c)));
        }
    }
    return added;
}

/* f(v) where g(v) belongs. */
static void guess_exchanged(const struct gc_table *t, const struct gc_atom *atom,
                            const struct function *f, const struct function *g,
                            struct gc_guess *guess) {
    const bool steps = f->of == gc_is_positive || f->of == not_positive ||
                       g->of == gc_is_positive || g->of == not_positive;
    if (steps && !(is_sign_twin(f, g) && t->n_rows == t->n_columns && adds_something(t))) {
        return; /* says nothing of what backward holds where the step is 0 */
    }
    if (!steps && gc_first_ratio(t) == 0) {
        return;
    }
    const struct quotient q = {.a = atom, .b = atom, .times = g->of, .over = f->of};
    gc_guess(guess, is_sign_twin(f, g) ? GRADCHECK_CAUSE_SIGN : GRADCHECK_CAUSE_WRONG_ARGUMENT,
             0.93 * explained(t, &q, 1000), "%.31s.grad has %s where %s belongs, v being %.31s",
             t->in->t->name, g->text, f->text, atom->tensor->name);
}

void gc_guess_function(const struct gc_table *t, struct gc_guess *guess) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; f < N_FUNCTIONS && atoms[i].values != NULL; f++) {
            if (FUNCTIONS[f].basic) {
                guess_basic(t, &atoms[i], &FUNCTIONS[f], guess);
            }
            for (size_t g = 0; g < N_FUNCTIONS; g++) {
                if (f != g && FUNCTIONS[f].basic && f > 0) {
                    guess_exchanged(t, &atoms[i], &FUNCTIONS[f], &FUNCTIONS[g], guess);
                }
            }
        }
    }
}

/* ---- one value where another belongs, as it is or in a slope ---- */

void gc_guess_two_values(const struct gc_table *t, struct gc_guess *guess) {
    if (gc_first_ratio(t) == 0) {
        return;
    }
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const bool floats = atoms[i].values != NULL && atoms[j].values != NULL;
            for (size_t f = 0; f < 4 && i != j && floats; f++) {
                const struct quotient q = {.a = &atoms[i],
                                           .b = &atoms[j],
                                           .times = FUNCTIONS[f].of,
                                           .over = FUNCTIONS[f].of};
                gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.9 * explained(t, &q, 4000),
                         "%.31s.grad is made with %s where %.31s belongs", t->in->t->name,
                         atoms[i].tensor->name, atoms[j].tensor->name);
            }
        }
    }
}

/* ---- the slope of y = f(z), taken at z - v: a term of z is left out ---- */

static double sigmoid_without(double y, double v) {
    return y / (y + (1 - y) * exp(v));
}
static double tanh_without(double y, double v) {
    return (y - tanh(v)) / (1 - y * tanh(v));
}

struct incomplete {
    const struct gc_atom *y, *v;
    double (*without)(double, double), (*slope)(double);
};

static struct gc_prediction slope_without(const struct gc_table *t, size_t row, size_t column,
                                          const void *ctx) {
    const struct incomplete *m = ctx;
    double y = 0;
    double v = 0;
    (void)gc_atom_value(t, m->y, row, column, GC_STAY, 0, &y);
    (void)gc_atom_value(t, m->v, row, column, GC_STAY, 0, &v);
    const double slope = m->slope(y);
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .times = m->slope(m->without(y, v)),
                                  .over = slope,
                                  .plus = slope > 0 ? 0 : NAN};
}

void gc_guess_incomplete(const struct gc_table *t, struct gc_guess *guess) {
    static const struct {
        double (*without)(double, double), (*slope)(double);
    } rows[] = {{sigmoid_without, gc_sigmoid_slope}, {tanh_without, gc_tanh_slope}};
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    if (gc_first_ratio(t) == 0 || gc_one_value_held(t)) {
        return; /* the slope is missing, whatever a sum comes to */
    }
    for (size_t i = 0; i < n * n; i++) {
        const struct gc_atom *y = &atoms[i / n];
        const struct gc_atom *v = &atoms[i % n];
        if (v->tensor == t->in->t && !gc_ratio_varies(t, 3)) {
            continue;
        }
        for (size_t f = 0; f < 2 && y->is_output && !v->is_output && v->values != NULL; f++) {
            const struct incomplete m = {
                .y = y, .v = v, .without = rows[f].without, .slope = rows[f].slope};
            if (gc_explains(t, slope_without, &m) > 0) {
                gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.93 * gc_certainty(t, 500),
                         "%.31s.grad has the derivative at a sum from which %.31s is left out",
                         t->in->t->name, v->tensor->name);
            }
        }
    }
}

/* ---- the number of outputs that an entry reaches ---- */

static struct gc_prediction over_contributions(const struct gc_table *t, size_t row, size_t column,
                                               const void *ctx) {
    (void)ctx;
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        n += !gc_is_zero(t, r, column, gc_right(t, r, column));
    }
    return (struct gc_prediction){
        .row = row, .column = column, .times = 1, .over = n > 0 ? (double)n : 1};
}

void gc_guess_contributions(const struct gc_table *t, struct gc_guess *guess) {
    const size_t n = t->by_output ? gc_explains(t, over_contributions, NULL) : 0;
    if (gc_ratio_varies(t, 2)) {
        gc_guess(guess, GRADCHECK_CAUSE_SIZE_FACTOR, 0.95 * gc_support(n),
                 "%.31s.grad is divided by the number of outputs that an entry reaches: a mean "
                 "where a sum belongs",
                 t->in->t->name);
    }
}
