// SPDX-License-Identifier: MIT
/* y[t, :] = table[id[t], :]; backward adds to dtable, which the optimiser clears. */
#include "kernel.h"

#define MISTAKES(X)                                                                                \
    X(dtable_negated, SIGN)                                                                        \
    X(dy_added_twice, CONSTANT_FACTOR)                                                             \
    X(averaged_over_repeats, SIZE_FACTOR)                                                          \
    X(averaged_over_tokens, SIZE_FACTOR)                                                           \
    X(times_the_embedding, EXTRA_FACTOR)                                                           \
    X(position_for_id, WRONG_ARGUMENT)                                                             \
    X(dtable_transposed, TRANSPOSED)                                                               \
    X(ids_from_one, SHIFTED)                                                                       \
    X(dy_of_the_next_token, SHIFTED)                                                               \
    X(last_column_left_out, TAIL)                                                                  \
    X(last_token_left_out, TAIL)                                                                   \
    X(repeats_overwrite, OVERWRITES)                                                               \
    X(clears_first, OVERWRITES)                                                                    \
    X(dtable_forgotten, NOT_WRITTEN)                                                               \
    X(ids_of_first_call, STALE_CACHE)                                                              \
    X(first_column_for_all, BROADCAST)                                                             \
    X(float_sums, LOW_PRECISION, .f64_only = true)                                                 \
    X(writes_before_the_table, OUT_OF_BOUNDS)                                                      \
    X(sorts_its_ids, WRITES_INPUT)                                                                 \
    X(id_zero_is_padding, CONDITIONAL)                                                             \
    X(dy_of_first_token_for_all, BROADCAST)                                                        \
    X(dy_read_transposed, TRANSPOSED)                                                              \
    X(race_loses_an_add, NONDETERMINISTIC, .late = true)
DECLARE_MISTAKES;

struct layer {
    struct instance *instance;
    size_t T, V, n;
    real *table, *y;
    real *dtable, *dy;
    int32_t *id;
    size_t calls;
};

static const struct shape shapes[] = {
    {.B = 5, .m = 4, .n = 3},
    {.B = 1, .m = 1, .n = 1},
    {.B = 9, .m = 3, .n = 5},
    {.B = 3, .m = 7, .n = 17},
};

static void open(struct instance *instance, const struct shape *s) {
    struct layer *k = instance->layer;
    k->T = s->B;
    k->V = s->m;
    k->n = s->n;
    INPUT(table, {"V", s->m}, {"n", s->n});
    INDICES(id, {"T", s->B});
    OUTPUT(y, {"T", s->B}, {"n", s->n});
    instance->check.grad_accumulates = true;
    for (size_t t = 0; t < s->B; t++) {
        k->id[t] = (int32_t)(instance_uniform(instance) * (double)s->m);
    }
    k->id[s->B - 1] = 0;
}

static int forward(void *layer) {
    struct layer *k = layer;
    for (size_t t = 0; t < k->T; t++) {
        memcpy(k->y + t * k->n, k->table + (size_t)k->id[t] * k->n, k->n * sizeof k->y[0]);
    }
    return 0;
}

static size_t repeats(const struct layer *k, int32_t id) {
    size_t count = 0;
    for (size_t t = 0; t < k->T; t++) {
        count += k->id[t] == id;
    }
    return count;
}

static void swap_unsorted(int32_t id[], size_t n) {
    for (size_t t = 1; t < n; t++) {
        if (id[t - 1] > id[t]) {
            const int32_t first = id[t - 1];
            id[t - 1] = id[t];
            id[t] = first;
        }
    }
}

static void token(struct layer *k, size_t t) {
    const size_t n = k->n;
    size_t id = (size_t)k->id[t], from = t;
    WRONG(position_for_id, id = t % k->V);
    WRONG(ids_from_one, id = (id + k->V - 1) % k->V);
    WRONG(dy_of_first_token_for_all, from = 0);
    WRONG(dy_of_the_next_token, from = (t + 1) % k->T);
    for (size_t j = 0; j < n; j++) {
        size_t at = id * n + j;
        real g = k->dy[from * n + j];
        WRONG(dy_read_transposed, g = k->dy[j * k->T + t]);
        WRONG(dtable_negated, g = -g);
        WRONG(dy_added_twice, g *= 2);
        WRONG(averaged_over_repeats, g /= (real)repeats(k, k->id[t]));
        WRONG(averaged_over_tokens, g /= (real)k->T);
        WRONG(times_the_embedding, g *= k->table[at]);
        WRONG(first_column_for_all, g = k->dy[from * n]);
        WRONG(last_column_left_out, if (j + 1 == n) g = 0);
        WRONG(float_sums, g = (real)(float)(g / 3) * 3);
        WRONG(id_zero_is_padding, if (id == 0) g = 0);
        WRONG(race_loses_an_add, if (k->calls % 2 == 0 && t + 1 == k->T) g = 0);
        WRONG(dtable_transposed, at = j * k->V + id);
        WRONG(ids_of_first_call, if (k->calls > 1) g = k->dtable[at]);
        WRONG(repeats_overwrite, k->dtable[at] = 0);
        k->dtable[at] += g;
    }
}

static int backward(void *layer) {
    struct layer *k = layer;
    size_t tokens = k->T;
    k->calls++;
    WRONG(last_token_left_out, tokens--);
    WRONG(dtable_forgotten, tokens = 0);
    WRONG(clears_first, clear(k->dtable, k->V * k->n));
    WRONG(writes_before_the_table, k->dtable[-1] = 0);
    for (size_t t = 0; t < tokens; t++) {
        token(k, t);
    }
    WRONG(sorts_its_ids, swap_unsorted(k->id, k->T));
    return 0;
}

KERNEL(embedding, "y[t, :] = table[id[t], :]", struct layer, backward);
