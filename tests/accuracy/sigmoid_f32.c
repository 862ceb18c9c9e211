// SPDX-License-Identifier: MIT
/* sigmoid_f32 [STEP]: every STEP-th of the 2^32 floats (default 1: all) through both float32
 * functions, against libm's exp in double, whose error of an ULP is 2^-29 of a float's. Prints the
 * worst errors in ULP and exits 1 if one is above 1 ULP. Two processes share the work. */
#define _POSIX_C_SOURCE 200809L

#include "neuron/neuron.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 4096, N_PROCESSES = 2 };
static const double limit = 1; /* ULP */

struct worst {
    double ulps;
    float z, got;
};

struct result {
    uint64_t n;
    struct worst value, derivative;
};

/* |got - exact| in units of the spacing of floats at exact; infinite if their classes differ. */
static double error_in_ulps(float got, double exact) {
    if (isnan(exact) || isnan(got)) {
        return isnan(exact) && isnan(got) ? 0 : INFINITY;
    }
    int exponent;
    frexp(exact, &exponent);
    const int last_bit = (exact == 0 || exponent < -125 ? -125 : exponent) - 24;
    return ldexp(fabs((double)got - exact), -last_bit);
}

static void compare(struct worst *worst, float z, float got, double exact) {
    const double ulps = error_in_ulps(got, exact);
    if (!(ulps <= worst->ulps)) {
        *worst = (struct worst){ulps, z, got};
    }
}

static void run_block(struct result *result, const float z[], size_t n) {
    float value[BLOCK], derivative[BLOCK];
    neuron_sigmoid_array_f32(z, value, n);
    neuron_sigmoid_derivative_array_f32(z, derivative, n);
    for (size_t i = 0; i < n; i++) {
        const double e = exp(-fabs((double)z[i])), d = 1 + e;
        compare(&result->value, z[i], value[i], (z[i] < 0 ? e : 1) / d);
        compare(&result->derivative, z[i], derivative[i], e / d / d);
    }
    result->n += n;
}

/* The bit patterns first, first + step, ... below end. */
static struct result run(uint64_t first, uint64_t end, uint64_t step) {
    struct result result = {0};
    float z[BLOCK];
    size_t n = 0;
    for (uint64_t bits = first; bits < end; bits += step) {
        const uint32_t pattern = (uint32_t)bits;
        memcpy(&z[n++], &pattern, sizeof pattern);
        if (n == BLOCK || end - bits <= step) {
            run_block(&result, z, n);
            n = 0;
        }
    }
    return result;
}

/* Child p takes its share of the patterns and writes its result into the pipe. */
static int start(int p, uint64_t step, int *reader) {
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    const pid_t child = fork();
    if (child == 0) {
        const uint64_t share = ((uint64_t)1 << 32) / N_PROCESSES;
        const struct result result = run((uint64_t)p * share, ((uint64_t)p + 1) * share, step);
        _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
    }
    close(ends[1]);
    *reader = ends[0];
    return child < 0 ? -1 : 0;
}

static int print(const char *name, const struct worst *worst) {
    const int ok = worst->ulps <= limit;
    printf("float32 %-10s worst %.6f ULP (limit %g) at z = %a: %a%s\n", name, worst->ulps, limit,
           (double)worst->z, (double)worst->got, ok ? "" : "  TOO LARGE");
    return ok;
}

int main(int argc, char **argv) {
    const unsigned long long step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    if (argc > 2 || step == 0) {
        fprintf(stderr, "usage: sigmoid_f32 [STEP]\n");
        return 2;
    }
    int readers[N_PROCESSES];
    for (int p = 0; p < N_PROCESSES; p++) {
        if (start(p, step, &readers[p]) != 0) {
            perror("sigmoid_f32");
            return 2;
        }
    }
    struct result total = {0}, part;
    for (int p = 0; p < N_PROCESSES; p++) {
        if (read(readers[p], &part, sizeof part) != (ssize_t)sizeof part) {
            fprintf(stderr, "sigmoid_f32: process %d ended without a result\n", p);
            return 2;
        }
        total.n += part.n;
        total.value = !(part.value.ulps <= total.value.ulps) ? part.value : total.value;
        total.derivative =
            !(part.derivative.ulps <= total.derivative.ulps) ? part.derivative : total.derivative;
        wait(NULL);
    }
    printf("float32 %llu of 4294967296 values\n", (unsigned long long)total.n);
    const int value = print("sigmoid", &total.value);
    const int derivative = print("derivative", &total.derivative);
    return value && derivative ? 0 : 1;
}
