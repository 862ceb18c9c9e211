// SPDX-License-Identifier: MIT
/* Where the engine looks: the random points around the caller's, edges of domains, refusals. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "gradcheck/engine.h"
#include "layer.h"
#include "map.h"

struct visited {
    double x[GRADCHECK_MAX_POINTS][LAYER_ROWS][LAYER_COLUMNS];
};

static void visit(void *ctx, const struct gradcheck_entry *e) {
    struct visited *v = ctx;
    if (e->place.tensor[0] == 'x') {
        v->x[e->point][e->place.index[0]][e->place.index[1]] = e->value;
    }
}

/* Up to a quarter of itself, a zero up to a quarter of the tensor's root mean square; every point
 * another one, and the same again for the same seed. */
Test(gradcheck_points, lie_around_the_callers_own) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct visited v, again;
        for (int run = 0; run < 2; run++) {
            struct layer l;
            layer_open(&l);
            l.kernel.jvp = NULL;
            for (size_t i = 0; i < LAYER_ROOM; i++) {
                l.x[i] = i % 4 == 1 ? 0 : (i % 2 ? 1e-3 : -1e-3);
            }
            struct gradcheck_options o = {
                .seed = seed, .n_points = 5, .on_entry = visit, .on_entry_ctx = run ? &again : &v};
            (void)layer_run(&l, &o);
            for (size_t k = 0; k < (size_t)5 * LAYER_ROWS * LAYER_COLUMNS && run == 0; k++) {
                size_t p = k / (LAYER_ROWS * LAYER_COLUMNS), i = k % (LAYER_ROWS * LAYER_COLUMNS);
                double was = l.x[i], is = (&v.x[p][0][0])[i];
                double reach = was == 0 ? 1e-3 : fabs(was);
                cr_expect(fabs(is - was) <= 0.2500001 * reach, "point %zu: %g from %g", p, is, was);
                cr_expect_eq(is == was, p == 0, "point %zu: %g from %g", p, is, was);
            }
        }
        cr_expect_eq(memcmp(v.x[0], again.x[0], 5 * sizeof v.x[0]), 0);
    }
}

/* By a share of itself or, at 0, of the scale, to the end of the domain at most. */
Test(gradcheck_points, a_value_moves_within_its_domain_and_what_is_no_number_stays) {
    static const struct {
        enum gradcheck_dtype dtype;
        double lower, upper, value, by, moved;
    } table[] = {
        {GRADCHECK_F64, -INFINITY, INFINITY, 4, 0.25, 5},
        {GRADCHECK_F64, -INFINITY, INFINITY, -4, 0.25, -5},
        {GRADCHECK_F64, -INFINITY, INFINITY, 0, -0.25, -2},
        {GRADCHECK_F64, -INFINITY, INFINITY, 0x1.0000000004p+2, 0.25, 0x1.4000000005p+2},
        {GRADCHECK_F64, 0, 4.5, 4, 0.25, 4.5},
        {GRADCHECK_F64, 3.5, 9, 4, -0.25, 3.5},
        {GRADCHECK_F64, 4, 4, 4, 0.25, 4},
        {GRADCHECK_F32, -INFINITY, INFINITY, 4, 0x1p-30, 4},
        {GRADCHECK_F32, 1, 1 + 0x1p-30, 1, 0.25, 1},
        {GRADCHECK_F32, -INFINITY, INFINITY, INFINITY, 0.25, INFINITY},
        {GRADCHECK_F32, -INFINITY, INFINITY, -INFINITY, 0.25, -INFINITY},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct gradcheck_tensor t = {.dtype = table[i].dtype};
        const struct gc_input in = {.t = &t, .lower = table[i].lower, .upper = table[i].upper};
        double moved = gc_moved(&in, table[i].value, table[i].by, 8);
        cr_expect(moved == table[i].moved, "row %zu: %g", i, moved);
        cr_expect(isnan(gc_moved(&in, NAN, table[i].by, 8)), "row %zu", i);
    }
}

