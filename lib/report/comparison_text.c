// SPDX-License-Identifier: MIT
#include "report/report.h"

#include "paint.h"

#include <inttypes.h>
#include <string.h>

enum { BAR_WIDTH = 40 };

/* ---- one element ---- */

struct text {
    char s[128];
};

static struct text value_text(const struct golden_comparison *c, double value, int64_t integer) {
    struct text t = {""};
    if (array_dtype_is_float(c->dtype)) {
        (void)snprintf(t.s, sizeof t.s, "%.*g", c->dtype == ARRAY_F32 ? 9 : 17, value);
    } else {
        (void)snprintf(t.s, sizeof t.s, "%" PRId64, integer);
    }
    return t;
}

static struct text ulp_text(uint64_t ulp) {
    struct text t = {""};
    (void)snprintf(t.s, sizeof t.s, ulp == UINT64_MAX ? "-" : "%" PRIu64, ulp);
    return t;
}

static struct text index_text(const struct golden_comparison *c, const struct golden_element *e) {
    struct text t = {""};
    struct array shape = {.ndim = c->ndim};
    memcpy(shape.shape, c->shape, sizeof shape.shape);
    array_index_text(&shape, e->flat, t.s, sizeof t.s);
    return t;
}

static void put_worst(FILE *out, const struct golden_comparison *c, const char *measure,
                      const struct golden_element *e) {
    (void)fprintf(out,
                  "    worst %-9s %s: expected %s, got %s: off by %.3g (%.3g relative, %s ULP), "
                  "allowed %.3g\n",
                  measure, index_text(c, e).s, value_text(c, e->expected, e->expected_int).s,
                  value_text(c, e->actual, e->actual_int).s, e->absolute, e->relative,
                  ulp_text(e->ulp).s, e->allowed);
}

/* ---- the table and the histogram ---- */

static void put_table(FILE *out, const struct golden_comparison *c,
                      const struct golden_profile *p) {
    if (p->n_table == 0) {
        return;
    }
    (void)fprintf(out, "    the %zu worst:\n    %-14s %24s %24s %10s %10s %15s %10s %9s\n",
                  p->n_table, "index", "expected", "got", "absolute", "relative", "ULP", "allowed",
                  "share");
    for (size_t i = 0; i < p->n_table; i++) {
        const struct golden_element *e = &p->table[i];
        (void)fprintf(out, "    %-14s %24s %24s %10.3g %10.3g %15s %10.3g %9.3g%s%s\n",
                      index_text(c, e).s, value_text(c, e->expected, e->expected_int).s,
                      value_text(c, e->actual, e->actual_int).s, e->absolute, e->relative,
                      ulp_text(e->ulp).s, e->allowed, e->share,
                      e->mismatch != GOLDEN_MATCH ? "  " : "",
                      e->mismatch != GOLDEN_MATCH ? golden_mismatch_name(e->mismatch) : "");
    }
}

static struct text bin_text(size_t bin) {
    struct text t = {""};
    uint64_t last = golden_ulp_bin_limit(bin);
    uint64_t first = bin > 0 ? golden_ulp_bin_limit(bin - 1) + 1 : 0;
    if (bin == GOLDEN_ULP_BINS - 1) {
        (void)snprintf(t.s, sizeof t.s, "NaN or inf");
    } else if (bin == GOLDEN_ULP_BINS - 2) {
        (void)snprintf(t.s, sizeof t.s, "beyond 2^32");
    } else if (first == last) {
        (void)snprintf(t.s, sizeof t.s, "%" PRIu64, last);
    } else {
        (void)snprintf(t.s, sizeof t.s, "%" PRIu64 " to %" PRIu64, first, last);
    }
    return t;
}

static void put_histogram(FILE *out, const struct golden_profile *p) {
    static const char bar[BAR_WIDTH + 1] = "########################################";
    size_t highest = 0;
    for (size_t i = 0; i < GOLDEN_ULP_BINS; i++) {
        highest = p->bins[i] > highest ? p->bins[i] : highest;
    }
    (void)fprintf(out, "    %-22s %12s\n", "ULP", "elements");
    for (size_t i = 0; i < GOLDEN_ULP_BINS; i++) {
        if (p->bins[i] > 0) {
            double share = (double)p->bins[i] / (double)highest;
            int length = (int)(share * BAR_WIDTH);
            /* What is there is seen, however little it is. */
            (void)fprintf(out, "    %-22s %12zu  %.*s\n", bin_text(i).s, p->bins[i],
                          length > 0 ? length : 1, bar);
        }
    }
}

/* ---- one array ---- */

