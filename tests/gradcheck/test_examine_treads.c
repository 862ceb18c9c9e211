// SPDX-License-Identifier: MIT
/* One entry of a function on treads, of its input or of its output: what scatters above those that
 * stand still is noise, and so is the grid that the output is on, if it is fine. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/examine.h"
#include "gradcheck/map.h"

/* y = scale (f(x) + noise), of which one may be a float. */
struct treads {
    double (*f)(double x);
    double scale, noise, tread, accuracy, far;
    double upper; /* of the domain from x on; 0: none is stated */
    bool float_in, float_out;
    double x, dx, y, dy, z, dz;
    float x_float, dx_float, y_float, dy_float;
};

static struct treads t;
static struct gc_session s;
static struct gradcheck_report r;
static struct gc_finding found;

static double noise_at(double x) {
    struct gc_random random;
    union {
        double number;
        uint64_t bits;
    } of = {.number = x};
    gc_random_seed(&random, of.bits, 1);
    return 2 * gc_random_uniform(&random) - 1;
}

static int tread_forward(void *ctx) {
    struct treads *p = ctx;
    const double x = p->float_in ? (double)p->x_float : p->x;
    p->y = p->scale * (p->f(x) + p->noise * noise_at(x));
    p->y_float = (float)p->y;
    p->z = p->far + 3 * x;
    return 0;
}

static int tread_backward(void *ctx) {
    struct treads *p = ctx;
    p->dx = 0;
    p->dx_float = 0;
    return 0;
}

/* The cotangent of y is 1; z counts if its own is not 0. */
static void examine(double x, uint64_t seed, double cotangent_of_z) {
    static struct gradcheck_tensor in, out[2];
    static struct gradcheck_kernel k;
    const struct gradcheck_options o = {.n_points = 1, .seed = seed};
    t.x = x;
    t.x_float = (float)x;
    in = t.float_in ? (struct gradcheck_tensor)GRADCHECK_INPUT("x", &t.x_float, &t.dx_float)
                    : (struct gradcheck_tensor)GRADCHECK_INPUT("x", &t.x, &t.dx);
    in.lower = t.upper != 0 ? x : 0;
    in.upper = t.upper;
    out[0] = t.float_out ? (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &t.y_float, &t.dy_float)
                         : (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", &t.y, &t.dy);
    out[1] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("z", &t.z, &t.dz);
    k = (struct gradcheck_kernel){.name = "treads",
                                  .inputs = &in,
                                  .n_inputs = 1,
                                  .outputs = out,
                                  .n_outputs = cotangent_of_z != 0 ? 2 : 1,
                                  .accuracy = t.accuracy,
                                  .accuracy_reason = "a table",
                                  .forward = tread_forward,
                                  .backward = tread_backward,
                                  .ctx = &t};
    cr_assert_eq(gc_session_open(&s, &k, &o, &r, false), GRADCHECK_OK, "%s", r.summary);
    gc_choose_point(&s, 0);
    gc_choose_cotangent(&s);
    s.cotangent[0] = 1;
    if (cotangent_of_z != 0) {
        s.cotangent[1] = cotangent_of_z;
    }
    cr_assert_eq(gc_forward(&s, s.y0), GC_DONE);
    gc_examine(&s, 0, true, &found);
    gc_session_close(&s);
}

static double floor_of_exp(double x) {
    return t.tread * floor(exp(x) / t.tread);
}

static double line_of_float(double x) {
    return (double)(float)(1 + 1e-3 * x);
}

static double line_slope(double x) {
    (void)x;
    return 1e-3;
}

static double exp_of_round(double x) {
    return exp(t.tread * round(x / t.tread));
}

static double rippled_line(double x) {
    return x + sin(1e9 * x) / 1e9;
}

static double rippled_slope(double x) {
    return 1 + cos(1e9 * x);
}

static double exp_of_float(double x) {
    return exp((double)(float)x);
}

/* And ripples finer than most steps are no noise: their middle has another slope. */
Test(gradcheck_treads, do_not_make_the_derivative_zero) {
    static const struct {
        double (*f)(double), (*slope)(double);
        double tread, noise, x;
        uint64_t seed;
        bool float_in, float_out;
        double most; /* bound, relative */
    } rows[] = {
        {line_of_float, line_slope, 0, 1e-12, 0.7 + 0.1237 * 11, 11, true, false, 0.005},
        {floor_of_exp, exp, 1e-3, 0, 0.7 + 0.1237 * 3, 3, false, false, 0.04},
        {floor_of_exp, exp, 1e-3, 0, 1.37, 16, true, false, 0.04},
        {floor_of_exp, exp, 2e-5, 0, 0.7, 0, true, false, 1e-3},
        {floor_of_exp, exp, 1e-5, 0, 0.00137, 13, true, true, 0.02},
        {exp_of_round, exp, 0x1p-16, 1e-6, 0.7 + 0.1237 * 6, 6, false, false, 1e-3},
        {exp_of_float, exp, 0, 0, 0.7, 0, false, false, 1e-5},
        {rippled_line, rippled_slope, 0, 0, 0.6 + 0.0137 * 316, 316, false, false, 0.2},
        {floor_of_exp, exp, 1e-12, 0, 0.7 + 0.1237 * 8, 8, false, false, 1e-10},
    };
    static const double scales[] = {0x1p-660, 1, 0x1p660};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double first = 0;
        for (size_t k = 0; k < 3; k++) {
            if (rows[i].float_out && scales[k] != 1) {
                continue;
            }
            t = (struct treads){.f = rows[i].f,
                                .scale = scales[k],
                                .noise = rows[i].noise,
                                .tread = rows[i].tread,
                                .float_in = rows[i].float_in,
                                .float_out = rows[i].float_out};
            examine(rows[i].x, rows[i].seed, 0);
            const double slope = rows[i].slope(rows[i].x);
            const double off = fabs(found.estimate.value / t.scale - slope);
            const double bound = found.estimate.bound / t.scale;
            cr_expect(off <= bound && bound <= rows[i].most * slope, "row %zu, scale %g: %g +- %g",
                      i, t.scale, found.estimate.value / t.scale, bound);
            first = k == 0 ? bound : first;
            cr_expect(rows[i].float_out || bound == first, "row %zu, scale %g: %a, not %a", i,
                      t.scale, bound, first);
        }
    }
}

