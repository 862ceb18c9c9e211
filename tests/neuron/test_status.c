// SPDX-License-Identifier: MIT
#include "neuron/neuron.h"

#include <criterion/criterion.h>
#include <string.h>

Test(neuron_status, has_a_different_text_for_each_code) {
    for (int a = NEURON_OK; a <= NEURON_E_NO_MEMORY; a++) {
        const char *text = neuron_status_text((enum neuron_status)a);
        cr_expect(strlen(text) > 2, "%d: %s", a, text);
        for (int b = a + 1; b <= NEURON_E_NO_MEMORY; b++) {
            cr_expect(strcmp(text, neuron_status_text((enum neuron_status)b)) != 0, "%d, %d", a, b);
        }
    }
}

Test(neuron_status, is_a_question_mark_for_what_is_no_status) {
    cr_expect_str_eq(neuron_status_text((enum neuron_status)99), "?");
}
