// SPDX-License-Identifier: MIT
/* A few random directions through all inputs at once. A wrong entry shifts the derivative along the
 * direction by its error times a magnitude in [0.5, 1.5]: nothing is left out, and errors cancel
 * only by chance. */
#include <math.h>

#include "screen.h"

enum { FIRST_LEVELS = 14, LATER_LEVELS = 6, WIDTH = 5 };

/* Steps in units of each tensor's values, balanced so that an average entry of each tensor weighs
 * the same. */
static void tensor_units(const struct gc_session *s, double unit[]) {
    double largest = 0;
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        unit[i] = in->checked ? gc_tensor_scale(s, in) : 0;
        largest =
            in->checked ? fmax(largest, unit[i] * gc_rms(s->grad + in->first, in->count)) : largest;
    }
    for (size_t i = 0; i < s->k->n_inputs && largest > 0; i++) {
        const struct gc_input *in = &s->inputs[i];
        double weight = in->checked ? unit[i] * gc_rms(s->grad + in->first, in->count) : 0;
        unit[i] *= weight > 0 ? fmin(largest / weight, 32) : 1;
    }
}

void gc_choose_direction(struct gc_session *s, size_t number, size_t first, size_t last) {
    double unit[GRADCHECK_MAX_TENSORS] = {0};
    struct gc_random kept = s->random;
    tensor_units(s, unit);
    gc_random_seed(&s->random, s->options.seed, 4096 * (s->point + 1) + number);
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        for (size_t e = in->first; in->is_float && e < in->first + in->count; e++) {
            double v = in->checked ? unit[i] * gc_random_signed(&s->random) : 0;
            bool room = s->base[e] > in->lower && s->base[e] < in->upper;
            s->direction[e] = e >= first && e < last && room ? v : 0;
        }
    }
    s->random = kept;
}

static double first_step(const struct gc_session *s) {
    return 0.1 / sqrt(sqrt((double)s->n_checked));
}

/* Irregular on purpose: see examine.c. */
static double irregular(struct gc_session *s, double h) {
    return h * (0.85 + 0.3 * gc_random_uniform(&s->random));
}

/* Noise is not what limits the estimate: the series does not hold, or not yet. */
static bool among_kinks(const struct gc_estimate *e) {
    return e->truncation + e->jump > e->noise;
}

/* The next step to try, 0 when more would not help. Where the series does not hold, kinks lie
 * within the step, and it has to shrink until none does. */
static double next_step(const struct gc_session *s, const struct gc_line *line,
                        const struct gc_estimate *best, double start) {
    const struct gc_levels *l = &line->levels;
    if (l->n < 3) {
        return l->n == 0 ? start : l->h[l->n - 1] / 2.2;
    }
    double goal = (s->epsilon > 1e-10 ? 1e-5 : 4e-12) * line->size;
    if (best->bound <= goal) {
        return 0;
    }
    if (among_kinks(best)) {
        bool smooth = best->last > best->first && best->last + 1 == l->n;
        bool settled = best->last + 2 < l->n && best->bound <= 1e-4 * line->size;
        return settled ? 0 : l->h[l->n - 1] / (smooth ? 2.2 : 12);
    }
    return best->first == 0 && l->h[0] * 2.2 < line->largest ? l->h[0] * 2.2 : 0;
}

/* Once, from samples as close as suits the estimate's step. */
static void learn_line_noise(struct gc_session *s, struct gc_line *line, struct gc_estimate *best) {
    if (!s->line_noise_known && best->step > 0 && !s->stopped) {
        gc_levels_raise_noise(&line->levels, gc_measure_line_noise(s, best->step / 64));
        *best = gc_estimate_best(&line->levels, WIDTH);
    }
}

struct gc_estimate gc_screen_line(struct gc_session *s, struct gc_line *line, double start,
                                  size_t most) {
    struct gc_estimate best = {.bound = INFINITY, .value = NAN};
    gc_line_open(s, line);
    start = fmin(start, 0.8 * line->largest);
    for (size_t i = 0; i < most && !s->stopped; i++) {
        double h = next_step(s, line, &best, start);
        if (h == 0) {
            break;
        }
        if (gc_line_probe(s, line, irregular(s, h)) != GC_DONE) {
            start = h / 8;
            line->largest = fmin(line->largest, h);
            continue;
        }
        best = gc_estimate_best(&line->levels, WIDTH);
        /* half the digits: smooth so far, and what is missing may be noise as well */
        if (line->levels.n >= 3 && best.bound <= sqrt(s->epsilon) * line->size) {
            learn_line_noise(s, line, &best);
        }
    }
    learn_line_noise(s, line, &best);
    return best;
}

