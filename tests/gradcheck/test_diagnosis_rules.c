// SPDX-License-Identifier: MIT
/* What a broken rule of the contract says of the cause, and what backward answers when it is asked
 * the same again, or with another cotangent. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/tables.h"

/* ---- y = the sum of a and of b; backward follows a script ---- */

enum { N = 2, N_GRADS = 2 * N };

struct scripted {
    double a[N], da[N], b[N], db[N], y[1], dy[1];
    double (*script)(size_t entry, size_t call, double dy);
    double unit;
    bool changes_a;
    size_t calls;
    struct gradcheck_tensor in[2], out[1];
    struct gradcheck_kernel kernel;
    struct gc_session s;
    struct gradcheck_report report;
};

static struct scripted k;

static int forward(void *ctx) {
    (void)ctx;
    k.y[0] = k.a[0] + k.a[1] + k.b[0] + k.b[1];
    return 0;
}

static int backward(void *ctx) {
    (void)ctx;
    for (size_t e = 0; e < N_GRADS; e++) {
        *(e < N ? &k.da[e] : &k.db[e - N]) = k.unit * k.script(e, k.calls, k.dy[0]);
    }
    k.calls++;
    k.a[1] += k.changes_a ? 1 : 0;
    return 0;
}

static double right(size_t entry, size_t call, double dy) {
    (void)entry;
    (void)call;
    return dy;
}

static void open_script(double (*script)(size_t, size_t, double), double unit) {
    static const struct gradcheck_options options = {.n_points = 1};
    k = (struct scripted){.a = {0.3, 0.4}, .b = {0.5, 0.6}, .script = script, .unit = unit};
    k.in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("a", k.a, k.da, N);
    k.in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("b", k.b, k.db, N);
    k.out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k.y, k.dy, 1);
    k.kernel = (struct gradcheck_kernel){.name = "scripted",
                                         .inputs = k.in,
                                         .n_inputs = 2,
                                         .outputs = k.out,
                                         .n_outputs = 1,
                                         .forward = forward,
                                         .backward = backward};
    cr_assert_eq(gc_session_open(&k.s, &k.kernel, &options, &k.report, false), GRADCHECK_OK);
    k.s.cotangent[0] = 1;
}

static void break_rule(enum gradcheck_rule rule) {
    k.report.rules[rule].verdict = GRADCHECK_FAIL;
    gc_text(k.report.rules[rule].evidence, sizeof k.report.rules[rule].evidence, "evidence");
}

static struct gc_guess diagnose(void) {
    gc_diagnose_contract(&k.s);
    const struct gc_guess guess = k.s.guess;
    gc_session_close(&k.s);
    return guess;
}

