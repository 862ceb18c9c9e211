// SPDX-License-Identifier: MIT
/* Private: every entry by itself. */
#ifndef GRADGATE_GRADCHECK_ELEMENTWISE_H
#define GRADGATE_GRADCHECK_ELEMENTWISE_H

#include "examine.h"

struct gc_quick { /* what calibration found for one tensor */
    double step;  /* coarsest of the levels */
    size_t n_levels;
    double bound; /* reached at the calibrated entry */
    double scale; /* rms of its gradient */
};

struct gc_rows { /* stated and verified independence */
    size_t n;    /* 0: none */
    size_t *lane_of_output;
    struct gc_lane *lanes;
};

/* rows.c */
bool gc_rows_open(struct gc_session *s, struct gc_rows *rows);
void gc_rows_close(struct gc_rows *rows);

/* quick.c */
void gc_calibrate(struct gc_session *s, const struct gc_input *in, struct gc_quick *quick);
void gc_check_group(struct gc_session *s, struct gc_group *group, const struct gc_quick *quick);

/* elementwise.c */
/* suspected: a quicker look says that the entry is wrong. True if it turned out wrong. */
bool gc_examine_and_record(struct gc_session *s, size_t entry, bool suspected);
bool gc_is_wrong(const struct gc_session *s, size_t entry);
size_t gc_elementwise_cost(const struct gc_session *s); /* forward calls, an estimate */
bool gc_check_elementwise(struct gc_session *s);        /* false: out of memory */

/* kink.c */
void gc_check_ties(struct gc_session *s);

#endif
