// SPDX-License-Identifier: MIT
/* The program: runs the experiments, prints the table, writes it as JSON; exit 1 if a line is not
 * met. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "workers.h"

static const char usage[] =
    "usage: evidence [--full] [--first N] [--jobs N] [--json FILE] [--all] [EXPERIMENT...]\n"
    "       evidence --draw EXPERIMENT:NUMBER      repeat one draw and print its reports\n"
    "       evidence --list\n"
    "Measures the derivative engine against exact derivatives. --full takes the long variant of "
    "every\n"
    "experiment (10^6 soak draws, every entry, 1,000 large seeds): about an hour on two cores.\n"
    "--first N takes at most N draws of each experiment.\n"
    "--all names every draw that is worth a look, not only the first eight.\n"
    "Exit: 0 every line met, 1 a line is not met, 2 could not run.\n";

struct table {
    FILE *json; /* may be NULL */
    size_t n_lines, n_unmet;
};

struct request {
    bool full, all;
    size_t n_jobs, first;
    const char *json;
    const char *draw;
};

static void json_text(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', file);
        }
        fputc(*text, file);
    }
    fputc('"', file);
}

void table_add(struct table *table, const char *line, bool met, const char *limit,
               const char *figure, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, figure);
    vsnprintf(text, sizeof text, figure, arguments);
    va_end(arguments);
    printf("%-66s %-26s %-22s %s\n", line, text, limit, met ? "met" : "NOT MET");
    if (table->json) {
        fputs(table->n_lines ? ",\n  {\"line\": " : "\n  {\"line\": ", table->json);
        json_text(table->json, line);
        fputs(", \"figure\": ", table->json);
        json_text(table->json, text);
        fputs(", \"limit\": ", table->json);
        json_text(table->json, limit);
        fprintf(table->json, ", \"met\": %s}", met ? "true" : "false");
    }
    table->n_lines++;
    table->n_unmet += !met;
}

static const struct experiment *experiment_named(const char *name, size_t length) {
    for (size_t i = 0; i < n_experiments; i++) {
        if (strlen(experiments[i]->name) == length &&
            strncmp(experiments[i]->name, name, length) == 0) {
            return experiments[i];
        }
    }
    fprintf(stderr, "evidence: no experiment '%.*s'; --list names them\n", (int)length, name);
    exit(2);
}

static void print_outcome(const struct outcome *o) {
    printf("verdict %s %s, judged %u, violated %u, false fails %u, wrong %u, caught %u, forward "
           "calls %u "
           "(elementwise %u), resolution %g, figure %g\n",
           gradcheck_verdict_name(o->verdict), gradcheck_reason_name(o->reason), o->n_judged,
           o->n_violated, o->n_false_fail, o->n_wrong, o->n_caught, o->n_forward, o->n_elementwise,
           o->resolution, o->figure);
}

static int repeat_draw(const char *which) {
    size_t length = strcspn(which, ":");
    char *end = NULL;
    size_t i = which[length] ? strtoull(which + length + 1, &end, 10) : 0;
    if (!end || *end || end == which + length + 1) {
        fprintf(stderr, "evidence: --draw takes EXPERIMENT:NUMBER\n");
        return 2;
    }
    struct outcome outcome = {0};
    experiment_named(which, length)->draw(i, stdout, &outcome);
    print_outcome(&outcome);
    return 0;
}

/* The draws worth repeating, the first few. */
static void name_bad_draws(const struct plan *plan, size_t most) {
    size_t n_bad = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct outcome *o = &plan->outcomes[i];
        bool bad = o->n_violated || o->n_false_fail || o->n_caught < o->n_wrong;
        if (bad && n_bad++ < most) {
            printf("    look at: evidence --draw %s:%zu   violated %u, false fails %u, caught %u "
                   "of %u\n",
                   plan->experiment->name, plan_draw(plan, i), o->n_violated, o->n_false_fail,
                   o->n_caught, o->n_wrong);
        }
    }
    if (n_bad > most) {
        printf("    and %zu more\n", n_bad - most);
    }
}

static int run(const struct request *request, char *names[], size_t n_names) {
    struct plan plans[32];
    size_t n_plans = n_names ? n_names : n_experiments;
    for (size_t p = 0; p < n_plans; p++) {
        const struct experiment *e =
            n_names ? experiment_named(names[p], strlen(names[p])) : experiments[p];
        plans[p] = plan_of_experiment(e, request->full, request->first);
    }
    struct table table = {.json = request->json ? fopen(request->json, "w") : NULL};
    if (request->json && !table.json) {
        fprintf(stderr, "evidence: %s: %s\n", request->json, strerror(errno));
        return 2;
    }
    size_t n_lost = run_plans(plans, n_plans, request->n_jobs);
    if (table.json) {
        fprintf(table.json,
                "{\"format\": \"gradgate-evidence\", \"version\": 1, \"full\": %s, \"lines\": [",
                request->full ? "true" : "false");
    }
    for (size_t p = 0; p < n_plans; p++) {
        printf("\n%s: %s (%zu draws)\n", plans[p].experiment->name, plans[p].experiment->what,
               plans[p].n);
        plans[p].experiment->judge(plans[p].outcomes, plans[p].n, &table);
        name_bad_draws(&plans[p], request->all ? SIZE_MAX : 8);
    }
    printf("\n%zu lines, %zu not met\n", table.n_lines, table.n_unmet);
    if (table.json) {
        fprintf(table.json, "\n ], \"not_met\": %zu}\n", table.n_unmet);
        if (fclose(table.json) != 0) {
            fprintf(stderr, "evidence: %s: %s\n", request->json, strerror(errno));
            return 2;
        }
    }
    return n_lost ? 2 : table.n_unmet > 0 || table.n_lines == 0;
}

static int list(void) {
    for (size_t i = 0; i < n_experiments; i++) {
        const struct experiment *e = experiments[i];
        printf("%-14s %8zu draws, --full %8zu  %s\n", e->name, n_draws(e, false), n_draws(e, true),
               e->what);
    }
    return 0;
}

int main(int argc, char *argv[]) {
    struct request request = {.n_jobs = 2, .first = SIZE_MAX};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--full") == 0) {
            request.full = true;
        } else if (strcmp(argv[i], "--all") == 0) {
            request.all = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            return list();
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else if (strcmp(argv[i], "--draw") == 0) {
            return repeat_draw(value);
        } else if (strcmp(argv[i], "--json") == 0 && *value) {
            request.json = argv[++i];
        } else if (strcmp(argv[i], "--jobs") == 0 && strtoul(value, NULL, 10) > 0) {
            request.n_jobs = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--first") == 0 && strtoul(value, NULL, 10) > 0) {
            request.first = strtoul(argv[++i], NULL, 10);
        } else {
            fputs(usage, stderr);
            return 2;
        }
    }
    return run(&request, argv + i, (size_t)(argc - i));
}