/* What the gradient's own rounding may shift the prediction by. */
static double predicted_rounding(const struct gc_session *s) {
    struct gc_norm total = {0, 0, 0};
    for (size_t e = 0; e < s->n_entries; e++) {
        if (s->direction[e] != 0) {
            gc_norm_add(&total, s->rounding[e] * s->direction[e]);
        }
    }
    return 4 * gc_norm_value(&total);
}

/* What that of hidden values may, which no nudge shows: entries tell, if they are looked at. */
static double unseen_rounding(const struct gc_session *s) {
    enum { UNITS = 4 };
    struct gc_norm total = {0, 0, 0};
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        double unit = in->checked ? gc_hidden_unit(s, in, false) : 0;
        for (size_t e = in->first; in->checked && e < in->first + in->count; e++) {
            gc_norm_add(&total, UNITS * unit * s->direction[e]);
        }
    }
    return gc_norm_value(&total);
}

size_t gc_heaviest(const struct gc_session *s) {
    size_t heaviest = 0;
    double most = -1;
    for (size_t e = 0; e < s->n_entries; e++) {
        double weight = fabs(s->grad[e] * s->direction[e]);
        if (gc_input_of(s, e)->checked && weight > most) {
            most = weight;
            heaviest = e;
        }
    }
    return heaviest;
}

/* Hexadecimal, so that it can be repeated: the seed gives the point and the direction again. */
static void note_failure(struct gc_session *s, size_t direction, const struct gc_line *line,
                         const struct gc_estimate *e, double allowed) {
    char *out = s->report->screen.evidence;
    if (out[0] != '\0') {
        return;
    }
    size_t heaviest = gc_heaviest(s);
    struct gradcheck_place place;
    char text[64];
    gc_place_of(s, heaviest, &place);
    gc_place_text(&place, text, sizeof text);
    gc_text(out, GRADCHECK_TEXT_SIZE,
            "point %zu, direction %zu, step %a: backward . direction %a, by differences %a, bound "
            "%.1e; most of it from %s = %a, direction %a",
            s->point, direction, e->step, line->predicted, e->value, allowed, text,
            s->base[heaviest], s->direction[heaviest]);
}

/* Coarse steps among many kinks may agree by chance; finer ones then tell how far they are off.
 * Each is extrapolated with the one before: the truncation of a single one may be as large as the
 * error. */
bool gc_persists(const struct gc_line *line, const struct gc_estimate *e, double error) {
    const struct gc_levels *l = &line->levels;
    for (size_t i = e->last + 1; i < l->n; i++) {
        bool quiet = GC_NOISE_FACTOR * l->noise[i] / l->h[i] <= 0.25 * error;
        double ratio = l->h[i - 1] / l->h[i];
        double value = l->odd[i] + (l->odd[i] - l->odd[i - 1]) / (ratio * ratio - 1);
        if (quiet && fabs(value - line->predicted) < 0.5 * error) {
            return false;
        }
    }
    return true;
}

static enum gradcheck_verdict judge_direction(struct gc_session *s, size_t number,
                                              const struct gc_line *line,
                                              const struct gc_estimate *e) {
    struct gradcheck_screen_report *report = &s->report->screen;
    double allowed = e->bound + predicted_rounding(s);
    double size = fmax(line->size, fabs(e->value));
    double error = fabs(e->value - line->predicted);
    if (!isfinite(e->value) || !isfinite(allowed) || !s->line_noise_known) {
        return GRADCHECK_INCONCLUSIVE;
    }
    if (!gc_agrees(line->predicted, e->value, allowed)) {
        bool sound = e->truncation + e->jump <= 0.25 * fmax(fabs(e->value), error) &&
                     (!among_kinks(e) || gc_persists(line, e, error)) && error > unseen_rounding(s);
        if (sound) {
            report->n_fail++;
            note_failure(s, number, line, e, allowed);
        }
        return sound ? GRADCHECK_FAIL : GRADCHECK_INCONCLUSIVE;
    }
    double resolution = size > 0 ? allowed / size : INFINITY;
    if (!(resolution <= gc_loosest(s->epsilon))) {
        return GRADCHECK_INCONCLUSIVE;
    }
    report->resolution = fmax(report->resolution, resolution);
    return GRADCHECK_PASS;
}

