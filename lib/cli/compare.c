// SPDX-License-Identifier: MIT
#include "check.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMPY_RTOL 1e-7 /* assert_allclose's default */

enum { RTOL, ATOL, ULP, BOUND, NO_EQUAL_NAN, JSON, VERBOSE };

static const struct option options[] = {
    [RTOL] = {"--rtol", NULL, OPTION_DECIMAL, "R",
              "relative tolerance (default: 1e-7, or 0 with --ulp)"},
    [ATOL] = {"--atol", NULL, OPTION_DECIMAL, "A", "absolute tolerance (default: 0)"},
    [ULP] = {"--ulp", NULL, OPTION_NUMBER, "N",
             "or this many units in the last place: either suffices"},
    [BOUND] = {"--bound", NULL, OPTION_TEXT, "FILE",
               "arrays of absolute bounds, instead of tolerances"},
    [NO_EQUAL_NAN] = {"--no-equal-nan", NULL, OPTION_FLAG, NULL, "NaN differs from NaN"},
    [JSON] = {"--json", NULL, OPTION_TEXT, "FILE", "write the comparison as JSON"},
    [VERBOSE] = {"--verbose", "-v", OPTION_FLAG, NULL, "details of every array"},
};

/* ---- the files ---- */

struct files {
    struct golden_file *actual, *expected, *bound;
};

static int fail_golden(const struct golden_error *error) {
    char text[GATE_TEXT_SIZE];
    golden_error_text(error, text, sizeof text);
    return command_fail("compare", "%s", text);
}

static int open_files(const struct option_values *values, struct files *f) {
    const char *bound = values->of[BOUND].text;
    struct golden_error error;
    bool good = golden_open(values->words[0], &f->actual, &error) == GOLDEN_OK &&
                golden_open(values->words[1], &f->expected, &error) == GOLDEN_OK &&
                (bound == NULL || golden_open(bound, &f->bound, &error) == GOLDEN_OK);
    if (!good) {
        return fail_golden(&error);
    }
    if (golden_is_archive(f->actual) != golden_is_archive(f->expected) ||
        (bound != NULL && golden_is_archive(f->bound) != golden_is_archive(f->expected))) {
        return command_fail("compare", "a .npy and a .npz cannot be compared");
    }
    return 0;
}

static void close_files(struct files *f) {
    golden_close(f->actual);
    golden_close(f->expected);
    golden_close(f->bound);
}

static size_t find(const struct golden_file *file, const char *name) {
    size_t n = golden_n_arrays(file);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(golden_array_name(file, i), name) == 0) {
            return i;
        }
    }
    return n;
}

/* ---- array for array, in the order of B; then what only A has ---- */

static int compare_one(const struct files *f, size_t i, const struct golden_tolerance *tolerance,
                       struct report_array *out) {
    const char *name = golden_array_name(f->expected, i);
    struct golden_sides sides = {.actual = {f->actual, find(f->actual, name)},
                                 .expected = {f->expected, i}};
    out->name = name;
    if (sides.actual.array == golden_n_arrays(f->actual)) {
        out->finding = "only in B";
        return 0;
    }
    if (f->bound != NULL) {
        sides.bound = (struct golden_place){f->bound, find(f->bound, name)};
        if (sides.bound.array == golden_n_arrays(f->bound)) {
            return command_fail("compare", "the bounds have no array %s", name);
        }
    }
    struct golden_error error;
    enum golden_status status =
        golden_compare_files(&sides, tolerance, &out->comparison, &out->profile, &error);
    return status == GOLDEN_OK ? 0 : fail_golden(&error);
}

static int compare_all(const struct files *f, const struct golden_tolerance *tolerance,
                       struct report_array arrays[], size_t *n) {
    for (size_t i = 0; i < golden_n_arrays(f->expected); i++) {
        int code = compare_one(f, i, tolerance, &arrays[(*n)++]);
        if (code != 0) {
            return code;
        }
    }
    for (size_t i = 0; i < golden_n_arrays(f->actual); i++) {
        const char *name = golden_array_name(f->actual, i);
        if (find(f->expected, name) == golden_n_arrays(f->expected)) {
            arrays[(*n)++] = (struct report_array){.name = name, .finding = "only in A"};
        }
    }
    return 0;
}

/* ---- results of the gate ---- */

