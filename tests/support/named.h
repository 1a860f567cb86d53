/*
 * tests/support/named.h - which functions of a table rows have named, for tests that ask that
 * none is missing.
 */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

struct named {
    struct arena *a;
    VEC(struct str) list; /* each once */
};

static inline bool named_has(const struct named *names, struct str name)
{
    for (size_t i = 0; i < names->list.len; i++)
        if (str_eq(names->list.at[i], name))
            return true;
    return false;
}

static inline void named_add(struct named *names, struct str name)
{
    if (!names->a)
        names->a = arena_new();
    if (!named_has(names, name))
        VEC_APUSH(names->a, &names->list, str_copy(names->a, name));
}

static inline void named_done(struct named *names)
{
    arena_free(names->a);
    *names = (struct named){0};
}
