// SPDX-License-Identifier: MIT
/* Private: random directions, and what failed along them. */
#ifndef GRADGATE_GRADCHECK_SCREEN_H
#define GRADGATE_GRADCHECK_SCREEN_H

#include "line.h"

struct gc_screen {
    enum gradcheck_verdict verdict;
    size_t n_pass, n_fail;
    /* the first direction that failed */
    size_t failed;
    double residual, bound; /* numeric less predicted */
    double step;            /* finest that did well */
    /* the last direction that passed */
    size_t passed;
    double predicted, value, allowed;
};

/* s->direction for entries first .. last - 1, 0 elsewhere; the same for the same number. */
void gc_choose_direction(struct gc_session *s, size_t number, size_t first, size_t last);
struct gc_estimate gc_screen_line(struct gc_session *s, struct gc_line *line, double start,
                                  size_t most);
/* Whether what is wrong at the estimate's steps stays so at every finer one that noise leaves. */
bool gc_persists(const struct gc_line *line, const struct gc_estimate *e, double error);
void gc_check_screen(struct gc_session *s, struct gc_screen *screen);
/* Once more over every step down to the noise, when all entries passed and the screen did not. */
void gc_screen_deeply(struct gc_session *s, struct gc_screen *screen);
size_t
gc_heaviest(const struct gc_session *s); /* entry with the largest term of grad . direction */
void gc_locate(struct gc_session *s, const struct gc_screen *screen);

#endif