/* By up to a quarter of the others' root mean square, of 1 if all are 0. */
Test(gradcheck_points, zeros_move_by_the_scale_of_their_tensor) {
    static const double others[] = {0, 1e-200, 1, 1e200};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            static struct map m;
            struct gc_session s;
            struct gradcheck_report r;
            const struct gradcheck_options o = {.seed = seed};
            map_open(&m, 4, sin, cos);
            for (size_t e = 0; e < 4; e++) {
                m.x[e] = e < 2 ? 0 : -others[i];
            }
            cr_assert_eq(gc_session_open(&s, &m.kernel, &o, &r, false), GRADCHECK_OK);
            gc_choose_point(&s, 1);
            const double most = others[i] > 0 ? others[i] * sqrt(0.5) / 4 : 0.25;
            for (size_t e = 0; e < 2; e++) {
                cr_expect(fabs(s.base[e]) <= 1.000001 * most && s.base[e] != 0 &&
                              m.x[e] == s.base[e],
                          "%g beside %g", s.base[e], others[i]);
            }
            gc_session_close(&s);
        }
    }
}

/* Were they floats, a kernel that rounds to one inside would be exact there. */
Test(gradcheck_points, and_cotangents_have_all_the_digits_of_their_format) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        static struct map m;
        struct gc_session s;
        struct gradcheck_report r;
        const struct gradcheck_options o = {.seed = seed};
        size_t n_floats = 0;
        map_open(&m, MAP_MOST, sin, cos);
        for (size_t e = 0; e < MAP_MOST; e++) {
            m.x[e] = e % 2 == 0 ? 1 : 0;
        }
        cr_assert_eq(gc_session_open(&s, &m.kernel, &o, &r, false), GRADCHECK_OK);
        gc_choose_point(&s, 1);
        gc_choose_cotangent(&s);
        for (size_t e = 0; e < MAP_MOST; e++) {
            n_floats += s.base[e] == (double)(float)s.base[e];
            n_floats += s.cotangent[e] == (double)(float)s.cotangent[e];
        }
        cr_expect_eq(n_floats, 0u, "%zu", n_floats);
        gc_session_close(&s);
    }
}

static double sum_of_all(const double values[], size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
    }
    return sum;
}

/* x has a gradient, p neither that nor a tangent, q a tangent alone. */
static struct { double x[3], dx[3], tx[3], p[3], q[3], tq[3], y, dy, ty; } parameters;

static int sum_parameters(void *ctx) {
    (void)ctx;
    parameters.y =
        sum_of_all(parameters.x, 3) + sum_of_all(parameters.p, 3) + sum_of_all(parameters.q, 3);
    return 0;
}

static int sum_parameters_back(void *ctx) {
    (void)ctx;
    for (size_t i = 0; i < 3; i++) {
        parameters.dx[i] = parameters.dy;
    }
    return 0;
}

static int sum_parameters_along(void *ctx) {
    (void)ctx;
    parameters.ty = sum_of_all(parameters.tx, 3) + sum_of_all(parameters.tq, 3);
    return 0;
}

Test(gradcheck_points, differ_from_each_other_but_in_what_has_no_derivative) {
    struct gradcheck_tensor inputs[] = {GRADCHECK_INPUT("x", parameters.x, parameters.dx, 3),
                                        GRADCHECK_INPUT("p", parameters.p, NULL, 3),
                                        GRADCHECK_INPUT("q", parameters.q, NULL, 3)};
    struct gradcheck_tensor output = GRADCHECK_OUTPUT("y", &parameters.y, &parameters.dy);
    const struct gradcheck_kernel kernel = {.name = "parameters",
                                            .inputs = inputs,
                                            .n_inputs = 3,
                                            .outputs = &output,
                                            .n_outputs = 1,
                                            .forward = sum_parameters,
                                            .backward = sum_parameters_back,
                                            .jvp = sum_parameters_along};
    struct gc_session s;
    struct gradcheck_report r;
    double points[GRADCHECK_MAX_POINTS][9];
    inputs[0].tangent = parameters.tx;
    inputs[2].tangent = parameters.tq;
    output.tangent = &parameters.ty;
    for (size_t i = 0; i < 3; i++) {
        parameters.x[i] = parameters.p[i] = parameters.q[i] = 1 + (double)i;
    }
    cr_assert_eq(gc_session_open(&s, &kernel, NULL, &r, false), GRADCHECK_OK, "%s", r.summary);
    for (size_t k = 0; k < GRADCHECK_MAX_POINTS; k++) {
        gc_choose_point(&s, k);
        memcpy(points[k], s.base, sizeof points[k]);
        for (size_t before = 0; before < k; before++) {
            for (size_t e = 0; e < 9; e++) {
                cr_expect_eq(points[before][e] == points[k][e], e / 3 == 1,
                             "entry %zu of %zu and %zu", e, before, k);
            }
        }
    }
    gc_session_close(&s);
}

