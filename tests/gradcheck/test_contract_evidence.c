// SPDX-License-Identifier: MIT
/* What each contract rule says of a kernel that breaks it in one place, word for word. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/net.h"
#include "gradcheck/rules.h"

static const char NOT_DETERMINISTIC[] = "needs a deterministic backward";

Test(gradcheck_contract_evidence, names_the_place_and_both_numbers) {
    static const struct {
        enum net_fault fault;
        size_t at;
        bool adds;
        enum gradcheck_rule rule;
        enum gradcheck_verdict verdict;
        const char *evidence;
    } rows[] = {
        {NET_Y_COUNTS_FORWARDS, 4, false, RULE(FORWARD_DETERMINISTIC), FAIL,
         "output element 4: 0.40000000000000002, then 0.5 at the same point"},
        {NET_Y_COUNTS_FORWARDS, 0, false, RULE(FORWARD_DETERMINISTIC), FAIL,
         "output element 0: 0.40000000000000002, then 0.5 at the same point"},
        {NET_Y_COUNTS_FORWARDS, 5, false, RULE(NO_STALE_CACHE), NOT_CHECKED, NOT_DETERMINISTIC},
        {NET_Y_COUNTS_FORWARDS, 5, false, RULE(HOMOGENEOUS), NOT_CHECKED, NOT_DETERMINISTIC},
        {NET_Y_COUNTS_FORWARDS, 5, false, RULE(EVERY_ENTRY_WRITTEN), NOT_CHECKED,
         NOT_DETERMINISTIC},
        {NET_Y_COUNTS_FORWARDS, 5, false, RULE(OVERWRITE_OR_ACCUMULATE), NOT_CHECKED,
         NOT_DETERMINISTIC},
        {NET_Y_COUNTS_FORWARDS, 5, false, RULE(VALUE_INDEPENDENT_OF_BACKWARD), NOT_CHECKED,
         "needs a deterministic forward"},
        {NET_COUNTS_BACKWARDS, 4, false, RULE(BACKWARD_DETERMINISTIC), FAIL,
         "x[1, 1].grad: two calls at the same point differ: 0.10000000000000001, then "
         "0.30000000000000004"},
        {NET_COUNTS_BACKWARDS, 8, false, RULE(BACKWARD_DETERMINISTIC), FAIL,
         "w[2].grad: two calls at the same point differ: 0.10000000000000001, then "
         "0.30000000000000004"},
        {NET_COUNTS_BACKWARDS, 8, false, RULE(HOMOGENEOUS), NOT_CHECKED, NOT_DETERMINISTIC},
        {NET_COUNTS_BACKWARDS, 8, false, RULE(NO_STALE_CACHE), NOT_CHECKED, NOT_DETERMINISTIC},
        {NET_COUNTS_BACKWARDS, 8, false, RULE(OVERWRITE_OR_ACCUMULATE), NOT_CHECKED,
         NOT_DETERMINISTIC},
        {NET_X_BY_FORWARD, 0, false, RULE(INPUTS_UNTOUCHED), FAIL, "x was changed by forward"},
        {NET_X_BY_FORWARD, 5, false, RULE(INPUTS_UNTOUCHED), FAIL, "x was changed by forward"},
        {NET_W_BY_BACKWARD, 0, false, RULE(INPUTS_UNTOUCHED), FAIL, "w was changed by backward"},
        {NET_Y_BY_BACKWARD, 5, false, RULE(OUTPUTS_UNTOUCHED), FAIL, "y was changed by backward"},
        {NET_DY_BY_BACKWARD, 0, false, RULE(COTANGENTS_UNTOUCHED), FAIL,
         "y.grad was changed by backward"},
        {NET_IS_CONSTANT, 4, false, RULE(ZERO_COTANGENT), FAIL,
         "x[1, 1].grad is 0.10000000000000001 for a zero cotangent"},
        {NET_IS_CONSTANT, 0, false, RULE(ZERO_COTANGENT), FAIL,
         "x[0, 0].grad is 0.10000000000000001 for a zero cotangent"},
        {NET_IS_CONSTANT, 8, false, RULE(ZERO_COTANGENT), FAIL,
         "w[2].grad is 0.10000000000000001 for a zero cotangent"},
        {NET_IS_CONSTANT, 4, false, RULE(HOMOGENEOUS), FAIL,
         "x[1, 1].grad: backward(u) gives 0.10000000000000001, backward(2u) gives "
         "0.10000000000000001"},
        {NET_IS_CONSTANT, 0, false, RULE(HOMOGENEOUS), FAIL,
         "x[0, 0].grad: backward(u) gives 0.10000000000000001, backward(2u) gives "
         "0.10000000000000001"},
        {NET_IGNORES_SIGN, 7, false, RULE(HOMOGENEOUS), FAIL,
         "w[1].grad: backward(u) gives 0.10000000000000001, backward(-1u) gives "
         "0.10000000000000001"},
        {NET_NAN_IF_DOUBLED, 3, false, RULE(HOMOGENEOUS), FAIL,
         "x[1, 0].grad: backward(u) gives 0.10000000000000001, backward(2u) gives nan"},
        {NET_IS_NAN, 3, false, RULE(HOMOGENEOUS), PASS, ""},
        {NET_IS_NAN, 3, true, RULE(OVERWRITE_OR_ACCUMULATE), PASS, ""},
        {NET_IS_CONSTANT, 4, false, RULE(ADDITIVE), FAIL,
         "x[1, 1].grad: backward(u) + backward(v) = 0.20000000000000001, backward(u + v) = "
         "0.10000000000000001"},
        {NET_IS_CONSTANT, 8, false, RULE(ADDITIVE), FAIL,
         "w[2].grad: backward(u) + backward(v) = 0.20000000000000001, backward(u + v) = "
         "0.10000000000000001"},
        {NET_CACHED_ONCE, 4, false, RULE(NO_STALE_CACHE), FAIL,
         "x[1, 1].grad: changes after a forward at another point: 2, then 2.25"},
        {NET_LAGS, 4, false, RULE(NO_STALE_CACHE), FAIL,
         "x[1, 1].grad: the first backward at a new point differs: 2.25, then 2"},
        {NET_LAGS, 8, false, RULE(NO_STALE_CACHE), FAIL,
         "w[2].grad: the first backward at a new point differs: 5.625, then 5"},
        {NET_Y_COUNTS_BACKWARDS, 4, false, RULE(VALUE_INDEPENDENT_OF_BACKWARD), FAIL,
         "output element 4: 1.1000000000000001, after a backward 1.2000000000000002"},
        {NET_Y_COUNTS_BACKWARDS, 0, false, RULE(VALUE_INDEPENDENT_OF_BACKWARD), FAIL,
         "output element 0: 1.1000000000000001, after a backward 1.2000000000000002"},
        {NET_LEFT, 0, false, RULE(EVERY_ENTRY_WRITTEN), FAIL,
         "x[0, 0].grad is not written: it keeps what it held before"},
        {NET_LEFT, 8, false, RULE(EVERY_ENTRY_WRITTEN), FAIL,
         "w[2].grad is not written: it keeps what it held before"},
        {NET_ADDED, 0, false, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "x[0, 0].grad is added to, but grad_accumulates is not set"},
        {NET_ADDED_TO_HUGE, 4, false, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "x[1, 1].grad is added to, but grad_accumulates is not set"},
        {NET_SIZE_ADDED, 4, false, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "x[1, 1].grad depends on what it held before, and not as a sum"},
        {NET_PART_ADDED, 8, false, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "w[2].grad depends on what it held before, and not as a sum"},
        {NET_LARGEST, 6, false, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "w[0].grad depends on what it held before, and not as a sum"},
        {NET_RIGHT, 0, true, RULE(OVERWRITE_OR_ACCUMULATE), PASS, ""},
        {NET_RIGHT, 0, true, RULE(EVERY_ENTRY_WRITTEN), NOT_CHECKED,
         "gradients accumulate: an entry left alone is one that got 0"},
        {NET_LEFT, 4, true, RULE(OVERWRITE_OR_ACCUMULATE), PASS, ""},
        {NET_OVERWRITTEN, 4, true, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "x[1, 1].grad is overwritten, but grad_accumulates is set"},
        {NET_SIZE_ADDED, 4, true, RULE(OVERWRITE_OR_ACCUMULATE), FAIL,
         "x[1, 1].grad depends on what it held before, and not as a sum"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net t;
        struct gradcheck_report r;
        net_open(&t, rows[i].fault, rows[i].at);
        t.adds = rows[i].adds;
        t.kernel.grad_accumulates = rows[i].adds;
        rules_run(&t.kernel, 0, &r);
        rules_expect(&r, rows[i].rule, rows[i].verdict, rows[i].evidence);
    }
}

Test(gradcheck_contract_evidence, is_empty_for_a_right_kernel) {
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_RIGHT, 0);
    rules_run(&t.kernel, 0, &r);
    for (int rule = 0; rule <= GRADCHECK_RULE_VALUE_INDEPENDENT_OF_BACKWARD; rule++) {
        const bool packed = rule == GRADCHECK_RULE_PADDING_UNTOUCHED;
        rules_expect(&r, (enum gradcheck_rule)rule, packed ? NOT_CHECKED : PASS,
                     packed ? "no tensor has padding of its own" : "");
    }
}

/* Half a percent below what is taken for rounding, and above. */
Test(gradcheck_contract_evidence, of_additivity_begins_at_its_limit) {
    for (size_t at = 0; at < NET_N_GRADS; at++) {
        struct net t;
        struct gradcheck_report r;
        for (int sign = -1; sign <= 1; sign += 2) {
            net_open(&t, NET_OFF_IN_SUM, at);
            t.excess = 0.995 * sign;
            rules_run(&t.kernel, 0, &r);
            rules_expect(&r, GRADCHECK_RULE_ADDITIVE, PASS, "");
            net_open(&t, NET_OFF_IN_SUM, at);
            t.excess = 1.005 * sign;
            rules_run(&t.kernel, 0, &r);
            char begin[64];
            if (at < NET_N) {
                (void)snprintf(begin, sizeof begin, "x[%zu, %zu].grad: backward(u)",
                               at / NET_COLUMNS, at % NET_COLUMNS);
            } else {
                (void)snprintf(begin, sizeof begin, "w[%zu].grad: backward(u)", at - NET_N);
            }
            const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_ADDITIVE];
            cr_expect(rule->verdict == FAIL && strncmp(rule->evidence, begin, strlen(begin)) == 0,
                      "%zu, %d: %s", at, sign, rule->evidence);
        }
    }
}

