// SPDX-License-Identifier: MIT
/* The loops over REAL with REAL_VECTOR, names through NAME(). Included once for each type, so
 * without a guard. Every sum has one shape, whatever the vector's width:
 *
 * - dot: element j is added to lane j mod LANES; the lanes are added in a tree, halving.
 * - dw: in a chunk of CHUNK rows, groups of GROUP rows are added in a tree and the groups one after
 *   the other, then the rows left over singly; the chunks one after the other.
 * - db: a tree in each chunk, the chunks one after the other.
 *
 * Lanes start at +0 and so never become -0: a padding of +0 products changes nothing.
 * One operation to a statement where floats are not in vectors: s390x may otherwise keep excess
 * precision between them. */

#ifndef KERNELS_SHAPE
#define KERNELS_SHAPE
enum {
    LANE_VECTORS = 128 / VECTOR_BYTES,
    CHUNK = 64, /* rows whose z, dz are held at a time; a power of 2 */
    GROUP = 8,  /* rows of x read at once for dw */
};
/* Rows are read as many streams, which hardware prefetching follows badly: where a group of rows is
 * not longer than this, the next group is fetched ahead (measured: 3 to 15 % faster). */
#define AHEAD_BYTES ((size_t)32 << 10)
/* The cache line bytes after p, which may lie behind the end of the array: nothing is read. */
#define PREFETCH(p, bytes)                                                                         \
    __builtin_prefetch(                                                                            \
        (const void *)((uintptr_t)(p) + (bytes))) /* NOLINT(performance-no-int-to-ptr) */
/* So many values are looked at together, whether all are near 0: that costs a few percent of the
 * work that it saves where they are. */
enum { SIGMOID_BLOCK = 8 * VECTOR_F64 };
/* Bytes of dx from which on it is written past the caches: it would not stay there. */
#define STREAM_BYTES ((size_t)8 << 20)
#endif

enum {
    NAME(WIDTH) = VECTOR_BYTES / sizeof(REAL),
    NAME(LANES) = 128 / sizeof(REAL),
};

VECTOR_INLINE REAL_VECTOR NAME(load)(const REAL p[]) {
    REAL_VECTOR v;
    memcpy(&v, p, sizeof v);
    return v;
}

VECTOR_INLINE void NAME(store)(REAL p[], REAL_VECTOR v) {
    memcpy(p, &v, sizeof v);
}

/* Not a - (REAL_VECTOR){0}: with excess precision a would be too wide for the vector. */
VECTOR_INLINE REAL_VECTOR NAME(all)(REAL a) {
    REAL filled[NAME(WIDTH)];
    VECTOR_UNROLL
    for (size_t i = 0; i < NAME(WIDTH); i++) {
        filled[i] = a;
    }
    return NAME(load)(filled);
}

/* count < WIDTH elements, padded with +0. */
VECTOR_INLINE REAL_VECTOR NAME(load_part)(const REAL p[], size_t count) {
    REAL padded[NAME(WIDTH)] = {0};
    for (size_t i = 0; i < count; i++) {
        padded[i] = p[i];
    }
    return NAME(load)(padded);
}

/* ---- sigmoid ---- */

VECTOR_INLINE void NAME(sigmoids_of_vector)(const REAL z[], REAL value[], REAL derivative[],
                                            enum sigmoid_range range) {
    const struct sigmoid s = NAME(sigmoid)(NAME(vector_load_as_f64)(z), range);
    if (value != NULL) {
        NAME(vector_store_from_f64)(value, s.value);
    }
    if (derivative != NULL) {
        NAME(vector_store_from_f64)(derivative, s.derivative);
    }
}

VECTOR_INLINE enum sigmoid_range NAME(sigmoid_range_of)(const REAL z[SIGMOID_BLOCK]) {
    vector_i64 near = ~(vector_i64){0};
    VECTOR_UNROLL
    for (size_t i = 0; i < SIGMOID_BLOCK; i += VECTOR_F64) {
        const vector_f64 a = sigmoid_negative(NAME(vector_load_as_f64)(z + i));
        near &= (vector_i64)(a > -SIGMOID_NEAR_LIMIT); /* not for NaN */
    }
    int64_t all = -1;
    VECTOR_UNROLL
    for (size_t i = 0; i < VECTOR_F64; i++) {
        all &= near[i];
    }
    return all != 0 ? SIGMOID_NEAR : SIGMOID_ANY;
}

