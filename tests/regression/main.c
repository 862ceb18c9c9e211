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
#include "mixed.h"

enum { MOST_SHOWN = 20, MOST_LINE = 8192 };

struct regression {
    FILE *file; /* a section's record; with --write the new one */
    bool write, first;
    size_t n_lines, n_changed;
};

static const char help[] =
    "usage: regression [--write | --first] [bed | vjp | jvp | mixed | kernels | screen | "
    "mistakes]...\n"
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
    char old[MOST_LINE] = "(nothing)";
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

/* "w[3, 0]"; "w" of a scalar. */
static void write_place(char text[], size_t size, const struct gradcheck_place *place) {
    size_t n = (size_t)snprintf(text, size, "%s", place->tensor);
    for (size_t i = 0; i < place->ndim && n < size; i++) {
        n += (size_t)snprintf(text + n, size - n, "%s%zu%s", i == 0 ? "[" : ", ", place->index[i],
                              i + 1 == place->ndim ? "]" : "");
    }
}

/* Verdicts, a letter each: - not checked, p, a (inaccurate), i, f. */
static char letter(enum gradcheck_verdict verdict) {
    return "-paif"[verdict];
}

/* Those that did not pass; all of them if the kernel did. */
static void write_tensors(char text[], size_t size, const struct gradcheck_report *report) {
    size_t n = 0;
    for (size_t i = 0; i < report->n_tensors && n < size; i++) {
        const struct gradcheck_tensor_report *t = &report->tensors[i];
        char place[128];
        if (report->verdict != GRADCHECK_PASS && t->verdict == GRADCHECK_PASS) {
            continue;
        }
        write_place(place, sizeof place, &t->worst.place);
        n += (size_t)snprintf(text + n, size - n,
                              "; %s %zu/%zu/%zu/%zu, %zu kinks, %zu left, %.0e, worst %s at %zu: "
                              "%c +- %.1e, step %.1e",
                              t->name, t->n_pass, t->n_inaccurate, t->n_inconclusive, t->n_fail,
                              t->n_subgradient, t->n_uncovered, t->median_resolution, place,
                              t->worst.point, letter(t->worst.verdict), t->worst.bound,
                              t->worst.step);
    }
}

static bool hold_report(struct regression *r, const char *name,
                        const struct gradcheck_report *report) {
    char line[MOST_LINE], tensors[MOST_LINE / 2] = "", rules[GRADCHECK_N_RULES + 1] = "";
    const struct gradcheck_screen_report *screen = &report->screen;
    const struct gradcheck_controls_report *controls = &report->controls;
    for (size_t i = 0; i < GRADCHECK_N_RULES; i++) {
        rules[i] = letter(report->rules[i].verdict);
    }
    write_tensors(tensors, sizeof tensors, report);
    snprintf(line, sizeof line,
             "%s: %s%s%s, %.1e, %zu + %zu calls; rules %s; screen %c %zu/%zu %.1e %.0e; "
             "controls %zu/%zu/%zu%s%s%s, %.0f %%: %s",
             name, gradcheck_verdict_name(report->verdict), report->reason ? " " : "",
             gradcheck_reason_name(report->reason), report->resolution, report->n_forward,
             report->n_backward, rules, letter(screen->verdict), screen->n_fail,
             screen->n_directions, screen->resolution, screen->miss_probability, controls->n_caught,
             controls->n_applied, controls->n_not_applicable, tensors, report->cause ? "; " : "",
             gradcheck_cause_name(report->cause), 100 * report->diagnosis_confidence,
             report->diagnosis);
    if (report->n_forward_elementwise == 0) { /* by the screen alone */
        const size_t n = strlen(line);
        snprintf(line + n, sizeof line - n, "; %s", screen->evidence);
    }
    return hold(r, line);
}

