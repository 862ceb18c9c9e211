// SPDX-License-Identifier: MIT
/* The kernels that come with gradgate. */
#ifndef GRADGATE_CLI_BUILTIN_H
#define GRADGATE_CLI_BUILTIN_H

#include "near.h"

#include "gate/gate.h"

extern const struct gate_family builtin_families[];
extern const size_t builtin_n_families;

/* NULL if there is none of that name. */
const struct gate_family *builtin_find(const char *name);

/* "; did you mean neuron_batch?" or "", in text[NEAR_TEXT_SIZE]. */
void builtin_guess(const char *name, char text[]);

/* One family's open; the float64 and the float32 twin. */
typedef bool family_open(const struct gate_family *family, const struct golden_case *c,
                         struct gate_kernel *out, char why[]);
family_open family_sigmoid, family_sigmoid_f32;
family_open family_neuron, family_neuron_f32;
family_open family_sample, family_sample_f32;
family_open family_batch, family_batch_f32;
family_open family_update, family_update_f32;
family_open family_train, family_train_f32;
family_open family_init, family_init_f32;
void family_close(struct gate_kernel *kernel);
void family_close_f32(struct gate_kernel *kernel);

#endif
