// SPDX-License-Identifier: MIT
#include "engine.h"

const char *gradcheck_status_text(enum gradcheck_status status) {
    switch (status) {
#define GC_CASE(code, text)                                                                        \
    case code:                                                                                     \
        return text;
        GRADCHECK_STATUSES(GC_CASE)
#undef GC_CASE
    }
    return "unknown status";
}

const char *gradcheck_verdict_name(enum gradcheck_verdict verdict) {
    switch (verdict) {
    case GRADCHECK_NOT_CHECKED:
        return "not checked";
    case GRADCHECK_PASS:
        return "pass";
    case GRADCHECK_INACCURATE:
        return "inaccurate";
    case GRADCHECK_INCONCLUSIVE:
        return "inconclusive";
    case GRADCHECK_FAIL:
        return "fail";
    }
    return "unknown verdict";
}

const char *gradcheck_reason_name(enum gradcheck_reason reason) {
    switch (reason) {
    case GRADCHECK_NO_REASON:
        return "";
    case GRADCHECK_KINK:
        return "kink";
    case GRADCHECK_NOISE:
        return "noise";
    case GRADCHECK_DOMAIN_EDGE:
        return "domain edge";
    case GRADCHECK_NON_FINITE:
        return "non-finite";
    case GRADCHECK_VACUOUS:
        return "vacuous";
    case GRADCHECK_BUDGET:
        return "budget";
    case GRADCHECK_CONTROL_MISSED:
        return "control missed";
    case GRADCHECK_NUMERICS:
        return "numerics";
    }
    return "unknown reason";
}

const char *gradcheck_rule_name(enum gradcheck_rule rule) {
    switch (rule) {
#define GC_CASE(code, text)                                                                        \
    case GRADCHECK_RULE_##code:                                                                    \
        return text;
        GRADCHECK_RULES(GC_CASE)
#undef GC_CASE
    case GRADCHECK_N_RULES:
        break;
    }
    return "unknown rule";
}

const char *gradcheck_cause_name(enum gradcheck_cause cause) {
    switch (cause) {
#define GC_CASE(code, text)                                                                        \
    case GRADCHECK_CAUSE_##code:                                                                   \
        return text;
        GRADCHECK_CAUSES(GC_CASE)
#undef GC_CASE
    case GRADCHECK_N_CAUSES:
        break;
    }
    return "unknown cause";
}
