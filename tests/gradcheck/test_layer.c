// SPDX-License-Identifier: MIT
/* Strides, padding, rows, tangents, domains and the counts of a report, on one small layer. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "layer.h"

static const struct {
    size_t row, column;
} STRIDES[] = {{LAYER_COLUMNS, 1}, {10, 2}, {1, LAYER_ROWS}, {2, 9}};

static bool rule_is(const struct gradcheck_report *r, enum gradcheck_rule rule,
                    enum gradcheck_verdict verdict) {
    if (r->rules[rule].verdict != verdict) {
        cr_log_info("%s: %s", gradcheck_rule_name(rule), r->rules[rule].evidence);
    }
    return r->rules[rule].verdict == verdict;
}

static bool rule_fails(const struct gradcheck_report *r, enum gradcheck_rule rule,
                       const char *evidence) {
    return rule_is(r, rule, GRADCHECK_FAIL) && r->verdict == GRADCHECK_FAIL &&
           strstr(r->rules[rule].evidence, evidence) && strstr(r->summary, evidence);
}

Test(gradcheck_layer, passes_with_any_strides_and_leaves_inputs_and_padding_alone) {
    for (size_t i = 0; i < sizeof STRIDES / sizeof STRIDES[0]; i++) {
        struct layer l, before;
        layer_open(&l);
        layer_stride(&l, STRIDES[i].row, STRIDES[i].column);
        memset(l.dx, 0x11, sizeof l.dx);
        memset(l.ty, 0x11, sizeof l.ty);
        before = l;
        struct gradcheck_report r = layer_run(&l, NULL);
        cr_expect_eq(r.verdict, GRADCHECK_PASS, "strides %zu: %s", i, r.summary);
        cr_expect(r.resolution > 0 && r.resolution < 1e-9, "%g", r.resolution);
        cr_expect_eq(memcmp(l.x, before.x, sizeof l.x), 0);
        cr_expect_eq(memcmp(l.w, before.w, sizeof l.w), 0);
        size_t gap = 1; /* a place between the first two elements, with strides {10, 2} */
        if (STRIDES[i].column == 2) {
            cr_expect(l.dx[gap] == before.dx[gap] && l.ty[gap] == before.ty[gap]);
            cr_expect(rule_is(&r, GRADCHECK_RULE_PADDING_UNTOUCHED, GRADCHECK_PASS));
        }
    }
}

Test(gradcheck_layer, packed_tensors_have_no_padding_to_watch) {
    struct layer l;
    layer_open(&l);
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_PADDING_UNTOUCHED, GRADCHECK_NOT_CHECKED));
    cr_expect_neq(r.rules[GRADCHECK_RULE_PADDING_UNTOUCHED].evidence[0], '\0');
}

Test(gradcheck_layer, a_write_that_is_not_its_own_is_found_and_named) {
    static const struct {
        enum layer_fault fault;
        enum gradcheck_rule rule;
        const char *evidence;
    } table[] = {
        {LAYER_VALUE_PADDING, GRADCHECK_RULE_PADDING_UNTOUCHED, "y: bytes between"},
        {LAYER_GRAD_PADDING, GRADCHECK_RULE_PADDING_UNTOUCHED, "x.grad: bytes between"},
        {LAYER_LABEL_CHANGED, GRADCHECK_RULE_INPUTS_UNTOUCHED, "label was changed by forward"},
        {LAYER_W_CHANGED, GRADCHECK_RULE_INPUTS_UNTOUCHED, "w was changed by backward"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct layer l;
        layer_open(&l);
        layer_stride(&l, 10, 2);
        l.kernel.n_inputs = 3;
        l.label[0] = 5;
        l.fault = table[i].fault;
        struct gradcheck_report r = layer_run(&l, NULL);
        cr_expect(rule_fails(&r, table[i].rule, table[i].evidence), "row %zu: %s", i, r.summary);
        cr_expect(l.label[0] == 5 && l.label[1] == 0, "row %zu: the label is restored", i);
        for (size_t t = 0; t < r.n_tensors; t++) {
            cr_expect_eq(r.tensors[t].verdict, GRADCHECK_PASS,
                         "row %zu: the gradient is right all the same", i);
        }
    }
}

/* ---- rows ---- */

static void state_rows(struct layer *l) {
    l->kernel.jvp = NULL;
    l->inputs[0].batch_axis = l->inputs[1].batch_axis = l->outputs[0].batch_axis = 1;
}

Test(gradcheck_layer, independent_rows_are_verified_and_then_save_evaluations) {
    for (unsigned axis = 1; axis <= 2; axis++) {
        struct layer l;
        layer_open(&l);
        l.kernel.jvp = NULL;
        struct gradcheck_report plain = layer_run(&l, NULL);
        l.inputs[0].batch_axis = l.inputs[1].batch_axis = l.outputs[0].batch_axis = axis;
        struct gradcheck_report r = layer_run(&l, NULL);
        cr_expect(rule_is(&r, GRADCHECK_RULE_ROW_INDEPENDENCE, GRADCHECK_PASS));
        cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
        cr_expect_lt(r.n_forward_elementwise + 150, plain.n_forward_elementwise);
        for (size_t t = 0; t < 2; t++) {
            cr_expect_eq(r.tensors[t].n_pass, plain.tensors[t].n_pass);
        }
        cr_expect(rule_is(&plain, GRADCHECK_RULE_ROW_INDEPENDENCE, GRADCHECK_NOT_CHECKED));
    }
}

Test(gradcheck_layer, rows_that_reach_into_each_other_are_found) {
    struct layer l;
    layer_open(&l);
    state_rows(&l);
    l.fault = LAYER_ROWS_LEAK;
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_fails(&r, GRADCHECK_RULE_ROW_INDEPENDENCE, "row 2 changes with other rows"),
              "%s", r.summary);
    cr_expect_eq(r.tensors[0].verdict, GRADCHECK_PASS, "looked at one by one, it is right");
}

