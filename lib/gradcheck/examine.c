// SPDX-License-Identifier: MIT
#include <math.h>

#include "examine.h"

enum { MAX_WIDTH = 6, DOWN = 4 };

struct search {
    struct gc_session *s;
    struct gc_lane lane;
    struct gc_group group;
    int side;        /* 0 central, else one-sided */
    double largest;  /* step that the domain allows */
    double smallest; /* step that the format allows */
    double next_up, next_down;
    size_t refused, non_finite;
    bool noise_known, deep, staircase;
};

/* No two steps stand in a round ratio: were one near a period of the function, so would all its
 * multiples be, and an oscillation would look like a straight line. */
static enum gc_outcome add_level(struct search *q, double h) {
    h *= 1 - 0.25 * gc_random_uniform(&q->s->random);
    enum gc_outcome outcome = gc_probe(q->s, &q->group, h, q->side);
    q->refused += outcome == GC_REFUSED;
    q->non_finite += outcome == GC_NON_FINITE;
    return outcome;
}

static double natural_step(const struct gc_session *s, size_t entry) {
    const struct gc_input *in = gc_input_of(s, entry);
    double x = fabs(s->base[entry]);
    double scale = gc_rms(s->base + in->first, in->count);
    scale = x > 0 ? fmax(x, fmin(scale, 1e3 * x)) : scale;
    return 0.25 * (scale > 0 ? scale : 1);
}

/* Central differences need room on both sides; with next to none on one, the other is used. */
static void choose_side(struct search *q, double start) {
    double both = fmin(q->lane.above, q->lane.below);
    double one = fmax(q->lane.above, q->lane.below);
    bool edge = both < start / 64 && one > 16 * both;
    q->side = !edge ? 0 : q->lane.above > q->lane.below ? 1 : -1;
    q->largest = 0.98 * (edge ? one : both);
    q->lane.levels.one_sided = edge;
}

/* A forward that refuses on one side only has an edge there that the domain did not state. */
static void try_sides(struct search *q, double h) {
    if (q->side != 0 || q->lane.levels.n > 0) {
        return;
    }
    for (int side = -1; side <= 1; side += 2) {
        double room = side > 0 ? q->lane.above : q->lane.below;
        q->lane.levels.one_sided = true;
        if (h < room && gc_probe(q->s, &q->group, h, side) == GC_DONE) {
            q->side = side;
            q->largest = h;
            return;
        }
        q->lane.levels.one_sided = false;
    }
}

static bool open_search(struct search *q, struct gc_session *s, size_t entry, bool deep) {
    *q = (struct search){.s = s, .deep = deep};
    gc_lane_open(s, &q->lane, entry);
    q->group = (struct gc_group){.n_lanes = 1, .lanes = &q->lane};
    double natural = natural_step(s, entry);
    choose_side(q, natural);
    enum gradcheck_dtype dtype = gc_input_of(s, entry)->t->dtype;
    q->smallest = 4 * fabs(s->base[entry]) * gc_dtype_epsilon(dtype) + gc_dtype_tiny(dtype);
    q->next_down = fmin(natural, q->largest);
    q->next_up = q->next_down * DOWN;
    return q->largest > q->smallest;
}

/* The largest quotient seen: what a derivative here might be. */
static double largest_quotient(const struct gc_levels *l) {
    double largest = 0;
    for (size_t i = 0; i < l->n; i++) {
        largest = fmax(largest, fmax(fabs(l->odd[i]), fabs(l->jump[i])));
    }
    return largest;
}

/* Down until the best window has finer ones below it that agree, or noise covers everything. */
static bool wants_finer(const struct search *q, const struct gc_estimate *best) {
    const struct gc_levels *l = &q->lane.levels;
    if (l->n >= GC_MAX_LEVELS - MAX_WIDTH || q->next_down < q->smallest) {
        return false;
    }
    if (l->n < 3) {
        return true;
    }
    double finest = GC_NOISE_FACTOR * l->noise[l->n - 1] / l->h[l->n - 1];
    if (finest > 0.1 * largest_quotient(l) && best->truncation + best->jump <= best->noise) {
        return false;
    }
    bool settled = best->last + 2 < l->n && best->bound <= 1e-3 * fabs(best->value);
    return q->deep || !settled;
}

static bool wants_coarser(const struct search *q, const struct gc_estimate *best) {
    return q->lane.levels.n < GC_MAX_LEVELS - MAX_WIDTH && best->first == 0 &&
           best->noise >= best->truncation + best->jump && q->next_up < q->largest &&
           q->next_up < q->lane.levels.h[0] * DOWN * 1.01;
}

/* How far the levels finer than the estimate's are off it, times their step; those that did not
 * move tell nothing. Returns their number. */
static size_t deviations(const struct gc_levels *l, const struct gc_estimate *best,
                         double product[GC_MAX_LEVELS]) {
    size_t n = 0;
    for (size_t i = best->last + 1; i < l->n; i++) {
        if (l->odd[i] != 0) {
            product[n++] = fabs(l->odd[i] - best->value) * l->h[i];
        }
    }
    return n;
}

