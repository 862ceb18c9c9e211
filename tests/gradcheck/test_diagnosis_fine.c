// SPDX-License-Identifier: MIT
/* What shows in the judged entries alone. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "gradcheck/elementwise.h"
#include "gradcheck/tables.h"

enum { N_E = 6 };

static struct fine {
    struct tables b;
    double grad[N_E], numeric[N_E], bound[N_E], rounding[N_E];
    unsigned char state[N_E];
} fine;

static const struct gc_table *open_fine(enum gradcheck_dtype dtype, double output_epsilon) {
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {N_E}, .dtype = dtype},
                                          {0}};
    const struct gradcheck_tensor out[] = {{.name = "y"}, {0}};
    struct gc_session *s = &fine.b.s;
    tables_open(&fine.b, in, out, false);
    s->narrow_epsilon = output_epsilon;
    s->grad = fine.grad;
    s->numeric = fine.numeric;
    s->bound = fine.bound;
    s->rounding = fine.rounding;
    s->state = fine.state;
    for (size_t e = 0; e < N_E; e++) {
        fine.numeric[e] = fine.grad[e] = fine.b.right[e];
        fine.bound[e] = 1e-12;
        fine.rounding[e] = 0;
        fine.state[e] = GC_SEEN;
    }
    return tables_look(&fine.b, 0);
}

/* '.' right, 'f' rounded to float, 'r' off by as much, 'w' off by more */
static void spoil(const char *entries) {
    for (size_t e = 0; e < N_E; e++) {
        const double right = fine.numeric[e];
        fine.grad[e] = entries[e] == 'f'   ? (double)(float)right
                       : entries[e] == 'r' ? right * (1 + 1e-7 / 3)
                       : entries[e] == 'w' ? right * 1.001
                                           : right;
    }
}

Test(diagnosis_fine, float_where_double_was_promised_is_told_by_its_rounding) {
    static const struct {
        const char *entries;
        struct expected_guess e;
    } rows[] = {
        {"f.....",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 2 / 3, "in 1 of 6 entries, and they are"}},
        {"ffff..",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 8 / 9, "in 4 of 6 entries, and they are"}},
        {"fffr..",
         {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 8 / 9, "in 4 of 6 entries, and they are"}},
        {"ffrr..", {GRADCHECK_CAUSE_LOW_PRECISION, 0.85 * 8 / 9, "in 4 of 6 entries: float"}},
        {"fffw..", {.text = ""}},
        {"......", {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(GRADCHECK_F64, DBL_EPSILON);
        spoil(rows[i].entries);
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_fine, float_is_what_was_promised_where_an_input_or_an_output_is) {
    static const struct {
        enum gradcheck_dtype dtype;
        double output_epsilon;
    } rows[] = {
        {GRADCHECK_F32, FLT_EPSILON}, {GRADCHECK_F32, DBL_EPSILON}, {GRADCHECK_F64, FLT_EPSILON}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(rows[i].dtype, rows[i].output_epsilon);
        spoil("ffff..");
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &(struct expected_guess){.text = ""}, i);
    }
}
