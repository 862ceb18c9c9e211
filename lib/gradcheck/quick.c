// SPDX-License-Identifier: MIT
/* The common case of the elementwise check: a step calibrated once for the tensor, three levels an
 * entry, and a closer look only where they do not suffice. */
#include <math.h>

#include "elementwise.h"

enum { SAMPLED = 8, LADDER = 24 };

/* How much an entry is worth. A float32 forward is so coarse that every level counts; elsewhere
 * three levels reach 1e-10 of the tensor's scale, and six 1e-12. */
struct effort {
    size_t levels, extra;
    double relative, least; /* the bound aimed at: relative x max(|value|, least x scale) */
    double slack;           /* or this many times what the calibrated entry reached */
};

static struct effort effort_of(const struct gc_session *s) {
    if (s->epsilon > 1e-10) {
        return (struct effort){6, 6, 1e-4, 0.1, 0.1};
    }
    return s->options.thorough ? (struct effort){6, 2, 3e-12, 0.1, 0.1}
                               : (struct effort){3, 2, 2e-10, 0.05, 2};
}

static const double RATIO = 0.46; /* not a round one: see examine.c */

/* Of a few entries, the one that reacts the most: its step is safe for the others. Backward is not
 * asked, so that a wrong gradient is held against the very numbers a right one would be. */
static size_t steepest(struct gc_session *s, const struct gc_input *in, struct gc_quick *quick) {
    size_t best = in->first;
    double reaction[SAMPLED] = {0};
    for (size_t i = 0; i < SAMPLED && !s->stopped; i++) {
        size_t entry = in->first + gc_random_below(&s->random, in->count);
        struct gc_lane lane;
        struct gc_group group = {.n_lanes = 1, .lanes = &lane};
        gc_lane_open(s, &lane, entry);
        double room = 0.98 * fmin(lane.above, lane.below);
        double h = fmin(0.01 * gc_tensor_scale(s, in), room);
        if (h > 0 && gc_probe(s, &group, h, 0) == GC_DONE && lane.levels.n > 0) {
            reaction[i] = fabs(lane.levels.odd[0]);
            best = reaction[i] >= gc_max_abs(reaction, SAMPLED) ? entry : best;
        }
    }
    quick->scale = gc_rms(reaction, SAMPLED);
    return best;
}

/* Close steps downwards until, over as many levels as the quick check will have, noise outweighs
 * truncation. */
static void descend(struct gc_session *s, size_t entry, double start, struct gc_quick *quick) {
    struct gc_lane lane;
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    gc_lane_open(s, &lane, entry);
    double h = fmin(start, 0.9 * fmin(lane.above, lane.below));
    struct gc_estimate best = {.bound = INFINITY};
    for (size_t i = 0; i < LADDER && !s->stopped; i++) {
        (void)gc_probe(s, &group, h, 0);
        h *= RATIO;
        best = gc_estimate_best(&lane.levels, quick->n_levels);
        if (isfinite(best.bound) && best.noise > best.truncation + best.jump &&
            best.last + 1 < lane.levels.n) {
            break;
        }
    }
    if (isfinite(best.bound)) {
        quick->step = best.step / pow(RATIO, (double)quick->n_levels - 1);
        quick->bound = best.bound;
    }
}

void gc_calibrate(struct gc_session *s, const struct gc_input *in, struct gc_quick *quick) {
    *quick = (struct gc_quick){
        .n_levels = effort_of(s).levels,
        .bound = INFINITY,
    };
    size_t entry = steepest(s, in, quick);
    struct gc_finding found;
    gc_examine(s, entry, false, &found);
    if (isfinite(found.estimate.bound) && !found.kink && !s->stopped) {
        /* In float32 the good steps are large, and further from what the examination settled for;
         * and with six levels they are larger, unless noise grows with the values there. */
        const bool sharp = found.estimate.bound <= 1e-7 * fabs(found.estimate.value);
        double above = s->narrow_epsilon > 1e-10 ? 256 : s->options.thorough && sharp ? 64 : 4;
        descend(s, entry, above * found.estimate.step, quick);
    }
}

