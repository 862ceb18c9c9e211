// SPDX-License-Identifier: MIT
/* The building blocks of the JSON report. A value that could not be made (no memory) is left out,
 * which part_is_complete tells. */
#ifndef GRADGATE_REPORT_JSON_PARTS_H
#define GRADGATE_REPORT_JSON_PARTS_H

#include "gate/gate.h"

#include <jansson.h>
#include <stdio.h>

void part(json_t *object, const char *key, json_t *value); /* takes value */
void part_append(json_t *list, json_t *value);             /* takes value */
void part_text(json_t *object, const char *key, const char *text);
void part_size(json_t *object, const char *key, size_t value);
/* JSON has no NaN and no infinity: the strings "NaN", "Infinity", "-Infinity". */
void part_real(json_t *object, const char *key, double value);
/* A seed uses all 64 bits, which most readers of JSON numbers would round: a decimal string. */
void part_seed(json_t *object, const char *key, uint64_t seed);
/* null: not a distance (NaN on one side), or beyond 2^63. */
void part_ulp(json_t *object, const char *key, uint64_t ulp);

json_t *part_bytes(const char bytes[], size_t size);
json_t *part_sizes(size_t n, const size_t values[]);
/* e is of the arrays of c. */
json_t *part_element(const struct golden_comparison *c, const struct golden_element *e);
json_t *part_comparison(const struct golden_comparison *c);
json_t *part_gradcheck(const struct gradcheck_report *r);

/* False if anything in there could not be made. */
bool part_is_complete(const json_t *root);

/* Writes and drops root: 0, or -1 if it is not complete or the stream failed. */
int part_dump(json_t *root, FILE *stream);

#endif
