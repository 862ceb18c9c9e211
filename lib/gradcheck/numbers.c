// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "engine.h"

double gc_sum_value(const struct gc_sum *sum) {
    return sum->high + sum->low;
}

double gc_norm_value(const struct gc_norm *norm) {
    double ordinary = norm->middle + norm->small / GC_NORM_SHIFT / GC_NORM_SHIFT;
    if (norm->large > 0) {
        return GC_NORM_SHIFT * sqrt(norm->large + ordinary / GC_NORM_SHIFT / GC_NORM_SHIFT);
    }
    return norm->middle > 0 ? sqrt(ordinary) : sqrt(norm->small) / GC_NORM_SHIFT;
}

double gc_max_abs(const double values[], size_t n) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i]) && fabs(values[i]) > largest) {
            largest = fabs(values[i]);
        }
    }
    return largest;
}

double gc_rms(const double values[], size_t n) {
    struct gc_norm norm = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        gc_norm_add(&norm, isfinite(values[i]) ? values[i] : 0);
    }
    return n > 0 ? gc_norm_value(&norm) / sqrt((double)n) : 0;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double gc_median(double values[], size_t n) {
    if (n == 0) {
        return 0;
    }
    qsort(values, n, sizeof values[0], compare_doubles);
    return values[n / 2];
}

void gc_text(char out[], size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(out, size, format, arguments) < 0) {
        out[0] = '\0';
    }
    va_end(arguments);
}
