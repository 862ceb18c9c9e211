// SPDX-License-Identifier: MIT
#include "typed.h"

TYPED_TEST(SUITE(kernels), give_the_same_sigmoids) {
    enum { N = 4099 };
    REAL z[N], value[N], derivative[N], value_k[N], derivative_k[N];
    uint64_t state = 1;
    for (size_t i = 0; i < N; i++) {
        z[i] = (REAL)(760 * pow(next_value(&state), 5));
    }
    KERNELS_OF(&kernels_base).sigmoid(z, value, derivative, N);
    for (size_t k = 1; kernels_supported(k) != NULL; k++) {
        KERNELS_OF(kernels_supported(k)).sigmoid(z, value_k, NULL, N);
        KERNELS_OF(kernels_supported(k)).sigmoid(z, NULL, derivative_k, N);
        for (size_t i = 0; i < N; i++) {
            cr_expect(same_bits(&value[i], &value_k[i], sizeof *z), "%s: sigmoid(%a) = %a, %a",
                      kernels_supported(k)->name, (double)z[i], (double)value_k[i],
                      (double)value[i]);
            cr_expect(same_bits(&derivative[i], &derivative_k[i], sizeof *z),
                      "%s: sigmoid'(%a) = %a, %a", kernels_supported(k)->name, (double)z[i],
                      (double)derivative_k[i], (double)derivative[i]);
        }
    }
}

TYPED_TEST(SUITE(kernels), give_the_same_dot_products) {
    enum { MAX = 600 };
    REAL x[MAX], w[MAX];
    uint64_t state = 2;
    for (size_t j = 0; j < MAX; j++) {
        x[j] = (REAL)next_value(&state);
        w[j] = (REAL)next_value(&state);
    }
    for (size_t n = 1; n <= MAX; n++) {
        const REAL base = KERNELS_OF(&kernels_base).dot(x, w, n);
        for (size_t k = 1; kernels_supported(k) != NULL; k++) {
            const REAL got = KERNELS_OF(kernels_supported(k)).dot(x, w, n);
            cr_expect(same_bits(&got, &base, sizeof got), "%s: n = %zu: %a, %a",
                      kernels_supported(k)->name, n, (double)got, (double)base);
        }
    }
}

/* What kernels_template.h promises, written out: lanes of 128 bytes, added in a tree. */
static REAL SUITE(sum_of_lanes)(const REAL x[], const REAL w[], size_t n) {
    enum { LANES = 128 / sizeof(REAL) };
    REAL lane[LANES] = {0};
    for (size_t j = 0; j < n; j++) {
        const REAL product = x[j] * w[j];
        lane[j % LANES] += product;
    }
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) {
            lane[i] += lane[i + half];
        }
    }
    return lane[0];
}

/* Magnitudes far apart, so that every other order rounds differently; then zeros of both signs. */
TYPED_TEST(SUITE(kernels), add_products_in_the_promised_shape) {
    enum { MAX = 100 };
    REAL x[MAX], w[MAX];
    uint64_t state = 4;
    for (int trial = 0; trial < 50; trial++) {
        for (size_t j = 0; j < MAX; j++) {
            const double v = next_value(&state);
            x[j] = (REAL)(trial < 25 ? 8 * v * v * v : trunc(1.5 * v) * 0.0);
            w[j] = (REAL)next_value(&state);
        }
        for (size_t n = 1; n <= MAX; n++) {
            const REAL promised = SUITE(sum_of_lanes)(x, w, n);
            for (size_t k = 0; kernels_supported(k) != NULL; k++) {
                const REAL got = KERNELS_OF(kernels_supported(k)).dot(x, w, n);
                cr_expect(same_bits(&got, &promised, sizeof got), "%s: n = %zu: %a, not %a",
                          kernels_supported(k)->name, n, (double)got, (double)promised);
            }
        }
    }
}

struct SUITE(batch_results) {
    REAL *y, *derivative, *dw, *part, *dx, db;
};

