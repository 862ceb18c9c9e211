// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* nanosleep */
/* One case in its worker: right kernels pass, and each way to be wrong is found and named. */
#include "gate/case.h"
#include "kernels.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CASE_ID "n5-random"

static const struct gradcheck_tensor_report *tensor_of(const struct gate_case *c,
                                                       const char *name) {
    for (size_t i = 0; c->report != NULL && i < c->report->n_tensors; i++) {
        if (strcmp(c->report->tensors[i].name, name) == 0) {
            return &c->report->tensors[i];
        }
    }
    return NULL;
}

static const struct gate_array *array_of(const struct gate_case *c, const char *name) {
    for (size_t i = 0; i < c->n_arrays; i++) {
        if (strcmp(c->arrays[i].name, name) == 0) {
            return &c->arrays[i];
        }
    }
    return NULL;
}

Test(gate_case, a_right_kernel_passes_both_checks) {
    struct gate_case c = check_way(NULL, CASE_ID, 30);
    cr_assert(c.verdict == GATE_PASS, "%s %s", c.finding, c.gradient_note);
    cr_assert(c.golden == GATE_PASS && c.gradient == GATE_PASS && c.differentiable);
    cr_assert(c.n_arrays == 5 && c.n_expected == 5);
    cr_assert(c.stage == GATE_STAGE_END && c.end == PORT_DONE);
    cr_assert(c.report != NULL && c.report->n_tensors == 3 && c.report->seed == c.seed);
    cr_assert_str_eq(c.id, CASE_ID);
    cr_assert(c.finding[0] == '\0' && strstr(c.flags, "odd_n") != NULL);
    case_free(&c);
}

/* ---- wrong gradients: both parties name the tensor, golden values the entry too ---- */

static int negate(struct plain *k) {
    for (size_t i = 0; i < k->n; i++) {
        k->dw[i] = -k->dw[i];
    }
    return 0;
}

static int double_dw(struct plain *k) {
    k->dw[2] *= 2;
    return 0;
}

static int nudge(struct plain *k) {
    k->dw[3] *= 1 + 1e-9;
    return 0;
}

static int reverse(struct plain *k) {
    for (size_t i = 0; i < k->n / 2; i++) {
        double t = k->dw[i];
        k->dw[i] = k->dw[k->n - 1 - i];
        k->dw[k->n - 1 - i] = t;
    }
    return 0;
}

static int swap_x_and_w(struct plain *k) {
    for (size_t i = 0; i < k->n; i++) {
        double t = k->dw[i];
        k->dw[i] = k->dx[i];
        k->dx[i] = t;
    }
    return 0;
}

static int make_nan(struct plain *k) {
    k->dw[1] = NAN;
    return 0;
}

static int make_infinite(struct plain *k) {
    k->dw[1] = INFINITY;
    return 0;
}

static int make_zero(struct plain *k) {
    memset(k->dw, 0, k->n * sizeof k->dw[0]);
    return 0;
}

static int make_all_zero(struct plain *k) {
    memset(k->dw, 0, k->n * sizeof k->dw[0]);
    memset(k->dx, 0, k->n * sizeof k->dx[0]);
    k->db = 0;
    return 0;
}

static int forget_derivative(struct plain *k) {
    for (size_t i = 0; i < k->n; i++) {
        k->dw[i] = k->dy * k->x[i];
    }
    return 0;
}