/* Where the derivative is 0, so that the zeros which were there before look right. */
Test(gradcheck_contract_evidence, tells_a_forgotten_gradient_from_one_written_in_part) {
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_W_LEFT, 8);
    memset(t.w, 0, sizeof t.w);
    rules_run(&t.kernel, 0, &r);
    cr_expect_eq(r.cause, GRADCHECK_CAUSE_NOT_WRITTEN);
    cr_expect_str_eq(r.diagnosis, "backward never writes w.grad");
    net_open(&t, NET_W_LEFT, 7);
    memset(t.w, 0, sizeof t.w);
    rules_run(&t.kernel, 0, &r);
    cr_expect_eq(r.cause, GRADCHECK_CAUSE_UNINITIALISED, "%s", r.diagnosis);
    cr_expect_str_eq(r.diagnosis, "w[0].grad is not written: it keeps what it held before: "
                                  "whoever reads it finds what was there before");
    net_open(&t, NET_LEFT_ACROSS, 7); /* one of x and two of w are not three of w */
    memset(t.w, 0, sizeof t.w);
    rules_run(&t.kernel, 0, &r);
    cr_expect_eq(r.cause, GRADCHECK_CAUSE_UNINITIALISED, "%s", r.diagnosis);
    cr_expect_str_eq(r.diagnosis, "x[1, 2].grad is not written: it keeps what it held before: "
                                  "whoever reads it finds what was there before");
}