static void SUITE(run)(const struct kernels *set, const struct KERNELS(kernels_batch) * batch,
                       const REAL w[], const REAL dy[], size_t dx_stride, size_t offset,
                       struct SUITE(batch_results) * r) {
    const size_t rows = batch->rows, n = batch->n;
    r->y = malloc(rows * sizeof(REAL));
    r->derivative = malloc(rows * sizeof(REAL));
    r->dw = malloc(n * sizeof(REAL));
    r->part = malloc(n * sizeof(REAL));
    r->dx = malloc((rows * dx_stride + offset) * sizeof(REAL));
    memset(r->dx, 0x3f, (rows * dx_stride + offset) * sizeof(REAL));
    KERNELS_OF(set).forward(batch, w, (REAL)0.1, r->y, r->derivative);
    const struct KERNELS(kernels_gradients) to = {
        .dw = r->dw, .db = &r->db, .part = r->part, .dx = r->dx + offset, .dx_stride = dx_stride};
    KERNELS_OF(set).backward(batch, w, dy, r->derivative, &to);
}

static void SUITE(release)(struct SUITE(batch_results) * r) {
    free(r->y);
    free(r->derivative);
    free(r->dw);
    free(r->part);
    free(r->dx);
}

static void SUITE(expect_products)(const struct KERNELS(kernels_batch) * batch, const REAL w[],
                                   const REAL dy[], size_t dx_stride,
                                   const struct SUITE(batch_results) * r) {
    for (size_t i = 0; i < batch->rows; i++) {
        const REAL dz = dy[i] * r->derivative[i];
        for (size_t j = 0; j < batch->n; j++) {
            const REAL product = dz * w[j], got = r->dx[i * dx_stride + j];
            cr_expect(same_bits(&got, &product, sizeof got), "%zux%zu: dx[%zu, %zu] = %a, not %a",
                      batch->rows, batch->n, i, j, (double)got, (double)product);
        }
    }
}

/* Batch sizes and widths around groups, chunks and vectors; the last is large enough to be written
 * past the caches. */
TYPED_TEST(SUITE(kernels), give_the_same_batches) {
    static const size_t shapes[][4] = {
        /* rows, n, padding of x, of dx */
        {1, 1, 0, 0},     {2, 3, 0, 0},    {3, 17, 5, 1},    {7, 31, 0, 3},  {8, 32, 0, 0},
        {9, 33, 1, 0},    {63, 15, 0, 2},  {64, 16, 0, 0},   {65, 64, 3, 3}, {127, 5, 0, 0},
        {130, 100, 0, 7}, {71, 257, 9, 0}, {8200, 261, 0, 1}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const size_t rows = shapes[s][0], n = shapes[s][1], stride = n + shapes[s][2];
        const size_t dx_stride = n + shapes[s][3];
        REAL *x = malloc(rows * stride * sizeof(REAL)), *w = malloc(n * sizeof(REAL));
        REAL *dy = malloc(rows * sizeof(REAL));
        uint64_t state = s + 1;
        for (size_t i = 0; i < rows * stride; i++) {
            x[i] = (REAL)next_value(&state);
        }
        for (size_t j = 0; j < n; j++) {
            w[j] = (REAL)next_value(&state);
        }
        for (size_t i = 0; i < rows; i++) {
            dy[i] = (REAL)next_value(&state);
        }
        const struct KERNELS(kernels_batch)
            batch = {.x = x, .rows = rows, .n = n, .stride = stride};
        struct SUITE(batch_results) base, other;
        SUITE(run)(&kernels_base, &batch, w, dy, dx_stride, 0, &base);
        SUITE(expect_products)(&batch, w, dy, dx_stride, &base);
        for (size_t k = 1; kernels_supported(k) != NULL; k++) {
            const char *name = kernels_supported(k)->name;
            const size_t offset = k; /* another alignment of dx */
            SUITE(run)(kernels_supported(k), &batch, w, dy, dx_stride, offset, &other);
            cr_expect(same_bits(base.y, other.y, rows * sizeof(REAL)), "%s: y of %zux%zu", name,
                      rows, n);
            cr_expect(same_bits(base.derivative, other.derivative, rows * sizeof(REAL)),
                      "%s: derivative of %zux%zu", name, rows, n);
            cr_expect(same_bits(base.dw, other.dw, n * sizeof(REAL)), "%s: dw of %zux%zu", name,
                      rows, n);
            cr_expect(same_bits(&base.db, &other.db, sizeof(REAL)), "%s: db of %zux%zu", name, rows,
                      n);
            cr_expect(same_bits(base.dx, other.dx + offset, rows * dx_stride * sizeof(REAL)),
                      "%s: dx or its padding of %zux%zu", name, rows, n);
            SUITE(release)(&other);
        }
        SUITE(release)(&base);
        free(x);
        free(w);
        free(dy);
    }
}
