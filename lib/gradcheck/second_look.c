// SPDX-License-Identifier: MIT
/* Before an entry is accused of little, it is looked at again at neighbours of the point, where
 * everything is rounded anew: further off even hidden values that nudges of a few units leave as
 * they are (a gate so nearly shut that its 1 - y has few digits, or none).
 *
 * Rounding has both signs, close to each other. What a mistake is off by keeps its sign where it is
 * a share of the derivative; where it is a sum, it may change it, but further off, and then it
 * keeps the other one around there. */
#include <math.h>
#include <string.h>

#include "elementwise.h"

enum { NEIGHBOURS = 200, AROUND = 24, MOST_REFUSED = 4 };

/* In parts of each value: of neighbours of the point, and of places around such a neighbour. */
static const double DISTANCES[] = {0x1p-12, 0x1p-7, 0x1p-5, 0x1p-3, 0x1p-2};
static const double DISTANCES_AROUND[] = {0x1p-7, 0x1p-5};

enum {
    N_DISTANCES = sizeof DISTANCES / sizeof DISTANCES[0],
    N_AROUND = sizeof DISTANCES_AROUND / sizeof DISTANCES_AROUND[0]
};

/* ---- which entries ---- */

double gc_hidden_unit(const struct gc_session *s, const struct gc_input *in, bool touched) {
    double scale = gc_tensor_scale(s, in);
    double largest = 0;
    for (size_t i = 0; i < s->n_outs; i++) {
        double hidden = fabs(s->cotangent[i]) * fmax(fabs(s->y0[i]), scale);
        bool counts = !touched || s->touched[i] > 0;
        largest = counts ? fmax(largest, hidden) : largest;
    }
    return fmax(s->narrow_epsilon, gc_dtype_epsilon(in->t->dtype)) * largest / scale;
}

static double steepest_tensor(const struct gc_session *s) {
    double steepest = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        steepest = in->checked ? fmax(steepest, gc_gradient_scale(s, in)) : steepest;
    }
    return steepest;
}

/* No more than rounding may be: that of hidden values is some units of what they belong to, which
 * may be far more than is left of them, though not than of the steepest tensor's derivatives; what
 * was measured may be short by a quarter. */
static bool is_little(const struct gc_claim *c, double unit, double steepest) {
    enum { UNITS = 64, UNITS_OF_DERIVATIVES = 4096 };
    double hidden = fmin(UNITS * unit, UNITS_OF_DERIVATIVES * c->epsilon * steepest);
    return fabs(c->backward - c->numeric) <= fmax(hidden, 1.25 * (c->bound + c->rounding));
}

/* By how many times its bound an entry is off; 0 if it is not to be looked at again. */
static double excess(const struct gc_session *s, size_t entry, const struct gc_claim *c,
                     double unit, double steepest) {
    bool accused = (s->state[entry] & GC_SEEN) != 0 && gc_judge(c).verdict == GRADCHECK_FAIL;
    return accused && !c->kink && !c->tie_broken && is_little(c, unit, steepest)
               ? fabs(c->backward - c->numeric) / (c->bound + c->rounding)
               : 0;
}

/* s->n_entries if there is none. */
static size_t most_accused(const struct gc_session *s, double steepest) {
    size_t most = s->n_entries;
    double largest = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double scale = in->checked ? gc_gradient_scale(s, in) : 0;
        double unit = in->checked ? gc_hidden_unit(s, in, false) : 0;
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            const struct gc_claim claim = gc_claim_of(s, in, e, scale);
            double found = excess(s, e, &claim, unit, steepest);
            most = found > largest ? e : most;
            largest = fmax(largest, found);
        }
    }
    return most;
}

/* ---- at a neighbour ---- */

/* The point while its neighbours are looked at: these hold what is not needed then. */
static void keep_point(struct gc_session *s) {
    memcpy(s->direction, s->base, s->n_entries * sizeof s->base[0]);
    memcpy(s->cotangent_scratch, s->cotangent, s->n_outs * sizeof s->cotangent[0]);
}

static void take_point(struct gc_session *s) {
    memcpy(s->base, s->direction, s->n_entries * sizeof s->base[0]);
    memcpy(s->cotangent, s->cotangent_scratch, s->n_outs * sizeof s->cotangent[0]);
}

/* Inputs and cotangents, each by about a share of itself; the same for the same number. */
static void move_off(struct gc_session *s, double share, uint64_t number) {
    gc_random_seed(&s->random, s->options.seed, (s->point + 1) * UINT64_C(0x200000001) + number);
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double scale = in->checked ? gc_tensor_scale(s, in) : 0;
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double by = share * gc_random_signed(&s->random);
            s->base[e] = gc_moved(in, s->base[e], by, scale);
        }
    }
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->has_cotangent && i < out->first + out->count; i++) {
            double u = s->cotangent[i] * (1 + share * gc_random_signed(&s->random));
            s->cotangent[i] = gc_dtype_round(out->t->dtype, u);
        }
    }
}

/* Neighbour n of the point if m is 0, else place m around that neighbour. */
static void go_to(struct gc_session *s, uint64_t n, uint64_t m) {
    take_point(s);
    move_off(s, DISTANCES[n % N_DISTANCES], n * (AROUND + 1));
    if (m > 0) {
        move_off(s, DISTANCES_AROUND[m % N_AROUND], n * (AROUND + 1) + m);
    }
    gc_write_point(s, s->base);
}

