// SPDX-License-Identifier: MIT
/* Which lengths of which axes a factor is made of. */
#include <criterion/criterion.h>
#include <math.h>

#include "gradcheck/tables.h"

static struct tables b;

/* Lengths B = 3, n = 5 and an axis of 7 without a name. Behind w's only axis something is left. */
static const struct gc_session *open_lengths(void) {
    static const struct gradcheck_tensor in[] = {
        {.name = "x", .ndim = 2, .shape = {3, 5}, .dims = {"B", "n"}},
        {.name = "w", .ndim = 1, .shape = {7, 11}, .dims = {NULL, "m"}},
        {.name = "s"},
        {0}};
    static const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 1, .shape = {3}, .dims = {"B"}}, {0}};
    tables_open(&b, in, out, true);
    return &b.s;
}

Test(diagnosis_sizes, a_factor_is_told_by_the_lengths_that_it_is_made_of) {
    static const struct {
        double value;
        const char *text; /* NULL: it is no size */
    } rows[] = {
        {3, "B"},
        {1.0 / 3, "1/B"},
        {9, "B^2"},
        {1.0 / 9, "1/B^2"},
        {3.0 / 2, "B/(B - 1)"},
        {2.0 / 3, "(B - 1)/B"},
        {5, "n"},
        {1.0 / 25, "1/n^2"},
        {5.0 / 4, "n/(n - 1)"},
        {7, "(length of axis 0 of w)"},
        {1.0 / 7, "1/(length of axis 0 of w)"},
        {49, "(length of axis 0 of w)^2"},
        {15, "B n"},
        {1.0 / 15, "1/(B n)"},
        {3.0 / 5, "B/n"},
        {5.0 / 3, "n/B"},
        {35, "n (length of axis 0 of w)"},
        {2.0 / 9, NULL},
        {2, NULL},
        {11, NULL},
        {1.0 / 11, NULL},
        {-3, NULL},
    };
    static const double off[] = {0, 0.9e-5, -0.9e-5, 1.1e-5, -1.1e-5};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t o = 0; o < sizeof off / sizeof off[0]; o++) {
            char text[160] = "";
            const bool is_size = rows[i].text != NULL && fabs(off[o]) < 1e-5;
            const double value = rows[i].value * (1 + off[o]);
            cr_expect_eq(gc_is_size(open_lengths(), value, 1e-5, text, sizeof text), is_size,
                         "row %zu, %g: %s", i, off[o], text);
            cr_expect_str_eq(text, is_size ? rows[i].text : "", "row %zu, %g", i, off[o]);
        }
    }
}

Test(diagnosis_sizes, a_length_and_the_root_of_one_are_told_from_other_sizes) {
    const struct {
        double value;
        bool is_length;
        const char *root_of;
    } rows[] = {
        {3, true, ""},           {1.0 / 3, true, ""},
        {5, true, ""},           {7, true, ""},
        {1.0 / 7, true, ""},     {9, false, ""},
        {15, false, ""},         {11, false, ""},
        {sqrt(3.0), false, "B"}, {sqrt(5.0), false, "n"},
        {sqrt(11.0), false, ""}, {sqrt(7.0), false, "(length of axis 0 of w)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[160] = "";
        const struct gc_session *s = open_lengths();
        cr_expect_eq(gc_is_length(s, rows[i].value, 1e-5), rows[i].is_length, "row %zu", i);
        cr_expect_eq(gc_is_root_of_size(s, rows[i].value, 1e-5, text, sizeof text),
                     rows[i].root_of[0] != '\0', "row %zu", i);
        cr_expect_str_eq(text, rows[i].root_of, "row %zu: %s", i, text);
    }
}

/* Each once, those of the outputs first, of which 1 is none and eight are kept. */
Test(diagnosis_sizes, different_lengths_are_kept_once) {
    static const struct gradcheck_tensor in[] = {
        {.name = "x", .ndim = 4, .shape = {13, 2, 1, 17}},
        {.name = "w", .ndim = 4, .shape = {13, 19, 23, 29}},
        {.name = "v", .ndim = 3, .shape = {31, 37, 41}},
        {0}};
    static const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 1, .shape = {13}}, {.name = "z", .ndim = 1, .shape = {13}}, {0}};
    static const struct {
        double length;
        bool is;
    } rows[] = {{13, true}, {2, true},  {17, true}, {19, true},  {23, true},
                {29, true}, {31, true}, {37, true}, {41, false}, {1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[160] = "";
        tables_open(&b, in, out, true);
        cr_expect_eq(gc_is_length(&b.s, rows[i].length, 1e-5), rows[i].is, "%g", rows[i].length);
        cr_expect_eq(gc_is_size(&b.s, rows[i].length, 1e-5, text, sizeof text), rows[i].is,
                     "%g: %s", rows[i].length, text);
        cr_expect_eq(gc_is_root_of_size(&b.s, sqrt(rows[i].length), 1e-5, text, sizeof text),
                     rows[i].is, "%g: %s", rows[i].length, text);
    }
}

Test(diagnosis_sizes, an_axis_of_the_output_alone_is_one_too) {
    static const struct gradcheck_tensor in[] = {{.name = "x", .ndim = 1, .shape = {3}}, {0}};
    static const struct gradcheck_tensor out[] = {
        {.name = "y", .ndim = 2, .shape = {5, 3}, .dims = {"heads"}}, {0}};
    char text[160] = "";
    tables_open(&b, in, out, true);
    cr_expect(gc_is_size(&b.s, 0.2, 1e-5, text, sizeof text));
    cr_expect_str_eq(text, "1/heads");
}