VECTOR_TARGET static void NAME(sigmoid_of_one)(REAL z, REAL *value, REAL *derivative) {
    const vector_f64 v = {(double)z};
    const int near = z > -SIGMOID_NEAR_LIMIT && z < SIGMOID_NEAR_LIMIT;
    const struct sigmoid s = near ? NAME(sigmoid)(v, SIGMOID_NEAR) : NAME(sigmoid)(v, SIGMOID_ANY);
    *value = (REAL)s.value[0];
    *derivative = (REAL)s.derivative[0];
}

VECTOR_TARGET static void NAME(sigmoids)(const REAL z[], REAL value[], REAL derivative[],
                                         size_t n) {
    size_t i = 0;
    enum sigmoid_range range = SIGMOID_ANY;
    for (; n - i >= VECTOR_F64; i += VECTOR_F64) {
        if (i % SIGMOID_BLOCK == 0) {
            range = n - i >= SIGMOID_BLOCK ? NAME(sigmoid_range_of)(z + i) : SIGMOID_ANY;
        }
        REAL *values = value != NULL ? value + i : NULL;
        REAL *derivatives = derivative != NULL ? derivative + i : NULL;
        if (range == SIGMOID_NEAR) {
            NAME(sigmoids_of_vector)(z + i, values, derivatives, SIGMOID_NEAR);
        } else {
            NAME(sigmoids_of_vector)(z + i, values, derivatives, SIGMOID_ANY);
        }
    }
    if (i < n) {
        REAL rest[VECTOR_F64] = {0}, rest_value[VECTOR_F64], rest_derivative[VECTOR_F64];
        memcpy(rest, z + i, (n - i) * sizeof(REAL));
        NAME(sigmoids_of_vector)(rest, rest_value, rest_derivative, SIGMOID_ANY);
        if (value != NULL) {
            memcpy(value + i, rest_value, (n - i) * sizeof(REAL));
        }
        if (derivative != NULL) {
            memcpy(derivative + i, rest_derivative, (n - i) * sizeof(REAL));
        }
    }
}

/* ---- forward ---- */

VECTOR_INLINE void NAME(add_products)(REAL_VECTOR lanes[LANE_VECTORS], const REAL x[],
                                      const REAL_VECTOR w[LANE_VECTORS], size_t ahead) {
    if (ahead != 0) {
        PREFETCH(x, ahead);
        PREFETCH(x, ahead + 64);
    }
    VECTOR_UNROLL
    for (size_t v = 0; v < LANE_VECTORS; v++) {
        lanes[v] += NAME(load)(x + v * NAME(WIDTH)) * w[v];
    }
}

/* Adds the last rest < LANES products, then all lanes. */
VECTOR_INLINE REAL NAME(sum_of_lanes)(REAL_VECTOR lanes[LANE_VECTORS], const REAL x[],
                                      const REAL w[], size_t rest) {
    if (rest > 0) {
        REAL lane[NAME(LANES)];
        memcpy(lane, lanes, sizeof lane);
        for (size_t i = 0; i < rest; i++) {
            const REAL product = x[i] * w[i];
            lane[i] += product;
        }
        memcpy(lanes, lane, sizeof lane);
    }
    VECTOR_UNROLL
    for (size_t half = LANE_VECTORS / 2; half > 0; half /= 2) {
        VECTOR_UNROLL
        for (size_t v = 0; v < half; v++) {
            lanes[v] += lanes[v + half];
        }
    }
    REAL sum[NAME(WIDTH)];
    memcpy(sum, &lanes[0], sizeof sum);
    VECTOR_UNROLL
    for (size_t half = NAME(WIDTH) / 2; half > 0; half /= 2) {
        VECTOR_UNROLL
        for (size_t i = 0; i < half; i++) {
            sum[i] += sum[i + half];
        }
    }
    return sum[0];
}

/* The same sum for n <= 4, in registers: what small neurons wait for most (measured: a forward of 3
 * features takes 17 ns, not 25). */
VECTOR_INLINE REAL NAME(dot_of_four)(const REAL x[], const REAL w[], size_t n) {
    const REAL p0 = x[0] * w[0];
    const REAL p1 = n > 1 ? x[1] * w[1] : 0;
    const REAL p2 = n > 2 ? x[2] * w[2] : 0;
    const REAL p3 = n > 3 ? x[3] * w[3] : 0;
    REAL even = 0 + p0, odd = 0 + p1;
    even += p2;
    odd += p3;
    return even + odd;
}

/* The same sum for n < LANES, without the lanes that stay +0. */
VECTOR_INLINE REAL NAME(dot_short)(const REAL x[], const REAL w[], size_t n) {
    REAL lane[NAME(LANES)];
    for (size_t i = 0; i < n; i++) {
        const REAL product = x[i] * w[i];
        lane[i] = 0 + product;
    }
    for (size_t half = NAME(LANES) / 2; half > 0; half /= 2) {
        for (size_t i = 0; i + half < n; i++) {
            lane[i] += lane[i + half];
        }
        n = n < half ? n : half;
    }
    return lane[0];
}

