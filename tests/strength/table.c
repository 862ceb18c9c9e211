// SPDX-License-Identifier: MIT
#include "strength.h"

enum strength_name strength_named(const struct strength_wrong *w) {
    return w->trial.cause == GRADCHECK_CAUSE_NONE             ? UNNAMED
           : w->trial.cause == label_cause(w->mistake->label) ? NAMED
                                                              : MISNAMED;
}

void strength_add(struct strength_totals *totals, const struct strength_kernel *kernel) {
    const struct trial *right = &kernel->right;
    totals->n_right += right->n_runs;
    totals->n_pass += right->n_of[GRADCHECK_PASS];
    totals->n_false_alarms += right->n_of[GRADCHECK_FAIL] + (right->by == BY_GOLDEN) +
                              (right->by == BY_GUARD) + (right->by == BY_CRASH);
    totals->n_unproven += right->n_of[GRADCHECK_INCONCLUSIVE] + right->n_of[GRADCHECK_INACCURATE] +
                          right->n_of[GRADCHECK_NOT_CHECKED];
    totals->n_runs += right->n_runs;
    totals->n_evaluations += right->n_evaluations;
    for (size_t i = 0; i < kernel->n_wrong; i++) {
        const struct strength_wrong *w = &kernel->wrong[i];
        const bool caught = w->trial.by != BY_NOTHING;
        totals->n_wrong++;
        totals->n_caught += caught;
        totals->n_by[w->trial.by]++;
        for (int by = BY_CRASH; by < N_CATCHERS; by++) {
            totals->n_alone[by] += w->trial.also[by];
        }
        const enum strength_name named = strength_named(w);
        totals->n_named += named == NAMED;
        totals->n_misnamed += named == MISNAMED;
        totals->n_late_named += w->mistake->late && named == NAMED;
        totals->n_late_misnamed += w->mistake->late && named == MISNAMED;
        totals->n_late += w->mistake->late;
        totals->n_late_caught += w->mistake->late && caught;
        totals->n_runs += w->trial.n_runs;
        totals->n_evaluations += w->trial.n_evaluations;
    }
}

struct strength_totals strength_total(const struct strength *s) {
    struct strength_totals totals = {0};
    for (size_t i = 0; i < s->n_kernels; i++) {
        strength_add(&totals, &s->kernels[i]);
    }
    return totals;
}

static void print_row(const char *name, const char *dtype, const struct strength_totals *t,
                      FILE *out) {
    fprintf(out, "%-22s %-3s  %5zu %5zu %5zu %5zu | %4zu of %4zu ", name, dtype, t->n_right,
            t->n_pass, t->n_unproven, t->n_false_alarms, t->n_caught, t->n_wrong);
    for (int by = BY_CRASH; by < N_CATCHERS; by++) {
        fprintf(out, " %5zu", t->n_by[by]);
    }
    fprintf(out, " | %5zu %5zu | %9zu\n", t->n_named, t->n_misnamed, t->n_evaluations);
}

static void print_kernels(const struct strength *s, const struct strength_totals *all, FILE *out) {
    fputs("                            right kernels: runs      | wrong ones: caught by            "
          "                        | named       | evaluations\n"
          "kernel                       all  pass   not false | caught       crash guard  rule  "
          "gold  scrn  elem  inac | right wrong |\n",
          out);
    for (size_t i = 0; i < s->n_kernels; i++) {
        struct strength_totals t = {0};
        strength_add(&t, &s->kernels[i]);
        print_row(s->kernels[i].kernel->name, kernel_dtype_name(s->kernels[i].kernel), &t, out);
    }
    print_row("all", "", all, out);
    fputs("each check alone would catch", out);
    for (int by = BY_CRASH; by < N_CATCHERS; by++) {
        fprintf(out, "%s %s %zu", by > BY_CRASH ? "," : ":", catcher_name((enum catcher)by),
                all->n_alone[by]);
    }
    fputc('\n', out);
}

static void print_labels(const struct strength *s, FILE *out) {
    fputs("\nby cause             caught     named rightly, wrongly\n", out);
    for (int label = 0; label < N_LABELS; label++) {
        size_t n = 0, caught = 0, named = 0, misnamed = 0;
        for (size_t i = 0; i < s->n_kernels; i++) {
            for (size_t j = 0; j < s->kernels[i].n_wrong; j++) {
                const struct strength_wrong *w = &s->kernels[i].wrong[j];
                n += w->mistake->label == (enum label)label;
                caught += w->mistake->label == (enum label)label && w->trial.by != BY_NOTHING;
                named += w->mistake->label == (enum label)label && strength_named(w) == NAMED;
                misnamed += w->mistake->label == (enum label)label && strength_named(w) == MISNAMED;
            }
        }
        fprintf(out, "  %-16s %4zu of %4zu  %4zu %4zu  %s\n", label_name((enum label)label), caught,
                n, named, misnamed, label_meaning((enum label)label));
    }
}