Test(gate_case, a_wrong_gradient_fails_both_checks_and_is_named) {
    static const struct {
        struct way way;
        int at; /* the one wrong entry of w.grad, or -1 */
    } rows[] = {
        {{.name = "sign", .spoil_backward = negate}, -1},
        {{.name = "factor 2 in one entry", .spoil_backward = double_dw}, 2},
        {{.name = "1e-9 off in one entry", .spoil_backward = nudge}, 3},
        {{.name = "reversed", .spoil_backward = reverse}, -1},
        {{.name = "x and w exchanged", .spoil_backward = swap_x_and_w}, -1},
        {{.name = "NaN", .spoil_backward = make_nan}, 1},
        {{.name = "infinity", .spoil_backward = make_infinite}, 1},
        {{.name = "zero", .spoil_backward = make_zero}, -1},
        {{.name = "all zero", .spoil_backward = make_all_zero}, -1},
        {{.name = "no derivative of sigmoid", .spoil_backward = forget_derivative}, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = rows[i].way.name;
        struct gate_case c = check_way(&rows[i].way, CASE_ID, 30);
        const struct gate_array *dw = array_of(&c, "w.grad");
        const struct gradcheck_tensor_report *w = tensor_of(&c, "w");
        cr_expect(c.verdict == GATE_FAIL, "%s", name);
        cr_expect(c.golden == GATE_FAIL && dw != NULL && dw->comparison.verdict == GOLDEN_FAIL,
                  "%s", name);
        cr_expect(array_of(&c, "y")->comparison.verdict == GOLDEN_PASS, "%s", name);
        cr_expect(c.gradient == GATE_FAIL && w != NULL && w->verdict == GRADCHECK_FAIL, "%s: %s",
                  name, c.gradient_note);
        if (rows[i].at >= 0) {
            cr_expect(dw->comparison.worst.index[0] == (size_t)rows[i].at, "%s", name);
            cr_expect(w->worst.place.index[0] == (size_t)rows[i].at, "%s", name);
        }
        case_free(&c);
    }
}

/* ---- a wrong forward: golden values see it, and say which output ---- */

static int off_by_1e_12(struct plain *k) {
    k->y *= 1 + 1e-12;
    return 0;
}

static int leave_y_unwritten(struct plain *k) {
    static const unsigned char poison = 0x5A;
    memset(&k->y, poison, sizeof k->y);
    return 0;
}

Test(gate_case, a_wrong_forward_differs_from_the_golden_values) {
    static const struct way ways[] = {
        {.name = "1e-12 off", .spoil_forward = off_by_1e_12},
        {.name = "unwritten", .spoil_forward = leave_y_unwritten},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct gate_case c = check_way(&ways[i], CASE_ID, 30);
        cr_expect(c.verdict == GATE_FAIL && c.golden == GATE_FAIL, "%s", ways[i].name);
        cr_expect(array_of(&c, "y")->comparison.verdict == GOLDEN_FAIL, "%s", ways[i].name);
        cr_expect(array_of(&c, "z")->comparison.verdict == GOLDEN_PASS, "%s", ways[i].name);
        case_free(&c);
    }
}

/* The gradients of the first point, kept: golden values cannot see it, differences do. */
static int keep_first(struct plain *k) {
    static double first[64];
    static bool kept;
    size_t size = k->n * sizeof k->dw[0];
    if (!kept) {
        memcpy(first, k->dw, size);
        kept = true;
    }
    memcpy(k->dw, first, size);
    return 0;
}

Test(gate_case, a_gradient_that_is_right_only_at_the_first_point_is_caught_by_differences_alone) {
    const struct way way = {.name = "first point", .spoil_backward = keep_first};
    struct gate_case c = check_way(&way, CASE_ID, 30);
    cr_assert(c.golden == GATE_PASS);
    cr_assert(c.gradient == GATE_FAIL && c.verdict == GATE_FAIL);
    case_free(&c);
}

/* ---- kernels that misbehave ---- */

static int segv(struct plain *k) {
    (void)k;
    printf("now it happens\n");
    raise(SIGKILL); /* a sanitizer would turn SIGSEGV into a report of its own */
    return 0;
}

static int abort_it(struct plain *k) {
    (void)k;
    abort();
}

static int exit_0(struct plain *k) {
    (void)k;
    exit(0);
}

static int hang(struct plain *k) {
    volatile size_t *n = &k->n_forward;
    while (*n > 0) {
        *n = *n;
    }
    return 0;
}

static int crash_later(struct plain *k) {
    return k->n_forward > 20 ? segv(k) : 0;
}

static int refuse(struct plain *k) {
    (void)k;
    return 17;
}

static bool crash_in_open(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)out;
    (void)why;
    return segv(k) == 0;
}

static void crash_in_close(struct plain *k) {
    (void)segv(k);
}

