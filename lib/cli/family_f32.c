// SPDX-License-Identifier: MIT
#define REAL float
#define NAME(name) name##_f32
#define WIDE 1
#include "family_template.h"
