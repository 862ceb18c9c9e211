// SPDX-License-Identifier: MIT
/* What an output gives to a single entry lands elsewhere, or on several: as when a maximum is
 * looked for, or a row of a table. */
#include <math.h>

#include "diagnosis.h"

struct row {
    size_t n_right, n_got; /* elements that are not 0 */
    double right, got;     /* the last of each */
    size_t right_at, got_at;
    bool got_alike;
};

static struct row read_row(const struct gc_table *t, size_t r) {
    struct row row = {.got_alike = true};
    for (size_t c = 0; c < t->n_columns; c++) {
        const double right = gc_right(t, r, c);
        const double got = gc_got(t, r, c);
        if (gc_mark_of(t, r, c) == GC_IGNORED) {
            continue;
        }
        if (!gc_is_zero(t, r, c, right)) {
            row.n_right++;
            row.right = right;
            row.right_at = c;
        }
        if (!gc_is_zero(t, r, c, got)) {
            row.got_alike =
                row.got_alike && (row.n_got == 0 || fabs(got - row.got) <= t->relative * fabs(got));
            row.n_got++;
            row.got = got;
            row.got_at = c;
        }
    }
    return row;
}

static bool equal(const struct gc_table *t, double a, double b) {
    return fabs(a - b) <= 10 * t->relative * fmax(fabs(a), fabs(b));
}

void gc_guess_misplaced(const struct gc_table *t, struct gc_guess *guess) {
    enum { FEWEST = 3 };
    size_t n_elsewhere = 0;
    size_t n_mean = 0;
    size_t n_all = 0;
    size_t n_rows = 0;
    for (size_t r = 0; t->by_output && r < t->n_rows; r++) {
        const struct row row = read_row(t, r);
        if (row.n_right == 0 || row.n_got == 0) {
            continue;
        }
        if (row.n_right != 1 || !row.got_alike) {
            return;
        }
        const bool same_value = equal(t, row.got, row.right);
        n_rows++;
        n_elsewhere += row.n_got == 1 && same_value && row.got_at != row.right_at;
        n_mean += row.n_got > 1 && equal(t, row.got * (double)row.n_got, row.right);
        n_all += row.n_got > 1 && same_value;
        if (!same_value && n_mean == 0) {
            return;
        }
    }
    const char *name = t->in->t->name;
    if (n_elsewhere >= FEWEST) {
        gc_guess(guess, GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.75 * gc_support(n_elsewhere),
                 "%.31s.grad has what %zu of %zu outputs give in the wrong entry: the index is "
                 "taken from elsewhere",
                 name, n_elsewhere, n_rows);
    } else if (n_mean >= FEWEST && n_mean == n_rows) {
        gc_guess(guess, GRADCHECK_CAUSE_SIZE_FACTOR, 0.85 * gc_support(n_mean),
                 "%.31s.grad spreads what belongs to one entry evenly: a mean where one is chosen",
                 name);
    } else if (n_all >= FEWEST && n_all == n_rows) {
        gc_guess(guess, GRADCHECK_CAUSE_BROADCAST, 0.85 * gc_support(n_all),
                 "%.31s.grad repeats in several entries what belongs to one", name);
    }
}