Test(gate_case, a_kernel_that_misbehaves_is_a_finding_at_its_stage) {
    static const struct {
        struct way way;
        const char *finding;
        size_t n_arrays; /* compared before */
        enum gate_verdict golden, gradient;
    } rows[] = {
        {{.spoil_open = crash_in_open},
         "the kernel crashed by SIGKILL, during open",
         0,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_forward = segv},
         "the kernel crashed by SIGKILL, during forward",
         0,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_backward = segv},
         "the kernel crashed by SIGKILL, during backward",
         2,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_backward = crash_later},
         "the kernel crashed by SIGKILL, during gradient check",
         5,
         GATE_PASS,
         GATE_FAIL},
        {{.spoil_close = crash_in_close},
         "the kernel crashed by SIGKILL, during close",
         5,
         GATE_PASS,
         GATE_PASS},
        {{.spoil_forward = abort_it},
         "the kernel crashed by SIGABRT, during forward",
         0,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_forward = exit_0},
         "the kernel exited with code 0 in the middle, during forward",
         0,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_backward = exit_0},
         "the kernel exited with code 0 in the middle, during backward",
         2,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_forward = refuse},
         "forward returned 17 on the golden inputs",
         0,
         GATE_FAIL,
         GATE_NOT_RUN},
        {{.spoil_backward = refuse},
         "backward returned 17 on the golden inputs",
         2,
         GATE_FAIL,
         GATE_NOT_RUN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_case c = check_way(&rows[i].way, CASE_ID, 30);
        cr_expect(c.verdict == GATE_FAIL, "%s", rows[i].finding);
        cr_expect_str_eq(c.finding, rows[i].finding);
        cr_expect(c.n_arrays == rows[i].n_arrays, "%s: %zu", rows[i].finding, c.n_arrays);
        cr_expect(c.golden == rows[i].golden, "%s: %s", rows[i].finding,
                  gate_verdict_name(c.golden));
        cr_expect(c.gradient == rows[i].gradient, "%s: %s", rows[i].finding,
                  gate_verdict_name(c.gradient));
        case_free(&c);
    }
}

Test(gate_case, a_kernel_that_hangs_is_stopped) {
    const struct way way = {.name = "hang", .spoil_backward = hang};
    struct gate_case c = check_way(&way, CASE_ID, 1);
    cr_assert(c.verdict == GATE_FAIL && c.end == PORT_TIMED_OUT);
    cr_assert(strncmp(c.finding, "the kernel timed out after ", 27) == 0, "%s", c.finding);
    cr_assert(strstr(c.finding, "during backward") != NULL);
    case_free(&c);
}

/* Four times too slow for the calls that a whole check takes, and each far shorter than what the
 * time limit leaves to the rest: a busy machine changes nothing. */
static int forward_slowly(struct plain *k) {
    if (k->n_forward > 3) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return 0;
}

Test(gate_case, a_slow_kernel_is_inconclusive_not_hung) {
    const struct way way = {.name = "slow", .spoil_forward = forward_slowly};
    struct gate_case c = check_way(&way, "n33-random", 4);
    cr_assert(c.end == PORT_DONE && c.golden == GATE_PASS);
    cr_assert(c.gradient == GATE_INCONCLUSIVE && c.verdict == GATE_INCONCLUSIVE, "%s %s",
              gate_verdict_name(c.gradient), c.gradient_note);
    cr_assert(c.report != NULL && !c.report->repeatable);
    case_free(&c);
}

static int talk(struct plain *k) {
    (void)k;
    for (int i = 0; i < 100; i++) {
        printf("%0999d\n", i);
    }
    fflush(stdout);
    return 0;
}

Test(gate_case, what_a_kernel_prints_is_kept_in_bounds_and_is_no_finding) {
    const struct way way = {.name = "talk", .spoil_backward = talk};
    struct gate_case c = check_way(&way, "n1-random", 60);
    cr_assert(c.verdict == GATE_PASS, "%s%s", c.finding, c.gradient_note);
    cr_assert(c.talk_size == PORT_TALK_SIZE && c.talk_total >= 100000);
    cr_assert(memcmp(c.talk, "0000", 4) == 0);
    case_free(&c);
}

