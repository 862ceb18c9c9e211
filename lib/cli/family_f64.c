// SPDX-License-Identifier: MIT
#define REAL double
#define NAME(name) name
#define WIDE 0
#include "family_template.h"
