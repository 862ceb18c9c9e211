// SPDX-License-Identifier: MIT
/* From entries to the verdict of a tensor and a point: which are counted as what, which is the
 * worst, and what they are held against. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "hand.h"

enum { N = LAYER_ROWS * LAYER_COLUMNS };

Test(gradcheck_entries, entries_are_counted_by_their_verdicts_and_the_worst_is_kept) {
    struct hand h;
    hand_open(&h);
    h.s.grad[3] += 1e-6; /* fails */
    h.s.grad[5] += 1;    /* fails more clearly */
    h.s.bound[7] = 1;    /* too loose to say */
    h.s.state[8] = GC_UNSEEN;
    h.s.state[9] = GC_SEEN | GC_AT_KINK;
    h.s.bound[9] = 0.5;
    h.s.rounding[10] = 1e-6;
    h.s.grad[10] += 1e-7; /* inaccurate */
    gc_judge_entries(&h.s);
    const struct gradcheck_tensor_report *x = &h.r.tensors[0], *w = &h.r.tensors[1];
    cr_expect_eq(x->n_fail, 2u);
    cr_expect_eq(x->n_inconclusive, 1u);
    cr_expect_eq(x->n_inaccurate, 1u);
    cr_expect_eq(x->n_subgradient, 1u);
    cr_expect_eq(x->n_pass, (size_t)N - 5);
    cr_expect_eq(w->n_pass, (size_t)N);
    cr_expect(x->worst.place.index[0] == 1 && x->worst.place.index[1] == 1);
    cr_expect(x->worst.backward == 7 && x->worst.numeric == 6 && x->worst.step == 0.5);
    cr_expect_eq(h.r.points[0].verdict, GRADCHECK_FAIL);
    cr_expect(w->worst_resolution > 0 && w->worst_resolution < 1e-9 * 1.0001);
    cr_expect(w->median_resolution <= w->worst_resolution && w->median_resolution > 0);
    gc_session_close(&h.s);
}

static void open_zeros(struct hand *h) {
    hand_open(h);
    for (size_t e = 0; e < N; e++) {
        h->s.grad[e] = h->s.numeric[e] = 0;
    }
}

Test(gradcheck_entries, a_gradient_of_zeros_that_differences_confirm_shows_nothing) {
    struct hand h;
    open_zeros(&h);
    gc_judge_entries(&h.s);
    cr_expect_eq(h.r.tensors[0].n_inconclusive, (size_t)N);
    cr_expect_eq(h.r.tensors[0].worst.reason, GRADCHECK_VACUOUS);
    cr_expect_eq(h.r.points[0].reason, GRADCHECK_VACUOUS);
    gc_session_close(&h.s);
    hand_open(&h);
    for (size_t e = 0; e < N; e++) {
        h.s.grad[e] = 0; /* and the differences say otherwise */
    }
    gc_judge_entries(&h.s);
    cr_expect_eq(h.r.tensors[0].n_fail, (size_t)N);
    gc_session_close(&h.s);
}

/* An entry that was looked at and differs from 0 is enough, though what follows it was not. */
Test(gradcheck_entries, zeros_show_something_beside_an_entry_that_is_not) {
    struct hand h;
    open_zeros(&h);
    h.s.numeric[N - 1] = 1;
    memset(h.s.state + N, GC_UNSEEN, N);
    gc_judge_entries(&h.s);
    cr_expect_eq(h.r.tensors[0].n_pass, (size_t)N - 1);
    cr_expect_eq(h.r.tensors[0].n_fail, 1u);
    gc_session_close(&h.s);
}

/* One loose bound gives the tensor a scale that the others would pass at. */
Test(gradcheck_entries, zeros_show_nothing_whatever_their_bounds) {
    struct hand h;
    open_zeros(&h);
    for (size_t e = 0; e < N; e++) {
        h.s.bound[e] = 1e-15;
    }
    h.s.numeric[2] = h.s.bound[2] = 1e-9;
    gc_judge_entries(&h.s);
    cr_expect_eq(h.r.tensors[0].n_inconclusive, (size_t)N);
    cr_expect_eq(h.r.points[0].verdict, GRADCHECK_INCONCLUSIVE);
    gc_session_close(&h.s);
}

