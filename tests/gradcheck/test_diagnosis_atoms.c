// SPDX-License-Identifier: MIT
/* Coordinates of a table, what they are called, and which values run with them: on tables put
 * together by hand. */
#include <criterion/criterion.h>
#include <string.h>

#include "gradcheck/tables.h"

enum { OUT = GRADCHECK_MAX_DIMS }; /* the output's first axis as a coordinate */

static struct tables tables;

struct shape {
    size_t ndim, shape[2];
    const char *dims[2];
};

static struct gradcheck_tensor tensor(const char *name, const struct shape *shape,
                                      enum gradcheck_dtype dtype) {
    return (struct gradcheck_tensor){.name = name,
                                     .dtype = dtype,
                                     .ndim = shape->ndim,
                                     .shape = {shape->shape[0], shape->shape[1]},
                                     .dims = {shape->dims[0], shape->dims[1]}};
}

/* From tables.in and tables.out; the table is of the first input. */
static struct gc_table *lay(size_t n_inputs, size_t n_outputs, bool by_output) {
    struct gradcheck_tensor inputs[TABLES_MOST_TENSORS] = {0};
    struct gradcheck_tensor outputs[TABLES_MOST_TENSORS] = {0};
    memcpy(inputs, tables.in, n_inputs * sizeof inputs[0]);
    memcpy(outputs, tables.out, n_outputs * sizeof outputs[0]);
    tables_open(&tables, inputs, outputs, by_output);
    return tables_look(&tables, 0);
}

static struct gc_table *lay_two(const struct shape *x, const struct shape *y, bool by_output) {
    tables.in[0] = tensor("x", x, GRADCHECK_F64);
    tables.out[0] = tensor("y", y, GRADCHECK_F64);
    return lay(1, 1, by_output);
}

Test(diagnosis_atoms, each_row_belongs_to_one_float_output) {
    static const struct {
        size_t row, output, flat;
    } rows[] = {{0, 0, 0}, {5, 0, 5}, {6, 2, 0}, {9, 2, 3}};
    tables.in[0] = tensor("x", &(struct shape){1, {3}, {0}}, GRADCHECK_F64);
    tables.out[0] = tensor("y", &(struct shape){2, {2, 3}, {0}}, GRADCHECK_F64);
    tables.out[1] = tensor("index", &(struct shape){1, {4}, {0}}, GRADCHECK_I32);
    tables.out[2] = tensor("z", &(struct shape){1, {4}, {0}}, GRADCHECK_F32);
    struct gc_table *t = lay(1, 3, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t flat = 99;
        cr_expect_eq(gc_row_tensor(t, rows[i].row, &flat), &tables.out[rows[i].output], "row %zu",
                     rows[i].row);
        cr_expect_eq(flat, rows[i].flat, "row %zu", rows[i].row);
    }
    t->by_output = false;
    cr_expect_null(gc_row_tensor(t, 0, &(size_t){0}));
}

