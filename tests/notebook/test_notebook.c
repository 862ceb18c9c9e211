// SPDX-License-Identifier: MIT
/* expected.txt is what the notebook's own cells print with NumPy 1.24, run in order in one Python
 * process, without the import of matplotlib, which they do not use. */
#include "notebook.h"
#include "numpy_text.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SIZE = 4096 };

static void read_all(FILE *file, char text[SIZE]) {
    rewind(file);
    text[fread(text, 1, SIZE - 1, file)] = '\0';
}

Test(notebook, prints_what_its_cells_print_with_numpy) {
    char expected[SIZE], got[SIZE];
    FILE *file = fopen("tests/notebook/expected.txt", "r");
    cr_assert_not_null(file, "run from the top of the tree");
    read_all(file, expected);
    fclose(file);
    file = tmpfile();
    cr_assert_not_null(file);
    cr_assert_eq(notebook_run(file), 0);
    read_all(file, got);
    fclose(file);
    cr_expect_str_eq(got, expected);
}

Test(notebook, fails_if_it_cannot_write) {
    FILE *full = fopen("/dev/full", "w");
    if (full != NULL) { /* Linux has it */
        cr_expect_eq(notebook_run(full), -1);
        fclose(full);
    }
}

struct row {
    double v[3];
    const char *text; /* str(np.array(v)) */
};

Test(numpy_text, aligns_arrays_as_numpy_does) {
    static const struct row rows[] = {
        {{1, 2, 3}, "[1. 2. 3.]"},
        {{0.5, -0.2, 0.1}, "[ 0.5 -0.2  0.1]"},
        {{0.5, 0.25, 100}, "[  0.5    0.25 100.  ]"},
        {{-1, 10.125, 0}, "[-1.    10.125  0.   ]"},
        {{1.0 / 3, 2.0 / 3, 1}, "[0.33333333 0.66666667 1.        ]"},
        {{0.123456785, 0.1234567849, 0.1}, "[0.12345678 0.12345678 0.1       ]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[SIZE];
        FILE *file = tmpfile();
        cr_assert_not_null(file);
        numpy_write_array(file, rows[i].v, 3, " ");
        read_all(file, got);
        fclose(file);
        cr_expect_str_eq(got, rows[i].text);
    }
}

Test(numpy_text, writes_the_fewest_digits_that_give_a_float_back) {
    static const struct {
        double a;
        const char *text;
    } rows[] = {{0.3, "0.3"}, {1, "1.0"}, {0.1 + 0.2, "0.30000000000000004"}, {-0.0625, "-0.0625"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[SIZE];
        FILE *file = tmpfile();
        cr_assert_not_null(file);
        numpy_write_float(file, rows[i].a);
        read_all(file, got);
        fclose(file);
        cr_expect_str_eq(got, rows[i].text);
    }
}