/* What the rules of the forward-mode product found, in the numbers of their evidence. */
static bool hold_jvp(struct regression *r, const char *name,
                     const struct gradcheck_report *report) {
    char line[MOST_LINE];
    size_t n = (size_t)snprintf(line, sizeof line, "%s: %zu calls", name, report->n_forward);
    for (size_t i = GRADCHECK_RULE_JVP_IS_ADJOINT; i <= GRADCHECK_RULE_JVP_SYMMETRIC; i++) {
        n += (size_t)snprintf(line + n, sizeof line - n, "; %c %s",
                              letter(report->rules[i].verdict), report->rules[i].evidence);
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

/* Every mistake on two shapes, not the same two for each; in float32 every second one, once. */
static bool record_mistakes(struct regression *r) {
    enum { ROUNDS = 2 };
    bool more = true;
    for (size_t i = 0; i < kernel_count() && more; i++) {
        const struct kernel *k = kernel_at(i);
        const bool is_float = k->dtype == GRADCHECK_F32;
        for (size_t m = 0; m < k->n_mistakes && more; m += is_float ? 2 : 1) {
            const enum label label = k->mistakes[m].label;
            const bool runs = label != LABEL_CRASHES && label != LABEL_OUT_OF_BOUNDS &&
                              kernel_can_make(k, &k->mistakes[m]);
            for (size_t round = 0; runs && round < (is_float ? 1 : ROUNDS) && more; round++) {
                const struct gradcheck_options options = {.seed = 1 + m + is_float + round,
                                                          .n_points = 1};
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

/* The product with the tangent, by the C formula; what a corrupted backward has, it has too. */
static int bed_jvp(void *ctx) {
    struct bed_kernel *bed = ctx;
    const double *tangent = bed->input.tangent;
    double j[BED_MAX_OUTPUTS * BED_MAX_INPUTS];
    bed_jacobian(bed->function, bed->x, j);
    for (size_t o = 0; o < bed->function->n_outputs; o++) {
        double *to = (double *)bed->output.tangent + o;
        *to = 0;
        for (size_t i = 0; i < bed->function->n_inputs; i++) {
            *to += j[o * bed->function->n_inputs + i] * tangent[i];
        }
        *to *= bed->corruption == BED_ALL_TIMES ? bed->amount : 1;
    }
    return 0;
}

/* The forward-mode product at every third point of the test bed, right and wrong. */
static bool record_jvp(struct regression *r) {
    static struct gradcheck_report report;
    bool more = true;
    for (size_t i = 0; i < bed_n_points() && more; i += 3) {
        for (int wrong = 0; wrong <= 1 && more; wrong++) {
            struct bed_kernel bed;
            double tangents[BED_MAX_INPUTS], products[BED_MAX_OUTPUTS];
            char name[128];
            const struct bed_case c = bed_case(i);
            bed_open(&bed, &c);
            bed.input.tangent = tangents;
            bed.output.tangent = products;
            bed.kernel.jvp = bed_jvp;
            bed.kernel.jvp_symmetric = bed.function->n_inputs == bed.function->n_outputs;
            bed.corruption = wrong ? BED_ALL_TIMES : BED_RIGHT;
            bed.amount = 1 + 1e-6;
            const struct gradcheck_options options = {.seed = i, .n_points = 1};
            (void)gradcheck_run(&bed.kernel, &options, &report);
            snprintf(name, sizeof name, "%s %zu %s", c.function->name, i,
                     wrong ? "wrong" : "right");
            more = hold_jvp(r, name, &report);
        }
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

/* Every number of a vjp. */
static bool hold_mixed_vjp(struct regression *r, struct mixed *m, const char *name, uint64_t seed) {
    double numeric[4][MIXED_MOST], bound[4][MIXED_MOST];
    double *const to[] = {numeric[0], numeric[1], numeric[2], numeric[3]};
    double *const bounds[] = {bound[0], bound[1], bound[2], bound[3]};
    const struct gradcheck_options options = {.seed = seed};
    char line[MOST_LINE];
    mixed_set_cotangents(m);
    const enum gradcheck_status status = gradcheck_numeric_vjp(&m->kernel, &options, to, bounds);
    size_t n = (size_t)snprintf(line, sizeof line, "%s vjp: %s", name,
                                status ? gradcheck_status_text(status) : "ok");
    for (size_t i = 0; i < m->kernel.n_inputs && status == GRADCHECK_OK; i++) {
        const struct gradcheck_tensor *t = &m->inputs[i];
        for (size_t e = 0; t->dtype != GRADCHECK_I32 && e < tensor_count(t); e++) {
            n += (size_t)snprintf(line + n, sizeof line - n, "%s%.5g +- %.0e", e == 0 ? "; " : ", ",
                                  numeric[i][e], bound[i][e]);
        }
    }
    return hold(r, line);
}

/* Kernels of several tensors, with what else a descriptor and the options can say. */
static bool record_mixed(struct regression *r) {
    static const struct {
        unsigned traits;
        struct gradcheck_options options;
    } settings[] = {
        {0, {.n_points = 1}},
        {MIXED_JVP, {.n_points = 2}},
        {MIXED_STRIDED | MIXED_SCALED, {.n_points = 1}},
        {MIXED_FLOAT, {.n_points = 2}},
        {MIXED_FLOAT | MIXED_WIDE, {.n_points = 1}},
        {MIXED_FLOAT | MIXED_WIDE | MIXED_STRIDED | MIXED_JVP, {.n_points = 2}},
        {MIXED_ACCUMULATES | MIXED_SCALED | MIXED_JVP, {.n_points = 1}},
        {MIXED_BOUNDED, {.n_points = 3}},
        {MIXED_BOUNDED | MIXED_STRIDED, {.n_points = 1, .thorough = true}},
        {MIXED_BOUNDED | MIXED_JVP, {.n_points = 1}},
        {MIXED_FIXED, {.n_points = 1}},
        {MIXED_FIXED | MIXED_JVP | MIXED_SCALED, {.n_points = 1}},
        {0, {.max_evaluations = 50}},
        {0, {.max_evaluations = 130}},
        {0, {.max_evaluations = 400, .max_seconds = 1e6}},
        {MIXED_JVP, {.max_evaluations = 100}},
        {0, {.n_directions = 5, .screen_only = true}},
        {MIXED_FLOAT, {.n_points = 1, .screen_only = true}},
    };
    static void (*const open[])(struct mixed *, unsigned, enum mixed_mistake,
                                uint64_t) = {mixed_open_gather, mixed_open_rows};
    static struct gradcheck_report report;
    bool more = true;
    for (size_t i = 0; i < 2 * sizeof settings / sizeof settings[0] && more; i++) {
        char name[64];
        struct mixed m;
        for (int mistake = 0; mistake < MIXED_N_MISTAKES && more; mistake++) {
            struct gradcheck_options options = settings[i / 2].options;
            options.seed = i;
            open[i % 2](&m, settings[i / 2].traits, (enum mixed_mistake)mistake, i);
            (void)gradcheck_run(&m.kernel, &options, &report);
            snprintf(name, sizeof name, "%s %zu %d", m.kernel.name, i / 2, mistake);
            more = hold_report(r, name, &report) &&
                   (m.kernel.jvp == NULL || hold_jvp(r, name, &report));
        }
        open[i % 2](&m, settings[i / 2].traits, MIXED_RIGHT, i);
        more = more && hold_mixed_vjp(r, &m, name, i);
    }
    return more;
}

static const struct {
    const char *name;
    bool (*run)(struct regression *r);
} SECTIONS[] = {{"bed", record_bed},          {"vjp", record_vjp},
                {"jvp", record_jvp},          {"mixed", record_mixed},
                {"kernels", record_kernels},  {"screen", record_screen},
                {"mistakes", record_mistakes}};

enum { N_SECTIONS = sizeof SECTIONS / sizeof SECTIONS[0] };

static bool end_section(struct regression *r, const char *path, const char *temporary, bool done) {
    char line[MOST_LINE];
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
