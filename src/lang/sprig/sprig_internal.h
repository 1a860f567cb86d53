/* lang/sprig/sprig_internal.h - the C functions behind sprig.def, and what they share. */
#pragma once

#include "base/limits.h"
#include "lang/sprig/sprig.h"
#include "lang/value/text.h"

#define SPRIG_FN(name)                                                                   \
    int sprig_fn_##name(struct value_run *r _unused_, const struct value *args _unused_, \
                        size_t count _unused_, struct value *ret)

/* A C function may stand behind several names. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define SPRIG(name, fn, args, min, max)          SPRIG_FN(fn);
#define SPRIG_AS(word, name, fn, args, min, max) SPRIG_FN(fn);
#define SPRIG_ONLY(name, fn, args, min, max)     SPRIG_FN(fn);
#include "lang/sprig/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_ONLY
#pragma GCC diagnostic pop

typedef VEC(struct value) sprig_list;

/** sprig_add() - one more item, counted */
int sprig_add(struct value_run *r, sprig_list *list, struct value v);

/** sprig_as_text() - sprig's strval: a value as text */
int sprig_as_text(struct value_run *r, const struct value *v, struct str *ret);

/** sprig_as_list() - fail with @fault (as "Cannot push on type %s") unless it is a list */
int sprig_as_list(struct value_run *r, const struct value *v, const char *fault);

/** sprig_random() - a number in [0, @limit) of the run's randomness */
int sprig_random(struct value_run *r, uint64_t limit, uint64_t *ret);

/** sprig_random_bytes() - bytes of the run's randomness */
int sprig_random_bytes(struct value_run *r, void *ret, size_t len);
