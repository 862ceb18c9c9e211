// SPDX-License-Identifier: MIT
/* A relation held against every element of a table. */
#include <math.h>
#include <string.h>

#include "diagnosis.h"

double gc_right(const struct gc_table *t, size_t row, size_t column) {
    return t->right[row * t->stride + t->in->first + column];
}

double gc_got(const struct gc_table *t, size_t row, size_t column) {
    return t->got[row * t->stride + t->in->first + column];
}

enum gc_mark gc_mark_of(const struct gc_table *t, size_t row, size_t column) {
    return (enum gc_mark)t->mark[row * t->n_columns + column];
}

double gc_slack(const struct gc_table *t, size_t row, size_t column) {
    return t->absolute + t->error[row * t->stride + t->in->first + column];
}

bool gc_is_zero(const struct gc_table *t, size_t row, size_t column, double value) {
    return fabs(value) <= 2 * gc_slack(t, row, column);
}

bool gc_both_zero(const struct gc_table *t, size_t row, size_t column) {
    return gc_got(t, row, column) == 0 && gc_is_zero(t, row, column, gc_right(t, row, column));
}

static void mark_elements(struct gc_table *t) {
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            double right = gc_right(t, r, c);
            double got = gc_got(t, r, c);
            double slack = gc_slack(t, r, c);
            enum gc_mark mark = GC_WRONG;
            if (!isfinite(slack) || !isfinite(right)) {
                mark = GC_IGNORED;
            } else if (fabs(got - right) <= t->relative * fmax(fabs(got), fabs(right)) + slack) {
                mark = GC_SAME;
            }
            t->mark[r * t->n_columns + c] = (unsigned char)mark;
            t->first_wrong =
                mark == GC_WRONG && t->n_wrong == 0 ? r * t->n_columns + c : t->first_wrong;
            t->n_same += mark == GC_SAME;
            t->n_wrong += mark == GC_WRONG;
        }
    }
}

/* float32 leaves few digits, and sums of terms that cancel leave fewer. */
void gc_table_open(struct gc_session *s, const struct gc_jacobians *j, const struct gc_input *in,
                   struct gc_table *t) {
    *t = (struct gc_table){.s = s,
                           .in = in,
                           .n_rows = j->n_rows,
                           .n_columns = in->count,
                           .stride = s->n_entries,
                           .by_output = j->by_output,
                           .right = j->right,
                           .got = j->got,
                           .error = j->error,
                           .mark = j->mark};
    size_t flat = 0;
    const struct gradcheck_tensor *first = gc_row_tensor(t, 0, &flat);
    t->output = first == gc_row_tensor(t, t->n_rows - 1, &flat) ? first : NULL;
    double epsilon = fmax(gc_dtype_epsilon(in->t->dtype), s->narrow_epsilon);
    double largest = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            bool known = isfinite(gc_slack(t, r, c));
            largest = known ? fmax(largest, fabs(gc_right(t, r, c))) : largest;
        }
    }
    t->relative = epsilon > 1e-10 ? 3e-5 : 1e-6;
    t->absolute = (epsilon > 1e-10 ? 3e-6 : 1e-9) * largest;
    mark_elements(t);
}

void gc_table_ignore_right(struct gc_table *t) {
    for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
        t->mark[i] = t->mark[i] == GC_SAME ? (unsigned char)GC_IGNORED : t->mark[i];
    }
    t->n_same = 0;
}

static bool slice_is_wrong(const struct gc_table *t, size_t axis, size_t index) {
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (gc_mark_of(t, r, c) == GC_WRONG && gc_coordinate(t, r, c, axis) == index) {
                return true;
            }
        }
    }
    return false;
}

void gc_table_focus(struct gc_table *t) {
    for (size_t axis = 0; axis < t->in->t->ndim; axis++) {
        for (size_t i = 0; i < t->in->t->shape[axis]; i++) {
            if (slice_is_wrong(t, axis, i)) {
                continue;
            }
            for (size_t r = 0; r < t->n_rows; r++) {
                for (size_t c = 0; c < t->n_columns; c++) {
                    unsigned char *mark = &t->mark[r * t->n_columns + c];
                    bool inside = gc_coordinate(t, r, c, axis) == i;
                    t->n_same -= inside && *mark == GC_SAME;
                    *mark = inside ? (unsigned char)GC_IGNORED : *mark;
                }
            }
        }
    }
}

