// SPDX-License-Identifier: MIT
/* y[B, O, H', W'] = x[B, C, H, W] * w[O, C, K, K] + b[O], with zero padding and a stride. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(dx_negated, SIGN)                                                                            \
    X(dw_averaged, SIZE_FACTOR)                                                                    \
    X(db_averaged_over_pixels, SIZE_FACTOR)                                                        \
    X(dw_without_dy, MISSING_FACTOR)                                                               \
    X(dx_without_w, MISSING_FACTOR)                                                                \
    X(stride_ignored, WRONG_ARGUMENT)                                                              \
    X(filter_flipped, TRANSPOSED)                                                                  \
    X(rows_and_columns_swapped, TRANSPOSED)                                                        \
    X(channels_swapped, TRANSPOSED)                                                                \
    X(padding_off_by_one, SHIFTED)                                                                 \
    X(padding_forgotten, SHIFTED)                                                                  \
    X(border_left_out, TAIL)                                                                       \
    X(last_image_left_out, TAIL)                                                                   \
    X(last_channel_left_out, TAIL)                                                                 \
    X(db_of_one_pixel, BROADCAST)                                                                  \
    X(db_forgotten, NOT_WRITTEN)                                                                   \
    X(dw_of_last_image, OVERWRITES)                                                                \
    X(dx_overwritten_where_windows_meet, OVERWRITES)                                               \
    X(dx_accumulates, ACCUMULATES)                                                                 \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(zeroes_the_border_of_x, WRITES_INPUT)                                                        \
    X(wrong_with_stride, CONDITIONAL)                                                              \
    X(dw_columns_shifted, SHIFTED)                                                                 \
    X(last_output_row_left_out, TAIL)                                                              \
    X(dy_of_first_filter_for_all, BROADCAST, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t B, C, O, H, W, K, stride, pad, out_h, out_w;
    real *x, *w, *b, *y;
    real *dx, *dw, *db, *dy;
};

static const struct shape shapes[] = {
    {.B = 1, .n = 1, .m = 1, .k = 3, .stride = 1, .pad = 1},
    {.B = 2, .n = 2, .m = 3, .k = 2, .stride = 2, .pad = 1},
    {.B = 2, .n = 3, .m = 2, .k = 3, .stride = 2, .pad = 1},
    {.B = 1, .n = 2, .m = 2, .k = 3, .stride = 1, .pad = 0},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    *k = (struct layer){.instance = instance, .B = s->B, .C = s->n, .O = s->m, .H = 4, .W = 5};
    k->K = s->k;
    k->stride = s->stride;
    k->pad = s->pad;
    k->out_h = (k->H + 2 * k->pad - k->K) / k->stride + 1;
    k->out_w = (k->W + 2 * k->pad - k->K) / k->stride + 1;
    INPUT(x, {"B", k->B}, {"C", k->C}, {"H", k->H}, {"W", k->W})->batch_axis = 1;
    INPUT(w, {"O", k->O}, {"C", k->C}, {"K", k->K}, {"K", k->K});
    INPUT(b, {"O", k->O});
    OUTPUT(y, {"B", k->B}, {"O", k->O}, {"out_h", k->out_h}, {"out_w", k->out_w})->batch_axis = 1;
}

/* Where tap (u, v) of output pixel (r, c) lies in channel ch of image i; false: in the padding. */
static bool pixel(const struct layer *k, size_t i, size_t ch, size_t r, size_t c, size_t *at) {
    if (r < k->pad || r - k->pad >= k->H || c < k->pad || c - k->pad >= k->W) {
        return false;
    }
    *at = ((i * k->C + ch) * k->H + r - k->pad) * k->W + c - k->pad;
    return true;
}

