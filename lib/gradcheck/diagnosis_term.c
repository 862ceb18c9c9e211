// SPDX-License-Identifier: MIT
/* One term of a sum or of the product rule is wrong, and the rest of the gradient is not. */
#include <math.h>

#include "diagnosis.h"

/* A term that stands in the gradient `factor` times instead of once. */
static void name_term(const struct gc_table *t, double factor, double confidence, const char *what,
                      struct gc_guess *guess) {
    char text[160];
    if (fabs(factor) <= 10 * t->relative) {
        gc_guess(guess, GRADCHECK_CAUSE_DROPPED_TERM, confidence, "%.31s.grad lacks %s",
                 t->in->t->name, what);
    } else if (fabs(factor - 1) > 10 * t->relative && fabs(factor) < 1e4) {
        gc_text(text, sizeof text, "%s of %.31s.grad", what, t->in->t->name);
        gc_name_factor(t, factor, confidence, text, guess);
    }
}

/* ---- the difference is a multiple of a value ---- */

struct sum { /* got = right + k value */
    const struct gc_atom *atom;
    double k;
};

static struct gc_prediction plus_value(const struct gc_table *t, size_t row, size_t column,
                                       const void *ctx) {
    const struct sum *m = ctx;
    double v = 0;
    (void)gc_atom_value(t, m->atom, row, column, GC_STAY, 0, &v);
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .unknown = gc_both_zero(t, row, column),
                                  .times = 1,
                                  .over = 1,
                                  .plus = m->k * v};
}

/* k from the first wrong element that has one; how many there are. */
static size_t find_multiple(const struct gc_table *t, struct sum *m) {
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double v = 0;
            (void)gc_atom_value(t, m->atom, r, c, GC_STAY, 0, &v);
            if (gc_mark_of(t, r, c) == GC_WRONG && fabs(v) > 1e-9) {
                m->k = n > 0 ? m->k : (gc_got(t, r, c) - gc_right(t, r, c)) / v;
                n++;
            }
        }
    }
    return n;
}

/* right = a v + b u for the whole table: then b is how often u belongs there. */
static bool fit_two(const struct gc_table *t, const struct gc_atom *v, const struct gc_atom *u,
                    double *b) {
    double vv = 0;
    double uu = 0;
    double uv = 0;
    double rv = 0;
    double ru = 0;
    double rr = 0;
    for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
        const size_t r = i / t->n_columns;
        const size_t c = i % t->n_columns;
        double p = 0;
        double q = 0;
        (void)gc_atom_value(t, v, r, c, GC_STAY, 0, &p);
        (void)gc_atom_value(t, u, r, c, GC_STAY, 0, &q);
        if (gc_mark_of(t, r, c) != GC_IGNORED) {
            const double right = gc_right(t, r, c);
            vv += p * p;
            uu += q * q;
            uv += p * q;
            rv += right * p;
            ru += right * q;
            rr += right * right;
        }
    }
    const double determinant = vv * uu - uv * uv;
    if (!(determinant > 1e-6 * vv * uu)) {
        return false;
    }
    const double a = (rv * uu - ru * uv) / determinant;
    *b = (ru * vv - rv * uv) / determinant;
    const double rest = rr - a * rv - *b * ru;
    return fabs(rest) <= 10 * t->relative * rr && fabs(*b) > t->relative;
}

/* How often a term by itself stands: once, or over a length, or times a scalar of the kernel's. */
static bool is_natural(const struct gc_table *t, double k) {
    const double loose = 3 * t->relative;
    bool natural = fabs(fabs(k) - 1) <= loose || gc_is_length(t->s, fabs(k), loose);
    for (size_t i = 0; i < t->s->k->n_inputs; i++) {
        const struct gc_input *in = &t->s->inputs[i];
        if (in->is_float && in->count == 1) {
            const double by = fabs(k / t->s->base[in->first]);
            natural = natural || fabs(by - 1) <= loose || gc_is_length(t->s, by, loose);
        }
    }
    return natural;
}

static void judge_sum(const struct gc_table *t, const struct gc_atom atoms[], size_t n_atoms,
                      const struct sum *m, double confidence, struct gc_guess *guess) {
    char what[96];
    gc_text(what, sizeof what, "the term in %.31s", m->atom->tensor->name);
    for (size_t j = 0; j < n_atoms; j++) {
        double b = 0;
        if (atoms[j].values != m->atom->values && fit_two(t, &atoms[j], m->atom, &b)) {
            name_term(t, (b + m->k) / b, confidence, what, guess);
            return;
        }
    }
    const bool once = is_natural(t, m->k);
    const bool twice_it = is_natural(t, m->k / 2);
    if (once && !twice_it) {
        gc_guess(guess, GRADCHECK_CAUSE_DROPPED_TERM, 0.85 * confidence,
                 "%.31s.grad lacks the term in %.31s", t->in->t->name, m->atom->tensor->name);
    }
    if (twice_it && !once) {
        gc_guess(guess, GRADCHECK_CAUSE_SIGN, 0.86 * confidence,
                 "%.31s.grad has the term in %.31s with the wrong sign", t->in->t->name,
                 m->atom->tensor->name);
    }
}