/* The bound on missing an error whose largest entry is ten times the resolution: that entry's
 * magnitude is uniform over an interval of length 1 on either side, so the sum with all others
 * falls within the bound with probability at most 2 x bound / (10 x bound). */
static const double MISS_ONE = 0.2;

/* One failing direction may be an accident of its steps; two are not, nor is one far off. */
static void judge_screen(struct gc_session *s, struct gc_screen *screen) {
    struct gradcheck_screen_report *report = &s->report->screen;
    screen->verdict = screen->n_fail >= 2 || (screen->n_fail == 1 && screen->n_pass == 0)
                          ? GRADCHECK_FAIL
                      : screen->n_fail == 0 && screen->n_pass > 0 ? GRADCHECK_PASS
                                                                  : GRADCHECK_INCONCLUSIVE;
    if (screen->verdict == GRADCHECK_PASS) {
        double miss = pow(MISS_ONE, (double)screen->n_pass);
        report->miss_probability = fmax(report->miss_probability, miss);
    }
    bool better = report->verdict == GRADCHECK_NOT_CHECKED ||
                  (report->verdict == GRADCHECK_INCONCLUSIVE && screen->verdict != report->verdict);
    if (better || screen->verdict == GRADCHECK_FAIL) {
        report->verdict = screen->verdict;
    }
}

void gc_check_screen(struct gc_session *s, struct gc_screen *screen) {
    *screen = (struct gc_screen){.verdict = GRADCHECK_NOT_CHECKED};
    gc_phase(s, "screen", s->options.n_directions);
    gc_forget_noise(s);
    double start = first_step(s);
    for (size_t d = 0; d < s->options.n_directions && gc_tick(s, d); d++) {
        struct gc_line line;
        gc_choose_direction(s, d, 0, s->n_entries);
        struct gc_estimate e =
            gc_screen_line(s, &line, start, s->line_noise_known ? LATER_LEVELS : FIRST_LEVELS);
        if (s->stopped && line.levels.n < 3) {
            break;
        }
        s->report->screen.n_directions++;
        enum gradcheck_verdict verdict = judge_direction(s, d, &line, &e);
        if (verdict == GRADCHECK_PASS) {
            screen->n_pass++;
            screen->passed = d;
            screen->predicted = line.predicted;
            screen->value = e.value;
            screen->allowed = e.bound + predicted_rounding(s);
        }
        screen->n_fail += verdict == GRADCHECK_FAIL;
        if (verdict == GRADCHECK_FAIL && screen->n_fail == 1) {
            screen->failed = d;
            screen->residual = e.value - line.predicted;
            screen->bound = e.bound;
        }
        if (e.step > 0 && isfinite(e.bound)) {
            start = line.levels.h[e.first];
            screen->step = e.step;
        }
        if (screen->n_fail >= 2) {
            break;
        }
    }
    judge_screen(s, screen);
}

void gc_screen_deeply(struct gc_session *s, struct gc_screen *screen) {
    enum { SCREEN_LEVELS = GC_MAX_LEVELS - 2 };
    struct gradcheck_screen_report *report = &s->report->screen;
    struct gc_line line;
    gc_choose_direction(s, screen->failed, 0, s->n_entries);
    gc_line_open(s, &line);
    double h = fmin(0.5, line.largest);
    for (size_t i = 0; i < SCREEN_LEVELS && !s->stopped; i++) {
        (void)gc_line_probe(s, &line, h);
        h *= 0.22 + 0.1 * gc_random_uniform(&s->random);
    }
    struct gc_estimate e = gc_estimate_consistent(&line.levels, WIDTH);
    if (e.step > 0) {
        gc_levels_raise_noise(&line.levels, gc_measure_line_noise(s, e.step / 64));
        e = gc_estimate_consistent(&line.levels, WIDTH);
    }
    double allowed = e.bound + predicted_rounding(s);
    bool agrees = gc_agrees(line.predicted, e.value, allowed);
    bool sharp = allowed <= gc_loosest(s->epsilon) * fmax(line.size, fabs(e.value));
    bool sound =
        isfinite(allowed) && e.truncation + e.jump <= 1e-3 * fabs(e.value - line.predicted);
    screen->verdict = agrees && sharp    ? GRADCHECK_PASS
                      : !agrees && sound ? GRADCHECK_FAIL
                                         : GRADCHECK_INCONCLUSIVE;
    report->verdict = screen->verdict;
    if (screen->verdict != GRADCHECK_FAIL) {
        report->evidence[0] = '\0';
        report->n_fail = 0;
    }
}
