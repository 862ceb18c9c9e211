// SPDX-License-Identifier: MIT
#include <math.h>

#include "elementwise.h"

enum { FEW_ENTRIES = 4, QUICK_COST = 8, CALIBRATION_COST = 80 };

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
    s->state[entry] = (unsigned char)(GC_SEEN | GC_AT_KINK | (found->convex ? GC_CONVEX : 0));
}

bool gc_is_wrong(const struct gc_session *s, size_t entry) {
    return !(fabs(s->grad[entry] - s->numeric[entry]) <= s->bound[entry] + s->rounding[entry]);
}

static bool record_finding(struct gc_session *s, size_t entry, const struct gc_finding *found) {
    if (found->kink) {
        record_kink(s, entry, found);
    } else if (!s->stopped) {
        gc_record(s, entry, &found->estimate, found->doubt);
    } else {
        return false;
    }
    return gc_is_wrong(s, entry);
}

/* Its bound is too wide to pass on. */
static bool is_blurred(const struct gc_session *s, size_t entry) {
    const struct gc_input *in = gc_input_of(s, entry);
    const double scale = gc_rms(s->grad + in->first, in->count);
    const double allowed = gc_loosest(s->epsilon) * fmax(fabs(s->numeric[entry]), scale);
    return (s->state[entry] & GC_AT_KINK) == 0 && !(s->bound[entry] <= allowed);
}

/* With noise measured anew, as close as suits this entry. Ended in the middle, it is no ground for
 * anything. */
static bool examine_anew(struct gc_session *s, size_t entry) {
    struct gc_finding found;
    gc_forget_noise(s);
    gc_examine(s, entry, true, &found);
    if (s->stopped) {
        const struct gc_estimate nothing = {.value = NAN, .bound = INFINITY};
        gc_record(s, entry, &nothing, GRADCHECK_BUDGET);
        return false;
    }
    return record_finding(s, entry, &found);
}

/* Noise that was measured for other entries, where steps were coarse, may hide what finer steps
 * show: before an entry is accused or given up, it is measured anew; not again where that helped
 * none of a tensor's first, as in a tensor that is wrong throughout. Where there is no backward
 * nothing is accused. */
bool gc_examine_and_record(struct gc_session *s, size_t entry, bool suspected) {
    enum { MOST_IN_VAIN = 2 };
    struct gc_finding found;
    const bool of_others = gc_max_abs(s->sigma, s->n_outs) > 0 && !s->forward_only;
    gc_examine(s, entry, true, &found);
    bool wrong = record_finding(s, entry, &found);
    if (!of_others || s->stopped) {
        return wrong;
    }
    if ((wrong || suspected) && s->accused_in_vain < MOST_IN_VAIN) {
        wrong = examine_anew(s, entry);
        s->accused_in_vain += wrong;
    } else if (is_blurred(s, entry) && s->blurred_in_vain < MOST_IN_VAIN) {
        wrong = examine_anew(s, entry);
        s->blurred_in_vain += is_blurred(s, entry);
    }
    return wrong;
}

static void check_one_by_one(struct gc_session *s, const struct gc_input *in) {
    for (size_t e = in->first; e < in->first + in->count && gc_tick(s, e); e++) {
        (void)gc_examine_and_record(s, e, false);
    }
}

static void check_single_lanes(struct gc_session *s, const struct gc_input *in,
                               const struct gc_quick *quick) {
    struct gc_lane lane;
    struct gc_group group = {.n_lanes = 1, .lanes = &lane};
    for (size_t e = in->first; e < in->first + in->count && gc_tick(s, e); e++) {
        lane.entry = e;
        gc_check_group(s, &group, quick);
    }
}

/* One column of independent rows at a time: the same place in every row. */
static void check_columns(struct gc_session *s, const struct gc_input *in,
                          const struct gc_quick *quick, const struct gc_rows *rows) {
    size_t inner = 1;
    for (size_t axis = in->t->batch_axis; axis < in->t->ndim; axis++) {
        inner *= in->t->shape[axis];
    }
    size_t columns = in->count / rows->n;
    struct gc_group group = {rows->n, rows->lanes, rows->lane_of_output};
    for (size_t c = 0; c < columns && gc_tick(s, in->first + c * rows->n); c++) {
        size_t corner = in->first + c / inner * rows->n * inner + c % inner;
        for (size_t r = 0; r < rows->n; r++) {
            rows->lanes[r].entry = corner + r * inner;
        }
        gc_check_group(s, &group, quick);
    }
}

size_t gc_elementwise_cost(const struct gc_session *s) {
    size_t cost = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        cost += s->inputs[i].checked ? CALIBRATION_COST + QUICK_COST * s->inputs[i].count : 0;
    }
    return cost;
}

bool gc_check_elementwise(struct gc_session *s) {
    struct gc_rows rows;
    if (!gc_rows_open(s, &rows)) {
        return false;
    }
    gc_phase(s, "elementwise", s->n_entries);
    for (size_t i = 0; i < s->k->n_inputs && !s->stopped; i++) {
        const struct gc_input *in = &s->inputs[i];
        if (!in->checked) {
            continue;
        }
        gc_forget_noise(s);
        s->accused_in_vain = s->blurred_in_vain = 0;
        struct gc_quick quick;
        bool one_by_one = in->count <= FEW_ENTRIES && !s->options.thorough;
        if (one_by_one && !(s->epsilon > 1e-10)) {
            check_one_by_one(s, in);
            continue;
        }
        gc_calibrate(s, in, &quick);
        if (rows.n > 0 && in->t->batch_axis > 0) {
            check_columns(s, in, &quick, &rows);
        } else {
            check_single_lanes(s, in, &quick);
        }
    }
    gc_rows_close(&rows);
    return true;
}
