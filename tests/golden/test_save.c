// SPDX-License-Identifier: MIT
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_save, .init = folder_create, .fini = folder_remove);

static struct golden_suite load(const char *dir, const char *kernel) {
    struct golden_suite suite;
    struct golden_error error;
    cr_assert(golden_load(dir, kernel, &suite, &error) == GOLDEN_OK, "%s", error_line(&error));
    return suite;
}

static void save(const struct golden_suite *suite) {
    struct golden_error error = dirty_error();
    cr_assert(golden_save(in_folder(""), suite, &error) == GOLDEN_OK, "%s", error_line(&error));
    expect_bare_error(&error, GOLDEN_OK, 0, "", "");
}

static void expect_same(const struct array *a, const struct array *b, const char *name) {
    cr_expect(a->dtype == b->dtype && array_same_shape(a, b), "%s", name);
    cr_expect(memcmp(a->data, b->data, a->count * array_dtype_size(a->dtype)) == 0, "%s", name);
}

/* The text without its line "sha256". */
static char *without_checksum(struct bytes b) {
    bytes_append(&b, "", 1);
    char *start = strstr((char *)b.data, " \"sha256\"");
    cr_assert_not_null(start);
    char *end = strchr(start, '\n');
    memmove(start, end, strlen(end) + 1);
    return (char *)b.data;
}

Test(golden_save, writes_the_manifests_that_the_oracle_writes) {
    struct golden_names names;
    cr_assert(golden_list("tests/golden", &names, NULL) == GOLDEN_OK);
    for (size_t i = 0; i < names.n_kernels; i++) {
        char path[256];
        struct golden_suite suite = load("tests/golden", names.kernels[i]);
        save(&suite);
        (void)snprintf(path, sizeof path, "tests/golden/%s.json", suite.kernel);
        char *wanted = without_checksum(read_file(path));
        (void)snprintf(path, sizeof path, "%s.json", suite.kernel);
        char *got = without_checksum(read_file(in_folder(path)));
        cr_expect_str_eq(got, wanted, "%s", path);
        free(wanted);
        free(got);
        golden_free(&suite);
    }
    golden_names_free(&names);
}

