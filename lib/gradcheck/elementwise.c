// SPDX-License-Identifier: MIT
#include <math.h>

#include "examine.h"

void gc_record(struct gc_session *s, size_t entry, const struct gc_estimate *estimate,
               enum gradcheck_reason doubt) {
    s->numeric[entry] = estimate->value;
    s->bound[entry] = estimate->bound;
    s->step[entry] = estimate->step;
    s->state[entry] = (unsigned char)(GC_SEEN | ((unsigned)doubt * GC_DOUBT));
}

static void record_kink(struct gc_session *s, size_t entry, const struct gc_finding *found) {
    s->numeric[entry] = 0.5 * found->low + 0.5 * found->high;
    s->bound[entry] = 0.5 * found->high - 0.5 * found->low + found->kink_bound;
    s->step[entry] = found->estimate.step;
    s->state[entry] = (unsigned char)(GC_SEEN | GC_AT_KINK);
}

static void examine_entry(struct gc_session *s, size_t entry, bool deep) {
    struct gc_finding found;
    gc_examine(s, entry, 0, deep, &found);
    if (found.kink) {
        record_kink(s, entry, &found);
    } else if (!s->stopped) {
        gc_record(s, entry, &found.estimate, found.doubt);
    }
}

static void check_tensor(struct gc_session *s, const struct gc_input *in) {
    gc_forget_noise(s);
    for (size_t e = in->first; e < in->first + in->count && gc_tick(s, e); e++) {
        examine_entry(s, e, true);
    }
}

void gc_check_elementwise(struct gc_session *s) {
    gc_phase(s, "elementwise", s->n_entries);
    for (size_t e = 0; e < s->n_entries; e++) {
        s->state[e] = GC_UNSEEN;
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        if (s->inputs[i].checked) {
            check_tensor(s, &s->inputs[i]);
        }
    }
}
