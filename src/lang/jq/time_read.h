/* lang/jq/time_read.h - strptime() as gojq has it. */
#pragma once

#include "base/arena.h"

/** jq_read_time() - a time by a format: seconds since 1970, or -1 and why not */
int jq_read_time(struct arena *a, struct str text, struct str format, double *ret,
                 struct str *ret_why);