Test(golden_save, writes_what_it_reads_back_and_the_same_bytes_again) {
    struct golden_suite suite = load("tests/golden", "neuron_batch");
    save(&suite);
    struct golden_suite again = load(in_folder(""), "neuron_batch");
    cr_assert_eq(again.n_cases, suite.n_cases);
    for (size_t i = 0; i < suite.n_cases; i++) {
        for (size_t j = 0; j < suite.cases[i].n_inputs; j++) {
            expect_same(&again.cases[i].inputs[j].array, &suite.cases[i].inputs[j].array, "input");
        }
        for (size_t j = 0; j < suite.cases[i].n_expected; j++) {
            const struct golden_expected *a = &again.cases[i].expected[j];
            const struct golden_expected *b = &suite.cases[i].expected[j];
            expect_same(&a->value, &b->value, "value");
            expect_same(&a->exact, &b->exact, "exact");
            expect_same(&a->bound, &b->bound, "bound");
        }
    }
    struct bytes first = read_file(in_folder("neuron_batch.npz"));
    save(&again);
    struct bytes second = read_file(in_folder("neuron_batch.npz"));
    cr_expect(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    cr_expect_eq(count_files(), 2, "no temporary file is left");
    bytes_free(&first);
    bytes_free(&second);
    golden_free(&suite);
    golden_free(&again);
}

/* The cases that a suite is cut to: what stands behind them is rubbish, and nobody looks. */
Test(golden_save, writes_as_many_cases_as_there_are_and_their_longest_names) {
    struct golden_note bound = {(char *)"", (char *)"exact"};
    struct golden_input x = {.array = vector_of(2, (const double[]){1, 2})};
    struct golden_expected y = {.grad_scale = 1};
    struct golden_case cases[2];
    const struct golden_suite suite = {
        .kernel = (char *)"toy", .n_bounds = 1, .bounds = &bound, .n_cases = 1, .cases = cases};
    memset(cases, 0x55, sizeof cases);
    cases[1].id[1] = '\0';
    cases[0] = (struct golden_case){
        .note = (char *)"", .n_inputs = 1, .inputs = &x, .n_expected = 1, .expected = &y};
    memset(cases[0].id, 'i', GOLDEN_ID_SIZE - 1);
    memset(x.name, 'x', GOLDEN_NAME_SIZE - 1);
    memset(y.name, 'y', GOLDEN_NAME_SIZE - 1);
    bound.name = y.name;
    y.value = vector_of(1, (const double[]){3});
    y.exact = vector_of(1, (const double[]){4});
    y.bound = vector_of(1, (const double[]){5});
    save(&suite);
    cr_expect_null(golden_find_case(&suite, cases[1].id));
    struct golden_suite again = load(in_folder(""), "toy");
    cr_assert_eq(again.n_cases, 1u);
    const struct golden_case *c = golden_find_case(&again, cases[0].id);
    cr_assert_not_null(c);
    cr_assert(c->n_inputs == 1 && c->n_expected == 1);
    expect_same(&golden_find_input(c, x.name)->array, &x.array, "input");
    expect_same(&golden_find_expected(c, y.name)->value, &y.value, "value");
    expect_same(&golden_find_expected(c, y.name)->exact, &y.exact, "exact");
    expect_same(&golden_find_expected(c, y.name)->bound, &y.bound, "bound");
    golden_free(&again);
    array_free(&x.array);
    array_free(&y.value);
    array_free(&y.exact);
    array_free(&y.bound);
}

Test(golden_save, keeps_what_a_baseline_has_measured) {
    struct golden_suite suite = load("tests/golden", "sigmoid");
    suite.is_baseline = true;
    suite.n_recorded = 99;
    suite.seed = -5;
    for (size_t i = 0; i < suite.n_cases; i++) {
        suite.cases[i].measured =
            (struct golden_measured){.gradient = "pass", .resolution = 1e-11 / 3, .evaluations = i};
    }
    save(&suite);
    struct golden_suite again = load(in_folder(""), "sigmoid");
    cr_expect(again.is_baseline && again.n_recorded == 99 && again.seed == -5);
    for (size_t i = 0; i < suite.n_cases; i++) {
        const struct golden_measured *m = &again.cases[i].measured;
        cr_expect_str_eq(m->gradient, "pass");
        cr_expect(m->resolution == 1e-11 / 3 && m->evaluations == i);
    }
    golden_free(&suite);
    golden_free(&again);
}

Test(golden_save, a_baseline_is_one_in_the_root_and_in_every_case) {
    static const struct {
        const char *from, *to, *field;
        enum golden_status status;
    } rows[] = {
        {"\"baseline\": {\n  \"cases\"", "\"baselines\": {\n  \"cases\"", "baselines",
         GOLDEN_JSON_UNKNOWN},
        {"  \"cases\": 12", "  \"cases\": -1", "baseline.cases", GOLDEN_JSON_TYPE},
        {"  \"cases\": 12", "  \"case\": 12", "baseline.case", GOLDEN_JSON_UNKNOWN},
        {"\"resolution\": 0.5", "\"resolution\": -0.5", "cases[0].baseline.resolution",
         GOLDEN_JSON_TYPE},
        {"\"resolution\": 0.5", "\"resolution\": \"\"", "cases[0].baseline.resolution",
         GOLDEN_JSON_TYPE},
        {"\"evaluations\": 7", "\"evaluations\": -7", "cases[0].baseline.evaluations",
         GOLDEN_JSON_TYPE},
        {"\"gradient\": \"pass\"", "\"gradient\": 1", "cases[0].baseline.gradient",
         GOLDEN_JSON_TYPE},
        {"\"evaluations\": 7", "\"evaluations\": 7, \"seconds\": 1", "cases[0].baseline.seconds",
         GOLDEN_JSON_UNKNOWN},
        {"{\n    \"gradient\": \"pass\",\n    \"resolution\": 0.5,\n    \"evaluations\": 7\n   }",
         "7", "cases[0].baseline", GOLDEN_JSON_TYPE},
        {"\"gradient\": \"pass\",", "", "cases[0].baseline.gradient", GOLDEN_JSON_MISSING},
        {"\"resolution\": 0.5,", "", "cases[0].baseline.resolution", GOLDEN_JSON_MISSING},
        {" \"baseline\": {\n  \"cases\": 12\n },\n", "", "cases[0]", GOLDEN_BASELINE},
    };
    struct golden_suite suite = load("tests/golden", "sigmoid");
    suite.is_baseline = true;
    suite.n_recorded = 12;
    for (size_t i = 0; i < suite.n_cases; i++) {
        suite.cases[i].measured =
            (struct golden_measured){.gradient = "pass", .resolution = 0.5, .evaluations = 7};
    }
    save(&suite);
    struct bytes good = read_file(in_folder("sigmoid.json"));
    bytes_append(&good, "", 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct golden_error error;
        struct golden_suite bad;
        const char *at = strstr((char *)good.data, rows[i].from);
        cr_assert_not_null(at, "%s", rows[i].from);
        struct bytes text = bytes_of(good.data, (size_t)(at - (char *)good.data));
        bytes_append(&text, rows[i].to, strlen(rows[i].to));
        bytes_append(&text, at + strlen(rows[i].from), strlen(at) - strlen(rows[i].from));
        write_file(in_folder("sigmoid.json"), text);
        EXPECT_STATUS(golden_load(in_folder(""), "sigmoid", &bad, &error), rows[i].status,
                      error_line(&error));
        cr_expect_str_eq(error.field, rows[i].field, "%s", rows[i].to);
        bytes_free(&text);
    }
    bytes_free(&good);
    golden_free(&suite);
}

static void expect_refused(const char *dir, const struct golden_suite *suite,
                           enum golden_status status, int system_errno, const char *file,
                           const char *field) {
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_save(dir, suite, &error), status, status_name(status));
    expect_bare_error(&error, status, system_errno, file, field);
}

