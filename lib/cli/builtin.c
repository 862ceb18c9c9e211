// SPDX-License-Identifier: MIT
#include "builtin.h"

#include <string.h>

/* One row a kernel; its float32 twin has golden values of its own. */
#define FAMILY(name_, open_, summary_)                                                             \
    {.name = (name_), .summary = (summary_), .open = (open_), .close = family_close}, {            \
        .name = name_ "_f32", .summary = summary_ ", in float32", .open = open_##_f32,             \
        .close = family_close_f32                                                                  \
    }

const struct gate_family builtin_families[] = {
    FAMILY("sigmoid", family_sigmoid, "y = sigmoid(z), element by element"),
    FAMILY("neuron", family_neuron, "y = sigmoid(w.x + b) as a function, one sample"),
    FAMILY("neuron_sample", family_sample, "the neuron object on one sample"),
    FAMILY("neuron_batch", family_batch,
           "the neuron object on a batch: dw and db are means over B"),
    FAMILY("neuron_update", family_update, "the neuron object's parameters after update steps"),
    FAMILY("neuron_train", family_train, "the neuron object trained: loss curve and parameters"),
    FAMILY("neuron_init", family_init, "initial weights as NumPy draws them for a seed"),
};
const size_t builtin_n_families = sizeof builtin_families / sizeof builtin_families[0];

const struct gate_family *builtin_find(const char *name) {
    for (size_t i = 0; i < builtin_n_families; i++) {
        if (strcmp(builtin_families[i].name, name) == 0) {
            return &builtin_families[i];
        }
    }
    return NULL;
}

void builtin_guess(const char *name, char text[]) {
    struct near near = near_start(name, strlen(name));
    for (size_t i = 0; i < builtin_n_families; i++) {
        near_consider(&near, builtin_families[i].name);
    }
    near_text(&near, text, NEAR_TEXT_SIZE);
}
