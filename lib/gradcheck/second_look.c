// SPDX-License-Identifier: MIT
/* A mistake has a sign, rounding has both. Before an entry is accused of little, it is looked at
 * again at neighbours of the point, where everything is rounded anew: further off even hidden
 * values that nudges of a few units leave as they are (a gate so nearly shut that its 1 - y has few
 * digits, or none). Where it is once off to the other side, what it is off by is rounding. */
#include <math.h>
#include <string.h>

#include "elementwise.h"

enum { NEIGHBOURS = 200 };

/* In parts of each value. */
static const double DISTANCES[] = {0x1p-12, 0x1p-7, 0x1p-5, 0x1p-3, 0x1p-2};

/* What a unit in the last place of the largest output makes of a gradient. */
static double hidden_unit(const struct gc_session *s, const struct gc_input *in) {
    double largest = 0;
    for (size_t i = 0; i < s->n_outs; i++) {
        largest = fmax(largest, fabs(s->cotangent[i] * s->y0[i]));
    }
    double epsilon = fmax(s->narrow_epsilon, gc_dtype_epsilon(in->t->dtype));
    return epsilon * largest / gc_tensor_scale(s, in);
}

/* How many times its bound; 0 if it is within, or off by more than rounding may be: that of hidden
 * values, some units of what they belong to, which may be far more than is left of them; or a
 * quarter more than was measured. */
static double accused(const struct gc_session *s, size_t entry, const struct gc_claim *c,
                      double unit) {
    enum { MOST_UNITS = 64 };
    double error = fabs(c->backward - c->numeric);
    double bound = c->bound + c->rounding;
    bool little = error <= fmax(MOST_UNITS * unit, 1.25 * bound);
    return (s->state[entry] & GC_SEEN) != 0 && !c->kink && !c->tie_broken && little &&
                   gc_judge(c).verdict == GRADCHECK_FAIL
               ? error / bound
               : 0;
}

/* s->n_entries if there is none. */
static size_t most_accused(const struct gc_session *s) {
    size_t most = s->n_entries;
    double largest = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double scale = in->checked ? gc_gradient_scale(s, in) : 0;
        double unit = in->checked ? hidden_unit(s, in) : 0;
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            const struct gc_claim claim = gc_claim_of(s, in, e, scale);
            double share = accused(s, e, &claim, unit);
            most = share > largest ? e : most;
            largest = fmax(largest, share);
        }
    }
    return most;
}

static double moved(struct gc_session *s, enum gradcheck_dtype dtype, double value, double by) {
    return gc_dtype_round(dtype, value + value * by * gc_random_signed(&s->random));
}

/* Inputs and cotangents. s->direction keeps the point and s->cotangent_scratch its cotangents. */
static void go_to_neighbour(struct gc_session *s, uint64_t number) {
    double by = DISTANCES[number % (sizeof DISTANCES / sizeof DISTANCES[0])];
    gc_random_seed(&s->random, s->options.seed, (s->point + 1) * UINT64_C(0x200000001) + number);
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            double x = moved(s, in->t->dtype, s->direction[e], by);
            s->base[e] = isfinite(x) && x >= in->lower && x <= in->upper ? x : s->direction[e];
        }
    }
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        for (size_t i = out->first; out->has_cotangent && i < out->first + out->count; i++) {
            s->cotangent[i] = moved(s, out->t->dtype, s->cotangent_scratch[i], by);
        }
    }
    gc_write_point(s, s->base);
}

struct error {
    double by;          /* backward less the difference */
    double size, bound; /* of the difference */
};

/* 0 where the two cannot be compared: beside a kink, and where the derivative has the other sign,
 * for there a wrong factor does too. */
static struct error error_at_neighbour(struct gc_session *s, size_t entry, uint64_t number) {
    const struct error none = {0, 0, 0};
    go_to_neighbour(s, number);
    if (gc_backward(s, s->cotangent, NULL, s->scratch) != GC_DONE ||
        gc_forward(s, s->y0) != GC_DONE) {
        return none;
    }
    double backward = s->scratch[entry] / gc_input_of(s, entry)->scale;
    struct gc_finding found;
    gc_examine(s, entry, 0, false, &found);
    double numeric = found.estimate.value;
    bool comparable = !found.kink && isfinite(found.estimate.bound) && isfinite(backward) &&
                      !(numeric * s->numeric[entry] < 0);
    return comparable ? (struct error){backward - numeric, fabs(numeric), found.estimate.bound}
                      : none;
}

/* Not by what the difference may be off itself. Nor beside a mistake that is gone a step away:
 * what is left of its sign is noise, which a share of the error, or of the derivative, is not. */
static bool other_side(double here, const struct error *there) {
    double least = fmin(0.25 * fabs(here), fmax(0.125 * there->size, there->bound));
    return there->by * here < 0 && there->bound <= fabs(here) && fabs(there->by) >= least;
}

/* The largest error seen if there are some of both signs, else 0. */
static double rounding_of(struct gc_session *s, size_t entry) {
    double here = s->grad[entry] - s->numeric[entry];
    double largest = fabs(here);
    for (uint64_t n = 0; n < NEIGHBOURS && !s->stopped; n++) {
        struct error there = error_at_neighbour(s, entry, n);
        largest = fmax(largest, fabs(there.by));
        if (other_side(here, &there)) {
            return largest;
        }
    }
    return 0;
}

/* From the entry furthest beyond its bound on, to the first that is wrong indeed: then the gradient
 * is, whatever the others are. */
void gc_look_again(struct gc_session *s) {
    size_t entry = most_accused(s);
    if (entry == s->n_entries) {
        return;
    }
    gc_phase(s, "second look", NEIGHBOURS);
    memcpy(s->direction, s->base, s->n_entries * sizeof s->base[0]);
    memcpy(s->cotangent_scratch, s->cotangent, s->n_outs * sizeof s->cotangent[0]);
    for (double rounding = 1; rounding > 0 && entry < s->n_entries; entry = most_accused(s)) {
        rounding = rounding_of(s, entry);
        s->rounding[entry] = fmax(s->rounding[entry], rounding);
    }
    memcpy(s->base, s->direction, s->n_entries * sizeof s->base[0]);
    memcpy(s->cotangent, s->cotangent_scratch, s->n_outs * sizeof s->cotangent[0]);
    gc_write_point(s, s->base);
    (void)gc_forward(s, s->y0);
}