/* From the coarsest: two levels of a straight line, three of one that is noisy, one of a kink, of
 * which both sides are as steep, and one that stands still; what is finer is refused. */
static double still_below_a_kink(double x) {
    const double d = x - 1, size = fabs(d) / (0.7 * 0.25);
    if (size < 0x1p-12) {
        return d == 0 ? 0 : NAN;
    }
    return size < 0x1p-10  ? 0
           : size < 0x1p-8 ? fabs(d)
           : size < 0x1p-2 ? d + 1e-3 * noise_at(x)
                           : d;
}

Test(gradcheck_treads, are_not_told_by_one_level_that_stands_still) {
    for (uint64_t seed = 0; seed < 6; seed++) {
        t = (struct treads){.f = still_below_a_kink, .scale = 1};
        examine(1, seed, 0);
        cr_expect(fabs(found.estimate.value) <= found.estimate.bound, "seed %d: %g +- %g",
                  (int)seed, found.estimate.value, found.estimate.bound);
    }
}

/* ---- the grid of an output ---- */

static double tread_of_itself(double x) {
    return t.tread * round(x / t.tread);
}

Test(gradcheck_treads, are_a_staircase_above_a_hundred_thousandth_of_the_value) {
    static const struct {
        double x;
        bool staircase;
    } rows[] = {{0.8237, true}, {1.45, true}, {1.6, false}, {-0.8237, true}, {-1.6, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        t = (struct treads){.f = tread_of_itself, .scale = 1, .tread = 0x1p-16};
        examine(rows[i].x, i, 0);
        cr_expect_eq(isinf(found.estimate.bound), rows[i].staircase, "%g: %g +- %g", rows[i].x,
                     found.estimate.value, found.estimate.bound);
    }
}

static double same(double x) {
    return x;
}

/* A straight line of a float, which neither samples nor steps show any noise of. */
static double noise_of_line(double upper, double accuracy, double cotangent_of_z, double far) {
    t = (struct treads){
        .f = same, .scale = 1, .float_in = true, .upper = upper, .accuracy = accuracy, .far = far};
    examine(1, 0, cotangent_of_z);
    return s.examined_noise / 0x1p-23;
}

/* To one side, from 0.98 of the room to 4 units of x: one value for each step. */
Test(gradcheck_treads, are_known_from_four_values) {
    for (int n = 2; n <= 5; n++) {
        const double noise = noise_of_line(1 + 1.2 * ldexp(0x1p-21, 2 * (n - 1)), 0, 0, 0);
        cr_expect(n >= 4 ? fabs(noise - 0.3) < 1e-6 : noise < 1e-6, "%d: %g", n, noise);
    }
}

Test(gradcheck_treads, count_above_ten_times_what_values_are_rounded_by) {
    const double coarse = noise_of_line(0, 4 * 0.09 * 0x1p-23, 0, 0);
    const double fine = noise_of_line(0, 4 * 0.15 * 0x1p-23, 0, 0);
    cr_expect(fabs(coarse - 0.3) < 1e-3 && fine > 0.14 && fine < 0.2, "%g, %g", coarse, fine);
}

Test(gradcheck_treads, of_all_outputs_count_once) {
    static const double cotangents[] = {1, 0.5, -2};
    for (size_t i = 0; i < 3; i++) {
        const double noise = noise_of_line(0, 0, cotangents[i], 0);
        const double due = 0.3 * hypot(1, cotangents[i]);
        cr_expect(fabs(noise - due) < 1e-3, "%g: %g, not %g", cotangents[i], noise, due);
    }
}

/* z is too large to be on so fine a grid, and hardly counts. */
Test(gradcheck_treads, are_held_against_the_output_they_are_of) {
    const double noise = noise_of_line(0, 0, 1e-30, 1e12);
    cr_expect(fabs(noise - 0.3) < 1e-3, "%g", noise);
}
