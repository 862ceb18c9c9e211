// SPDX-License-Identifier: MIT
#include <float.h>
#include <limits.h>
#include <math.h>

#include "probe.h"

void gc_lane_open(const struct gc_session *s, struct gc_lane *lane, size_t entry) {
    const struct gc_input *in = gc_input_of(s, entry);
    *lane = (struct gc_lane){.entry = entry, .unit = 1};
    double limit = in->t->dtype == GRADCHECK_F32 ? FLT_MAX : DBL_MAX;
    lane->above = fmin(in->upper, limit) - s->base[entry];
    lane->below = s->base[entry] - fmax(in->lower, -limit);
}

/* Displaced values on both sides, exactly symmetric wherever the format allows: the step is
 * rounded on the side of larger magnitude, where the grid is coarser. */
static void represent(enum gradcheck_dtype dtype, double x, double h, double *up, double *down) {
    if (x >= 0) {
        *up = gc_dtype_round(dtype, x + h);
        *down = gc_dtype_round(dtype, x - (*up - x));
    } else {
        *down = gc_dtype_round(dtype, x - h);
        *up = gc_dtype_round(dtype, x + (x - *down));
    }
}

/* Writes every lane's displaced value; false if a step vanishes in the rounding. */
static bool displace(struct gc_session *s, struct gc_group *group, double h, int side,
                     int central) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_lane *lane = &group->lanes[i];
        double x = s->base[lane->entry];
        double up = 0;
        double down = 0;
        represent(gc_input_of(s, lane->entry)->t->dtype, x, h * lane->unit, &up, &down);
        lane->h = central ? 0.5 * up - 0.5 * down : side > 0 ? up - x : x - down;
        if (!(lane->h > 0)) {
            return false;
        }
        gc_put(s, lane->entry, side > 0 ? up : down);
    }
    return true;
}

static void put_back(struct gc_session *s, const struct gc_group *group) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        gc_put(s, group->lanes[i].entry, s->base[group->lanes[i].entry]);
    }
}

/* Rounding of one output element: uniform within half a unit in the last place (0.29 of it). An
 * approximate forward may be off by its accuracy, differently at each point. */
double gc_output_floor(const struct gc_session *s, const struct gc_output *out, double y) {
    enum gradcheck_dtype dtype = s->wide ? GRADCHECK_F64 : out->t->dtype;
    double size = fabs(y);
    return 0.3 * gc_dtype_epsilon(dtype) * size + 0.25 * s->k->accuracy * size +
           gc_dtype_tiny(dtype);
}

double gc_input_floor(const struct gc_session *s, size_t entry) {
    return 0.3 * s->epsilon * fabs(s->base[entry]);
}

static void add_output(const struct gc_session *s, const struct gc_output *out,
                       struct gc_lane *lane, size_t i, double up, double down) {
    double u = s->cotangent[i];
    double y = s->y0[i];
    double there = fmax(s->sigma[i], gc_output_floor(s, out, fmax(fabs(up), fabs(down))));
    double here = fmax(s->sigma[i], gc_output_floor(s, out, y));
    gc_sum_add(&lane->odd, u * (up - down));
    gc_sum_add(&lane->jump, u * ((up - y) + (down - y)));
    gc_norm_add(&lane->deviation, u * there);
    gc_norm_add(&lane->moved, u * here);
}

void gc_watch_outputs(struct gc_session *s) {
    for (size_t i = 0; i < s->n_outs; i++) {
        s->touched[i] = 0;
        s->grain[i] = INFINITY;
    }
}

/* The value of the lowest bit set: what the number is a multiple of. */
static double lowest_bit(double y) {
    int exponent = 0;
    double mantissa = frexp(fabs(y), &exponent);
    uint64_t bits = (uint64_t)ldexp(mantissa, 53);
    int zeros = 0;
    while (bits != 0 && (bits & 1U) == 0) {
        bits >>= 1;
        zeros++;
    }
    return ldexp(1, exponent - 53 + zeros);
}

