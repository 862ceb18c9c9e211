// SPDX-License-Identifier: MIT
/*
 * regression: what the engine answered when this was recorded, held against what it answers now.
 *
 *     regression [--write | --first] [SECTION...]
 *
 * A line a run: verdict, calls, bounds, the cause in a sentence. The other checks say what is
 * right; this one says that nothing changed that nobody meant to change: a bound twice as wide, a
 * third more calls, another sentence. After a change on purpose: --write, and read the difference
 * before it is committed.
 *
 * --first stops at the first line that differs. Exit code 0: none differs, 1: a line does, 2: a
 * file cannot be read or written. Calls are counted exactly, other numbers are short; even so the
 * record is of one C library's exp and sin.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck/bed/bed.h"
#include "kernels/kernels.h"

enum { MOST_SHOWN = 20 };

struct regression {
    FILE *file; /* a section's record; with --write the new one */
    bool write, first;
    size_t n_lines, n_changed;
};

static const char help[] =
    "usage: regression [--write | --first] [bed | vjp | kernels | screen | mistakes]...\n"
    "Holds what the engine says of every wrong kernel, every right one and the test bed against\n"
    "tests/regression; --write records it, --first stops at the first line that differs.\n";

/* ---- a line ---- */

/* Without the line's end; false after the last. */
static bool read_line(FILE *file, char line[], int size) {
    if (fgets(line, size, file) == NULL) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* True if the next one is wanted. */
static bool hold(struct regression *r, const char *now) {
    char old[4096] = "(nothing)";
    r->n_lines++;
    if (r->write) {
        return fprintf(r->file, "%s\n", now) > 0;
    }
    (void)read_line(r->file, old, sizeof old);
    if (strcmp(old, now) == 0) {
        return true;
    }
    if (++r->n_changed <= MOST_SHOWN) {
        printf("recorded  %s\n     now  %s\n", old, now);
    }
    return !r->first;
}

static bool hold_report(struct regression *r, const char *name,
                        const struct gradcheck_report *report) {
    char line[4096];
    const struct gradcheck_entry *worst = &report->tensors[0].worst;
    size_t n_pass = 0, n_inaccurate = 0, n_inconclusive = 0, n_fail = 0;
    for (size_t i = 0; i < report->n_tensors; i++) {
        n_pass += report->tensors[i].n_pass;
        n_inaccurate += report->tensors[i].n_inaccurate;
        n_inconclusive += report->tensors[i].n_inconclusive;
        n_fail += report->tensors[i].n_fail;
    }
    snprintf(line, sizeof line,
             "%s: %s%s%s, %zu + %zu calls, entries %zu/%zu/%zu/%zu, resolution %.1e, bound %.1e, "
             "step %.1e%s%s, %.0f %%: %s",
             name, gradcheck_verdict_name(report->verdict), report->reason ? " " : "",
             gradcheck_reason_name(report->reason), report->n_forward, report->n_backward, n_pass,
             n_inaccurate, n_inconclusive, n_fail, report->resolution, worst->bound, worst->step,
             report->cause ? ", " : "", gradcheck_cause_name(report->cause),
             100 * report->diagnosis_confidence, report->diagnosis);
    if (report->cause == GRADCHECK_CAUSE_NONE) {
        *strrchr(line, ',') = '\0';
    }
    return hold(r, line);
}

/* ---- the sections ---- */

/* Elements of the Jacobian. */
static size_t size_of(const struct gradcheck_kernel *k) {
    size_t sizes[2] = {0};
    for (size_t i = 0; i < k->n_inputs + k->n_outputs; i++) {
        const bool is_input = i < k->n_inputs;
        const struct gradcheck_tensor *t = is_input ? &k->inputs[i] : &k->outputs[i - k->n_inputs];
        sizes[is_input] += tensor_count(t);
    }
    return sizes[0] * sizes[1];
}

/* The first shape from `seed` on, in a circle, that is not saturated (extreme) nor takes long. */
static struct instance *open_small(const struct kernel *k, int mistake, uint64_t seed) {
    enum { LARGE = 1500 };
    struct instance *instance = NULL;
    for (size_t i = 0; i < k->n_shapes && instance == NULL; i++) {
        const struct shape *shape = &k->shapes[(seed + i) % k->n_shapes];
        instance = shape->extreme ? NULL : instance_open(k, shape, seed, mistake);
        if (instance != NULL && size_of(&instance->check) > LARGE) {
            instance_close(instance);
            instance = NULL;
        }
    }
    return instance;
}

static bool run_instance(struct regression *r, const struct kernel *k, int mistake,
                         const struct gradcheck_options *options) {
    static struct gradcheck_report report;
    char name[128];
    struct instance *instance = open_small(k, mistake, options->seed);
    if (instance == NULL) {
        return hold(r, "every shape is too large");
    }
    (void)gradcheck_run(&instance->check, options, &report);
    snprintf(name, sizeof name, "%s %s %s %zu", k->name, kernel_dtype_name(k),
             mistake > 0 ? k->mistakes[mistake - 1].name : "right", size_of(&instance->check));
    instance_close(instance);
    return hold_report(r, name, &report);
}

/* Every mistake on one shape, and each second in float32. */
static bool record_mistakes(struct regression *r) {
    bool more = true;
    for (size_t i = 0; i < kernel_count() && more; i++) {
        const struct kernel *k = kernel_at(i);
        const bool is_float = k->dtype == GRADCHECK_F32;
        for (size_t m = 0; m < k->n_mistakes && more; m += is_float ? 2 : 1) {
            const enum label label = k->mistakes[m].label;
            if (label != LABEL_CRASHES && label != LABEL_OUT_OF_BOUNDS &&
                kernel_can_make(k, &k->mistakes[m])) {
                const struct gradcheck_options options = {.seed = 1 + m + is_float, .n_points = 1};
                more = run_instance(r, k, (int)m + 1, &options);
            }
        }
    }
    return more;
}

/* Every kernel, right, on each of its shapes. */
static bool record_kernels(struct regression *r) {
    bool more = true;
    for (size_t i = 0; i < kernel_count() && more; i++) {
        for (size_t seed = 0; seed < kernel_at(i)->n_shapes && more; seed++) {
            const struct gradcheck_options options = {.seed = seed};
            more = run_instance(r, kernel_at(i), 0, &options);
        }
    }
    return more;
}

/* Every kernel in float64, right and with its first mistakes, by the screen alone, which locates
 * what it finds. */
static bool record_screen(struct regression *r) {
    enum { MISTAKES = 4 };
    bool more = true;
    for (size_t i = 0; i < kernel_count() && more; i++) {
        const struct kernel *k = kernel_at(i);
        for (int m = 0; m <= MISTAKES && k->dtype == GRADCHECK_F64 && more; m++) {
            const struct gradcheck_options options = {
                .seed = (uint64_t)m, .n_points = 1, .screen_only = true};
            more = run_instance(r, k, m, &options);
        }
    }
    return more;
}

/* What gradcheck_numeric_vjp says at every second point of the test bed. */
static bool record_vjp(struct regression *r) {
    bool more = true;
    for (size_t i = 0; i < bed_n_points() && more; i += 2) {
        struct bed_kernel bed;
        double numeric[BED_MAX_INPUTS], bound[BED_MAX_INPUTS];
        double *const to[] = {numeric}, *const bounds[] = {bound};
        char line[256];
        const struct bed_case c = bed_case(i);
        bed_open(&bed, &c);
        for (size_t o = 0; o < BED_MAX_OUTPUTS; o++) {
            bed.dy[o] = 1 + 0.25 * (double)o;
        }
        const struct gradcheck_options options = {.seed = i};
        const enum gradcheck_status status =
            gradcheck_numeric_vjp(&bed.kernel, &options, to, bounds);
        snprintf(line, sizeof line, "%s %zu: %s, %.5g +- %.1e", c.function->name, i,
                 status ? gradcheck_status_text(status) : "ok", status ? 0 : numeric[0],
                 status ? 0 : bound[0]);
        more = hold(r, line);
    }
    return more;
}

/* Every second point of the test bed: right, at three points around it, and wrong; half of them
 * thoroughly. */
static bool record_bed(struct regression *r) {
    static struct gradcheck_report report;
    bool more = true;
    for (size_t i = 0; i < bed_n_points() && more; i += 2) {
        for (int wrong = 0; wrong <= 1 && more; wrong++) {
            struct bed_kernel bed;
            char name[128];
            const struct bed_case c = bed_case(i);
            bed_open(&bed, &c);
            bed.corruption = wrong ? BED_ALL_TIMES : BED_RIGHT;
            bed.amount = 1 + 1e-6;
            const struct gradcheck_options options = {
                .seed = i, .n_points = wrong ? 1 : 3, .thorough = i % 4 == 0};
            (void)gradcheck_run(&bed.kernel, &options, &report);
            snprintf(name, sizeof name, "%s %zu %s", c.function->name, i,
                     wrong ? "wrong" : "right");
            more = hold_report(r, name, &report);
        }
    }
    return more;
}

static const struct {
    const char *name;
    bool (*run)(struct regression *r);
} SECTIONS[] = {{"bed", record_bed},
                {"vjp", record_vjp},
                {"kernels", record_kernels},
                {"screen", record_screen},
                {"mistakes", record_mistakes}};

enum { N_SECTIONS = sizeof SECTIONS / sizeof SECTIONS[0] };

static bool end_section(struct regression *r, const char *path, const char *temporary, bool done) {
    char line[4096];
    if (r->write) {
        const bool written = fclose(r->file) == 0;
        if (!done || !written || rename(temporary, path) != 0) {
            fprintf(stderr, "regression: %s: %s\n", path, strerror(errno));
            (void)remove(temporary);
            return false;
        }
        return true;
    }
    while (done && read_line(r->file, line, sizeof line)) {
        printf("recorded  %s\n     now  (nothing)\n", line);
        r->n_changed++;
    }
    fclose(r->file);
    return true;
}

/* False if a file cannot be read or written. */
static bool run_section(struct regression *r, size_t i) {
    char path[64], temporary[72];
    snprintf(path, sizeof path, "tests/regression/%s.txt", SECTIONS[i].name);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    r->file = r->write ? fopen(temporary, "w") : fopen(path, "r");
    if (r->file == NULL) {
        fprintf(stderr, "regression: %s: %s\n", r->write ? temporary : path, strerror(errno));
        return false;
    }
    return end_section(r, path, temporary, SECTIONS[i].run(r));
}

/* False if a word is no section. */
static bool choose(int n, char *words[], bool wanted[N_SECTIONS]) {
    for (size_t i = 0; i < N_SECTIONS; i++) {
        wanted[i] = n == 0;
    }
    for (int w = 0; w < n; w++) {
        size_t i = 0;
        while (i < N_SECTIONS && strcmp(words[w], SECTIONS[i].name) != 0) {
            i++;
        }
        if (i == N_SECTIONS) {
            return false;
        }
        wanted[i] = true;
    }
    return true;
}

int main(int argc, char *argv[]) {
    const char *option = argc > 1 ? argv[1] : "";
    struct regression r = {.write = strcmp(option, "--write") == 0,
                           .first = strcmp(option, "--first") == 0};
    const int begin = 1 + (r.write || r.first);
    bool wanted[N_SECTIONS];
    if (!choose(argc - begin, argv + begin, wanted)) {
        fputs(help, stderr);
        return 2;
    }
    for (size_t i = 0; i < N_SECTIONS && !(r.first && r.n_changed > 0); i++) {
        if (wanted[i] && !run_section(&r, i)) {
            return 2;
        }
    }
    printf("%zu lines %s, %zu differ\n", r.n_lines, r.write ? "written" : "read", r.n_changed);
    return r.n_changed > 0;
}