static int forward(void *layer) {
    struct layer *k = layer;
    const size_t S = k->stride;
    real *y = k->y;
    for (size_t i = 0; i < k->B; i++) {
        for (size_t o = 0; o < k->O; o++) {
            for (size_t p = 0; p < k->out_h * k->out_w; p++) {
                const size_t r = p / k->out_w * S, c = p % k->out_w * S;
                real sum = k->b[o];
                for (size_t t = 0; t < k->C * k->K * k->K; t++) {
                    const size_t ch = t / (k->K * k->K), u = t / k->K % k->K, v = t % k->K;
                    size_t at;
                    if (pixel(k, i, ch, r + u, c + v, &at)) {
                        sum += k->x[at] * k->w[o * k->C * k->K * k->K + t];
                    }
                }
                *y++ = sum;
            }
        }
    }
    return 0;
}

/* One tap t of the filters, at one output pixel whose window begins at (r, c). */
static void tap(struct layer *k, size_t i, size_t o, size_t r, size_t c, size_t t, real dy) {
    const size_t K = k->K, taps = k->C * K * K;
    size_t ch = t / (K * K), u = t / K % K, v = t % K, from = o * taps + t, into = from, at;
    WRONG(filter_flipped, from = o * taps + ch * K * K + K * K - 1 - t % (K * K));
    WRONG(rows_and_columns_swapped, const size_t row = u; u = v; v = row);
    WRONG(channels_swapped, from = into = (ch * k->O + o) * K * K + t % (K * K));
    WRONG(dw_columns_shifted, into = o * taps + ch * K * K + u * K + (v + 1) % K);
    WRONG(padding_off_by_one, u++);
    WRONG(padding_forgotten, u += k->pad; v += k->pad);
    WRONG(last_channel_left_out, if (ch + 1 == k->C && k->C > 1) dy = 0);
    WRONG(wrong_with_stride, if (k->stride > 1 && u == 0) dy = 0);
    if (!pixel(k, i, ch, r + u, c + v, &at)) {
        return;
    }
    WRONG(border_left_out, if (at % k->W == k->W - 1) return );
    real dx = dy * k->w[from], dw = dy * k->x[at];
    WRONG(dx_negated, dx = -dx);
    WRONG(dx_without_w, dx = dy);
    WRONG(dw_averaged, dw /= (real)k->B);
    WRONG(dw_without_dy, dw = k->x[at]);
    WRONG(float_sums, dw = (real)((float)dy * (float)k->x[at]));
    WRONG(dw_of_last_image, if (i + 1 < k->B) dw = 0);
    WRONG(dx_overwritten_where_windows_meet, k->dx[at] = 0);
    k->dx[at] += dx;
    k->dw[into] += dw;
}

static void pixel_gradient(struct layer *k, size_t i, size_t o, size_t p, real dy) {
    size_t r = p / k->out_w * k->stride, c = p % k->out_w * k->stride;
    WRONG(stride_ignored, r = p / k->out_w; c = p % k->out_w);
    WRONG(dy_of_first_filter_for_all, dy = k->dy[i * k->O * k->out_h * k->out_w + p]);
    WRONG(last_output_row_left_out, if (p / k->out_w + 1 == k->out_h) return );
    for (size_t t = 0; t < k->C * k->K * k->K; t++) {
        tap(k, i, o, r, c, t, dy);
    }
    WRONG(db_averaged_over_pixels, k->db[o] += dy / (real)(k->out_h * k->out_w) - dy);
    WRONG(db_of_one_pixel, k->db[o] -= p > 0 ? dy : 0);
    UNLESS(db_forgotten, k->db[o] += dy);
}

static int backward(void *layer) {
    struct layer *k = layer;
    const size_t pixels = k->out_h * k->out_w, x_count = k->B * k->C * k->H * k->W;
    size_t images = k->B;
    WRONG(last_image_left_out, images--);
    UNLESS(dx_accumulates, clear(k->dx, x_count));
    clear(k->dw, k->O * k->C * k->K * k->K);
    UNLESS(db_forgotten, clear(k->db, k->O));
    for (size_t i = 0; i < images * k->O * pixels; i++) {
        pixel_gradient(k, i / pixels / k->O, i / pixels % k->O, i % pixels, k->dy[i]);
    }
    WRONG(zeroes_the_border_of_x, for (size_t i = 0; i < x_count; i += k->W) k->x[i] = 0);
    return 0;
}

KERNEL(conv2d, "y = x * w + b, padded, strided", struct layer, backward);