static void put_details(FILE *out, const struct report_array *a) {
    const struct golden_comparison *c = &a->comparison;
    const struct golden_profile *p = &a->profile;
    if (a->finding != NULL || c->count == 0) {
        return;
    }
    if (p->n_finite > 0 && p->n_table > 0) {
        put_worst(out, c, "absolute", &p->worst_absolute);
        put_worst(out, c, "relative", &p->worst_relative);
        put_worst(out, c, "ULP", &p->worst_ulp);
    }
    put_table(out, c, p);
    put_histogram(out, p);
}

static bool passes(const struct report_array *a) {
    return a->finding == NULL && a->comparison.verdict == GOLDEN_PASS;
}

static void put_summary(FILE *out, const struct report_array *a) {
    const struct golden_comparison *c = &a->comparison;
    if (a->finding != NULL) {
        (void)fprintf(out, "%s\n", a->finding);
        return;
    }
    char shape[ARRAY_MAX_DIMS * 21];
    array_shape_text(c->ndim, c->shape, shape, sizeof shape);
    (void)fprintf(out, "%s %s: ", array_dtype_name(c->dtype), shape);
    if (c->mismatch == GOLDEN_DTYPE || c->mismatch == GOLDEN_SHAPE) {
        char text[REPORT_TEXT_SIZE];
        golden_comparison_text(c, text, sizeof text);
        (void)fprintf(out, "%s differs: %s\n", golden_mismatch_name(c->mismatch), text);
        return;
    }
    (void)fprintf(out, "%zu of %zu elements differ", c->n_mismatch, c->count);
    if (c->n_mismatch > 0) {
        (void)fprintf(out, " (%.3g %%)", 100 * (double)c->n_mismatch / (double)c->count);
    }
    (void)fprintf(out, ", %zu equal, at most %s ULP\n", c->n_equal, ulp_text(c->max_ulp).s);
}

static void put_array(FILE *out, const struct report_options *options, const struct report_array *a,
                      bool details) {
    bool pass = passes(a);
    paint(out, options, pass ? GATE_PASS : GATE_FAIL, pass ? "pass" : "fail", 0);
    (void)fputs("  ", out);
    if (a->name[0] != '\0') {
        put_scrubbed(out, a->name);
        (void)fputs("  ", out);
    }
    put_summary(out, a);
    if (details) {
        put_details(out, a);
    }
}

/* ---- the whole ---- */

static void put_rule(FILE *out, const struct report_comparison *c) {
    if (c->bound != NULL) {
        (void)fputs("allowed: |A - B| <= the bound in ", out);
        put_scrubbed(out, c->bound);
    } else {
        const struct golden_tolerance *t = &c->tolerance;
        (void)fprintf(out, "allowed: |A - B| <= %g + %g |B|", t->atol, t->rtol);
        if (t->ulp > 0) {
            (void)fprintf(out, ", or %" PRIu64 " ULP", t->ulp);
        }
        (void)fputs(t->nan_differs ? "; NaN differs from NaN" : "", out);
    }
    (void)fputs("\n\n", out);
}

int report_comparison_exit_code(const struct report_comparison *c) {
    for (size_t i = 0; i < c->n_arrays; i++) {
        if (!passes(&c->arrays[i])) {
            return 1;
        }
    }
    return c->n_arrays > 0 ? 0 : 3;
}

static void put_conclusion(FILE *out, const struct report_comparison *c,
                           const struct report_options *options) {
    size_t n_failed = 0;
    size_t n_elements = 0;
    for (size_t i = 0; i < c->n_arrays; i++) {
        n_failed += !passes(&c->arrays[i]);
        n_elements += c->arrays[i].comparison.count;
    }
    (void)fputc('\n', out);
    if (c->n_arrays == 0) {
        paint(out, options, GATE_INCONCLUSIVE, "NOT PROVEN", 0);
        (void)fputs(": neither file has an array\n", out);
        return;
    }
    paint(out, options, n_failed > 0 ? GATE_FAIL : GATE_PASS, n_failed > 0 ? "FAILED" : "PASSED",
          0);
    (void)fprintf(out, ": %zu of %zu array%s within what is allowed, %zu elements compared\n",
                  c->n_arrays - n_failed, c->n_arrays, c->n_arrays == 1 ? "" : "s", n_elements);
}

int report_comparison_text(const struct report_comparison *c, const struct report_options *options,
                           FILE *stream) {
    bool verbose = options != NULL && options->verbose;
    (void)fputs("A ", stream);
    put_scrubbed(stream, c->actual);
    (void)fputs(" held against B ", stream);
    put_scrubbed(stream, c->expected);
    (void)fputc('\n', stream);
    put_rule(stream, c);
    for (size_t i = 0; i < c->n_arrays; i++) {
        const struct report_array *a = &c->arrays[i];
        put_array(stream, options, a, verbose || c->n_arrays == 1 || !passes(a));
    }
    put_conclusion(stream, c, options);
    return fflush(stream) == 0 && !ferror(stream) ? 0 : -1;
}
