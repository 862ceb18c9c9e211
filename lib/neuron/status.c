// SPDX-License-Identifier: MIT
#include "neuron/neuron.h"

const char *neuron_status_text(enum neuron_status status) {
    switch (status) {
#define NEURON_STATUS_(code, text)                                                                 \
    case code:                                                                                     \
        return text;
        NEURON_STATUSES(NEURON_STATUS_)
#undef NEURON_STATUS_
    }
    return "?";
}