/* Arrays start otherwise. What cannot be read is for the reader to say. */
static bool is_json(const char *path) {
    FILE *file = fopen(path, "rb");
    int c = file != NULL ? fgetc(file) : EOF;
    while (file != NULL && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
        c = fgetc(file);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return c == '{';
}

static int report_changes(const struct option_values *values, const struct report_changes *c) {
    const struct report_options how = {.colour = check_wants_colour(),
                                       .verbose = values->of[VERBOSE].given};
    char why[REPORT_TEXT_SIZE];
    int code = report_changes_exit_code(c);
    int files = 0;
    if (report_changes_text(c, &how, stdout) != 0) {
        files = command_fail("compare", "standard output cannot be written");
    }
    const char *json = values->of[JSON].text;
    if (json != NULL && report_write_file(json, report_changes_json, c, why) != 0) {
        files = command_fail("compare", "%s", why);
    }
    return code == 1 || files == 0 ? code : files;
}

static int compare_results(const struct option_values *values) {
    struct report_changes changes;
    char why[REPORT_TEXT_SIZE];
    for (size_t i = RTOL; i <= NO_EQUAL_NAN; i++) {
        if (values->of[i].given) {
            return command_fail("compare", "%s is for arrays, and these are results of the gate",
                                options[i].name);
        }
    }
    if (report_changes_read(values->words[0], values->words[1], &changes, why) != 0) {
        return command_fail("compare", "%s", why);
    }
    int code = report_changes(values, &changes);
    report_changes_free(&changes);
    return code;
}

/* ---- the command ---- */

static int report(const struct option_values *values, const struct report_comparison *c) {
    const struct report_options how = {.colour = check_wants_colour(),
                                       .verbose = values->of[VERBOSE].given};
    char why[REPORT_TEXT_SIZE];
    int code = report_comparison_exit_code(c);
    int files = 0;
    if (report_comparison_text(c, &how, stdout) != 0) {
        files = command_fail("compare", "standard output cannot be written");
    }
    const char *json = values->of[JSON].text;
    if (json != NULL && report_write_file(json, report_comparison_json, c, why) != 0) {
        files = command_fail("compare", "%s", why);
    }
    return code == 1 || files == 0 ? code : files;
}

static struct golden_tolerance tolerance_of(const struct option_values *values) {
    const struct option_value *of = values->of;
    double rtol = of[ULP].given ? 0 : NUMPY_RTOL;
    return (struct golden_tolerance){.rtol = of[RTOL].given ? of[RTOL].decimal : rtol,
                                     .atol = of[ATOL].decimal,
                                     .ulp = of[ULP].number,
                                     .nan_differs = of[NO_EQUAL_NAN].given};
}

static int compare_files(const struct option_values *values, const struct files *f) {
    size_t room = golden_n_arrays(f->actual) + golden_n_arrays(f->expected) + 1;
    struct report_array *arrays = calloc(room, sizeof arrays[0]);
    if (arrays == NULL) {
        return command_fail("compare", "out of memory");
    }
    struct report_comparison c = {.actual = values->words[0],
                                  .expected = values->words[1],
                                  .bound = values->of[BOUND].text,
                                  .tolerance = tolerance_of(values),
                                  .arrays = arrays};
    int code = compare_all(f, &c.tolerance, arrays, &c.n_arrays);
    code = code == 0 ? report(values, &c) : code;
    free(arrays);
    return code;
}

static int check_options(const struct option_values *values) {
    const struct option_value *of = values->of;
    char why[REPORT_TEXT_SIZE];
    if (values->n_words != 2) {
        return command_fail("compare", "two files, please: the actual one, then the expected one");
    }
    if (of[BOUND].given &&
        (of[RTOL].given || of[ATOL].given || of[ULP].given || of[NO_EQUAL_NAN].given)) {
        return command_fail("compare", "--bound takes the place of tolerances: not both");
    }
    if (of[JSON].given && report_check_path(of[JSON].text, why) != 0) {
        return command_fail("compare", "%s", why);
    }
    return 0;
}

static int run(const char *program, const struct option_values *values) {
    (void)program;
    struct files f = {0};
    int code = check_options(values);
    if (code == 0 && (is_json(values->words[0]) || is_json(values->words[1]))) {
        return compare_results(values);
    }
    if (code == 0) {
        code = open_files(values, &f);
    }
    if (code == 0) {
        code = compare_files(values, &f);
    }
    close_files(&f);
    return code;
}

const struct command command_compare = {
    .name = "compare",
    .arguments = "A B [OPTION...]",
    .summary = "Compare the arrays of two .npy or .npz files, or two JSON results: A is now, B was "
               "expected",
    .text =
        "\nAn element is right if |A - B| <= atol + rtol |B|, in the arrays' own precision: the "
        "verdict of\nnumpy.testing.assert_allclose. Stricter than that on purpose: another "
        "dtype or shape differs, and\nintegers are compared exactly. A may be larger than "
        "memory.\n\nOf two results of 'verify --json' A is the newer one. worse: a verdict got "
        "worse, a kernel or case is\n"
        "gone, or a gradient check sees 10 times less (exit code 1). weaker: another number got "
        "worse.\n",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