Test(diagnosis_atoms, a_coordinate_has_a_length_and_an_index_or_neither) {
    static const struct {
        size_t coordinate, length, index, length_without, index_without;
    } rows[] = {
        {0, 2, 1, 2, 1},
        {1, 3, 2, 3, 2},
        {2, 0, 0, 0, 0},
        {OUT, 4, 2, 0, 0},
        {OUT + 1, 5, 3, 0, 0},
        {OUT + 2, 0, 0, 0, 0},
        {GC_ENTRY_FLAT, 6, 5, 6, 5},
        {GC_OUTPUT_FLAT, 20, 13, 0, 13},
    };
    const struct shape x = {2, {2, 3}, {0}};
    const struct shape y = {2, {4, 5}, {0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t c = rows[i].coordinate;
        const struct gc_table *t = lay_two(&x, &y, true);
        cr_expect_eq(gc_coordinate_length(t, c), rows[i].length, "%zu", c);
        cr_expect_eq(gc_coordinate(t, 13, 5, c), rows[i].index, "%zu", c);
        cr_expect_eq(gc_has_coordinate(t, c), rows[i].length > 0, "%zu", c);
        t = lay_two(&x, &y, false);
        cr_expect_eq(gc_coordinate_length(t, c), rows[i].length_without, "%zu", c);
        cr_expect_eq(gc_coordinate(t, 13, 5, c), rows[i].index_without, "%zu", c);
    }
    const struct gc_table *t = lay_two(&(struct shape){1, {1}, {0}}, &y, true);
    cr_expect_eq(gc_coordinate_length(t, 0), 1);
    cr_expect_not(gc_has_coordinate(t, 0));
}

Test(diagnosis_atoms, an_axis_is_called_by_its_name_or_number_and_a_lone_one_the_elements) {
    static const struct {
        struct shape x, y;
        size_t coordinate;
        const char *name, *without; /* without an output */
    } rows[] = {
        {{2, {2, 3}, {"a"}}, {2, {4, 5}, {0, "d"}}, 0, "axis a of x", "axis a of x"},
        {{2, {2, 3}, {"a"}}, {2, {4, 5}, {0, "d"}}, 1, "axis 1 of x", "axis 1 of x"},
        {{2, {2, 3}, {"a"}}, {2, {4, 5}, {0, "d"}}, OUT, "axis 0 of y", NULL},
        {{2, {2, 3}, {"a"}}, {2, {4, 5}, {0, "d"}}, OUT + 1, "axis d of y", NULL},
        {{2, {2, 3}, {"a"}},
         {2, {4, 5}, {0, "d"}},
         GC_ENTRY_FLAT,
         "the elements of x",
         "the elements of x"},
        {{2, {2, 3}, {"a"}}, {2, {4, 5}, {0, "d"}}, GC_OUTPUT_FLAT, "the elements of y", NULL},
        {{1, {6}, {0}}, {2, {4, 5}, {0}}, 0, "the elements of x", "the elements of x"},
        {{1, {6}, {"n"}}, {2, {4, 5}, {0}}, 0, "axis n of x", "axis n of x"},
        {{2, {2, 3}, {0}}, {1, {4}, {0}}, OUT, "the elements of y", NULL},
        {{1, {6}, {0}}, {2, {4, 5}, {0}}, OUT, "axis 0 of y", NULL},
    };
    double tangent[20] = {0};
    char name[96];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gc_table *t = lay_two(&rows[i].x, &rows[i].y, true);
        tables.out[0].tangent = tangent;
        gc_coordinate_name(t, rows[i].coordinate, name, sizeof name);
        cr_expect_str_eq(name, rows[i].name, "row %zu: '%s'", i, name);
        if (rows[i].without != NULL) {
            t = lay_two(&rows[i].x, &rows[i].y, false);
            gc_coordinate_name(t, rows[i].coordinate, name, sizeof name);
            cr_expect_str_eq(name, rows[i].without, "row %zu: '%s'", i, name);
        }
    }
}