Test(diagnosis_rules, a_broken_rule_is_a_cause_by_itself) {
    static const struct {
        enum gradcheck_rule rule;
        struct expected_guess e;
    } rows[] = {
        {GRADCHECK_RULE_INPUTS_UNTOUCHED, {GRADCHECK_CAUSE_WRITES_INPUT, 0.98, "evidence"}},
        {GRADCHECK_RULE_OUTPUTS_UNTOUCHED, {GRADCHECK_CAUSE_WRITES_INPUT, 0.98, "evidence"}},
        {GRADCHECK_RULE_COTANGENTS_UNTOUCHED, {GRADCHECK_CAUSE_WRITES_INPUT, 0.98, "evidence"}},
        {GRADCHECK_RULE_PADDING_UNTOUCHED, {GRADCHECK_CAUSE_OUT_OF_BOUNDS, 0.97, "evidence"}},
        {GRADCHECK_RULE_FORWARD_DETERMINISTIC, {GRADCHECK_CAUSE_NONDETERMINISTIC, 0.95, "evid"}},
        {GRADCHECK_RULE_BACKWARD_DETERMINISTIC, {GRADCHECK_CAUSE_STALE_CACHE, 0.9, "the first"}},
        {GRADCHECK_RULE_NO_STALE_CACHE, {GRADCHECK_CAUSE_STALE_CACHE, 0.93, "evidence"}},
        {GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD,
         {GRADCHECK_CAUSE_WRITES_INPUT, 0.7, "evidence"}},
        {GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE,
         {GRADCHECK_CAUSE_UNINITIALISED, 0.85, "evidence: it is read before it is set"}},
        {GRADCHECK_RULE_EVERY_ENTRY_WRITTEN,
         {GRADCHECK_CAUSE_UNINITIALISED, 0.75, "evidence: whoever reads it"}},
        {GRADCHECK_RULE_ZERO_COTANGENT, {.text = ""}}, /* it scales when it is asked again */
        {GRADCHECK_RULE_ADDITIVE, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_script(right, 1);
        break_rule(rows[i].rule);
        const struct gc_guess guess = diagnose();
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_rules, what_is_not_written_is_forgotten_unless_an_entry_was_added_to) {
    static const struct {
        size_t n_accumulated, forgotten; /* entries of the tensor that is; 0: none */
        struct expected_guess e;
    } rows[] = {
        {0, 0, {GRADCHECK_CAUSE_UNINITIALISED, 0.75, "evidence: whoever reads it"}},
        {0, 1, {GRADCHECK_CAUSE_NOT_WRITTEN, 0.55, "backward never writes a.grad"}},
        {0, 2, {GRADCHECK_CAUSE_NOT_WRITTEN, 0.95, "backward never writes a.grad"}},
        {1, 0, {.text = ""}},
        {2, 0, {.text = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_script(right, 1);
        k.kernel.grad_accumulates = true;
        const struct gc_input forgotten = {.t = &k.in[0], .count = rows[i].forgotten};
        break_rule(GRADCHECK_RULE_EVERY_ENTRY_WRITTEN);
        k.s.n_accumulated = rows[i].n_accumulated;
        k.s.forgotten = rows[i].forgotten > 0 ? &forgotten : NULL;
        const struct gc_guess guess = diagnose();
        tables_expect(&guess, &rows[i].e, i);
    }
}

/* One entry is enough. */
Test(diagnosis_rules, what_gradients_held_is_told_from_what_the_kernel_says_of_it) {
    static const struct {
        bool accumulates;
        size_t n_accumulated, n_overwritten;
        struct expected_guess e;
    } rows[] = {
        {false, 1, 0, {GRADCHECK_CAUSE_ACCUMULATES, 0.96, "evidence"}},
        {true, 0, 1, {GRADCHECK_CAUSE_OVERWRITES, 0.96, "evidence"}},
        {true, 1, 1, {GRADCHECK_CAUSE_OVERWRITES, 0.96, "evidence"}},
        {true, 1, 0, {GRADCHECK_CAUSE_UNINITIALISED, 0.85, "evidence: it is read before"}},
        {false, 0, 1, {GRADCHECK_CAUSE_UNINITIALISED, 0.85, "evidence: it is read before"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_script(right, 1);
        k.kernel.grad_accumulates = rows[i].accumulates;
        k.s.n_accumulated = rows[i].n_accumulated;
        k.s.n_overwritten = rows[i].n_overwritten;
        break_rule(GRADCHECK_RULE_OVERWRITE_OR_ACCUMULATE);
        const struct gc_guess guess = diagnose();
        tables_expect(&guess, &rows[i].e, i);
    }
}

Test(diagnosis_rules, nothing_is_said_where_no_gradient_is_checked) {
    for (size_t n_checked = 0; n_checked < 2; n_checked++) {
        open_script(right, 1);
        k.s.n_checked = n_checked;
        break_rule(GRADCHECK_RULE_FORWARD_DETERMINISTIC);
        const struct gc_guess guess = diagnose();
        cr_expect_eq(guess.cause,
                     n_checked > 0 ? GRADCHECK_CAUSE_NONDETERMINISTIC : GRADCHECK_CAUSE_NONE);
        cr_expect_eq(k.calls > 0, n_checked > 0);
    }
}

/* ---- the same question again ---- */

static double drifts(size_t entry, size_t call, double dy) {
    (void)dy;
    return 1 + 0.1 * (double)(entry + 1) * (double)call;
}
static double first_drifts(size_t entry, size_t call, double dy) {
    return entry == 0 ? drifts(entry, call, dy) : 1;
}
static double drifts_after_the_first(size_t entry, size_t call, double dy) {
    return drifts(entry, call, dy) - (call == 0 ? 0.3 : 0);
}
static double first_jumps(size_t entry, size_t call, double dy) {
    return entry == 0 ? sin(1 + 5 * (double)call) : drifts(entry, call, dy);
}
static double last_jumps(size_t entry, size_t call, double dy) {
    return entry + 1 == N_GRADS ? sin(1 + 5 * (double)call) : drifts(entry, call, dy);
}
static double second_rounds(size_t entry, size_t call, double dy) {
    return entry == 1 ? 1 + (double)(call % 2) * 0x1p-52 : drifts(entry, call, dy);
}
static double rounds(size_t entry, size_t call, double dy) {
    (void)entry;
    (void)dy;
    return 1 + (double)(call % 2) * 0x1p-52;
}

static double rounds_beside_zero(size_t entry, size_t call, double dy) {
    return entry == 0 ? 0 : rounds(entry, call, dy);
}

static double first_answer_differs(size_t entry, size_t call, double dy) {
    (void)dy;
    return 1 + (double)entry + (call == 0 ? 0.5 : 0);
}
/* Entry 1 by more than 8 units in its last place there and back; that is 2 in entry 2. */
static double second_wavers(size_t entry, size_t call, double dy) {
    return entry == 1 ? 1.9 + (double)(call % 2) * 0x1p-49 : drifts(entry, call, dy);
}
static double second_wavers_less(size_t entry, size_t call, double dy) {
    return entry == 1 ? 1000 + (double)(call % 2) * 0x1p-43 : drifts(entry, call, dy);
}
static double second_is_zero(size_t entry, size_t call, double dy) {
    return entry == 1 ? 0 : drifts(entry, call, dy);
}
/* The second step is a share longer than the first. */
static double longer(size_t call, double by) {
    return 1 + 0.1 * (double)call + 0.05 * by * (double)(call * call);
}
static double a_little_uneven(size_t entry, size_t call, double dy) {
    return entry == 1 ? longer(call, 0.8e-3) : drifts(entry, call, dy);
}
static double uneven(size_t entry, size_t call, double dy) {
    return entry == 1 ? longer(call, 1.5e-3) : drifts(entry, call, dy);
}
/* 800 units in the last place are no drift. */
static double drifts_by_804(size_t entry, size_t call, double dy) {
    (void)entry;
    (void)dy;
    return 1 + (double)call * 804 * 0x1p-52;
}
static double drifts_by_796(size_t entry, size_t call, double dy) {
    return 1 + (drifts_by_804(entry, call, dy) - 1) * 796 / 804;
}

Test(diagnosis_rules, answers_that_drift_evenly_are_sums_that_nobody_clears) {
    static const struct expected_guess uncleared = {GRADCHECK_CAUSE_UNINITIALISED, 0.97,
                                                    "that it keeps is never cleared"};
    static const struct expected_guess random = {GRADCHECK_CAUSE_NONDETERMINISTIC, 0.97,
                                                 "other answers to the same question"};
    static const struct {
        double (*script)(size_t, size_t, double);
        const struct expected_guess *e;
    } rows[] = {
        {drifts, &uncleared},
        {first_drifts, &uncleared},
        {drifts_after_the_first, &random},
        {first_jumps, &random},
        {last_jumps, &random},
        {second_rounds, &uncleared},
        {rounds, &random},
        {rounds_beside_zero, &random},
        {first_answer_differs, &random},
        {second_wavers, &random},
        {second_wavers_less, &uncleared},
        {second_is_zero, &uncleared},
        {a_little_uneven, &uncleared},
        {uneven, &random},
        {drifts_by_804, &uncleared},
        {drifts_by_796, &random},
    };
    static const double units[] = {1, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            open_script(rows[i].script, units[u]);
            break_rule(GRADCHECK_RULE_ADDITIVE);
            const struct gc_guess guess = diagnose();
            tables_expect(&guess, rows[i].e, i);
        }
    }
}

/* Eight times; five, if they differ. */
Test(diagnosis_rules, the_same_is_asked_a_few_times) {
    static double (*const scripts[])(size_t, size_t, double) = {right, drifts, last_jumps};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        open_script(scripts[i], 1);
        break_rule(GRADCHECK_RULE_BACKWARD_DETERMINISTIC);
        (void)diagnose();
        cr_expect_eq(k.calls, i == 0 ? 8 : 5, "%zu: %zu", i, k.calls);
    }
}

/* ---- another cotangent ---- */

static double constant(size_t entry, size_t call, double dy) {
    (void)call;
    (void)dy;
    return 1 + (double)entry;
}
static double squared(size_t entry, size_t call, double dy) {
    (void)call;
    return (1 + (double)entry) * dy * dy; /* the first is 1 */
}
static double b_is_squared(size_t entry, size_t call, double dy) {
    return entry < N ? dy : squared(entry, call, dy);
}
static double half_are_magnitudes(size_t entry, size_t call, double dy) {
    return entry < N ? constant(entry, call, dy) : fabs(dy);
}
static double one_is_a_magnitude(size_t entry, size_t call, double dy) {
    return entry < N + 1 ? constant(entry, call, dy) : fabs(dy);
}
static double half_are_squared(size_t entry, size_t call, double dy) {
    return entry < N ? constant(entry, call, dy) : squared(entry, call, dy);
}

static double first_is_constant(size_t entry, size_t call, double dy) {
    return entry == 0 ? constant(entry, call, dy) : dy;
}
static double last_is_constant(size_t entry, size_t call, double dy) {
    return entry + 1 == N_GRADS ? constant(entry, call, dy) : dy;
}
/* 1, 4 and a bit, 1. */
static double about_squared(size_t entry, size_t call, double dy) {
    return squared(entry, call, dy) * (fabs(dy) == 2 ? 1 + 0.8e-3 / 4 : 1);
}
static double not_quite_squared(size_t entry, size_t call, double dy) {
    return squared(entry, call, dy) * (fabs(dy) == 2 ? 1 + 1.5e-3 / 4 : 1);
}
static double a_third_are_magnitudes(size_t entry, size_t call, double dy) {
    return entry == 0 ? dy : one_is_a_magnitude(entry, call, dy);
}

Test(diagnosis_rules, what_does_not_scale_with_the_cotangent_tells_how_it_enters) {
    static const struct {
        double (*script)(size_t, size_t, double);
        struct expected_guess e;
    } rows[] = {
        {constant, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.95, "a.grad does not change with the cot"}},
        {squared, {GRADCHECK_CAUSE_EXTRA_FACTOR, 0.93, "a.grad grows with the square of the cot"}},
        {b_is_squared, {GRADCHECK_CAUSE_EXTRA_FACTOR, 0.93, "b.grad grows with the square"}},
        {half_are_magnitudes,
         {GRADCHECK_CAUSE_WRONG_ARGUMENT, 0.97, "a.grad depends on the sign of the cotangent"}},
        {one_is_a_magnitude, {.text = ""}},
        {a_third_are_magnitudes, {.text = ""}},
        {half_are_squared, {.text = ""}},
        {first_is_constant, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.95, "a.grad does not change"}},
        {last_is_constant, {GRADCHECK_CAUSE_MISSING_FACTOR, 0.95, "b.grad does not change"}},
        {about_squared, {GRADCHECK_CAUSE_EXTRA_FACTOR, 0.93, "a.grad grows with the square"}},
        {not_quite_squared, {.text = ""}},
    };
    static const double units[] = {1, 3, 0x1p-200, 0x1p200};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            open_script(rows[i].script, units[u]);
            break_rule(GRADCHECK_RULE_ZERO_COTANGENT);
            const struct gc_guess guess = diagnose();
            tables_expect(&guess, &rows[i].e, i);
        }
    }
}

Test(diagnosis_rules, leave_the_point_as_it_was) {
    open_script(right, 1);
    k.changes_a = true;
    k.s.rewrite = true; /* as after that rule */
    break_rule(GRADCHECK_RULE_INPUTS_UNTOUCHED);
    gc_diagnose_contract(&k.s);
    cr_expect_gt(k.calls, 1);
    cr_expect(k.a[1] == 0.4, "%g", k.a[1]);
    gc_session_close(&k.s);
}
