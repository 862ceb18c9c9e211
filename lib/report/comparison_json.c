// SPDX-License-Identifier: MIT
#include "report/report.h"

#include "json_parts.h"

static json_t *elements(const struct golden_comparison *c, const struct golden_profile *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_table; i++) {
        part_append(list, part_element(c, &p->table[i]));
    }
    return list;
}

/* [last, n]: n elements with a distance up to last and beyond that of the row before. */
static json_t *histogram(const struct golden_profile *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < GOLDEN_ULP_BINS - 1; i++) {
        json_t *bin = json_object();
        part_ulp(bin, "up_to", golden_ulp_bin_limit(i));
        part_size(bin, "elements", p->bins[i]);
        part_append(list, bin);
    }
    return list;
}

static json_t *array(const struct report_array *a) {
    const struct golden_comparison *c = &a->comparison;
    const struct golden_profile *p = &a->profile;
    if (a->finding != NULL) {
        json_t *o = json_object();
        part_text(o, "name", a->name);
        part_text(o, "verdict", "fail");
        part_text(o, "finding", a->finding);
        return o;
    }
    json_t *o = part_comparison(c);
    bool finite = p->n_finite > 0;
    part_text(o, "name", a->name);
    part_text(o, "finding", "");
    part(o, "worst_absolute", finite ? part_element(c, &p->worst_absolute) : json_null());
    part(o, "worst_relative", finite ? part_element(c, &p->worst_relative) : json_null());
    part(o, "worst_ulp", finite ? part_element(c, &p->worst_ulp) : json_null());
    part(o, "table", elements(c, p));
    part(o, "ulp_histogram", histogram(p));
    part_size(o, "without_distance", p->bins[GOLDEN_ULP_BINS - 1]);
    return o;
}

static json_t *tolerance(const struct report_comparison *c) {
    json_t *o = json_object();
    if (c->bound != NULL) {
        part_text(o, "bound", c->bound);
        return o;
    }
    part_real(o, "rtol", c->tolerance.rtol);
    part_real(o, "atol", c->tolerance.atol);
    part_ulp(o, "ulp", c->tolerance.ulp);
    part(o, "equal_nan", json_boolean(!c->tolerance.nan_differs));
    return o;
}

int report_comparison_json(const void *ctx, FILE *stream) {
    const struct report_comparison *c = ctx;
    json_t *o = json_object();
    json_t *arrays = json_array();
    part_text(o, "format", "gradgate-comparison");
    part(o, "version", json_integer(REPORT_COMPARISON_VERSION));
    part_text(o, "actual", c->actual);
    part_text(o, "expected", c->expected);
    part(o, "allowed", tolerance(c));
    part(o, "exit_code", json_integer(report_comparison_exit_code(c)));
    for (size_t i = 0; i < c->n_arrays; i++) {
        part_append(arrays, array(&c->arrays[i]));
    }
    part(o, "arrays", arrays);
    return part_dump(o, stream);
}