Test(diagnosis_atoms, an_axis_is_shared_by_name_or_else_by_length) {
    static const struct {
        struct shape x, y;
        size_t axis; /* of y */
        bool shared;
    } rows[] = {
        {{2, {2, 3}, {"a", "b"}}, {2, {3, 2}, {"b", "c"}}, 0, true},
        {{2, {2, 3}, {"a", "b"}}, {2, {3, 2}, {"b", "c"}}, 1, false},
        {{2, {2, 3}, {"a", "b"}}, {1, {4}, {"a"}}, 0, true},
        {{2, {2, 3}, {"a", "b"}}, {1, {4}, {"b"}}, 0, true},
        {{2, {2, 3}, {0}}, {2, {3, 2}, {0}}, 0, true},
        {{2, {2, 3}, {0}}, {2, {3, 2}, {0}}, 1, true},
        {{2, {2, 3}, {0}}, {2, {5, 2}, {0}}, 0, false},
        {{2, {2, 3}, {"a"}}, {1, {3}, {"c"}}, 0, true},
        {{2, {2, 3}, {"a"}}, {1, {2}, {"c"}}, 0, false},
        {{2, {2, 3}, {0, "b"}}, {1, {2}, {"c"}}, 0, true},
        {{2, {2, 3}, {"a", "b"}}, {1, {2}, {0}}, 0, true},
        {{2, {2, 3}, {"a", "b"}}, {1, {4}, {0}}, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gc_table *t = lay_two(&rows[i].x, &rows[i].y, true);
        cr_expect_eq(gc_shares_axis(t, OUT + rows[i].axis), rows[i].shared, "row %zu", i);
    }
}

/* "x01 y45 l0=1": the tensor, what its axes run with, and the coordinate that integers index. */
static void atoms_text(const struct gc_table *t, char out[], size_t size) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    const size_t n = gc_atoms(t, atoms);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        gc_text(out + strlen(out), size - strlen(out), "%s%s", i > 0 ? " " : "",
                atoms[i].tensor->name);
        for (size_t a = 0; a < atoms[i].tensor->ndim; a++) {
            gc_text(out + strlen(out), size - strlen(out), "%zu", atoms[i].along[a]);
        }
        if (atoms[i].values == NULL) {
            gc_text(out + strlen(out), size - strlen(out), "=%zu", atoms[i].hot);
        }
    }
}

Test(diagnosis_atoms, run_every_way_that_names_and_lengths_allow) {
    static const struct {
        struct shape x, y, l; /* l: integers */
        bool by_output;
        const char *atoms;
    } rows[] = {
        {{2, {2, 3}, {0}},
         {2, {3, 2}, {0}},
         {1, {7}, {0}},
         true,
         "x01 y10 y15 y40 y45 x01 x04 x51 x54"},
        {{2, {2, 3}, {0}}, {2, {3, 2}, {0}}, {1, {7}, {0}}, false, "x01 y10 x01"},
        {{2, {2, 2}, {0}}, {1, {7}, {0}}, {1, {7}, {0}}, false, "x01 x01 x10"},
        {{2, {2, 2}, {"a", "b"}}, {1, {2}, {"b"}}, {1, {2}, {"a"}}, false, "x01 y1 x01 l0=0 l0=1"},
        {{2, {2, 2}, {"a", "b"}}, {1, {2}, {0}}, {1, {7}, {0}}, false, "x01 y0 y1 x01"},
        {{2, {3, 4}, {0}}, {1, {7}, {0}}, {1, {3}, {0}}, false, "x01 x01 l0=0 l0=1"},
        {{1, {3}, {0}}, {1, {7}, {0}}, {1, {3}, {0}}, false, "x0 x0 l0=0"},
        {{2, {1, 3}, {0}}, {1, {7}, {0}}, {1, {1}, {0}}, false, "x01 x01 l0=1"},
        /* an axis of one element runs with its own kind, not with axes that are not there */
        {{1, {3}, {0}}, {1, {1}, {0}}, {1, {7}, {0}}, true, "x0 y4 x0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        tables.in[0] = tensor("x", &rows[i].x, GRADCHECK_F64);
        tables.in[1] = tensor("l", &rows[i].l, GRADCHECK_I32);
        tables.out[0] = tensor("y", &rows[i].y, GRADCHECK_F64);
        const struct gc_table *t = lay(2, 1, rows[i].by_output);
        atoms_text(t, text, sizeof text);
        cr_expect_str_eq(text, rows[i].atoms, "row %zu: '%s'", i, text);
    }
}

/* Those of the table's own entry come first. */
Test(diagnosis_atoms, hold_the_values_of_their_own_tensor) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    tables.in[0] = tensor("u", &(struct shape){1, {2}, {"a"}}, GRADCHECK_F64);
    tables.in[1] = tensor("x", &(struct shape){2, {2, 3}, {"a", "b"}}, GRADCHECK_F64);
    tables.in[2] = tensor("l", &(struct shape){1, {2}, {"a"}}, GRADCHECK_I32);
    tables.in[3] = tensor("v", &(struct shape){1, {3}, {"b"}}, GRADCHECK_F64);
    tables.out[0] = tensor("y", &(struct shape){1, {3}, {"b"}}, GRADCHECK_F64);
    tables.out[1] = tensor("z", &(struct shape){1, {2}, {"a"}}, GRADCHECK_F64);
    (void)lay(4, 2, true);
    const size_t n = gc_atoms(tables_look(&tables, 1), atoms);
    const struct {
        const struct gradcheck_tensor *tensor;
        const double *values;
    } expected[] = {
        {&tables.in[1], tables.base + 2},
        {&tables.out[0], tables.y0},
        {&tables.out[1], tables.y0 + 3},
        {&tables.in[0], tables.base},
        {&tables.in[1], tables.base + 2},
        {&tables.in[2], NULL},
        {&tables.in[2], NULL},
        {&tables.in[3], tables.base + 8},
    };
    cr_assert_eq(n, sizeof expected / sizeof expected[0], "%zu", n);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(atoms[i].tensor, expected[i].tensor, "%zu: %s", i, atoms[i].tensor->name);
        cr_expect_eq(atoms[i].values, expected[i].values, "%zu: %s", i, atoms[i].tensor->name);
    }
}

