// SPDX-License-Identifier: MIT
/* What a relation may be made of: coordinates of a Jacobian's elements, and the kernel's own values
 * as functions of them. An axis of a tensor runs with the axis of the same name; where there are no
 * names, of the same length. */
#include <math.h>
#include <string.h>

#include "diagnosis.h"

const struct gradcheck_tensor *gc_row_tensor(const struct gc_table *t, size_t row, size_t *flat) {
    const struct gc_session *s = t->s;
    for (size_t o = 0; t->by_output && o < s->k->n_outputs; o++) {
        const struct gc_output *out = &s->outputs[o];
        if (out->is_float && row >= out->first && row < out->first + out->count) {
            *flat = row - out->first;
            return out->t;
        }
    }
    return NULL;
}

/* Coordinates of the output only where there is one output to speak of. */
static const struct gradcheck_tensor *only_output(const struct gc_table *t) {
    return t->output;
}

bool gc_has_coordinate(const struct gc_table *t, size_t coordinate) {
    return gc_coordinate_length(t, coordinate) > 1;
}

size_t gc_coordinate_length(const struct gc_table *t, size_t coordinate) {
    const struct gradcheck_tensor *out = only_output(t);
    if (coordinate == GC_ENTRY_FLAT) {
        return t->n_columns;
    }
    if (coordinate == GC_OUTPUT_FLAT) {
        return out != NULL ? t->n_rows : 0;
    }
    if (coordinate < GRADCHECK_MAX_DIMS) {
        return coordinate < t->in->t->ndim ? t->in->t->shape[coordinate] : 0;
    }
    size_t axis = coordinate - GRADCHECK_MAX_DIMS;
    return out != NULL && axis < out->ndim ? out->shape[axis] : 0;
}

size_t gc_coordinate(const struct gc_table *t, size_t row, size_t column, size_t coordinate) {
    size_t index[GRADCHECK_MAX_DIMS] = {0};
    if (coordinate == GC_ENTRY_FLAT) {
        return column;
    }
    if (coordinate == GC_OUTPUT_FLAT) {
        return row;
    }
    if (coordinate < GRADCHECK_MAX_DIMS) {
        gc_tensor_index(t->in->t, column, index);
        return index[coordinate];
    }
    size_t flat = row;
    const struct gradcheck_tensor *out = gc_row_tensor(t, row, &flat);
    if (out != NULL) {
        gc_tensor_index(out, flat, index);
    }
    return index[coordinate - GRADCHECK_MAX_DIMS];
}

static const char *axis_name(const struct gc_table *t, size_t coordinate) {
    const struct gradcheck_tensor *out = only_output(t);
    if (coordinate < GRADCHECK_MAX_DIMS) {
        return t->in->t->dims[coordinate];
    }
    return out != NULL && coordinate < GC_ENTRY_FLAT ? out->dims[coordinate - GRADCHECK_MAX_DIMS]
                                                     : NULL;
}

void gc_coordinate_name(const struct gc_table *t, size_t coordinate, char out[], size_t size) {
    const char *name = axis_name(t, coordinate);
    const struct gradcheck_tensor *output = only_output(t);
    bool of_entry = coordinate < GRADCHECK_MAX_DIMS || coordinate == GC_ENTRY_FLAT;
    const char *tensor = of_entry || output == NULL ? t->in->t->name : output->name;
    size_t ndim = of_entry || output == NULL ? t->in->t->ndim : output->ndim;
    if (name != NULL) {
        gc_text(out, size, "axis %.24s of %.31s", name, tensor);
    } else if (coordinate >= GC_ENTRY_FLAT || ndim < 2) {
        gc_text(out, size, "the elements of %.31s", tensor);
    } else {
        gc_text(out, size, "axis %zu of %.31s", coordinate % GRADCHECK_MAX_DIMS, tensor);
    }
}

bool gc_shares_axis(const struct gc_table *t, size_t coordinate) {
    const char *name = axis_name(t, coordinate);
    for (size_t axis = 0; axis < t->in->t->ndim; axis++) {
        const char *own = t->in->t->dims[axis];
        if (name != NULL && own != NULL
                ? strcmp(name, own) == 0
                : t->in->t->shape[axis] == gc_coordinate_length(t, coordinate)) {
            return true;
        }
    }
    return false;
}

/* ---- atoms ---- */

static bool runs_with(const struct gc_table *t, const struct gradcheck_tensor *tensor, size_t axis,
                      size_t coordinate) {
    const char *name = axis_name(t, coordinate);
    if (gc_coordinate_length(t, coordinate) != tensor->shape[axis]) {
        return false;
    }
    return name == NULL || tensor->dims[axis] == NULL || strcmp(name, tensor->dims[axis]) == 0;
}

static void add_hot(const struct gc_table *t, struct gc_atom atom, struct gc_atom out[],
                    size_t *n) {
    for (size_t axis = 0; axis < t->in->t->ndim; axis++) {
        if (*n < GC_MAX_ATOMS && gc_has_coordinate(t, axis)) {
            atom.hot = axis;
            out[(*n)++] = atom;
        }
    }
}

