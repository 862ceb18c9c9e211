// SPDX-License-Identifier: MIT
/* Hypotheses of one term of the product rule: y = x g(x) or g(x) / x, right = +- y/x + a rest. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/bench.h"

enum { PRODUCTS = 5 };

/* x and y/x are worth so much; the rest lacks what `over` says of the value, or of the ratio. */
struct product {
    double value, ratio;
    double (*over)(double);
    bool of_ratio;
    size_t n;
};

static void lay_product_of(const struct product *p, double sign, double first, double second,
                           bool by_output) {
    bench.in[0] = bench_vector("x", p->n);
    bench.out[0] = bench_vector("y", p->n);
    bench_lay(1);
    bench_put_nothing();
    for (size_t i = 0; i < p->n; i++) {
        const double x = p->value * (1.5 + bench_wild(i));
        const double u = p->ratio * (2 + bench_wild(i + 11)) / (1.5 + bench_wild(i));
        const double ratio = sign * (i == 2 && p->over == NULL ? 0 : u); /* there but the rest */
        const double rest = p->ratio * (1.5 + bench_wild(i + 22));
        const double over = p->over != NULL ? p->over(p->of_ratio ? ratio : x) : 1;
        bench_values(0)[i] = x;
        bench.y0[i] = sign * ratio * x;
        bench_put(by_output ? i : 0, i, ratio + rest, first * ratio + second * rest / over);
    }
}

static void lay_product(double sign, double first, double second, bool by_output) {
    static const struct product plain = {1, 1, NULL, false, PRODUCTS};
    lay_product_of(&plain, sign, first, second, by_output);
}

Test(products, name_the_wrong_term_of_the_product_rule) {
    static const struct {
        double first, second; /* how often each stands */
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {0, 1, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the first term of the product rule"},
        {-1, 1, GRADCHECK_CAUSE_SIGN, "the first term of the product rule of x.grad has the wrong"},
        {0.5, 1, GRADCHECK_CAUSE_CONSTANT_FACTOR,
         "first term of the product rule of x.grad is 0.5"},
        {1, 0, GRADCHECK_CAUSE_DROPPED_TERM, "lacks the second term of the product rule"},
        {1, -1, GRADCHECK_CAUSE_SIGN,
         "the second term of the product rule of x.grad has the wrong"},
        {1, 1.7, GRADCHECK_CAUSE_CONSTANT_FACTOR,
         "second term of the product rule of x.grad is 1.7"},
        {0.7, 1.7, GRADCHECK_CAUSE_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int way = 0; way < 4; way++) {
            static const struct product units[] = {{1, 1, NULL, false, PRODUCTS},
                                                   {1e-60, 1, NULL, false, PRODUCTS},
                                                   {1e60, 1, NULL, false, PRODUCTS},
                                                   {1, 1e-60, NULL, false, PRODUCTS},
                                                   {1, 1e60, NULL, false, PRODUCTS}};
            for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
                lay_product_of(&units[u], way / 2 == 0 ? 1 : -1, rows[i].first, rows[i].second,
                               way % 2 == 0);
                bench_expect(gc_guess_product_rule, way % 2 == 0, rows[i].cause, rows[i].text, i);
            }
        }
    }
}

static double itself(double q) {
    return q;
}
static double doubled(double q) {
    return 2 * q;
}
static double slopes(double q) {
    return 4 * q * (1 - q);
}

/* Of two entries at least: of one it is any factor. */
Test(products, name_what_the_second_term_of_the_product_rule_lacks) {
    static const struct {
        struct product p;
        enum gradcheck_cause cause;
        const char *text;
    } rows[] = {
        {{1, 1, itself, false, PRODUCTS},
         GRADCHECK_CAUSE_MISSING_FACTOR,
         "in x.grad lacks the value itself"},
        {{1e-60, 1, itself, false, PRODUCTS}, GRADCHECK_CAUSE_MISSING_FACTOR, "the value itself"},
        {{1, 1, doubled, true, PRODUCTS},
         GRADCHECK_CAUSE_MISSING_FACTOR,
         "in x.grad lacks a factor of the outer derivative"},
        {{1, 1, slopes, true, PRODUCTS},
         GRADCHECK_CAUSE_MISSING_FACTOR,
         "in x.grad lacks the outer derivative"},
        {{1, 1, itself, false, 2}, GRADCHECK_CAUSE_MISSING_FACTOR, "lacks the value itself"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int way = 0; way < 4; way++) {
            lay_product_of(&rows[i].p, way / 2 == 0 ? 1 : -1, 1, 1, way % 2 == 0);
            bench_expect(gc_guess_product_rule, way % 2 == 0, rows[i].cause, rows[i].text, i);
            const double expected = 0.9 * gc_support(rows[i].p.n == 2 ? 4 : 6);
            const double found = bench_confidence(gc_guess_product_rule, way % 2 == 0);
            cr_expect(fabs(found - expected) < 1e-14, "row %zu: %g", i, found);
        }
    }
}

