// SPDX-License-Identifier: MIT
/* Private: many entries displaced at once, along s->direction. */
#ifndef GRADGATE_GRADCHECK_LINE_H
#define GRADGATE_GRADCHECK_LINE_H

#include "probe.h"

struct gc_line {
    double predicted; /* backward . direction */
    double size;      /* root of the sum of squares of its terms */
    double largest;   /* step that the domain allows */
    bool exact;       /* a step that is lost in an entry's rounding adds no level */
    struct gc_levels levels;
};

/* Noise of the weighted sum along the line: sets s->sigma, so that every later level has it. */
double gc_measure_line_noise(struct gc_session *s, double spacing);

void gc_line_open(const struct gc_session *s, struct gc_line *line);
enum gc_outcome gc_line_probe(struct gc_session *s, struct gc_line *line, double h);

#endif
