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

static struct json known_part(struct arena *a, const struct field *row, const struct json *v);

static struct json known_items(struct arena *a, const struct field *row, const struct json *v)
{
    struct json_array_builder items = {0};
    struct json list;

    for (uint32_t i = 0; i < v->count; i++)
        json_push(a, &items,
                  row->shape ? cli_without_unknown(a, row->shape, &v->items[i]) : v->items[i]);
    list = json_array(&items);
    list.pos = v->pos;
    return list;
}

static struct json known_values(struct arena *a, const struct field *row, const struct json *v)
{
    struct json map = *v;
    struct json_member *members = ARENA_ARRAY(a, struct json_member, v->count + 1);

    for (uint32_t i = 0; i < v->count; i++) {
        members[i] = v->members[i];
        if (row->shape)
            members[i].value = cli_without_unknown(a, row->shape, &v->members[i].value);
    }
    map.members = members;
    return map;
}

static struct json known_part(struct arena *a, const struct field *row, const struct json *v)
{
    if (!row->shape)
        return *v;
    if (row->type == FIELD_LIST && json_is(v, JSON_ARRAY))
        return known_items(a, row, v);
    if (row->type == FIELD_MAP && json_is(v, JSON_OBJECT))
        return known_values(a, row, v);
    if (row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_PTR)
        return cli_without_unknown(a, row->shape, v);
    return *v;
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
        if (!row)
            continue;
        members[made.count] = v->members[i];
        members[made.count++].value = known_part(a, row, &v->members[i].value);
    }
    made.members = members;
    return made;
}