Test(products, want_two_ratios_of_a_product) {
    for (size_t n = 1; n <= 3; n++) {
        lay_product(1, 1, 0, true);
        for (size_t i = n; i < PRODUCTS; i++) {
            bench_put(i, i, bench.y0[i] / bench_values(0)[i], bench.y0[i] / bench_values(0)[i]);
        }
        bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                     n > 1 ? "lacks the second term of the product rule" : NULL, n);
    }
}

/* y[i] = x g[i](x) */
Test(products, find_the_wrong_term_of_the_product_with_a_scalar) {
    bench.in[0] = bench_vector("x", 1);
    bench.out[0] = bench_vector("y", PRODUCTS);
    bench_lay(1);
    for (size_t r = 0; r < PRODUCTS; r++) {
        bench_put(r, 0, bench.y0[r] / bench_values(0)[0] + 2 + bench_wild(r),
                  bench.y0[r] / bench_values(0)[0]);
    }
    bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                 "lacks the second term of the product rule", 0);
    for (size_t r = 0; r < PRODUCTS; r++) { /* over x, which is a number like any other */
        const double u = bench.y0[r] / bench_values(0)[0];
        bench_put(r, 0, u + 2 + bench_wild(r), u + (2 + bench_wild(r)) / bench_values(0)[0]);
    }
    bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_CONSTANT_FACTOR,
                 "second term of the product rule of x.grad is", 0);
}

/* y[r] over x[c], for all of both: of the first output there is no rest. */
Test(products, find_the_rest_of_a_product_behind_outputs_without_any) {
    bench.in[0] = bench_vector("x", PRODUCTS);
    bench.out[0] = bench_vector("y", PRODUCTS);
    bench_lay(1);
    for (size_t k = 0; k < PRODUCTS * PRODUCTS; k++) {
        const size_t r = k / PRODUCTS;
        const size_t c = k % PRODUCTS;
        bench_values(0)[c] = 1.5 + bench_wild(c);
        bench.y0[r] = 2 + bench_wild(r + 11);
        const double u = bench.y0[r] / bench_values(0)[c];
        bench_put(r, c, u + (r == 0 ? 0 : 1.5 + bench_wild(k + 22)), u);
    }
    bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                 "lacks the second term of the product rule", 0);
}

/* An element that is 0, or as good as 0, which backward has as far off as it may be known to be. */
Test(products, want_nothing_of_a_product_where_nothing_belongs) {
    static const struct {
        double right, got; /* of its error */
        bool found;
    } rows[] = {{0, 0.9, true}, {0, 1.5, false}, {1.9, 2.8, true}, {-1.9, -1.1, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lay_product(1, 1, 0, true);
        bench_put(0, 1, 1e-3 * rows[i].right, 1e-3 * rows[i].got);
        bench.error[bench_at(0, 1)] = 1e-3;
        bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_DROPPED_TERM,
                     rows[i].found ? "lacks the second term of the product rule" : NULL, i);
    }
}

Test(products, take_a_factor_from_an_element_that_is_known_well) {
    static const double known[] = {60, 99, 100.5, 110}; /* times as large as its error */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        lay_product(1, 1, -1, true);
        const double rest = (1.5 + bench_wild(22)) * known[i] / (known[i] - 0.8);
        bench.right[bench_at(0, 0)] += rest * 0.8 / known[i];
        bench.error[bench_at(0, 0)] = rest / known[i];
        bench_expect(gc_guess_product_rule, true, GRADCHECK_CAUSE_SIGN,
                     known[i] < 100 ? "the second term of the product rule of x.grad has the wrong"
                                    : NULL,
                     i);
    }
}
