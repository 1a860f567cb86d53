/* The table of kinds, from kinds.def, and how one is found. */
#include "objects/object.h"
#include "objects/shapes.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROW(is_unbuilt_, group_, version_, kind_, plural_, singular_, names_, is_namespaced_, \
            shape_)                                                                           \
    {.group = (group_),                                                                       \
     .version = (version_),                                                                   \
     .kind = (kind_),                                                                         \
     .plural = (plural_),                                                                     \
     .singular = (singular_),                                                                 \
     .short_names = names_,                                                                   \
     .shape = (shape_),                                                                       \
     .is_namespaced = (is_namespaced_),                                                       \
     .is_unbuilt = (is_unbuilt_)},
#define KIND(...)       ROW(false, __VA_ARGS__)
#define LATER_KIND(...) ROW(true, __VA_ARGS__)
static const struct object_kind all[] = {
#include "objects/kinds.def"
};
#undef LATER_KIND
#undef KIND
#undef ROW
#undef NAMES

const struct object_kind *object_kinds(size_t *ret_count)
{
    *ret_count = COUNT_OF(all);
    return all;
}

const struct object_kind *object_kind_find(struct str api_version, struct str kind)
{
    size_t slash = str_find_char(api_version, '/');
    struct str group = slash == SIZE_MAX ? STR("") : str_head(api_version, slash);
    struct str version = slash == SIZE_MAX ? api_version : str_skip(api_version, slash + 1);

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (str_is(kind, all[i].kind) && str_is(group, all[i].group) &&
            str_is(version, all[i].version))
            return &all[i];
    return NULL;
}

static bool has_short_name(const struct object_kind *kind, struct str word)
{
    for (const char *const *name = kind->short_names; *name; name++)
        if (str_is(word, *name))
            return true;
    return false;
}

const struct object_kind *object_kind_by_plural(struct str group, struct str word)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if ((str_is_none(group) || str_is(group, all[i].group)) &&
            (str_eq_nocase(word, str_from(all[i].plural)) ||
             str_eq_nocase(word, str_from(all[i].singular)) || has_short_name(&all[i], word)))
            return &all[i];
    return NULL;
}