void gc_guess_term(const struct gc_table *t, struct gc_guess *guess) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n_atoms = gc_atoms(t, atoms);
    if (!gc_ratio_varies(t, 2) || !gc_holds_something(t)) {
        return;
    }
    for (size_t i = 0; i < n_atoms; i++) {
        struct sum m = {.atom = &atoms[i]};
        const size_t n = find_multiple(t, &m);
        if (n > 2 && gc_explains(t, plus_value, &m) > 0) {
            judge_sum(t, atoms, n_atoms, &m, gc_support(n - 1), guess);
        }
    }
}

/* ---- terms that couple one entry with another: sums over a row ---- */

static bool couples(const struct gc_table *t, size_t row, size_t column) {
    return !(t->n_rows == t->n_columns && row == column) && gc_mark_of(t, row, column) > GC_IGNORED;
}

/* got / right, at the first that couples two. */
static double coupling_factor(const struct gc_table *t) {
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (couples(t, r, c) && !gc_is_zero(t, r, c, gc_right(t, r, c))) {
                return gc_got(t, r, c) / gc_right(t, r, c);
            }
        }
    }
    return NAN;
}

static bool is_multiple(const struct gc_table *t, size_t row, size_t column, double factor) {
    const double got = gc_got(t, row, column);
    const double by = factor * gc_right(t, row, column);
    return fabs(got - by) <= t->relative * fmax(fabs(got), fabs(by)) +
                                 gc_slack(t, row, column) * fmax(1, fabs(factor));
}

/* How many couplings are so many times the right ones; 0 if one is not. */
static size_t n_multiples(const struct gc_table *t, double factor) {
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const bool zero = gc_is_zero(t, r, c, gc_right(t, r, c));
            if (couples(t, r, c)) {
                if (!is_multiple(t, r, c, factor)) {
                    return 0;
                }
                n += !zero;
            } else if (r == c && gc_got(t, r, c) == 0 && !zero) {
                return 0; /* the whole output is missing */
            }
        }
    }
    return n;
}

static bool is_special(const struct gc_table *t, double factor) {
    static const double known[] = {0, -1, 2, 0.5, -2, 3};
    char text[160];
    const double loose = 10 * t->relative;
    bool special = gc_is_size(t->s, fabs(factor), loose, text, sizeof text);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        special = special || fabs(factor - known[i]) <= loose;
    }
    return special;
}

void gc_guess_coupling(const struct gc_table *t, struct gc_guess *guess) {
    const double factor = gc_is_square(t) ? coupling_factor(t) : NAN;
    const size_t n = is_special(t, factor) ? n_multiples(t, factor) : 0;
    if (n > 1) {
        name_term(t, factor, 0.9 * gc_support((n + 1) / 2),
                  "the term that sums over the other entries", guess);
    }
}

/* A sum over a row, times something of its own, is a Jacobian of rank one, D. Of two such terms J
 * keeps one when the other is taken out, and then every 2 x 2 minor of J + t D is 0: t tells how
 * often the other stands in backward. */
struct minors {
    double t;
    size_t n;
    bool contradicted;
};

/* Bilinear; minor_of(p, p) is the determinant of the 2 x 2 matrix p. */
static double minor_of(const double p[4], const double q[4]) {
    return p[0] * q[3] - p[1] * q[2];
}

static double terms_of(const double p[4]) {
    return fabs(p[0] * p[3]) + fabs(p[1] * p[2]);
}

static void add_minor(const struct gc_table *t, const size_t rows[2], const size_t columns[2],
                      struct minors *m) {
    double j[4];
    double d[4];
    for (size_t i = 0; i < 4; i++) {
        const size_t r = rows[i / 2];
        const size_t c = columns[i % 2];
        j[i] = gc_right(t, r, c);
        d[i] = gc_got(t, r, c) - j[i];
        if (!couples(t, r, c) || gc_is_zero(t, r, c, 1e-3 * j[i])) {
            return;
        }
    }
    const double minor = minor_of(j, j);
    const double mixed = minor_of(j, d) + minor_of(d, j);
    if (fabs(minor) < 1e-3 * terms_of(j) || fabs(mixed) < 1e-3 * sqrt(terms_of(j) * terms_of(d))) {
        return;
    }
    const double found = -minor / mixed;
    m->contradicted = m->contradicted || fabs(minor_of(d, d)) > 1e3 * t->relative * terms_of(d) ||
                      (m->n > 0 && fabs(found - m->t) > 1e3 * t->relative * fabs(m->t));
    m->t = m->n > 0 ? m->t : found;
    m->n++;
}

