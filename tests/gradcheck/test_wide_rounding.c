// SPDX-License-Identifier: MIT
/* What the wider forward says of the narrow one: how far off its values may be, what that makes of
 * backward, which reads them, and whether both have one derivative. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gradcheck/engine.h"

/* ---- y = J x + c, of what is off in the narrow one alone; backward stores 4 J'u for f ---- */

enum { N_Y = 3, N_Z = 2, N_OUTS = N_Y + N_Z, N_F = 3, N_D = 2, N_ENTRIES = N_F + 1 + N_D };
enum { P = N_F, D }; /* entries: f first, p without a gradient, d */
static const double STORED = 4;

struct linear {
    double p, d[N_D], dd[N_D], vd[N_D];
    float f[N_F], df[N_F];
    float y[N_Y], dy[N_Y], vy[N_Y];
    double z[N_Z], dz[N_Z], vz[N_Z];
    int32_t label;
    double at[N_ENTRIES], jacobian[N_OUTS][N_ENTRIES];
    double value[N_OUTS], off[N_OUTS]; /* at the point; of the narrow one */
    double steeper[N_ENTRIES];         /* the first output of the wide one */
    bool narrow_has_a_point, wide_has_a_point;
    bool narrow_refuses;
    size_t wrong, no_number; /* entries of the gradient; N_ENTRIES: none */
    double furthest;         /* from the point */
    size_t n_other_phases;
    struct gradcheck_tensor in[3], out[3];
    struct gradcheck_kernel kernel;
    struct gradcheck_report report;
    struct gc_session s;
};

static double entry_of(const struct linear *k, size_t e) {
    return e < P ? (double)k->f[e] : e == P ? k->p : k->d[e - D];
}

static bool off_the_point(struct linear *k) {
    double most = 0;
    for (size_t e = 0; e < N_ENTRIES; e++) {
        most = fmax(most, fabs(entry_of(k, e) - k->at[e]));
    }
    k->furthest = fmax(k->furthest, most);
    return most > 0;
}

static double output(const struct linear *k, size_t i) {
    double sum = k->value[i];
    for (size_t e = 0; e < N_ENTRIES; e++) {
        sum += k->jacobian[i][e] * (entry_of(k, e) - k->at[e]);
    }
    return sum;
}

static int forward(void *ctx) {
    struct linear *k = ctx;
    for (size_t i = 0; i < N_Y; i++) {
        k->y[i] = (float)(output(k, i) + k->off[i]);
    }
    for (size_t i = 0; i < N_Z; i++) {
        k->z[i] = output(k, N_Y + i) + k->off[N_Y + i];
    }
    return k->narrow_refuses || (off_the_point(k) && k->narrow_has_a_point);
}

static int forward_wide(void *ctx, double *const outputs[]) {
    struct linear *k = ctx;
    for (size_t i = 0; i < N_OUTS; i++) {
        outputs[i < N_Y ? 0 : 2][i < N_Y ? i : i - N_Y] = output(k, i);
    }
    for (size_t e = 0; e < N_ENTRIES; e++) {
        outputs[0][0] += k->steeper[e] * (entry_of(k, e) - k->at[e]);
    }
    return off_the_point(k) && k->wide_has_a_point;
}

static int backward(void *ctx) {
    struct linear *k = ctx;
    for (size_t e = 0; e < N_ENTRIES; e++) {
        double sum = 0;
        for (size_t i = 0; i < N_OUTS; i++) {
            sum += k->jacobian[i][e] * (i < N_Y ? (double)k->dy[i] : k->dz[i - N_Y]);
        }
        sum *= e == k->wrong ? 1.5 : 1;
        sum = e == k->no_number ? NAN : sum;
        if (e < P) {
            k->df[e] = (float)(STORED * sum);
        } else if (e >= D) {
            k->dd[e - D] = sum;
        }
    }
    return 0;
}

/* Along d alone. */
static int jvp(void *ctx) {
    struct linear *k = ctx;
    for (size_t i = 0; i < N_OUTS; i++) {
        double sum = 0;
        for (size_t e = 0; e < N_D; e++) {
            sum += k->jacobian[i][D + e] * k->vd[e];
        }
        if (i < N_Y) {
            k->vy[i] = (float)sum;
        } else {
            k->vz[i - N_Y] = sum;
        }
    }
    return 0;
}

static int note_phase(void *ctx, const struct gradcheck_progress *progress) {
    struct linear *k = ctx;
    k->n_other_phases += strcmp(progress->phase, "wide") != 0 || progress->total != 1;
    return 0;
}

static const char *evidence_of(const struct linear *k) {
    return k->report.rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence;
}

static size_t own_entry(size_t i) {
    return i < N_Y ? i : D + i - N_Y;
}