/* Of those that passed or are inaccurate; with an even number, the larger of the two. */
Test(gradcheck_entries, the_median_resolution_is_that_of_what_was_shown) {
    static const struct {
        double error, bound;
    } entries[] = {{0, 7e-9}, {1, 1e-6}, {0, 3e-9}, {0, 1}, {1e-7, 0}};
    struct hand h;
    hand_open(&h);
    memset(h.s.state, GC_UNSEEN, 2 * N);
    for (size_t e = 0; e < 5; e++) {
        h.s.state[e] = GC_SEEN;
        h.s.numeric[e] = 1;
        h.s.grad[e] = 1 + entries[e].error;
        h.s.bound[e] = entries[e].bound;
    }
    h.s.rounding[4] = 1e-6; /* inaccurate */
    for (size_t i = 0; i < 2 * N; i++) {
        h.s.scratch[i] = 0.5;
    }
    gc_judge_entries(&h.s);
    const struct gradcheck_tensor_report *x = &h.r.tensors[0];
    cr_assert(x->n_pass == 2 && x->n_inaccurate == 1 && x->n_fail == 1 && x->n_inconclusive == 1);
    cr_expect(fabs(x->median_resolution - 7e-9) < 1e-15, "%g", x->median_resolution);
    cr_expect(fabs(x->worst_resolution - 1e-6) < 1e-12, "%g", x->worst_resolution);
    gc_session_close(&h.s);
}

Test(gradcheck_entries, the_median_of_one_entry_is_its_own) {
    struct hand h;
    hand_open(&h);
    memset(h.s.state, GC_UNSEEN, 2 * N);
    h.s.state[3] = GC_SEEN;
    h.s.scratch[0] = h.s.scratch[1] = 0.5;
    gc_judge_entries(&h.s);
    const struct gradcheck_tensor_report *x = &h.r.tensors[0];
    cr_expect_eq(x->n_pass, 1u);
    cr_expect(x->median_resolution == x->worst_resolution && x->worst_resolution < 1e-8);
    gc_session_close(&h.s);
}

/* The furthest off for its bound, of those of the worst verdict; of as bad ones the first. */
Test(gradcheck_entries, the_worst_entry_is_the_furthest_off_for_its_bound) {
    static const struct {
        double backward[2], numeric[2], bound[2]; /* of entries 5 and 7 */
        size_t worst;
    } table[] = {
        {{101, 4}, {100, 1}, {1e-9, 1e-9}, 7},  {{4, 101}, {1, 100}, {1e-9, 1e-9}, 5},
        {{2, 1.5}, {1, 1}, {1e-3, 1e-9}, 7},    {{1.5, 2}, {1, 1}, {1e-9, 1e-3}, 5},
        {{1.5, 1.25}, {1, 1}, {1e-9, 1e-9}, 5}, {{NAN, NAN}, {1, 1}, {1e-9, 1e-9}, 5},
        {{1.5, NAN}, {1, 1}, {1e-9, 1e-9}, 7},  {{1e60, 1e80}, {1, 1}, {1e-9, 1e-9}, 7},
        {{1.5, 1}, {1, 1}, {1e-9, 10}, 5},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct hand h;
        hand_open(&h);
        for (size_t j = 0; j < 2; j++) {
            h.s.grad[5 + 2 * j] = table[i].backward[j];
            h.s.numeric[5 + 2 * j] = table[i].numeric[j];
            h.s.bound[5 + 2 * j] = table[i].bound[j];
        }
        gc_judge_entries(&h.s);
        const struct gradcheck_entry *worst = &h.r.tensors[0].worst;
        cr_expect_eq(worst->verdict, GRADCHECK_FAIL, "row %zu", i);
        cr_expect_eq(worst->place.index[0] * LAYER_COLUMNS + worst->place.index[1], table[i].worst,
                     "row %zu", i);
        gc_session_close(&h.s);
    }
}

Test(gradcheck_entries, a_point_is_open_for_the_reason_of_the_first_entry_that_is) {
    for (size_t first = 2; first <= N + 2; first += N) { /* in the same tensor, and in another */
        for (int swapped = 0; swapped < 2; swapped++) {
            struct hand h;
            hand_open(&h);
            const size_t doubted = swapped ? N + 4 : first, loose = swapped ? first : N + 4;
            h.s.bound[doubted] = h.s.bound[loose] = 1e6;
            h.s.state[doubted] |= GC_DOUBT * GRADCHECK_DOMAIN_EDGE;
            gc_judge_entries(&h.s);
            cr_expect_eq(h.r.points[0].verdict, GRADCHECK_INCONCLUSIVE);
            cr_expect_eq(h.r.points[0].reason, swapped ? GRADCHECK_NOISE : GRADCHECK_DOMAIN_EDGE,
                         "%zu, %d: %s", first, swapped,
                         gradcheck_reason_name(h.r.points[0].reason));
            gc_session_close(&h.s);
        }
    }
}

