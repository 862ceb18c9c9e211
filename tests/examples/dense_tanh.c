// SPDX-License-Identifier: MIT
#include "dense_tanh.h"

#include <math.h>
#include <string.h>

void dense_tanh_forward(const struct dense_tanh *l) {
    for (size_t i = 0; i < l->rows; i++) {
        for (size_t k = 0; k < l->m; k++) {
            double z = l->b[k];
            for (size_t j = 0; j < l->n; j++) {
                z += l->x[i * l->n + j] * l->w[j * l->m + k];
            }
            l->y[i * l->m + k] = tanh(z);
        }
    }
}

void dense_tanh_backward(const struct dense_tanh *l) {
    memset(l->dx, 0, l->rows * l->n * sizeof *l->dx);
    memset(l->dw, 0, l->n * l->m * sizeof *l->dw);
    memset(l->db, 0, l->m * sizeof *l->db);
    for (size_t i = 0; i < l->rows; i++) {
        for (size_t k = 0; k < l->m; k++) {
            double y = l->y[i * l->m + k];
            double dz = l->dy[i * l->m + k] * (1 - y * y);
            double mean_dz = dz / (double)l->rows;
            l->db[k] += mean_dz;
            for (size_t j = 0; j < l->n; j++) {
                l->dw[j * l->m + k] += mean_dz * l->x[i * l->n + j];
                l->dx[i * l->n + j] += dz * l->w[j * l->m + k];
            }
        }
    }
}
