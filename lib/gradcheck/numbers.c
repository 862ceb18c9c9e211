// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "engine.h"

void gc_sum_add(struct gc_sum *sum, double term) {
    double total = sum->high + term;
    double lost =
        fabs(sum->high) >= fabs(term) ? (sum->high - total) + term : (term - total) + sum->high;
    sum->low += isfinite(lost) ? lost : 0;
    sum->high = total;
}

double gc_sum_value(const struct gc_sum *sum) {
    return sum->high + sum->low;
}

double gc_max_abs(const double values[], size_t n) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            largest = fmax(largest, fabs(values[i]));
        }
    }
    return largest;
}

/* Scaled by the largest, so that neither 1e300 nor 1e-300 loses its square. */
double gc_rms(const double values[], size_t n) {
    double largest = gc_max_abs(values, n);
    if (n == 0 || largest == 0) {
        return 0;
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            sum += (values[i] / largest) * (values[i] / largest);
        }
    }
    return largest * sqrt(sum / (double)n);
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