Test(gradcheck_layer, rows_that_do_not_match_are_not_used) {
    struct layer l;
    layer_open(&l);
    state_rows(&l);
    l.outputs[0].batch_axis = 2; /* four of them, not three */
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_ROW_INDEPENDENCE, GRADCHECK_NOT_CHECKED));
    cr_expect_eq(r.verdict, GRADCHECK_PASS);
    state_rows(&l);
    l.inputs[1].batch_axis = 2;
    r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_ROW_INDEPENDENCE, GRADCHECK_NOT_CHECKED));
    l.outputs[0].batch_axis = 0;
    r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_ROW_INDEPENDENCE, GRADCHECK_NOT_CHECKED));
}

/* ---- tangents ---- */

Test(gradcheck_layer, a_right_jvp_is_adjoint_and_derivative) {
    struct layer l;
    layer_open(&l);
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_ADJOINT, GRADCHECK_PASS));
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_DERIVATIVE, GRADCHECK_PASS));
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_SYMMETRIC, GRADCHECK_NOT_CHECKED));
}

Test(gradcheck_layer, a_wrong_jvp_is_neither) {
    static const enum layer_fault faults[] = {LAYER_JVP_TWICE, LAYER_JVP_FORGETS_W};
    for (size_t i = 0; i < 2; i++) {
        struct layer l;
        layer_open(&l);
        l.fault = faults[i];
        struct gradcheck_report r = layer_run(&l, NULL);
        cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_ADJOINT, GRADCHECK_FAIL));
        cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_DERIVATIVE, GRADCHECK_FAIL));
        cr_expect(strstr(r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT].evidence, "point 0"));
        cr_expect(strstr(r.rules[GRADCHECK_RULE_JVP_IS_DERIVATIVE].evidence, "y element"));
        cr_expect_eq(r.verdict, GRADCHECK_FAIL);
        cr_expect_eq(r.tensors[0].verdict, GRADCHECK_PASS, "backward is right");
    }
}

Test(gradcheck_layer, a_jvp_that_refuses_fails) {
    struct layer l;
    layer_open(&l);
    l.fault = LAYER_JVP_REFUSES;
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_fails(&r, GRADCHECK_RULE_JVP_IS_DERIVATIVE, "jvp failed at point 0"));
}

Test(gradcheck_layer, a_tangent_without_a_grad_is_held_against_differences_alone) {
    struct layer l;
    layer_open(&l);
    l.inputs[1].grad = NULL;
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_ADJOINT, GRADCHECK_NOT_CHECKED));
    cr_expect(strstr(r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT].evidence, "w has a tangent"));
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_DERIVATIVE, GRADCHECK_PASS));
    l.fault = LAYER_JVP_FORGETS_W;
    r = layer_run(&l, NULL);
    cr_expect(rule_is(&r, GRADCHECK_RULE_JVP_IS_DERIVATIVE, GRADCHECK_FAIL));
}

Test(gradcheck_layer, a_kernel_with_a_jvp_alone_is_judged_by_it) {
    struct layer l;
    layer_open(&l);
    l.kernel.backward = NULL;
    l.inputs[0].grad = l.inputs[1].grad = NULL;
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
    cr_expect(r.n_tensors == 0 && r.n_backward == 0);
    l.fault = LAYER_JVP_TWICE;
    r = layer_run(&l, NULL);
    cr_expect_eq(r.verdict, GRADCHECK_FAIL);
}

/* ---- the domain ---- */

