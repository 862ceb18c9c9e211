// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>

#include "difference.h"

enum { WIDEST = 6 };

/* At either end of a step the slope is odd +- 2 jump, if that of F changes evenly: near an extremum
 * it is much steeper there than at the point, where noise is sampled. */
static double noise_at(const struct gc_levels *l, size_t level, double own) {
    double felt = l->input_noise * (fabs(l->odd[level]) + 2 * fabs(l->jump[level]));
    return fmax(fmax(own, l->least_noise), isfinite(felt) ? felt : 0);
}

void gc_levels_raise_noise(struct gc_levels *levels, double least) {
    levels->least_noise = fmax(levels->least_noise, least);
    for (size_t i = 0; i < levels->n; i++) {
        levels->noise[i] = noise_at(levels, i, levels->noise[i]);
    }
}

void gc_levels_feel_input(struct gc_levels *levels, double input_noise) {
    levels->input_noise = input_noise;
    gc_levels_raise_noise(levels, 0);
}

void gc_levels_add(struct gc_levels *levels, double h, double odd, double jump, double noise) {
    if (levels->n == GC_MAX_LEVELS || !(h > 0)) {
        return;
    }
    size_t at = levels->n++;
    for (; at > 0 && levels->h[at - 1] < h; at--) {
        levels->h[at] = levels->h[at - 1];
        levels->odd[at] = levels->odd[at - 1];
        levels->jump[at] = levels->jump[at - 1];
        levels->noise[at] = levels->noise[at - 1];
    }
    levels->h[at] = h;
    levels->odd[at] = odd;
    levels->jump[at] = jump;
    levels->noise[at] = noise_at(levels, at, noise);
}

static double power(const struct gc_levels *l, double ratio) {
    return l->one_sided ? ratio : ratio * ratio;
}

/* Neighbouring levels and their weights, the finest's first. */
struct window {
    size_t first, last;
    double zero[WIDEST]; /* extrapolate odd to step 0: Lagrange at 0 in h^2, one-sided in h */
    double jump[WIDEST]; /* where the jump ends at step 0: a constant and h, h^3, ... */
};

static struct window window_of(size_t level) {
    return (struct window){.first = level, .last = level, .zero = {1}, .jump = {1}};
}

static void take_coarser(const struct gc_levels *l, struct window *w) {
    size_t n = w->last - w->first + 1;
    double h = l->h[--w->first];
    double finest = l->h[w->last];
    double zero = 1;
    double jump = finest / h;
    for (size_t i = 0; i < n; i++) {
        double other = l->h[w->last - i];
        w->zero[i] /= 1 - power(l, other / h);
        zero /= 1 - power(l, h / other);
        double apart = (h / finest - other / finest) * (h / finest + other / finest);
        w->jump[i] /= -apart;
        jump /= apart;
    }
    w->zero[n] = zero;
    w->jump[n] = jump;
}

/* sum w_k odd_k with sum w_k = 1, taken relative to the finest level to keep its digits. */
static double extrapolate(const struct gc_levels *l, const struct window *w) {
    double value = 0;
    for (size_t k = w->first; k < w->last; k++) {
        value += w->zero[w->last - k] * (l->odd[k] - l->odd[w->last]);
    }
    return l->odd[w->last] + value;
}

/* One quotient's noise is sigma / (sqrt(2) h), one-sided sqrt(2) sigma / h; independent levels. */
static double noise_bound(const struct gc_levels *l, const struct window *w) {
    struct gc_norm sum = {0, 0, 0};
    for (size_t k = w->first; k <= w->last; k++) {
        gc_norm_add(&sum, w->zero[w->last - k] * l->noise[k] / l->h[k]);
    }
    return GC_NOISE_FACTOR * (l->one_sided ? sqrt(2) : sqrt(0.5)) * gc_norm_value(&sum);
}

static double jump_at_zero(const struct gc_levels *l, const struct window *w) {
    if (l->one_sided) {
        return 0;
    }
    double top = 0;
    double bottom = 0;
    for (size_t k = w->first; k <= w->last; k++) {
        top += w->jump[w->last - k] * l->jump[k];
        bottom += w->jump[w->last - k];
    }
    return top / bottom;
}

static double noise_of_level(const struct gc_levels *l, size_t b) {
    const struct window one = window_of(b);
    return noise_bound(l, &one);
}

/* Differences between three levels must shrink faster than those of a series of half an order less
 * would. 0 if they do; the finer difference if that may as well be noise; infinity if it is
 * neither. */
static double not_shrunk(const struct gc_levels *l, size_t b) {
    double order = l->one_sided ? 0.5 : 1.5;
    double fine = fabs(l->odd[b - 1] - l->odd[b]);
    double coarse = fabs(l->odd[b - 2] - l->odd[b - 1]);
    double t0 = pow(l->h[b - 2] / l->h[b], order);
    double t1 = pow(l->h[b - 1] / l->h[b], order);
    double due = (t1 - 1) / (t0 - t1) * coarse;
    double noise = noise_of_level(l, b) + noise_of_level(l, b - 1);
    return fine <= due ? 0 : fine <= due + noise ? fine : INFINITY;
}

