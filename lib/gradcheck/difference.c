// SPDX-License-Identifier: MIT
#include <float.h>
#include <math.h>

#include "difference.h"

enum { WIDEST = 6 };

void gc_levels_raise_noise(struct gc_levels *levels, double least) {
    levels->least_noise = fmax(levels->least_noise, least);
    for (size_t i = 0; i < levels->n; i++) {
        levels->noise[i] = fmax(levels->noise[i], levels->least_noise);
    }
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
    levels->noise[at] = fmax(noise, levels->least_noise);
}

static double power(const struct gc_levels *l, double ratio) {
    return l->one_sided ? ratio : ratio * ratio;
}

/* Weights of levels a..b that extrapolate odd to step 0 (Lagrange at 0 in h^2 or h). */
static void zero_weights(const struct gc_levels *l, size_t a, size_t b, double weight[]) {
    for (size_t k = a; k <= b; k++) {
        double w = 1;
        for (size_t j = a; j <= b; j++) {
            if (j != k) {
                double t = power(l, l->h[k] / l->h[j]);
                w /= 1 - t;
            }
        }
        weight[k - a] = w;
    }
}

/* sum w_k odd_k with sum w_k = 1, taken relative to the finest level to keep its digits. */
static double extrapolate(const struct gc_levels *l, size_t a, size_t b) {
    double weight[WIDEST];
    zero_weights(l, a, b, weight);
    double value = 0;
    for (size_t k = a; k < b; k++) {
        value += weight[k - a] * (l->odd[k] - l->odd[b]);
    }
    return l->odd[b] + value;
}

/* One quotient's noise is sigma / (sqrt(2) h), one-sided sqrt(2) sigma / h; independent levels. */
static double noise_bound(const struct gc_levels *l, size_t a, size_t b) {
    double weight[WIDEST];
    zero_weights(l, a, b, weight);
    double sum = 0;
    for (size_t k = a; k <= b; k++) {
        double one = weight[k - a] * l->noise[k] / l->h[k];
        sum = hypot(sum, one);
    }
    return GC_NOISE_FACTOR * (l->one_sided ? sqrt(2) : sqrt(0.5)) * sum;
}

/* Where the jump ends at step 0: fitted with a constant and h, h^3, ... over levels a..b. */
static double jump_at_zero(const struct gc_levels *l, size_t a, size_t b) {
    if (l->one_sided) {
        return 0;
    }
    double top = 0;
    double bottom = 0;
    for (size_t k = a; k <= b; k++) {
        double x = l->h[k] / l->h[b];
        double weight = 1 / x;
        for (size_t j = a; j <= b; j++) {
            if (j != k) {
                double y = l->h[j] / l->h[b];
                weight /= (x - y) * (x + y);
            }
        }
        top += weight * l->jump[k];
        bottom += weight;
    }
    return top / bottom;
}

/* Differences between three levels must shrink about as fast as the series says. */
static bool shrinks(const struct gc_levels *l, size_t b) {
    double fine = fabs(l->odd[b - 1] - l->odd[b]);
    double coarse = fabs(l->odd[b - 2] - l->odd[b - 1]);
    double t0 = power(l, l->h[b - 2] / l->h[b]);
    double t1 = power(l, l->h[b - 1] / l->h[b]);
    double expected = (t1 - 1) / (t0 - t1);
    double noise = noise_bound(l, b, b) + noise_bound(l, b - 1, b - 1);
    return fine <= pow(expected, l->one_sided ? 0.5 : 0.75) * coarse + noise;
}

/* Where they do not (a kink, an alias, a jump of the curvature), extrapolation has no ground to
 * stand on. The triple before the window's finest counts too: among the last the noise may hide
 * how slowly they shrink. */
static bool has_order(const struct gc_levels *l, size_t a, size_t b) {
    if (b < 2) {
        return false;
    }
    size_t from = b > 2 && a + 2 >= b ? b - 1 : a + 2;
    for (size_t k = from < b ? from : b; k <= b; k++) {
        if (!shrinks(l, k)) {
            return false;
        }
    }
    return true;
}

/* A window of one level: its distance to the next coarser one, doubled. */
static struct gc_estimate raw_window(const struct gc_levels *l, size_t b) {
    struct gc_estimate e = {.value = l->odd[b], .first = b, .last = b, .step = l->h[b]};
    const double *coarser = b > 0 ? &l->odd[b - 1] : NULL;
    e.truncation = coarser != NULL ? 2 * fabs(*coarser - l->odd[b]) : INFINITY;
    if (l->one_sided) {
        e.truncation *= 2;
    }
    e.noise = noise_bound(l, b, b);
    e.jump = l->one_sided ? 0 : fabs(l->jump[b]);
    if (b > 0) {
        e.jump = fabs(jump_at_zero(l, b - 1, b));
    }
    e.bound = e.truncation + e.noise + e.jump;
    return e;
}

/* Truncation: what the window gives less what it gives without its coarsest level, which is the
 * error of the latter; and the same coefficient seen by leaving out the finest. Doubled. */
static struct gc_estimate window(const struct gc_levels *l, size_t a, size_t b) {
    if (a == b) {
        return raw_window(l, b);
    }
    struct gc_estimate e = {.first = a, .last = b, .step = l->h[b]};
    e.value = extrapolate(l, a, b);
    double fine = fabs(e.value - extrapolate(l, a + 1, b));
    double coarse = fabs(e.value - extrapolate(l, a, b - 1));
    e.truncation = 2 * fmax(fine, coarse * power(l, l->h[b] / l->h[a]));
    e.noise = noise_bound(l, a, b);
    e.jump = fabs(jump_at_zero(l, a, b));
    e.bound = has_order(l, a, b) ? e.truncation + e.noise + e.jump : INFINITY;
    e.bound += 4 * DBL_EPSILON * fabs(e.value) + 8 * 0x1p-1074;
    return e;
}

static const struct gc_estimate NOTHING = {.value = NAN, .bound = INFINITY};

struct gc_estimate gc_estimate_best(const struct gc_levels *l, size_t max_width) {
    struct gc_estimate best = NOTHING;
    for (size_t b = 0; b < l->n; b++) {
        for (size_t a = b + 1; a-- > 0 && b - a < max_width && b - a < WIDEST;) {
            struct gc_estimate e = window(l, a, b);
            if (e.bound < best.bound || isnan(best.value)) {
                best = e;
            }
        }
    }
    return best;
}

/* From the finest level upwards, each level's best window; a coarser one is accepted only while it
 * agrees with all that are finer. */
struct gc_estimate gc_estimate_consistent(const struct gc_levels *l, size_t max_width) {
    struct gc_estimate found[GC_MAX_LEVELS];
    struct gc_estimate best = NOTHING;
    size_t n_found = 0;
    for (size_t b = l->n; b-- > 0;) {
        struct gc_estimate here = NOTHING;
        for (size_t a = b + 1; a-- > 0 && b - a < max_width && b - a < WIDEST;) {
            struct gc_estimate e = window(l, a, b);
            here = e.bound < here.bound || isnan(here.value) ? e : here;
        }
        bool agrees = isfinite(here.bound);
        for (size_t i = 0; i < n_found && agrees; i++) {
            agrees = fabs(found[i].value - here.value) <= found[i].bound + here.bound;
        }
        if (isfinite(here.bound)) {
            found[n_found++] = here;
        }
        if (agrees && here.bound < best.bound) {
            best = here;
        }
    }
    return best;
}
