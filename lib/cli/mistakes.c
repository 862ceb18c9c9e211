// SPDX-License-Identifier: MIT
/* One mistake is one row and at most one function. */
#include "mistake.h"

#include <math.h>
#include <signal.h>

static void negate_dw(struct broken *k) {
    for (size_t j = 0; j < k->n; j++) {
        k->dw[j] = -k->dw[j];
    }
}

static void double_db(struct broken *k) {
    *k->db *= 2;
}

static void divide_dx(struct broken *k) {
    for (size_t i = 0; i < k->B * k->n; i++) {
        k->dx[i] /= (double)k->B;
    }
}

static void sum_dw(struct broken *k) {
    for (size_t j = 0; j < k->n; j++) {
        k->dw[j] *= (double)k->B;
    }
}

static void forget_sigmoid(struct broken *k) {
    for (size_t i = 0; i < k->B * k->n; i++) {
        k->dx[i] = k->dy[i / k->n] * k->w[i % k->n];
    }
}

static void transpose_dx(struct broken *k) {
    for (size_t i = 0; i < k->B; i++) {
        double dz = k->dy[i] * k->y[i] * (1 - k->y[i]);
        for (size_t j = 0; j < k->n; j++) {
            k->dx[j * k->B + i] = dz * k->w[j];
        }
    }
}

static void nudge_dw(struct broken *k) {
    k->dw[0] *= 1 + 1e-9;
}

static void accumulate(struct broken *k) {
    for (size_t j = 0; j < k->n; j++) {
        k->dw[j] += k->old_dw[j];
    }
    *k->db += k->old_db;
}

static void skip_tail(struct broken *k) {
    for (size_t j = k->n - k->n % 4; j < k->n; j++) {
        k->dw[j] = k->old_dw[j];
    }
}

static void make_nan(struct broken *k) {
    k->dw[k->n - 1] = NAN;
}

static void make_zero(struct broken *k) {
    for (size_t j = 0; j < k->n; j++) {
        k->dw[j] = 0;
    }
}

static void crash(struct broken *k) {
    (void)k;
    (void)raise(SIGSEGV);
}

static void hang(struct broken *k) {
    for (volatile double *x = k->x;;) {
        (void)*x;
    }
}

const struct mistake mistakes[] = {
    {"none", "the kernel as it ships: it passes", NULL, false},
    {"sign", "dw has the wrong sign", negate_dw, false},
    {"factor-2", "db is twice what it should be", double_db, false},
    {"dx-divided-by-B", "dx is divided by the batch size, as dw and db rightly are", divide_dx,
     false},
    {"dw-not-divided-by-B", "dw is the sum over the batch instead of the mean", sum_dw, false},
    {"no-sigmoid-derivative", "dx lacks the factor y (1 - y)", forget_sigmoid, false},
    {"transposed", "dx is written column by column", transpose_dx, false},
    {"stale-cache", "backward uses the x of an earlier forward pass", NULL, true},
    {"accumulated", "dw and db are added to what was there", accumulate, false},
    {"tail-skipped", "dw is left unwritten beyond the last whole vector of four", skip_tail, false},
    {"off-by-1e-9", "one entry of dw is wrong by one part in 10^9", nudge_dw, false},
    {"nan", "one entry of dw is NaN", make_nan, false},
    {"zero", "dw is zero", make_zero, false},
    {"crash", "backward crashes", crash, false},
    {"hang", "backward never returns", hang, false},
};
const size_t n_mistakes = sizeof mistakes / sizeof mistakes[0];
