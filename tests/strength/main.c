// SPDX-License-Identifier: MIT
/* strength: how many wrong backward passes do the checks catch, and do they leave right ones alone?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "port/worker.h"
#include "strength.h"

static const char usage[] =
    "usage: strength [--json FILE] [--seeds N] [--seed N] [--kernel NAME] [--mistake NAME]\n"
    "                [--dtype f64|f32] [--list]\n"
    "Runs every kernel of tests/kernels, right (N runs over all of them) and with each mistake.\n"
    "With --mistake, or --mistake right, the reports that are not a pass are printed.\n"
    "Exit code 1 if a mistake was missed or a right kernel was accused, and, when every kernel "
    "was\n"
    "run, if fewer than 80 % of the causes were named rightly or more than 3 % wrongly.\n";

struct arguments {
    const char *json, *kernel, *mistake, *dtype;
    size_t n_seeds;
    uint64_t seed;
    bool list;
};

enum { DEFAULT_SEEDS = 400, TIME_LIMIT = 15 };

static bool parse_number(const char *text, unsigned long long *out) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool parse_option(struct arguments *a, const char *name, const char *value) {
    unsigned long long number = 0;
    const char **text = strcmp(name, "--json") == 0      ? &a->json
                        : strcmp(name, "--kernel") == 0  ? &a->kernel
                        : strcmp(name, "--mistake") == 0 ? &a->mistake
                        : strcmp(name, "--dtype") == 0   ? &a->dtype
                                                         : NULL;
    if (text != NULL) {
        *text = value;
        return true;
    }
    if (!parse_number(value, &number)) {
        return false;
    }
    if (strcmp(name, "--seeds") == 0) {
        a->n_seeds = (size_t)number;
        return true;
    }
    a->seed = number;
    return strcmp(name, "--seed") == 0;
}

static bool parse(int argc, char *argv[], struct arguments *a) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            a->list = true;
        } else if (i + 1 == argc || !parse_option(a, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    return true;
}

static bool chosen(const struct arguments *a, const struct kernel *kernel) {
    return (a->kernel == NULL || strcmp(a->kernel, kernel->name) == 0) &&
           (a->dtype == NULL || strcmp(a->dtype, kernel_dtype_name(kernel)) == 0);
}

static bool chosen_mistake(const struct arguments *a, const struct kernel *kernel,
                           const struct mistake *mistake) {
    return (a->mistake == NULL || strcmp(a->mistake, mistake->name) == 0) &&
           !(mistake->f64_only && kernel->dtype == GRADCHECK_F32);
}

static void run_kernel(const struct arguments *a, size_t n_seeds, struct strength_kernel *k) {
    struct trial_plan plan = {.kernel = k->kernel, .seed = a->seed, .print = a->mistake != NULL};
    plan.seconds = TIME_LIMIT;
    for (size_t i = 0; i < k->kernel->n_mistakes; i++) {
        if (chosen_mistake(a, k->kernel, &k->kernel->mistakes[i])) {
            struct strength_wrong *w = &k->wrong[k->n_wrong++];
            w->mistake = &k->kernel->mistakes[i];
            plan.mistake = (int)i + 1;
            trial_run(&plan, &w->trial);
        }
    }
    if (a->mistake == NULL || strcmp(a->mistake, "right") == 0) {
        plan.mistake = 0;
        plan.n_seeds = n_seeds;
        plan.seconds = 3600;
        trial_run(&plan, &k->right);
    }
}

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(const struct arguments *a, struct strength *s) {
    const double started = now();
    size_t n_chosen = 0;
    for (size_t i = 0; i < kernel_count(); i++) {
        n_chosen += chosen(a, kernel_at(i));
    }
    for (size_t i = 0; i < kernel_count() && port_interrupted() == 0; i++) {
        if (chosen(a, kernel_at(i))) {
            struct strength_kernel *k = &s->kernels[s->n_kernels++];
            k->kernel = kernel_at(i);
            k->wrong = calloc(k->kernel->n_mistakes, sizeof *k->wrong);
            if (k->wrong != NULL) {
                run_kernel(a, (a->n_seeds + n_chosen - 1) / n_chosen, k);
            }
        }
    }
    s->seconds = now() - started;
}

static void list(void) {
    for (size_t i = 0; i < kernel_count(); i++) {
        const struct kernel *k = kernel_at(i);
        if (k->dtype == GRADCHECK_F64) {
            printf("%s: %s\n", k->name, k->formula);
            for (size_t j = 0; j < k->n_mistakes; j++) {
                printf("    %-36s %-16s%s\n", k->mistakes[j].name, label_name(k->mistakes[j].label),
                       k->mistakes[j].late ? " late" : "");
            }
        }
    }
}

static int conclude(const struct arguments *a, const struct strength *s) {
    const struct strength_totals all = strength_total(s);
    bool met = true;
    if (a->mistake != NULL) {
        strength_print_findings(s, stdout);
    } else {
        strength_print(s, stdout);
    }
    if (a->mistake == NULL && a->kernel == NULL) {
        met = strength_print_lines(&all, stdout);
    }
    if (a->json != NULL && strength_write(s, a->json) != 0) {
        fprintf(stderr, "strength: %s: %s\n", a->json, strerror(errno));
        return 2;
    }
    if (port_interrupted() != 0) {
        return 130;
    }
    return all.n_runs == 0 || all.n_caught < all.n_wrong || all.n_false_alarms > 0 || !met;
}

int main(int argc, char *argv[]) {
    struct arguments arguments = {.n_seeds = DEFAULT_SEEDS, .seed = 1};
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    if (arguments.list) {
        list();
        return 0;
    }
    struct strength s = {.kernels = calloc(kernel_count(), sizeof *s.kernels)};
    if (s.kernels == NULL) {
        fputs("strength: out of memory\n", stderr);
        return 2;
    }
    port_prepare_process();
    run(&arguments, &s);
    const int code = conclude(&arguments, &s);
    for (size_t i = 0; i < s.n_kernels; i++) {
        free(s.kernels[i].wrong);
    }
    free(s.kernels);
    return code;
}