/* Three ways for x, four for each vector of integers: the last of them has room for one. */
Test(diagnosis_atoms, are_no_more_than_there_is_room_for) {
    enum { VECTORS = 17 };
    struct gc_atom atoms[GC_MAX_ATOMS + 8];
    tables.in[0] = tensor("x", &(struct shape){2, {2, 2}, {0}}, GRADCHECK_F64);
    for (size_t i = 1; i <= VECTORS; i++) {
        tables.in[i] = tensor("l", &(struct shape){1, {2}, {0}}, GRADCHECK_I32);
        cr_expect_eq(gc_atoms(lay(1 + i, 0, false), atoms), i < 16 ? 3 + 4 * i : GC_MAX_ATOMS);
    }
}

Test(diagnosis_atoms, values_are_those_of_the_neighbour_that_a_move_leads_to) {
    static const double values[] = {0, 1, 2, 10, 11, 12}; /* of y[2, 3] */
    static const struct {
        size_t row, axis; /* axis 2: the whole, flat */
        enum gc_move move;
        double value;
    } rows[] = {
        {1, 0, GC_STAY, 1},      {1, 2, GC_STAY, 1},      {1, 0, GC_NEXT, 11},
        {4, 0, GC_NEXT, 1},      {2, 1, GC_NEXT, 0},      {2, 2, GC_NEXT, 10},
        {5, 2, GC_NEXT, 0},      {1, 0, GC_BEFORE, 11},   {0, 1, GC_BEFORE, 2},
        {4, 1, GC_BEFORE, 10},   {3, 2, GC_BEFORE, 2},    {0, 2, GC_BEFORE, 12},
        {5, 1, GC_FIRST, 10},    {5, 0, GC_FIRST, 2},     {5, 2, GC_FIRST, 0},
        {0, 1, GC_REVERSED, 2},  {4, 1, GC_REVERSED, 11}, {5, 1, GC_REVERSED, 10},
        {0, 2, GC_REVERSED, 12}, {0, 0, GC_SWAPPED, 0},   {1, 0, GC_SWAPPED, 2},
        {2, 0, GC_SWAPPED, 11},  {3, 0, GC_SWAPPED, 1},   {4, 0, GC_SWAPPED, 10},
        {5, 0, GC_SWAPPED, 12},
    };
    const struct gc_table *t =
        lay_two(&(struct shape){1, {1}, {0}}, &(struct shape){2, {2, 3}, {0}}, true);
    const struct gc_atom y = {
        .tensor = &tables.out[0], .values = values, .count = 6, .along = {OUT, OUT + 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = -1;
        cr_expect(gc_atom_value(t, &y, rows[i].row, 0, rows[i].move, rows[i].axis, &value),
                  "row %zu", i);
        cr_expect(value == rows[i].value, "row %zu: %g", i, value);
    }
}

Test(diagnosis_atoms, of_integers_are_1_where_the_hot_axis_has_that_index) {
    int64_t wide[] = {2, 0};
    int32_t narrow[] = {2, 0};
    unsigned char bytes[] = {2, 0};
    const struct {
        enum gradcheck_dtype dtype;
        void *labels;
    } kinds[] = {{GRADCHECK_I64, wide}, {GRADCHECK_I32, narrow}, {GRADCHECK_U8, bytes}};
    static const struct {
        enum gc_move move;
        size_t axis;     /* 0 and 1: of the labels; 2: the hot one */
        double value[6]; /* x[2, 3] */
    } rows[] = {
        {GC_STAY, 0, {0, 0, 1, 1, 0, 0}},  {GC_NEXT, 0, {1, 0, 0, 0, 0, 1}},
        {GC_NEXT, 1, {1, 0, 0, 0, 0, 1}},  {GC_FIRST, 0, {0, 0, 1, 0, 0, 1}},
        {GC_STAY, 2, {0, 0, 1, 1, 0, 0}},  {GC_NEXT, 2, {0, 1, 0, 0, 0, 1}},
        {GC_FIRST, 2, {0, 0, 0, 1, 1, 1}},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        const struct gc_table *t =
            lay_two(&(struct shape){2, {2, 3}, {0}}, &(struct shape){1, {1}, {0}}, false);
        struct gradcheck_tensor labels =
            tensor("l", &(struct shape){1, {2}, {0}}, kinds[kind].dtype);
        labels.value = kinds[kind].labels;
        const struct gc_atom l = {.tensor = &labels, .count = 2, .along = {0}, .hot = 1};
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            for (size_t c = 0; c < 6; c++) {
                double value = -1;
                cr_expect(gc_atom_value(t, &l, 0, c, rows[i].move, rows[i].axis, &value));
                cr_expect(value == rows[i].value[c], "kind %zu, row %zu, %zu: %g", kind, i, c,
                          value);
            }
        }
    }
}