/* The bound that would do, whatever the calibrated entry reached. */
static double aim(const struct gc_session *s, const struct gc_quick *quick, double value) {
    struct effort effort = effort_of(s);
    return effort.relative * fmax(fabs(value), effort.least * quick->scale);
}

static double goal(const struct gc_session *s, const struct gc_quick *quick, double value) {
    return fmax(aim(s, quick, value), effort_of(s).slack * quick->bound);
}

/* The lane furthest from its goal decides: above the coarsest step if noise is what it suffers
 * from, else below the finest. 0 if all are content. */
static double extra_step(const struct gc_session *s, const struct gc_group *group,
                         const struct gc_quick *quick, double coarsest, double finest) {
    double worst = 1;
    double step = 0;
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_estimate e = gc_estimate_best(&group->lanes[i].levels, 6);
        double excess = e.bound / goal(s, quick, e.value);
        if (!(excess <= worst)) {
            worst = excess;
            bool noisy = e.noise > e.truncation + e.jump;
            step = !noisy ? finest * RATIO : e.first <= 2 ? coarsest / RATIO : 0;
        }
    }
    return step;
}

/* Domain: a lane with too little room takes smaller steps; with next to none, it is left out. */
static bool fit_lanes(struct gc_group *group, double step) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_lane *lane = &group->lanes[i];
        double room = 0.45 * fmin(lane->above, lane->below);
        lane->unit = fmin(1, room / step);
        if (!(lane->unit > 1.0 / 64)) {
            return false;
        }
    }
    return true;
}

/* Whether a step leaves no lane's domain. */
static bool has_room(const struct gc_group *group, double h) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        const struct gc_lane *lane = &group->lanes[i];
        if (h * lane->unit > 0.98 * fmin(lane->above, lane->below)) {
            return false;
        }
    }
    return true;
}

static bool probe_levels(struct gc_session *s, struct gc_group *group,
                         const struct gc_quick *quick) {
    double coarsest = quick->step;
    double finest = coarsest;
    for (size_t i = 0; i < quick->n_levels; i++) {
        finest = coarsest * pow(RATIO, (double)i);
        if (gc_probe(s, group, finest, 0) != GC_DONE) {
            return false;
        }
    }
    size_t extra = effort_of(s).extra;
    for (size_t i = 0; i < extra; i++) {
        double h = extra_step(s, group, quick, coarsest, finest);
        if (h == 0 || !has_room(group, h)) {
            break;
        }
        if (gc_probe(s, group, h, 0) != GC_DONE) {
            return false;
        }
        coarsest = fmax(coarsest, h);
        finest = fmin(finest, h);
    }
    return true;
}

/* An estimate from the same number of other steps, whose noise is their own. noise: what the closer
 * look found, 0 where each level's own counts. */
static struct gc_estimate estimate_elsewhere(struct gc_session *s, size_t entry,
                                             const struct gc_quick *quick, double factor,
                                             double noise) {
    struct gc_lane lane;
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    struct gc_quick others = *quick;
    others.step *= factor;
    gc_lane_open(s, &lane, entry);
    if (!fit_lanes(&group, others.step) || !probe_levels(s, &group, &others)) {
        return (struct gc_estimate){.bound = INFINITY};
    }
    gc_levels_raise_noise(&lane.levels, noise);
    gc_levels_feel_input(&lane.levels, noise > 0 ? gc_input_floor(s, entry) : 0);
    return gc_estimate_best(&lane.levels, 6);
}

/* Whether they accuse the entry as well. */
static bool accused_again(struct gc_session *s, size_t entry, const struct gc_quick *quick) {
    const struct gc_estimate e = estimate_elsewhere(s, entry, quick, 0.71, 0);
    return fabs(e.value - s->grad[entry]) > e.bound + s->rounding[entry];
}