/* Every way to let the atom's axes run, from `axis` on. */
static void add_ways(const struct gc_table *t, struct gc_atom *atom, size_t axis,
                     struct gc_atom out[], size_t *n) {
    if (*n == GC_MAX_ATOMS) {
        return;
    }
    if (axis == atom->tensor->ndim) {
        if (atom->values == NULL) {
            add_hot(t, *atom, out, n);
        } else {
            out[(*n)++] = *atom;
        }
        return;
    }
    for (size_t c = 0; c < GC_ENTRY_FLAT; c++) {
        bool taken = false;
        for (size_t a = 0; a < axis; a++) {
            taken = taken || atom->along[a] == c;
        }
        if (!taken && runs_with(t, atom->tensor, axis, c)) {
            atom->along[axis] = c;
            add_ways(t, atom, axis + 1, out, n);
        }
    }
}

size_t gc_atoms(const struct gc_table *t, struct gc_atom out[GC_MAX_ATOMS]) {
    const struct gc_session *s = t->s;
    size_t n = 0;
    struct gc_atom own = {
        .tensor = t->in->t, .values = s->base + t->in->first, .count = t->n_columns};
    for (size_t axis = 0; axis < own.tensor->ndim; axis++) {
        own.along[axis] = axis;
    }
    out[n++] = own;
    for (size_t o = 0; o < s->k->n_outputs; o++) {
        const struct gc_output *output = &s->outputs[o];
        if (output->is_float) {
            struct gc_atom atom = {.tensor = output->t,
                                   .values = s->y0 + output->first,
                                   .count = output->count,
                                   .is_output = true};
            add_ways(t, &atom, 0, out, &n);
        }
    }
    for (size_t i = 0; i < s->k->n_inputs; i++) {
        const struct gc_input *in = &s->inputs[i];
        struct gc_atom atom = {.tensor = in->t,
                               .values = in->is_float ? s->base + in->first : NULL,
                               .count = in->count};
        add_ways(t, &atom, 0, out, &n);
    }
    return n;
}

static double integer_at(const struct gradcheck_tensor *t, size_t flat) {
    size_t at = gc_tensor_offset(t, flat);
    switch (t->dtype) {
    case GRADCHECK_I64:
        return (double)((const int64_t *)t->value)[at];
    case GRADCHECK_I32:
        return (double)((const int32_t *)t->value)[at];
    default:
        return (double)((const unsigned char *)t->value)[at];
    }
}

/* False: outside. */
static bool move_index(size_t *index, size_t length, enum gc_move move) {
    if (length == 0) {
        return false;
    }
    switch (move) {
    case GC_NEXT:
        *index = (*index + 1) % length;
        break;
    case GC_BEFORE:
        *index = (*index + length - 1) % length;
        break;
    case GC_FIRST:
        *index = 0;
        break;
    case GC_REVERSED:
        *index = length - 1 - *index;
        break;
    default:
        break;
    }
    return *index < length;
}

bool gc_atom_value(const struct gc_table *t, const struct gc_atom *atom, size_t row, size_t column,
                   enum gc_move move, size_t axis, double *value) {
    size_t flat = 0;
    const struct gradcheck_tensor *tensor = atom->tensor;
    size_t index[GRADCHECK_MAX_DIMS] = {0};
    for (size_t a = 0; a < tensor->ndim; a++) {
        index[a] = gc_coordinate(t, row, column, atom->along[a]);
    }
    if (axis < tensor->ndim && !move_index(&index[axis], tensor->shape[axis], move)) {
        return false;
    }
    size_t stride = 1;
    for (size_t a = tensor->ndim; a-- > 0;) {
        flat += index[a] * stride;
        stride *= tensor->shape[a];
    }
    if (axis == tensor->ndim && move != GC_STAY && !move_index(&flat, atom->count, move)) {
        return false;
    }
    if (move == GC_SWAPPED && tensor->ndim >= 2) { /* read as if the last two axes were swapped */
        size_t n = tensor->shape[tensor->ndim - 2];
        size_t m = tensor->shape[tensor->ndim - 1];
        size_t block = flat / (n * m) * n * m;
        flat = block + index[tensor->ndim - 1] * n + index[tensor->ndim - 2];
    }
    if (atom->values != NULL) {
        *value = atom->values[flat];
        return true;
    }
    size_t hot = gc_coordinate(t, row, column, atom->hot);
    if (axis == tensor->ndim + 1 && !move_index(&hot, gc_coordinate_length(t, atom->hot), move)) {
        return false;
    }
    *value = integer_at(tensor, flat) == (double)hot;
    return true;
}

/* ---- functions of a value ---- */

double gc_identity(double v) {
    return v;
}
double gc_is_positive(double v) {
    return v > 0;
}
double gc_sigmoid(double v) {
    return 1 / (1 + exp(-v));
}
double gc_tanh(double v) {
    return tanh(v);
}
double gc_sigmoid_slope(double y) {
    return y * (1 - y);
}
double gc_tanh_slope(double y) {
    return 1 - y * y;
}
