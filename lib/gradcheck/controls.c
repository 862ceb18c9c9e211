// SPDX-License-Identifier: MIT
/* Controls: the gradient that was just accepted, spoilt in known ways, must be caught by the same
 * judgement. A check that cannot fail proves nothing. */
#include <math.h>
#include <string.h>

#include "screen.h"

struct spoilt { /* up to two entries and what they are replaced by, or all entries doubled */
    bool all_twice;
    size_t n;
    size_t entry[2];
    double value[2];
};

struct accepted { /* the extremes of one tensor's accepted entries */
    const struct gc_input *in;
    double scale;
    size_t largest, other; /* in magnitude; the one furthest from it */
    size_t n;
};

static struct accepted accepted_of(const struct gc_session *s, const struct gc_input *in) {
    struct accepted a = {.in = in, .scale = gc_gradient_scale(s, in)};
    size_t lowest = in->first;
    size_t highest = lowest;
    for (size_t e = in->first; e < in->first + in->count; e++) {
        struct gc_claim claim = gc_claim_of(s, in, e, a.scale);
        if ((s->state[e] & GC_SEEN) == 0 || claim.kink ||
            gc_judge(&claim).verdict != GRADCHECK_PASS) {
            continue;
        }
        lowest = a.n == 0 || s->grad[e] < s->grad[lowest] ? e : lowest;
        highest = a.n == 0 || s->grad[e] > s->grad[highest] ? e : highest;
        a.n++;
    }
    bool up = fabs(s->grad[highest]) >= fabs(s->grad[lowest]);
    a.largest = up ? highest : lowest;
    a.other = up ? lowest : highest;
    return a;
}

static bool refuted(const struct gc_session *s, const struct accepted *a, size_t entry,
                    double value) {
    struct gc_claim claim = gc_claim_of(s, a->in, entry, a->scale);
    claim.backward = value;
    return gc_judge(&claim).verdict == GRADCHECK_FAIL;
}

static bool caught(const struct gc_session *s, const struct accepted *a,
                   const struct spoilt *spoilt) {
    for (size_t i = 0; i < spoilt->n; i++) {
        if (refuted(s, a, spoilt->entry[i], spoilt->value[i])) {
            return true;
        }
    }
    for (size_t e = a->in->first; spoilt->all_twice && e < a->in->first + a->in->count; e++) {
        if ((s->state[e] & GC_SEEN) != 0 && refuted(s, a, e, 2 * s->grad[e])) {
            return true;
        }
    }
    return false;
}

typedef bool spoil(const struct gc_session *s, const struct accepted *a, struct spoilt *out);

static bool spoil_one(const struct gc_session *s, size_t entry, double value, struct spoilt *out) {
    *out = (struct spoilt){.n = 1, .entry = {entry}, .value = {value}};
    return !(value == s->grad[entry]);
}

static bool ten_resolutions(const struct gc_session *s, const struct accepted *a,
                            struct spoilt *out) {
    double shift = 10 * (s->bound[a->largest] + s->rounding[a->largest]);
    return spoil_one(s, a->largest, s->grad[a->largest] + shift, out);
}

static bool sign(const struct gc_session *s, const struct accepted *a, struct spoilt *out) {
    return spoil_one(s, a->largest, -s->grad[a->largest], out);
}

static bool twice(const struct gc_session *s, const struct accepted *a, struct spoilt *out) {
    *out = (struct spoilt){.all_twice = true};
    return s->grad[a->largest] != 0;
}

static bool zero(const struct gc_session *s, const struct accepted *a, struct spoilt *out) {
    return spoil_one(s, a->largest, 0, out);
}

static bool not_a_number(const struct gc_session *s, const struct accepted *a, struct spoilt *out) {
    return spoil_one(s, a->largest, NAN, out);
}

/* Two entries that differ by less than can be seen are the same entry twice. */
static bool swapped(const struct gc_session *s, const struct accepted *a, struct spoilt *out) {
    size_t i = a->largest;
    size_t j = a->other;
    double seen = 4 * (s->bound[i] + s->rounding[i]);
    *out = (struct spoilt){.n = 2, .entry = {i, j}, .value = {s->grad[j], s->grad[i]}};
    return a->n > 1 && fabs(s->grad[i] - s->grad[j]) > seen;
}

static const struct {
    const char *name;
    spoil *apply;
} CONTROLS[] = {
    {"one entry by ten times the resolution", ten_resolutions},
    {"sign of one entry", sign},
    {"all twice", twice},
    {"two entries swapped", swapped},
    {"one entry zero", zero},
    {"one entry NaN", not_a_number},
};

static void count(struct gradcheck_controls_report *r, const char *tensor, const char *name,
                  bool applies, bool is_caught) {
    r->n_applied += applies;
    r->n_not_applicable += !applies;
    r->n_caught += applies && is_caught;
    if (applies && !is_caught) {
        size_t used = strlen(r->missed);
        gc_text(r->missed + used, sizeof r->missed - used, "%s%s: %s", used > 0 ? ", " : "", tensor,
                name);
    }
}

/* What swapping the heaviest entry with the one least like it shifts grad . direction by. */
static double swap_shift(const struct gc_session *s, size_t heaviest) {
    double shift = 0;
    for (size_t e = 0; e < s->n_entries; e++) {
        double by = (s->grad[e] - s->grad[heaviest]) * (s->direction[heaviest] - s->direction[e]);
        bool checked = gc_input_of(s, e)->checked && s->direction[e] != 0;
        shift = checked && fabs(by) > fabs(shift) ? by : shift;
    }
    return shift;
}

/* The same on a direction that passed, when no entry was looked at by itself. */
static void control_screen(struct gc_session *s, const struct gc_screen *screen) {
    struct gradcheck_controls_report *r = &s->report->controls;
    gc_choose_direction(s, screen->passed, 0, s->n_entries);
    size_t heaviest = gc_heaviest(s);
    double term = s->grad[heaviest] * s->direction[heaviest];
    double swap = swap_shift(s, heaviest);
    const struct {
        const char *name;
        double shift;
    } shifts[] = {
        {"one entry by ten times the resolution", 10 * screen->allowed},
        {"sign of one entry", -2 * term},
        {"all twice", screen->predicted},
        {"two entries swapped", fabs(swap) > 4 * screen->allowed ? swap : 0},
        {"one entry zero", -term},
        {"one entry NaN", NAN},
    };
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        bool agrees =
            gc_agrees(screen->predicted + shifts[i].shift, screen->value, screen->allowed);
        count(r, "screen", shifts[i].name, !(shifts[i].shift == 0), !agrees);
    }
}

void gc_run_controls(struct gc_session *s, const struct gc_screen *screen) {
    bool any = false;
    gc_phase(s, "controls", s->k->n_inputs);
    for (size_t i = 0; i < s->k->n_inputs && gc_tick(s, i); i++) {
        const struct gc_input *in = &s->inputs[i];
        struct accepted a = {.n = 0};
        if (in->checked) {
            a = accepted_of(s, in);
        }
        for (size_t c = 0; a.n > 0 && c < sizeof CONTROLS / sizeof CONTROLS[0]; c++) {
            struct spoilt spoilt;
            bool applies = CONTROLS[c].apply(s, &a, &spoilt);
            count(&s->report->controls, in->t->name, CONTROLS[c].name, applies,
                  applies && caught(s, &a, &spoilt));
            any = true;
        }
    }
    if (!any && !s->stopped && screen->verdict == GRADCHECK_PASS) {
        control_screen(s, screen);
    }
}