/* out[r] = x[r, :] . w for rows rows, n >= LANES. */
VECTOR_INLINE void NAME(dot_rows)(const size_t rows, const REAL x[], size_t stride, const REAL w[],
                                  size_t n, REAL out[]) {
    REAL_VECTOR lanes[KERNEL_ROWS][LANE_VECTORS] = {{{0}}};
    const size_t group = rows * stride * sizeof(REAL);
    const size_t ahead = rows > 1 && group <= AHEAD_BYTES ? group : 0;
    size_t j = 0;
    for (; n - j >= NAME(LANES); j += NAME(LANES)) {
        REAL_VECTOR factor[LANE_VECTORS];
        VECTOR_UNROLL
        for (size_t v = 0; v < LANE_VECTORS; v++) {
            factor[v] = NAME(load)(w + j + v * NAME(WIDTH));
        }
        VECTOR_UNROLL
        for (size_t r = 0; r < rows; r++) {
            NAME(add_products)(lanes[r], x + r * stride + j, factor, ahead);
        }
    }
    VECTOR_UNROLL
    for (size_t r = 0; r < rows; r++) {
        out[r] = NAME(sum_of_lanes)(lanes[r], x + r * stride + j, w + j, n - j);
    }
}

VECTOR_TARGET static REAL NAME(dot)(const REAL x[], const REAL w[], size_t n) {
    if (n <= 4) {
        return NAME(dot_of_four)(x, w, n);
    }
    if (n < NAME(LANES)) {
        return NAME(dot_short)(x, w, n);
    }
    REAL sum;
    NAME(dot_rows)(1, x, n, w, n, &sum);
    return sum;
}

VECTOR_TARGET static void NAME(forward)(const struct NAME(kernels_batch) * batch, const REAL w[],
                                        REAL b, REAL y[], REAL derivative[]) {
    const size_t n = batch->n, stride = batch->stride;
    const size_t at_once = n < NAME(LANES) ? SIZE_MAX : KERNEL_ROWS;
    for (size_t first = 0; first < batch->rows; first += CHUNK) {
        const size_t rows = batch->rows - first < CHUNK ? batch->rows - first : CHUNK;
        REAL z[CHUNK];
        size_t i = 0;
        for (; rows - i >= at_once; i += KERNEL_ROWS) {
            NAME(dot_rows)
            (KERNEL_ROWS, batch->x + (first + i) * stride, stride, w, n, z + i);
        }
        for (; i < rows; i++) {
            z[i] = NAME(dot)(batch->x + (first + i) * stride, w, n);
        }
        for (i = 0; i < rows; i++) {
            z[i] += b;
        }
        NAME(sigmoids)(z, y + first, derivative + first, rows);
    }
}

/* ---- backward ---- */

VECTOR_INLINE REAL_VECTOR NAME(group_sum)(const REAL_VECTOR p[GROUP]) {
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));
}

/* part += sum over the GROUP rows of dz[r] * x[r, :] */
VECTOR_INLINE void NAME(add_group)(const REAL x[], size_t stride, const REAL dz[], size_t n,
                                   REAL part[]) {
    const size_t group = GROUP * stride * sizeof(REAL), ahead = group <= AHEAD_BYTES ? group : 0;
    REAL_VECTOR factor[GROUP], p[GROUP];
    VECTOR_UNROLL
    for (size_t r = 0; r < GROUP; r++) {
        factor[r] = NAME(all)(dz[r]);
    }
    size_t j = 0;
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        VECTOR_UNROLL
        for (size_t r = 0; r < GROUP; r++) {
            PREFETCH(x + r * stride + j, ahead);
            p[r] = NAME(load)(x + r * stride + j) * factor[r];
        }
        NAME(store)(part + j, NAME(load)(part + j) + NAME(group_sum)(p));
    }
    if (j < n) {
        for (size_t r = 0; r < GROUP; r++) {
            p[r] = NAME(load_part)(x + r * stride + j, n - j) * factor[r];
        }
        const REAL_VECTOR sum = NAME(load_part)(part + j, n - j) + NAME(group_sum)(p);
        memcpy(part + j, &sum, (n - j) * sizeof(REAL));
    }
}

/* part += dz * x */
VECTOR_INLINE void NAME(add_row)(const REAL x[], REAL dz, size_t n, REAL part[]) {
    const REAL_VECTOR factor = NAME(all)(dz);
    size_t j = 0;
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        NAME(store)(part + j, NAME(load)(part + j) + NAME(load)(x + j) * factor);
    }
    for (; j < n; j++) {
        const REAL product = x[j] * dz;
        part[j] += product;
    }
}

