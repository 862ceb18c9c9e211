// SPDX-License-Identifier: MIT
#include "command.h"

#include "gate/gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct range {
    char text[80];
};

/* As many digits as read back as the same number. */
static struct range range_text(const struct golden_summary *s) {
    struct range r;
    enum array_dtype dtype = s->header.dtype;
    int digits = dtype == ARRAY_F32 ? 9 : 17;
    if (s->n_finite == 0) {
        (void)snprintf(r.text, sizeof r.text, "%s",
                       s->header.count == 0 ? "no element" : "no finite element");
    } else if (array_dtype_is_float(dtype)) {
        (void)snprintf(r.text, sizeof r.text, "%.*g to %.*g", digits, s->min, digits, s->max);
    } else {
        (void)snprintf(r.text, sizeof r.text, "%" PRId64 " to %" PRId64, s->min_int, s->max_int);
    }
    return r;
}

static void put_count(size_t n, const char *what) {
    if (n > 0) {
        (void)printf(", %zu %s", n, what);
    }
}

static int show_array(const struct golden_file *file, size_t i, int width) {
    struct golden_summary s;
    struct golden_error error;
    char shape[ARRAY_MAX_DIMS * 21];
    if (golden_summarise(file, i, &s, &error) != GOLDEN_OK) {
        char text[GATE_TEXT_SIZE];
        golden_error_text(&error, text, sizeof text);
        return command_fail("show", "%s", text);
    }
    array_shape_text(s.header.ndim, s.header.shape, shape, sizeof shape);
    (void)printf("%-*s%s%s %-10s %s", width, golden_array_name(file, i), width > 0 ? "  " : "",
                 array_dtype_name(s.header.dtype), shape, range_text(&s).text);
    put_count(s.n_nan, "NaN");
    put_count(s.n_plus_inf, "inf");
    put_count(s.n_minus_inf, "-inf");
    (void)putchar('\n');
    return 0;
}

static int show_arrays(const struct golden_file *file) {
    size_t width = 0;
    for (size_t i = 0; i < golden_n_arrays(file); i++) {
        size_t length = strlen(golden_array_name(file, i));
        width = length > width ? length : width;
    }
    if (golden_n_arrays(file) == 0) {
        (void)puts("no array");
    }
    for (size_t i = 0; i < golden_n_arrays(file); i++) {
        int code = show_array(file, i, (int)width);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

static int run(const char *program, const struct option_values *values) {
    (void)program;
    if (values->n_words != 1) {
        return command_fail("show", "one file, please");
    }
    struct golden_file *file;
    struct golden_error error;
    if (golden_open(values->words[0], &file, &error) != GOLDEN_OK) {
        char text[GATE_TEXT_SIZE];
        golden_error_text(&error, text, sizeof text);
        return command_fail("show", "%s", text);
    }
    int code = show_arrays(file);
    golden_close(file);
    return code;
}

const struct command command_show = {
    .name = "show",
    .arguments = "FILE",
    .summary = "List the arrays of a .npy or .npz file: names, dtypes, shapes, ranges, NaN and inf",
    .text = "",
    .run = run,
};