static bool agrees(const struct gc_table *t, size_t r, size_t c, const struct gc_prediction *p) {
    const struct gc_input *in = p->in != NULL ? p->in : t->in;
    double right = t->right[p->row * t->stride + in->first + p->column];
    double error = t->error[p->row * t->stride + in->first + p->column];
    double predicted = right * p->times + p->plus;
    double got = gc_got(t, r, c) * p->over;
    if (!isfinite(error) || !isfinite(predicted) || !isfinite(got)) {
        return false;
    }
    double allowed = t->relative * fmax(fmax(fabs(got), fabs(predicted)), fabs(p->plus)) +
                     (t->absolute + error) * fmax(fabs(p->times), fabs(p->over));
    return fabs(got - predicted) <= allowed;
}

/* Half of what is wrong holds something, so that the place of what it holds can be asked for. */
bool gc_holds_something(const struct gc_table *t) {
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            n += gc_mark_of(t, r, c) == GC_WRONG && !gc_is_zero(t, r, c, gc_got(t, r, c));
        }
    }
    return 3 * n >= t->n_wrong;
}

bool gc_is_square(const struct gc_table *t) {
    return t->by_output && t->n_rows == t->n_columns;
}

static size_t explains_marked(const struct gc_table *t, gc_relation *relation, const void *ctx,
                              enum gc_mark mark, bool *contradicted) {
    size_t n = 0;
    for (size_t i = mark == GC_WRONG ? t->first_wrong : 0;
         i < t->n_rows * t->n_columns && !*contradicted; i++) {
        if (t->mark[i] == mark) {
            size_t r = i / t->n_columns;
            size_t c = i % t->n_columns;
            struct gc_prediction p = relation(t, r, c, ctx);
            *contradicted = !p.unknown && !agrees(t, r, c, &p);
            n += !p.unknown;
        }
    }
    return n;
}

size_t gc_explains(const struct gc_table *t, gc_relation *relation, const void *ctx) {
    bool contradicted = false;
    size_t n = explains_marked(t, relation, ctx, GC_WRONG, &contradicted);
    (void)explains_marked(t, relation, ctx, GC_SAME, &contradicted);
    return contradicted || 2 * n < t->n_wrong ? 0 : n;
}

void gc_distinct_add(struct gc_distinct *d, double value, double tolerance) {
    for (size_t i = 0; i < d->n && i < GC_MOST_DISTINCT; i++) {
        if (fabs(value - d->seen[i]) <= tolerance) {
            return;
        }
    }
    if (d->n < GC_MOST_DISTINCT) {
        d->seen[d->n] = value;
    }
    d->n = d->n <= GC_MOST_DISTINCT ? d->n + 1 : d->n;
}

/* Zero right values have no ratio: each counts as one of its own. */
size_t gc_distinct_ratios(const struct gc_table *t, size_t most) {
    struct gc_distinct ratios = {.n = 0};
    for (size_t i = t->first_wrong; i < t->n_rows * t->n_columns && ratios.n < most; i++) {
        const size_t r = i / t->n_columns;
        const size_t c = i % t->n_columns;
        if (t->mark[i] == GC_WRONG) {
            const double ratio = gc_got(t, r, c) / gc_right(t, r, c);
            gc_distinct_add(&ratios, ratio, isfinite(ratio) ? 10 * t->relative * fabs(ratio) : -1);
        }
    }
    return ratios.n;
}

bool gc_ratio_varies(const struct gc_table *t, size_t n) {
    return gc_distinct_ratios(t, n) >= n;
}

bool gc_one_value_held(const struct gc_table *t) {
    double held = -1;
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            const double got = fabs(gc_got(t, r, c));
            if (gc_mark_of(t, r, c) != GC_WRONG) {
                continue;
            }
            if (held >= 0 && !(fabs(got - held) <= t->relative * held)) {
                return false;
            }
            held = got;
        }
    }
    return true;
}

/* Each different ratio that fits by chance does so with about 2 relative; several thousand
 * relations are tried. */
double gc_certainty(const struct gc_table *t, size_t n_relations) {
    const size_t n = gc_distinct_ratios(t, 4);
    const double ratio = gc_first_ratio(t);
    if (n < 2 && fabs(ratio - 1) < 0.05) {
        return 0; /* near 1, where many functions meet */
    }
    const double chance = (double)n_relations * pow(2 * t->relative, (double)n);
    return chance > 0.1 ? 0 : gc_support(n + 2);
}

double gc_support(size_t n) {
    return (double)n / ((double)n + 1);
}
