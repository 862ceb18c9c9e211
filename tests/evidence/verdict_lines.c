// SPDX-License-Identifier: MIT
/* The kink table, and the wrong verdicts of other tools; the same cases stand as unit tests. */
#include "evidence.h"
#include "gradcheck/bed/verdicts.h"

#define N_SEEDS_CI 5
#define N_SEEDS_FULL 200

/* A draw beyond the table is the same row with the next seed. */
static size_t n_kinks(void) {
    return bed_n_kink_verdicts;
}
static size_t n_peers(void) {
    return bed_n_peer_verdicts + 1; /* and the diagonal */
}

static void note(bool holds, struct outcome *o) {
    o->n_wrong = 1;
    o->n_caught = holds;
}

static void draw_kinks(size_t i, FILE *talk, struct outcome *o) {
    note(bed_verdict_holds(&bed_kink_verdicts[i % bed_n_kink_verdicts], i / bed_n_kink_verdicts,
                           talk),
         o);
}

static void draw_peers(size_t i, FILE *talk, struct outcome *o) {
    size_t which = i % n_peers(), seed = i / n_peers();
    if (which < bed_n_peer_verdicts) {
        note(bed_verdict_holds(&bed_peer_verdicts[which], seed, talk), o);
    } else {
        note(bed_diagonal_error_is_seen(seed, talk), o);
    }
}

static void judge_kinks(const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    table_add(table, "kink table: verdicts as they must be",
              t.n_caught == t.n_wrong && t.n_wrong > 0, "all", "%zu of %zu", t.n_caught, t.n_wrong);
    for (size_t i = 0; i < bed_n_kink_verdicts && i < n; i++) {
        if (!outcomes[i].n_caught) {
            printf("    wrong: %s\n", bed_kink_verdicts[i].name);
        }
    }
}

static void judge_peers(const struct outcome outcomes[], size_t n, struct table *table) {
    struct totals t = totals_of(outcomes, n);
    table_add(table, "what other tools judge wrongly: right here",
              t.n_caught == t.n_wrong && t.n_wrong > 0, "all", "%zu of %zu", t.n_caught, t.n_wrong);
    for (size_t i = 0; i < bed_n_peer_verdicts && i < n; i++) {
        if (!outcomes[i].n_caught) {
            printf("    wrong: %s\n", bed_peer_verdicts[i].name);
        }
    }
}

const struct experiment kinks_experiment = {
    .name = "kinks",
    .what = "values on kinks and beside them",
    .n_ci = N_SEEDS_CI,
    .n_full = N_SEEDS_FULL,
    .unit = n_kinks,
    .draw = draw_kinks,
    .judge = judge_kinks,
};
const struct experiment peers_experiment = {
    .name = "peers",
    .what = "kernels that other tools judge wrongly",
    .n_ci = N_SEEDS_CI,
    .n_full = N_SEEDS_FULL,
    .unit = n_peers,
    .draw = draw_peers,
    .judge = judge_peers,
};
