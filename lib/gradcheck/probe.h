// SPDX-License-Identifier: MIT
/* Private: the outputs at displaced inputs, summed with the cotangent into differences. */
#ifndef GRADGATE_GRADCHECK_PROBE_H
#define GRADGATE_GRADCHECK_PROBE_H

#include "difference.h"

/* One entry that moves. Entries of independent rows move together, one lane each. */
struct gc_lane {
    size_t entry;
    double unit;         /* its step is the probe's times this */
    double above, below; /* room within the domain */
    double h;            /* step as represented */
    struct gc_sum odd, jump;
    struct gc_norm deviation; /* of the weighted sum at this probe */
    struct gc_norm moved;     /* what the same outputs' noise is at the undisplaced point */
    struct gc_norm hidden;    /* rounding of outputs that stood still */
    struct gc_norm dead;      /* of those that always do */
    struct gc_levels levels;
};

struct gc_group {
    size_t n_lanes;
    struct gc_lane *lanes;
    const size_t *lane_of_output; /* of each output element; NULL: all belong to lane 0 */
};

void gc_lane_open(const struct gc_session *s, struct gc_lane *lane, size_t entry);

/* Adds a level to every lane. side 0: both sides; +1 or -1: one-sided. */
enum gc_outcome gc_probe(struct gc_session *s, struct gc_group *group, double h, int side);

/* From here on, note which outputs move, and the grid that each one's values lie on. */
void gc_watch_outputs(struct gc_session *s);

/* Standard deviation of the weighted output's noise, given what each element of it is there. */
double gc_output_floor(const struct gc_session *s, const struct gc_output *out, double y);

/* The same of an entry, where the forward rounds it, or what it makes of it first. */
double gc_input_floor(const struct gc_session *s, size_t entry);

/* Noise along a random direction within the tensor, spaced about `spacing`: sets s->sigma and
 * returns the deviation of the weighted sum over the outputs that the probes moved, if they are
 * watched and any did, else over those that the samples moved. */
double gc_measure_noise(struct gc_session *s, const struct gc_input *in, double spacing);
void gc_forget_noise(struct gc_session *s);

#endif
