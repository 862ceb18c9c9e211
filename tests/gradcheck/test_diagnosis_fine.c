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

static const struct gc_table *open_inputs(const struct gradcheck_tensor in[], size_t look,
                                          double output_epsilon) {
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
    return tables_look(&fine.b, look);
}

static const struct gc_table *open_fine(enum gradcheck_dtype dtype, double output_epsilon) {
    const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {N_E}, .dtype = dtype},
                                          {0}};
    return open_inputs(in, 0, output_epsilon);
}

static const struct gradcheck_tensor TWO[] = {
    {.name = "a", .ndim = 1, .shape = {2}}, {.name = "x", .ndim = 1, .shape = {N_E - 2}}, {0}};

/* '.' right, 'f' rounded to float, 'r' off by as much, 'w' off by more; '<' and '>' off by a little
 * less and more than what cancels in a sum of floats */
static void spoil(const char *entries) {
    const double sum = FLT_EPSILON * gc_max_abs(fine.numeric, N_E);
    for (size_t e = 0; e < N_E; e++) {
        const double right = fine.numeric[e];
        fine.grad[e] = entries[e] == 'f'   ? (double)(float)right
                       : entries[e] == 'r' ? right * (1 + 1e-7 / 3)
                       : entries[e] == 'w' ? right * 1.001
                       : entries[e] == '<' ? right + 39.7 * sum
                       : entries[e] == '>' ? right + 40.3 * sum
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
        {"ffr...", {GRADCHECK_CAUSE_LOW_PRECISION, 0.85 * 6 / 7, "in 3 of 6 entries: float"}},
        {"ff<...", {GRADCHECK_CAUSE_LOW_PRECISION, 0.85 * 6 / 7, "in 3 of 6 entries: float"}},
        {"ff>...", {.text = ""}},
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

Test(diagnosis_fine, what_is_off_by_more_is_no_rounding_in_any_unit) {
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(GRADCHECK_F64, DBL_EPSILON);
        for (size_t e = 0; e < N_E; e++) {
            fine.numeric[e] *= units[u];
            fine.bound[e] *= units[u];
        }
        spoil(".w....");
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &(struct expected_guess){.text = ""}, u);
    }
}

/* What is stored is the gradient times its scale. */
Test(diagnosis_fine, what_is_stored_is_a_float_in_the_unit_of_the_gradient) {
    struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
    const struct gc_table *t = open_fine(GRADCHECK_F64, DBL_EPSILON);
    fine.b.s.inputs[0].scale = 3;
    for (size_t e = 0; e < N_E; e++) {
        fine.grad[e] = (double)(float)(3 * fine.numeric[e]) / 3;
    }
    gc_guess_low_precision(t, &guess);
    tables_expect(&guess,
                  &(struct expected_guess){GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 12 / 13,
                                           "in 6 of 6 entries, and they are floats"},
                  0);
}

Test(diagnosis_fine, entries_that_were_not_looked_at_say_nothing) {
    for (size_t unseen = 0; unseen < N_E - 1; unseen++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_fine(GRADCHECK_F64, DBL_EPSILON);
        spoil("wwwwwf");
        for (size_t e = 0; e < N_E - 1; e++) {
            fine.grad[e] = e == unseen ? fine.grad[e] : fine.numeric[e];
        }
        fine.state[unseen] = GC_UNSEEN;
        gc_guess_low_precision(t, &guess);
        tables_expect(
            &guess,
            &(struct expected_guess){GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 2 / 3, "in 1 of 6"},
            unseen);
    }
}

/* Neither is the gradient's scale that of another, nor are its entries. */
Test(diagnosis_fine, each_gradient_is_looked_at_by_itself) {
    static const struct {
        const char *entries; /* two of a, four of x */
        size_t look;
        struct expected_guess e;
    } rows[] = {
        {"f.w...", 0, {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 2 / 3, "a.grad is right to seven"}},
        {".wf...", 1, {GRADCHECK_CAUSE_LOW_PRECISION, 0.97 * 2 / 3, "x.grad is right to seven"}},
        {"..w...", 1, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_inputs(TWO, rows[i].look, DBL_EPSILON);
        fine.numeric[0] = 1e6 / 3.0;
        fine.numeric[1] = 1e6 / 7.0;
        spoil(rows[i].entries);
        gc_guess_low_precision(t, &guess);
        tables_expect(&guess, &rows[i].e, i);
    }
}

/* ---- at kinks ---- */

/* '.' right, 'w' wrong, 'k' at a kink, 't' contradicted there */
static void set_states(const char *entries) {
    for (size_t e = 0; e < N_E; e++) {
        fine.grad[e] = fine.numeric[e] * (entries[e] == 'w' ? 2 : 1);
        fine.state[e] = (unsigned char)(entries[e] == 'k'   ? GC_SEEN | GC_AT_KINK
                                        : entries[e] == 't' ? GC_SEEN | GC_AT_KINK | GC_TIE_BROKEN
                                                            : GC_SEEN);
    }
}

Test(diagnosis_fine, ties_are_wrong_if_nothing_else_is_and_there_is_something_else) {
    static const struct {
        const char *entries; /* two of a, four of x */
        size_t look;
        const char *text;
    } rows[] = {
        {"..t...", 1, "x.grad is wrong only at a kink (1 entries)"},
        {"..tkt.", 1, "x.grad is wrong only at a kink (2 entries)"},
        {"..ttt.", 1, "(3 entries)"},
        {"t.w...", 0, "a.grad is wrong only at a kink (1 entries)"},
        {"..tw..", 1, NULL},
        {"..tttt", 1, NULL},
        {"..tkkt", 1, NULL},
        {"......", 1, NULL},
        {"..k...", 1, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct expected_guess ties = {GRADCHECK_CAUSE_TIES, 0.9, rows[i].text};
        struct gc_guess guess = {.cause = GRADCHECK_CAUSE_NONE};
        const struct gc_table *t = open_inputs(TWO, rows[i].look, DBL_EPSILON);
        set_states(rows[i].entries);
        gc_guess_ties(t, &guess);
        tables_expect(&guess, rows[i].text != NULL ? &ties : &(struct expected_guess){.text = ""},
                      i);
    }
}