/* What the levels below the estimate's scatter around it, times their step, is noise if it is about
 * the same for all of them: a kink or an oscillation would show as a constant difference instead,
 * and the median of that times the step is small. */
static double scatter(const struct gc_levels *l, const struct gc_estimate *best) {
    enum { FEWEST = 4 };
    double product[GC_MAX_LEVELS];
    const size_t n = deviations(l, best, product);
    if (n < FEWEST || !isfinite(best->bound)) {
        return 0;
    }
    return 2.1 * gc_median(product, n);
}

/* The same around the sharpest window, whatever finer levels say: where all of them stand still, or
 * are lost in noise that is not known yet, no window agrees with them. Only if the products do not
 * fall with the step, as they would for a kink. */
static double steady_scatter(const struct gc_levels *l) {
    enum { FEWEST = 6, MOST_FALL = 16 };
    struct gc_estimate best = gc_estimate_best(l, MAX_WIDTH);
    double product[GC_MAX_LEVELS];
    const size_t n = isfinite(best.bound) ? deviations(l, &best, product) : 0;
    if (n < FEWEST) {
        return 0;
    }
    double fine = gc_median(product + n / 2, n - n / 2);
    double coarse = gc_median(product, n / 2);
    return fine * MOST_FALL >= coarse ? 2.1 * fmin(fine, coarse) : 0;
}

/* Steps below the treads of a staircase (a float inside, of which the input is finer) see nothing
 * move: no sign of a derivative of 0 where coarser steps have a sharp one. What the levels between
 * scatter around that is noise, which the still ones cannot show. A kink is not sharp. */
static double scatter_above_still(const struct gc_levels *l) {
    enum { FEWEST = 3, STILL = 2 };
    struct gc_levels moved = *l;
    while (moved.n > 0 && moved.odd[moved.n - 1] == 0 && moved.jump[moved.n - 1] == 0) {
        moved.n--;
    }
    if (l->n - moved.n < STILL || moved.n == 0) {
        return 0;
    }
    struct gc_estimate best = gc_estimate_best(&moved, MAX_WIDTH);
    if (!(best.bound <= 1e-2 * fabs(best.value))) {
        return 0;
    }
    double product[GC_MAX_LEVELS];
    const size_t n = deviations(&moved, &best, product);
    return n < FEWEST ? 0 : 2.1 * gc_median(product, n);
}

/* Noise that no sample has shown yet. */
static double unseen_noise(const struct gc_levels *l) {
    return fmax(steady_scatter(l), scatter_above_still(l));
}

/* An output that only takes values on a grid coarser than its format (a float inside) is as noisy
 * as that. A grid above 1e-5 of the value is a staircase, and no noise. A few values may have last
 * bits of 0 by chance. */
static double grain_noise(struct search *q) {
    enum { FEWEST = 4 };
    struct gc_norm sum = {0, 0, 0};
    for (size_t o = 0; o < q->s->k->n_outputs; o++) {
        const struct gc_output *out = &q->s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            double grain = q->s->grain[i];
            if (q->s->touched[i] > FEWEST &&
                0.1 * grain > gc_output_floor(q->s, out, q->s->y0[i])) {
                gc_norm_add(&sum, q->s->cotangent[i] * grain);
                q->staircase = q->staircase || grain > 1e-5 * fabs(q->s->y0[i]);
            }
        }
    }
    return 0.3 * gc_norm_value(&sum);
}

/* A forward that only rounds its input, or what it makes of it, by half a unit is as noisy as that;
 * samples may all share the same rounding. */
static double inner_noise(const struct search *q, const struct gc_estimate *best) {
    double felt = fabs(q->s->base[q->lane.entry]) * fabs(best->value);
    return isfinite(felt) ? q->s->epsilon * felt : 0;
}

/* What the levels themselves show, on a copy: so that the samples are spaced by the right scale. */
static double sample_spacing(struct search *q) {
    struct gc_levels rough = q->lane.levels;
    gc_levels_raise_noise(&rough, unseen_noise(&rough));
    struct gc_estimate best = gc_estimate_consistent(&rough, MAX_WIDTH);
    gc_levels_raise_noise(&rough, fmax(scatter(&rough, &best), grain_noise(q)));
    gc_levels_raise_noise(&rough, inner_noise(q, &best));
    best = gc_estimate_consistent(&rough, MAX_WIDTH);
    return (best.step > 0 ? best.step : q->next_down) / 64;
}

/* Measured noise first; what the levels scatter beyond it counts too. */
static void learn_noise(struct search *q) {
    struct gc_levels *levels = &q->lane.levels;
    double spacing = sample_spacing(q);
    gc_levels_raise_noise(levels,
                          gc_measure_noise(q->s, gc_input_of(q->s, q->lane.entry), spacing));
    gc_levels_raise_noise(levels, fmax(unseen_noise(levels), grain_noise(q)));
    struct gc_estimate best = gc_estimate_consistent(levels, MAX_WIDTH);
    gc_levels_raise_noise(levels, inner_noise(q, &best));
    gc_levels_feel_input(levels, gc_input_floor(q->s, q->lane.entry));
    best = gc_estimate_consistent(levels, MAX_WIDTH);
    gc_levels_raise_noise(levels, scatter(levels, &best));
    q->noise_known = true;
}