struct off {
    double by;          /* backward less the difference */
    double size, bound; /* of the difference */
};

/* Their product would underflow. */
static bool differ_in_sign(double a, double b) {
    return (a < 0 && b > 0) || (a > 0 && b < 0);
}

/* 0 where the two cannot be compared: beside a kink, and where the derivative has the other sign,
 * for there a wrong factor does too. */
static struct off off_at(struct gc_session *s, size_t entry, uint64_t n, uint64_t m) {
    const struct off none = {0, 0, 0};
    go_to(s, n, m);
    if (gc_backward(s, s->cotangent, NULL, s->scratch) != GC_DONE ||
        gc_forward(s, s->y0) != GC_DONE) {
        return none;
    }
    double backward = s->scratch[entry] / gc_input_of(s, entry)->scale;
    struct gc_finding found;
    gc_examine(s, entry, false, &found);
    double numeric = found.estimate.value;
    bool comparable = !found.kink && isfinite(found.estimate.bound) && isfinite(backward) &&
                      !differ_in_sign(numeric, s->numeric[entry]);
    return comparable ? (struct off){backward - numeric, fabs(numeric), found.estimate.bound}
                      : none;
}

/* Where the difference is sharper than the error, and by a good share of the error, or of the
 * derivative: what is left of a mistake that is gone a step away is not. Nor by many times as much,
 * as rounding does not grow. */
static bool other_side(double here, const struct off *there) {
    double least = fmin(0.25 * fabs(here), fmax(0.125 * there->size, there->bound));
    return differ_in_sign(there->by, here) && there->bound <= fabs(here) &&
           fabs(there->by) >= least && fabs(there->by) <= 8 * fabs(here);
}

/* ---- let off, or not ---- */

enum ruling { STANDS, LET_OFF, NO_TIME };

struct look {
    size_t last_call; /* of the share of the budget that is left for looking again here */
    double steepest;
    double rounding; /* the largest error seen, if it is let off */
};

static bool in_time(const struct gc_session *s, const struct look *look) {
    return !s->stopped && s->report->n_forward < look->last_call;
}

/* Is the first sign found again around a neighbour that has the other one? */
static enum ruling look_around(struct gc_session *s, size_t entry, uint64_t n, double there,
                               const struct look *look) {
    for (uint64_t m = 1; m <= AROUND; m++) {
        if (!in_time(s, look)) {
            return NO_TIME;
        }
        struct off again = off_at(s, entry, n, m);
        if (other_side(there, &again)) {
            return LET_OFF;
        }
    }
    return STANDS;
}

/* Outputs that the entry does not move say nothing of its rounding; which it does is known once it
 * was examined. */
static bool still_little(const struct gc_session *s, size_t entry, const struct look *look) {
    const struct gc_input *in = gc_input_of(s, entry);
    const struct gc_claim claim = gc_claim_of(s, in, entry, gc_gradient_scale(s, in));
    return is_little(&claim, gc_hidden_unit(s, in, true), look->steepest);
}

static enum ruling look_at(struct gc_session *s, size_t entry, struct look *look) {
    double here = s->grad[entry] - s->numeric[entry];
    look->rounding = fabs(here);
    int refused = 0;
    for (uint64_t n = 0; n < NEIGHBOURS && refused < MOST_REFUSED; n++) {
        if (!in_time(s, look) || !gc_tick(s, n)) {
            return NO_TIME;
        }
        struct off there = off_at(s, entry, n, 0);
        if (n == 0 && !s->stopped && !still_little(s, entry, look)) {
            return STANDS;
        }
        look->rounding = fmax(look->rounding, fmin(fabs(there.by), 8 * fabs(here)));
        if (other_side(here, &there)) {
            enum ruling ruling = look_around(s, entry, n, there.by, look);
            if (ruling != STANDS) {
                return ruling;
            }
            refused++;
        }
    }
    return STANDS;
}

/* What there was no time for is not known to be wrong. */
static void give_up(struct gc_session *s, double steepest) {
    for (size_t e = most_accused(s, steepest); e < s->n_entries; e = most_accused(s, steepest)) {
        s->bound[e] = INFINITY;
        s->state[e] = (unsigned char)(GC_SEEN | (unsigned)GRADCHECK_BUDGET * GC_DOUBT);
    }
}

/* Half of what is left for this point. */
static size_t last_call(const struct gc_session *s) {
    size_t left = s->options.max_evaluations - s->report->n_forward;
    return s->report->n_forward + left / (2 * (s->options.n_points - s->point));
}

/* From the entry furthest beyond its bound on, to the first that is wrong indeed: then the gradient
 * is, whatever the others are. */
void gc_look_again(struct gc_session *s) {
    struct look look = {.steepest = steepest_tensor(s), .last_call = last_call(s)};
    size_t entry = most_accused(s, look.steepest);
    if (entry == s->n_entries) {
        return;
    }
    keep_point(s);
    enum ruling ruling = LET_OFF;
    while (ruling == LET_OFF && entry < s->n_entries) {
        gc_phase(s, "second look", NEIGHBOURS);
        ruling = look_at(s, entry, &look);
        if (ruling == LET_OFF) {
            s->rounding[entry] = fmax(s->rounding[entry], look.rounding);
        }
        take_point(s);
        entry = most_accused(s, look.steepest);
    }
    gc_write_point(s, s->base);
    (void)gc_forward(s, s->y0);
    gc_forget_noise(s);
    if (ruling == NO_TIME) {
        give_up(s, look.steepest);
    }
}