static void print_misnamed(const char *name, const char *dtype, const struct strength_wrong *w,
                           FILE *out) {
    fprintf(out, "misnamed     %s %s %s: %s, but: %s (%.0f %%)\n", name, dtype, w->mistake->name,
            gradcheck_cause_name(label_cause(w->mistake->label)), w->trial.diagnosis,
            100 * w->trial.confidence);
}

void strength_print_findings(const struct strength *s, FILE *out) {
    for (size_t i = 0; i < s->n_kernels; i++) {
        const struct strength_kernel *k = &s->kernels[i];
        const char *name = k->kernel->name, *dtype = kernel_dtype_name(k->kernel);
        if (k->right.verdict == GRADCHECK_FAIL || k->right.by == BY_GOLDEN ||
            k->right.by == BY_GUARD || k->right.by == BY_CRASH) {
            fprintf(out, "FALSE ALARM  %s %s, seed %llu: %s\n", name, dtype,
                    (unsigned long long)k->right.seed, k->right.text);
        } else if (k->right.verdict != GRADCHECK_PASS) {
            fprintf(out, "not proven   %s %s, seed %llu: %s (%zu of %zu runs) %s\n", name, dtype,
                    (unsigned long long)k->right.seed, gradcheck_verdict_name(k->right.verdict),
                    k->right.n_runs - k->right.n_of[GRADCHECK_PASS], k->right.n_runs,
                    k->right.text);
        }
        for (size_t j = 0; j < k->n_wrong; j++) {
            if (strength_named(&k->wrong[j]) == MISNAMED) {
                print_misnamed(name, dtype, &k->wrong[j], out);
            }
            if (k->wrong[j].trial.by == BY_NOTHING) {
                fprintf(out, "MISSED       %s %s %s: %s %s\n", name, dtype,
                        k->wrong[j].mistake->name,
                        gradcheck_verdict_name(k->wrong[j].trial.verdict), k->wrong[j].trial.text);
            }
        }
    }
}

static bool print_line(FILE *out, bool met, const char *line, size_t n, size_t of) {
    fprintf(out, "%-58s %6zu of %6zu  %5.1f %%  %s\n", line, n, of,
            of > 0 ? 100 * (double)n / (double)of : 0, met ? "met" : "NOT MET");
    return met;
}

/* Those written after the diagnosis was last changed count by themselves. */
bool strength_print_lines(const struct strength_totals *t, FILE *out) {
    const size_t n = t->n_wrong - t->n_late;
    const size_t named = t->n_named - t->n_late_named;
    const size_t misnamed = t->n_misnamed - t->n_late_misnamed;
    bool met = print_line(out, t->n_wrong > 0 && t->n_caught == t->n_wrong,
                          "wrong kernels caught: all", t->n_caught, t->n_wrong);
    met &= print_line(out, t->n_right > 0 && t->n_false_alarms == 0,
                      "right kernels accused: none of the runs", t->n_false_alarms, t->n_right);
    met &= print_line(out, 100 * named >= 80 * n, "cause named rightly: at least 80 %", named, n);
    met &=
        print_line(out, 100 * misnamed <= 3 * n, "a wrong cause named: at most 3 %", misnamed, n);
    fprintf(out,
            "written after the diagnosis was last changed: caught %zu of %zu, named rightly %zu, "
            "wrongly %zu\n",
            t->n_late_caught, t->n_late, t->n_late_named, t->n_late_misnamed);
    return met;
}

void strength_print(const struct strength *s, FILE *out) {
    const struct strength_totals all = strength_total(s);
    print_kernels(s, &all, out);
    print_labels(s, out);
    fputc('\n', out);
    strength_print_findings(s, out);
    fprintf(out,
            "caught %zu of %zu wrong kernels (%zu of %zu of those written last), named %zu rightly "
            "and %zu wrongly; "
            "%zu false alarms in %zu runs of right ones, %zu of them not proven; "
            "%zu evaluations, %.1f s\n",
            all.n_caught, all.n_wrong, all.n_late_caught, all.n_late, all.n_named, all.n_misnamed,
            all.n_false_alarms, all.n_right, all.n_unproven, all.n_evaluations, s->seconds);
}
