/*
 * tests/support/expr_names.h - expressions in tags for tests of rooms below lang/expr; such a
 * test is built with that room, in src/lang/expr/meson.build.
 */
#pragma once

#include "lang/expr/tag.h"

static const struct expr_tag_scope expr_names_scope = {.now = {1}};

/* Options over the members of a JSON object, expressions included. */
static inline struct subst_options expr_names(const struct json *names)
{
    return (struct subst_options){.lookup = subst_lookup_json,
                                  .lookup_ctx = names,
                                  .expr = expr_tag,
                                  .expr_ctx = &expr_names_scope};
}
