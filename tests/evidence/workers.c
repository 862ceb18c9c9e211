// SPDX-License-Identifier: MIT
#include "workers.h"

#include <stdlib.h>

#include "lanes/lanes.h"

size_t plan_draw(const struct plan *plan, size_t k) {
    const struct experiment *e = plan->experiment;
    size_t left = k < plan->n_first ? 0 : k - plan->n_first; /* of those behind the first */
    for (size_t m = 0; k >= plan->n_first && m < e->n_missed; m++) {
        if (e->missed[m] >= plan->n_first && left-- == 0) {
            return e->missed[m];
        }
    }
    return k;
}

struct plan plan_of_experiment(const struct experiment *e, bool full, size_t most) {
    const size_t n = n_draws(e, full);
    struct plan plan = {.experiment = e, .n_first = n < most ? n : most};
    plan.n = plan.n_first;
    for (size_t m = 0; m < e->n_missed && n <= most; m++) {
        plan.n += e->missed[m] >= n;
    }
    return plan;
}

struct plans {
    struct plan *of;
    size_t n;
};

/* The plan that draw number `ticket` of all belongs to; *i is its number there. */
static struct plan *plan_of(struct plan plans[], size_t n_plans, size_t ticket, size_t *i) {
    size_t p = 0;
    for (*i = ticket; p + 1 < n_plans && *i >= plans[p].n; p++) {
        *i -= plans[p].n;
    }
    return &plans[p];
}

static void run_draw(void *ctx, size_t ticket) {
    const struct plans *plans = ctx;
    size_t i;
    struct plan *plan = plan_of(plans->of, plans->n, ticket, &i);
    plan->outcomes[i].started = true;
    plan->experiment->draw(plan_draw(plan, i), NULL, &plan->outcomes[i]);
    plan->outcomes[i].done = true;
}

/* A draw that was begun and never finished has killed its worker. */
static size_t name_lost_draws(const struct plan plans[], size_t n_plans) {
    size_t n_lost = 0;
    for (size_t p = 0; p < n_plans; p++) {
        for (size_t i = 0; i < plans[p].n; i++) {
            const struct outcome *o = &plans[p].outcomes[i];
            n_lost += !o->done;
            if (o->started && !o->done) {
                fprintf(stderr, "evidence: a worker died in %s:%zu\n", plans[p].experiment->name,
                        plan_draw(&plans[p], i));
            }
        }
    }
    return n_lost;
}

size_t run_plans(struct plan plans[], size_t n_plans, size_t n_workers) {
    struct plans all = {plans, n_plans};
    size_t n = 0;
    for (size_t p = 0; p < n_plans; p++) {
        plans[p].outcomes = lanes_share((plans[p].n + 1) * sizeof *plans[p].outcomes);
        if (plans[p].outcomes == NULL) {
            perror("evidence: shared memory");
            exit(2);
        }
        n += plans[p].n;
    }
    (void)lanes_run(run_draw, &all, n, n_workers);
    return name_lost_draws(plans, n_plans);
}