/* An output that moved at one point may be saturated at another. */
Test(gradcheck_points, tell_anew_which_outputs_move) {
    static struct map m;
    struct gc_session s;
    struct gradcheck_report r;
    map_open(&m, 3, sin, cos);
    map_start(&m, &s, NULL, &r);
    memset(s.alive, 1, s.n_outs);
    gc_choose_point(&s, 1);
    cr_expect(s.alive[0] == 0 && s.alive[1] == 0 && s.alive[2] == 0);
    gc_session_close(&s);
}

Test(gradcheck_points, an_entry_without_room_is_not_moved_and_not_judged) {
    struct layer l;
    layer_open(&l);
    for (size_t i = 0; i < LAYER_ROOM; i++) {
        l.x[i] = 0.5;
    }
    l.inputs[0].lower = l.inputs[0].upper = l.low = l.high = 0.5;
    struct gradcheck_report r = layer_run(&l, NULL);
    cr_expect_eq(l.n_outside, 0u);
    cr_expect_eq(r.tensors[0].verdict, GRADCHECK_INCONCLUSIVE, "%s", r.summary);
    cr_expect_eq(r.tensors[0].reason, GRADCHECK_DOMAIN_EDGE, "%s",
                 gradcheck_reason_name(r.tensors[0].reason));
    cr_expect_eq(r.tensors[1].verdict, GRADCHECK_PASS);
}

static double bent(double x) {
    return 1 + 1e-3 * (x * x + x);
}

static double bent_slope(double x) {
    return 1e-3 * (2 * x + 1);
}

/* Where noise asks for larger steps, there may be no room for them. */
Test(gradcheck_points, no_step_leaves_a_narrow_domain) {
    for (int i = 0; i < 32; i++) {
        const double width = pow(10, 0.5 - 0.5 * (i / 4));
        struct gradcheck_options o = {.seed = (uint64_t)i, .n_points = 1, .thorough = i % 2 == 1};
        struct gradcheck_report r;
        static struct map m;
        map_open(&m, 8, bent, bent_slope);
        m.noise = i % 4 < 2 ? 1e-12 : 1e-9;
        for (size_t e = 0; e < 8; e++) {
            m.x[e] = 1 + 0.02 * width * (double)e;
        }
        m.inputs[0].lower = 1 - width;
        m.inputs[0].upper = 1 + width;
        m.low = INFINITY;
        m.high = -INFINITY;
        cr_assert_eq(gradcheck_run(&m.kernel, &o, &r), GRADCHECK_OK);
        cr_expect(m.low >= 1 - width && m.high <= 1 + width, "case %d: %g to %g of %g", i,
                  m.low - 1, m.high - 1, width);
        cr_expect_neq(r.verdict, GRADCHECK_FAIL, "case %d: %s", i, r.summary);
    }
}

/* ---- cotangents ---- */

enum { SEEDS = 2, CHOSEN = SEEDS * GRADCHECK_MAX_POINTS };

static struct map watched;
static double chosen[CHOSEN];
static size_t n_chosen, n_due;

static int note_point(void *ctx, const struct gradcheck_progress *progress) {
    const uint64_t *seed = ctx;
    if (strcmp(progress->phase, "rounding") == 0) {
        n_due = *seed * GRADCHECK_MAX_POINTS + progress->point + 1;
    }
    return 0;
}

