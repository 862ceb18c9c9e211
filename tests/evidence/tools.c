// SPDX-License-Identifier: MIT
/* What the experiments share: random numbers, sums, one call of the engine. */
#include <math.h>
#include <stdlib.h>

#include "evidence.h"

uint64_t random_bits(struct random *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct random random_from(uint64_t experiment, uint64_t draw) {
    struct random r = {experiment * UINT64_C(0xd1342543de82ef95) + draw};
    r.state = random_bits(&r);
    return r;
}

double random_uniform(struct random *r, double low, double high) {
    return low + (high - low) * ((double)(random_bits(r) >> 11) * 0x1p-53);
}

double random_normal(struct random *r) {
    double u = 1 - random_uniform(r, 0, 1), v = random_uniform(r, 0, 1);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

struct totals totals_of(const struct outcome outcomes[], size_t n) {
    struct totals t = {.n = n};
    for (size_t i = 0; i < n; i++) {
        const struct outcome *o = &outcomes[i];
        t.n_judged += o->n_judged;
        t.n_violated += o->n_violated;
        t.n_false_fail += o->n_false_fail;
        t.n_wrong += o->n_wrong;
        t.n_caught += o->n_caught;
        t.n_inconclusive += o->verdict == GRADCHECK_INCONCLUSIVE;
        t.n_passed += o->verdict == GRADCHECK_PASS || o->verdict == GRADCHECK_INACCURATE;
    }
    return t;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(double values[], size_t n) {
    if (n == 0) {
        return 0;
    }
    qsort(values, n, sizeof *values, by_size);
    return values[n / 2];
}

void check(const struct gradcheck_kernel *k, const struct gradcheck_options *options, FILE *talk,
           struct gradcheck_report *report) {
    enum gradcheck_status status = gradcheck_run(k, options, report);
    if (status != GRADCHECK_OK) {
        fprintf(talk ? talk : stderr, "%s: %s: %s\n", k->name, gradcheck_status_text(status),
                report->summary);
    }
    if (talk) {
        gradcheck_print(report, talk);
    }
}