/* dw += part */
VECTOR_INLINE void NAME(add_part)(const REAL part[], size_t n, REAL dw[]) {
    size_t j = 0;
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        NAME(store)(dw + j, NAME(load)(dw + j) + NAME(load)(part + j));
    }
    for (; j < n; j++) {
        dw[j] += part[j];
    }
}

VECTOR_INLINE void NAME(divide)(REAL dw[], size_t n, REAL rows) {
    const REAL_VECTOR divisor = NAME(all)(rows);
    size_t j = 0;
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        NAME(store)(dw + j, NAME(load)(dw + j) / divisor);
    }
    for (; j < n; j++) {
        dw[j] /= rows;
    }
}

VECTOR_TARGET static void NAME(scale)(REAL factor, const REAL v[], size_t n, REAL out[]) {
    const REAL_VECTOR factors = NAME(all)(factor);
    size_t j = 0;
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        NAME(store)(out + j, factors * NAME(load)(v + j));
    }
    for (; j < n; j++) {
        out[j] = factor * v[j];
    }
}

#ifdef VECTOR_STREAM
/* scale past the caches, but for the ends that share a vector with other memory. */
VECTOR_INLINE void NAME(stream_row)(const REAL w[], REAL dz, size_t n, REAL dx[]) {
    const size_t past = (size_t)((uintptr_t)dx % VECTOR_BYTES) / sizeof(REAL);
    const size_t head = past == 0 ? 0 : NAME(WIDTH) - past;
    const REAL_VECTOR factor = NAME(all)(dz);
    size_t j = head < n ? head : n;
    NAME(scale)(dz, w, j, dx);
    for (; n - j >= NAME(WIDTH); j += NAME(WIDTH)) {
        VECTOR_STREAM(dx + j, factor * NAME(load)(w + j));
    }
    NAME(scale)(dz, w + j, n - j, dx + j);
}
#endif

/* Rows first..first + GROUP or fewer of dx. */
VECTOR_INLINE void NAME(write_dx)(const struct NAME(kernels_gradients) * to, int stream,
                                  const REAL w[], size_t n, size_t first, const REAL dz[],
                                  size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        REAL *dx = to->dx + (first + r) * to->dx_stride;
#ifdef VECTOR_STREAM
        if (stream) {
            NAME(stream_row)(w, dz[r], n, dx);
            continue;
        }
#endif
        (void)stream;
        NAME(scale)(dz[r], w, n, dx);
    }
}

VECTOR_INLINE REAL NAME(sum_of_chunk)(const REAL dz[CHUNK]) {
    REAL sum[CHUNK];
    memcpy(sum, dz, sizeof sum);
    for (size_t half = CHUNK / 2; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) {
            sum[i] += sum[i + half];
        }
    }
    return sum[0];
}

VECTOR_TARGET static void NAME(backward)(const struct NAME(kernels_batch) * batch, const REAL w[],
                                         const REAL dy[], const REAL derivative[],
                                         const struct NAME(kernels_gradients) * to) {
    const size_t n = batch->n;
    const int stream = batch->rows * n > STREAM_BYTES / sizeof(REAL);
    REAL dz_sum = 0;
    memset(to->dw, 0, n * sizeof(REAL));
    for (size_t first = 0; first < batch->rows; first += CHUNK) {
        const size_t rows = batch->rows - first < CHUNK ? batch->rows - first : CHUNK;
        REAL dz[CHUNK] = {0};
        for (size_t i = 0; i < rows; i++) {
            dz[i] = dy[first + i] * derivative[first + i];
        }
        dz_sum += NAME(sum_of_chunk)(dz);
        memset(to->part, 0, n * sizeof(REAL));
        for (size_t i = 0; i < rows;) {
            const REAL *x = batch->x + (first + i) * batch->stride;
            const size_t step = rows - i >= GROUP ? GROUP : 1;
            if (step == GROUP) {
                NAME(add_group)(x, batch->stride, dz + i, n, to->part);
            } else {
                NAME(add_row)(x, dz[i], n, to->part);
            }
            if (to->dx != NULL) {
                NAME(write_dx)(to, stream, w, n, first + i, dz + i, step);
            }
            i += step;
        }
        NAME(add_part)(to->part, n, to->dw);
    }
    NAME(divide)(to->dw, n, (REAL)batch->rows);
    *to->db = dz_sum / (REAL)batch->rows;
#ifdef VECTOR_STREAM
    VECTOR_FENCE();
#endif
}
