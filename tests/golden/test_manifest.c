// SPDX-License-Identifier: MIT
/* Manifests of small suites made by hand, byte for byte, and what the least and the largest that a
 * manifest may say come to. */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(golden_manifest, .init = folder_create, .fini = folder_remove);

/* An array without elements, which needs no memory. */
#define EMPTY                                                                                      \
    { .dtype = ARRAY_F64, .ndim = 1 }
#define EXPECTED                                                                                   \
    { .name = "y", .value = EMPTY, .exact = EMPTY, .bound = EMPTY, .grad_scale = 1 }

static struct golden_note bounds[] = {{(char *)"y", (char *)"exact"}};
static struct golden_input inputs[] = {{"x", EMPTY}, {"w", EMPTY}};
static struct golden_expected expected[] = {EXPECTED};

static struct golden_case case_of(const char *id, size_t n_inputs) {
    struct golden_case c = {.note = (char *)"",
                            .n_inputs = n_inputs,
                            .inputs = inputs,
                            .n_expected = 1,
                            .expected = expected};
    (void)snprintf(c.id, sizeof c.id, "%s", id);
    return c;
}

static struct golden_suite suite_of(const char *kernel, struct golden_case cases[],
                                    size_t n_cases) {
    return (struct golden_suite){.kernel = (char *)kernel,
                                 .seed = 7,
                                 .n_bounds = 1,
                                 .bounds = bounds,
                                 .n_cases = n_cases,
                                 .cases = cases};
}

/* The manifest as a string, the caller's to free. */
static struct bytes saved(const struct golden_suite *suite) {
    char name[GOLDEN_NAME_SIZE + 8];
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_save(in_folder(""), suite, &error), GOLDEN_OK, error_line(&error));
    (void)snprintf(name, sizeof name, "%s.json", suite->kernel);
    struct bytes b = read_file(in_folder(name));
    bytes_append(&b, "", 1);
    return b;
}

static struct golden_suite loaded(const char *kernel) {
    struct golden_suite suite;
    struct golden_error error = dirty_error();
    cr_assert(golden_load(in_folder(""), kernel, &suite, &error) == GOLDEN_OK, "%s",
              error_line(&error));
    return suite;
}

/* As Python's json does with an indent of one: an array a line, but nothing takes no line. */
Test(golden_manifest, writes_lists_of_nothing_on_one_line) {
    struct golden_case cases[] = {case_of("none", 0), case_of("one", 1), case_of("two", 2)};
    struct golden_suite suite = suite_of("toy", cases, 3);
    struct bytes b = saved(&suite);
    const char *after_checksum = strstr((char *)b.data, " \"seed\"");
    cr_assert_not_null(after_checksum);
    cr_expect_str_eq(after_checksum, " \"seed\": 7,\n"
                                     " \"versions\": {},\n"
                                     " \"bounds\": {\n"
                                     "  \"y\": \"exact\"\n"
                                     " },\n"
                                     " \"flags\": {},\n"
                                     " \"cases\": [\n"
                                     "  {\n"
                                     "   \"id\": \"none\",\n"
                                     "   \"flags\": [],\n"
                                     "   \"inputs\": [],\n"
                                     "   \"expected\": [\n"
                                     "    {\"name\": \"y\", \"dtype\": \"f64\", \"shape\": [0]}\n"
                                     "   ]\n"
                                     "  },\n"
                                     "  {\n"
                                     "   \"id\": \"one\",\n"
                                     "   \"flags\": [],\n"
                                     "   \"inputs\": [\n"
                                     "    {\"name\": \"x\", \"dtype\": \"f64\", \"shape\": [0]}\n"
                                     "   ],\n"
                                     "   \"expected\": [\n"
                                     "    {\"name\": \"y\", \"dtype\": \"f64\", \"shape\": [0]}\n"
                                     "   ]\n"
                                     "  },\n"
                                     "  {\n"
                                     "   \"id\": \"two\",\n"
                                     "   \"flags\": [],\n"
                                     "   \"inputs\": [\n"
                                     "    {\"name\": \"x\", \"dtype\": \"f64\", \"shape\": [0]},\n"
                                     "    {\"name\": \"w\", \"dtype\": \"f64\", \"shape\": [0]}\n"
                                     "   ],\n"
                                     "   \"expected\": [\n"
                                     "    {\"name\": \"y\", \"dtype\": \"f64\", \"shape\": [0]}\n"
                                     "   ]\n"
                                     "  }\n"
                                     " ]\n"
                                     "}\n");
    bytes_free(&b);
    struct golden_suite again = loaded("toy");
    cr_expect(again.n_versions == 0 && again.n_flags == 0 && again.n_cases == 3);
    golden_free(&again);
}

/* What Python's repr gives. */
Test(golden_manifest, writes_numbers_in_as_few_digits_as_read_back_the_same) {
    static const struct {
        double value, read;
        const char *text;
    } rows[] = {
        {0, 0, "0.0"},
        {NAN, 0, "0.0"},
        {INFINITY, 0, "0.0"},
        {0.1, 0.1, "0.1"},
        {8.3, 8.3, "8.3"}, /* in 16 digits 8.300000000000001 */
        {1.0 / 3, 1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, 0.1 + 0.2, "0.30000000000000004"},
        {1e-11, 1e-11, "1e-11"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        struct golden_case only = case_of("only", 0);
        struct golden_suite suite = suite_of("toy", &only, 1);
        suite.is_baseline = true;
        only.measured = (struct golden_measured){.gradient = "pass", .resolution = rows[i].value};
        struct bytes b = saved(&suite);
        (void)snprintf(line, sizeof line, "\n    \"resolution\": %s,\n", rows[i].text);
        cr_expect_not_null(strstr((char *)b.data, line), "%s: %s", line, (char *)b.data);
        struct golden_suite again = loaded("toy");
        cr_expect_eq(again.cases[0].measured.resolution, rows[i].read, "%s", rows[i].text);
        golden_free(&again);
        bytes_free(&b);
    }
}

Test(golden_manifest, knows_the_longest_names_and_as_many_axes_as_an_array_may_have) {
    static const char kernel[] = "k234567890123456789012345678901";
    cr_assert_eq(sizeof kernel, (size_t)GOLDEN_NAME_SIZE);
    const size_t shape[ARRAY_MAX_DIMS] = {1, 1, 2, 1, 1, 1, 1, 3};
    struct golden_input wide = {
        "x", array_from(ARRAY_F64, ARRAY_MAX_DIMS, shape, (const double[]){1, 2, 3, 4, 5, 6})};
    struct golden_case only = case_of("only", 1);
    only.inputs = &wide;
    struct golden_suite suite = suite_of(kernel, &only, 1);
    struct bytes b = saved(&suite);
    bytes_free(&b);
    struct golden_suite again = loaded(kernel);
    cr_expect_str_eq(again.kernel, kernel);
    const struct array *x = &again.cases[0].inputs[0].array;
    cr_expect(array_same_shape(x, &wide.array) && array_get(x, 5) == 6);
    golden_free(&again);
    array_free(&wide.array);
}
