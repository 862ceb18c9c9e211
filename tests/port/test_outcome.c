// SPDX-License-Identifier: MIT
#include "port/worker.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(port_outcome, every_end_and_signal_has_a_name) {
#define CHECK(code, name) cr_assert_str_eq(port_end_name(code), name);
    PORT_ENDS(CHECK)
#undef CHECK
    cr_assert_str_eq(port_end_name((enum port_end)99), "?");
    cr_assert_str_eq(port_signal_name(SIGSEGV), "SIGSEGV");
    cr_assert_str_eq(port_signal_name(12345), "a signal");
}

Test(port_outcome, a_crash_after_the_work_and_a_timeout_read_well) {
    char text[64];
    struct port_outcome o = {.end = PORT_CRASHED, .code = SIGABRT, .returned = true};
    port_outcome_text(&o, text, sizeof text);
    cr_assert_str_eq(text, "crashed by SIGABRT after its work");
    o = (struct port_outcome){.end = PORT_TIMED_OUT, .seconds = 60.01};
    port_outcome_text(&o, text, sizeof text);
    cr_assert_str_eq(text, "timed out after 60 s");
    o = (struct port_outcome){.end = PORT_DONE};
    port_outcome_text(&o, text, sizeof text);
    cr_assert_str_eq(text, "done");
}
