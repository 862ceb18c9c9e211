// SPDX-License-Identifier: MIT
/* strength: how many wrong backward passes do the checks catch, and do they leave right ones alone?
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lanes/lanes.h"
#include "port/worker.h"
#include "strength.h"

static const char usage[] =
    "usage: strength [--json FILE] [--seeds N] [--seed N] [--kernel NAME] [--mistake NAME]\n"
    "                [--dtype f64|f32] [--jobs N] [--list]\n"
    "Runs every kernel of tests/kernels, right (N runs over all of them) and with each mistake.\n"
    "With --mistake, or --mistake right, the reports that are not a pass are printed.\n"
    "Exit code 1 if a mistake was missed or a right kernel was accused, and, when every kernel "
    "was\n"
    "run, if fewer than 80 % of the causes were named rightly or more than 3 % wrongly.\n";

struct arguments {
    const char *json, *kernel, *mistake, *dtype;
    size_t n_seeds, n_jobs;
    uint64_t seed;
    bool list;
};

enum { DEFAULT_SEEDS = 400, TIME_LIMIT = 8 /* of processor time, for a wrong kernel */ };

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
    if (strcmp(name, "--jobs") == 0) {
        a->n_jobs = (size_t)number;
        return number > 0;
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
           kernel_can_make(kernel, mistake);
}

/* A kernel with one of its mistakes, or right. */
struct task {
    struct trial_plan plan;
    struct trial *trial;
};

struct tasks {
    size_t n, n_lost;
    struct task *all;
};

static void add_kernel(const struct arguments *a, size_t n_seeds, struct strength_kernel *k,
                       struct tasks *tasks) {
    const struct trial_plan plan = {
        .kernel = k->kernel, .seed = a->seed, .print = a->mistake != NULL};
    for (size_t i = 0; i < k->kernel->n_mistakes; i++) {
        if (chosen_mistake(a, k->kernel, &k->kernel->mistakes[i])) {
            struct strength_wrong *w = &k->wrong[k->n_wrong++];
            w->mistake = &k->kernel->mistakes[i];
            struct task *task = &tasks->all[tasks->n++];
            *task = (struct task){.plan = plan, .trial = &w->trial};
            task->plan.mistake = (int)i + 1;
            task->plan.seconds = TIME_LIMIT;
        }
    }
    if (a->mistake == NULL || strcmp(a->mistake, "right") == 0) {
        struct task *task = &tasks->all[tasks->n++];
        *task = (struct task){.plan = plan, .trial = &k->right};
        task->plan.n_seeds = n_seeds;
        task->plan.seconds = 600;
    }
}

static void run_task(void *ctx, size_t i) {
    const struct task *task = &((const struct tasks *)ctx)->all[i];
    if (port_interrupted() == 0) {
        trial_run(&task->plan, task->trial);
    }
}

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t count_chosen(const struct arguments *a, size_t *n_mistakes) {
    size_t n_chosen = 0;
    *n_mistakes = 0;
    for (size_t i = 0; i < kernel_count(); i++) {
        n_chosen += chosen(a, kernel_at(i));
        *n_mistakes += chosen(a, kernel_at(i)) ? kernel_at(i)->n_mistakes : 0;
    }
    return n_chosen;
}

/* False if there is no memory. With reports to print, for a look: here, in order. */
static bool run(const struct arguments *a, struct strength *s, struct tasks *tasks) {
    const double started = now();
    size_t n_mistakes;
    const size_t n_chosen = count_chosen(a, &n_mistakes);
    struct strength_wrong *wrong = lanes_share((n_mistakes + 1) * sizeof *wrong);
    s->kernels = lanes_share((n_chosen + 1) * sizeof *s->kernels);
    tasks->all = calloc(n_mistakes + n_chosen + 1, sizeof *tasks->all);
    if (wrong == NULL || s->kernels == NULL || tasks->all == NULL) {
        return false;
    }
    for (size_t i = 0; i < kernel_count(); i++) {
        if (chosen(a, kernel_at(i))) {
            struct strength_kernel *k = &s->kernels[s->n_kernels++];
            *k = (struct strength_kernel){.kernel = kernel_at(i), .wrong = wrong};
            add_kernel(a, (a->n_seeds + n_chosen - 1) / n_chosen, k, tasks);
            wrong += k->n_wrong;
        }
    }
    tasks->n_lost = lanes_run(run_task, tasks, tasks->n, a->mistake != NULL ? 0 : a->n_jobs);
    s->seconds = now() - started;
    return true;
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
    const long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct arguments arguments = {
        .n_seeds = DEFAULT_SEEDS, .seed = 1, .n_jobs = n_cores > 0 ? (size_t)n_cores : 1};
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    if (arguments.list) {
        list();
        return 0;
    }
    port_prepare_process();
    struct strength s = {0};
    struct tasks tasks = {0};
    int code = 2;
    if (!run(&arguments, &s, &tasks)) {
        fputs("strength: out of memory\n", stderr);
    } else if (tasks.n_lost > 0 && port_interrupted() == 0) {
        fprintf(stderr, "strength: %zu of %zu trials were not run to their end\n", tasks.n_lost,
                tasks.n);
    } else {
        code = conclude(&arguments, &s);
    }
    free(tasks.all);
    return code;
}