void gc_guess_one_of_two_sums(const struct gc_table *t, struct gc_guess *guess) {
    enum { ENOUGH = 40, WIDTH = 8 };
    struct minors m = {.n = 0};
    if (!gc_is_square(t)) {
        return;
    }
    for (size_t a = 0; a < t->n_rows && m.n < ENOUGH; a++) {
        for (size_t b = a + 1; b < t->n_rows && b < a + WIDTH && m.n < ENOUGH; b++) {
            for (size_t c = 0; c + 1 < t->n_columns && m.n < ENOUGH; c++) {
                const size_t rows[2] = {a, b};
                const size_t columns[2] = {c, c + 1};
                add_minor(t, rows, columns, &m);
            }
        }
    }
    if (m.n >= 2 && !m.contradicted && fabs(m.t) > 1e-6) {
        const double factor = 1 - 1 / m.t;
        name_term(t, fabs(factor) < 1e-2 * sqrt(t->relative / 1e-6) ? 0 : factor,
                  0.9 * gc_support(m.n), "one of the terms that sum over the other entries", guess);
    }
}

/* ---- the product rule: for y = v g, dy/dv = y/v + v dg/dv ---- */

struct product {
    const struct gc_atom *y;
    double sign; /* -1: y = g / v */
    double c;    /* got - u = c (right - u) */
    double multiple;
    double (*times)(double), (*over)(double);
    bool of_ratio; /* functions of y/v, else of v */
};

static double term_of(const struct gc_table *t, const struct product *p, size_t row, size_t column,
                      double *v) {
    double y = 0;
    *v = t->s->base[t->in->first + column];
    (void)gc_atom_value(t, p->y, row, column, GC_STAY, 0, &y);
    return gc_is_zero(t, row, column, gc_right(t, row, column)) ? 0 : p->sign * y / *v;
}

static struct gc_prediction rest_times(const struct gc_table *t, size_t row, size_t column,
                                       const void *ctx) {
    const struct product *p = ctx;
    double v;
    const double u = term_of(t, p, row, column, &v);
    if (gc_is_zero(t, row, column, gc_right(t, row, column))) {
        return (struct gc_prediction){.row = row, .column = column, .times = 1, .over = 1};
    }
    const double q = p->of_ratio ? u : v;
    const double times = p->times != NULL ? p->times(q) : p->c;
    const double over = p->over != NULL ? p->over(q) : 1;
    if (over == 0) {
        return (struct gc_prediction){.row = row, .column = column, .plus = NAN};
    }
    return (struct gc_prediction){
        .row = row, .column = column, .times = times, .over = over, .plus = u * (over - times)};
}

static struct gc_prediction term_times(const struct gc_table *t, size_t row, size_t column,
                                       const void *ctx) {
    const struct product *p = ctx;
    double v;
    return (struct gc_prediction){.row = row,
                                  .column = column,
                                  .times = 1,
                                  .over = 1,
                                  .plus = (p->multiple - 1) * term_of(t, p, row, column, &v)};
}

static bool find_rest_factor(const struct gc_table *t, struct product *p) {
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double v;
            if (gc_mark_of(t, r, c) != GC_WRONG) {
                continue;
            }
            const double u = term_of(t, p, r, c, &v);
            const double rest = gc_right(t, r, c) - u;
            if (fabs(rest) > 100 * gc_slack(t, r, c) && isfinite(u)) {
                p->c = (gc_got(t, r, c) - u) / rest;
                return true;
            }
        }
    }
    return false;
}

static double doubled_value(double q) {
    return 2 * q;
}
static double four_slopes(double q) {
    return 4 * q * (1 - q);
}

static void guess_rest(const struct gc_table *t, struct product *p, struct gc_guess *guess) {
    static const struct {
        double (*missing)(double);
        bool of_ratio;
        const char *text;
    } rows[] = {
        {gc_identity, false, "the value itself"},
        {doubled_value, true, "a factor of the outer derivative"},
        {four_slopes, true, "the outer derivative"},
    };
    const double support = gc_certainty(t, 100);
    if (find_rest_factor(t, p) && gc_explains(t, rest_times, p) > 0) {
        name_term(t, p->c, 0.9 * support, "the second term of the product rule", guess);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct product q = *p;
        q.c = 1;
        q.over = rows[i].missing;
        q.of_ratio = rows[i].of_ratio;
        if (t->n_columns > 1 && gc_explains(t, rest_times, &q) > 0) {
            gc_guess(guess, GRADCHECK_CAUSE_MISSING_FACTOR, 0.9 * support,
                     "the second term of the product rule in %.31s.grad lacks %s", t->in->t->name,
                     rows[i].text);
        }
    }
}

void gc_guess_product_rule(const struct gc_table *t, struct gc_guess *guess) {
    /* a term that stands twice, of y = v g, is none of y = g / v, which is likelier */
    static const double multiples[] = {0, -1, 0.5};
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    for (size_t i = 0; i < n; i++) {
        for (int sign = 1; sign >= -1 && atoms[i].is_output; sign -= 2) {
            struct product p = {.y = &atoms[i], .sign = sign};
            if (!gc_ratio_varies(t, 2)) {
                return;
            }
            const double support = gc_certainty(t, 100);
            guess_rest(t, &p, guess);
            for (size_t k = 0; k < sizeof multiples / sizeof multiples[0]; k++) {
                p.multiple = multiples[k];
                if (gc_explains(t, term_times, &p) > 0) {
                    name_term(t, p.multiple, 0.9 * support, "the first term of the product rule",
                              guess);
                }
            }
        }
    }
}