/* The calls of forward that each rule takes of a right kernel. Those after the one in which the
 * budget ended are left without a word. */
Test(gradcheck_contract_evidence, says_where_the_budget_ended) {
    static const struct {
        enum gradcheck_rule rule;
        size_t first, last;
    } rows[] = {
        {RULE(FORWARD_DETERMINISTIC), 4, 5},
        {RULE(BACKWARD_DETERMINISTIC), 6, 6},
        {RULE(ZERO_COTANGENT), 7, 7},
        {RULE(HOMOGENEOUS), 8, 9},
        {RULE(ADDITIVE), 10, 11},
        {RULE(NO_STALE_CACHE), 12, 15},
        {RULE(VALUE_INDEPENDENT_OF_BACKWARD), 16, 17},
        {RULE(EVERY_ENTRY_WRITTEN), 18, 19},
        {RULE(OVERWRITE_OR_ACCUMULATE), 18, 19},
    };
    for (size_t calls = 3; calls <= 20; calls++) {
        struct net t;
        struct gradcheck_report r;
        net_open(&t, NET_RIGHT, 0);
        rules_run(&t.kernel, calls, &r);
        cr_expect_eq(r.n_forward_contract, calls < 19 ? calls : 19);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (calls >= rows[i].last) {
                rules_expect(&r, rows[i].rule, PASS, "");
            } else if (calls + 1 >= rows[i].first) {
                rules_expect(&r, rows[i].rule, NOT_CHECKED, "the budget ended before it");
            } else {
                rules_expect(&r, rows[i].rule, NOT_CHECKED, "");
            }
        }
    }
}

/* ---- waivers ---- */