static bool step_down(struct search *q) {
    double h = q->next_down;
    q->next_down /= DOWN;
    enum gc_outcome outcome = add_level(q, h);
    if (outcome == GC_REFUSED || outcome == GC_NON_FINITE) {
        q->largest = fmin(q->largest, h);
        if (q->refused + q->non_finite >= 6) {
            try_sides(q, h);
        }
        return q->refused + q->non_finite < 40;
    }
    return outcome == GC_DONE;
}

static bool step_up(struct search *q) {
    double h = q->next_up;
    q->next_up *= DOWN;
    return add_level(q, h) != GC_STOPPED;
}

static void search_steps(struct search *q) {
    bool going = true;
    while (going && !q->s->stopped) {
        struct gc_estimate best = gc_estimate_best(&q->lane.levels, MAX_WIDTH);
        if (wants_finer(q, &best)) {
            going = step_down(q);
        } else if (!q->noise_known) {
            learn_noise(q);
        } else if (wants_coarser(q, &best)) {
            going = step_up(q);
        } else {
            going = false;
        }
    }
}

/* Levels between those of the best window: neighbours a factor 2 apart extrapolate better. */
static void refine(struct search *q) {
    struct gc_estimate best = gc_estimate_best(&q->lane.levels, MAX_WIDTH);
    double between[MAX_WIDTH];
    size_t n = 0;
    for (size_t k = best.first; k < best.last && n < MAX_WIDTH; k++) {
        between[n++] = sqrt(q->lane.levels.h[k]) * sqrt(q->lane.levels.h[k + 1]);
    }
    for (size_t i = 0; i < n && !q->s->stopped; i++) {
        (void)add_level(q, between[i]);
    }
}

/* Where zero itself may be the kink (a relu of 1e-200), steps below |x| tell. */
static void approach_zero(struct search *q) {
    double x = fabs(q->s->base[q->lane.entry]);
    const struct gc_levels *l = &q->lane.levels;
    for (int i = 1; i <= 3 && x > 0; i++) {
        if (l->n > 0 && l->h[l->n - 1] > ldexp(x, -2 * i)) {
            (void)add_level(q, ldexp(x, -2 * i));
        }
    }
}

struct gc_estimate gc_one_sided(const struct gc_levels *l, double sign) {
    struct gc_levels side = *l;
    side.one_sided = true;
    for (size_t i = 0; i < l->n; i++) {
        side.odd[i] = l->odd[i] + sign * l->jump[i];
    }
    return gc_estimate_consistent(&side, MAX_WIDTH);
}

static void look_for_kink(const struct search *q, struct gc_finding *out) {
    if (q->side != 0 || q->lane.levels.n < 4) {
        return;
    }
    struct gc_estimate right = gc_one_sided(&q->lane.levels, 1);
    struct gc_estimate left = gc_one_sided(&q->lane.levels, -1);
    double gap = fabs(right.value - left.value);
    double bound = fmax(right.bound, left.bound);
    out->kink = gap > 8 * bound && out->estimate.jump > 4 * bound;
    out->convex = right.value > left.value;
    out->low = fmin(right.value, left.value);
    out->high = fmax(right.value, left.value);
    out->kink_bound = bound;
}

static enum gradcheck_reason doubt(const struct search *q, const struct gc_estimate *e) {
    if (q->s->stopped) {
        return GRADCHECK_BUDGET;
    }
    if (q->lane.levels.n < 3) {
        return q->non_finite > q->refused ? GRADCHECK_NON_FINITE : GRADCHECK_DOMAIN_EDGE;
    }
    return e->truncation + e->jump > e->noise ? GRADCHECK_KINK : GRADCHECK_NOISE;
}

void gc_examine(struct gc_session *s, size_t entry, bool deep, struct gc_finding *out) {
    struct search q;
    gc_random_seed(&s->random, s->options.seed, (s->point + 1) * UINT64_C(0x100000001) + entry);
    *out = (struct gc_finding){.estimate = {.value = NAN, .bound = INFINITY}};
    if (!open_search(&q, s, entry, deep)) {
        out->doubt = GRADCHECK_DOMAIN_EDGE;
        return;
    }
    gc_watch_outputs(s);
    search_steps(&q);
    refine(&q);
    if (deep) {
        approach_zero(&q);
    }
    s->examined_noise = q.lane.levels.least_noise;
    out->estimate = gc_estimate_consistent(&q.lane.levels, MAX_WIDTH);
    out->doubt = doubt(&q, &out->estimate);
    if (q.staircase) {
        out->estimate.bound = INFINITY;
        out->doubt = GRADCHECK_KINK;
    }
    if (!q.staircase) {
        look_for_kink(&q, out);
    }
}