Test(gradcheck_layer, no_evaluation_leaves_the_stated_domain) {
    static const struct {
        double lower, upper;
    } domains[] = {{-0.6, 1.2}, {0, INFINITY}, {-INFINITY, 1.25}};
    for (size_t i = 0; i < 3; i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct layer l;
            layer_open(&l);
            for (size_t k = 0; i == 1 && k < LAYER_ROOM; k++) {
                l.x[k] = 1e-3 + fabs(l.x[k]);
            }
            l.inputs[0].lower = l.low = domains[i].lower;
            l.inputs[0].upper = l.high = domains[i].upper;
            struct gradcheck_options o = {.seed = seed};
            struct gradcheck_report r = layer_run(&l, &o);
            cr_expect_eq(l.n_outside, 0u, "domain %zu: %zu times outside", i, l.n_outside);
            cr_expect_eq(r.verdict, GRADCHECK_PASS, "domain %zu: %s", i, r.summary);
        }
    }
}

/* ---- counts ---- */

struct seen {
    size_t n[2][GRADCHECK_MAX_POINTS];
    size_t n_wrong;
};

static void count_entry(void *ctx, const struct gradcheck_entry *e) {
    struct seen *seen = ctx;
    seen->n[e->place.tensor[0] == 'w'][e->point]++;
    seen->n_wrong += e->verdict != GRADCHECK_PASS || e->place.ndim != 2 ||
                     e->place.index[0] >= LAYER_ROWS || e->place.index[1] >= LAYER_COLUMNS ||
                     !(fabs(e->backward - e->numeric) <= e->bound) || !(e->step > 0) ||
                     !(e->resolution > 0 && e->resolution < 1e-8);
}

Test(gradcheck_layer, every_entry_is_told_once_a_point_and_calls_are_counted) {
    for (size_t n_points = 1; n_points <= 5; n_points += 2) {
        struct layer l;
        layer_open(&l);
        struct seen seen = {.n_wrong = 0};
        struct gradcheck_options o = {
            .n_points = n_points, .on_entry = count_entry, .on_entry_ctx = &seen};
        struct gradcheck_report r = layer_run(&l, &o);
        cr_expect_eq(seen.n_wrong, 0u);
        cr_expect_eq(r.n_points, n_points);
        for (size_t p = 0; p < GRADCHECK_MAX_POINTS; p++) {
            size_t wanted = p < n_points ? LAYER_ROWS * LAYER_COLUMNS : 0;
            cr_expect(seen.n[0][p] == wanted && seen.n[1][p] == wanted, "point %zu", p);
            cr_expect_eq(r.points[p].verdict, p < n_points ? GRADCHECK_PASS : 0);
        }
        cr_expect_eq(r.n_tensors, 2u);
        cr_expect_str_eq(r.tensors[1].name, "w");
        cr_expect_eq(r.tensors[1].n_entries, (size_t)LAYER_ROWS * LAYER_COLUMNS);
        cr_expect_eq(r.tensors[1].n_pass, n_points * LAYER_ROWS * LAYER_COLUMNS);
        cr_expect_eq(r.tensors[1].n_uncovered, 0u);
        cr_expect_eq(l.n_forward, r.n_forward);
        cr_expect_eq(l.n_backward, r.n_backward);
        cr_expect_eq(l.n_reset, r.n_forward, "reset runs before each forward");
        cr_expect_gt(r.n_forward_contract, 10u);
        cr_expect_gt(r.n_forward_screen, n_points * 3 * 4);
        cr_expect_gt(r.n_forward_elementwise, n_points * 2 * LAYER_ROWS * LAYER_COLUMNS * 4);
        cr_expect_eq(r.n_forward_location, 0u);
        cr_expect_leq(r.n_forward_contract + r.n_forward_screen + r.n_forward_elementwise,
                      r.n_forward);
        cr_expect_eq(r.screen.n_directions, 3 * n_points);
        cr_expect(r.repeatable);
    }
}

/* The phases come in their order, each with a share of its own that is done. */
struct phases {
    char names[256];
    size_t most_done; /* of the elementwise phase */
};

static int note_phase(void *ctx, const struct gradcheck_progress *p) {
    struct phases *phases = ctx;
    size_t used = strlen(phases->names), length = strlen(p->phase);
    if (used < length || strcmp(phases->names + used - length, p->phase) != 0) {
        cr_assert_lt(used + length + 1, sizeof phases->names);
        strcat(strcat(phases->names, " "), p->phase);
    }
    if (strcmp(p->phase, "elementwise") == 0) {
        phases->most_done = p->done > phases->most_done ? p->done : phases->most_done;
    }
    cr_assert(p->done <= p->total + 1, "%s: %zu of %zu", p->phase, p->done, p->total);
    return 0;
}