/* Where they do not (a kink, an alias, a jump of the curvature), extrapolation has no ground to
 * stand on. The triple before the window's finest counts too: among the last the noise may hide
 * how slowly they shrink. */
static double lack_of_order(const double not_shrunk_at[], size_t a, size_t b) {
    if (b < 2) {
        return INFINITY;
    }
    double most = 0;
    size_t from = b > 2 && a + 2 >= b ? b - 1 : a + 2;
    for (size_t k = from < b ? from : b; k <= b; k++) {
        most = fmax(most, not_shrunk_at[k]);
    }
    return most;
}

/* A window of one level: its distance to the next coarser one, doubled; more, if that is so near
 * that even a series of the first order would be further off. */
static struct gc_estimate estimate_raw(const struct gc_levels *l, struct window w) {
    size_t b = w.last;
    struct gc_estimate e = {.value = l->odd[b], .first = b, .last = b, .step = l->h[b]};
    e.noise = noise_bound(l, &w);
    e.truncation = INFINITY;
    if (b > 0) {
        take_coarser(l, &w);
        double first_order = l->h[b] / (l->h[b - 1] - l->h[b]);
        e.truncation = (l->one_sided ? 4 : 2) * fabs(l->odd[b - 1] - l->odd[b]);
        e.truncation *= fmax(1, first_order);
        e.jump = fabs(jump_at_zero(l, &w));
    }
    e.bound = e.truncation + e.noise + e.jump;
    return e;
}

/* Truncation: what the window gives less what it gives without its coarsest level, which is the
 * error of the latter; and the same coefficient seen by leaving out the finest. Doubled. */
static struct gc_estimate estimate_window(const struct gc_levels *l, const struct window *w,
                                          double without_coarsest, double without_finest,
                                          double disorder) {
    size_t a = w->first;
    size_t b = w->last;
    struct gc_estimate e = {.first = a, .last = b, .step = l->h[b]};
    e.value = extrapolate(l, w);
    double fine = fabs(e.value - without_coarsest);
    double coarse = fabs(e.value - without_finest);
    e.truncation = 2 * fmax(fine, coarse * power(l, l->h[b] / l->h[a])) + disorder;
    e.noise = noise_bound(l, w);
    e.jump = fabs(jump_at_zero(l, w));
    e.bound = e.truncation + e.noise + e.jump + 4 * DBL_EPSILON * fabs(e.value) + 8 * 0x1p-1074;
    return e;
}

static const struct gc_estimate NOTHING = {.value = NAN, .bound = INFINITY};

static void keep_better(struct gc_estimate *best, const struct gc_estimate *e) {
    if (e->bound < best->bound || isnan(best->value)) {
        *best = *e;
    }
}

/* Of each level, the best of the windows whose finest it is. */
static void estimate_levels(const struct gc_levels *l, size_t max_width,
                            struct gc_estimate best[]) {
    double not_shrunk_at[GC_MAX_LEVELS];
    double value[GC_MAX_LEVELS]; /* of the windows that end one level before, by their coarsest */
    for (size_t b = 0; b < l->n; b++) {
        not_shrunk_at[b] = b >= 2 ? not_shrunk(l, b) : INFINITY;
        struct window w = window_of(b);
        struct gc_estimate e = estimate_raw(l, w);
        best[b] = NOTHING;
        keep_better(&best[b], &e);
        while (w.first > 0 && b - w.first + 1 < max_width && b - w.first + 1 < WIDEST) {
            double narrower = e.value;
            take_coarser(l, &w);
            double disorder = lack_of_order(not_shrunk_at, w.first, b);
            e = estimate_window(l, &w, narrower, value[w.first], disorder);
            value[w.first + 1] = narrower;
            keep_better(&best[b], &e);
        }
        value[w.first] = e.value;
    }
}

struct gc_estimate gc_estimate_best(const struct gc_levels *l, size_t max_width) {
    struct gc_estimate found[GC_MAX_LEVELS];
    struct gc_estimate best = NOTHING;
    estimate_levels(l, max_width, found);
    for (size_t b = 0; b < l->n; b++) {
        keep_better(&best, &found[b]);
    }
    return best;
}

/* From the finest level upwards; a coarser one is accepted only while it agrees with all that are
 * finer. */
struct gc_estimate gc_estimate_consistent(const struct gc_levels *l, size_t max_width) {
    struct gc_estimate found[GC_MAX_LEVELS];
    struct gc_estimate best = NOTHING;
    estimate_levels(l, max_width, found);
    for (size_t b = l->n; b-- > 0;) {
        bool agrees = isfinite(found[b].bound);
        for (size_t i = b + 1; i < l->n && agrees; i++) {
            agrees = !isfinite(found[i].bound) ||
                     fabs(found[i].value - found[b].value) <= found[i].bound + found[b].bound;
        }
        if (agrees && found[b].bound < best.bound) {
            best = found[b];
        }
    }
    return best;
}