/* Of several estimates that agree the noise averages out: for an entry that is small because its
 * terms cancel, which thorough is not content with. */
static void average(struct gc_session *s, size_t entry, const struct gc_quick *quick,
                    struct gc_estimate *e) {
    static const double factors[] = {2.3, 1.9, 1.6, 1.3};
    enum { N = 1 + sizeof factors / sizeof factors[0] };
    const struct gc_estimate first = *e;
    double sum = 0, squares = e->noise * e->noise;
    double rest = e->truncation + e->jump;
    for (size_t i = 0; i + 1 < N; i++) {
        const struct gc_estimate other =
            estimate_elsewhere(s, entry, quick, factors[i], s->examined_noise);
        if (!isfinite(other.bound) ||
            !(fabs(other.value - first.value) <= first.bound + other.bound)) {
            return;
        }
        sum += other.value - first.value;
        squares += other.noise * other.noise;
        rest = fmax(rest, other.truncation + other.jump);
    }
    const double noise = sqrt(squares) / N;
    if (noise + rest < first.bound) {
        e->value += sum / N;
        e->bound = noise + rest;
    }
}

/* A lane that is content and agrees with backward is done; any other is looked at by itself. The
 * quick estimate, with the noise that the closer look found, replaces that if the two agree and it
 * is sharper. It may not accuse alone, though: over coarse outputs, whose noise is each level's
 * own, not by less than its bound again unless other steps accuse too, and where the closer look
 * found nothing, not at all. */
static void settle(struct gc_session *s, const struct gc_lane *lane, const struct gc_quick *quick) {
    size_t entry = lane->entry;
    struct gc_estimate e = gc_estimate_best(&lane->levels, 6);
    double error = fabs(e.value - s->grad[entry]);
    bool agrees = s->forward_only || error <= e.bound + s->rounding[entry];
    if (e.bound <= 2 * goal(s, quick, e.value) && agrees) {
        gc_record(s, entry, &e, GRADCHECK_NO_REASON);
        return;
    }
    bool coarse = s->epsilon > 1e-10;
    bool wrong = gc_examine_and_record(s, entry, !agrees && !coarse);
    struct gc_levels levels = lane->levels;
    if (!coarse) {
        gc_levels_raise_noise(&levels, s->examined_noise);
        gc_levels_feel_input(&levels, gc_input_floor(s, entry));
    }
    e = gc_estimate_best(&levels, 6);
    if (s->options.thorough && !coarse && e.bound > aim(s, quick, e.value)) {
        average(s, entry, quick, &e);
    }
    error = fabs(e.value - s->grad[entry]);
    double bound = e.bound + s->rounding[entry];
    bool confirmed = fabs(e.value - s->numeric[entry]) <= e.bound + s->bound[entry];
    bool alone = error > bound && !wrong;
    bool fair = !alone || (isfinite(s->bound[entry]) &&
                           (!coarse || error > 2 * bound || accused_again(s, entry, quick)));
    if (!s->stopped && confirmed && fair && e.bound < s->bound[entry] &&
        (s->state[entry] & GC_AT_KINK) == 0) {
        gc_record(s, entry, &e, GRADCHECK_NO_REASON);
    }
}

void gc_check_group(struct gc_session *s, struct gc_group *group, const struct gc_quick *quick) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        gc_lane_open(s, &group->lanes[i], group->lanes[i].entry);
    }
    bool done = quick->step > 0 && fit_lanes(group, quick->step) && probe_levels(s, group, quick);
    for (size_t i = 0; i < group->n_lanes && !s->stopped; i++) {
        if (done) {
            settle(s, &group->lanes[i], quick);
        } else {
            (void)gc_examine_and_record(s, group->lanes[i].entry, false);
        }
    }
}
