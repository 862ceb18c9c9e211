// SPDX-License-Identifier: MIT
/* Included twice by batch.c, with REAL and the names of one precision. */

static REAL NAME(sum)(const struct BATCH_STRUCT *s, size_t row) {
    REAL z[4] = {s->b}; /* four chains of additions are done in the time of one */
    for (size_t k = 0; k < FEATURES; k++) {
        z[k % 4] += s->x[row * FEATURES + k] * s->w[k];
    }
    return z[0] + z[1] + (z[2] + z[3]);
}

static int NAME(forward)(void *ctx) {
    struct BATCH_STRUCT *s = ctx;
    for (size_t row = 0; row < BATCH; row++) {
        s->y[row] = 1 / (1 + EXP(-NAME(sum)(s, row)));
    }
    return 0;
}

static struct batch_terms NAME(terms)(const struct BATCH_STRUCT *s, size_t entry) {
    struct batch_terms t = {0, 0};
    size_t offset;
    const char *place = batch_place(entry, &offset);
    for (size_t row = 0; row < BATCH; row++) {
        double z = (double)s->b, by = 1.0 / BATCH;
        for (size_t k = 0; k < FEATURES; k++) {
            z += (double)s->x[row * FEATURES + k] * (double)s->w[k];
        }
        double y = 1 / (1 + exp(-z));
        if (*place == 'w') {
            by *= (double)s->x[row * FEATURES + offset];
        } else if (*place == 'x') {
            by = row == offset / FEATURES ? (double)s->w[offset % FEATURES] : 0;
        }
        t.sum += (double)s->dy[row] * y * (1 - y) * by;
        t.magnitude += fabs((double)s->dy[row] * y * (1 - y) * by);
    }
    return t;
}

static void NAME(corrupt)(REAL grad[], size_t n, size_t entry, const struct batch_error *error,
                          const struct batch_terms *terms) {
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        squares += (double)grad[i] * (double)grad[i];
    }
    double scale = fmax(fabs(terms->sum), error->floor * sqrt(squares / (double)n));
    double by = fmax(error->relative * scale, error->rounding * terms->magnitude);
    /* with the sign of the entry: homogeneous in the cotangent, or a rule would catch it and no
     * difference */
    grad[entry] = (REAL)(terms->sum + copysign(by, terms->sum));
}

static int NAME(backward)(void *ctx) {
    struct BATCH_STRUCT *s = ctx;
    memset(s->dw, 0, sizeof s->dw);
    s->db = 0;
    for (size_t row = 0; row < BATCH; row++) {
        REAL dz = s->dy[row] * s->y[row] * (1 - s->y[row]);
        for (size_t k = 0; k < FEATURES; k++) {
            s->dx[row * FEATURES + k] = dz * s->w[k];
            s->dw[k] += dz * s->x[row * FEATURES + k] / BATCH;
        }
        s->db += dz / BATCH;
    }
    if (s->error.wanted) {
        size_t offset;
        const char *place = batch_place(s->error.entry, &offset);
        REAL *grad = *place == 'x' ? s->dx : *place == 'w' ? s->dw : &s->db;
        size_t n = *place == 'x' ? BATCH * FEATURES : *place == 'w' ? FEATURES : 1;
        struct batch_terms terms = NAME(terms)(s, s->error.entry);
        NAME(corrupt)(grad, n, offset, &s->error, &terms);
    }
    return 0;
}

static void NAME(describe)(struct BATCH_STRUCT *s) {
    s->inputs[0] = (struct gradcheck_tensor)GRADCHECK_INPUT("x", s->x, s->dx, BATCH, FEATURES);
    s->inputs[1] = (struct gradcheck_tensor)GRADCHECK_INPUT("w", s->w, s->dw, FEATURES);
    s->inputs[2] = (struct gradcheck_tensor)GRADCHECK_INPUT("b", &s->b, &s->db);
    s->inputs[1].grad_scale = s->inputs[2].grad_scale = 1.0 / BATCH; /* means over the batch */
    s->outputs[0] = (struct gradcheck_tensor)GRADCHECK_OUTPUT("y", s->y, s->dy, BATCH);
    s->kernel = (struct gradcheck_kernel){
        .name = "batch",
        .inputs = s->inputs,
        .n_inputs = 3,
        .outputs = s->outputs,
        .n_outputs = 1,
        .forward = NAME(forward),
        .backward = NAME(backward),
        .ctx = s,
        /* an error of a fixed share of a changing scale is not linear in the cotangent */
        .waivers = &error_is_not_additive,
        .n_waivers = 1,
    };
}

static void NAME(fill)(struct BATCH_STRUCT *s, struct random *random, double w_scale) {
    for (size_t i = 0; i < BATCH * FEATURES; i++) {
        s->x[i] = (REAL)random_normal(random);
    }
    for (size_t k = 0; k < FEATURES; k++) {
        s->w[k] = (REAL)(w_scale * random_normal(random));
    }
    s->b = (REAL)(0.1 * random_normal(random));
}