/* Each output moves with an entry of its own. */
static void open_linear(struct linear *k) {
    *k =
        (struct linear){.p = 0.3, .d = {0.9, -1.1}, .f = {1.25F, -0.75F, 0.5F}, .wrong = N_ENTRIES};
    k->no_number = N_ENTRIES;
    static const double values[] = {0.5, -0.25, 2, 0.7, -0.2};
    for (size_t e = 0; e < N_ENTRIES; e++) {
        k->at[e] = entry_of(k, e);
    }
    for (size_t i = 0; i < N_OUTS; i++) {
        k->value[i] = values[i];
        k->jacobian[i][own_entry(i)] = 1 - 0.375 * (double)i;
    }
    k->in[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("f", k->f, k->df, N_F);
    k->in[0].grad_scale = STORED;
    k->in[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("p", &k->p, NULL);
    k->in[2] = (struct gradcheck_tensor)GRADCHECK_INPUT("d", k->d, k->dd, N_D);
    k->out[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", k->y, k->dy, N_Y);
    k->out[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("label", &k->label, NULL);
    k->out[2] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", k->z, k->dz, N_Z);
    k->kernel = (struct gradcheck_kernel){.name = "linear",
                                          .inputs = k->in,
                                          .n_inputs = 3,
                                          .outputs = k->out,
                                          .n_outputs = 3,
                                          .forward = forward,
                                          .backward = backward,
                                          .forward_wide = forward_wide,
                                          .ctx = k};
}

/* As a run is when it gets there, with something left in its scratch. */
static void open_session(struct linear *k, uint64_t seed) {
    struct gc_session *s = &k->s;
    const struct gradcheck_options o = {
        .seed = seed, .n_points = 1, .progress = note_phase, .progress_ctx = k};
    cr_assert_eq(gc_session_open(s, &k->kernel, &o, &k->report, false), GRADCHECK_OK, "%s",
                 k->report.summary);
    gc_choose_point(s, 0);
    gc_choose_cotangent(s);
    cr_assert_eq(gc_forward(s, s->y0), GC_DONE);
    for (size_t e = 0; e < 2 * N_ENTRIES; e++) {
        s->scratch[e] = 1e3;
    }
    k->n_other_phases = 0;
    k->report.n_forward = 0;
}

/* ---- what backward may be off by ---- */

static double share_of(const struct linear *k, size_t i) {
    double narrow = k->value[i] + k->off[i];
    return fabs((i < N_Y ? (double)(float)narrow : narrow) - k->value[i]) / fabs(k->value[i]);
}

/* Twice the sum over the outputs of what is off of their shares, since signs may be any. */
static void expect_rounding(const struct linear *k, const bool hidden[], size_t row) {
    for (size_t e = 0; e < N_ENTRIES; e++) {
        double sum = 0;
        for (size_t i = 0; i < N_OUTS; i++) {
            double part = e == P ? 0 : fabs(k->jacobian[i][e] * k->s.cotangent[i]);
            sum += hidden[i] ? 2 * part * share_of(k, i) : 0;
        }
        double found = k->s.rounding[e];
        cr_expect(fabs(found - sum) <= 1e-6 * sum, "row %zu, entry %zu: %g, not %g", row, e, found,
                  sum);
    }
}

static void put_off(struct linear *k) {
    for (size_t i = 0; i < N_OUTS; i++) {
        k->off[i] = k->value[i] * (i < N_Y ? 1e-4 : 1e-9) * (1 + 0.5 * (double)i);
    }
}

Test(gradcheck_wide, what_forward_is_off_by_is_as_much_of_a_share_of_the_gradient_in_any_unit) {
    static const bool all[] = {true, true, true, true, true};
    static const struct {
        double value, cotangent;
    } units[] = {{1, 1}, {1e-60, 1}, {1e60, 1}, {1, 1e-60}, {1, 1e60}, {1e-60, 1e60}};
    for (size_t row = 0; row < sizeof units / sizeof units[0]; row++) {
        struct linear k;
        open_linear(&k);
        for (size_t i = N_Y; i < N_OUTS; i++) {
            k.value[i] *= units[row].value;
            k.jacobian[i][own_entry(i)] *= units[row].value;
        }
        put_off(&k);
        open_session(&k, row);
        for (size_t i = N_Y; i < N_OUTS; i++) {
            k.s.cotangent[i] *= units[row].cotangent;
        }
        cr_expect(gc_widen(&k.s), "row %zu: %s", row, evidence_of(&k));
        expect_rounding(&k, all, row);
        cr_expect(k.s.numeric[0] == 0, "no derivative is known yet");
        gc_session_close(&k.s);
    }
}

/* Two outputs that an entry moves alike and one that it moves against each other. */
Test(gradcheck_wide, outputs_may_be_off_to_either_side_each) {
    static const bool all[] = {true, true, true, true, true};
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct linear k;
        open_linear(&k);
        put_off(&k);
        open_session(&k, seed);
        for (size_t i = 0; i < N_OUTS; i++) {
            k.s.cotangent[i] = 1;
        }
        k.jacobian[1][0] = 0.5;
        k.jacobian[0][1] = -k.jacobian[1][1];
        cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
        expect_rounding(&k, all, seed);
        gc_session_close(&k.s);
    }
}

/* Twice what they showed is theirs. */
Test(gradcheck_wide, what_nudges_showed_is_not_counted_again) {
    static const bool hidden[] = {false, true, false, true, false};
    struct linear k;
    open_linear(&k);
    put_off(&k);
    open_session(&k, 0);
    for (size_t i = 0; i < N_OUTS; i++) {
        k.s.wobble[i] = fabs(k.off[i]) / (hidden[i] ? 2.1 : 1.9);
    }
    cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
    expect_rounding(&k, hidden, 0);
    gc_session_close(&k.s);
}

/* It adds to what was measured, and takes eight gradients; none where nothing is hidden. */
Test(gradcheck_wide, takes_no_gradient_where_forward_is_not_off) {
    for (int is_off = 0; is_off < 2; is_off++) {
        struct linear k;
        open_linear(&k);
        if (is_off) {
            k.off[1] = 1e-4;
        }
        open_session(&k, 0);
        for (size_t e = 0; e < N_ENTRIES; e++) {
            k.s.rounding[e] = 1e-3;
        }
        cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
        cr_expect_eq(k.report.n_backward, is_off ? 8u : 0u, "%zu", k.report.n_backward);
        for (size_t e = 0; e < N_ENTRIES; e++) {
            cr_expect(is_off && e == 1 ? k.s.rounding[e] > 1e-3 : k.s.rounding[e] == 1e-3,
                      "entry %zu: %g", e, k.s.rounding[e]);
        }
        gc_session_close(&k.s);
    }
}

/* Beside an output of ordinary size; all of a value that should be tiny may be rounding. */
Test(gradcheck_wide, values_that_cancel_leave_a_number) {
    static const double values[] = {0, 1e-60};
    for (size_t row = 0; row < 2; row++) {
        struct linear k;
        open_linear(&k);
        k.value[N_Y] = values[row];
        k.off[N_Y] = 1e-9;
        open_session(&k, 0);
        cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
        for (size_t e = 0; e < N_ENTRIES; e++) {
            cr_expect(isfinite(k.s.rounding[e]), "row %zu, entry %zu: %g", row, e, k.s.rounding[e]);
        }
        cr_expect_eq(k.s.rounding[D] > 0, row == 1, "row %zu", row);
        gc_session_close(&k.s);
    }
}

Test(gradcheck_wide, a_gradient_that_cannot_be_had_says_nothing_of_its_rounding) {
    for (size_t row = 0; row <= N_ENTRIES; row++) {
        struct linear k;
        open_linear(&k);
        put_off(&k);
        open_session(&k, 0);
        k.no_number = row;
        k.narrow_refuses = row == N_ENTRIES;
        cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
        for (size_t e = 0; e < N_ENTRIES; e++) {
            bool unknown = k.narrow_refuses || e == row || e == P;
            cr_expect(unknown ? k.s.rounding[e] == 0 : k.s.rounding[e] > 0,
                      "row %zu, entry %zu: %g", row, e, k.s.rounding[e]);
        }
        gc_session_close(&k.s);
    }
}

/* ---- whether they are one function ---- */

/* Half the digits of a value, or of its output's root mean square. */
Test(gradcheck_wide, values_are_the_same_to_half_their_digits) {
    static const double units[] = {1, 1e-200, 1e200};
    static const double shares[] = {3.9, -3.9, 4.1, -4.1};
    for (size_t row = 0; row < 12 * N_OUTS; row++) {
        struct linear k;
        open_linear(&k);
        const size_t at = row / 12, first = at < N_Y ? 0 : N_Y, count = at < N_Y ? N_Y : N_Z;
        const double share = shares[row % 4];
        double squares = 0;
        for (size_t i = 0; i < count; i++) {
            squares += k.value[first + i] * k.value[first + i];
        }
        double size = fmax(fabs(k.value[at]), sqrt(squares / (double)count));
        double epsilon = at < N_Y ? (double)FLT_EPSILON : DBL_EPSILON;
        k.off[at] = share * sqrt(epsilon) * size;
        for (size_t i = N_Y; i < N_OUTS; i++) {
            double unit = units[row / 4 % 3];
            k.value[i] *= unit;
            k.off[i] *= unit;
            k.jacobian[i][own_entry(i)] *= unit;
        }
        open_session(&k, 0);
        bool same = gc_widen(&k.s);
        cr_expect_eq(same, fabs(share) < 4, "row %zu: %s", row, evidence_of(&k));
        gc_session_close(&k.s);
    }
}

/* Whatever noise was measured before. */
Test(gradcheck_wide, derivatives_differ_if_that_by_any_entry_does) {
    for (size_t e = 0; e < 2 * N_ENTRIES; e++) {
        struct linear k;
        open_linear(&k);
        k.steeper[e / 2] = 0.2;
        open_session(&k, e);
        for (size_t i = 0; i < N_OUTS && e % 2 == 1; i++) {
            k.s.sigma[i] = 1;
            k.s.line_noise_known = true;
        }
        bool same = gc_widen(&k.s);
        cr_expect_eq(same, e / 2 == P, "entry %zu: %s", e / 2, evidence_of(&k));
        gc_session_close(&k.s);
    }
}

/* Eight steps of each are tried, the first a tenth of the values, give or take. */
Test(gradcheck_wide, what_has_no_derivative_to_see_is_not_another_function) {
    for (size_t row = 0; row < 12; row++) {
        struct linear k;
        open_linear(&k);
        k.narrow_has_a_point = row % 3 != 1;
        k.wide_has_a_point = row % 3 != 0;
        open_session(&k, row);
        cr_expect(gc_widen(&k.s), "row %zu: %s", row, evidence_of(&k));
        if (row % 3 == 2) {
            cr_expect_leq(k.report.n_forward, 19u, "%zu", k.report.n_forward);
            cr_expect(k.furthest > 0.03 && k.furthest < 0.18, "%g", k.furthest);
        }
        gc_session_close(&k.s);
    }
}

Test(gradcheck_wide, tells_of_its_one_step) {
    struct linear k;
    open_linear(&k);
    put_off(&k);
    open_session(&k, 0);
    gc_phase(&k.s, "rounding", 3);
    cr_expect(gc_widen(&k.s), "%s", evidence_of(&k));
    cr_expect_eq(k.n_other_phases, 0u, "%zu", k.n_other_phases);
    gc_session_close(&k.s);
}

/* ---- in a run ---- */

static struct gradcheck_report run(struct linear *k, size_t n_points) {
    const struct gradcheck_options o = {.n_points = n_points, .no_diagnosis = true};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&k->kernel, &o, &r), GRADCHECK_OK, "%s", r.summary);
    return r;
}

static void add_jvp(struct linear *k) {
    k->in[2].tangent = k->vd;
    k->out[0].tangent = k->vy;
    k->out[2].tangent = k->vz;
    k->kernel.jvp = jvp;
}

Test(gradcheck_wide, a_tangent_is_as_coarse_at_the_next_point_as_it_was_at_the_first) {
    struct linear k;
    open_linear(&k);
    add_jvp(&k);
    k.jacobian[0][D] = 1.0 / 3;
    k.jacobian[1][D + 1] = 1.0 / 7;
    const struct gradcheck_report r = run(&k, 4);
    const struct gradcheck_rule_report *rule = &r.rules[GRADCHECK_RULE_JVP_IS_ADJOINT];
    cr_expect_eq(rule->verdict, GRADCHECK_PASS, "%s", rule->evidence);
    cr_expect_eq(r.verdict, GRADCHECK_PASS, "%s", r.summary);
}

/* An output that no gradient depends on is off, which takes some random signs. */
Test(gradcheck_wide, random_choices_of_the_screen_do_not_depend_on_what_was_hidden) {
    struct gradcheck_report r[2];
    for (int is_off = 0; is_off < 2; is_off++) {
        struct linear k;
        open_linear(&k);
        k.jacobian[0][0] = 0;
        k.off[0] = is_off ? 1e-4 : 0;
        k.wrong = D;
        r[is_off] = run(&k, 1);
    }
    cr_expect_eq(r[0].verdict, GRADCHECK_FAIL, "%s", r[0].summary);
    cr_expect_gt(r[1].n_backward, r[0].n_backward);
    cr_expect_str_not_empty(r[0].screen.evidence);
    cr_expect_str_eq(r[0].screen.evidence, r[1].screen.evidence);
}

Test(gradcheck_wide, random_choices_do_not_depend_on_whether_there_is_a_jvp) {
    struct gradcheck_report r[2];
    for (int with = 0; with < 2; with++) {
        struct linear k;
        open_linear(&k);
        k.steeper[1] = 0.2;
        if (with) {
            add_jvp(&k);
        }
        r[with] = run(&k, 1);
    }
    const char *evidence = r[0].rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence;
    cr_expect_str_not_empty(evidence);
    cr_expect_str_eq(evidence, r[1].rules[GRADCHECK_RULE_FORWARD_WIDE_AGREES].evidence);
}
