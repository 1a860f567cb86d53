/* lang/sprig/sprig.c - the table of sprig's functions. See sprig.h. */
#include "lang/sprig/sprig.h"

#include "lang/sprig/sprig_internal.h"

enum {
#define SPRIG(name, fn, args, min, max)          SPRIG_##name,
#define SPRIG_AS(word, name, fn, args, min, max) SPRIG_##word,
#define SPRIG_ONLY(name, fn, args, min, max)     SPRIG_##name,
#include "lang/sprig/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_ONLY
    FUNCTION_COUNT,
};

#define ROW(word, fn, letters, least, most) \
    {.name = word,                          \
     .args = letters,                       \
     .min = least,                          \
     .max = most,                           \
     .result = '.',                         \
     .is_go = true,                         \
     .call = sprig_fn_##fn},

static const struct value_function functions[] = {
#define SPRIG(name, fn, args, min, max)          ROW(#name, fn, args, min, max)
#define SPRIG_AS(word, name, fn, args, min, max) ROW(name, fn, args, min, max)
#define SPRIG_ONLY(name, fn, args, min, max)     ROW(#name, fn, args, min, max)
#include "lang/sprig/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_ONLY
};

#define PAIR(word, name)                                              \
    {{.type = VALUE_STRING, .count = sizeof(name) - 1, .text = name}, \
     {.type = VALUE_FUNCTION, .function = &functions[SPRIG_##word]}},

static const struct value_pair pairs_of_all[] = {
#define SPRIG(name, fn, args, min, max)          PAIR(name, #name)
#define SPRIG_AS(word, name, fn, args, min, max) PAIR(word, name)
#define SPRIG_ONLY(name, fn, args, min, max)
#include "lang/sprig/sprig.def"
#undef SPRIG
#undef SPRIG_AS
#undef SPRIG_ONLY
};

struct value sprig_map(struct arena *a)
{
    /* A map without a home is copied before it is changed: the constant pairs stay. */
    struct value_pair *pairs = (struct value_pair *) (uintptr_t) pairs_of_all;
    struct value map = value_map(a, pairs, COUNT_OF(pairs_of_all));

    map.map->home = NULL;
    return map;
}

const struct value_function *sprig_find(struct str name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

int sprig_add(struct value_run *r, sprig_list *list, struct value v)
{
    if (value_make(r, sizeof(v)) < 0 || value_charge(r, 1) < 0)
        return -1;
    VEC_APUSH(r->a, list, v);
    return 0;
}

int sprig_as_text(struct value_run *r, const struct value *v, struct str *ret)
{
    if (v->type == VALUE_STRING || v->type == VALUE_BYTES) {
        *ret = value_text(v);
        return 0;
    }
    return value_format_str(r, v, ret);
}

int sprig_as_list(struct value_run *r, const struct value *v, const char *fault)
{
    if (v->type == VALUE_ARRAY)
        return 0;
    if (v->type == VALUE_NIL)
        return value_fail(r,
                          "runtime error: invalid memory address or nil pointer dereference");
    return value_fail(r, "%s %s", fault, value_kind_name(v));
}
