/* base/limits.h - every limit by name, from limits.def. The unit stands in the name and in
 * docs/LIMITS.md. */
#pragma once

enum limit {
#define LIMIT(name, value, unit, beyond) name = (value),
#include "base/limits.def"
#undef LIMIT
};