Test(gradcheck_layer, progress_names_the_phases_and_gets_to_their_end) {
    for (int rows = 0; rows < 2; rows++) {
        struct layer l;
        layer_open(&l);
        if (rows) {
            state_rows(&l);
        }
        struct phases phases = {.most_done = 0};
        struct gradcheck_options o = {
            .n_points = 1, .progress = note_phase, .progress_ctx = &phases};
        (void)layer_run(&l, &o);
        cr_expect_str_eq(phases.names, rows ? " contract rounding screen elementwise controls"
                                            : " contract rounding jvp screen elementwise controls");
        cr_expect_geq(phases.most_done, (size_t)2 * LAYER_ROWS * LAYER_COLUMNS - LAYER_ROWS);
    }
    struct layer l;
    layer_open(&l);
    l.kernel.jvp = NULL;
    l.inputs[0].grad_scale = 2; /* so that it is wrong */
    struct phases phases = {.most_done = 0};
    struct gradcheck_options o = {
        .n_points = 1, .screen_only = true, .progress = note_phase, .progress_ctx = &phases};
    struct gradcheck_report r = layer_run(&l, &o);
    cr_expect_str_eq(phases.names, " contract rounding screen location");
    cr_expect_eq(r.verdict, GRADCHECK_FAIL);
    cr_expect_eq(r.tensors[0].verdict, GRADCHECK_FAIL, "found in x");
    cr_expect_neq(r.tensors[1].verdict, GRADCHECK_FAIL, "and not in w");
    cr_expect_gt(r.n_forward_location, 0u);
}

Test(gradcheck_layer, controls_apply_to_every_tensor_and_are_all_caught) {
    struct layer l;
    layer_open(&l);
    struct gradcheck_report r = layer_run(&l, NULL);
    /* Six controls, two tensors, three points; the largest entry may be the smallest too, and then
     * there is nothing to swap. */
    cr_expect_eq(r.controls.n_applied + r.controls.n_not_applicable, 6u * 2 * 3);
    cr_expect_leq(r.controls.n_not_applicable, 2u * 3);
    cr_expect_eq(r.controls.n_caught, r.controls.n_applied);
    cr_expect_str_eq(r.controls.missed, "");
    struct gradcheck_options o = {.screen_only = true};
    r = layer_run(&l, &o);
    cr_expect_eq(r.controls.n_applied + r.controls.n_not_applicable, 6u * 3, "on each screen");
    cr_expect_leq(r.controls.n_not_applicable, 3u);
    cr_expect_eq(r.controls.n_caught, r.controls.n_applied);
    cr_expect_eq(r.n_forward_elementwise, 0u);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}

static int stop_at(void *ctx, const struct gradcheck_progress *p) {
    size_t *left = ctx;
    cr_assert(p->phase && p->phase[0] && p->point < p->n_points && p->done <= p->total + 1);
    return *left == 0 ? 1 : ((*left)--, 0);
}

Test(gradcheck_layer, a_run_that_is_cut_short_is_inconclusive_and_restores_the_inputs) {
    for (size_t most = 1; most < 900; most = most * 5 / 4 + 1) {
        for (int by_caller = 0; by_caller < 2; by_caller++) {
            struct layer l, before;
            layer_open(&l);
            before = l;
            size_t left = most;
            struct gradcheck_options o = {.n_points = 2};
            o.max_evaluations = by_caller ? 0 : most;
            o.progress = by_caller ? stop_at : NULL;
            o.progress_ctx = &left;
            struct gradcheck_report r = layer_run(&l, &o);
            bool stopped = by_caller ? left == 0 : r.n_forward == most;
            cr_expect_eq(r.verdict, stopped ? GRADCHECK_INCONCLUSIVE : GRADCHECK_PASS, "%zu: %s",
                         most, r.summary);
            cr_expect_eq(r.reason != GRADCHECK_NO_REASON, stopped, "%zu", most);
            cr_expect_leq(r.n_forward, most);
            cr_expect(r.repeatable);
            cr_expect_eq(memcmp(l.x, before.x, sizeof l.x) + memcmp(l.w, before.w, sizeof l.w), 0);
        }
    }
}

Test(gradcheck_layer, a_run_that_the_clock_ends_is_not_repeatable) {
    struct layer l;
    layer_open(&l);
    struct gradcheck_options o = {.max_seconds = 1e-9};
    struct gradcheck_report r = layer_run(&l, &o);
    cr_expect_eq(r.verdict, GRADCHECK_INCONCLUSIVE);
    cr_expect_eq(r.reason, GRADCHECK_BUDGET);
    cr_expect_not(r.repeatable);
}
