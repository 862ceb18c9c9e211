// SPDX-License-Identifier: MIT
/* Included by bits.c once for each dtype: REAL, BITS (its bit pattern), HEX, DTYPE, SUFFIX(name).
 */

static void SUFFIX(print_values)(const char *function, const char *shape, const REAL values[],
                                 size_t n) {
    for (size_t i = 0; i < n; i++) {
        BITS bits;
        memcpy(&bits, &values[i], sizeof bits);
        if (isnan(values[i])) {
            printf("%s %s %s %zu nan\n", function, DTYPE, shape, i);
        } else {
            printf("%s %s %s %zu %0*" HEX "\n", function, DTYPE, shape, i, (int)(2 * sizeof bits),
                   bits);
        }
    }
}

/* Multiples of 2^-20 in [-limit, limit): exact in both dtypes for a limit up to 8. */
static void SUFFIX(fill)(REAL values[], size_t n, REAL limit, uint64_t *state) {
    for (size_t i = 0; i < n; i++) {
        int32_t draw = (int32_t)(next_random(state) >> 43) - (1 << 20);
        values[i] = (REAL)draw / (REAL)(1 << 20) * limit;
    }
}

/* Even draws spread over [-800, 800], odd draws are any bit pattern at all. */
static void SUFFIX(fill_hard)(REAL z[], size_t n, uint64_t *state) {
    for (size_t i = 0; i < n; i++) {
        uint64_t draw = next_random(state);
        BITS bits = (BITS)(draw >> (64 - 8 * sizeof bits));
        memcpy(&z[i], &bits, sizeof bits);
        if (i % 2 == 0) {
            z[i] = (REAL)((double)((int64_t)(draw >> 11) - (INT64_C(1) << 52)) *
                          (800.0 / 4503599627370496.0));
        }
    }
}

static int SUFFIX(bits_sigmoid)(void) {
    enum { N = 4099 };
    static REAL z[N], y[N];
    uint64_t state = 1;
    SUFFIX(fill_hard)(z, N, &state);
    SUFFIX(neuron_sigmoid_array)(z, y, N);
    SUFFIX(print_values)("sigmoid_array", "4099", y, N);
    SUFFIX(neuron_sigmoid_derivative_array)(z, y, N);
    SUFFIX(print_values)("sigmoid_derivative_array", "4099", y, N);
    for (size_t i = 0; i < N; i++) {
        y[i] = SUFFIX(neuron_sigmoid)(z[i]);
    }
    SUFFIX(print_values)("sigmoid", "4099", y, N);
    for (size_t i = 0; i < N; i++) {
        y[i] = SUFFIX(neuron_sigmoid_derivative)(z[i]);
    }
    SUFFIX(print_values)("sigmoid_derivative", "4099", y, N);
    return 0;
}

static int SUFFIX(bits_functional)(size_t n, uint64_t *state) {
    static REAL x[1024], w[1024], dw[1024], dx[1024];
    REAL b, dy, zy[2], db;
    SUFFIX(fill)(x, n, 2, state);
    SUFFIX(fill)(w, n, 1, state);
    SUFFIX(fill)(&b, 1, 1, state);
    SUFFIX(fill)(&dy, 1, 2, state);
    int status = SUFFIX(neuron_forward)(x, w, n, b, &zy[0], &zy[1]) ||
                 SUFFIX(neuron_backward)(x, w, n, b, dy, dw, &db, dx);
    char shape[32];
    snprintf(shape, sizeof shape, "%zu", n);
    SUFFIX(print_values)("forward", shape, zy, 2);
    SUFFIX(print_values)("backward_dw", shape, dw, n);
    SUFFIX(print_values)("backward_dx", shape, dx, n);
    SUFFIX(print_values)("backward_db", shape, &db, 1);
    return status;
}

static int SUFFIX(bits_batch)(size_t rows, size_t n, size_t stride, uint64_t *state) {
    static REAL x[80 * 300], dx[80 * 300], w[300], dw[300], y[80], dy[80];
    REAL b, db;
    char shape[64];
    snprintf(shape, sizeof shape, "%zux%zu/%zu", rows, n, stride);
    SUFFIX(fill)(x, rows * stride, 2, state);
    SUFFIX(fill)(w, n, (REAL)0.5, state);
    SUFFIX(fill)(&b, 1, 1, state);
    SUFFIX(fill)(dy, rows, 2, state);
    memset(dx, 0, sizeof dx);
    struct SUFFIX(neuron) *neuron = NULL;
    struct neuron_random random;
    neuron_random_seed(&random, 42);
    int status = SUFFIX(neuron_create)(n, &random, &neuron) ||
                 SUFFIX(neuron_set_parameters)(neuron, w, n, b) ||
                 SUFFIX(neuron_forward_batch)(neuron, x, rows, n, stride, y) ||
                 SUFFIX(neuron_backward_batch)(neuron, dy, rows, dx, stride) ||
                 SUFFIX(neuron_get_gradients)(neuron, dw, n, &db) ||
                 SUFFIX(neuron_update_parameters)(neuron, (REAL)0.125) ||
                 SUFFIX(neuron_get_parameters)(neuron, w, n, &b);
    SUFFIX(neuron_free)(neuron);
    SUFFIX(print_values)("batch_y", shape, y, rows);
    SUFFIX(print_values)("batch_dx", shape, dx, rows * stride);
    SUFFIX(print_values)("batch_dw", shape, dw, n);
    SUFFIX(print_values)("batch_db", shape, &db, 1);
    SUFFIX(print_values)("batch_w_updated", shape, w, n);
    SUFFIX(print_values)("batch_b_updated", shape, &b, 1);
    return status;
}

/* The draws of three seeds, as a new neuron has them. */
static int SUFFIX(bits_init)(void) {
    enum { N = 1000 };
    static REAL w[N];
    static const uint32_t seeds[] = {0, 42, UINT32_MAX};
    int status = 0;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct SUFFIX(neuron) *neuron = NULL;
        struct neuron_random random;
        char shape[32];
        neuron_random_seed(&random, seeds[i]);
        status |= SUFFIX(neuron_create)(N, &random, &neuron) ||
                  SUFFIX(neuron_get_parameters)(neuron, w, N, NULL);
        SUFFIX(neuron_free)(neuron);
        snprintf(shape, sizeof shape, "%" PRIu32, seeds[i]);
        SUFFIX(print_values)("init", shape, w, N);
    }
    return status;
}

static int SUFFIX(bits_all)(void) {
    static const size_t rows[] = {1, 2, 3, 7, 64}, lengths[] = {1, 3, 8, 17, 64, 257};
    uint64_t state = 20240501;
    int status = SUFFIX(bits_sigmoid)() | SUFFIX(bits_init)();
    for (size_t n = 1; n <= 1024; n += n < 70 ? 1 : 159) {
        status |= SUFFIX(bits_functional)(n, &state);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            status |= SUFFIX(bits_batch)(rows[i], lengths[j], lengths[j], &state);
            status |= SUFFIX(bits_batch)(rows[i], lengths[j], lengths[j] + 3, &state);
        }
    }
    return status;
}