Test(gradcheck_contract_evidence, is_repeated_by_a_waiver_of_that_rule_alone) {
    const struct gradcheck_waiver waivers[] = {
        {"forward_deterministic", "it never breaks this"},
        {"zero_cotangent", "an offset on purpose"},
    };
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_IS_CONSTANT, 4);
    t.kernel.waivers = waivers;
    t.kernel.n_waivers = 2;
    rules_run(&t.kernel, 0, &r);
    rules_expect(&r, GRADCHECK_RULE_ZERO_COTANGENT, FAIL,
                 "waived: an offset on purpose (x[1, 1].grad is 0.10000000000000001 for a zero "
                 "cotangent)");
    for (int rule = 0; rule < GRADCHECK_N_RULES; rule++) {
        cr_expect_eq(r.rules[rule].waived, rule == GRADCHECK_RULE_ZERO_COTANGENT, "%d", rule);
    }
    rules_expect(&r, GRADCHECK_RULE_FORWARD_DETERMINISTIC, PASS, "");
    cr_expect_eq(r.verdict, FAIL); /* by the other rules that it breaks */

    const struct gradcheck_waiver first = {"forward_deterministic", "dropout"};
    net_open(&t, NET_Y_COUNTS_FORWARDS, 5);
    t.kernel.waivers = &first;
    t.kernel.n_waivers = 1;
    rules_run(&t.kernel, 0, &r);
    rules_expect(&r, GRADCHECK_RULE_FORWARD_DETERMINISTIC, FAIL,
                 "waived: dropout (output element 5: 0.40000000000000002, then 0.5 at the same "
                 "point)");
    cr_expect(r.rules[GRADCHECK_RULE_FORWARD_DETERMINISTIC].waived);
}

/* ---- what a kernel is shown ---- */

/* An eighth of its size away, zeros as if they were 1, where the domain has room for more than
 * that; what is no variable stays. */
Test(gradcheck_contract_evidence, of_a_stale_cache_is_sought_an_eighth_away) {
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_RIGHT, 0);
    t.inputs[2].lower = 3.5;
    t.inputs[2].upper = 9 + 0x1p-40;
    rules_run(&t.kernel, 0, &r);
    double here[NET_N_VALUES], away[NET_N_VALUES];
    memcpy(here, t.seen[0], sizeof here);
    for (size_t e = 0; e < NET_N; e++) {
        away[e] = here[e] == 0 ? 0.125 : here[e] + 0.125 * fabs(here[e]);
    }
    memcpy(away + NET_N, t.c, sizeof t.c);
    away[NET_N + 2] = 4; /* of which an eighth is all the room */
    away[NET_N + 3] = 9;
    away[NET_N + 4] = 5.625;
    for (size_t call = 0; call < r.n_forward_contract; call++) {
        const bool moved = call == 11 || call == 13 || call == 14;
        for (size_t e = 0; e < NET_N_VALUES; e++) {
            const double expected = moved ? away[e] : here[e];
            cr_expect(t.seen[call][e] == expected, "call %zu, value %zu: %a, not %a", call, e,
                      t.seen[call][e], expected);
        }
    }
}

/* Zeros, but for the last two calls: noise of the gradient's own size, above and below. */
Test(gradcheck_contract_evidence,
     of_unwritten_entries_is_sought_with_large_gradients_of_either_sign) {
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_RIGHT, 0);
    rules_run(&t.kernel, 0, &r);
    const size_t n = 14; /* calls of backward within the contract */
    for (size_t call = 0; call < n; call++) {
        const double sign = call + 2 < n ? 0 : call + 1 < n ? 1 : -1;
        for (size_t e = 0; e < NET_N_GRADS; e++) {
            const double size = fmax(1, fabs(t.first[e]));
            const double held = sign * t.held[call][e];
            cr_expect(sign == 0 ? t.held[call][e] == 0 : held >= size && held < 2 * size,
                      "call %zu, entry %zu: %g of %g", call, e, t.held[call][e], size);
        }
    }
}

/* An optimizer's step in the wrong place: with zeros nothing moves. */
Test(gradcheck_contract_evidence, leaves_the_point_as_it_was) {
    struct net t;
    struct gradcheck_report r;
    net_open(&t, NET_X_BY_OLD_GRADIENT, 0);
    rules_run(&t.kernel, 0, &r);
    cr_expect_eq(r.verdict, FAIL, "%s", r.summary);
    cr_expect_gt(r.n_forward_contract, 19u);
    cr_expect_neq(memcmp(t.seen[18], t.seen[0], sizeof t.seen[0]), 0);
    for (size_t call = 19; call < r.n_forward_contract; call++) {
        cr_expect_eq(memcmp(t.seen[call], t.seen[0], sizeof t.seen[0]), 0, "call %zu", call);
    }
}
