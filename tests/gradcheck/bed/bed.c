// SPDX-License-Identifier: MIT
#include "gradcheck/bed/bed.h"

#include <math.h>
#include <string.h>

#include "gradcheck/bed/formulas.h"

static const struct bed_group *const groups[] = {
    &bed_smooth,      &bed_vectors, &bed_steep,       &bed_flat,      &bed_scaled_up,
    &bed_scaled_down, &bed_offset,  &bed_peak,        &bed_saturated, &bed_edge,
    &bed_kink,        &bed_jump,    &bed_oscillating, &bed_float32,   &bed_noise,
    &bed_linear,      &bed_huge,    &bed_constant,    &bed_subnormal,
};
#define N_GROUPS (sizeof groups / sizeof groups[0])

static const struct bed_point points[] = {
#include "gradcheck/bed/golden.inc"
};

const char *bed_family_name(enum bed_family family) {
    static const char *const names[BED_N_FAMILIES] = {
        [BED_SMOOTH] = "smooth",
        [BED_STEEP] = "steep",
        [BED_FLAT] = "flat",
        [BED_SCALED_UP] = "scaled up",
        [BED_SCALED_DOWN] = "scaled down",
        [BED_OFFSET] = "offset by 1e8",
        [BED_OSCILLATING] = "oscillating",
        [BED_PEAK] = "narrow peak",
        [BED_SATURATED] = "saturated",
        [BED_EDGE] = "edge of the domain",
        [BED_KINK] = "beside a kink",
        [BED_ON_KINK] = "on a kink",
        [BED_JUMP] = "jump",
        [BED_FLOAT32] = "float32 inside",
        [BED_NOISE] = "noise of 1e-6",
        [BED_LINEAR] = "exactly linear",
        [BED_CONSTANT] = "constant",
        [BED_SUBNORMAL] = "subnormal",
        [BED_HUGE] = "1e300",
    };
    return names[family];
}

size_t bed_n_functions(void) {
    size_t n = 0;
    for (size_t g = 0; g < N_GROUPS; g++) {
        n += groups[g]->n;
    }
    return n;
}

const struct bed_function *bed_function(size_t i, enum bed_family *family) {
    size_t g = 0;
    while (i >= groups[g]->n) {
        i -= groups[g++]->n;
    }
    if (family) {
        *family = groups[g]->family;
    }
    return &groups[g]->functions[i];
}

size_t bed_n_points(void) {
    return sizeof points / sizeof *points;
}

const struct bed_point *bed_point(size_t i) {
    return &points[i];
}

double bed_truth(const struct bed_point *p, size_t output, size_t input) {
    return p->jacobian[output * p->n_inputs + input];
}

/* The function of that name is left NULL if the table lacks it: test_bed.c looks for that. */
struct bed_case bed_case(size_t i_point) {
    struct bed_case c = {.point = &points[i_point]};
    for (size_t i = 0; i < bed_n_functions() && !c.function; i++) {
        const struct bed_function *f = bed_function(i, &c.family);
        c.function = strcmp(f->name, c.point->function) == 0 ? f : NULL;
    }
    c.family = c.point->on_kink ? BED_ON_KINK : c.family;
    return c;
}

int bed_value(const struct bed_function *f, const double x[], double y[]) {
    if (f->refuses && !(x[0] > 0)) {
        return 1;
    }
    if (f->scalar) {
        y[0] = f->scalar(x[0]);
    } else {
        f->vector(x, y);
    }
    return 0;
}

/* Bits and not values: -0 is another point than 0. */
static bool same_bits(const void *a, const void *b, size_t n_bytes) {
    return memcmp(a, b, n_bytes) == 0;
}

void bed_jacobian(const struct bed_function *f, const double x[], double j[]) {
    if (f->slope) {
        j[0] = f->slope(x[0]);
    } else {
        f->jacobian(x, j);
    }
}

static int forward(void *ctx) {
    struct bed_kernel *bed = ctx;
    bed->n_forward++;
    return bed_value(bed->function, bed->x, bed->y);
}

static void corrupt(const struct bed_kernel *bed, double j[]) {
    const struct bed_function *f = bed->function;
    size_t wrong = bed->output_index * f->n_inputs + bed->entry;
    for (size_t k = 0; k < f->n_inputs * f->n_outputs; k++) {
        bool chosen = k == wrong || bed->corruption == BED_ALL_TIMES;
        if (chosen && bed->corruption == BED_ADDED) {
            j[k] += bed->amount;
        } else if (chosen && bed->corruption != BED_RIGHT) {
            j[k] *= bed->amount;
        }
    }
}

static int backward(void *ctx) {
    struct bed_kernel *bed = ctx;
    const struct bed_function *f = bed->function;
    double j[BED_MAX_OUTPUTS * BED_MAX_INPUTS] = {0};
    if (bed->everywhere || same_bits(bed->x, bed->point->x, sizeof bed->x)) {
        memcpy(j, bed->point->jacobian, sizeof j);
    } else {
        bed_jacobian(f, bed->x, j);
    }
    corrupt(bed, j);
    for (size_t i = 0; i < f->n_inputs; i++) {
        bed->dx[i] = 0;
        for (size_t o = 0; o < f->n_outputs; o++) {
            bed->dx[i] += bed->dy[o] * j[o * f->n_inputs + i];
        }
    }
    return 0;
}

void bed_open(struct bed_kernel *bed, const struct bed_case *c) {
    *bed = (struct bed_kernel){.function = c->function, .point = c->point};
    memcpy(bed->x, c->point->x, sizeof bed->x);
    bed->input =
        (struct gradcheck_tensor)GRADCHECK_INPUT("x", bed->x, bed->dx, c->function->n_inputs);
    bed->output =
        (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", bed->y, bed->dy, c->function->n_outputs);
    bed->input.lower = c->function->lower;
    bed->input.upper = c->function->upper;
    bed->kernel = (struct gradcheck_kernel){
        .name = c->function->name,
        .inputs = &bed->input,
        .n_inputs = 1,
        .outputs = &bed->output,
        .n_outputs = 1,
        .forward = forward,
        .backward = backward,
        .ctx = bed,
    };
}
