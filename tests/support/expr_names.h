/*
 * tests/support/expr_names.h - expressions in tags for tests of rooms below lang/expr; such a
 * test is built with that room, in src/lang/expr/meson.build.
 */
#pragma once

#include "lang/expr/tag.h"

/* The names, behind the hook that tells them. */
struct expr_names_scope {
    struct expr_tag_scope tag;
    const struct json *names;
};

static inline void expr_names_each(const struct subst_options *opts, struct str prefix,
                                   struct expr_tag_names *to)
{
    const struct json *names = ((const struct expr_names_scope *) opts->expr_ctx)->names;

    for (uint32_t i = 0; names && i < names->count; i++) {
        struct str name = names->members[i].key;
        const struct json *v = &names->members[i].value;

        if (str_starts(name, prefix) && (name.len == prefix.len || name.ptr[prefix.len] == '.'))
            expr_tag_tell(to, name,
                          v->type == JSON_STRING ? value_string(json_str(v)) : value_nil());
    }
}

/* Options over the members of a JSON object, expressions included. */
static inline struct subst_options expr_names(struct arena *a, const struct json *names)
{
    struct expr_names_scope *scope = ARENA_NEW(a, struct expr_names_scope);

    scope->tag = (struct expr_tag_scope){.now = {1}, .each = expr_names_each};
    scope->names = names;
    return (struct subst_options){
        .lookup = subst_lookup_json, .lookup_ctx = names, .expr = expr_tag, .expr_ctx = scope};
}