/* The first call in a phase in which they are moved by some units in the last place. */
static double note_cotangent(double x) {
    if (n_chosen < n_due) {
        chosen[n_chosen++] = watched.dy[0];
    }
    return bent_slope(x);
}

Test(gradcheck_points, have_cotangents_of_their_own) {
    n_chosen = n_due = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const struct gradcheck_options o = {.seed = seed,
                                            .n_points = GRADCHECK_MAX_POINTS,
                                            .screen_only = true,
                                            .progress = note_point,
                                            .progress_ctx = &seed};
        struct gradcheck_report r;
        map_open(&watched, 1, bent, note_cotangent);
        cr_assert_eq(gradcheck_run(&watched.kernel, &o, &r), GRADCHECK_OK, "%s", r.summary);
    }
    cr_assert_eq(n_chosen, (size_t)CHOSEN, "%zu", n_chosen);
    for (size_t i = 0; i < CHOSEN; i++) {
        for (size_t k = 0; k < i; k++) {
            cr_expect(fabs(chosen[i] - chosen[k]) > 1e-9, "%zu and %zu: %g", k, i, chosen[i]);
        }
    }
}

/* ---- one function of one number that refuses beyond an edge ---- */

struct edge {
    double x, dx, y, dy, factor;
    double low, high; /* forward refuses outside */
    size_t n_refused;
    struct gradcheck_tensor input, output;
    struct gradcheck_kernel kernel;
};

static int edge_forward(void *ctx) {
    struct edge *t = ctx;
    t->y = exp(0.5 * t->x);
    bool inside = t->x >= t->low && t->x <= t->high;
    t->n_refused += !inside;
    return !inside;
}

static int edge_backward(void *ctx) {
    struct edge *t = ctx;
    t->dx = t->factor * 0.5 * t->y * t->dy;
    return 0;
}

static struct gradcheck_report run_edge(double low, double high, bool stated, double factor) {
    struct edge t = {.x = 2, .low = low, .high = high, .factor = factor};
    t.input = (struct gradcheck_tensor){.name = "x", .value = &t.x, .grad = &t.dx};
    t.output = (struct gradcheck_tensor){.name = "y", .value = &t.y, .grad = &t.dy};
    if (stated) {
        t.input.lower = low;
        t.input.upper = high;
    }
    t.kernel = (struct gradcheck_kernel){.name = "edge",
                                         .inputs = &t.input,
                                         .n_inputs = 1,
                                         .outputs = &t.output,
                                         .n_outputs = 1,
                                         .forward = edge_forward,
                                         .backward = edge_backward,
                                         .ctx = &t};
    struct gradcheck_options o = {.n_points = 1};
    struct gradcheck_report r;
    cr_assert_eq(gradcheck_run(&t.kernel, &o, &r), GRADCHECK_OK, "%s", r.summary);
    cr_expect(!stated || t.n_refused == 0, "%zu calls outside what was stated", t.n_refused);
    return r;
}

Test(gradcheck_points, at_an_edge_the_other_side_is_enough) {
    static const struct {
        double low, high;
    } edges[] = {{2, INFINITY}, {-INFINITY, 2}, {2, 3}, {1, 2}, {1.999, 9}, {-9, 2.001}};
    for (size_t i = 0; i < 6; i++) {
        for (int stated = 0; stated < 2; stated++) {
            struct gradcheck_report r = run_edge(edges[i].low, edges[i].high, stated, 1);
            cr_expect_eq(r.verdict, GRADCHECK_PASS, "edge %zu, stated %d: %s", i, stated,
                         r.summary);
            cr_expect(r.resolution < 1e-5, "edge %zu, stated %d: %g", i, stated, r.resolution);
            r = run_edge(edges[i].low, edges[i].high, stated, 1.001);
            cr_expect_eq(r.verdict, GRADCHECK_FAIL, "edge %zu, stated %d: %s", i, stated,
                         r.summary);
        }
    }
}
