/* lang/jq/prelude.h - the functions there are. */
#pragma once

#include "lang/jq/jq_internal.h"

/* Those of special.c, up to one without a name. */
extern const struct jq_special jq_specials[];

/** jq_builtins() - "name/arity" of each */
struct jq_value jq_builtins(struct arena *a);