#ifdef __SANITIZE_ADDRESS__
static int leak(struct plain *k) {
    char *volatile lost = malloc(77);
    lost = NULL;
    return lost == NULL && k->n > 0 ? 0 : 1;
}

Test(gate_case, a_kernel_that_leaks_fails_under_the_sanitizer) {
    const struct way way = {.name = "leak", .spoil_backward = leak};
    struct gate_case c = check_way(&way, CASE_ID, 60);
    cr_assert(c.verdict == GATE_FAIL && c.golden == GATE_PASS && c.gradient == GATE_PASS);
    cr_assert(strstr(c.finding, "after its work: a leak, or an exit handler that fails") != NULL,
              "%s", c.finding);
    cr_assert(c.talk_size > 0);
    case_free(&c);
}
#endif

/* ---- where the gradient check does not apply ---- */

Test(gate_case, non_finite_inputs_have_golden_values_but_no_gradient_check) {
    static const struct {
        const char *id, *note;
    } rows[] = {{"nan-feature", " is NaN: nothing to differentiate"},
                {"inf-bias", "b is infinite: nothing to differentiate"},
                {"nan-dy", "y.grad is NaN: nothing to differentiate"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gate_case c = check_way(NULL, rows[i].id, 30);
        cr_expect(c.golden == GATE_PASS && c.gradient == GATE_NOT_APPLICABLE, "%s", rows[i].id);
        cr_expect(c.verdict == GATE_PASS && c.differentiable, "%s", rows[i].id);
        cr_expect(strstr(c.gradient_note, rows[i].note) != NULL, "%s", c.gradient_note);
        case_free(&c);
    }
}

static int drop_nan(struct plain *k) {
    k->y = isnan(k->y) ? 0.5 : k->y;
    return 0;
}

Test(gate_case, a_kernel_that_swallows_nan_fails) {
    const struct way way = {.name = "swallows NaN", .spoil_forward = drop_nan};
    struct gate_case c = check_way(&way, "nan-feature", 30);
    cr_assert(c.verdict == GATE_FAIL && c.golden == GATE_FAIL);
    cr_assert(array_of(&c, "y")->comparison.mismatch == GOLDEN_NAN);
    case_free(&c);
}

static bool no_gradient(struct plain *k, struct gate_kernel *out, char why[]) {
    (void)k;
    (void)why;
    out->no_gradient = "not today";
    out->check.backward = NULL;
    return true;
}

Test(gate_case, a_kernel_without_gradients_needs_none) {
    const struct way way = {.spoil_open = no_gradient};
    const struct gate_family family = plain_family(&way);
    const struct gate_options options = {.golden_dir = "tests/golden"};
    struct golden_case copy = *neuron_case(CASE_ID);
    copy.n_expected = 2; /* z, y */
    struct gate_case c;
    cr_assert(case_run(&family, &copy, &options, &c) == GATE_OK);
    cr_assert(c.verdict == GATE_PASS && c.golden == GATE_PASS, "%s", c.finding);
    cr_assert(c.gradient == GATE_NOT_APPLICABLE && !c.differentiable && c.report == NULL);
    cr_assert_str_eq(c.gradient_note, "not today");
    case_free(&c);
}

/* ---- repeatable ---- */

Test(gate_case, the_same_seed_gives_the_same_report_and_another_does_not) {
    const struct gate_family family = plain_family(NULL);
    struct gate_options options = {.golden_dir = "tests/golden", .seed = 5};
    struct gate_case a;
    struct gate_case b;
    struct gate_case other;
    cr_assert(case_run(&family, neuron_case(CASE_ID), &options, &a) == GATE_OK);
    cr_assert(case_run(&family, neuron_case(CASE_ID), &options, &b) == GATE_OK);
    options.seed = 6;
    cr_assert(case_run(&family, neuron_case(CASE_ID), &options, &other) == GATE_OK);
    cr_assert(a.seed == b.seed && a.seed != other.seed);
    cr_assert(a.report->resolution == b.report->resolution);
    cr_assert(a.report->n_forward == b.report->n_forward);
    cr_assert(a.report->resolution != other.report->resolution);
    case_free(&a);
    case_free(&b);
    case_free(&other);
}