/* What a descriptor holds behind its last axis is nobody's. */
Test(diagnosis_atoms, axes_end_where_a_tensor_says_so) {
    const struct shape x = {1, {3, 7}, {"a", "b"}};
    const struct shape y = {1, {4, 7}, {"c", "b"}};
    const struct gc_table *t = lay_two(&x, &y, true);
    cr_expect_eq(gc_coordinate_length(t, 1), 0);
    cr_expect_eq(gc_coordinate_length(t, OUT + 1), 0);
    t = lay_two(&(struct shape){1, {3, 7}, {"a"}}, &(struct shape){1, {7}, {"c"}}, true);
    cr_expect_not(gc_shares_axis(t, OUT));
    t = lay_two(&(struct shape){1, {3, 7}, {"a", "b"}}, &(struct shape){1, {7}, {"b"}}, true);
    cr_expect_not(gc_shares_axis(t, OUT));
}

Test(diagnosis_atoms, of_integers_index_the_axes_of_the_entry_alone) {
    struct gc_atom atoms[GC_MAX_ATOMS];
    size_t n_hot = 0;
    tables.in[0] = (struct gradcheck_tensor){
        .name = "x", .ndim = 4, .shape = {7, 2, 3, 5}, .dims = {"a", "b", "c", "d"}};
    tables.in[1] = tensor("l", &(struct shape){1, {7}, {"a"}}, GRADCHECK_I32);
    tables.out[0] = tensor("y", &(struct shape){1, {4}, {"e"}}, GRADCHECK_F64);
    const size_t n = gc_atoms(lay(2, 1, true), atoms);
    for (size_t i = 0; i < n; i++) {
        if (atoms[i].tensor == &tables.in[1]) {
            cr_expect_eq(atoms[i].hot, n_hot);
            n_hot++;
        }
    }
    cr_expect_eq(n_hot, 4);
}

Test(diagnosis_atoms, zero_is_not_positive) {
    cr_expect(gc_is_positive(0) == 0);
    cr_expect(gc_is_positive(-1) == 0);
    cr_expect(gc_is_positive(0x1p-1074) == 1);
}
