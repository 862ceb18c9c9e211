// SPDX-License-Identifier: MIT
/* The neuron as a port in C, a program: calls on standard input, answers on standard output.
 * It allocates nothing: for a small machine make MOST smaller. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { X, W, B, DY, Y, DX, DW, DB, NAMES, MOST = 1 << 15 };
static const char *const names[] = {"x", "w", "b", "y.grad", "y", "x.grad", "w.grad", "b.grad"};
static double v[NAMES][MOST];
static size_t count[NAMES]; /* 0: neither given nor wanted */
static char shape[NAMES][32];

static double sigmoid(double z) {
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* x[rows][n] to y[rows] and, given y.grad, back: dw and db are means over the rows, dx is not. */
static void neuron(size_t rows, size_t n) {
    for (size_t i = 0; i < rows; i++) {
        double z = 0;
        for (size_t j = 0; j < n; j++) {
            z += v[W][j] * v[X][i * n + j];
        }
        z += v[B][0];
        v[Y][i] = sigmoid(z);
        double dz = v[DY][i] * (sigmoid(z) * sigmoid(-z));
        v[DB][0] += dz / (double)rows;
        for (size_t j = 0; j < n && count[DY] > 0; j++) {
            v[DX][i * n + j] = dz * v[W][j];
            v[DW][j] += dz * v[X][i * n + j] / (double)rows;
        }
    }
}

/* NAME DTYPE SHAPE {HEX}: false if it is too large, cut short or not known here. */
static bool read_array(bool given) {
    char name[32], dtype[32], text[32];
    size_t k = 0, rows = 1, columns = 1, i = 0;
    if (scanf("%31s %31s %31s", name, dtype, text) != 3 || strcmp(dtype, "f64") != 0) {
        return false;
    }
    for (; k < NAMES && strcmp(names[k], name) != 0; k++) {
    }
    (void)sscanf(text, "%zux%zu", &rows, &columns);
    if (k == NAMES || rows > MOST || columns > MOST || rows * columns > MOST) {
        return !given && k == NAMES;
    }
    (void)strcpy(shape[k], text);
    count[k] = rows * columns;
    memset(v[k], 0, count[k] * sizeof v[k][0]);
    for (uint64_t bits; given && i < count[k] && scanf("%" SCNx64, &bits) == 1; i++) {
        memcpy(&v[k][i], &bits, sizeof bits);
    }
    return !given || i == count[k];
}

static bool answer(void) {
    const size_t n = count[W], rows = n > 0 ? count[X] / n : 0;
    const size_t right[NAMES] = {rows * n, n, 1, rows, rows, rows * n, n, 1};
    for (size_t k = 0; k < NAMES; k++) {
        if (count[k] != right[k] && (count[k] != 0 || k <= B)) {
            return false;
        }
    }
    neuron(rows, n);
    for (size_t k = Y; k < NAMES; k++) {
        for (size_t i = 0; i < count[k]; i++) {
            uint64_t bits;
            memcpy(&bits, &v[k][i], sizeof bits);
            (void)(i == 0 && printf("@out %s f64 %s", names[k], shape[k]));
            (void)printf(" %016" PRIx64 "%s", bits, i + 1 == count[k] ? "\n" : "");
        }
    }
    return true;
}

int main(void) {
    char word[32], id[32], kernel[32];
    bool known = false;
    while (scanf("%31s", word) == 1 && strcmp(word, "bye") != 0) {
        if (strcmp(word, "gradgate") == 0) {
            (void)puts("@port 1 neuron_program.c");
        } else if (strcmp(word, "call") == 0) {
            memset(count, 0, sizeof count);
            known = scanf("%31s %31s", id, kernel) == 2 && strncmp(kernel, "neuron", 6) == 0;
        } else if (strcmp(word, "in") == 0 || strcmp(word, "want") == 0) {
            known = read_array(word[0] == 'i') && known;
        } else if (strcmp(word, "go") == 0) {
            known = known && answer();
            (void)printf(known ? "@done %s\n" : "@skip %s not this kernel, dtype or shape\n", id);
        }
        (void)fflush(stdout);
        (void)scanf("%*[^\n]");
    }
}
