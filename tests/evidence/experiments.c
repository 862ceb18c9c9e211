// SPDX-License-Identifier: MIT
#include "evidence.h"

extern const struct experiment bed_experiment, soak_experiment, neuron_experiment,
    neuron_rows_experiment, neuron_thorough_experiment, float32_experiment, float32_wide_experiment,
    weights_experiment, sigmoids_experiment, location_experiment, relus_experiment,
    kinks_experiment, peers_experiment, honesty_experiment, vjp_experiment, tensors_experiment;

/* The dear ones first, so that no worker is left alone with them. */
const struct experiment *const experiments[] = {
    &location_experiment,        &sigmoids_experiment,
    &weights_experiment,         &relus_experiment,
    &neuron_experiment,          &neuron_rows_experiment,
    &neuron_thorough_experiment, &float32_experiment,
    &float32_wide_experiment,    &bed_experiment,
    &tensors_experiment,         &soak_experiment,
    &kinks_experiment,           &peers_experiment,
    &honesty_experiment,         &vjp_experiment,
};
const size_t n_experiments = sizeof experiments / sizeof experiments[0];

size_t n_draws(const struct experiment *e, bool full) {
    return (full ? e->n_full : e->n_ci) * (e->unit ? e->unit() : 1);
}