/* Values of about the size at the point that moved: far off the format's own grid changes. */
static void watch_grain(struct gc_session *s, size_t i, double y) {
    double size = fabs(s->y0[i]);
    if (y != s->y0[i] && fabs(y) >= 0.5 * size && fabs(y) <= 2 * size && y != 0) {
        s->grain[i] = fmin(s->grain[i], lowest_bit(y));
        s->touched[i] = (unsigned char)(s->touched[i] + (s->touched[i] < UCHAR_MAX));
    }
}

static struct gc_lane *lane_of(const struct gc_group *group, size_t output) {
    return &group->lanes[group->lane_of_output ? group->lane_of_output[output] : 0];
}

/* What outputs that stood still may hide: changes below their rounding. Those that never move
 * (saturated) may depend on anything. Of the others, which move with other entries, it is counted
 * unless it is negligible against what did move: most simply do not depend on this entry. */
static void add_still(const struct gc_session *s, struct gc_group *group) {
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            if (s->plus[i] == s->y0[i]) {
                struct gc_lane *lane = lane_of(group, i);
                double hidden = s->cotangent[i] * gc_output_floor(s, out, s->y0[i]);
                gc_norm_add(&lane->hidden, hidden);
                gc_norm_add(&lane->dead, s->alive[i] ? 0 : hidden);
            }
        }
    }
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_lane *lane = &group->lanes[i];
        double hidden = gc_norm_value(&lane->hidden);
        bool counts = hidden > 1e-9 * fabs(gc_sum_value(&lane->odd));
        hidden = counts ? hidden : gc_norm_value(&lane->dead);
        gc_norm_add(&lane->deviation, hidden);
        gc_norm_add(&lane->moved, hidden);
    }
}

/* Differences are taken per output before they are summed. An output that moves with other entries,
 * but not with this one, does not depend on it: it adds neither difference nor noise. One that
 * never moves (saturated) may depend on anything; and if none moves, any of them may. */
static void sum_outputs(struct gc_session *s, struct gc_group *group, const double up[],
                        const double down[]) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_lane *lane = &group->lanes[i];
        lane->odd = lane->jump = (struct gc_sum){0, 0};
        lane->deviation = lane->moved = lane->hidden = lane->dead = (struct gc_norm){0, 0, 0};
    }
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->is_float && i < out->first + out->count; i++) {
            if (up[i] != s->y0[i] || down[i] != s->y0[i]) {
                s->touched[i] = s->touched[i] > 0 ? s->touched[i] : 1;
                watch_grain(s, i, up[i]);
                watch_grain(s, i, down[i]);
                add_output(s, out, lane_of(group, i), i, up[i], down[i]);
            }
        }
    }
    add_still(s, group);
}

static void add_levels(struct gc_group *group, int side) {
    for (size_t i = 0; i < group->n_lanes; i++) {
        struct gc_lane *lane = &group->lanes[i];
        double h = side == 0 ? 2 * lane->h : side > 0 ? lane->h : -lane->h;
        double odd = gc_sum_value(&lane->odd) / h;
        double jump = side == 0 ? gc_sum_value(&lane->jump) / h : 0;
        double moved = gc_norm_value(&lane->moved);
        if (moved > lane->levels.least_noise) {
            gc_levels_raise_noise(&lane->levels, moved);
        }
        if (isfinite(odd) && isfinite(jump)) {
            gc_levels_add(&lane->levels, lane->h, odd, jump, gc_norm_value(&lane->deviation));
        }
    }
}

static enum gc_outcome forward_displaced(struct gc_session *s, struct gc_group *group, double h,
                                         int side, int central, double y[]) {
    enum gc_outcome outcome = GC_REFUSED;
    if (displace(s, group, h, side, central)) {
        outcome = gc_forward(s, y);
    }
    put_back(s, group);
    return outcome;
}

enum gc_outcome gc_probe(struct gc_session *s, struct gc_group *group, double h, int side) {
    enum gc_outcome outcome =
        forward_displaced(s, group, h, side == 0 ? 1 : side, side == 0, s->plus);
    if (outcome != GC_DONE) {
        return outcome;
    }
    if (side == 0) {
        outcome = forward_displaced(s, group, h, -1, 1, s->minus);
        if (outcome != GC_DONE) {
            return outcome;
        }
    }
    sum_outputs(s, group, s->plus, side == 0 ? s->minus : s->y0);
    add_levels(group, side);
    return GC_DONE;
}