Test(golden_save, refuses_what_cannot_be_written) {
    struct golden_suite suite = load("tests/golden", "sigmoid");
    struct golden_suite empty = {.kernel = suite.kernel};
    struct golden_suite unnamed = suite;
    unnamed.kernel = "../sigmoid";
    expect_refused(NULL, &suite, GOLDEN_NULL, 0, "", "");
    expect_refused(in_folder(""), NULL, GOLDEN_NULL, 0, "", "");
    expect_refused(in_folder(""), &empty, GOLDEN_NO_CASES, 0, "", "cases");
    expect_refused(in_folder(""), &unnamed, GOLDEN_KERNEL_NAME, 0, "", "kernel");
    static const double scales[] = {0, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 2 * sizeof scales / sizeof scales[0]; i++) {
        double *scale = &suite.cases[i % 2].expected[0].grad_scale;
        const double kept = *scale;
        *scale = scales[i / 2];
        expect_refused(in_folder(""), &suite, GOLDEN_GRAD_SCALE, 0, "",
                       i % 2 ? "cases[1].expected[0].grad_scale"
                             : "cases[0].expected[0].grad_scale");
        *scale = kept;
    }
    expect_refused(in_folder("missing"), &suite, GOLDEN_FILE_WRITE, ENOENT,
                   in_folder("missing/sigmoid.npz"), "");
    cr_expect_eq(count_files(), 0);
    suite.cases[0].expected[0].grad_scale = 1e-60;
    EXPECT_STATUS(golden_save(in_folder(""), &suite, NULL), GOLDEN_OK, "small");
    golden_free(&suite);
}
