/* lang/value/value_internal.h - what the files of the room share. */
#pragma once

#include "lang/value/value.h"

/** value_enter() - one level deeper and one step more; ERR_LIMIT over VALUE_DEPTH_MAX */
int value_enter(struct value_run *r);

/** value_compare_times() - below 0, 0 or above 0 */
int value_compare_times(const struct gotime *x, const struct gotime *y) _pure_;