/* Off a kink a gradient changes by more than the rounding that was measured on it. */
Test(gradcheck_entries, a_claim_is_of_one_entry_and_allows_for_a_kink) {
    struct hand h;
    hand_open(&h);
    h.s.grad[3] = 1e3;
    h.s.rounding[3] = 0.5;
    h.s.rounding[2] = 0.25;
    h.s.state[3] |= GC_AT_KINK | GC_TIE_BROKEN;
    const struct gc_claim at = gc_claim_of(&h.s, &h.s.inputs[0], 3, 1);
    const struct gc_claim before = gc_claim_of(&h.s, &h.s.inputs[0], 2, 1);
    cr_expect(at.kink && at.tie_broken && !before.kink && !before.tie_broken);
    cr_expect(at.rounding >= 1e3 * DBL_EPSILON && at.rounding <= 1e5 * DBL_EPSILON, "%g",
              at.rounding);
    cr_expect(before.rounding == 0.25);
    gc_session_close(&h.s);
}

Test(gradcheck_entries, one_entry_fails_at_any_magnitude) {
    static const double magnitudes[] = {1e-200, 1, 1e200};
    for (size_t i = 0; i < 3; i++) {
        struct hand h;
        hand_open(&h);
        for (size_t e = 0; e < N; e++) {
            h.s.grad[e] *= magnitudes[i];
            h.s.numeric[e] *= magnitudes[i];
            h.s.bound[e] *= magnitudes[i];
        }
        h.s.grad[5] *= 1 + 1e-6;
        gc_judge_entries(&h.s);
        cr_expect(h.r.tensors[0].n_fail == 1 && h.r.tensors[0].n_pass == N - 1, "%g: %zu fail",
                  magnitudes[i], h.r.tensors[0].n_fail);
        gc_session_close(&h.s);
    }
}

/* Root mean square of what was found; of the gradient itself where nothing was. */
Test(gradcheck_entries, the_scale_is_that_of_the_entries_that_were_looked_at) {
    struct hand h;
    hand_open(&h);
    const struct gc_input *x = &h.s.inputs[0];
    for (size_t e = 0; e < N; e++) {
        h.s.state[e] = e < 2 ? GC_SEEN : GC_UNSEEN;
    }
    h.s.numeric[0] = 3e200;
    h.s.numeric[1] = -4e200;
    double scale = gc_gradient_scale(&h.s, x);
    cr_expect(fabs(scale - 3.5355339059327378e200) <= 1e185, "%g", scale);
    h.s.bound[1] = INFINITY;
    cr_expect(gc_gradient_scale(&h.s, x) == 3e200);
    h.s.numeric[1] = 0;
    cr_expect(gc_gradient_scale(&h.s, x) == 3e200);
    h.s.numeric[0] = -3e-200;
    cr_expect(gc_gradient_scale(&h.s, x) == 3e-200);
    h.s.numeric[0] = 0;
    cr_expect(gc_gradient_scale(&h.s, x) == 0);
    for (size_t e = 0; e < N;
         e++) { /* each square is less than a float's last place of their sum */
        h.s.state[e] = GC_SEEN;
        h.s.bound[e] = 1e-9;
        h.s.numeric[e] = e == 0 ? 1 : 2e-4;
    }
    scale = gc_gradient_scale(&h.s, x) * sqrt(N);
    cr_expect(fabs(scale - sqrt(1 + (N - 1) * 4e-8)) < 1e-12, "%.17g", scale);
    memset(h.s.state + 2, GC_UNSEEN, N - 2);
    h.s.bound[1] = INFINITY;
    h.s.numeric[0] = NAN;
    scale = gc_gradient_scale(&h.s, x);
    cr_expect(fabs(scale - gc_rms(h.s.grad, N)) <= 1e-14 * scale, "%g", scale);
    h.s.bound[1] = 1e-9;
    h.s.numeric[1] = -4;
    cr_expect(gc_gradient_scale(&h.s, x) == 4);
    memset(h.s.state + N, GC_UNSEEN, N);
    scale = gc_gradient_scale(&h.s, &h.s.inputs[1]);
    cr_expect(fabs(scale - gc_rms(h.s.grad + N, N)) <= 1e-14 * scale, "%g", scale);
    gc_session_close(&h.s);
}
