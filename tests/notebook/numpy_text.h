// SPDX-License-Identifier: MIT
/* Numbers as Python and NumPy print them, as far as the notebook needs it. */
#ifndef TESTS_NOTEBOOK_NUMPY_TEXT_H
#define TESTS_NOTEBOOK_NUMPY_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* repr(a): the fewest digits that give a back. For 1e-4 <= |a| < 1e16, or 0, where Python writes no
 * exponent. */
void numpy_write_float(FILE *out, double a);

/* str(np.array(v)) with separator " ", the inside of repr(np.array(v)) with ", ": at most 8 digits
 * after the point, aligned. For finite v[n] on one line, 1e-4 <= |v| < 1e8 or 0, the largest at
 * most 1,000 times the smallest, where NumPy writes no exponent. */
void numpy_write_array(FILE *out, const double v[], size_t n, const char *separator);

#endif
