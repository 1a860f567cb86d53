/* See objects.h. */
#include "cli/objects.h"

#include "formats/uri.h"

struct str cli_path(struct cli *cli, const struct object_kind *kind, struct str ns,
                    struct str name)
{
    struct arena *a = cli->arena;
    struct str base = kind->group[0] ? str_printf(a, "/apis/%s/%s", kind->group, kind->version)
                                     : str_printf(a, "/api/%s", kind->version);

    if (kind->is_namespaced && ns.len > 0)
        base = str_printf(a, STR_FMT "/namespaces/" STR_FMT, STR_ARG(base),
                          STR_ARG(uri_escape(a, ns)));
    base = str_printf(a, STR_FMT "/%s", STR_ARG(base), kind->plural);
    return name.len
               ? str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(uri_escape(a, name)))
               : base;
}

/* ---- unknown fields ---- */

/* A value whose objects have a shape: an object, a list of them, a list of lists. */
static struct json known_value(struct arena *a, const struct shape *shape, const struct json *v)
{
    struct json made = *v;
    struct json *items;

    if (!json_is(v, JSON_ARRAY))
        return cli_without_unknown(a, shape, v);
    items = ARENA_ARRAY(a, struct json, v->count + 1);
    for (uint32_t i = 0; i < v->count; i++)
        items[i] = known_value(a, shape, &v->items[i]);
    made.items = items;
    return made;
}

static struct json known_part(struct arena *a, const struct field *row, const struct json *v)
{
    struct json made = *v;
    struct json_member *members;

    if (!row->shape)
        return *v;
    if (row->type != FIELD_MAP || !json_is(v, JSON_OBJECT))
        return known_value(a, row->shape, v);
    members = ARENA_ARRAY(a, struct json_member, v->count + 1);
    for (uint32_t i = 0; i < v->count; i++) {
        members[i] = v->members[i];
        members[i].value = known_value(a, row->shape, &v->members[i].value);
    }
    made.members = members;
    return made;
}

struct json cli_without_unknown(struct arena *a, const struct shape *shape,
                                const struct json *v)
{
    struct json_member *members;
    struct json made = *v;

    if (!json_is(v, JSON_OBJECT) || (!shape->fields && !shape->inlined))
        return *v;
    members = ARENA_ARRAY(a, struct json_member, v->count + 1);
    made.count = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct field *row = field_find(shape, v->members[i].key);

        if (!row)
            row = shape->rest;
        if (!row || ((row->flags & FIELD_LEGACY) && !object_is_legacy(v)))
            continue;
        members[made.count] = v->members[i];
        members[made.count++].value = known_part(a, row, &v->members[i].value);
    }
    made.members = members;
    return made;
}
